"""Who holds the papers of a unit that no longer exists: the assignments, and what nobody was given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.custody import Assignment
from warehouse import schema
from warehouse.database import reading, writing
from warehouse.merge import hold
from warehouse.reference import today, unit_id
from warehouse.schema_progress import custody, unit_heir

_KEY = ("unit_id", "record_type", "book", "box", "first_year", "last_year", "decided_on")


def import_custody(
    engine: sa.Engine, assignments: Iterable[Assignment], *, decided_on: dt.date, source_name: str
) -> int:
    """Keep assignments and return how many; the same list again changes nothing, a later decision takes over.

    Args:
        engine: A migrated database.
        decided_on: For the lines that do not name a day.
        source_name: Name of the file, for people.
    """
    imported_at = dt.datetime.now(dt.UTC)
    rows = [
        {
            "unit_id": unit_id(it.unit.code, it.unit.valid_from),
            "unit_code": it.unit.code,
            "record_type": it.record_type,
            "book": it.book,
            "box": it.box,
            "first_year": it.first_year,
            "last_year": it.last_year,
            "custodian_code": it.custodian_code,
            "decided_on": it.decided_on or decided_on,
            "decision": it.decision,
            "source_name": source_name,
            "imported_at": imported_at,
        }
        for it in assignments
    ]
    with writing(engine) as connection:
        hold(connection, "custody")
        known = {
            tuple(row[name] for name in _KEY): row["id"] for row in connection.execute(sa.select(custody)).mappings()
        }
        for row in rows:
            key = tuple(row[name] for name in _KEY)
            if key in known:
                connection.execute(sa.update(custody).where(custody.c.id == known[key]).values(row))
            else:
                connection.execute(sa.insert(custody).values(row))
    return len(rows)


def custody_in_force(engine: sa.Engine, *, on: dt.date | None = None) -> list[dict[str, Any]]:
    """Assignments decided by ``on`` (today when ``None``), by unit; one that was replaced stands below its heir."""
    query = (
        sa.select(custody)
        .where(custody.c.decided_on <= (on or today()))
        .order_by(custody.c.unit_code, custody.c.unit_id, custody.c.record_type, custody.c.decided_on.desc())
    )
    with reading(engine) as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def custodian_of(cell: sa.Subquery, day: dt.date) -> sa.ColumnElement[Any]:
    """Code of the unit that holds the papers of a cell with its place; null when nobody was given them.

    Of several assignments the one that says most counts: box and book before type before years; of two that say the
    same, the later decision.
    """
    given = custody.c
    says_most = (
        sa.case((given.box != "", 8), else_=0)
        + sa.case((given.book != "", 4), else_=0)
        + sa.case((given.record_type != "", 2), else_=0)
        + sa.case((sa.or_(given.first_year > 0, given.last_year < 9999), 1), else_=0)
    )
    assigned = (
        sa.select(given.custodian_code)
        .where(
            given.unit_id == cell.c.unit_id,
            given.decided_on <= day,
            cell.c.year.between(given.first_year, given.last_year),
            given.record_type.in_(["", cell.c.record_type]),
            given.book.in_(["", cell.c.book]),
            given.box.in_(["", cell.c.box]),
        )
        .order_by(says_most.desc(), given.decided_on.desc(), given.id.desc())
        .limit(1)
        .correlate(cell)
        .scalar_subquery()
    )
    return sa.func.coalesce(assigned, heir_of(cell))


def heir_of(cell: sa.Subquery) -> sa.ColumnElement[Any]:
    """The same for papers that nobody was given explicitly."""
    heir = unit_heir.c
    return sa.select(heir.custodian_code).where(heir.unit_id == cell.c.unit_id).correlate(cell).scalar_subquery()


def explicitly_given(connection: sa.Connection, day: dt.date) -> frozenset[str]:
    """Codes of the units papers of which somebody was given explicitly by ``day``: who holds them takes a look."""
    given = custody.c
    found = connection.execute(sa.select(given.unit_code).where(given.decided_on <= day).distinct())
    return frozenset(found.scalars())


@dataclass(frozen=True, slots=True)
class UnassignedPapers:
    """Papers of one former unit, type, book and box that nobody was given.

    Attributes:
        record_type: Vietnamese name.
        book, box: Folded; empty where nobody said.
        first_year, last_year: The years that occur.
        listed, received: Records in the inventory, documents delivered.
        candidates: Codes of the units the former one went to, in whole or in part; a hint, never an assignment.
    """

    unit_id: str
    unit_code: str
    unit_name: str
    record_type: str
    book: str
    box: str
    first_year: int
    last_year: int
    listed: int
    received: int
    candidates: tuple[str, ...]

    def as_row(self) -> list[str | int]:
        """The row of a list to be filled in, for ``manifests.custody.write_custody``; the custodian is left empty."""
        begins = self.unit_id.partition("@")[2]
        as_of = f"{dt.date.fromisoformat(begins):%d/%m/%Y}" if begins not in ("", "-", "?") else ""
        years: list[str | int] = [self.first_year, self.last_year]
        return [self.unit_code, self.unit_name, as_of, self.record_type, self.book, self.box, *years, "", "", ""]


def unassigned_papers(engine: sa.Engine, *, on: dt.date | None = None) -> list[UnassignedPapers]:
    """What nobody was given, by former unit, record type, book and box."""
    from warehouse.cells import summed
    from warehouse.progress import selection
    from warehouse.watched import Asking

    with Asking(engine) as asking:
        wanted = selection(asking, on)
        cell = summed(wanted, by_place=True)
        given = sa.select(cell, custodian_of(cell, wanted.day).label("custodian_code")).subquery()
        unit, kind = schema.unit.c, schema.record_type.c
        keys = [given.c[name] for name in ("unit_id", "unit_code", "record_type", "book", "box")]
        names = [unit.name.label("unit_name"), kind.name.label("kind_name")]
        query = (
            sa.select(
                *keys,
                *names,
                sa.func.min(given.c.year).label("first_year"),
                sa.func.max(given.c.year).label("last_year"),
                sa.func.sum(given.c.inventory_records).label("listed"),
                sa.func.sum(given.c.received).label("received"),
            )
            .select_from(
                given.outerjoin(schema.unit, unit.unit_id == given.c.unit_id).outerjoin(
                    schema.record_type, kind.code == given.c.record_type
                )
            )
            .where(given.c.custodian_code.is_(None))
            .group_by(*keys, unit.name, kind.name)
            .order_by(*keys)
        )
        rows = list(asking.connection.execute(query).mappings())
        heirs = _heirs(asking.connection)
    return [
        UnassignedPapers(
            unit_id=row["unit_id"] or f"{row['unit_code']}@?",
            unit_code=row["unit_code"],
            unit_name=row["unit_name"] or "",
            record_type=row["kind_name"] or row["record_type"],
            book=row["book"],
            box=row["box"],
            first_year=row["first_year"],
            last_year=row["last_year"],
            listed=int(row["listed"] or 0),
            received=int(row["received"] or 0),
            candidates=heirs.get(row["unit_id"] or "", ()),
        )
        for row in rows
    ]


def _heirs(connection: sa.Connection) -> dict[str, tuple[str, ...]]:
    """Codes each former unit went to, by its id."""
    unit, step = schema.unit.c, schema.unit_succession.c
    rows = connection.execute(
        sa.select(unit.unit_id, unit.valid_to, step.successor_code, step.effective_on)
        .join(schema.unit_succession, step.predecessor_code == unit.code)
        .where(unit.valid_to.is_not(None))
        .order_by(unit.unit_id, step.successor_code)
    )
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        if row.effective_on == row.valid_to + dt.timedelta(days=1):
            found[row.unit_id] = (*found.get(row.unit_id, ()), row.successor_code)
    return found

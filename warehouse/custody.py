"""Who holds the papers of a unit that no longer exists: the assignments, and what nobody was given."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from manifests.custody import Assignment
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
    given, heir = custody.c, unit_heir.c
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
    inherited = sa.select(heir.custodian_code).where(heir.unit_id == cell.c.unit_id).correlate(cell).scalar_subquery()
    return sa.func.coalesce(assigned, inherited)

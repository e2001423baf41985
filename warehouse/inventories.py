"""The versions of the inventory: what each says, and what changed from one to the next."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from warehouse import schema
from warehouse.database import reading
from warehouse.reference import inventory_in_force

_KEY = ("unit_code", "unit_id", "record_type", "year", "book", "box")
_COUNTS = ("records", "files", "pages")


@dataclass(frozen=True, slots=True)
class InventoryVersion:
    """One imported list.

    Attributes:
        in_force: It is the one that counts today.
        lines, records, files, pages: Sums; files and pages are ``None`` when no line tells them.
    """

    version: int
    approved_on: dt.date
    imported_at: dt.datetime
    source_name: str
    in_force: bool
    lines: int
    records: int
    files: int | None
    pages: int | None


@dataclass(frozen=True, slots=True)
class InventoryChange:
    """One line that was added, removed or changed; ``before`` and ``after`` are records, files, pages or ``None``."""

    kind: str
    unit_code: str
    unit_id: str
    record_type: str
    year: int
    book: str
    box: str
    before: tuple[int, int | None, int | None] | None
    after: tuple[int, int | None, int | None] | None

    @property
    def records(self) -> int:
        """By how many records the denominator grew."""
        return (self.after[0] if self.after else 0) - (self.before[0] if self.before else 0)


def inventory_versions(engine: sa.Engine) -> list[InventoryVersion]:
    """Every version, the one approved last first."""
    version, line = schema.inventory_version.c, schema.inventory_line.c
    sums = (sa.func.sum(line[name]).label(name) for name in _COUNTS)
    query = (
        sa.select(schema.inventory_version, sa.func.count(line.version_id).label("lines"), *sums)
        .select_from(schema.inventory_version.outerjoin(schema.inventory_line, line.version_id == version.id))
        .group_by(*version)
        .order_by(version.approved_on.desc(), version.id.desc())
    )
    with reading(engine) as connection:
        current = inventory_in_force(connection, None)
        return [
            InventoryVersion(
                version=row["id"],
                approved_on=row["approved_on"],
                imported_at=row["imported_at"],
                source_name=row["source_name"],
                in_force=bool(current and current[0] == row["id"]),
                lines=row["lines"],
                records=int(row["records"] or 0),
                files=None if row["files"] is None else int(row["files"]),
                pages=None if row["pages"] is None else int(row["pages"]),
            )
            for row in connection.execute(query).mappings()
        ]


def inventory_changes(engine: sa.Engine, before: int, after: int) -> list[InventoryChange]:
    """What is ``added``, ``removed`` or ``changed`` in version ``after`` against ``before``, by unit, type and year.

    Raises:
        KeyError: There is no such version.
    """
    old, new = schema.inventory_line.alias("old"), schema.inventory_line.alias("new")
    same = sa.and_(*(old.c[name] == new.c[name] for name in _KEY))
    with reading(engine) as connection:
        known = set(connection.execute(sa.select(schema.inventory_version.c.id)).scalars())
        for version in (before, after):
            if version not in known:
                raise KeyError(version)
        gone = sa.select(*old.c).where(
            old.c.version_id == before, sa.not_(sa.select(new.c.year).where(new.c.version_id == after, same).exists())
        )
        come = sa.select(*new.c).where(
            new.c.version_id == after, sa.not_(sa.select(old.c.year).where(old.c.version_id == before, same).exists())
        )
        differs = sa.or_(*(old.c[name].is_distinct_from(new.c[name]) for name in _COUNTS))
        both = sa.select(
            *(new.c[name] for name in (*_KEY, *_COUNTS)), *(old.c[name].label(f"old_{name}") for name in _COUNTS)
        ).where(old.c.version_id == before, new.c.version_id == after, same, differs)
        found = [_change("removed", row, before=_counts(row)) for row in connection.execute(gone).mappings()]
        found += [_change("added", row, after=_counts(row)) for row in connection.execute(come).mappings()]
        found += [
            _change("changed", row, before=_counts(row, "old_"), after=_counts(row))
            for row in connection.execute(both).mappings()
        ]
    return sorted(found, key=lambda it: (it.unit_code, it.unit_id, it.record_type, it.year, it.book, it.box))


_Counts = tuple[int, int | None, int | None]


def _counts(row: sa.RowMapping, prefix: str = "") -> _Counts:
    return row[f"{prefix}records"], row[f"{prefix}files"], row[f"{prefix}pages"]


def _change(
    kind: str, row: sa.RowMapping, *, before: _Counts | None = None, after: _Counts | None = None
) -> InventoryChange:
    key = {name: row[name] for name in _KEY}
    return InventoryChange(kind=kind, before=before, after=after, **key)

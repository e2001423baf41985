"""Reference data and denominators: units, record types, the stage table, the inventory."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

import sqlalchemy as sa

from manifests.custody import fold_book
from manifests.inventory import InventoryLine
from manifests.record_types import record_types
from manifests.units import Extent, Unit, UnitRegistry, units
from warehouse import schema
from warehouse.database import reading, writing
from warehouse.merge import Row, hold, insert
from warehouse.schema_progress import unit_heir

HANOI = dt.timezone(dt.timedelta(hours=7))
"""Time on screen and the day a date means."""

FIRST_YEAR, LAST_YEAR = 0, 9999


class StageRow(Protocol):
    """What the stage table of the pipeline tells of a stage; ``per`` is ``batch``, ``document`` or ``page``."""

    @property
    def name(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def per(self) -> str: ...


def load_reference(engine: sa.Engine, registry: UnitRegistry | None = None) -> None:
    """Bring units, successions and record types to what ``manifests`` says; nothing is written when they are.

    Args:
        engine: A migrated database.
        registry: Units to load instead of those that come with the project.
    """
    known = registry or units()
    by_code: dict[str, list[Unit]] = defaultdict(list)
    for unit in known.all():
        by_code[unit.code].append(unit)
    unit_rows = [row for same_code in by_code.values() for row in _unit_rows(same_code)]
    succession_rows = [
        {
            "predecessor_code": step.predecessor_code,
            "successor_code": step.successor_code,
            "effective_on": step.date,
            "extent": str(step.extent),
        }
        for code in by_code
        for step in known.successors(code)
    ]
    type_rows = [
        {"code": kind.code, "short": kind.short, "name": kind.name, "position": position}
        for position, kind in enumerate(record_types().values())
    ]
    _replace(
        engine,
        {
            schema.unit: unit_rows,
            schema.unit_succession: succession_rows,
            unit_heir: _heir_rows(known),
            schema.record_type: type_rows,
        },
    )


def register_stages(engine: sa.Engine, stages: Iterable[StageRow]) -> None:
    """Keep the pipeline's stage table, in its order, so that pages can show it without knowing the pipeline."""
    rows = [
        {"name": stage.name, "position": position, "label": stage.label, "per": str(stage.per)}
        for position, stage in enumerate(stages)
    ]
    _replace(engine, {schema.stage: rows})


def import_inventory(
    engine: sa.Engine, lines: Iterable[InventoryLine], *, approved_on: dt.date | None, source_name: str, sha256: str
) -> int:
    """Keep a reviewed inventory as a version of its own and return the version's id.

    Args:
        engine: A migrated database.
        lines: Several lines of the same unit, record type and year (one for each book) are added up.
        approved_on: Day the list was approved; of all versions approved by a day the latest is in force. ``None`` is
            today, or the day it was imported with before.
        source_name: Name of the file, for people.
        sha256: Digest of the file; a file that was imported before with this day keeps its version and nothing is
            written. With another day it is a version of its own: a mistyped day can be mended.
    """
    version, day = schema.inventory_version, approved_on or today()
    with writing(engine) as connection:
        hold(connection, "inventory")
        digest = version.c.source_sha256
        same = sa.select(version.c.id, version.c.approved_on).where(
            sa.or_(digest == sha256, digest.startswith(f"{sha256}@", autoescape=True))
        )
        known = {row.approved_on: int(row.id) for row in connection.execute(same)}
        if known and (approved_on is None or approved_on in known):
            return known[approved_on] if approved_on else max(known.values())
        inserted = connection.execute(
            sa.insert(version).values(
                approved_on=day,
                imported_at=dt.datetime.now(dt.UTC),
                source_name=source_name,
                source_sha256=f"{sha256}@{day:%Y-%m-%d}" if known else sha256,
            )
        ).inserted_primary_key
        version_id = int(inserted[0]) if inserted is not None else 0
        insert(connection, schema.inventory_line, _line_rows(version_id, lines))
    return version_id


def current_inventory_version(engine: sa.Engine, on: dt.date | None = None) -> int | None:
    """Id of the inventory version in force on a day (today when ``None``); ``None`` before the first was approved."""
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
    return found[0] if found else None


def inventory_in_force(connection: sa.Connection, on: dt.date | None) -> tuple[int, dt.date] | None:
    """Id and day of approval of the version in force; of two approved on one day the one imported later."""
    return in_force(inventory_approvals(connection), on)


Approvals = tuple[tuple[int, dt.date], ...]
"""Id and day of approval of each inventory version, the latest first."""


def inventory_approvals(connection: sa.Connection) -> Approvals:
    """Of every version."""
    version = schema.inventory_version.c
    query = sa.select(version.id, version.approved_on).order_by(version.approved_on.desc(), version.id.desc())
    return tuple((row.id, row.approved_on) for row in connection.execute(query))


def in_force(approvals: Approvals, on: dt.date | None) -> tuple[int, dt.date] | None:
    """The one in force on a day, today when ``None``."""
    day = on or today()
    return next((it for it in approvals if it[1] <= day), None)


def today() -> dt.date:
    """The day it is in Hanoi."""
    return dt.datetime.now(HANOI).date()


def named_unit(connection: sa.Connection, unit_id: str) -> tuple[str, dt.date | None, dt.date | None] | None:
    """Name of a unit and the first and last day of it; ``None`` for one no register knows."""
    unit = schema.unit.c
    row = connection.execute(
        sa.select(unit.name, unit.valid_from, unit.valid_to).where(unit.unit_id == unit_id)
    ).first()
    return None if row is None else (row.name, row.valid_from, row.valid_to)


def bearers(connection: sa.Connection, codes: Iterable[str]) -> dict[str, dict[str, str]]:
    """Names of the units that bore these codes, by code and then by ``unit_id``, the last bearer last."""
    unit = schema.unit.c
    query = sa.select(unit.code, unit.unit_id, unit.name).where(unit.code.in_(set(codes)))
    found: dict[str, dict[str, str]] = {}
    for row in connection.execute(query.order_by(unit.valid_to.asc().nulls_last())):
        found.setdefault(row.code, {})[row.unit_id] = row.name
    return found


def unit_id(code: str, valid_from: dt.date | None) -> str:
    """``<code>@<valid_from>``, or ``<code>@-`` for a unit whose beginning is not known."""
    return f"{code}@{valid_from.isoformat() if valid_from else '-'}"


def year_ranges(same_code: Sequence[Unit]) -> list[tuple[int, int]]:
    """First and last year whose papers count to each of the units that share a code, in order of their beginning.

    A paper or an inventory line tells only its year. In a year two units share, the later one has it (as
    ``UnitRegistry.in_year`` says); years nobody has go to the unit before, and those before the first to the
    first. So every year has exactly one unit; a unit without a year of its own gets an empty range (first > last).
    """
    starts = [unit.valid_from.year if unit.valid_from else FIRST_YEAR for unit in same_code]
    starts[:1] = [FIRST_YEAR]
    ends = [start - 1 for start in starts[1:]] + [LAST_YEAR]
    return list(zip(starts, ends, strict=True))


def _unit_rows(same_code: list[Unit]) -> list[Row]:
    ordered = sorted(same_code, key=lambda unit: unit.valid_from or dt.date.min)
    return [
        {
            "unit_id": unit_id(unit.code, unit.valid_from),
            "code": unit.code,
            "valid_from": unit.valid_from,
            "valid_to": unit.valid_to,
            "name": unit.name,
            "tier": str(unit.tier),
            "parent_code": unit.parent_code,
            "first_year": first,
            "last_year": last,
        }
        for unit, (first, last) in zip(ordered, year_ranges(ordered), strict=True)
    ]


def _heir_rows(registry: UnitRegistry) -> list[Row]:
    """For each unit the one that holds its papers without anybody having to decide it."""
    heirs = ((unit, _heir(registry, unit)) for unit in registry.all())
    return [{"unit_id": unit_id(unit.code, unit.valid_from), "custodian_code": heir} for unit, heir in heirs if heir]


def _heir(registry: UnitRegistry, unit: Unit) -> str | None:
    if unit.valid_to is None:
        return unit.code
    after = unit.valid_to + dt.timedelta(days=1)
    steps = [step for step in registry.successors(unit.code) if step.date == after]
    whole = len(steps) == 1 and steps[0].extent is Extent.FULL
    return steps[0].successor_code if whole else None


def _line_rows(version_id: int, lines: Iterable[InventoryLine]) -> list[Row]:
    rows: dict[tuple[str, str, int, str, str, str], Row] = {}
    for line in lines:
        unit = units().at(line.unit_code, line.unit_as_of) if line.unit_as_of else None
        of_unit = unit_id(unit.code, unit.valid_from) if unit else ""
        book, box = fold_book(line.book), fold_book(line.box)
        row = rows.setdefault(
            (line.unit_code, line.record_type, line.year, of_unit, book, box),
            {
                "version_id": version_id,
                "unit_code": line.unit_code,
                "record_type": line.record_type,
                "year": line.year,
                "unit_id": of_unit,
                "book": book,
                "box": box,
                "records": 0,
                "files": None,
                "pages": None,
            },
        )
        row["records"] += line.records
        for name, count in (("files", line.files), ("pages", line.pages)):
            if count is not None:
                row[name] = (row[name] or 0) + count
    return list(rows.values())


def _replace(engine: sa.Engine, wanted: dict[sa.Table, list[Row]]) -> None:
    with reading(engine) as connection:
        stale = [table for table, rows in wanted.items() if not _holds(connection, table, rows)]
    if not stale:
        return
    with writing(engine) as connection:
        hold(connection, "reference")
        for table in stale:
            connection.execute(sa.delete(table))
            insert(connection, table, wanted[table])


def _holds(connection: sa.Connection, table: sa.Table, rows: list[Row]) -> bool:
    keys = [column.name for column in table.primary_key.columns]
    stored = {tuple(row[key] for key in keys): dict(row) for row in connection.execute(sa.select(table)).mappings()}
    return stored == {tuple(row[key] for key in keys): row for row in rows}

"""How far the work is, counted from facts each time it is asked for.

Numerators are documents by what is stored of them, denominators the inventory version in force. Both are counted per
cell (``warehouse.cells``) first, so that a surplus in one cell never hides what is missing in another. The same cells
are summed by the unit that issued the papers, by its former district, or by the unit that holds them today.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import FIGURES, Selection, cells
from warehouse.database import reading
from warehouse.reference import inventory_in_force
from warehouse.remembered import remembered
from warehouse.results import Figures, ProgressCell, Totals, TypeProgress, UnitProgress
from warehouse.unit_parts import unit_parts
from warehouse.views import SHOWN, View, placed, view_cells

_NAMES = tuple(field.name for field in dataclasses.fields(Figures))
UNIT = ("name", "tier", "parent_code", "valid_from", "valid_to")


@remembered
def progress_by_unit(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[UnitProgress]:
    """One row for each unit that has an inventory or has delivered, by code and then by time.

    A code that was reused gives a row for each unit that bore it. A paper counts to the unit of its own date where
    the date was read, else to that of its year (``warehouse.reference.year_ranges``). Units nobody knows are listed
    under their code.

    Args:
        engine: A migrated database.
        on: As of the end of this day in Hanoi, as it was known then: inventory in force, files stored, records
            accepted or waiting, documents in quarantine or refused, batches that had arrived. ``None`` is now.
        unit_code, record_type, year: Only these.
    """
    with reading(engine) as connection:
        return by_unit(connection, selection(connection, on, unit_code, record_type, year), View.ISSUER)


@remembered
def progress_by_district(
    engine: sa.Engine, *, on: dt.date | None = None, record_type: str | None = None, year: int | None = None
) -> list[UnitProgress]:
    """As ``progress_by_unit``, the wards of a former district and the district's own papers in one row.

    Units without a district above them (the wards since 1 July 2025, the city) stand for themselves.
    """
    with reading(engine) as connection:
        return by_unit(connection, selection(connection, on, None, record_type, year), View.DISTRICT)


@remembered
def progress_by_custodian(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[UnitProgress]:
    """One row for each unit that holds papers today, and one for each former unit whose papers nobody was given.

    Who holds what: the explicit assignment (``warehouse.custody``), else the unit itself while it exists, else the
    only unit it went to as a whole. All other papers are told with ``assigned`` false under the unit that issued
    them, never guessed; they come last.

    Args:
        engine, on, record_type, year: As in ``progress_by_unit``.
        unit_code: Only the rows shown under this code.
    """
    with reading(engine) as connection:
        rows = by_unit(connection, selection(connection, on, None, record_type, year), View.CUSTODIAN)
    wanted = [it for it in rows if unit_code in (None, it.unit_code)]
    return sorted(wanted, key=lambda it: not it.assigned)


@remembered
def progress_by_view(
    engine: sa.Engine, view: View, *, on: dt.date | None = None, unit_code: str | None = None
) -> list[UnitProgress]:
    """The rows of a view; ``unit_code`` keeps those shown under this code."""
    if view is View.CUSTODIAN:
        return progress_by_custodian(engine, on=on, unit_code=unit_code)
    if view is View.DISTRICT:
        return [it for it in progress_by_district(engine, on=on) if unit_code in (None, it.unit_code)]
    return progress_by_unit(engine, on=on, unit_code=unit_code)


def total_of(whole: Totals, rows: Iterable[UnitProgress]) -> Totals:
    """The sums of ``rows``, with the inventory version of ``whole``."""
    shown = list(rows)
    sums = {name: sum(getattr(it, name) for it in shown) for name in _NAMES}
    return dataclasses.replace(whole, units=len(shown), **sums)


@remembered
def progress_matrix(
    engine: sa.Engine,
    unit_code: str,
    *,
    unit_id: str | None = None,
    on: dt.date | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[ProgressCell]:
    """The cells of one unit, record type x year, in the order of the record types and then by year.

    Args:
        engine: A migrated database.
        unit_code: Cells of every unit that ever bore this code ...
        unit_id: ... or of this one alone.
        on, record_type, year: As in ``progress_by_unit``.
    """
    with reading(engine) as connection:
        counted = cells(selection(connection, on, unit_code, record_type, year))
        kind, cell = schema.record_type.c, counted.c
        query = (
            sa.select(
                cell.record_type, cell.year, kind.name, kind.position, *(_sum(counted, name) for name in FIGURES)
            )
            .select_from(counted.outerjoin(schema.record_type, kind.code == cell.record_type))
            .group_by(cell.record_type, cell.year, kind.name, kind.position)
            .order_by(sa.func.coalesce(kind.position, 9999), cell.record_type, cell.year)
        )
        if unit_id is not None:
            query = query.where(cell.unit_id == unit_id)
        return [
            ProgressCell(
                record_type=row["record_type"],
                record_type_name=row["name"] or row["record_type"],
                year=row["year"],
                **figures(row),
            )
            for row in connection.execute(query).mappings()
        ]


@remembered
def progress_by_type(
    engine: sa.Engine, *, on: dt.date | None = None, unit_code: str | None = None
) -> list[TypeProgress]:
    """One row for each record type, every unit and year together, in the order of the record types."""
    with reading(engine) as connection:
        counted = cells(selection(connection, on, unit_code))
        kind = schema.record_type.c
        query = (
            sa.select(counted.c.record_type, kind.name, kind.position, *(_sum(counted, name) for name in FIGURES))
            .select_from(counted.outerjoin(schema.record_type, kind.code == counted.c.record_type))
            .group_by(counted.c.record_type, kind.name, kind.position)
            .order_by(sa.func.coalesce(kind.position, 9999), counted.c.record_type)
        )
        return [
            TypeProgress(
                record_type=row["record_type"], record_type_name=row["name"] or row["record_type"], **figures(row)
            )
            for row in connection.execute(query).mappings()
        ]


@remembered
def totals(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> Totals:
    """The sum over all units ``progress_by_unit`` lists for the same arguments."""
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
        rows = by_unit(connection, selection(connection, on, unit_code, record_type, year), View.ISSUER)
    sums = {name: sum(getattr(it, name) for it in rows) for name in _NAMES}
    return Totals(
        units=len(rows),
        inventory_version=found[0] if found else None,
        inventory_approved_on=found[1] if found else None,
        **sums,
    )


def figures(row: Mapping[str, Any] | sa.RowMapping) -> dict[str, int]:
    """The figures of a row that holds one column for each."""
    return {name: int(row[name] or 0) for name in _NAMES}


def selection(
    connection: sa.Connection,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> Selection:
    """What is asked for, with the inventory version in force on that day."""
    found = inventory_in_force(connection, on)
    return Selection(found[0] if found else None, on, unit_code, record_type, year)


def by_unit(connection: sa.Connection, wanted: Selection, view: View) -> list[UnitProgress]:
    """The rows of a view, by code and then by time."""
    rows = [unit_progress(row, wanted.day) for row in shown_rows(connection, wanted, view)]
    return sorted(rows, key=lambda it: (it.unit_code, it.valid_from or dt.date.min))


def shown_rows(
    connection: sa.Connection, wanted: Selection, view: View, *, by_type: bool = False
) -> list[dict[str, Any]]:
    """``SHOWN``, ``UNIT`` and ``FIGURES`` of each unit a view shows, ``record_type`` too with ``by_type``."""
    keys = (*SHOWN, *UNIT, *(("record_type",) if by_type else ()))
    if view is View.CUSTODIAN or wanted.on is not None:
        found = connection.execute(_shown(view_cells(wanted, view), keys)).mappings()
        return [dict(row) for row in found]
    return added(shown_parts(connection, ("shown_rows", view, by_type), wanted, keys, _issued(view)), keys)


def _issued(view: View) -> Callable[[Selection], sa.Subquery]:
    return lambda wanted: placed(cells(wanted), view, wanted.day, FIGURES)


def shown_parts(
    connection: sa.Connection,
    question: Hashable,
    wanted: Selection,
    keys: Sequence[str],
    cells_of: Callable[[Selection], sa.Subquery],
    names: Sequence[str] = FIGURES,
) -> Iterator[dict[str, Any]]:
    """Rows of ``keys`` and the sums of ``names``, several for the same keys: one for each issuing unit.

    Args:
        cells_of: Cells with ``CELL``, ``SHOWN`` and ``names`` for a selection.
    """

    def count(some: Selection) -> dict[str, list[dict[str, Any]]]:
        query = _shown(cells_of(some), (*keys, "unit_code"), names)
        parts: dict[str, list[dict[str, Any]]] = {}
        for row in connection.execute(query).mappings():
            parts.setdefault(row["unit_code"], []).append(dict(row))
        return parts

    for part in unit_parts(connection, question, wanted, count).values():
        yield from part


def added(
    rows: Iterable[Mapping[str, Any]], keys: Sequence[str], names: Sequence[str] = FIGURES
) -> list[dict[str, Any]]:
    """One row for the same ``keys``, with the sums of ``names``."""
    sums: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        known = sums.get(key)
        if known is None:
            sums[key] = {name: row[name] for name in (*keys, *names)}
        else:
            for name in names:
                known[name] = (known[name] or 0) + (row[name] or 0)
    return list(sums.values())


def _shown(counted: sa.Subquery, keys: Sequence[str], names: Sequence[str] = FIGURES) -> sa.Select[Any]:
    unit = schema.unit
    columns = [unit.c[name] if name in UNIT else counted.c[name] for name in keys]
    return (
        sa.select(*columns, *(_sum(counted, name) for name in names))
        .select_from(counted.outerjoin(unit, unit.c.unit_id == counted.c.shown_id))
        .group_by(*columns)
    )


def _sum(counted: sa.Subquery, name: str) -> sa.ColumnElement[int]:
    return sa.func.sum(counted.c[name]).label(name)


def unit_progress(row: Mapping[str, Any] | sa.RowMapping, day: dt.date) -> UnitProgress:
    code, valid_to = row["shown_code"], row["valid_to"]
    return UnitProgress(
        unit_id=row["shown_id"] or f"{code}@?",
        unit_code=code,
        unit_name=row["name"] or f"Đơn vị chưa có trong danh mục ({code})",
        tier=row["tier"] or "unknown",
        parent_code=row["parent_code"],
        valid_from=row["valid_from"],
        valid_to=valid_to,
        dissolved=valid_to is not None and valid_to < day,
        assigned=bool(row["assigned"]),
        **figures(row),
    )

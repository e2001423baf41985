"""How far the work is, counted from facts each time it is asked for.

Numerators are documents by what is stored of them, denominators the inventory version in force. Both are counted per
cell (``warehouse.cells``) first, so that a surplus in one cell never hides what is missing in another. The same cells
are summed by the unit that issued the papers, by its former district, or by the unit that holds them today.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from operator import add
from typing import Any, NamedTuple

import sqlalchemy as sa

from manifests.record_types import record_types
from warehouse import schema
from warehouse.cells import FIGURES, Selection, cells
from warehouse.directory import UNIT, Shown
from warehouse.reference import in_force
from warehouse.remembered import remembered
from warehouse.results import Figures, ProgressCell, Totals, TypeProgress, UnitProgress
from warehouse.unit_parts import Parts, shown_parts, unit_parts
from warehouse.views import SHOWN, View, cells_by_place, view_cells
from warehouse.watched import Asking

_NAMES = tuple(field.name for field in dataclasses.fields(Figures))


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
    with Asking(engine) as asking:
        return by_unit(asking, selection(asking, on, unit_code, record_type, year), View.ISSUER)


@remembered
def progress_by_district(
    engine: sa.Engine, *, on: dt.date | None = None, record_type: str | None = None, year: int | None = None
) -> list[UnitProgress]:
    """As ``progress_by_unit``, the wards of a former district and the district's own papers in one row.

    Units without a district above them (the wards since 1 July 2025, the city) stand for themselves.
    """
    with Asking(engine) as asking:
        return by_unit(asking, selection(asking, on, None, record_type, year), View.DISTRICT)


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
    with Asking(engine) as asking:
        rows = by_unit(asking, selection(asking, on, None, record_type, year), View.CUSTODIAN)
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
    with Asking(engine) as asking:
        found = _cells(asking, selection(asking, on, unit_code, record_type, year), unit_id)
    kinds = record_types()
    order = {kind: position for position, kind in enumerate(kinds)}
    return [
        ProgressCell(
            record_type=kind,
            record_type_name=kinds[kind].name if kind in kinds else kind,
            year=cell_year,
            **figures(dict(zip(FIGURES, found[kind, cell_year], strict=True))),
        )
        for kind, cell_year in sorted(found, key=lambda it: (order.get(it[0], len(order)), it))
    ]


@remembered
def progress_by_type(
    engine: sa.Engine, *, on: dt.date | None = None, unit_code: str | None = None
) -> list[TypeProgress]:
    """One row for each record type, every unit and year together, in the order of the record types."""
    with Asking(engine) as asking:
        counted = cells(selection(asking, on, unit_code))
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
            for row in asking.connection.execute(query).mappings()
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
    with Asking(engine) as asking:
        found = in_force(asking.approvals, on)
        rows = by_unit(asking, selection(asking, on, unit_code, record_type, year), View.ISSUER)
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
    asking: Asking,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> Selection:
    """What is asked for, with the inventory version in force on that day."""
    found = in_force(asking.approvals, on)
    return Selection(found[0] if found else None, on, unit_code, record_type, year)


def by_unit(asking: Asking, wanted: Selection, view: View) -> list[UnitProgress]:
    """The rows of a view, by code and then by time."""
    rows = [unit_progress(row, wanted.day) for row in shown_rows(asking, wanted, view)]
    return sorted(rows, key=lambda it: (it.unit_code, it.valid_from or dt.date.min))


def shown_rows(asking: Asking, wanted: Selection, view: View, *, by_type: bool = False) -> list[dict[str, Any]]:
    """``SHOWN``, ``UNIT`` and ``FIGURES`` of each unit a view shows, ``record_type`` too with ``by_type``."""
    if wanted.on is not None:
        keys = (*SHOWN, *UNIT, *(("record_type",) if by_type else ()))
        found = asking.connection.execute(_shown(view_cells(wanted, view), keys)).mappings()
        return [dict(row) for row in found]
    sums: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for shown, row in shown_parts(asking, "figures", wanted, view, _rows):
        key = (*shown, row.record_type) if by_type else shown
        sums[key] = tuple(map(add, sums[key], row.counts)) if key in sums else row.counts
    names, directory = (*SHOWN, *(("record_type",) if by_type else ())), asking.directory
    return [
        dict(zip(names, key, strict=True)) | directory.named(key[1]) | dict(zip(FIGURES, counts, strict=True))
        for key, counts in sums.items()
    ]


class UnitRow(NamedTuple):
    """Papers of one unit and type."""

    held: Shown | None
    unit_code: str
    unit_id: str | None
    record_type: str
    counts: tuple[int, ...]


def _rows(connection: sa.Connection, wanted: Selection, by_place: bool) -> Parts[UnitRow]:
    """By unit code; with ``by_place`` one for each unit that holds some of the papers."""
    counted = (cells_by_place(wanted, wanted.day) if by_place else cells(wanted)).c
    keys = [counted[name] for name in ("unit_code", "unit_id", "record_type", *(SHOWN if by_place else ()))]
    sums = (sa.func.sum(counted[name]) for name in FIGURES)
    found: Parts[UnitRow] = {}
    for row in connection.execute(sa.select(*keys, *sums).group_by(*keys)):
        code, unit_id, kind, *shown = row[: len(keys)]
        counts = tuple(int(count or 0) for count in row[len(keys) :])
        found.setdefault(code, []).append(UnitRow._make((tuple(shown) or None, code, unit_id, kind, counts)))
    return found


class CellRow(NamedTuple):
    """One cell."""

    held: None
    unit_code: str
    unit_id: str | None
    record_type: str
    year: int
    counts: tuple[int, ...]


def _cells(asking: Asking, wanted: Selection, unit_id: str | None) -> dict[tuple[str, int], tuple[int, ...]]:
    """The figures of a unit code, or of one unit, by record type and year."""

    def count(connection: sa.Connection, some: Selection) -> Parts[CellRow]:
        counted = cells(some).c
        names = (counted.unit_code, counted.unit_id, counted.record_type, counted.year)
        found: Parts[CellRow] = {}
        for row in connection.execute(sa.select(*names, *(counted[name] for name in FIGURES))):
            it = CellRow._make((None, *row[: len(names)], tuple(int(number or 0) for number in row[len(names) :])))
            found.setdefault(it.unit_code, []).append(it)
        return found

    sums: dict[tuple[str, int], tuple[int, ...]] = {}
    for row in unit_parts(asking, "cells", wanted, count, narrow=True):
        if unit_id in (None, row.unit_id):
            key = (row.record_type, row.year)
            sums[key] = tuple(map(add, sums[key], row.counts)) if key in sums else row.counts
    return sums


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

"""The status matrix: all units side by side, by record type or by week."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.figures import Counts
from dashboard.progressing import ProgressFilter, UnitRow, unit_row, unit_rows
from manifests.record_types import record_types
from warehouse.matrix import type_matrix, week_matrix, week_of
from warehouse.views import View

WEEKS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeLine:
    """One unit: a cell for each record type of ``columns``, ``None`` where nothing is listed or delivered."""

    unit: UnitRow
    cells: tuple[Counts | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekLine:
    """One unit: documents digitized in each week of ``columns``."""

    unit: UnitRow
    cells: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMatrix:
    """``/ma-tran``: unit x record type; ``columns`` are codes and names."""

    filter: ProgressFilter
    columns: tuple[tuple[str, str], ...]
    lines: tuple[TypeLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekMatrix:
    """``/ma-tran/tuan``: unit x week, the latest first; ``columns`` are the first and last days of the weeks."""

    filter: ProgressFilter
    columns: tuple[tuple[dt.date, dt.date], ...]
    lines: tuple[WeekLine, ...]


def types_page(engine: Any, wanted: ProgressFilter) -> TypeMatrix:
    found = {
        (it.unit_id, it.assigned): it.types
        for it in type_matrix(engine, on=wanted.on, view=View(wanted.view), year=wanted.year)
    }
    seen = {code for types in found.values() for code in types}
    codes = [code for code in record_types() if code in seen] + sorted(seen - set(record_types()))
    lines = [
        TypeLine(
            unit=unit_row(it),
            cells=tuple(Counts.of(types[code]) if code in types else None for code in codes),
        )
        for it in unit_rows(engine, wanted)
        if (types := found.get((it.unit_id, it.assigned))) is not None
    ]
    return TypeMatrix(
        filter=wanted,
        columns=tuple((code, words.record_type_name(code)) for code in codes),
        lines=tuple(sorted(lines, key=lambda line: _slowest(line.unit))),
    )


def weeks_page(engine: Any, wanted: ProgressFilter) -> WeekMatrix:
    days, found = week_matrix(
        engine, on=wanted.on, weeks=WEEKS, view=View(wanted.view), record_type=wanted.record_type
    )
    by_unit = {(it.unit_id, it.assigned): it.digitized[::-1] for it in found}
    lines = [
        WeekLine(unit=unit_row(it), cells=by_unit.get((it.unit_id, it.assigned), (0,) * len(days)))
        for it in unit_rows(engine, wanted)
    ]
    return WeekMatrix(
        filter=wanted,
        columns=tuple(week_of(day) for day in reversed(days)),
        lines=tuple(sorted(lines, key=lambda line: sum(line.cells))),
    )


def _slowest(row: UnitRow) -> float:
    percent = row.counts.percent
    return 101.0 if percent is None else percent

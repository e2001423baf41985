"""How far the units are and where they are heading: every figure is the warehouse's, added up and arranged here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.figures import Counts, OutlookLine, summed
from manifests.spelling import fold
from manifests.targets import TargetLine, Targets
from warehouse.database import reading
from warehouse.outlook import city_outlook, outlooks
from warehouse.progress import progress_by_custodian, progress_by_district, progress_by_unit, progress_matrix
from warehouse.reference import inventory_in_force
from warehouse.results import ProgressCell, UnitProgress
from warehouse.trend import TrendPoint, trend
from warehouse.views import View

SORTS = {"behind": "Chậm nhất trước", "remaining": "Còn nhiều nhất trước", "code": "Mã đơn vị", "name": "Tên đơn vị"}
VIEWS = {
    str(View.ISSUER): "Đơn vị đã cấp giấy",
    str(View.DISTRICT): "Quận, huyện cũ",
    str(View.CUSTODIAN): "Đơn vị đang giữ hồ sơ",
}
TREND_WEEKS = 26
_UNKNOWN_UNIT = "@?"
_ROWS: dict[str, Callable[..., list[UnitProgress]]] = {
    str(View.ISSUER): progress_by_unit,
    str(View.DISTRICT): progress_by_district,
    str(View.CUSTODIAN): progress_by_custodian,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFilter:
    """``sort`` is ``behind`` (least percent first), ``remaining`` (most first), ``code`` or ``name``.

    ``view`` is one of ``VIEWS``; ``on`` the end of which day, now when ``None``.
    """

    tier: str | None = None
    record_type: str | None = None
    year: int | None = None
    sort: str = "behind"
    view: str = "issuer"
    on: dt.date | None = None

    @property
    def whole(self) -> bool:
        """Nothing is left out, so that pace, target and forecast can be told."""
        return self.record_type is None and self.year is None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One unit; ``unit_id`` is its key, because codes are reused. ``validity`` is empty for a unit of all times.

    ``assigned`` is false for papers of a former unit that nobody was given.
    """

    unit_id: str
    unit_code: str
    unit_name: str
    tier: str
    validity: str
    dissolved: bool
    assigned: bool
    counts: Counts
    outlook: OutlookLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendLine:
    """The end of one week; percentages 0–100, ``None`` without an inventory or a target."""

    on: dt.date
    digitized: int
    inventory: int
    percent: float | None
    percent_indexed: float | None
    target: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPage:
    """``/``."""

    filter: ProgressFilter
    total: Counts
    outlook: OutlookLine | None
    trend: tuple[TrendLine, ...]
    units: tuple[UnitRow, ...]
    inventory_approved_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLine:
    """One record type of a unit: a cell for each year, ``None`` where nothing is listed or delivered."""

    record_type: str
    record_type_name: str
    cells: tuple[Counts | None, ...]
    total: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMatrix:
    """One unit, record type x year."""

    unit: UnitRow
    trend: tuple[TrendLine, ...]
    years: tuple[int, ...]
    lines: tuple[MatrixLine, ...]
    year_totals: tuple[Counts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPage:
    """``/don-vi/{unit}``: one unit, or each that bore the code, by time; ``on`` as in ``ProgressFilter``."""

    unit_code: str
    on: dt.date | None
    units: tuple[UnitMatrix, ...]


def progress_page(engine: Any, wanted: ProgressFilter, targets: Targets) -> ProgressPage:
    view = View(wanted.view)
    found = unit_rows(engine, wanted)
    outlook, lines = None, {}
    if wanted.whole:
        lines = {
            (it.unit.unit_id, it.unit.assigned): OutlookLine.of(it)
            for it in outlooks(engine, on=wanted.on, view=view, targets=targets)
        }
        if wanted.tier is None and found:
            outlook = OutlookLine.of(city_outlook(engine, on=wanted.on, targets=targets))
    rows = (unit_row(it, lines.get((it.unit_id, it.assigned))) for it in found)
    points = trend(engine, on=wanted.on, weeks=TREND_WEEKS, record_type=wanted.record_type)
    with reading(engine) as connection:
        in_force = inventory_in_force(connection, wanted.on)
    # The trend knows no single year and no tier.
    told = points if wanted.year is None and wanted.tier is None else []
    return ProgressPage(
        filter=wanted,
        total=Counts.of(summed(found)),
        outlook=outlook,
        trend=_trend(told, target_line(found, [point.on for point in told], targets)),
        units=tuple(sorted(rows, key=_SORT_KEYS[wanted.sort])),
        inventory_approved_on=in_force[1] if in_force else None,
    )


def unit_rows(engine: Any, wanted: ProgressFilter) -> list[UnitProgress]:
    """The units of a filter, in the warehouse's order."""
    found = _ROWS[wanted.view](engine, on=wanted.on, record_type=wanted.record_type, year=wanted.year)
    return [it for it in found if wanted.tier in (None, it.tier)]


def unit_page(engine: Any, unit: str, targets: Targets, on: dt.date | None = None) -> UnitPage | None:
    """The page of a unit code, or of one ``unit_id``."""
    code = unit.partition("@")[0]
    known = progress_by_unit(engine, unit_code=code, on=on)
    shown = [it for it in known if unit in (code, it.unit_id)]
    if not shown:
        return None
    ahead = outlooks(engine, on=on, unit_code=code, targets=targets)
    heading = {it.unit.unit_id: OutlookLine.of(it) for it in ahead}
    return UnitPage(
        unit_code=code,
        on=on,
        units=tuple(
            _matrix(
                unit_row(it, heading.get(it.unit_id)),
                _cells(engine, it, known, on),
                _unit_trend(engine, it, targets, on),
            )
            for it in shown
        ),
    )


def unit_row(it: UnitProgress, outlook: OutlookLine | None = None) -> UnitRow:
    return UnitRow(
        unit_id=it.unit_id,
        unit_code=it.unit_code,
        unit_name=it.unit_name,
        tier=it.tier,
        validity=words.validity(it.valid_from, it.valid_to),
        dissolved=it.dissolved,
        assigned=it.assigned,
        counts=Counts.of(it),
        outlook=outlook,
    )


def _unit_trend(engine: Any, unit: UnitProgress, targets: Targets, on: dt.date | None) -> tuple[TrendLine, ...]:
    if unit.unit_id.endswith(_UNKNOWN_UNIT):
        return ()
    points = trend(engine, on=on, unit_id=unit.unit_id, targets=targets)
    return _trend(points, [point.expected_percent for point in points])


def target_line(rows: Sequence[UnitProgress], days: Iterable[dt.date], targets: Targets) -> list[float | None]:
    """The target line of several units together: each unit's own, weighed by its inventory."""
    weights: dict[TargetLine, int] = {}  # hundreds of units share a few lines
    for row in rows:
        if row.inventory_records:
            line = targets.line(tier=row.tier, unit_code=row.unit_code, area=None)
            weights[line] = weights.get(line, 0) + row.inventory_records
    found: list[float | None] = []
    for day in days:
        expected = [(weight, line.expected(day)) for line, weight in weights.items()]
        bound = [(weight, value) for weight, value in expected if value is not None]
        whole = sum(weight for weight, _ in bound)
        found.append(sum(weight * value for weight, value in bound) / whole if whole else None)
    return found


def forecast_line(page_trend: Sequence[TrendLine], outlook: OutlookLine | None) -> list[tuple[dt.date, float | None]]:
    """From the last point of a trend to 100 % at the pace of the last weeks; at most a year is drawn."""
    if outlook is None or outlook.forecast_on is None or not page_trend or page_trend[-1].percent is None:
        return []
    last = page_trend[-1]
    days = (outlook.forecast_on - last.on).days
    if days <= 0 or last.percent is None:
        return []
    shown = min(days, 365)
    return [
        (last.on, last.percent),
        (last.on + dt.timedelta(days=shown), last.percent + (100 - last.percent) * shown / days),
    ]


def _trend(points: Sequence[TrendPoint], target: Sequence[float | None]) -> tuple[TrendLine, ...]:
    return tuple(
        TrendLine(
            on=it.on,
            digitized=it.digitized,
            inventory=it.inventory,
            percent=it.percent,
            percent_indexed=it.percent_indexed,
            target=expected,
        )
        for it, expected in zip(points, target, strict=True)
    )


def _cells(engine: Any, unit: UnitProgress, same_code: list[UnitProgress], on: dt.date | None) -> list[ProgressCell]:
    if not unit.unit_id.endswith(_UNKNOWN_UNIT):
        return progress_matrix(engine, unit.unit_code, unit_id=unit.unit_id, on=on)
    # No register knows this unit, so its cells are those that belong to none of the others.
    others = {
        (cell.record_type, cell.year)
        for it in same_code
        if it.unit_id != unit.unit_id
        for cell in progress_matrix(engine, unit.unit_code, unit_id=it.unit_id, on=on)
    }
    cells = progress_matrix(engine, unit.unit_code, on=on)
    return [cell for cell in cells if (cell.record_type, cell.year) not in others]


def _matrix(unit: UnitRow, cells: list[ProgressCell], points: tuple[TrendLine, ...]) -> UnitMatrix:
    years = tuple(sorted({cell.year for cell in cells}))
    by_type: dict[str, dict[int, ProgressCell]] = {}
    for cell in cells:
        by_type.setdefault(cell.record_type, {})[cell.year] = cell
    return UnitMatrix(
        unit=unit,
        trend=points,
        years=years,
        lines=tuple(
            MatrixLine(
                record_type=record_type,
                record_type_name=next(iter(of_type.values())).record_type_name,
                cells=tuple(Counts.of(of_type[year]) if year in of_type else None for year in years),
                total=Counts.of(summed(of_type.values())),
            )
            for record_type, of_type in by_type.items()
        ),
        year_totals=tuple(Counts.of(summed(cell for cell in cells if cell.year == year)) for year in years),
    )


def _behind(row: UnitRow) -> tuple[float, int]:
    percent = row.counts.percent
    return (101.0 if percent is None else percent, -row.counts.remaining)


_SORT_KEYS: dict[str, Callable[[UnitRow], Any]] = {
    "code": lambda row: 0,  # the warehouse's own order: by code, then by time
    "behind": _behind,
    "remaining": lambda row: -row.counts.remaining,
    "name": lambda row: fold(row.unit_name),
}

"""Where the work is heading: targets, pace over the last weeks, forecast of 100 %, and the trend by week."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.record_types import areas, record_types
from manifests.targets import Targets, city_targets
from warehouse.cells import FIGURES, Selection
from warehouse.directory import Shown
from warehouse.progress import figures, selection, shown_rows, unit_progress
from warehouse.reference import today
from warehouse.remembered import remembered
from warehouse.results import Figures, UnitProgress
from warehouse.trend import digitized_by
from warehouse.views import View
from warehouse.watched import Asking

PACE_WEEKS = 4
"""Weeks over which the pace is measured unless somebody asks for others."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """One unit's way to 100 %, in one field of work or in all.

    Attributes:
        unit: Its figures, of this field of work alone.
        area: Key of ``manifests.record_types.areas``; ``None`` for all of them.
        weeks: Over which the pace was measured.
        pace: Listed records digitized per week over these weeks.
        due_percent, due_on: The target that must be met by now; ``None`` when there is none.
        next_percent, next_on: The target to come.
        expected_percent: On the straight line between targets, today.
        deadline: Day of 100 %; ``None`` when no plan says one.
        needed_pace: Records per week to be ready by the deadline; ``None`` when it is past or unknown.
        forecast_on: Day of 100 % at this pace; ``None`` when nothing moves or there is no inventory.
    """

    unit: UnitProgress
    area: str | None
    weeks: int
    pace: float
    due_percent: float | None
    due_on: dt.date | None
    next_percent: float | None
    next_on: dt.date | None
    expected_percent: float | None
    deadline: dt.date | None
    needed_pace: float | None
    forecast_on: dt.date | None

    @property
    def behind(self) -> bool:
        """Below the target that is due."""
        percent = self.unit.percent
        return percent is not None and self.due_percent is not None and percent < self.due_percent

    @property
    def standing_still(self) -> bool:
        """Records are left, and none was digitized in these weeks."""
        return self.unit.remaining > 0 and self.pace <= 0

    @property
    def late(self) -> bool:
        """At this pace the deadline that is still to come will be missed."""
        if self.deadline is None or self.needed_pace is None or self.unit.remaining <= 0:
            return False
        return self.forecast_on is None or self.forecast_on > self.deadline


@remembered
def outlooks(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    weeks: int = PACE_WEEKS,
    by_area: bool = False,
    view: View = View.ISSUER,
    unit_code: str | None = None,
    targets: Targets | None = None,
) -> list[Outlook]:
    """The outlook of every unit of a view, by code and time, then by field of work.

    The pace counts against the inventory in force on ``on``, so that a new version is not taken for work done.

    Args:
        engine: A migrated database.
        on: As of the end of this day in Hanoi; ``None`` is now.
        by_area: One row per field of work instead of one per unit.
        unit_code: Only units shown under this code.
        targets: The City's plan when not given.
    """
    plan, day = targets or city_targets(), on or today()
    with Asking(engine) as asking:
        # Where papers lie and whom they went to is shown under another code than that of the cells.
        wanted = selection(asking, on, unit_code if view is View.ISSUER else None)
        now = _by_area(asking, wanted, view, by_area=by_area)
        before = _done_by(asking, wanted, day - dt.timedelta(weeks=weeks), view, by_area=by_area)
    found = []
    for key, unit in now.items():
        if unit_code not in (None, unit.unit_code):
            continue
        pace = (unit.digitized_listed - before.get(key, 0)) / weeks
        found.append(_outlook(unit, key[1], pace, weeks, day, plan))
    order = {area: position for position, area in enumerate(areas())}
    return sorted(
        found,
        key=lambda it: (
            not it.unit.assigned,
            it.unit.unit_code,
            it.unit.valid_from or dt.date.min,
            order.get(it.area or "", -1),
        ),
    )


@remembered
def city_outlook(
    engine: sa.Engine, *, on: dt.date | None = None, weeks: int = PACE_WEEKS, targets: Targets | None = None
) -> Outlook:
    """The outlook of all units together; its due target weighs each unit's by its inventory."""
    rows = outlooks(engine, on=on, weeks=weeks, targets=targets)
    names = [field.name for field in dataclasses.fields(Figures)]
    whole = UnitProgress(
        unit_id="*",
        unit_code="*",
        unit_name="Toàn bộ",
        tier="city",
        **{name: sum(getattr(row.unit, name) for row in rows) for name in names},
    )
    day = on or today()
    plan = targets or city_targets()
    it = _outlook(whole, None, sum(row.pace for row in rows), weeks, day, plan)
    due_on = max((row.due_on for row in rows if row.due_on), default=None)
    next_on = min((row.next_on for row in rows if row.next_on), default=None)
    return dataclasses.replace(
        it,
        due_percent=_weighed((row.unit.inventory_records, row.due_percent) for row in rows),
        due_on=due_on,
        next_percent=_weighed((row.unit.inventory_records, row.next_percent) for row in rows),
        next_on=next_on,
        expected_percent=_weighed((row.unit.inventory_records, row.expected_percent) for row in rows),
    )


def _weighed(parts: Iterable[tuple[int, float | None]]) -> float | None:
    known = [(weight, value) for weight, value in parts if value is not None and weight]
    total = sum(weight for weight, _ in known)
    return sum(weight * value for weight, value in known) / total if total else None


def _outlook(unit: UnitProgress, area: str | None, pace: float, weeks: int, day: dt.date, plan: Targets) -> Outlook:
    line = plan.line(tier=unit.tier, unit_code=unit.unit_code, area=area)
    due, coming = line.due(day), line.next(day)
    deadline = next((step.on for step in line.steps if step.percent >= 100), None)
    return Outlook(
        unit=unit,
        area=area,
        weeks=weeks,
        pace=pace,
        due_percent=due.percent if due else None,
        due_on=due.on if due else None,
        next_percent=coming.percent if coming else None,
        next_on=coming.on if coming else None,
        expected_percent=line.expected(day),
        deadline=deadline,
        needed_pace=_needed_pace(unit, deadline, day),
        forecast_on=_forecast(unit, pace, day),
    )


def _needed_pace(unit: UnitProgress, deadline: dt.date | None, day: dt.date) -> float | None:
    if deadline is None or deadline <= day or not unit.inventory_records:
        return None
    return unit.remaining / ((deadline - day).days / 7)


def _forecast(unit: UnitProgress, pace: float, day: dt.date) -> dt.date | None:
    if not unit.inventory_records:
        return None
    if unit.remaining <= 0:
        return day
    if pace <= 0:
        return None
    days = math.ceil(7 * unit.remaining / pace)
    return day + dt.timedelta(days=days) if days < 365 * 1000 else None


_Key = tuple[tuple[str, str | None, bool], str | None]


def _by_area(asking: Asking, wanted: Selection, view: View, *, by_area: bool) -> dict[_Key, UnitProgress]:
    """Figures of each shown unit, in one field of work or in all: a few rows for each unit, never one a document."""
    rows: dict[_Key, list[dict[str, Any]]] = defaultdict(list)
    for row in shown_rows(asking, wanted, view, by_type=by_area):
        shown = row["shown_code"], row["shown_id"], row["assigned"]
        rows[_key(shown, row.get("record_type"), by_area=by_area)].append(row)
    return {key: _added(some, wanted.day) for key, some in rows.items()}


def _done_by(asking: Asking, wanted: Selection, day: dt.date, view: View, *, by_area: bool) -> dict[_Key, int]:
    """Listed records that were digitized by the end of ``day``, with the keys of ``_by_area``."""
    done: dict[_Key, int] = defaultdict(int)
    rows, at = digitized_by(asking, wanted, day, view)
    for shown, row in rows:
        done[_key(shown, row.record_type, by_area=by_area)] += row.digitized[at]
    return done


def _key(shown: Shown, record_type: str | None, *, by_area: bool) -> _Key:
    kind = record_types().get(record_type or "") if by_area else None
    area = (kind.area if kind else "other") if by_area else None
    code, unit_id, assigned = shown
    return (code, unit_id, bool(assigned)), area


def _added(rows: list[dict[str, Any]], day: dt.date) -> UnitProgress:
    if len(rows) == 1:
        return unit_progress(rows[0], day)
    counts = [figures(row) for row in rows]
    summed: dict[str, Any] = dict(rows[0])
    summed |= {name: sum(count[name] for count in counts) for name in FIGURES}
    return unit_progress(summed, day)

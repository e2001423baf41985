"""How the work came along, week by week, counted from when each file was stored and each record accepted."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from manifests.record_types import record_types
from manifests.targets import Targets, city_targets
from warehouse import schema
from warehouse.by_day import Asked, DoneByDay, done_by_day
from warehouse.cells import Selection
from warehouse.directory import Shown
from warehouse.reference import Approvals, in_force, today
from warehouse.remembered import remembered
from warehouse.unit_parts import Parts, shown_parts
from warehouse.views import View
from warehouse.watched import Asking

WEEKS = 26
"""Weeks of a trend unless somebody asks for others."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """How far the work was at the end of one day.

    Attributes:
        on: The last day of the week.
        inventory, digitized, indexed: Listed records, and of them those digitized and those with accepted fields, by
            the inventory version in force on that day.
        expected_percent: The target line on that day; ``None`` without a target or for several units together.
    """

    on: dt.date
    inventory: int
    digitized: int
    indexed: int
    expected_percent: float | None = None

    @property
    def percent(self) -> float | None:
        return 100.0 * self.digitized / self.inventory if self.inventory else None

    @property
    def percent_indexed(self) -> float | None:
        return 100.0 * self.indexed / self.inventory if self.inventory else None


@remembered
def trend(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    weeks: int = WEEKS,
    view: View = View.ISSUER,
    unit_id: str | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    area: str | None = None,
    targets: Targets | None = None,
) -> list[TrendPoint]:
    """One point for the end of each of the last ``weeks`` weeks, oldest first; the last one is ``on`` itself.

    Args:
        engine: A migrated database.
        on: Last day; today when ``None``.
        view: How ``unit_id`` and ``unit_code`` are meant.
        unit_id, unit_code: Only this unit, only units under this code; every unit when both are ``None``.
        record_type, area: Only this type, only this field of work.
        targets: The City's plan when not given; drawn for one unit.
    """
    last = on or today()
    code = unit_code or (unit_id.partition("@")[0] if unit_id else None)
    line = None
    with Asking(engine) as asking:
        asked = _by_week(asking.approvals, last, weeks)
        found = in_force(asking.approvals, last)
        wanted = Selection(
            found[0] if found else None,
            None if last == today() else last,
            code if view is View.ISSUER else None,
            record_type,
        )
        rows = [
            row
            for (shown_code, shown_id, _), row in _rows(asking, wanted, asked, view)
            if unit_id in (None, shown_id)
            and unit_code in (None, shown_code)
            and (area is None or (row.record_type in record_types() and record_types()[row.record_type].area == area))
        ]
        if code is not None:
            tier = _tier(asking.connection, unit_id, code)
            line = (targets or city_targets()).line(tier=tier, unit_code=code, area=area)
    none = [(0,) * len(asked)]
    inventory, digitized, indexed = (
        [sum(of_day) for of_day in zip(*(none + [getattr(row, name) for row in rows]), strict=True)]
        for name in ("inventory", "digitized", "indexed")
    )
    return [
        TrendPoint(day, listed, done, accepted, line.expected(day) if line else None)
        for (_, day), listed, done, accepted in zip(asked, inventory, digitized, indexed, strict=True)
    ]


def digitized_by(
    asking: Asking, wanted: Selection, day: dt.date, view: View
) -> tuple[list[tuple[Shown, DoneByDay]], int]:
    """Rows whose ``digitized`` tells at the index that is returned too what was done by the end of ``day``.

    Counted against the inventory of ``wanted``.
    """
    one = (wanted.version, day)
    if asking.seen is not None and wanted.on is None:  # the trend is asked for too, and tells of this day
        weekly = _by_week(asking.approvals, today(), WEEKS)
        if one in weekly:
            return _rows(asking, wanted, weekly, view), weekly.index(one)
    return _rows(asking, wanted, (one,), view), 0


def _by_week(approvals: Approvals, last: dt.date, weeks: int) -> tuple[Asked, ...]:
    days = (last - dt.timedelta(weeks=back) for back in range(weeks, -1, -1))
    return tuple((found[0] if (found := in_force(approvals, day)) else None, day) for day in days)


def _rows(asking: Asking, wanted: Selection, asked: tuple[Asked, ...], view: View) -> list[tuple[Shown, DoneByDay]]:
    def count(connection: sa.Connection, some: Selection, by_place: bool) -> Parts[DoneByDay]:
        return done_by_day(connection, some, asked, by_place=by_place)

    return shown_parts(asking, ("done by", asked), wanted, view, count)


def _tier(connection: sa.Connection, unit_id: str | None, code: str) -> str:
    unit = schema.unit.c
    same = unit.unit_id == unit_id if unit_id else unit.code == code
    return str(connection.execute(sa.select(unit.tier).where(same).limit(1)).scalar() or "unknown")

"""How the work came along, week by week, counted from when each file was stored and each record accepted."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

import sqlalchemy as sa

from manifests.record_types import record_types
from manifests.targets import Targets, city_targets
from warehouse import schema
from warehouse.by_day import listed_by_day
from warehouse.cells import Selection
from warehouse.database import reading
from warehouse.reference import inventory_in_force, today
from warehouse.remembered import remembered
from warehouse.unit_parts import unit_parts
from warehouse.views import View


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
    weeks: int = 26,
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
    days = [last - dt.timedelta(weeks=back) for back in range(weeks, -1, -1)]
    kinds = tuple(kind.code for kind in record_types().values() if area is None or kind.area == area)
    code = unit_code or (unit_id.partition("@")[0] if unit_id else None)
    with reading(engine) as connection:
        versions: dict[int | None, list[dt.date]] = defaultdict(list)
        for day in days:
            found = inventory_in_force(connection, day)
            versions[found[0] if found else None].append(day)
        points: dict[dt.date, TrendPoint] = {}
        for version, some in versions.items():
            wanted = Selection(version, some[-1], code if view is View.ISSUER else None, record_type)
            sums = _sums(connection, wanted, tuple(some), view, unit_id, unit_code, kinds if area else None)
            for index, day in enumerate(some):
                points[day] = TrendPoint(day, *(sums[f"{name}_{index}"] for name in _TOLD))
        line = None
        if code is not None:
            line = (targets or city_targets()).line(tier=_tier(connection, unit_id, code), unit_code=code, area=area)
    return [
        TrendPoint(day, it.inventory, it.digitized, it.indexed, line.expected(day) if line else None)
        for day, it in sorted(points.items())
    ]


def _tier(connection: sa.Connection, unit_id: str | None, code: str) -> str:
    unit = schema.unit.c
    same = unit.unit_id == unit_id if unit_id else unit.code == code
    return str(connection.execute(sa.select(unit.tier).where(same).limit(1)).scalar() or "unknown")


_TOLD = ("inventory", "digitized", "indexed")


def _sums(
    connection: sa.Connection,
    wanted: Selection,
    days: tuple[dt.date, ...],
    view: View,
    unit_id: str | None,
    unit_code: str | None,
    kinds: tuple[str, ...] | None,
) -> dict[str, int]:
    """``inventory_0``, ``digitized_0``, ``indexed_0`` … of every day, compared cell by cell."""
    names = [f"{what}_{index}" for index in range(len(days)) for what in _TOLD]

    def count(some: Selection) -> dict[str, tuple[int, ...]]:
        by_day = listed_by_day(some, days, view).c
        query = sa.select(by_day.unit_code, *(sa.func.sum(by_day[name]) for name in names)).group_by(by_day.unit_code)
        if unit_id is not None:
            query = query.where(by_day.shown_id == unit_id)
        if unit_code is not None:
            query = query.where(by_day.shown_code == unit_code)
        if kinds is not None:
            query = query.where(by_day.record_type.in_(kinds))
        return {code: tuple(int(it or 0) for it in counts) for code, *counts in connection.execute(query)}

    question = ("trend", days, view, unit_id, unit_code, kinds)
    parts = unit_parts(connection, question, wanted, count)
    return {name: sum(part[at] for part in parts.values()) for at, name in enumerate(names)}

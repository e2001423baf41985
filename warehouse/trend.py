"""How the work came along, week by week, counted from when each file was stored and each record accepted."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.record_types import record_types
from manifests.targets import Targets, city_targets
from warehouse import schema
from warehouse.cells import CELL, PLACE, Selection, inventory_by_day, least
from warehouse.database import reading
from warehouse.days import documents_by_day
from warehouse.reference import inventory_in_force, today
from warehouse.remembered import remembered
from warehouse.views import View, placed


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
    kinds = [kind.code for kind in record_types().values() if area is None or kind.area == area]
    code = unit_code or (unit_id.partition("@")[0] if unit_id else None)
    with reading(engine) as connection:
        versions: dict[int | None, list[dt.date]] = defaultdict(list)
        for day in days:
            found = inventory_in_force(connection, day)
            versions[found[0] if found else None].append(day)
        points: dict[dt.date, TrendPoint] = {}
        for version, some in versions.items():
            wanted = Selection(version, some[-1], code if view is View.ISSUER else None, record_type)
            query = _points(wanted, some, view, unit_id, unit_code, kinds if area else None)
            row = connection.execute(query).mappings().one()
            for index, day in enumerate(some):
                counts = (int(row[f"{name}_{index}"] or 0) for name in ("inventory", "digitized", "indexed"))
                points[day] = TrendPoint(day, *counts)
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


def _points(
    wanted: Selection,
    days: list[dt.date],
    view: View,
    unit_id: str | None,
    unit_code: str | None,
    kinds: list[str] | None,
) -> sa.Select[Any]:
    """One row: inventory, digitized and indexed of every day, compared cell by cell."""
    by_place = view is View.CUSTODIAN
    by_day = documents_by_day(wanted, by_place=by_place)
    cell = [by_day.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
    names = [f"{what}_{index}" for index in range(len(days)) for what in ("digitized", "indexed")]
    facts = (
        sa.select(
            *cell,
            *(
                sa.func.sum(sa.case((by_day.c[f"{what}_on"] <= day.isoformat(), by_day.c.documents), else_=0)).label(
                    f"{what}_{index}"
                )
                for index, day in enumerate(days)
                for what in ("digitized", "indexed")
            ),
        )
        .group_by(*cell)
        .subquery()
    )
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    lines = [f"inventory_{index}" for index in range(len(days))]
    counted = placed(facts, view, wanted.day, names)
    on_list = placed(inventory_by_day(wanted, days, by_place=by_place), view, wanted.day, lines)
    same = sa.and_(
        on_list.c.unit_code == counted.c.unit_code,
        sa.func.coalesce(on_list.c.unit_id, "") == sa.func.coalesce(counted.c.unit_id, ""),
        on_list.c.record_type == counted.c.record_type,
        on_list.c.year == counted.c.year,
        on_list.c.shown_code == counted.c.shown_code,
        on_list.c.assigned == counted.c.assigned,
    )
    query = sa.select(
        *(sa.func.sum(on_list.c[name]).label(name) for name in lines),
        *(
            sa.func.sum(
                least(sa.func.coalesce(counted.c[name], zero), on_list.c[f"inventory_{name.rpartition('_')[2]}"])
            ).label(name)
            for name in names
        ),
    ).select_from(on_list.outerjoin(counted, same))
    if unit_id is not None:
        query = query.where(on_list.c.shown_id == unit_id)
    if unit_code is not None:
        query = query.where(on_list.c.shown_code == unit_code)
    if kinds is not None:
        query = query.where(on_list.c.record_type.in_(kinds))
    return query

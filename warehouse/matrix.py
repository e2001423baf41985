"""All units side by side, by record type and by week: the cells of ``warehouse.progress``, summed apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from warehouse.cells import CELL, PLACE
from warehouse.days import documents_by_day
from warehouse.progress import figures, selection, shown_rows
from warehouse.reference import today
from warehouse.remembered import remembered
from warehouse.results import Figures
from warehouse.views import SHOWN, View, placed
from warehouse.watched import Asking


@dataclass(frozen=True, slots=True)
class UnitTypes:
    """One unit of a view: its figures by record type; ``unit_id`` and ``assigned`` as in ``UnitProgress``."""

    unit_id: str
    assigned: bool
    types: dict[str, Figures]


@dataclass(frozen=True, slots=True)
class UnitWeeks:
    """One unit of a view: documents digitized in each week that ends on a day of ``days``, oldest first."""

    unit_id: str
    assigned: bool
    digitized: tuple[int, ...]


@remembered
def type_matrix(
    engine: sa.Engine, *, on: dt.date | None = None, view: View = View.ISSUER, year: int | None = None
) -> list[UnitTypes]:
    """Figures of every unit by record type, on the day ``on`` (now when ``None``)."""
    with Asking(engine) as asking:
        rows = shown_rows(asking, selection(asking, on, None, None, year), view, by_type=True)
    by_unit: dict[tuple[str, bool], dict[str, Figures]] = {}
    for row in rows:
        by_unit.setdefault(_shown(row), {})[row["record_type"]] = Figures(**figures(row))
    return [UnitTypes(*key, types) for key, types in sorted(by_unit.items())]


@remembered
def week_matrix(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    weeks: int = 8,
    view: View = View.ISSUER,
    record_type: str | None = None,
) -> tuple[tuple[dt.date, ...], list[UnitWeeks]]:
    """The last days of the last ``weeks`` weeks, and what every unit digitized in each of them."""
    last, by_place = on or today(), view is View.CUSTODIAN
    days = tuple(last - dt.timedelta(weeks=back) for back in range(weeks - 1, -1, -1))
    names = [f"week_{index}" for index in range(weeks)]
    with Asking(engine) as asking:
        wanted = selection(asking, on, None, record_type)
        by_day = documents_by_day(wanted, by_place=by_place)
        cell = [by_day.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
        first = week_of(days[0])[0].isoformat()
        facts = (
            sa.select(*cell, *_by_week(by_day, days, names))
            .where(by_day.c.digitized_on.between(first, last.isoformat()))
            .group_by(*cell)
            .subquery()
        )
        counted = placed(facts, view, wanted.day, names)
        keys = [counted.c[name] for name in SHOWN]
        sums = (sa.func.sum(counted.c[name]).label(name) for name in names)
        rows = asking.connection.execute(sa.select(*keys, *sums).group_by(*keys)).mappings().all()
    found = (UnitWeeks(*_shown(row), tuple(int(row[name] or 0) for name in names)) for row in rows)
    return days, sorted(found, key=lambda it: it.unit_id)


def week_of(last: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of the week that ends on ``last``."""
    return last - dt.timedelta(days=6), last


def _by_week(by_day: sa.Subquery, days: Iterable[dt.date], names: Iterable[str]) -> list[sa.ColumnElement[Any]]:
    def made(first: dt.date, last: dt.date) -> sa.ColumnElement[Any]:
        within = by_day.c.digitized_on.between(first.isoformat(), last.isoformat())
        return sa.func.sum(sa.case((within, by_day.c.documents), else_=0))

    return [made(*week_of(day)).label(name) for day, name in zip(days, names, strict=True)]


def _shown(row: Mapping[str, Any] | sa.RowMapping) -> tuple[str, bool]:
    return row["shown_id"] or f"{row['shown_code']}@?", bool(row["assigned"])

"""Tiến độ: how far the units are, where they are heading, and all of them side by side."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request, Response

from dashboard import asked, tables
from dashboard.access import Signed, needs
from dashboard.charts import Chart, progress_chart
from dashboard.export import table_file
from dashboard.figures import OutlookLine
from dashboard.matrices import types_page, weeks_page
from dashboard.options import Options
from dashboard.progressing import (
    SORTS,
    VIEWS,
    ProgressFilter,
    TrendLine,
    UnitMatrix,
    forecast_line,
    progress_page,
    unit_page,
)
from dashboard.screen import screen_of
from dashboard.words import TIERS
from manifests.record_types import record_types
from manifests.targets import Targets
from warehouse.roles import Permission

router = APIRouter()


# Of two decorators the lower one is matched first, so that "….json" never counts as part of an id.
@router.get("/tien-do.csv")
@router.get("/tien-do.xlsx")
@needs(Permission.PROGRESS)
def progress_file(request: Request, person: Signed) -> Response:
    page = progress_page(person.pages.engine, _filter(request), _targets(request))
    return table_file(tables.progress_table(page), asked.ending(request) or "csv")


@router.get("/")
@router.get("/tien-do.json")
@needs(Permission.PROGRESS)
def progress(request: Request, person: Signed) -> Response:
    at = person.pages.figures_at()
    page = progress_page(person.pages.engine, _filter(request), _targets(request))
    chart = _chart(page.trend, page.outlook)
    return screen_of(request).show(request, "progress.html", page, now=at, chart=chart, **_choices())


@router.get("/don-vi/{unit}")
@router.get("/don-vi/{unit}.csv")
@router.get("/don-vi/{unit}.xlsx")
@router.get("/don-vi/{unit}.json")
@needs(Permission.PROGRESS)
def unit(request: Request, unit: str, person: Signed) -> Response:
    at = person.pages.figures_at()
    page = asked.found(unit_page(person.pages.engine, unit, _targets(request), asked.date(request, "on")))
    if ending := asked.ending(request):
        return table_file(tables.unit_table(page), ending)

    def chart_of(it: UnitMatrix) -> Chart | None:
        return _chart(it.trend, it.unit.outlook)

    return screen_of(request).show(request, "unit.html", page, now=at, chart_of=chart_of)


@router.get("/ma-tran")
@router.get("/ma-tran.csv")
@router.get("/ma-tran.xlsx")
@router.get("/ma-tran.json")
@needs(Permission.PROGRESS)
def by_type(request: Request, person: Signed) -> Response:
    at = person.pages.figures_at()
    page = types_page(person.pages.engine, _filter(request))
    if ending := asked.ending(request):
        return table_file(tables.types_table(page), ending)
    return screen_of(request).show(request, "types.html", page, now=at, **_choices())


@router.get("/ma-tran/tuan")
@router.get("/ma-tran/tuan.csv")
@router.get("/ma-tran/tuan.xlsx")
@router.get("/ma-tran/tuan.json")
@needs(Permission.PROGRESS)
def by_week(request: Request, person: Signed) -> Response:
    at = person.pages.figures_at()
    page = weeks_page(person.pages.engine, _filter(request))
    if ending := asked.ending(request):
        return table_file(tables.weeks_table(page), ending)
    return screen_of(request).show(request, "weeks.html", page, now=at, **_choices())


def _targets(request: Request) -> Targets:
    options: Options = request.app.state.desk.options
    return options.targets


def _filter(request: Request) -> ProgressFilter:
    return ProgressFilter(
        tier=asked.choice(request, "tier", TIERS),
        record_type=asked.choice(request, "record_type", record_types()),
        year=asked.number(request, "year"),
        sort=asked.choice(request, "sort", SORTS) or "behind",
        view=asked.choice(request, "view", VIEWS) or "issuer",
        on=asked.date(request, "on"),
    )


def _choices() -> dict[str, Any]:
    return {"tiers": TIERS, "record_types": asked.named_types(), "sorts": SORTS, "views": VIEWS}


def _chart(trend: Sequence[TrendLine], outlook: OutlookLine | None) -> Chart | None:
    def line(name: str) -> list[tuple[dt.date, float | None]]:
        return [(it.on, getattr(it, name)) for it in trend]

    if not any(it.percent is not None for it in trend):
        return None
    return progress_chart(line("percent"), line("percent_indexed"), line("target"), forecast_line(trend, outlook))

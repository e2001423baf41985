"""Tiến độ: how far the units are."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked
from dashboard.access import Signed, needs
from dashboard.contexts import ProgressFilter
from dashboard.export import progress_csv
from dashboard.pages import SORTS
from dashboard.screen import screen_of
from dashboard.words import TIERS
from manifests.record_types import record_types
from warehouse.roles import Permission

router = APIRouter()


# Of two decorators the lower one is matched first, so that "….json" never counts as part of an id.
@router.get("/tien-do.csv")
@needs(Permission.PROGRESS)
def progress_table(request: Request, person: Signed) -> Response:
    body = progress_csv(person.pages.progress(_filter(request)))
    headers = {"Content-Disposition": 'attachment; filename="tien-do.csv"'}
    return Response(body, media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/")
@router.get("/tien-do.json")
@needs(Permission.PROGRESS)
def progress(request: Request, person: Signed) -> Response:
    page = person.pages.progress(_filter(request))
    return screen_of(request).show(
        request, "progress.html", page, tiers=TIERS, record_types=asked.named_types(), sorts=SORTS
    )


@router.get("/don-vi/{unit}")
@router.get("/don-vi/{unit}.json")
@needs(Permission.PROGRESS)
def unit(request: Request, unit: str, person: Signed) -> Response:
    return screen_of(request).show(request, "unit.html", asked.found(person.pages.unit(unit)))


def _filter(request: Request) -> ProgressFilter:
    return ProgressFilter(
        tier=asked.choice(request, "tier", TIERS),
        record_type=asked.choice(request, "record_type", record_types()),
        year=asked.number(request, "year"),
        sort=asked.choice(request, "sort", SORTS) or "code",
    )

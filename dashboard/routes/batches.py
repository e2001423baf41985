"""Lô: what came in and what became of it."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked
from dashboard.access import Signed, needs
from dashboard.asked import BatchPart
from dashboard.screen import screen_of
from dashboard.words import BATCH_STATUS
from warehouse.roles import Permission

router = APIRouter()


@router.get("/lo")
@router.get("/lo.json")
@needs(Permission.BATCHES)
def batches(request: Request, person: Signed) -> Response:
    page = person.pages.batches(
        unit_code=asked.text(request, "unit_code"),
        status=asked.choice(request, "status", BATCH_STATUS),
        offset=asked.number(request, "offset") or 0,
    )
    return screen_of(request).show(request, "batches.html", page, statuses=BATCH_STATUS)


@router.get("/lo/{unit}/{batch}")
@router.get("/lo/{unit}/{batch}.json")
@needs(Permission.BATCHES)
def batch(request: Request, unit: BatchPart, batch: BatchPart, person: Signed) -> Response:
    return screen_of(request).show(request, "batch.html", asked.found(person.pages.batch(f"{unit}/{batch}")))

"""Hồ sơ: the documents behind a figure, by their ids."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked
from dashboard.access import Signed, needs
from dashboard.contexts import DocumentsFilter
from dashboard.screen import screen_of
from dashboard.words import DOCUMENT_STATUS
from manifests.record_types import record_types
from warehouse.roles import Permission

router = APIRouter()


@router.get("/ho-so")
@router.get("/ho-so.json")
@needs(Permission.BATCHES)
def documents(request: Request, person: Signed) -> Response:
    wanted = DocumentsFilter(
        unit_code=asked.text(request, "unit_code"),
        record_type=asked.choice(request, "record_type", record_types()),
        year=asked.number(request, "year"),
        status=asked.choice(request, "status", DOCUMENT_STATUS),
        needs_review=asked.text(request, "needs_review") == "1",
    )
    page = person.pages.documents(wanted, asked.number(request, "offset") or 0)
    return screen_of(request).show(
        request, "documents.html", page, statuses=DOCUMENT_STATUS, record_types=asked.named_types()
    )

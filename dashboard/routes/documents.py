"""Hồ sơ: the documents behind a figure, by their ids."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked, tables
from dashboard.access import Signed, needs
from dashboard.export import table_file
from dashboard.progressing import VIEWS
from dashboard.screen import screen_of
from dashboard.words import DOCUMENT_STATUS, FIGURES, TIERS
from manifests.record_types import areas, record_types
from warehouse.behind import DocumentFilter
from warehouse.roles import Permission
from warehouse.schema import DocumentStatus
from warehouse.views import View

router = APIRouter()


@router.get("/ho-so")
@router.get("/ho-so.csv")
@router.get("/ho-so.xlsx")
@router.get("/ho-so.json")
@needs(Permission.BATCHES)
def documents(request: Request, person: Signed) -> Response:
    status = asked.choice(request, "status", DOCUMENT_STATUS)
    wanted = DocumentFilter(
        figure=asked.choice(request, "figure", FIGURES),
        view=View(asked.choice(request, "view", VIEWS) or View.ISSUER),
        unit_id=asked.text(request, "unit_id"),
        assigned=asked.text(request, "assigned") != "0",
        tier=asked.choice(request, "tier", TIERS),
        issuer_id=asked.text(request, "issuer_id"),
        delivered_by=asked.text(request, "delivered_by"),
        batch_key=asked.text(request, "batch_key"),
        stopped_at=asked.text(request, "stopped_at"),
        reason_code=asked.text(request, "reason_code"),
        unit_code=asked.text(request, "unit_code"),
        record_type=asked.choice(request, "record_type", record_types()),
        area=asked.choice(request, "area", areas()),
        year=asked.number(request, "year"),
        status=DocumentStatus(status) if status else None,
        needs_review=asked.text(request, "needs_review") == "1",
        digitized_from=asked.date(request, "digitized_from"),
        digitized_to=asked.date(request, "digitized_to"),
    )
    if ending := asked.ending(request):
        return table_file(tables.documents_table(person.pages.all_documents(wanted)), ending)
    page = person.pages.documents(wanted, asked.number(request, "offset") or 0)
    return screen_of(request).show(
        request,
        "documents.html",
        page,
        statuses=DOCUMENT_STATUS,
        record_types=asked.named_types(),
    )

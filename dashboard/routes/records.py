"""One record: its page, file, pages, and the places its fields were read from. Each look is written down first."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Request, Response
from starlette.exceptions import HTTPException

from dashboard import asked
from dashboard.access import Person, Signed, needs
from dashboard.asked import BatchPart
from dashboard.files import file_answer
from dashboard.options import Archive
from dashboard.purposes import PURPOSES, known_purpose, note
from dashboard.record_page import cut_file, place_of, record_page, shown_file
from dashboard.screen import screen_of
from warehouse.access_log import Action
from warehouse.artefacts import PDF
from warehouse.documents import document_detail
from warehouse.results import DocumentDetail
from warehouse.roles import Permission

log = logging.getLogger(__name__)
router = APIRouter()

_Got = TypeVar("_Got")
_IMAGE = "image/jpeg"


@router.get("/ho-so/{unit}/{batch}/{document}")
@router.get("/ho-so/{unit}/{batch}/{document}.json")
@needs(Permission.RECORDS)
def record(request: Request, unit: BatchPart, batch: BatchPart, document: BatchPart, person: Signed) -> Response:
    key = f"{unit}/{batch}/{document}"
    page = asked.found(record_page(person.pages.engine, key))
    note(request, person, Action.RECORD, key)
    purpose = known_purpose(request)
    return screen_of(request).show(
        request,
        "record.html",
        page,
        parts=(unit, batch, document),
        archive=request.app.state.desk.options.archive is not None,
        purpose=PURPOSES[purpose[0]] if purpose else "",
        reason=purpose[1] if purpose else "",
    )


@router.get("/ho-so/{unit}/{batch}/{document}/tep.pdf")
@needs(Permission.RECORDS)
def file(
    request: Request, unit: BatchPart, batch: BatchPart, document: BatchPart, person: Signed, tai: str = ""
) -> Response:
    detail = _detail(person, f"{unit}/{batch}/{document}")
    found = asked.found(shown_file(detail))
    note(request, person, Action.FILE, detail.summary.document_key, found.sha256[:12])
    data = from_archive(request, lambda archive: archive.file(found.key, found.sha256))
    request.state.framed = True
    return file_answer(request, data, sha256=found.sha256, media_type=PDF, name=f"{document}.pdf", inline=tai != "1")


@router.get("/ho-so/{unit}/{batch}/{document}/trang/{page}.jpg")
@needs(Permission.RECORDS)
def page_picture(
    request: Request,
    unit: BatchPart,
    batch: BatchPart,
    document: BatchPart,
    page: Annotated[int, Path(ge=1, le=5000)],
    person: Signed,
) -> Response:
    detail = _detail(person, f"{unit}/{batch}/{document}")
    found = asked.found(shown_file(detail))
    note(request, person, Action.PAGE, detail.summary.document_key, f"trang {page}")
    return Response(
        from_archive(request, lambda archive: archive.page(found.key, found.sha256, page)), media_type=_IMAGE
    )


@router.get("/ho-so/{unit}/{batch}/{document}/truong/{field}.jpg")
@needs(Permission.RECORDS)
def crop(
    request: Request,
    unit: BatchPart,
    batch: BatchPart,
    document: BatchPart,
    field: Annotated[str, Path(max_length=100)],
    person: Signed,
) -> Response:
    detail = _detail(person, f"{unit}/{batch}/{document}")
    page_number, share = asked.found(place_of(detail, field))
    found = asked.found(cut_file(detail))
    note(request, person, Action.CROP, detail.summary.document_key, field)
    return Response(
        from_archive(request, lambda archive: archive.piece(found.key, found.sha256, page_number, share)),
        media_type=_IMAGE,
    )


def from_archive(request: Request, take: Callable[[Archive], _Got]) -> _Got:
    """What the archive gives.

    Raises:
        HTTPException: 404 when it has no such thing, 503 when it does not answer or there is none.
    """
    archive: Archive | None = request.app.state.desk.options.archive
    if archive is None:
        raise HTTPException(503, "Trang này không nối với kho lưu trữ nên không mở được tệp; báo kỹ sư.")
    try:
        return take(archive)
    except LookupError as error:
        raise HTTPException(404) from error
    except OSError as error:
        log.warning("the archive gave no file: %s", type(error).__name__)
        raise HTTPException(
            503, "Kho lưu trữ không trả lời, hoặc tệp không còn nguyên vẹn. Báo kỹ sư chạy 'sohoa audit'."
        ) from error


def _detail(person: Person, document_key: str) -> DocumentDetail:
    return asked.found(document_detail(person.pages.engine, document_key))

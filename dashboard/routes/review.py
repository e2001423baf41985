"""Duyệt: what waits for a person, and the person's decision."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from dashboard import asked, tables, words
from dashboard.access import Person, Signed, needs, root_of
from dashboard.asked import BatchPart
from dashboard.export import table_file
from dashboard.purposes import keep_purpose, known_purpose, note
from dashboard.reviewing import (
    LONGEST_REASON,
    LONGEST_VALUE,
    ReviewFilter,
    ReviewPage,
    all_waiting,
    corrections,
    next_waiting,
    queue_page,
    review_page,
)
from dashboard.screen import screen_of
from manifests.decisions import Decision, DecisionRefusedError, RescanCause
from manifests.record_types import record_types
from warehouse.access_log import Action, Purpose
from warehouse.roles import Permission, Role

log = logging.getLogger(__name__)
router = APIRouter()

_PREFIX = "truong."
"""Names of a form's fields begin so: a field of a record may be called as it likes."""


@router.get("/duyet")
@router.get("/duyet.json")
@router.get("/duyet.csv")
@router.get("/duyet.xlsx")
@needs(Permission.REVIEW)
def queue(request: Request, person: Signed) -> Response:
    wanted = ReviewFilter(
        unit_code=asked.text(request, "unit_code"),
        record_type=asked.choice(request, "record_type", record_types()),
        year=asked.number(request, "year"),
        batch_key=asked.text(request, "batch_key"),
        scan_again=asked.text(request, "scan_again") == "1",
    )
    if ending := asked.ending(request):
        return table_file(tables.documents_table(all_waiting(person.pages.engine, wanted)), ending)
    page = queue_page(person.pages.engine, wanted, asked.number(request, "offset") or 0)
    return screen_of(request).show(request, "queue.html", page, record_types=asked.named_types())


@router.get("/duyet/{unit}/{batch}/{document}")
@router.get("/duyet/{unit}/{batch}/{document}.json")
@needs(Permission.REVIEW)
def review(request: Request, unit: BatchPart, batch: BatchPart, document: BatchPart, person: Signed) -> Response:
    key = f"{unit}/{batch}/{document}"
    page = asked.found(review_page(person.pages.engine, key))
    if known_purpose(request) is None:  # whoever reviews says so by coming here
        auditor = person.account.role is Role.AUDITOR
        keep_purpose(request, Purpose.INSPECTION if auditor else Purpose.CORRECTION, "")
    note(request, person, Action.RECORD, key, "review")
    return _show(request, person, page)


@router.post("/duyet/{unit}/{batch}/{document}")
@needs(Permission.DECIDE)
async def decide(
    request: Request, unit: BatchPart, batch: BatchPart, document: BatchPart, person: Signed
) -> Response:
    form = await request.form()
    sent = {name: str(value) for name, value in form.items()}
    chosen = [str(value) for value in form.getlist("page")]
    answer = _send_back if "cause" in sent else _decide
    return await run_in_threadpool(answer, request, person, f"{unit}/{batch}/{document}", sent, chosen)


def _decide(request: Request, person: Person, key: str, sent: dict[str, str], _: list[str]) -> Response:
    # Through the person's own engine: what is outside the scope cannot be decided about, it is not there.
    page = asked.found(review_page(person.pages.engine, key))
    typed = {name.removeprefix(_PREFIX): value for name, value in sent.items() if name.startswith(_PREFIX)}
    reason = " ".join(sent.get("reason", "").split())
    changed = corrections(page, typed)
    faults = {name: "Giá trị dài quá." for name, value in changed.items() if len(value) > LONGEST_VALUE}
    missing = [it.label for it in page.fields if it.required and not it.value and it.name not in changed]
    if len(reason) > LONGEST_REASON:
        faults["reason"] = "Lý do dài quá."
    elif not reason and changed:
        faults["reason"] = "Ghi lý do sửa, ví dụ: đối chiếu với bản quét."
    elif not reason and missing:
        faults["reason"] = f"Trường bắt buộc còn trống ({', '.join(missing)}): ghi lý do chấp nhận."
    faults = faults or _keep(request, key, replace(_by(person, reason), corrections=changed), sent)
    if faults:
        return _show(request, person, page, faults=faults, typed=typed, reason=reason, status=400)
    return _onward(request, person, key)


def _send_back(request: Request, person: Person, key: str, sent: dict[str, str], chosen: list[str]) -> Response:
    """The paper has to be scanned again; nothing of the record changes but what it waits for."""
    page = asked.found(review_page(person.pages.engine, key))
    reason = " ".join(sent.get("reason", "").split())
    faults: dict[str, str] = {}
    if sent["cause"] not in words.RESCAN_CAUSES:
        faults["cause"] = "Chọn vì sao phải quét lại."
    elif len(reason) > LONGEST_REASON:
        faults["rescan_reason"] = "Lời nhắn dài quá."
    else:
        pages = tuple(sorted({int(it) for it in chosen if it.isascii() and it.isdigit() and len(it) < 7}))
        decision = replace(_by(person, reason), rescan=RescanCause(sent["cause"]), pages=pages)
        faults = _keep(request, key, decision, sent)
    if faults:
        return _show(request, person, page, faults=faults, rescan={**sent, "pages": chosen}, status=400)
    return _onward(request, person, key)


def _by(person: Person, reason: str) -> Decision:
    return Decision(dt.datetime.now(dt.UTC), by=person.account.name, by_name=person.account.full_name, reason=reason)


def _keep(request: Request, key: str, decision: Decision, sent: dict[str, str]) -> dict[str, str]:
    """Let the decision stand; what speaks against it, by field."""
    archive = request.app.state.desk.options.archive
    if archive is None:
        raise HTTPException(503, "Trang này không nối với kho lưu trữ nên chỉ xem được; báo kỹ sư.")
    try:
        archive.decide(key, decision, seen=sent.get("version", ""))
    except DecisionRefusedError as error:
        return error.faults
    except OSError as error:
        log.warning("decision about %s was not kept: %s", key, type(error).__name__)
        raise HTTPException(503, "Kho lưu trữ không trả lời; chưa ghi gì. Thử lại sau ít phút.") from error
    return {}


def _onward(request: Request, person: Person, key: str) -> Response:
    following = next_waiting(person.pages.engine, key)
    path = f"/duyet/{quote(following, safe='/')}" if following else "/duyet"
    return RedirectResponse(f"{root_of(request)}{path}?xong={quote(key, safe='')}", 303)


def _show(
    request: Request,
    person: Person,
    page: ReviewPage,
    *,
    faults: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    reason: str = "",
    rescan: dict[str, Any] | None = None,
    status: int = 200,
) -> Response:
    archive = request.app.state.desk.options.archive is not None
    return screen_of(request).show(
        request,
        "review.html",
        page,
        status=status,
        prefix=_PREFIX,
        faults=faults or {},
        typed=typed or {},
        reason=reason,
        rescan=rescan or {},
        causes=words.RESCAN_CAUSES.items(),
        decides=person.may(Permission.DECIDE) and archive,
        archive=archive,
        done=request.query_params.get("xong", ""),
    )

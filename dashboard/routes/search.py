"""Tra cứu: asked with a purpose, kept under an id, so that no name ever stands in an address or a server's log."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from dashboard import asked
from dashboard.access import Person, Signed, needs, root_of
from dashboard.desk import Desk
from dashboard.finding import PAGE_SIZE, asked_boxes, found_page, query_of
from dashboard.purposes import PURPOSES, keep_purpose, known_purpose, reader_of, told_purpose
from dashboard.routes.session import own_path
from dashboard.screen import screen_of
from warehouse.access_log import find_search, note_search
from warehouse.errors import QueryTooBroadError
from warehouse.hits import SearchQuery
from warehouse.roles import Permission
from warehouse.search import search_records

router = APIRouter()

Typed = Annotated[str, Form(max_length=1000)]
_TOO_BROAD = "Tìm quá rộng nên mất quá lâu. Thêm một từ, đơn vị hoặc năm rồi tìm lại."


@router.get("/tra-cuu")
@needs(Permission.RECORDS)
def ask(request: Request, person: Signed) -> Response:
    return _form(request)


@router.post("/tra-cuu")
@needs(Permission.RECORDS)
async def search(request: Request, person: Signed) -> Response:
    sent = {name: str(value)[:1000] for name, value in (await request.form()).items()}
    return await run_in_threadpool(_search, request, person, sent)


def _search(request: Request, person: Person, sent: dict[str, str]) -> Response:
    query, faults = query_of(sent)
    told = told_purpose(sent.get("purpose", ""), sent.get("reason", ""))
    if isinstance(told, str):
        faults["purpose"] = told
        return _form(request, sent=sent, faults=faults, status=400)
    if faults:
        return _form(request, sent=sent, faults=faults, status=400)
    keep_purpose(request, *told)
    try:
        found = search_records(person.pages.engine, query, scope=person.scope, limit=PAGE_SIZE)
    except QueryTooBroadError:
        return _form(request, sent=sent, faults={"anything": _TOO_BROAD}, status=400)
    desk: Desk = request.app.state.desk
    search_id = note_search(desk.engine, reader_of(request, person, *told), asked_boxes(query), found.total)
    desk.found.keep(search_id, person.scope, found)
    return RedirectResponse(f"{root_of(request)}/tra-cuu/{search_id}", 303)


@router.get("/tra-cuu/{search}")
@router.get("/tra-cuu/{search}.json")
@needs(Permission.RECORDS)
def results(request: Request, search: Annotated[str, Path(max_length=60)], person: Signed) -> Response:
    desk: Desk = request.app.state.desk
    kept = asked.found(find_search(desk.engine, search, person.account.account_id))
    offset = asked.number(request, "offset") or 0
    try:
        found = None if offset else desk.found.take(search, person.scope)
        if found is None:
            query = SearchQuery(**kept.query)
            found = search_records(person.pages.engine, query, scope=person.scope, limit=PAGE_SIZE, offset=offset)
    except QueryTooBroadError:
        return _form(request, sent=_strings(kept.query), faults={"anything": _TOO_BROAD}, status=400)
    page = found_page(found, search, kept)
    more = _choices(request) | {"sent": _strings(kept.query) | {"purpose": kept.purpose, "reason": kept.reason}}
    return screen_of(request).show(request, "found.html", page, faults={}, **more)


@router.get("/muc-dich")
@needs(Permission.RECORDS)
def purpose_page(request: Request, person: Signed, tiep: str = "") -> Response:
    return _purpose_form(request, tiep)


@router.post("/muc-dich")
@needs(Permission.RECORDS)
def tell_purpose(
    request: Request, person: Signed, purpose: Typed = "", reason: Typed = "", tiep: Typed = ""
) -> Response:
    told = told_purpose(purpose, reason)
    if isinstance(told, str):
        return _purpose_form(request, tiep, said=told, purpose=purpose, reason=reason, status=400)
    keep_purpose(request, *told)
    return RedirectResponse(f"{root_of(request)}{own_path(tiep)}", 303)


def _purpose_form(
    request: Request, wanted: str, *, said: str = "", purpose: str = "", reason: str = "", status: int = 200
) -> Response:
    known = known_purpose(request)
    if known and not said:
        purpose, reason = known
    return screen_of(request).form(
        request,
        "purpose.html",
        status=status,
        purposes=PURPOSES,
        purpose=purpose,
        reason=reason,
        said=said,
        wanted=own_path(wanted) if wanted else "/tra-cuu",
    )


def _form(
    request: Request, *, sent: dict[str, str] | None = None, faults: dict[str, str] | None = None, status: int = 200
) -> Response:
    known = known_purpose(request)
    values: dict[str, str] = dict(sent or {})
    if known:
        values.setdefault("purpose", known[0])
        values.setdefault("reason", known[1])
    return screen_of(request).form(
        request, "search.html", status=status, sent=values, faults=faults or {}, **_choices(request)
    )


def _choices(request: Request) -> dict[str, Any]:
    return {"record_types": asked.named_types(), "purposes": PURPOSES}


def _strings(query: Any) -> dict[str, str]:
    return {name: str(value) for name, value in query.items()}

"""The HTTP API, version 1: people's results for the one-stop shop, their files and verdicts, progress figures."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from dashboard import asked
from dashboard.access import Person, Signed, for_tokens, needs
from dashboard.files import file_answer
from dashboard.finding import HitLine, asked_boxes, hit_line
from dashboard.problems import RESPONSES, Problem
from dashboard.purposes import reader_of
from dashboard.record_page import RecordPage, SignatureLine, record_page, shown_file
from dashboard.routes.records import from_archive
from manifests.record_types import record_types
from warehouse.access_log import Action, Purpose, note_access, note_search
from warehouse.artefacts import PDF
from warehouse.documents import document_detail
from warehouse.hits import SearchQuery
from warehouse.progress import progress_by_unit
from warehouse.roles import Permission
from warehouse.search import search_records
from warehouse.tokens import TokenScope
from warehouse.watched import at_once

router = APIRouter(prefix="/api/v1", responses=RESPONSES, tags=["results"])

GUIDE = """\
For the one-stop shop and for other systems.

**Signing in.** `sohoa account token` makes a token; send it as `Authorization: Bearer …`. It sees the units of its
account and does what its scopes allow: each operation names the one it wants. What lies outside the units is 404.

**A person's results.** `POST /api/v1/results/search` with a name, a number, a birth date …; each hit has a
`document_key`, `UNIT/BATCH/DOCUMENT`. Its three parts, each percent-encoded, are the address of the record
(`GET /api/v1/records/{unit}/{batch}/{document}`), of its signed file (`…/file`) and of what the signatures prove
(`…/verdict`). The verdict's `sha256` is the file's. Only a signature that is `legally_valid` has legal value.

**Exchange (CV 7197/BKHCN-CĐSQG).** `GET /api/v1/documents` tells every document, the earliest loaded first: follow
`next_cursor` until it is null; later ask with `since`, the last `loaded_at` you were told (that document comes once
more). `GET /api/v1/documents/download/{DocCode}` is the file. `POST /api/v1/documents/import` receives what another
system holds, to be compared; it changes nothing held here.

**Personal data** wants `X-Purpose` and is written to the access log before it is sent. What fails answers
`application/problem+json`.
"""

Text = Annotated[str, StringConstraints(max_length=200)]


def _part(what: str) -> Any:
    told = f"{what} part of a document_key, percent-encoded"
    return Path(min_length=1, max_length=200, pattern=r"^[^/\x00]+$", description=told)


Unit = Annotated[str, _part("First")]
Batch = Annotated[str, _part("Second")]
Named = Annotated[str, _part("Third")]
Why = Annotated[Purpose, Header(alias="X-Purpose", description="Why personal data is opened; written to the log.")]
Reason = Annotated[
    str, Header(alias="X-Reason", max_length=200, description="For example the dossier's code; written to the log.")
]


class ResultsQuery(BaseModel):
    """Conditions as people type them; a result fits all that are not empty, of which there must be one."""

    model_config = ConfigDict(extra="forbid")

    anything: Text = Field("", description="One box for all: a name, a number, words on the pages")
    name: Text = Field("", description="With or without diacritics, words in any order, slips of a letter forgiven")
    birth_date: Text = Field("", description="12/03/1990, 1990-03-12, 03/1990 or 1990")
    personal_id: Text = ""
    number: Text = Field("", description="45, 45/1998 or 045/1998")
    book: Text = ""
    year: int | None = Field(None, ge=1, le=9999)
    unit_code: Text = Field("", description="Code of the unit that issued the paper, at its date")
    record_type: Text = Field("", description=f"One of {', '.join(record_types())}")
    text: Text = Field("", description="Words on the pages")
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=500)


class Results(BaseModel):
    """The best first; ``complete`` is false when there are more than ``total``."""

    total: int
    complete: bool
    next_offset: int | None
    results: list[HitLine]


class Verdict(BaseModel):
    """The signatures of the file with this digest, as they were judged when it was stored."""

    sha256: str
    pdfa: str
    signatures: list[SignatureLine]
    input_signatures: list[SignatureLine]


class UnitFigures(BaseModel):
    """How far one unit is; percentages 0–100, null without an inventory."""

    unit_id: str
    unit_code: str
    unit_name: str
    inventory: int
    digitized: int
    indexed: int
    reconciled: int
    percent: float | None
    percent_indexed: float | None


class Progress(BaseModel):
    counted_at: dt.datetime
    units: list[UnitFigures]


@router.get("/openapi.json", include_in_schema=False)
@needs(None)
def openapi(request: Request, person: Signed) -> Response:
    return JSONResponse(description(request))


@router.post("/results/search", response_model=Results, summary="Find a person's results", operation_id="findResults")
@needs(Permission.RECORDS)
@for_tokens(TokenScope.RECORDS)
def find(request: Request, query: ResultsQuery, why: Why, person: Signed, reason: Reason = "") -> Results:
    """A POST, so that no name stands in an address or in a server's log."""
    wanted = SearchQuery(**query.model_dump(exclude={"limit", "offset"})).cut(200)
    found = search_records(person.pages.engine, wanted, scope=person.scope, limit=query.limit, offset=query.offset)
    reader = reader_of(request, person, why, reason)
    note_search(request.app.state.desk.engine, reader, asked_boxes(wanted), found.total, "api")
    following = query.offset + query.limit
    return Results(
        total=found.total,
        complete=found.complete,
        next_offset=following if following < found.total else None,
        results=[hit_line(it) for it in found.hits],
    )


@router.get(
    "/records/{unit}/{batch}/{document}",
    response_model=RecordPage,
    summary="A record with its fields",
    operation_id="getRecord",
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.RECORDS)
def record(
    request: Request, unit: Unit, batch: Batch, document: Named, why: Why, person: Signed, reason: Reason = ""
) -> RecordPage:
    key = f"{unit}/{batch}/{document}"
    page = asked.found(record_page(person.pages.engine, key))
    note_api(request, person, why, reason, Action.RECORD, key)
    return page


@router.get(
    "/records/{unit}/{batch}/{document}/verdict",
    response_model=Verdict,
    summary="What the signatures prove",
    operation_id="getVerdict",
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.FILES)
def verdict(
    request: Request, unit: Unit, batch: Batch, document: Named, why: Why, person: Signed, reason: Reason = ""
) -> Verdict:
    key = f"{unit}/{batch}/{document}"
    page = asked.found(record_page(person.pages.engine, key))
    sha256 = asked.found(page.file_sha256)
    note_api(request, person, why, reason, Action.FILE, key, "verdict")
    return Verdict(
        sha256=sha256,
        pdfa=page.pdfa_verdict,
        signatures=list(page.signatures),
        input_signatures=list(page.input_signatures),
    )


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {PDF: {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "A range of it", "content": {PDF: {"schema": {"type": "string", "format": "binary"}}}},
    304: {"description": "Unchanged"},
    416: {"description": "No such range"},
}


@router.get(
    "/records/{unit}/{batch}/{document}/file",
    response_class=Response,
    responses=_FILE,
    summary="The signed file",
    operation_id="getFile",
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.FILES)
def file(
    request: Request, unit: Unit, batch: Batch, document: Named, why: Why, person: Signed, reason: Reason = ""
) -> Response:
    return send_file(request, person, f"{unit}/{batch}/{document}", why, reason)


@router.get(
    "/progress",
    response_model=Progress,
    summary="How far the units are",
    operation_id="getProgress",
    tags=["progress"],
)
@needs(Permission.PROGRESS)
@for_tokens(TokenScope.PROGRESS)
def progress(
    person: Signed, unit_code: Annotated[str | None, Query(max_length=10, pattern=r"^[0-9]+$")] = None
) -> Progress:
    units = [
        UnitFigures(
            unit_id=it.unit_id,
            unit_code=it.unit_code,
            unit_name=it.unit_name,
            inventory=it.inventory_records,
            digitized=it.digitized,
            indexed=it.indexed,
            reconciled=it.reconciled,
            percent=it.percent,
            percent_indexed=it.percent_indexed,
        )
        for it in progress_by_unit(at_once(person.pages.engine))
        if unit_code in (None, it.unit_code)
    ]
    return Progress(counted_at=dt.datetime.now(dt.UTC), units=units)


def send_file(request: Request, person: Person, key: str, why: Purpose, reason: str) -> Response:
    """The signed file of a document, written down first."""
    detail = asked.found(document_detail(person.pages.engine, key))
    found = asked.found(shown_file(detail))
    note_api(request, person, why, reason, Action.FILE, key, found.sha256[:12])
    data = from_archive(request, lambda archive: archive.file(found.key, found.sha256))
    name = f"{detail.summary.document_id}.pdf"
    return file_answer(request, data, sha256=found.sha256, media_type=PDF, name=name, inline=False)


def note_api(
    request: Request, person: Person, why: Purpose, reason: str, action: Action, key: str, detail: str = ""
) -> None:
    """Write an access through the API down before it is answered."""
    note_access(request.app.state.desk.engine, reader_of(request, person, why, reason), action, (key,), detail)


def description(request: Request) -> dict[str, Any]:
    """The OpenAPI document of everything below ``/api/v1``."""
    from dashboard.access import root_of

    routes = [it for it in request.app.routes if str(getattr(it, "path", "")).startswith("/api/v1/")]
    told = get_openapi(
        title="sohoa",
        version="1",
        summary="Results of administrative procedures, digitized: search, files, verdicts, progress, exchange.",
        description=GUIDE,
        routes=routes,
        servers=[{"url": root_of(request) or "/"}],
    )
    components = told.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    told["security"] = [{"token": []}]
    for route in routes:
        scope = getattr(getattr(route, "endpoint", None), "token_scope", None)
        for method in getattr(route, "methods", ()) if scope else ():
            operation = told["paths"][route.path][method.lower()]
            operation["security"] = [{"token": [str(scope)]}]
            operation["description"] = f"Scope: `{scope}`. {operation.get('description', '')}".strip()
    return told

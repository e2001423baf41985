"""Exchange of documents with other systems, by the paths CV 7197/BKHCN-CĐSQG names.

Unconfirmed there, so settled here: the list with its cursor, what a page looks like, and the shape of an answer.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.exceptions import HTTPException

from dashboard import asked
from dashboard.access import Person, Signed, for_tokens, needs
from dashboard.files import matches
from dashboard.problems import RESPONSES
from dashboard.purposes import reader_of
from dashboard.record_page import signature_line
from dashboard.routes.api import Reason, Why, send_file
from manifests.record_types import resolve
from manifests.units import units
from warehouse.access_log import Action, note_access
from warehouse.doc_codes import codes_of, document_of
from warehouse.feed import (
    FeedDocument,
    FeedEntry,
    feed_documents,
    feed_entries,
    feed_entry,
    keep_outside,
    reconcile_kept,
)
from warehouse.roles import Permission
from warehouse.tokens import TokenScope

router = APIRouter(prefix="/api/v1/documents", responses=RESPONSES, tags=["exchange"])

Code = Annotated[str, Path(min_length=1, max_length=60, pattern=r"^[^/\x00\s]+$", description="DocCode")]


def _text(longest: int, shortest: int = 0) -> Any:
    return StringConstraints(max_length=longest, min_length=shortest, pattern=r"^[^\x00]*$")


class Metadata(BaseModel):
    """Minimum metadata of CV 7197 by its names; ``IssuedDate`` as ISO 8601.

    What is longer than the guidance foresees is told whole, up to the lengths given here.
    """

    model_config = ConfigDict(extra="forbid")

    DocCode: Annotated[str, _text(60, 1)]
    TypeName: Annotated[str, _text(100, 1)]
    CodeNumber: Annotated[str, _text(60)]
    CodeNotation: Annotated[str, _text(60)]
    IssuedDate: dt.date | None
    OrganName: Annotated[str, _text(200, 1)]
    Subject: Annotated[str, _text(500, 1)]
    Language: Annotated[str, _text(30)] = "Tiếng Việt"
    PageAmount: int | None = Field(None, ge=0, le=9999)
    Description: Annotated[str, _text(500)] = ""
    InforSign: Annotated[str, _text(500)] = ""
    Keyword: Annotated[str, _text(100)] = ""
    Mode: Annotated[str, _text(20)] = ""
    ConfidenceLevel: Annotated[str, _text(30)] = ""
    Format: Annotated[str, _text(50)] = ""


class Document(Metadata):
    """A document held here; the last six are ours."""

    unit_code: str
    year: int
    sha256: str | None
    size: int
    document_key: str
    loaded_at: dt.datetime


class DocumentPage(BaseModel):
    """``next_cursor`` is null on the last page; it never goes stale."""

    documents: list[Document]
    next_cursor: str | None


class Outside(Metadata):
    """A document another system holds; the last three help to find ours."""

    unit_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,5}$")] | None = Field(
        None, description="Unit that issued the paper, at its date; without it nothing is compared"
    )
    year: int | None = Field(None, ge=1900, le=2100, description="Of the paper; that of IssuedDate when missing")
    person_name: Annotated[str, _text(200)] | None = Field(None, description="Told, it has to agree")


class Delivery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    documents: list[Outside] = Field(min_length=1, max_length=500)
    reconcile: bool = Field(False, description="Compare with what is held here once they are kept.")


class Kept(BaseModel):
    """What became of each: ``created``, ``changed`` or ``unchanged``; findings by kind when compared.

    ``not_compared`` names by code what is missing before a document can be compared: the names of its members.
    """

    documents: dict[str, str]
    not_compared: dict[str, list[str]]
    findings: dict[str, int] | None = None


_SAME: dict[int | str, dict[str, Any]] = {304: {"description": "Unchanged since the ETag sent"}}


@router.get(
    "",
    response_model=DocumentPage,
    responses=_SAME,
    summary="The feed of documents, the earliest first",
    operation_id="listDocuments",
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.EXPORT)
def documents(
    request: Request,
    response: Response,
    why: Why,
    person: Signed,
    reason: Reason = "",
    since: Annotated[AwareDatetime | None, Query(description="Loaded or changed since")] = None,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Any:
    engine = person.pages.engine
    found = feed_entries(engine, since=since, after=_entry(cursor) if cursor else None, limit=limit + 1)
    shown = found[:limit]
    tag = '"' + hashlib.sha256(repr(found).encode()).hexdigest()[:32] + '"'
    response.headers["ETag"] = tag
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers={"ETag": tag})
    told = _documents(request, person, shown)
    keys = tuple(it.document_key for it in told)
    note_access(request.app.state.desk.engine, reader_of(request, person, why, reason), Action.EXPORT, keys)
    return DocumentPage(documents=told, next_cursor=_cursor(shown[-1]) if len(found) > limit else None)


@router.post(
    "/import",
    response_model=Kept,
    summary="Receive another system's documents for reconciliation",
    operation_id="importDocuments",
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.IMPORT)
def receive(request: Request, delivery: Delivery, person: Signed) -> Kept:
    """The same code with the same content changes nothing; nothing held here is changed by any of it."""
    return _keep(request, person, delivery.documents, reconcile=delivery.reconcile)


@router.get(
    "/download/{code}",
    response_class=Response,
    summary="The signed file of a document",
    operation_id="downloadDocument",
    responses={
        200: {
            "description": "The file",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        },
        206: {"description": "A range of it"},
        304: {"description": "Unchanged"},
        416: {"description": "No such range"},
    },
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.FILES)
def download(request: Request, code: Code, why: Why, person: Signed, reason: Reason = "") -> Response:
    key = asked.found(document_of(person.pages.engine, code))
    return send_file(request, person, key, why, reason)


@router.get("/{code}", response_model=Document, responses=_SAME, summary="One document", operation_id="getDocument")
@needs(Permission.RECORDS)
@for_tokens(TokenScope.EXPORT)
def document(request: Request, response: Response, code: Code, why: Why, person: Signed, reason: Reason = "") -> Any:
    key = asked.found(document_of(person.pages.engine, code))
    entry = asked.found(feed_entry(person.pages.engine, key))
    told = _documents(request, person, [entry])
    note_access(request.app.state.desk.engine, reader_of(request, person, why, reason), Action.EXPORT, (key,))
    return told[0]


@router.put(
    "/{code}", response_model=Kept, summary="Receive one document of another system", operation_id="putDocument"
)
@needs(Permission.RECORDS)
@for_tokens(TokenScope.IMPORT)
def put(request: Request, code: Code, sent: Outside, person: Signed) -> Kept:
    if sent.DocCode != code:
        raise HTTPException(422, "DocCode of the body and of the address differ.")
    return _keep(request, person, [sent], reconcile=False)


def _documents(request: Request, person: Person, entries: list[FeedEntry]) -> list[Document]:
    found = feed_documents(person.pages.engine, entries)
    desk = request.app.state.desk
    wanted = [(it.entry.document_key, it.unit_code, it.record_type) for it in found]
    codes = codes_of(desk.engine, wanted, desk.options.doc_codes)
    return [_document(it, codes[it.entry.document_key]) for it in found]


def _document(it: FeedDocument, code: str) -> Document:
    number, _, notation = it.number.partition("/")
    return Document(
        DocCode=code,
        TypeName=it.record_type_name,
        CodeNumber=number[:60],
        CodeNotation=notation[:60],
        IssuedDate=_day(it.issue_date),
        OrganName=it.unit_name[:200],
        Subject=": ".join(part for part in (it.record_type_name, ", ".join(it.names)) if part)[:500],
        PageAmount=min(it.pages, 9999),
        InforSign="; ".join(f"{line.signer}: {line.said}" for line in map(signature_line, it.signatures))[:500],
        ConfidenceLevel="Số hóa có ký số" if it.signatures else "Số hóa",
        unit_code=it.unit_code,
        year=it.year,
        sha256=it.file.sha256 if it.file else None,
        size=it.file.size if it.file else 0,
        document_key=it.entry.document_key,
        loaded_at=it.entry.loaded_at,
    )


def _day(issued: str | None) -> dt.date | None:
    """The day of a date that was read as a whole."""
    try:
        return dt.date.fromisoformat(issued) if issued and len(issued) == 10 else None
    except ValueError:
        return None


def _keep(request: Request, person: Person, sent: list[Outside], *, reconcile: bool) -> Kept:
    codes = {it.code for it in person.scope.reach}
    rows: dict[str, dict[str, Any]] = {}
    for it in sent:
        unit = it.unit_code if it.unit_code and units().with_code(it.unit_code) else ""
        if not person.scope.whole_city and unit not in codes:
            raise HTTPException(403, "A document names a unit outside the account's scope, or none.")
        kind = resolve(it.TypeName)
        rows[it.DocCode] = {
            "code": it.DocCode,
            "unit_code": unit,
            "record_type": kind.code if kind else "",
            "year": it.year or (it.IssuedDate.year if it.IssuedDate else 0),
            "number": "/".join(part for part in (it.CodeNumber, it.CodeNotation) if part),
            "person_name": it.person_name,
            "described": it.model_dump(mode="json"),
        }
    if len(rows) != len(sent):
        raise HTTPException(422, "Two documents have the same DocCode.")
    engine, system = request.app.state.desk.engine, f"api:{person.account.name}"
    done = keep_outside(engine, system, list(rows.values()))
    return Kept(
        documents=done,
        not_compared={code: missing for code, row in rows.items() if (missing := _missing(row))},
        findings=reconcile_kept(engine, system).counts if reconcile else None,
    )


def _missing(row: dict[str, Any]) -> list[str]:
    members = {"unit_code": "unit_code", "record_type": "TypeName", "year": "year", "number": "CodeNumber"}
    return [member for name, member in members.items() if not row[name]]


def _cursor(it: FeedEntry) -> str:
    return base64.urlsafe_b64encode(f"{it.loaded_at.isoformat()} {it.document_key}".encode()).decode()


def _entry(cursor: str) -> FeedEntry:
    try:
        moment, _, key = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        at = dt.datetime.fromisoformat(moment)
        if at.tzinfo is None or "\x00" in key:
            raise ValueError(moment)
    except (ValueError, binascii.Error):
        raise HTTPException(422, "The cursor is none of this feed.") from None
    return FeedEntry(key, at.astimezone(dt.UTC))

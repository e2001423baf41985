"""The review queue: records a person has to look at, and what the person may say about one."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard import history_words, words
from dashboard.contexts import DocumentLine
from dashboard.pages import LONGEST_FILE, PAGE_SIZE, document_line
from manifests.decisions import asked_again
from manifests.documents import FieldSource, FieldValue, RecordStatus
from manifests.record_types import FieldType, record_types
from warehouse.documents import document_detail, list_documents
from warehouse.results import DocumentDetail, DocumentSummary

_ISO = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
LONGEST_VALUE, LONGEST_REASON = 500, 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFilter:
    unit_code: str | None = None
    record_type: str | None = None
    year: int | None = None
    batch_key: str | None = None
    scan_again: bool = False
    """Those a person sent back to the scanner, instead of those that wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePage:
    """``/duyet``: what waits, by key; the offsets as in ``BatchesPage``."""

    filter: ReviewFilter
    offset: int
    previous_offset: int | None
    next_offset: int | None
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLine:
    """One field as it was read and as it stands.

    Attributes:
        value: What it means, as people write it (``05/03/1998``); empty when it cannot be told.
        confidence: 0–100.
        source: In words: read, keyed, both, or by a person.
        reasons: Why this field asks for a person.
    """

    name: str
    label: str
    required: bool
    transcription: str
    value: str
    keyed: str
    confidence: int | None
    source: str
    reasons: tuple[str, ...]
    page_number: int | None
    cropped: bool
    """The piece of the page it was read from can be shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    at: dt.datetime
    label: str
    detail: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """``/duyet/{unit}/{batch}/{document}``: one record.

    Attributes:
        waits_for_scan: A person asked for another scan, and it has not come yet.
        version: What a decision names, so that nobody decides about a record that has moved on.
        pages: Numbers of its pages, for whoever wants one of them scanned again.
        other_reasons: Review reasons of no single field.
    """

    document: DocumentLine
    unit_name: str
    waits: bool
    waits_for_scan: bool
    version: str
    pages: tuple[int, ...]
    confidence: int | None
    fields: tuple[FieldLine, ...]
    other_reasons: tuple[str, ...]
    history: tuple[EventLine, ...]


_SOURCES = {
    FieldSource.READ: "đọc từ giấy",
    FieldSource.KEYED: "nhập từ manifest",
    FieldSource.BOTH: "đọc và nhập khớp nhau",
    FieldSource.REVIEWED: "người rà soát ghi",
}


def queue_page(engine: Any, wanted: ReviewFilter, offset: int) -> QueuePage:
    found = _waiting(engine, wanted, PAGE_SIZE + 1, offset)
    return QueuePage(
        filter=wanted,
        offset=offset,
        previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
        next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
        documents=tuple(document_line(it) for it in found[:PAGE_SIZE]),
    )


def all_waiting(engine: Any, wanted: ReviewFilter) -> Iterator[DocumentLine]:
    """The whole list, for a file; at most ``LONGEST_FILE``."""
    return (document_line(it) for it in _waiting(engine, wanted, LONGEST_FILE, 0))


def _waiting(engine: Any, wanted: ReviewFilter, limit: int, offset: int) -> list[DocumentSummary]:
    return list_documents(
        engine,
        batch_key=wanted.batch_key,
        unit_code=wanted.unit_code,
        record_type=wanted.record_type,
        year=wanted.year,
        record_status=RecordStatus.NEEDS_REVIEW,
        scan_again=wanted.scan_again,
        limit=limit,
        offset=offset,
    )


def next_waiting(engine: Any, after: str) -> str | None:
    """Key of the document that waits behind ``after``, else of the first that waits."""
    keys = [it.document_key for it in _waiting(engine, ReviewFilter(), 1000, 0)]
    return next((key for key in keys if key > after), keys[0] if keys else None)


def review_page(engine: Any, document_key: str) -> ReviewPage | None:
    """The page of a record; ``None`` when there is none that somebody with this engine may see."""
    detail = document_detail(engine, document_key)
    if detail is None or detail.finished_at is None or detail.summary.record_type not in record_types():
        return None
    summary = detail.summary
    by_field: dict[str, list[str]] = {}
    for reason in summary.review_reasons:
        by_field.setdefault(reason.partition(":")[2], []).append(words.review_reason(reason, summary.record_type))
    kind = record_types()[summary.record_type]
    values = {it.name: it for it in detail.fields}
    fields = tuple(field_line(field, values.get(field.name), by_field.pop(field.name, [])) for field in kind.fields)
    return ReviewPage(
        document=document_line(summary),
        unit_name=detail.unit_name,
        waits=summary.record_status == RecordStatus.NEEDS_REVIEW,
        waits_for_scan=any(asked_again(reason) for reason in summary.review_reasons),
        version=detail.finished_at.isoformat(),
        pages=tuple(it.facts.page_number for it in detail.pages),
        confidence=_share(summary.confidence),
        fields=fields,
        other_reasons=tuple(reason for reasons in by_field.values() for reason in reasons),
        history=_history(detail),
    )


def corrections(page: ReviewPage, typed: dict[str, str]) -> dict[str, str]:
    """What of the values a person sent differs from what the page showed."""
    return {
        field.name: typed[field.name].strip()
        for field in page.fields
        if field.name in typed and typed[field.name].strip() not in ("", field.value)
    }


def shown_value(value: str | None, kind: str) -> str:
    """A normalized value as people write it: ``1998-03-05`` is ``05/03/1998``."""
    if kind == "sex":
        return words.SEXES.get(value or "", value or "")
    found = _ISO.fullmatch(value or "") if kind in ("date", "date_words") else None
    if found is None:
        return value or ""
    return "/".join(part for part in reversed(found.groups()) if part)


def field_line(field: FieldType, value: FieldValue | None, reasons: list[str]) -> FieldLine:
    return FieldLine(
        name=field.name,
        label=field.label,
        required=field.required,
        transcription=value.transcription if value else "",
        value=shown_value(value.normalized, field.kind) if value else "",
        keyed=(value.keyed or "") if value else "",
        confidence=_share(value.confidence) if value else None,
        source=_SOURCES.get(value.source, str(value.source)) if value else "không đọc được",
        reasons=tuple(reasons),
        page_number=value.page_number if value else None,
        cropped=value is not None and value.bbox is not None and value.page_number is not None,
    )


def _share(confidence: float | None) -> int | None:
    return None if confidence is None else round(100 * confidence)


def _history(detail: DocumentDetail) -> tuple[EventLine, ...]:
    return tuple(
        EventLine(
            at=it.at,
            label=words.EVENTS.get(it.type, it.type),
            detail=history_words.told(it.detail, detail.summary.record_type),
            agent=it.agent,
        )
        for it in detail.events
    )

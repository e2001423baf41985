"""The page of one record: its file, fields with their places, verdict, artefacts and history; one frozen value."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

from dashboard import history_words, words
from dashboard.contexts import DocumentLine
from dashboard.pages import document_line
from dashboard.reviewing import FieldLine, field_line
from manifests.documents import Artefact, ArtefactKind, SignatureFact
from manifests.record_types import FieldType, record_types
from warehouse.artefacts import PDF, SHOWN_FILES
from warehouse.histories import record_details
from warehouse.hits import HistoryEntry, RecordDetails
from warehouse.results import DocumentDetail

_CUT_FROM = (ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF, ArtefactKind.ORIGINAL)
"""Boxes are those of the image before a signature was drawn on it."""

ARTEFACTS = {
    ArtefactKind.ORIGINAL: "Bản quét được giao",
    ArtefactKind.PAGES: "Trang đã nhận dạng",
    ArtefactKind.PDFA: "PDF/A trước khi ký",
    ArtefactKind.SIGNED_PDF: "PDF/A đã ký số",
    ArtefactKind.RECORD: "Dữ liệu của hồ sơ",
}
TIME_SOURCES = {
    "timestamp": "dấu thời gian",
    "archive_timestamp": "dấu thời gian lưu trữ",
    "untrusted_timestamp": "dấu thời gian chưa được tin cậy",
    "claimed": "đồng hồ của người ký",
    "": "không rõ",
}
REVOCATIONS = {
    "good": "chưa bị thu hồi",
    "revoked": "đã bị thu hồi",
    "revoked_later": "bị thu hồi sau khi ký",
    "unknown": "chưa kiểm tra được",
}
PDFA = {"valid": "đúng chuẩn PDF/A", "invalid": "không đúng chuẩn PDF/A", "not_checked": "chưa kiểm tra PDF/A"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One signature in words a person can act on, and the three verdicts apart.

    Attributes:
        verdict: ``good``, ``test`` (good, but by a test certificate), ``doubtful`` or ``bad``.
        said: The verdict as a sentence.
    """

    signer: str
    level: str
    verdict: str
    said: str
    intact: bool
    valid: bool
    trusted: bool
    legally_valid: bool
    covers_whole_file: bool
    signed_at: dt.datetime | None
    timestamp_at: dt.datetime | None
    time_source: str
    revocation: str
    evidence_until: dt.datetime | None
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtefactLine:
    kind: str
    label: str
    sha256: str
    size: int
    media_type: str
    created_at: dt.datetime
    current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageText:
    """A page's text; ``verdict`` in words."""

    page_number: int
    verdict: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyLine:
    role: str
    name: str
    birth_date: str | None
    personal_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    at: dt.datetime
    label: str
    outcome: str
    failed: bool
    detail: str
    agent: str
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """``/ho-so/{unit}/{batch}/{document}``.

    Attributes:
        file_sha256: Digest of the PDF people get; ``None`` when there is none.
        crops: Names of the fields whose place on the paper is known.
        signatures: Those made here, then those the scan came with.
    """

    document: DocumentLine
    document_key: str
    unit_name: str
    number: str | None
    book: str | None
    issue_date: str
    needs_review: bool
    file_sha256: str | None
    file_size: int
    file_kind: str
    pdfa_verdict: str
    legal_profile: str | None
    confidence: int | None
    fields: tuple[FieldLine, ...]
    crops: tuple[str, ...]
    parties: tuple[PartyLine, ...]
    pages: tuple[PageText, ...]
    signatures: tuple[SignatureLine, ...]
    input_signatures: tuple[SignatureLine, ...]
    artefacts: tuple[ArtefactLine, ...]
    history: tuple[HistoryLine, ...]


PAGE_VERDICTS = {"read": "đã đọc", "blank": "trang trắng", "unread": "chưa đọc được", "kept": "giữ lớp chữ có sẵn"}
ROLES = {
    "subject": "Người trong giấy",
    "mother": "Mẹ",
    "father": "Cha",
    "wife": "Vợ",
    "husband": "Chồng",
    "child": "Con",
    "parent": "Cha hoặc mẹ",
    "guardian": "Người giám hộ",
    "ward": "Người được giám hộ",
    "declarant": "Người đi khai",
    "signer": "Người ký",
    "owner": "Chủ sở hữu",
}
_OUTCOMES = {"failure": "lỗi", "failed": "lỗi", "quarantined": "bị loại", "warning": "cảnh báo", "halted": "bị dừng"}


def record_page(engine: Any, document_key: str) -> RecordPage | None:
    """The page of a record; ``None`` when there is none that somebody with this engine may see."""
    found = record_details(engine, document_key)
    if found is None:
        return None
    detail = found.detail
    summary = detail.summary
    file = shown_file(detail)
    return RecordPage(
        document=document_line(summary),
        document_key=summary.document_key,
        unit_name=detail.unit_name,
        number=summary.number,
        book=summary.book,
        issue_date=words.iso_day(detail.issue_date),
        needs_review=summary.record_status == "needs_review",
        file_sha256=file.sha256 if file else None,
        file_size=file.size if file else 0,
        file_kind=ARTEFACTS[file.kind] if file else "",
        pdfa_verdict=PDFA.get(detail.pdfa_verdict or "", detail.pdfa_verdict or ""),
        legal_profile=detail.legal_profile,
        confidence=None if summary.confidence is None else round(100 * summary.confidence),
        fields=_fields(detail),
        crops=tuple(it.name for it in detail.fields if _share(detail, it.name)) if file else (),
        parties=tuple(
            PartyLine(
                role=ROLES.get(it.role, it.role),
                name=it.name,
                birth_date=words.iso_day(it.birth_date),
                personal_id=it.personal_id,
            )
            for it in detail.parties
        ),
        pages=tuple(
            PageText(
                page_number=it.facts.page_number, verdict=PAGE_VERDICTS.get(it.verdict, it.verdict), text=it.text
            )
            for it in detail.pages
        ),
        signatures=tuple(signature_line(it) for it in detail.signatures),
        input_signatures=tuple(signature_line(it) for it in detail.input_signatures),
        artefacts=tuple(
            ArtefactLine(
                kind=str(it.artefact.kind),
                label=ARTEFACTS.get(it.artefact.kind, str(it.artefact.kind)),
                sha256=it.artefact.sha256,
                size=it.artefact.size,
                media_type=it.artefact.media_type,
                created_at=it.created_at,
                current=it.current,
            )
            for it in detail.artefacts
        ),
        history=_history(found),
    )


def shown_file(detail: DocumentDetail) -> Artefact | None:
    """The PDF people get: signed, else PDF/A, else the delivered one that stands on its own signature."""
    return _first(detail, SHOWN_FILES)


def cut_file(detail: DocumentDetail) -> Artefact | None:
    """The PDF whose pages are the images that were read."""
    return _first(detail, _CUT_FROM)


def place_of(detail: DocumentDetail, field: str) -> tuple[int, tuple[float, float, float, float]] | None:
    """Page and shares of the page a field was read from; ``None`` when nobody knows."""
    return _share(detail, field)


def signature_line(it: SignatureFact) -> SignatureLine:
    verdict, said = _verdict(it)
    return SignatureLine(
        signer=it.signer,
        level=it.level,
        verdict=verdict,
        said=said,
        intact=it.intact,
        valid=it.valid,
        trusted=it.trusted,
        legally_valid=it.legally_valid,
        covers_whole_file=it.covers_whole_file,
        signed_at=it.signed_at,
        timestamp_at=it.timestamp_at,
        time_source=TIME_SOURCES.get(it.time_source, it.time_source),
        revocation=REVOCATIONS.get(it.revocation, it.revocation) if it.revocation else REVOCATIONS["unknown"],
        evidence_until=it.evidence_until,
        summary=it.summary,
    )


def _verdict(it: SignatureFact) -> tuple[str, str]:
    if not it.intact:
        return "bad", "Tệp đã bị thay đổi sau khi ký."
    if not it.valid:
        return "bad", "Chữ ký không hợp lệ."
    if not it.trusted:
        return "doubtful", "Tệp còn nguyên vẹn, nhưng chưa xác nhận được người cấp chứng thư số."
    if not it.legally_valid:
        return "test", "Tệp còn nguyên vẹn; ký bằng chứng thư thử nghiệm nên không có giá trị pháp lý."
    return "good", "Tệp còn nguyên vẹn, chữ ký hợp lệ và được tin cậy."


def _first(detail: DocumentDetail, kinds: tuple[ArtefactKind, ...]) -> Artefact | None:
    current = [it.artefact for it in detail.artefacts if it.current and it.artefact.media_type == PDF]
    for kind in kinds:
        found = [it for it in current if it.kind == kind]
        if found:
            return found[-1]
    return None


def _share(detail: DocumentDetail, name: str) -> tuple[int, tuple[float, float, float, float]] | None:
    field = next((it for it in detail.fields if it.name == name), None)
    if field is None or field.bbox is None or field.page_number is None:
        return None
    page = next((it.facts for it in detail.pages if it.facts.page_number == field.page_number), None)
    if page is None or page.width <= 0 or page.height <= 0:
        return None
    left, top, right, bottom = field.bbox
    return field.page_number, (left / page.width, top / page.height, right / page.width, bottom / page.height)


def _fields(detail: DocumentDetail) -> tuple[FieldLine, ...]:
    kind = record_types().get(detail.summary.record_type)
    values = {it.name: it for it in detail.fields}
    known = [field_line(field, values.pop(field.name, None), []) for field in kind.fields] if kind else []
    # A record an older program wrote may hold fields nobody lists today.
    known += [
        field_line(FieldType(name=name, kind="text", label=name, labels=()), value, [])
        for name, value in values.items()
    ]
    return tuple(it for it in known if it.transcription or it.value or it.required)


def _history(found: RecordDetails) -> tuple[HistoryLine, ...]:
    """Events with the time their stage took; a run of the ledger that tells no more than its event is left out."""
    took: dict[str, list[float | None]] = {}
    events = {it.what for it in found.history}
    lines: list[HistoryEntry] = []
    for it in found.history:
        event = words.STAGE_EVENTS.get(it.what)
        if event in events and it.outcome in ("done", "skipped") and not it.detail:
            took.setdefault(event, []).append(it.seconds)
        else:
            lines.append(it)
    timed = [replace(it, seconds=took[it.what].pop(0)) if took.get(it.what) else it for it in lines]
    return tuple(_history_line(it, found.detail.summary.record_type) for it in timed)


def _history_line(it: HistoryEntry, record_type: str) -> HistoryLine:
    return HistoryLine(
        at=it.at,
        label=words.EVENTS.get(it.what, it.label),
        outcome=_OUTCOMES.get(it.outcome, ""),
        failed=it.outcome in ("failure", "failed", "quarantined", "halted"),
        detail=history_words.told(it.detail, record_type),
        agent=it.agent,
        seconds=it.seconds,
    )

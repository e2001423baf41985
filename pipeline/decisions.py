"""A record as people's decisions leave it: values into values, no store and no database."""

from __future__ import annotations

from dataclasses import replace

from manifests.decisions import Decision, DecisionRefusedError, asked_again, rescan_reason
from manifests.documents import DocumentRecord, Event, FieldSource, FieldValue, Record, RecordStatus
from manifests.record_types import record_types
from ocr.fields.values import normalize
from ocr.index import with_fields

EVENT = "metadata modification"
_UNREADABLE = {
    "name": "Ghi họ tên đầy đủ, từ hai từ trở lên, không có chữ số.",
    "date": "Ghi ngày dạng 31/12/1998 (hoặc 12/1998, 1998 khi giấy chỉ ghi đến đó).",
    "year": "Ghi năm bằng bốn chữ số.",
    "sex": "Ghi Nam hoặc Nữ.",
    "number": "Giá trị này không đọc được thành số hiệu.",
}


def decided(document: DocumentRecord, decision: Decision) -> DocumentRecord:
    """``document`` as ``decision`` leaves it; ``finished_at`` is the caller's.

    Raises:
        DecisionRefusedError: A value cannot be what it is said to be; names every one.
    """
    kind = record_types()[document.record.record_type]
    known = {field.name: field for field in kind.fields}
    values = {value.name: value for value in document.record.fields}
    faults: dict[str, str] = {}
    for name, typed in decision.corrections.items():
        field = known.get(name)
        normal = normalize(field, typed).value if field else None
        if field is None or normal is None:
            faults[name] = _UNREADABLE.get(field.kind if field else "", "Giá trị này không dùng được.")
            continue
        read = values.get(name) or FieldValue(name, typed, None, 0.0, FieldSource.REVIEWED)
        values[name] = replace(read, normalized=normal, confidence=1.0, source=FieldSource.REVIEWED)
    if set(decision.pages) - {page.facts.page_number for page in document.pages}:
        faults[""] = "Hồ sơ không có trang được chọn. Mở lại hồ sơ rồi chọn trang."
    if faults:
        raise DecisionRefusedError(document.document_key, faults)
    ordered = {name: values[name] for name in known if name in values}
    record = with_fields(document.record, ordered | values)
    event = Event(EVENT, decision.at, "success", _told(decision), f"{decision.by_name} ({decision.by})")
    return replace(
        document,
        record=_settled(record, decision),
        events=(*document.events, event),
        decisions=(*document.decisions, decision),
    )


def waits_for_a_scan(document: DocumentRecord) -> bool:
    """Whether a person asked for another scan of this paper, and nobody has accepted the one there is since."""
    return any(asked_again(reason) for reason in document.record.review_reasons)


def _settled(record: Record, decision: Decision) -> Record:
    if decision.rescan is None:
        return replace(record, status=RecordStatus.ACCEPTED, review_reasons=())
    others = [reason for reason in record.review_reasons if asked_again(reason) is None]
    again = [rescan_reason(decision.rescan, page) for page in sorted(decision.pages) or (None,)]
    return replace(record, status=RecordStatus.NEEDS_REVIEW, review_reasons=(*others, *again))


def _told(decision: Decision) -> str:
    """What happened and why, for the history of the record."""
    if decision.rescan:
        pages = f", pages {', '.join(map(str, sorted(decision.pages)))}" if decision.pages else ""
        told = f"scan again: {decision.rescan.removeprefix('rescan_')}{pages}"
    elif decision.corrections:
        told = f"corrected: {', '.join(sorted(decision.corrections))}"
    else:
        told = "accepted as read"
    return f"{told}; reason: {decision.reason}" if decision.reason else told


def carry(made: DocumentRecord, before: DocumentRecord | None) -> DocumentRecord:
    """``made`` by a later run, with what people had decided about the same scan ``before``."""
    if before is None or before.entry.sha256 != made.entry.sha256:
        return made
    if before.entry.record_type != made.entry.record_type:
        return made  # the fields are others
    kept = made
    try:
        for decision in before.decisions[len(made.decisions) :]:
            kept = decided(kept, decision)
    except DecisionRefusedError:  # the form of a field has changed since: a person looks again
        return made
    return kept

"""Stage 6: the words of a document and what its manifest says become one record.

Nothing is guessed: a value that cannot be told is ``None``, a missing one stays missing, and no language model
touches an index field. Transcription and normalized value are kept apart (Luật Hộ tịch 2014, Art 58, 60(2): the
paper is the legal basis).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from manifests.documents import (
    DocumentEntry,
    FieldSource,
    FieldValue,
    Medium,
    Party,
    Record,
    RecordStatus,
)
from manifests.record_types import FieldType, RecordType, record_types
from manifests.text import PageText
from ocr.fields.crosscheck import joint_confidence, settle
from ocr.fields.headings import find_title
from ocr.fields.numbers import find_personal_id, number_plausibility
from ocr.fields.reading import Reading, read_fields
from ocr.fields.rows import read_rows
from ocr.fields.values import clean, normalize


@dataclass(frozen=True, slots=True)
class IndexOptions:
    """What decides between accepted and review; all shares 0.0–1.0.

    Attributes:
        threshold: A required field below it sends the record to review.
        doubt: Below it a reading is noise and no witness against a keyed value.
        keyed_confidence: How far one person's keying alone is believed.
        handwriting_factor: What is left of the confidence of words read from handwriting.
        typed_figures_factor: The same of figures from a typewriter, whose 0, 6 and 9 engines take for one another
            without noticing: on samples 4 of 22 typed dates read at 0.80–0.95 were wrong, of 133 printed ones none.
        printed_form_gain: Share of the missing confidence that a printed value wins by fitting its form: of printed
            numbers and dates below 0.80 that did, none of 11 was wrong.
    """

    threshold: float = 0.80
    doubt: float = 0.50
    keyed_confidence: float = 0.90
    handwriting_factor: float = 0.5
    typed_figures_factor: float = 0.85
    printed_form_gain: float = 0.25


def index_record(texts: Sequence[PageText], entry: DocumentEntry, options: IndexOptions | None = None) -> Record:
    """The record of one document.

    A field's confidence is that of its words (halfway between mean and worst), times how well its label was read,
    times how well the value fits its form; a date repeated in words and a keyed value that agree raise it, see
    ``ocr.fields.crosscheck``. The record's confidence is the least among its required fields.

    Review reasons, ``<reason>:<field>``: ``missing`` (required, neither read nor keyed), ``unreadable`` (required,
    read but it cannot be told), ``low_confidence`` (required, below the threshold), ``disagrees`` (reading and keyed
    value, or figures and words), ``diacritics`` (reading and keyed value differ in marks only), ``year`` (a date lies
    after the year the manifest gives); and ``title:<record type>`` when the paper bears another type's title.

    Args:
        texts: The recognized pages, in order; blank and unread pages may be among them.
        entry: The manifest's row; ``record_type`` must be a known code.
        options: Thresholds; the defaults when ``None``.

    Raises:
        KeyError: ``entry.record_type`` is not in the record types (the manifest check refuses it earlier).
    """
    options = options or IndexOptions()
    record_type = record_types()[entry.record_type]
    rows = read_rows(texts)
    readings = read_fields(rows, record_type)
    reasons: list[str] = []
    title = find_title(rows)
    if title is not None and title.record_type != record_type.code:
        reasons.append(f"title:{title.record_type}")

    fields: dict[str, FieldValue] = {}
    for field in record_type.fields:
        value, reason = _settle_field(field, readings.get(field.name), entry, options)
        if value is not None:
            fields[field.name] = value
        if reason:
            reasons.append(f"{reason}:{field.name}")
    reasons.extend(_check_words(fields, record_type, options))
    reasons.extend(_check_years(fields, record_type, entry))
    reasons.extend(_check_required(fields, record_type, options))

    required = [f.name for f in record_type.fields if f.required]
    confidences = [fields[name].confidence if name in fields else 0.0 for name in required]
    record = Record(
        record_type=record_type.code,
        unit_code=entry.unit_code,
        year=entry.year,
        number=entry.number,
        book=entry.book,
        fields=(),
        parties=(),
        status=RecordStatus.NEEDS_REVIEW if reasons else RecordStatus.ACCEPTED,
        confidence=round(min(confidences, default=1.0), 4),
        review_reasons=tuple(dict.fromkeys(reasons)),
    )
    return with_fields(record, fields)


def with_fields(record: Record, fields: dict[str, FieldValue]) -> Record:
    """``record`` with these field values and what follows from them: number, book, date of issue, parties."""
    issued = fields.get("issue_date") or fields.get("registration_date")
    return replace(
        record,
        fields=tuple(fields.values()),
        number=_normalized(fields, "number") or record.number,
        book=_normalized(fields, "book") or record.book,
        issue_date=issued.normalized if issued else None,
        parties=_parties(fields, record_types()[record.record_type]),
    )


def _keyed_text(field: FieldType, entry: DocumentEntry) -> str | None:
    own = {"number": entry.number, "book": entry.book}.get(field.name)
    return entry.keyed.get(field.name) or own


def _settle_field(
    field: FieldType, reading: Reading | None, entry: DocumentEntry, options: IndexOptions
) -> tuple[FieldValue | None, str | None]:
    """The field's value from its two witnesses, and the review reason of their disagreement."""
    keyed = _keyed_text(field, entry)
    if reading is None and keyed is None:
        return None, None
    # A keyed value that fits no form was still typed by somebody: it is kept as it was typed.
    keyed_value = (normalize(field, keyed).value or clean(keyed) or None) if keyed else None
    handwritten = entry.medium is Medium.HANDWRITTEN
    read_value, confidence = None, 0.0
    if reading is not None:
        normal = normalize(field, reading.transcription)
        read_value = normal.value
        form = normal.form
        if field.name in ("number", "book") and read_value:
            form *= number_plausibility(field.name, read_value, entry.record_type, entry.year)
        confidence = _trusted(reading, field, form, entry.medium, options)
    verdict = settle(
        field,
        read_value,
        confidence,
        keyed_value,
        threshold=options.threshold,
        doubt=options.doubt * (options.handwriting_factor if handwritten else 1.0),
        keyed_confidence=options.keyed_confidence,
    )
    source = FieldSource.KEYED if verdict.use_keyed else FieldSource.BOTH if verdict.agrees else FieldSource.READ
    value = FieldValue(
        name=field.name,
        transcription=reading.transcription if reading else (keyed or ""),
        normalized=verdict.value,
        confidence=round(verdict.confidence, 4),
        source=source,
        page_number=reading.page_number if reading else None,
        bbox=reading.bbox if reading else None,
        keyed=keyed,
        agrees=verdict.agrees,
    )
    return value, verdict.reason


def _trusted(reading: Reading, field: FieldType, form: float, medium: Medium | None, options: IndexOptions) -> float:
    """Confidence of a reading by its words, its label, its form and what wrote it."""
    words = reading.confidence
    if medium is Medium.HANDWRITTEN:
        words *= options.handwriting_factor
    elif medium is Medium.TYPED and field.kind in ("date", "year", "number"):
        words *= options.typed_figures_factor
    elif medium is Medium.PRINTED and form == 1.0 and field.kind in ("name", "date", "number"):
        words += options.printed_form_gain * (1.0 - words)
    return words * (0.5 + 0.5 * reading.label_similarity) * form


def _check_words(fields: dict[str, FieldValue], record_type: RecordType, options: IndexOptions) -> list[str]:
    """Dates in figures against the same dates in words; agreement raises both (in ``fields``)."""
    reasons: list[str] = []
    for field in record_type.fields:
        words = fields.get(field.name)
        figures = fields.get(field.checks) if field.checks else None
        if words is None or figures is None or not words.normalized or not figures.normalized:
            continue
        if words.normalized == figures.normalized:
            joint = joint_confidence(words.confidence, figures.confidence)
            fields[words.name] = replace(words, confidence=round(joint, 4))
            fields[figures.name] = replace(figures, confidence=round(joint, 4))
        elif figures.source is FieldSource.READ or words.confidence >= options.threshold:
            fields[figures.name] = replace(figures, confidence=round(min(figures.confidence, 0.5), 4))
            reasons.append(f"disagrees:{figures.name}")
    return reasons


def _check_years(fields: dict[str, FieldValue], record_type: RecordType, entry: DocumentEntry) -> list[str]:
    """A date after the year of the result is a misread figure, or the manifest is wrong: either is for a person."""
    return [
        f"year:{field.name}"
        for field in record_type.fields
        if field.kind == "date"
        and (value := fields.get(field.name)) is not None
        and value.normalized
        and int(value.normalized[:4]) > entry.year
        and (field.required or value.confidence >= 0.5)
    ]


def _check_required(fields: dict[str, FieldValue], record_type: RecordType, options: IndexOptions) -> list[str]:
    reasons: list[str] = []
    for field in record_type.fields:
        if not field.required:
            continue
        value = fields.get(field.name)
        if value is None:
            reasons.append(f"missing:{field.name}")
        elif value.normalized is None:
            reasons.append(f"unreadable:{field.name}")
        elif value.confidence < options.threshold:
            reasons.append(f"low_confidence:{field.name}")
    return reasons


def _normalized(fields: dict[str, FieldValue], name: str) -> str | None:
    value = fields.get(name)
    return value.normalized if value else None


def _parties(fields: dict[str, FieldValue], record_type: RecordType) -> tuple[Party, ...]:
    """The people the record names, one for each role that has a name."""
    names: dict[str, str] = {}
    births: dict[str, str] = {}
    ids: dict[str, str] = {}
    for field in record_type.fields:
        value = _normalized(fields, field.name)
        if field.role is None or value is None:
            continue
        if field.kind == "name":
            names[field.role] = value
        elif field.kind in ("date", "year"):
            births.setdefault(field.role, value)
        elif field.kind == "number":
            ids[field.role] = value
        elif field.kind == "person_document" and (found := find_personal_id(value)):
            ids.setdefault(field.role, found)
    return tuple(Party(role, name, births.get(role), ids.get(role)) for role, name in names.items())

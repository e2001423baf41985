"""What a delivery declares and what a document becomes: entries, artefacts, fields, records, events."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from manifests.decisions import Decision
from manifests.text import Bbox, PageFacts, PageVerdict


class Medium(StrEnum):
    """How the paper was filled in; decides what a reading can be trusted for."""

    PRINTED = "printed"
    TYPED = "typed"
    HANDWRITTEN = "handwritten"


@dataclass(frozen=True, slots=True)
class BatchRef:
    """Name of a batch (lô): the unit that delivered it and its own id, as in ``intake/<unit code>/<batch id>/``."""

    unit_code: str
    batch_id: str

    @property
    def key(self) -> str:
        """``<unit code>/<batch id>``: the batch's key in the database and its folder in both stores."""
        return f"{self.unit_code}/{self.batch_id}"

    @classmethod
    def parse(cls, key: str) -> BatchRef:
        unit_code, _, batch_id = key.partition("/")
        if not unit_code or not batch_id or "/" in batch_id:
            raise ValueError(f"{key!r} is not a batch key; write it as UNIT/BATCH, for example 00256/2025-03-A")
        return cls(unit_code, batch_id)


@dataclass(frozen=True, slots=True)
class DocumentEntry:
    """One row of a manifest, checked for form but not yet against the files.

    Attributes:
        document_id: Unique within the batch; letters, digits, ``.``, ``_``, ``-`` only.
        files: Names of the scans relative to the batch folder, in page order; ``sha256`` one digest for each.
        pages: Page count the index declares for the whole document.
        record_type: Code of ``manifests.record_types``.
        unit_code: Unit that issued the result, as of its own date.
        year: Year of the result.
        keyed: Values somebody typed, by field name; NFC, never empty.
        row: 1-based row in the manifest (the header is row 1).
    """

    document_id: str
    files: tuple[str, ...]
    sha256: tuple[str, ...]
    pages: int
    record_type: str
    unit_code: str
    year: int
    keyed: dict[str, str] = field(default_factory=dict)
    medium: Medium | None = None
    book: str | None = None
    number: str | None = None
    note: str | None = None
    row: int = 0


class ArtefactKind(StrEnum):
    """What a stored file is to its document; also the folder it lies in."""

    ORIGINAL = "original"
    PAGES = "pages"
    PDFA = "pdfa"
    SIGNED_PDF = "signed_pdf"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One stored file: key in the archive store, lower-case hex SHA-256, size in bytes."""

    kind: ArtefactKind
    key: str
    sha256: str
    size: int
    media_type: str = "application/octet-stream"


class FieldSource(StrEnum):
    """Where a field's transcription comes from."""

    READ = "read"
    KEYED = "keyed"
    BOTH = "both"
    """Read and keyed, and they agree."""
    REVIEWED = "reviewed"
    """A person looked at the paper and said what it means; the transcription stays what was read."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of a record; transcription and normalized value are kept apart, always.

    Attributes:
        transcription: As it stands on the paper (or as it was keyed when nothing was read).
        normalized: ISO date, plain number, NFC name in title case …; ``None`` when it cannot be told.
        confidence: 0.0–1.0.
        keyed: What the manifest says, when it says something.
        agrees: Whether the reading and the keyed value agree; ``None`` when only one exists.
        page_number, bbox: Where it was read; ``None`` for a value that was only keyed.
    """

    name: str
    transcription: str
    normalized: str | None
    confidence: float
    source: FieldSource
    page_number: int | None = None
    bbox: Bbox | None = None
    keyed: str | None = None
    agrees: bool | None = None


@dataclass(frozen=True, slots=True)
class Party:
    """A person a record names, in the role its field type gives (``subject``, ``mother``, ``wife``, ``signer`` …)."""

    role: str
    name: str
    birth_date: str | None = None
    personal_id: str | None = None


class RecordStatus(StrEnum):
    ACCEPTED = "accepted"
    NEEDS_REVIEW = "needs_review"


@dataclass(frozen=True, slots=True)
class Record:
    """One TTHC result as data: what ``index`` writes.

    Attributes:
        review_reasons: Codes that sent it to review, empty when accepted; ``<reason>:<field>``, for example
            ``low_confidence:birth_date``, ``missing:number``, ``disagrees:person_name``.
    """

    record_type: str
    unit_code: str
    year: int
    number: str | None
    book: str | None
    fields: tuple[FieldValue, ...]
    parties: tuple[Party, ...]
    status: RecordStatus
    confidence: float
    review_reasons: tuple[str, ...] = ()
    issue_date: str | None = None


@dataclass(frozen=True, slots=True)
class SignatureFact:
    """One signature in a PDF, with the three verdicts told apart.

    Attributes:
        intact: The signed bytes are unchanged. valid: the cryptography holds and the certificate was good for
            it. trusted: the chain ends in a trust anchor of the settings.
        level: ``B-B``, ``B-T``, ``B-LT``, ``B-LTA`` or ``unknown``.
        covers_whole_file: Nothing was added after it.
        legally_valid: False for anything the throw-away test CA signed.
        time_source: ``timestamp`` (the signature's own), ``archive_timestamp`` (a later one over the file),
            ``untrusted_timestamp`` (its authority is not trusted), ``claimed`` (the signer's clock) or empty when
            no time is known.
        revocation: ``good``, ``revoked``, ``revoked_later`` (after the moment of signing) or ``unknown``.
        evidence_until: Until when what the file holds proves the signature; ``None`` when it proves nothing.
        evidence_ends_with: What ends first: ``signer_certificate``, ``timestamp_certificate`` or
            ``archive_timestamp_certificate``.
        changes: Kinds of what was added after it, in order, each once: ``signature``, ``validation_data``,
            ``archive_timestamp``, ``form_fill``, ``suspicious``, ``loose_bytes``.
    """

    field_name: str
    signer: str
    intact: bool
    valid: bool
    trusted: bool
    level: str
    signed_at: dt.datetime | None
    timestamp_at: dt.datetime | None
    covers_whole_file: bool
    legally_valid: bool
    summary: str = ""
    time_source: str = ""
    revocation: str = ""
    evidence_until: dt.datetime | None = None
    evidence_ends_with: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PageRow:
    """What the warehouse keeps of a page."""

    facts: PageFacts
    verdict: PageVerdict
    word_count: int
    mean_confidence: float
    text: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a document, in PREMIS terms.

    Attributes:
        type: ``ingestion``, ``fixity check``, ``capture``, ``recognition``, ``normalization``,
            ``digital signature generation``, ``metadata extraction``, ``quarantine`` …
        outcome: ``success``, ``warning`` or ``failure``.
        at: Aware, UTC.
    """

    type: str
    at: dt.datetime
    outcome: str
    detail: str
    agent: str


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """All that is known of one finished document: the ``record`` artefact in the store and the unit of ``load``.

    It is complete on its own: the warehouse can be rebuilt from these files.
    """

    batch: BatchRef
    entry: DocumentEntry
    record: Record
    pages: tuple[PageRow, ...]
    artefacts: tuple[Artefact, ...]
    signatures: tuple[SignatureFact, ...]
    input_signatures: tuple[SignatureFact, ...]
    pdfa_verdict: str
    """``valid``, ``invalid`` or ``not_checked``, of the signed file."""
    legal_profile: str
    events: tuple[Event, ...]
    run_key: str
    finished_at: dt.datetime
    decisions: tuple[Decision, ...] = ()
    """What people decided about this paper, oldest first; a later run of the same scan keeps them."""

    @property
    def document_key(self) -> str:
        """``<unit code>/<batch id>/<document id>``: unique everywhere."""
        return f"{self.batch.key}/{self.entry.document_id}"

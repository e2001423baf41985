"""What the warehouse answers: one frozen value for each question, complete enough to render a page from.

Nothing in here knows SQL; the dashboard, the command line and the report read these and nothing else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from manifests.documents import Artefact, Event, FieldValue, Party, SignatureFact
from manifests.text import PageFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of one cell, unit or total; everything counts documents unless its name says otherwise.

    Attributes:
        inventory_records, inventory_files, inventory_pages: The denominator, of the inventory version in force;
            0 when the inventory does not list this.
        inventory_lapsed: Listed records that are no longer in force by the rule of their type (a marital-status
            confirmation lapses after 6 months); no part of the denominator.
        received: Documents accepted at intake, whatever became of them since.
        digitized: The finished file is stored: signed PDF/A, PDF/A where the legal profile asks for no signature, or
            an original that bears a valid signature of its own.
        digitized_pages: Pages of those, as their manifests declare.
        digitized_lapsed: Of ``digitized`` those that are no longer in force; they never count as ``over``.
        signed: A signed PDF is stored.
        own_signed: Digitized by the valid signature the delivered file came with.
        indexed: The record's fields are accepted.
        needs_review: The record waits for a person.
        reconciled: Found, with the same identity, in an outside system.
        quarantined: Stopped on the way, with a reason.
        refused: Not accepted at intake.
        digitized_listed, indexed_listed, reconciled_listed: Of ``digitized``, ``indexed`` and ``reconciled`` those
            the inventory lists, counted per unit x record type x year: more births than listed never make up for
            missing marriages.
    """

    inventory_records: int = 0
    inventory_files: int = 0
    inventory_pages: int = 0
    inventory_lapsed: int = 0
    received: int = 0
    digitized: int = 0
    digitized_pages: int = 0
    digitized_lapsed: int = 0
    signed: int = 0
    own_signed: int = 0
    indexed: int = 0
    needs_review: int = 0
    reconciled: int = 0
    quarantined: int = 0
    refused: int = 0
    digitized_listed: int = 0
    indexed_listed: int = 0
    reconciled_listed: int = 0

    @property
    def over(self) -> int:
        """Digitized documents the inventory does not list; more than 0 means the inventory has to be reviewed."""
        return self.digitized - self.digitized_lapsed - self.digitized_listed

    @property
    def remaining(self) -> int:
        """Listed records that are still to be digitized."""
        return self.inventory_records - self.digitized_listed

    @property
    def percent(self) -> float | None:
        """Digitized share of the inventory, 0.0–100.0, never above: see ``over``; ``None`` without an inventory."""
        return 100.0 * self.digitized_listed / self.inventory_records if self.inventory_records else None

    @property
    def percent_indexed(self) -> float | None:
        """Indexed share of the inventory, 0.0–100.0; ``None`` without an inventory."""
        return 100.0 * self.indexed_listed / self.inventory_records if self.inventory_records else None

    @property
    def percent_reconciled(self) -> float | None:
        """Share of the inventory that an outside system holds too, 0.0–100.0; ``None`` without an inventory."""
        return 100.0 * self.reconciled_listed / self.inventory_records if self.inventory_records else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitProgress(Figures):
    """How far one unit is; a unit is a code **and** its validity, because codes are reused.

    Attributes:
        unit_id: ``<code>@<valid_from>`` or ``<code>@-``; ``<code>@?`` for a code no register knows.
        unit_name: As the unit is or was called in its own time.
        tier: ``city``, ``district``, ``ward``, or ``unknown``.
        valid_from, valid_to: First and last day of the unit, inclusive; ``None`` is open.
        dissolved: It no longer exists on the day asked for.
        assigned: False for papers of a former unit that nobody was given (chưa phân giao); told by custodian only.
    """

    unit_id: str
    unit_code: str
    unit_name: str
    tier: str
    parent_code: str | None = None
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    dissolved: bool = False
    assigned: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeProgress(Figures):
    """One record type, every unit and year together."""

    record_type: str
    record_type_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressCell(Figures):
    """One record type x year of a unit."""

    record_type: str
    record_type_name: str
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals(Figures):
    """All units together, with how many units stand behind the figures.

    ``inventory_version`` is the id of the version in force, ``None`` when there is none.
    """

    units: int
    inventory_version: int | None = None
    inventory_approved_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """One batch in a list.

    Attributes:
        status: ``receiving``, ``processing``, ``done``, ``halted`` or ``blocked``.
        document_count, page_count: What the manifest declares.
        done, in_progress, quarantined, refused, needs_review: Documents by what became of them, counted now.
    """

    batch_key: str
    unit_code: str
    unit_name: str
    batch_id: str
    status: str
    document_count: int
    page_count: int
    done: int
    in_progress: int
    quarantined: int
    refused: int
    needs_review: int
    first_seen_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    message: str | None
    airflow_run: str | None = None
    """Id of Airflow's run that took it up last."""


@dataclass(frozen=True, slots=True)
class StageProgress:
    """One bar: how far a batch is in one stage.

    Attributes:
        per: ``batch``, ``document`` or ``page``.
        total: What has to pass: the accepted documents, or 1 for a stage of the whole batch.
        done: Passed, ``skipped`` among them because they had been done before.
        failed, quarantined: Their last run of this stage ended so.
        seconds: Work time of all runs.
    """

    stage: str
    label: str
    per: str
    total: int
    done: int
    skipped: int
    failed: int
    quarantined: int
    seconds: float

    @property
    def percent(self) -> float:
        return 100.0 * self.done / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """One document in a list; ``status`` as in ``warehouse.schema.DocumentStatus``.

    ``number`` and ``book`` are the record's, else the manifest's. ``record_status`` and ``review_reasons`` are empty
    until its record is loaded.
    """

    document_key: str
    document_id: str
    batch_key: str
    unit_code: str
    record_type: str
    year: int
    number: str | None
    book: str | None
    pages: int
    status: str
    stage: str | None
    reason_code: str | None
    reason_detail: str | None
    record_status: str | None = None
    confidence: float | None = None
    review_reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """Documents that stopped for the same reason, with its words from ``manifests.reasons``.

    ``count`` is exact; ``documents`` holds the first of them.
    """

    code: str
    title: str
    advice: str
    count: int
    documents: tuple[DocumentSummary, ...]


@dataclass(frozen=True, slots=True)
class BatchFault:
    """One finding of the last intake check; ``sentence`` is the whole Vietnamese sentence for people."""

    code: str
    severity: str
    sentence: str
    detail: str
    document_id: str | None
    file: str | None
    row: int | None
    column: str | None


@dataclass(frozen=True, slots=True)
class RescanPage:
    """A page that should be scanned again.

    Attributes:
        page_number: ``None`` when it is the whole document; ``source`` and ``source_page`` are unknown then.
        flags: Codes of ``manifests.text.QualityFlag`` and ``manifests.decisions.RescanCause``.
    """

    document_key: str
    document_id: str
    page_number: int | None
    source: str
    source_page: int | None
    dpi: float
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """Everything the page of one batch shows."""

    summary: BatchSummary
    stages: tuple[StageProgress, ...]
    failures: tuple[FailureGroup, ...]
    review: tuple[DocumentSummary, ...]
    faults: tuple[BatchFault, ...]
    rescan: tuple[RescanPage, ...]


@dataclass(frozen=True, slots=True)
class PageDetail:
    """A page as it was loaded."""

    facts: PageFacts
    verdict: str
    word_count: int
    mean_confidence: float
    text: str


@dataclass(frozen=True, slots=True)
class StoredArtefact:
    """A stored file of a document; ``current`` is false once a later run replaced it."""

    artefact: Artefact
    created_at: dt.datetime
    current: bool


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """Everything the page of one document shows; facts of the record are empty until it is loaded.

    ``signatures`` were made by the road, ``input_signatures`` came with the delivered file.
    """

    summary: DocumentSummary
    record_type_name: str
    unit_name: str
    issue_date: str | None
    pdfa_verdict: str | None
    legal_profile: str | None
    finished_at: dt.datetime | None
    fields: tuple[FieldValue, ...]
    parties: tuple[Party, ...]
    pages: tuple[PageDetail, ...]
    artefacts: tuple[StoredArtefact, ...]
    signatures: tuple[SignatureFact, ...]
    input_signatures: tuple[SignatureFact, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What one load did, in documents.

    ``outdated`` were older than what the warehouse holds and changed nothing.
    """

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0
    outdated: int = 0

    def __add__(self, other: LoadResult) -> LoadResult:
        return LoadResult(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
            self.outdated + other.outdated,
        )

"""What each page shows, as one frozen value: the template renders it, and the same URL with ``.json`` returns it.

Nothing in here may hold a personal field: there is no login yet. Figures, codes, document ids and reasons only.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from warehouse.results import BatchFault, BatchSummary, Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """``warehouse.results.Figures`` with what follows from them written out.

    Attributes:
        stopped: Quarantined on the way and refused at intake.
        percent, percent_indexed: Of the inventory, 0.0–100.0; ``None`` without an inventory.
    """

    inventory: int
    received: int
    digitized: int
    signed: int
    indexed: int
    needs_review: int
    quarantined: int
    refused: int
    stopped: int
    over: int
    remaining: int
    percent: float | None
    percent_indexed: float | None

    @classmethod
    def of(cls, figures: Figures) -> Counts:
        return cls(
            inventory=figures.inventory_records,
            received=figures.received,
            digitized=figures.digitized,
            signed=figures.signed,
            indexed=figures.indexed,
            needs_review=figures.needs_review,
            quarantined=figures.quarantined,
            refused=figures.refused,
            stopped=figures.quarantined + figures.refused,
            over=figures.over,
            remaining=figures.remaining,
            percent=figures.percent,
            percent_indexed=figures.percent_indexed,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One unit; ``unit_id`` is its key, because codes are reused. ``validity`` is empty for a unit of all times."""

    unit_id: str
    unit_code: str
    unit_name: str
    tier: str
    validity: str
    dissolved: bool
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressFilter:
    """``sort`` is ``code``, ``behind`` (least percent first), ``remaining`` (most first) or ``name``."""

    tier: str | None = None
    record_type: str | None = None
    year: int | None = None
    sort: str = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressPage:
    """``/``."""

    filter: ProgressFilter
    total: Counts
    units: tuple[UnitRow, ...]
    inventory_approved_on: dt.date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLine:
    """One record type of a unit: a cell for each year, ``None`` where nothing is listed or delivered."""

    record_type: str
    record_type_name: str
    cells: tuple[Counts | None, ...]
    total: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitMatrix:
    """One unit, record type x year."""

    unit: UnitRow
    years: tuple[int, ...]
    lines: tuple[MatrixLine, ...]
    year_totals: tuple[Counts, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPage:
    """``/don-vi/{unit}``: one unit, or each that bore the code, by time."""

    unit_code: str
    units: tuple[UnitMatrix, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchesPage:
    """``/lo``; ``previous_offset`` is ``None`` on the first page, ``next_offset`` on the last."""

    unit_code: str | None
    status: str | None
    offset: int
    previous_offset: int | None
    next_offset: int | None
    batches: tuple[BatchSummary, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBar:
    """How many documents of a batch have passed a stage; ``stopped`` ended here with a reason, ``failed`` will be
    tried again. ``seconds`` of work are ``None`` where the ledger times no run of this stage by itself."""

    stage: str
    label: str
    total: int
    done: int
    stopped: int
    failed: int
    percent: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One document without anything personal; ``review`` holds its review reasons in words."""

    document_id: str
    batch_key: str
    unit_code: str
    record_type: str
    record_type_name: str
    year: int
    pages: int
    status: str
    reason: str | None
    detail: str | None
    review: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLines:
    """Documents that stopped for one reason; ``count`` is exact, ``documents`` the first of them."""

    code: str
    title: str
    advice: str
    count: int
    documents: tuple[DocumentLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RescanLine:
    """A page to scan again: the ``page_number``-th of the document, ``source_page`` of the delivered file."""

    document_id: str
    page_number: int
    source: str
    source_page: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPage:
    """``/lo/{unit}/{batch}``; ``rerun`` is the exact command, ready for a shell."""

    summary: BatchSummary
    accepted: int
    stages: tuple[StageBar, ...]
    failures: tuple[FailureLines, ...]
    faults: tuple[BatchFault, ...]
    review: tuple[DocumentLine, ...]
    rescan: tuple[RescanLine, ...]
    rerun: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsFilter:
    unit_code: str | None = None
    record_type: str | None = None
    year: int | None = None
    status: str | None = None
    needs_review: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentsPage:
    """``/ho-so``: the documents behind a figure; the offsets as in ``BatchesPage``."""

    filter: DocumentsFilter
    offset: int
    previous_offset: int | None
    next_offset: int | None
    documents: tuple[DocumentLine, ...]

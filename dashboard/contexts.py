"""What the pages of batches and documents show, one frozen value each: HTML renders it, ``.json`` returns it.

Nothing in here holds a personal field: engineers see these pages. Figures, codes, document ids and reasons only.
"""

from __future__ import annotations

from dataclasses import dataclass

from warehouse.behind import DocumentFilter
from warehouse.results import BatchFault, BatchSummary


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
    """A page to scan again: the ``page_number``-th of the document, ``source_page`` of the delivered file.

    ``page_number`` and ``source_page`` are ``None`` when it is the whole document.
    """

    document_id: str
    page_number: int | None
    source: str
    source_page: int | None
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
class DocumentsPage:
    """``/ho-so``: the documents behind a figure; ``told`` says which, the offsets as in ``BatchesPage``."""

    filter: DocumentFilter
    told: str | None
    offset: int
    previous_offset: int | None
    next_offset: int | None
    documents: tuple[DocumentLine, ...]

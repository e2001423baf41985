"""From the warehouse's answers to what the pages show. Adds up and arranges; every figure is the warehouse's."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterator
from typing import Any

from dashboard import words
from dashboard.behind import document_words
from dashboard.contexts import (
    BatchesPage,
    BatchPage,
    DocumentLine,
    DocumentsPage,
    FailureLines,
    RescanLine,
    StageBar,
)
from manifests.reasons import REASONS
from warehouse.batches import batch_detail, list_batches
from warehouse.behind import DocumentFilter, documents_behind
from warehouse.results import (
    BatchDetail,
    BatchSummary,
    DocumentSummary,
    RescanPage,
    StageProgress,
)
from warehouse.schema import BatchStatus
from warehouse.watched import watched

PAGE_SIZE = 100
LONGEST_FILE = 100_000
"""Rows of a downloaded list."""
_CHUNK = 2000


class Pages:
    """The pages of one warehouse, as an engine lets them see it: ``warehouse.scoped_engine`` holds it within a scope.

    Every method raises ``warehouse.errors.WarehouseError`` when the database was never migrated or does not answer,
    and returns ``None`` for what does not exist.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def engine(self) -> Any:
        """The engine all of it is read through; hand it to the warehouse's questions, and to nothing that writes."""
        return self._engine

    def figures_at(self) -> dt.datetime:
        """Progress is told as it was at this moment or later; ask before the figures."""
        seen = watched(self._engine)
        return dt.datetime.now(dt.UTC) if seen is None else seen.as_of

    def batches(self, *, unit_code: str | None, status: str | None, offset: int) -> BatchesPage:
        found = self._batches(unit_code, status, PAGE_SIZE + 1, offset)
        return BatchesPage(
            unit_code=unit_code,
            status=status,
            offset=offset,
            previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
            next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
            batches=tuple(found[:PAGE_SIZE]),
        )

    def all_batches(self, *, unit_code: str | None, status: str | None) -> Iterator[BatchSummary]:
        """The whole list, for a file; at most ``LONGEST_FILE``."""
        for offset in range(0, LONGEST_FILE, _CHUNK):
            found = self._batches(unit_code, status, _CHUNK, offset)
            yield from found
            if len(found) < _CHUNK:
                return

    def _batches(self, unit_code: str | None, status: str | None, limit: int, offset: int) -> list[BatchSummary]:
        wanted = BatchStatus(status) if status else None
        return list_batches(self._engine, unit_code=unit_code, status=wanted, limit=limit, offset=offset)

    def batch(self, batch_key: str) -> BatchPage | None:
        detail = batch_detail(self._engine, batch_key)
        if detail is None:
            return None
        return BatchPage(
            summary=detail.summary,
            accepted=_accepted(detail),
            stages=_stage_bars(detail),
            failures=tuple(
                FailureLines(
                    code=it.code,
                    title=it.title,
                    advice=it.advice,
                    count=it.count,
                    documents=tuple(document_line(document) for document in it.documents),
                )
                for it in detail.failures
            ),
            faults=detail.faults,
            review=tuple(document_line(it) for it in detail.review),
            rescan=tuple(_rescan_line(it) for it in detail.rescan),
            rerun=f"sohoa rerun --batch {shlex.quote(batch_key)}",
        )

    def documents(self, wanted: DocumentFilter, offset: int) -> DocumentsPage:
        found = documents_behind(self._engine, wanted, limit=PAGE_SIZE + 1, offset=offset)
        return DocumentsPage(
            filter=wanted,
            told=document_words(self._engine, wanted),
            offset=offset,
            previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
            next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
            documents=tuple(document_line(it) for it in found[:PAGE_SIZE]),
        )

    def all_documents(self, wanted: DocumentFilter) -> Iterator[DocumentLine]:
        """The whole list, for a file; at most ``LONGEST_FILE``."""
        for offset in range(0, LONGEST_FILE, _CHUNK):
            found = documents_behind(self._engine, wanted, limit=_CHUNK, offset=offset)
            yield from (document_line(it) for it in found)
            if len(found) < _CHUNK:
                return


def _accepted(detail: BatchDetail) -> int:
    it = detail.summary
    return it.done + it.in_progress + it.quarantined


def _stage_bars(detail: BatchDetail) -> tuple[StageBar, ...]:
    """Bars in documents. The road never goes back, so a document that reached a stage has passed those above it:
    the ledger writes down a run of fused stages under the last of them."""
    summary, accepted = detail.summary, _accepted(detail)
    bars: list[StageBar] = []
    reached = 0
    for position, it in reversed(list(enumerate(detail.stages))):
        if position == 0:
            received = accepted + summary.refused
            bars.append(_stage_bar(it, max(summary.document_count, received), accepted, summary.refused))
        else:
            passed = max(reached, summary.done if it.per == "batch" else it.done)
            reached = min(accepted, passed + it.quarantined)
            bars.append(_stage_bar(it, accepted, passed, it.quarantined))
    return tuple(reversed(bars))


def _stage_bar(it: StageProgress, total: int, done: int, stopped: int) -> StageBar:
    return StageBar(
        stage=it.stage,
        label=it.label,
        total=total,
        done=done,
        stopped=stopped,
        failed=it.failed,
        percent=100.0 * done / total if total else 0.0,
        seconds=it.seconds or None,
    )


def document_line(it: DocumentSummary) -> DocumentLine:
    known = REASONS.get(it.reason_code or "")
    return DocumentLine(
        document_id=it.document_id,
        batch_key=it.batch_key,
        unit_code=it.unit_code,
        record_type=it.record_type,
        record_type_name=words.record_type_name(it.record_type),
        year=it.year,
        pages=it.pages,
        status=it.status,
        reason=known.title if known else it.reason_code,
        detail=it.reason_detail or None,
        review=tuple(words.review_reason(reason, it.record_type) for reason in it.review_reasons),
    )


def _rescan_line(it: RescanPage) -> RescanLine:
    return RescanLine(
        document_id=it.document_id,
        page_number=it.page_number,
        source=it.source,
        source_page=it.source_page,
        reasons=tuple(words.rescan_reason(flag, it.dpi) for flag in it.flags),
    )

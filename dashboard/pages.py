"""From the warehouse's answers to what the pages show. Adds up and arranges; every figure is the warehouse's."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shlex
from collections.abc import Callable, Iterable
from typing import Any

from dashboard import words
from dashboard.contexts import (
    BatchesPage,
    BatchPage,
    Counts,
    DocumentLine,
    DocumentsFilter,
    DocumentsPage,
    FailureLines,
    MatrixLine,
    ProgressFilter,
    ProgressPage,
    RescanLine,
    StageBar,
    UnitMatrix,
    UnitPage,
    UnitRow,
)
from manifests.documents import RecordStatus
from manifests.reasons import REASONS
from manifests.spelling import fold
from warehouse.batches import batch_detail, list_batches
from warehouse.database import reading
from warehouse.documents import list_documents
from warehouse.progress import progress_by_unit, progress_matrix
from warehouse.reference import inventory_in_force
from warehouse.results import (
    BatchDetail,
    DocumentSummary,
    Figures,
    ProgressCell,
    RescanPage,
    StageProgress,
    UnitProgress,
)
from warehouse.schema import BatchStatus, DocumentStatus

PAGE_SIZE = 100
SORTS = {"code": "Mã đơn vị", "behind": "Chậm nhất trước", "remaining": "Còn nhiều nhất trước", "name": "Tên đơn vị"}
_UNKNOWN_UNIT = "@?"


class Pages:
    """The pages of one warehouse, as an engine lets them see it: ``warehouse.scope`` holds it within a scope.

    Every method raises ``warehouse.errors.WarehouseError`` when the database was never migrated or does not answer,
    and returns ``None`` for what does not exist.
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @property
    def engine(self) -> Any:
        """The engine all of it is read through; hand it to the warehouse's questions, and to nothing that writes."""
        return self._engine

    def progress(self, wanted: ProgressFilter) -> ProgressPage:
        found = progress_by_unit(self._engine, record_type=wanted.record_type, year=wanted.year)
        units = [it for it in found if wanted.tier in (None, it.tier)]
        return ProgressPage(
            filter=wanted,
            total=Counts.of(_sum(units)),
            units=tuple(sorted((_unit_row(it) for it in units), key=_SORT_KEYS[wanted.sort])),
            inventory_approved_on=self._inventory_approved_on(),
        )

    def _inventory_approved_on(self) -> dt.date | None:
        with reading(self._engine) as connection:
            found = inventory_in_force(connection, None)
        return found[1] if found else None

    def unit(self, unit: str) -> UnitPage | None:
        """The page of a unit code, or of one ``unit_id``."""
        code = unit.partition("@")[0]
        known = progress_by_unit(self._engine, unit_code=code)
        shown = [it for it in known if unit in (code, it.unit_id)]
        if not shown:
            return None
        cells = {it.unit_id: self._cells(it, known) for it in shown}
        return UnitPage(unit_code=code, units=tuple(_matrix(it, cells[it.unit_id]) for it in shown))

    def _cells(self, unit: UnitProgress, same_code: list[UnitProgress]) -> list[ProgressCell]:
        if not unit.unit_id.endswith(_UNKNOWN_UNIT):
            return progress_matrix(self._engine, unit.unit_code, unit_id=unit.unit_id)
        # No register knows this unit, so its cells are those that belong to none of the others.
        others = {
            (cell.record_type, cell.year)
            for it in same_code
            if it.unit_id != unit.unit_id
            for cell in progress_matrix(self._engine, unit.unit_code, unit_id=it.unit_id)
        }
        cells = progress_matrix(self._engine, unit.unit_code)
        return [cell for cell in cells if (cell.record_type, cell.year) not in others]

    def batches(self, *, unit_code: str | None, status: str | None, offset: int) -> BatchesPage:
        found = list_batches(
            self._engine,
            unit_code=unit_code,
            status=BatchStatus(status) if status else None,
            limit=PAGE_SIZE + 1,
            offset=offset,
        )
        return BatchesPage(
            unit_code=unit_code,
            status=status,
            offset=offset,
            previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
            next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
            batches=tuple(found[:PAGE_SIZE]),
        )

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

    def documents(self, wanted: DocumentsFilter, offset: int) -> DocumentsPage:
        found = list_documents(
            self._engine,
            unit_code=wanted.unit_code,
            record_type=wanted.record_type,
            year=wanted.year,
            status=DocumentStatus(wanted.status) if wanted.status else None,
            record_status=RecordStatus.NEEDS_REVIEW if wanted.needs_review else None,
            limit=PAGE_SIZE + 1,
            offset=offset,
        )
        return DocumentsPage(
            filter=wanted,
            offset=offset,
            previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
            next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
            documents=tuple(document_line(it) for it in found[:PAGE_SIZE]),
        )


def _sum(parts: Iterable[Figures]) -> Figures:
    listed = list(parts)
    names = [field.name for field in dataclasses.fields(Figures)]
    return Figures(**{name: sum(getattr(it, name) for it in listed) for name in names})


def _unit_row(it: UnitProgress) -> UnitRow:
    return UnitRow(
        unit_id=it.unit_id,
        unit_code=it.unit_code,
        unit_name=it.unit_name,
        tier=it.tier,
        validity=words.validity(it.valid_from, it.valid_to),
        dissolved=it.dissolved,
        counts=Counts.of(it),
    )


def _behind(row: UnitRow) -> tuple[float, int]:
    percent = row.counts.percent
    return (101.0 if percent is None else percent, -row.counts.remaining)


_SORT_KEYS: dict[str, Callable[[UnitRow], Any]] = {
    "code": lambda row: 0,  # the warehouse's own order: by code, then by time
    "behind": _behind,
    "remaining": lambda row: -row.counts.remaining,
    "name": lambda row: fold(row.unit_name),
}


def _matrix(unit: UnitProgress, cells: list[ProgressCell]) -> UnitMatrix:
    years = tuple(sorted({cell.year for cell in cells}))
    by_type: dict[str, dict[int, ProgressCell]] = {}
    for cell in cells:
        by_type.setdefault(cell.record_type, {})[cell.year] = cell
    return UnitMatrix(
        unit=_unit_row(unit),
        years=years,
        lines=tuple(
            MatrixLine(
                record_type=record_type,
                record_type_name=next(iter(of_type.values())).record_type_name,
                cells=tuple(Counts.of(of_type[year]) if year in of_type else None for year in years),
                total=Counts.of(_sum(of_type.values())),
            )
            for record_type, of_type in by_type.items()
        ),
        year_totals=tuple(Counts.of(_sum(cell for cell in cells if cell.year == year)) for year in years),
    )


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

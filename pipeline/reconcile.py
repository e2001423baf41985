"""Comparing everything that should hold the same: intake manifests, archive store, ledger, warehouse, outside lists.

Both sides are read in the order of their keys and stepped through together, so that memory stays level however large
the archive is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.documents import ArtefactKind, BatchRef
from manifests.outside import open_outside
from manifests.reasons import Fault
from pipeline.context import Context
from pipeline.intake import ready_batches
from pipeline.stores import ObjectStat
from pipeline.work.receive import last_receipt
from warehouse.outside_match import compare_outside, stage_outside
from warehouse.reconciliation import (
    INTERNAL,
    ReconciliationRun,
    begin_run,
    compare_ledger,
    end_run,
    keep_findings,
    known_documents,
    known_files,
)

_KEPT = frozenset((ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF, ArtefactKind.RECORD))
"""Folders of a document whose files the ledger knows one by one."""

Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OutsideResult:
    """A comparison with an outside list, and what of the list could not be read."""

    run: ReconciliationRun
    faults: tuple[Fault, ...]
    bad_rows: int


def reconcile(context: Context, *, unit_code: str | None = None) -> ReconciliationRun:
    """Compare what is our own and write down what differs; ``unit_code`` is the delivering unit."""
    engine = context.database
    run_id = begin_run(engine, INTERNAL, unit_code=unit_code)
    counts = {"batches": 0, "declared": 0, "objects": 0, "files": 0}
    keep_findings(engine, run_id, _deliveries(context, unit_code, counts))
    keep_findings(engine, run_id, _files(context, unit_code, counts))
    compare_ledger(engine, run_id, unit_code=unit_code)
    return end_run(engine, run_id, counts)


def reconcile_outside(
    context: Context,
    file: Path,
    *,
    system: str,
    unit_code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> OutsideResult:
    """Compare our documents with an outside system's export and write down what is missing where.

    Raises:
        OutsideError: The export cannot be used at all; nothing was compared.
    """
    engine = context.database
    export = open_outside(file, headers=headers)
    first = next(export.rows, None)  # a file that cannot be read shall leave no run behind
    run_id = begin_run(engine, system, source_name=file.name, sha256=export.sha256, unit_code=unit_code)
    rows = 0 if first is None else stage_outside(engine, run_id, _chained(first, export.rows))
    matched = compare_outside(engine, run_id, system, unit_code=unit_code)
    run = end_run(engine, run_id, {"outside": rows, "matched": matched, "unreadable": export.bad_rows})
    return OutsideResult(run, tuple(export.faults), export.bad_rows)


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def _deliveries(context: Context, unit_code: str | None, counts: dict[str, int]) -> Iterator[Found]:
    """Drops nobody took up, and documents of accepted manifests the ledger does not know."""
    engine = context.database
    for ref in ready_batches(context.intake):
        if unit_code in (None, ref.unit_code) and last_receipt(context.archive, ref) is None:
            yield {"code": "not_received", "batch_key": ref.key, "unit_code": ref.unit_code, "detail": ref.key}
    for ref in _archived(context, unit_code):
        receipt = last_receipt(context.archive, ref)
        if receipt is None:
            continue
        counts["batches"] += 1
        counts["declared"] += len(receipt.declared)
        known = known_documents(engine, ref.key)
        for document in receipt.documents:
            if document.key not in known:
                entry = document.entry
                yield {
                    "code": "not_in_ledger",
                    "batch_key": ref.key,
                    "unit_code": entry.unit_code,
                    "record_type": entry.record_type,
                    "year": entry.year,
                    "number": entry.number,
                    "detail": document.key,
                }


def _archived(context: Context, unit_code: str | None) -> Iterator[BatchRef]:
    for unit in context.archive.folders(""):
        if unit.startswith(".") or unit_code not in (None, unit):
            continue
        for batch_id in context.archive.folders(f"{unit}/"):
            yield BatchRef(unit, batch_id)


def _files(context: Context, unit_code: str | None, counts: dict[str, int]) -> Iterator[Found]:
    """Files only the archive has, only the ledger knows, or that differ in size."""
    prefix = f"{unit_code}/" if unit_code else ""
    stored = (it for it in context.archive.list(prefix) if _is_kept(it.key))
    known = known_files(context.database, prefix)
    here, there = next(stored, None), next(known, None)
    while here is not None or there is not None:
        if there is None or (here is not None and here.key.encode() < there.key.encode()):
            assert here is not None  # noqa: S101 - one of both is there
            counts["objects"] += 1
            yield _about_file("file_unknown", here.key, _size(here))
            here = next(stored, None)
        elif here is None or there.key.encode() < here.key.encode():
            counts["files"] += 1
            yield _about_file("file_lost", there.key, there.key)
            there = next(known, None)
        else:
            counts["objects"] += 1
            counts["files"] += 1
            if here.size != there.size:
                yield _about_file("file_size_differs", here.key, f"{here.key}: {there.size} → {here.size} byte")
            here, there = next(stored, None), next(known, None)


def _is_kept(key: str) -> bool:
    parts = key.split("/")
    return len(parts) > 4 and not parts[0].startswith(".") and parts[3] in _KEPT


def _size(found: ObjectStat) -> str:
    return f"{found.key}, {found.size} byte"


def _about_file(code: str, key: str, detail: str) -> Found:
    unit, batch, document, *_ = key.split("/")
    return {
        "code": code,
        "batch_key": f"{unit}/{batch}",
        "document_key": f"{unit}/{batch}/{document}",
        "unit_code": unit,
        "detail": detail,
    }

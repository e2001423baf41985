"""Keeping what was made: fixity of every stored byte, and the database rebuilt from the store."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from manifests.documents import Artefact, BatchRef, DocumentRecord
from manifests.serial import from_json
from pipeline import archive
from pipeline.approvals import is_held, require_approved
from pipeline.context import Context
from pipeline.errors import ApprovalMissingError, ApprovalRefusedError
from pipeline.quarantines import standing_quarantines
from pipeline.results import Receipt
from pipeline.runner import Runner, halting_message
from pipeline.stores import NoSuchObjectError, ObjectDamagedError
from pipeline.work.index import last_record
from pipeline.work.receive import last_receipt
from warehouse.artefacts import stored_artefacts
from warehouse.load import load_records
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus

CHUNK = 200
"""Records loaded in one transaction while rebuilding."""


@dataclass(frozen=True, slots=True)
class Damage:
    """A stored file that is not what the ledger says: ``missing`` or ``changed``."""

    artefact: Artefact
    kind: str
    found: str = ""


def audit(context: Context, on_artefact: Callable[[Artefact], None] | None = None) -> tuple[int, list[Damage]]:
    """Read every artefact again and compare its digest; how many were read, and what is wrong."""
    damages: list[Damage] = []
    count = 0
    for artefact in stored_artefacts(context.database):
        count += 1
        try:
            found = hashlib.sha256(context.archive.get_bytes(artefact.key)).hexdigest()
            if found != artefact.sha256:
                damages.append(Damage(artefact, "changed", found))
        except NoSuchObjectError:
            damages.append(Damage(artefact, "missing"))
        except ObjectDamagedError as error:  # a store that knows its digests finds it first
            damages.append(Damage(artefact, "changed", error.found))
        if on_artefact:
            on_artefact(artefact)
    return count, damages


def rebuild(context: Context, on_record: Callable[[DocumentRecord], None] | None = None) -> LoadResult:
    """Fill ledger and warehouse from the sidecars of the archive store; what is there already stays as it is."""
    total = LoadResult()
    for ref in _batches(context):
        receipt = last_receipt(context.archive, ref)
        if receipt:
            context.ledger.batch_started(ref)
            context.ledger.batch_received(receipt)
        chunk: list[DocumentRecord] = []
        for record in _records(context, ref):
            chunk.append(record)
            if on_record:
                on_record(record)
            if len(chunk) == CHUNK:
                total = _load(context, chunk, total)
                chunk = []
        total = _load(context, chunk, total)
        if receipt:
            _stop_again(context, receipt)
            context.ledger.batch_rebuilt(ref)
            _halt_again(context, receipt)
    return total


def _stop_again(context: Context, receipt: Receipt) -> None:
    """Write the quarantines that stand; one that was followed by a finished record is overcome."""
    for document in receipt.documents:
        found = standing_quarantines(context, receipt.batch, document.entry.document_id)
        finished = last_record(context, document.key) if found else None
        for quarantine in found:
            overcome = finished is not None and finished.finished_at > quarantine.at
            if not overcome:
                context.ledger.restored(quarantine.outcome, receipt.batch)


def _halt_again(context: Context, receipt: Receipt) -> None:
    """A batch whose signing waits for a person, or was refused, says so again."""
    if receipt.blocked or not is_held(context, receipt.batch):
        return
    runner = Runner(context)
    jobs = runner.unfinished(receipt)
    stopped = runner.stopped(jobs)
    try:
        if waiting := [job for job in jobs if job[0].key not in stopped]:
            require_approved(context, receipt.batch, waiting)
    except (ApprovalMissingError, ApprovalRefusedError) as error:
        context.ledger.batch_status(receipt.batch, BatchStatus.HALTED, halting_message(error))


def _load(context: Context, chunk: list[DocumentRecord], total: LoadResult) -> LoadResult:
    if not chunk:
        return total
    result = load_records(context.database, chunk)
    context.ledger.documents_done(sorted({record.document_key for record in chunk}))
    return total + result


def _batches(context: Context) -> Iterator[BatchRef]:
    for unit_code in context.archive.folders(""):
        if unit_code.startswith("."):
            continue
        for batch_id in context.archive.folders(f"{unit_code}/"):
            yield BatchRef(unit_code, batch_id)


def _records(context: Context, ref: BatchRef) -> Iterator[DocumentRecord]:
    for document_id in context.archive.folders(f"{ref.key}/"):
        if document_id.startswith("."):
            continue
        for entry in context.archive.list(archive.records(f"{ref.key}/{document_id}")):
            yield from_json(DocumentRecord, context.archive.get_bytes(entry.key))

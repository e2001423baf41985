"""The ledger: what was tried, when, and how it ended. Written by the runner; the dashboard reads the same tables.

It remembers, it does not decide: the sidecars in the archive store are the truth, and the ledger can be rebuilt
from them. Losing it costs time, never a document.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentEntry
from manifests.reasons import Fault
from pipeline.outcomes import Ending, Outcome
from pipeline.results import Receipt
from warehouse import schema as t
from warehouse.merge import chunks, insert, one_of, upsert
from warehouse.schema import BatchStatus, DocumentStatus, StageStatus

_DOCUMENT = tuple(column.name for column in t.document.columns)
_DESCRIBING = ("unit_code", "record_type", "year", "pages", "medium", "book", "number")
"""What the manifest says of a document, and a later manifest may correct."""


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Ledger:
    """Operations on the ledger's tables; every method is one transaction and may be repeated."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    # --- batches

    def batch_started(self, ref: BatchRef, *, airflow_run: str | None = None) -> None:
        """A run took up the batch; ``airflow_run`` is its id in Airflow, kept until another one of Airflow's does."""
        now = _now()
        row = {
            "batch_key": ref.key,
            "unit_code": ref.unit_code,
            "batch_id": ref.batch_id,
            "status": BatchStatus.RECEIVING,
            "first_seen_at": now,
            "started_at": now,
            "message": None,
        } | ({"airflow_run": airflow_run} if airflow_run else {})
        changed = ("status", "started_at", "message", *(("airflow_run",) if airflow_run else ()))
        with self._engine.begin() as connection:
            upsert(connection, t.batch, [row], update=changed)

    def batch_received(self, receipt: Receipt) -> None:
        """Write what ``receive`` found: the batch, its documents, the faults of this last check, the originals."""
        key = receipt.batch.key
        accepted = {d.entry.document_id for d in receipt.documents}
        refused: dict[str, Fault] = {}
        for fault in receipt.faults:
            if fault.document_id and fault.document_id not in accepted:
                refused.setdefault(fault.document_id, fault)
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(t.batch)
                .where(t.batch.c.batch_key == key)
                .values(
                    status=BatchStatus.BLOCKED if receipt.blocked else BatchStatus.PROCESSING,
                    manifest_sha256=receipt.manifest_sha256,
                    document_count=len(receipt.declared),
                    page_count=sum(e.pages for e in receipt.declared),
                    accepted_count=len(accepted),
                    refused_count=len(refused),
                )
            )
            self._write_documents(connection, receipt, accepted, refused)
            connection.execute(sa.delete(t.fault).where(t.fault.c.batch_key == key))
            insert(connection, t.fault, [_fault_row(key, fault) for fault in receipt.faults])
            rows = [
                _artefact_row(document.key, artefact, None, receipt.received_at)
                for document in receipt.documents
                for artefact in document.originals
            ]
            _replaced(connection, rows, [document.key for document in receipt.documents])
            upsert(connection, t.artefact, rows, update=("sha256", "size", "media_type", "current"))

    def _write_documents(
        self, connection: sa.Connection, receipt: Receipt, accepted: set[str], refused: Mapping[str, Fault]
    ) -> None:
        known = {
            row.document_id: row.status
            for row in connection.execute(
                sa.select(t.document.c.document_id, t.document.c.status).where(
                    t.document.c.batch_key == receipt.batch.key
                )
            )
        }
        new, described = [], []
        for entry in receipt.declared:
            fault = refused.get(entry.document_id)
            if entry.document_id not in accepted and fault is None:
                continue
            if known.get(entry.document_id) in (None, DocumentStatus.REFUSED):
                new.append(_document_row(receipt.batch, entry, fault))
            elif fault is None:  # on its way already: how far it is stands, what the manifest says of it may change
                described.append(_document_row(receipt.batch, entry, None))
            # an archived document is never undone by a later drop
        upsert(connection, t.document, new, update=[name for name in _DOCUMENT if name != "document_key"])
        upsert(connection, t.document, described, update=_DESCRIBING)
        if not receipt.blocked:
            declared = {entry.document_id for entry in receipt.declared}
            gone = [
                f"{receipt.batch.key}/{name}"
                for name, status in known.items()
                if status == DocumentStatus.REFUSED and name not in declared
            ]
            for some in chunks(gone):  # nothing of them was ever kept, and nobody delivers them any more
                connection.execute(sa.delete(t.document).where(one_of(connection, t.document.c.document_key, some)))

    def batch_status(self, ref: BatchRef, status: BatchStatus, message: str | None = None) -> None:
        """Write how the batch stands; ``done``, ``halted`` and ``blocked`` also end it."""
        ended = _now() if status in (BatchStatus.DONE, BatchStatus.HALTED, BatchStatus.BLOCKED) else None
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(t.batch)
                .where(t.batch.c.batch_key == ref.key)
                .values(status=status, message=message, finished_at=ended)
            )

    def batch_left_open(self, ref: BatchRef, message: str) -> None:
        """Write that documents are left to do, unless the batch was halted: why it was tells more."""
        with self._engine.begin() as connection:
            connection.execute(
                sa.update(t.batch)
                .where(t.batch.c.batch_key == ref.key, t.batch.c.status != BatchStatus.HALTED)
                .values(status=BatchStatus.PROCESSING, message=message, finished_at=None)
            )

    def batch_rebuilt(self, ref: BatchRef) -> None:
        """Close a batch that was restored from the store, unless documents of it were still on their way."""
        with self._engine.begin() as connection:
            open_documents = sa.select(t.document.c.document_key).where(
                t.document.c.batch_key == ref.key,
                t.document.c.status.in_((DocumentStatus.RECEIVED, DocumentStatus.PROCESSING)),
            )
            connection.execute(
                sa.update(t.batch)
                .where(t.batch.c.batch_key == ref.key, t.batch.c.status != BatchStatus.BLOCKED)
                .where(~open_documents.exists())
                .values(status=BatchStatus.DONE, finished_at=_now())
            )

    # --- documents

    def record(self, outcome: Outcome, batch: BatchRef) -> None:
        """Write how one stage of one document ended, and the files it left."""
        finished = _now()
        with self._engine.begin() as connection:
            connection.execute(
                sa.insert(t.stage_run).values(
                    document_key=outcome.document_key,
                    batch_key=batch.key,
                    stage=outcome.stage,
                    run_key=outcome.run_key,
                    status=outcome.status,
                    reason_code=outcome.reason_code,
                    message=outcome.detail or None,
                    started_at=finished - dt.timedelta(seconds=outcome.seconds),
                    finished_at=finished,
                    seconds=outcome.seconds,
                )
            )
            connection.execute(_standing(outcome, finished))
            if outcome.artefact:
                self._write_artefact(connection, outcome.document_key, outcome.artefact, outcome.run_key, finished)

    def kept(self, document_key: str, artefact: Artefact, run_key: str, at: dt.datetime) -> None:
        """Write that a file of a document was put by somebody who is no stage; the document stands as it stood."""
        with self._engine.begin() as connection:
            self._write_artefact(connection, document_key, artefact, run_key, at)

    def restored(self, outcome: Outcome, batch: BatchRef) -> None:
        """Write a quarantine the archive tells of, unless it is written already; the document stands in it."""
        if (outcome.document_key, outcome.run_key) not in self.quarantines(batch):
            self.record(outcome, batch)
            return
        with self._engine.begin() as connection:
            connection.execute(_standing(outcome, _now()))

    def _write_artefact(
        self, connection: sa.Connection, document_key: str, artefact: Artefact, run_key: str, at: dt.datetime
    ) -> None:
        connection.execute(
            sa.update(t.artefact)
            .where(t.artefact.c.document_key == document_key, t.artefact.c.kind == artefact.kind)
            .values(current=False)
        )
        row = _artefact_row(document_key, artefact, run_key, at)
        upsert(connection, t.artefact, [row], update=("run_key", "current"))

    def documents_done(self, document_keys: Sequence[str]) -> None:
        """These documents are in the warehouse."""
        done = {"status": DocumentStatus.DONE, "stage": "load", "reason_code": None, "reason_detail": None}
        document = t.document.c
        other = (
            document.status != DocumentStatus.DONE,
            document.stage.is_distinct_from("load"),
            document.reason_code.is_not(None),
        )
        with self._engine.begin() as connection:
            for some in chunks(document_keys):
                connection.execute(
                    sa.update(t.document)
                    .where(one_of(connection, document.document_key, some), sa.or_(*other))
                    .values(**done, updated_at=_now())
                )

    def finished(self, ref: BatchRef) -> dict[str, str]:
        """Documents of the batch whose record is loaded: document key → run key of that record."""
        query = (
            sa.select(t.record.c.document_key, t.record.c.run_key)
            .join(t.document, t.document.c.document_key == t.record.c.document_key)
            .where(t.document.c.batch_key == ref.key, t.document.c.status == DocumentStatus.DONE)
        )
        with self._engine.connect() as connection:
            return {row.document_key: row.run_key for row in connection.execute(query)}

    def quarantines(self, ref: BatchRef) -> dict[tuple[str, str], Outcome]:
        """Work that ended in quarantine and would end there again, by document key and run key."""
        run = t.stage_run.c
        query = sa.select(run.document_key, run.run_key, run.stage, run.reason_code, run.message).where(
            run.batch_key == ref.key, run.status == StageStatus.QUARANTINED
        )
        with self._engine.connect() as connection:
            return {
                (row.document_key, row.run_key): Outcome(
                    row.document_key,
                    row.stage,
                    Ending.QUARANTINED,
                    row.run_key,
                    reason_code=row.reason_code,
                    detail=row.message or "",
                )
                for row in connection.execute(query)
            }

    def release(self, ref: BatchRef, document_id: str | None = None) -> int:
        """Forget the quarantines of a batch, or of one document, so that the next run tries again; how many."""
        where = [t.stage_run.c.batch_key == ref.key, t.stage_run.c.status == StageStatus.QUARANTINED]
        if document_id:
            where.append(t.stage_run.c.document_key == f"{ref.key}/{document_id}")
        with self._engine.begin() as connection:
            return connection.execute(sa.update(t.stage_run).where(*where).values(status=StageStatus.FAILED)).rowcount

    def archived_content(self, sha256: str) -> str | None:
        """Key of the document whose original has this digest, if one is archived and was not replaced since."""
        query = (
            sa.select(t.artefact.c.document_key)
            .where(t.artefact.c.sha256 == sha256, t.ORIGINAL, t.artefact.c.current)
            .order_by(t.artefact.c.created_at)
            .limit(1)
        )
        with self._engine.connect() as connection:
            return connection.execute(query).scalar_one_or_none()

    def originals(self, document_key: str) -> tuple[str, ...]:
        """Digests of a document's originals, sorted; none when the ledger does not know it."""
        query = sa.select(t.artefact.c.sha256).where(
            t.artefact.c.document_key == document_key,
            t.artefact.c.kind == ArtefactKind.ORIGINAL,
            t.artefact.c.current,
        )
        with self._engine.connect() as connection:
            return tuple(sorted(connection.execute(query).scalars()))


def _replaced(connection: sa.Connection, originals: list[dict[str, Any]], document_keys: list[str]) -> None:
    """Originals of these documents that were not delivered this time are no longer the current ones."""
    delivered = {(row["document_key"], row["key"]) for row in originals}
    artefact = t.artefact.c
    for some in chunks(document_keys):
        known = sa.select(artefact.document_key, artefact.key).where(
            one_of(connection, artefact.document_key, some), artefact.kind == ArtefactKind.ORIGINAL, artefact.current
        )
        gone = sorted({tuple(row) for row in connection.execute(known)} - delivered)
        for key, name in gone:
            own = (artefact.document_key == key, artefact.kind == ArtefactKind.ORIGINAL, artefact.key == name)
            connection.execute(sa.update(t.artefact).where(*own).values(current=False))


def _standing(outcome: Outcome, at: dt.datetime) -> sa.Update:
    return (
        sa.update(t.document)
        .where(t.document.c.document_key == outcome.document_key)
        .values(
            status=_document_status(outcome),
            stage=outcome.stage,
            reason_code=outcome.reason_code,
            reason_detail=outcome.detail or None,
            updated_at=at,
        )
    )


def _document_status(outcome: Outcome) -> DocumentStatus:
    if outcome.status is Ending.QUARANTINED:
        return DocumentStatus.QUARANTINED
    return DocumentStatus.PROCESSING


def _document_row(ref: BatchRef, entry: DocumentEntry, fault: Fault | None) -> dict[str, Any]:
    return {
        "document_key": f"{ref.key}/{entry.document_id}",
        "batch_key": ref.key,
        "document_id": entry.document_id,
        "unit_code": entry.unit_code,
        "record_type": entry.record_type,
        "year": entry.year,
        "pages": entry.pages,
        "medium": entry.medium,
        "book": entry.book,
        "number": entry.number,
        "status": DocumentStatus.REFUSED if fault else DocumentStatus.RECEIVED,
        "stage": "receive",
        "reason_code": fault.code if fault else None,
        "reason_detail": fault.detail if fault else None,
        "updated_at": _now(),
    }


def _fault_row(batch_key: str, fault: Fault) -> dict[str, Any]:
    return {
        "batch_key": batch_key,
        "document_id": fault.document_id,
        "code": fault.code,
        "severity": fault.severity,
        "detail": fault.detail,
        "file": fault.file,
        "row": fault.row,
        "column_name": fault.column,
    }


def _artefact_row(document_key: str, artefact: Artefact, run_key: str | None, at: dt.datetime) -> dict[str, Any]:
    return {
        "document_key": document_key,
        "kind": artefact.kind,
        "key": artefact.key,
        "sha256": artefact.sha256,
        "size": artefact.size,
        "media_type": artefact.media_type,
        "run_key": run_key,
        "created_at": at,
        "current": True,
    }

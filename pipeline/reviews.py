"""What people decide about records: kept in the archive as the document's next record, then brought to the warehouse.

A decision makes a new ``record`` artefact beside the old ones: the warehouse rebuilt from the archive knows it, and
the record finished last counts, as ever. Transcriptions stay what was read; what a person said stands beside them.
A later run of the same scan carries the decisions on; another scan is another paper and is judged anew. One kind of
decision asks for such a scan: then, and only then, a finished document takes another one under its own id.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from manifests.decisions import Decision, DecisionRefusedError
from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentRecord
from manifests.serial import to_json
from pipeline import archive
from pipeline.context import Context
from pipeline.decisions import decided
from pipeline.reruns import order_rerun
from pipeline.stores import ContentConflictError
from pipeline.work.index import last_record
from pipeline.work.receive import last_receipt
from warehouse.load import load_records

_MOVED_ON = "Hồ sơ này vừa được xử lý hoặc rà soát lại. Mở lại để xem bản mới nhất rồi quyết định."


def decide(context: Context, document_key: str, decision: Decision, *, seen: str) -> DocumentRecord:
    """Let a decision stand: in the archive first, then in the warehouse.

    Args:
        context: Stores and database.
        document_key: Of a finished document.
        decision: ``overcome`` is filled in here.
        seen: ``version_of`` the record the person looked at; any other one refuses the decision.

    Raises:
        DecisionRefusedError: A value cannot be what it is said to be, there is no such record, or it has moved on.
        StoreUnavailableError, DatabaseUnavailableError: Nothing was decided, or (the latter) the archive knows the
            decision and the next load brings it into the warehouse.
    """
    known = last_record(context, document_key)
    if known is not None and version_of(known) != seen:
        load_records(context.database, [known])  # the warehouse may be behind: opened again it shows the newest
    if known is None or version_of(known) != seen:
        raise DecisionRefusedError(document_key, {"": _MOVED_ON})
    decision = replace(decision, overcome=known.record.review_reasons)
    made = replace(decided(known, decision), finished_at=max(decision.at, known.finished_at))
    name = f"{made.run_key}-d{len(made.decisions)}"
    key = archive.artefact(document_key, ArtefactKind.RECORD, name, ".json")
    data = to_json(made)
    try:
        context.archive.put_bytes(key, data)
    except ContentConflictError:
        raise DecisionRefusedError(document_key, {"": _MOVED_ON}) from None
    if decision.rescan:
        _let_in(context, made, name)
    load_records(context.database, [made])
    digest = hashlib.sha256(data).hexdigest()
    artefact = Artefact(ArtefactKind.RECORD, key, digest, len(data), "application/json")
    context.ledger.kept(document_key, artefact, made.run_key, made.finished_at)
    return made


def _let_in(context: Context, document: DocumentRecord, decision_name: str) -> None:
    """Have the drop checked anew when the better scan was delivered before somebody asked for it, and refused."""
    batch: BatchRef = document.batch
    receipt = last_receipt(context.archive, batch)
    refused = {fault.document_id for fault in receipt.faults if fault.code == "content_changed"} if receipt else set()
    if document.entry.document_id in refused:
        order_rerun(context, batch, [], "receive", reason="scan again", order=decision_name)


def version_of(document: DocumentRecord) -> str:
    """What tells one state of a record from the next."""
    return document.finished_at.isoformat()

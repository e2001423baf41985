"""``receive``: a drop is checked against its manifest, and what holds is copied into the archive, byte for byte."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from manifests.delivery import AcceptedDocument, DeliveryReport, check_delivery
from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentEntry, SignatureFact
from manifests.manifest import find_manifest, read_manifest
from manifests.reasons import Fault, Severity
from manifests.serial import from_json, to_json
from ocr.probe import probe
from pipeline import archive
from pipeline.context import Context
from pipeline.decisions import waits_for_a_scan
from pipeline.errors import UnknownBatchError
from pipeline.intake import drop_state, is_ready, local_drop
from pipeline.options import limits
from pipeline.plan import ordered_reruns, trust_settings
from pipeline.results import Receipt, ReceivedDocument
from pipeline.run_keys import run_key
from pipeline.stages import stage
from pipeline.stores import ContentConflictError, NoSuchObjectError, ObjectStore, Put, SourceChangedError
from pipeline.work.contents import claim
from pipeline.work.index import last_record
from signing.errors import VerificationError
from signing.guard import Examiner

BATCH_ORDER = ".batch"
"""Stands for the whole batch among its rerun orders; no document id begins with a dot."""


def receive(
    context: Context, ref: BatchRef, on_document: Callable[[DocumentEntry], None] | None = None
) -> tuple[Receipt, bool]:
    """Check and archive a drop; returns the receipt and whether this state of the drop had been received before.

    A drop that nobody touched since is not read again: names, sizes and times are its run key. A drop that is gone,
    or not ready because staff are changing it, is what was received of it last: the originals are in the archive.

    Raises:
        UnknownBatchError: It is not ready, and nothing was ever received of it.
    """
    if not is_ready(context.intake, ref):
        last = last_receipt(context.archive, ref)
        if last is None:
            raise UnknownBatchError(ref.key)
        return last, True
    key = _state_key(context, ref)
    try:
        return from_json(Receipt, context.archive.get_bytes(archive.receipt(ref, key))), True
    except NoSuchObjectError:
        pass
    with local_drop(context, ref) as drop:
        report = check_delivery(
            drop,
            ref,
            probe=lambda path: probe(path, limits(context.settings)),
            known=partial(_owner, context, _declared(drop, ref)),
            progress=on_document,
        )
        receipt = _archive(context, ref, key, drop, report)
    try:
        context.archive.put_bytes(archive.receipt(ref, key), to_json(receipt))
    except ContentConflictError:
        receipt = from_json(Receipt, context.archive.get_bytes(archive.receipt(ref, key)))
    return receipt, False


def known_receipt(context: Context, ref: BatchRef) -> Receipt | None:
    """The receipt of the drop as it stands; the last one when nobody received this state of it."""
    try:
        return from_json(Receipt, context.archive.get_bytes(archive.receipt(ref, _state_key(context, ref))))
    except NoSuchObjectError:
        return last_receipt(context.archive, ref)


def _state_key(context: Context, ref: BatchRef) -> str:
    again = ordered_reruns(context.archive, ref).get(BATCH_ORDER, Counter())["receive"]
    # the limits are part of the verdict: whoever raises one wants another
    return run_key(stage("receive"), drop_state(context.intake, ref), limits(context.settings), reruns=again)


def last_receipt(store: ObjectStore, ref: BatchRef) -> Receipt | None:
    """What was found when the batch was received last with a manifest that could be used; else what was found."""
    found = [
        from_json(Receipt, store.get_bytes(entry.key))
        for entry in store.list(archive.receipts(ref))
        if entry.key.endswith(".json")
    ]
    return max(found, key=lambda receipt: (not receipt.blocked, receipt.received_at), default=None)


def _archive(context: Context, ref: BatchRef, key: str, drop: Path, report: DeliveryReport) -> Receipt:
    manifest = find_manifest(drop)
    declared: tuple[DocumentEntry, ...] = ()
    if manifest and report.manifest_sha256:
        declared = read_manifest(manifest, home=ref.unit_code).entries
        copy = archive.manifest_copy(ref, report.manifest_sha256, manifest.suffix)
        context.archive.put_file(copy, manifest, sha256=report.manifest_sha256)
    documents: list[ReceivedDocument] = []
    faults = list(report.faults)
    with Examiner(context.settings.examine_timeout) as examiner:
        for accepted in report.accepted:
            document, found = _archive_document(context, ref, drop, accepted, examiner)
            faults += found
            if document:
                documents.append(document)
    return Receipt(
        batch=ref,
        run_key=key,
        manifest_sha256=report.manifest_sha256,
        documents=tuple(documents),
        faults=tuple(faults),
        declared=declared,
        blocked=report.blocked,
        received_at=dt.datetime.now(dt.UTC),
    )


def _archive_document(
    context: Context, ref: BatchRef, drop: Path, accepted: AcceptedDocument, examiner: Examiner
) -> tuple[ReceivedDocument | None, list[Fault]]:
    entry = accepted.entry
    document_key = f"{ref.key}/{entry.document_id}"
    finished = last_record(context, document_key)
    if finished and finished.entry.sha256 != entry.sha256 and waits_for_a_scan(finished):
        finished = None  # a person asked for this scan: it lies beside the first one
    if finished and finished.entry.sha256 != entry.sha256:
        detail = f"đang lưu {len(finished.entry.sha256)} tệp, {finished.entry.sha256[0][:12]}…"
        return None, [Fault("content_changed", detail, document_id=entry.document_id, row=entry.row)]
    kept = [a.key for a in finished.artefacts if a.kind == ArtefactKind.ORIGINAL] if finished else []
    originals = []
    for number, (name, sha256, facts) in enumerate(zip(entry.files, entry.sha256, accepted.files, strict=True)):
        key = kept[number] if kept else archive.original(document_key, number + 1, name)
        try:
            put = _put(context, key, archive.original(document_key, number + 1, name, sha256), drop / name, sha256)
        except SourceChangedError:
            return None, [Fault("file_still_changing", "", document_id=entry.document_id, file=name, row=entry.row)]
        originals.append(Artefact(ArtefactKind.ORIGINAL, put.key, sha256, put.size, facts.media_type))
    owner = claim(context, ref, document_key, entry.sha256)
    if owner:
        fault = Fault("duplicate_in_archive", f"giống hệt hồ sơ {owner}", document_id=entry.document_id)
        return None, [replace(fault, row=entry.row, data={"document_key": owner})]
    signatures, faults = _input_signatures(context, drop, accepted, examiner)
    document = ReceivedDocument(ref, entry, tuple(originals), accepted.files, signatures)
    return document, faults


def _put(context: Context, key: str, other: str, path: Path, sha256: str) -> Put:
    """Keep an original under ``key``; under ``other`` when a scan that was never finished lies there.

    What was archived but never became a record – its run was killed, it was quarantined – may be delivered better
    under the same id. Nothing is overwritten: the better scan lies beside it.
    """
    try:
        return context.archive.put_file(key, path, sha256=sha256)
    except ContentConflictError:
        return context.archive.put_file(other, path, sha256=sha256)


def _declared(drop: Path, ref: BatchRef) -> dict[str, tuple[str, ...]]:
    """Content of each document the manifest names, by document key."""
    manifest = find_manifest(drop)
    entries = read_manifest(manifest, home=ref.unit_code).entries if manifest else ()
    return {f"{ref.key}/{entry.document_id}": entry.sha256 for entry in entries}


def _owner(context: Context, declared: Mapping[str, tuple[str, ...]], sha256: str) -> str | None:
    """Key of the document that keeps this content, unless this very drop gives that document another one."""
    owner = context.ledger.archived_content(sha256)
    if owner and sha256 not in declared.get(owner, (sha256,)) and last_record(context, owner) is None:
        return None
    return owner


def _input_signatures(
    context: Context, drop: Path, accepted: AcceptedDocument, examiner: Examiner
) -> tuple[tuple[SignatureFact, ...], list[Fault]]:
    found: list[SignatureFact] = []
    faults: list[Fault] = []
    for name, facts in zip(accepted.entry.files, accepted.files, strict=True):
        if not facts.signed:
            continue
        detail = ""
        try:
            signatures = examiner.examine(drop / name, trust=trust_settings(context.settings)).signatures
        except VerificationError as error:
            signatures, detail = (), error.detail
        found += [replace(s, field_name=f"{name}: {s.field_name}") for s in signatures]
        if not signatures or not all(s.intact for s in signatures):
            faults.append(
                Fault(
                    "input_signature_broken",
                    detail,
                    severity=Severity.WARNING,
                    document_id=accepted.entry.document_id,
                    file=name,
                )
            )
    return tuple(found), faults

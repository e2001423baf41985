"""``receive``: a drop is checked against its manifest, and what holds is copied into the archive, byte for byte."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from manifests.delivery import AcceptedDocument, DeliveryReport, check_delivery
from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentEntry, SignatureFact
from manifests.manifest import find_manifest, read_manifest
from manifests.reasons import Fault, Severity
from manifests.serial import from_json, to_json
from ocr.limits import Limits
from ocr.probe import probe
from pipeline import archive
from pipeline.context import Context
from pipeline.intake import drop_state, fetch_drop
from pipeline.plan import ordered_reruns, trust_settings
from pipeline.results import Receipt, ReceivedDocument
from pipeline.run_keys import run_key
from pipeline.stages import stage
from pipeline.stores import ContentConflictError, NoSuchObjectError, SourceChangedError
from signing.errors import VerificationError
from signing.verify import verify_pdf

BATCH_ORDER = ".batch"
"""Stands for the whole batch among its rerun orders; no document id begins with a dot."""


def limits(context: Context) -> Limits:
    """What a hostile file may cost, from the settings."""
    return Limits(max_pages=context.settings.max_pages, max_pixels=int(context.settings.max_megapixels * 1e6))


def receive(
    context: Context, ref: BatchRef, on_document: Callable[[DocumentEntry], None] | None = None
) -> tuple[Receipt, bool]:
    """Check and archive a drop; returns the receipt and whether this state of the drop had been received before.

    A drop that nobody touched since is not read again: names, sizes and times are its run key.
    """
    again = ordered_reruns(context.archive, ref).get(BATCH_ORDER, Counter())["receive"]
    key = run_key(stage("receive"), drop_state(context.intake, ref), reruns=again)
    try:
        return from_json(Receipt, context.archive.get_bytes(archive.receipt(ref, key))), True
    except NoSuchObjectError:
        pass
    with context.folder() as folder:
        drop = folder / "drop"
        drop.mkdir()
        fetch_drop(context.intake, ref, drop)
        report = check_delivery(
            drop,
            ref,
            probe=lambda path: probe(path, limits(context)),
            known=context.ledger.archived_content,
            progress=on_document,
        )
        receipt = _archive(context, ref, key, drop, report)
    try:
        context.archive.put_bytes(archive.receipt(ref, key), to_json(receipt))
    except ContentConflictError:
        receipt = from_json(Receipt, context.archive.get_bytes(archive.receipt(ref, key)))
    return receipt, False


def _archive(context: Context, ref: BatchRef, key: str, drop: Path, report: DeliveryReport) -> Receipt:
    manifest = find_manifest(drop)
    declared: tuple[DocumentEntry, ...] = ()
    if manifest and report.manifest_sha256:
        declared = read_manifest(manifest, home=ref.unit_code).entries
        context.archive.put_file(archive.manifest_copy(ref, report.manifest_sha256, manifest.suffix), manifest)
    documents: list[ReceivedDocument] = []
    faults = list(report.faults)
    for accepted in report.accepted:
        document, found = _archive_document(context, ref, drop, accepted)
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
    context: Context, ref: BatchRef, drop: Path, accepted: AcceptedDocument
) -> tuple[ReceivedDocument | None, list[Fault]]:
    entry = accepted.entry
    document_key = f"{ref.key}/{entry.document_id}"
    other = _other_content(context, document_key, entry)
    if other:
        return None, [other]
    originals = []
    for position, (name, sha256, facts) in enumerate(
        zip(entry.files, entry.sha256, accepted.files, strict=True), start=1
    ):
        key = archive.original(document_key, position, name)
        path = drop / name
        try:
            context.archive.put_file(key, path, sha256=sha256)
        except ContentConflictError as error:
            return None, [Fault("content_changed", f"đang lưu {error.kept[:12]}…", document_id=entry.document_id)]
        except SourceChangedError:
            return None, [Fault("file_still_changing", "", document_id=entry.document_id, file=name)]
        originals.append(Artefact(ArtefactKind.ORIGINAL, key, sha256, path.stat().st_size, facts.media_type))
    signatures, faults = _input_signatures(context, drop, accepted)
    document = ReceivedDocument(ref, entry, tuple(originals), accepted.files, signatures)
    return document, faults


def _other_content(context: Context, document_key: str, entry: DocumentEntry) -> Fault | None:
    """A document already archived under this id with other files: kept bytes never change, so it is refused."""
    expected = {archive.original(document_key, n, name) for n, name in enumerate(entry.files, start=1)}
    kept = {found.key for found in context.archive.list(archive.originals(document_key))}
    if kept - expected:
        return Fault("content_changed", f"đang lưu {len(kept)} tệp khác", document_id=entry.document_id)
    return None


def _input_signatures(
    context: Context, drop: Path, accepted: AcceptedDocument
) -> tuple[tuple[SignatureFact, ...], list[Fault]]:
    found: list[SignatureFact] = []
    faults: list[Fault] = []
    for name, facts in zip(accepted.entry.files, accepted.files, strict=True):
        if not facts.signed:
            continue
        try:
            signatures = verify_pdf(drop / name, trust=trust_settings(context.settings))
        except VerificationError:
            signatures = ()
        found += [replace(s, field_name=f"{name}: {s.field_name}") for s in signatures]
        if not signatures or not all(s.intact for s in signatures):
            faults.append(
                Fault(
                    "input_signature_broken",
                    "",
                    severity=Severity.WARNING,
                    document_id=accepted.entry.document_id,
                    file=name,
                )
            )
    return tuple(found), faults

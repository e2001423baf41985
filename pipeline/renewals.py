"""Renewing the evidence of signed files: the one change a signed file may see, and it makes a new version.

The old version stays. A sidecar named by the old version's digest says what followed it, so the chain can be walked
from what ``sign`` made; a new record with the new version, its verdicts and the event is what the warehouse loads and
what a rebuilt one finds.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from manifests.documents import Artefact, ArtefactKind, BatchRef, DocumentRecord, Event
from manifests.serial import to_json
from pipeline import archive
from pipeline.attempts import patiently
from pipeline.context import Context
from pipeline.errors import Disposition, PdfaInvalidError, disposition, reason_code, safe_message
from pipeline.plan import trust_settings
from pipeline.results import Signed
from pipeline.stores import ContentConflictError
from pipeline.work.desk import SigningDesk
from pipeline.work.index import AGENT, last_record
from pipeline.work.sign import ArchiveJournal, proof_required, require_proof
from pipeline.work.versions import RENEWAL, follower
from signing.extend import Extension, extend_pdf
from signing.levels import Level
from signing.pdfa import PdfaStatus, PdfaValidator, PdfaVerdict
from signing.verify import verify_pdf
from warehouse.evidence import documents_due
from warehouse.load import load_records

T = TypeVar("T")

EVENT = "digital signature renewal"
"""PREMIS event type: not among the terms of its vocabulary, which has no word for archive timestamps."""


@dataclass(frozen=True, slots=True)
class Renewal:
    """What became of one signed file.

    Attributes:
        added: What was added; empty when nothing was.
        until: Until when its signatures are proven now, as far as that is known.
        reason_code, detail: Why it could not be done, or why nothing was gained.
    """

    document_key: str
    added: tuple[str, ...] = ()
    level: str = ""
    until: dt.datetime | None = None
    reason_code: str | None = None
    detail: str = ""


@dataclass(frozen=True)
class _Extended:
    record: DocumentRecord
    before: Artefact
    path: Path
    extension: Extension


def renew(
    context: Context,
    refs: Sequence[BatchRef] | None = None,
    *,
    days: int | None = None,
    on_document: Callable[[Renewal], None] | None = None,
) -> list[Renewal]:
    """Renew every signed file whose evidence ends within ``days``; may be killed anywhere and called again.

    Args:
        refs: Only these batches.
        days: The setting ``renewal_days`` when ``None``.

    Raises:
        Exception: Of disposition HALT, or RETRY after everything else was done: call it again later.
    """
    margin = dt.timedelta(days=context.settings.renewal_days if days is None else days)
    due = documents_due(context.database, dt.datetime.now(dt.UTC) + margin, [ref.key for ref in refs or ()])
    if due:
        require_proof(context)
    size = context.settings.chunk_size
    told: list[Renewal] = []
    away: BaseException | None = None
    with SigningDesk(context) as desk:
        for start in range(0, len(due), size):
            for result in _renew_some(context, desk, due[start : start + size], margin):
                if isinstance(result, BaseException):
                    away = result
                    continue
                told.append(result)
                if on_document:
                    on_document(result)
    if away:
        raise away
    return told


def _renew_some(
    context: Context, desk: SigningDesk, keys: Sequence[str], margin: dt.timedelta
) -> list[Renewal | BaseException]:
    """A chunk: timestamps are waited for side by side, veraPDF proves what came out in one process."""
    with context.folder() as folder, ThreadPoolExecutor(2 * context.settings.tsa_slots) as pool:
        work = [
            pool.submit(_tried, key, partial(_extend, context, desk, key, folder / f"{n}.pdf", margin))
            for n, key in enumerate(keys)
        ]
        ended = [future.result() for future in work]
        made = [it for it in ended if isinstance(it, _Extended)]
        verdicts = PdfaValidator(context.settings.verapdf).validate([it.path for it in made]) if made else {}
        return [
            _tried(it.record.document_key, partial(_keep, context, it, verdicts[it.path]))
            if isinstance(it, _Extended)
            else it
            for it in ended
        ]


def _tried(key: str, work: Callable[[], T]) -> T | Renewal | BaseException:
    """What ``work`` gives; a document's own fault as a renewal that failed, the world's as the error itself."""
    try:
        return work()
    except Exception as error:
        found = disposition(error)
        if found is Disposition.HALT:
            raise
        if found is Disposition.RETRY:
            return error
        return Renewal(key, reason_code=reason_code(error), detail=safe_message(error))


def _extend(
    context: Context, desk: SigningDesk, document_key: str, target: Path, margin: dt.timedelta
) -> _Extended | Renewal:
    record = last_record(context, document_key)
    before = _signed_artefact(record)
    if record is None or before is None:
        return Renewal(document_key, detail="no signed file")
    followed = follower(context, document_key, before.sha256)
    if followed:  # by a run that died before the new record was written
        return _record(context, record, followed, ())
    source = target.with_suffix(".source.pdf")
    context.archive.get_file(before.key, source, sha256=before.sha256)
    extension = extend_pdf(
        source,
        target,
        trust=trust_settings(context.settings),
        revocation=desk.revocation(),
        timestamper=desk.timestamper(),
        due_before=margin,
        level=Level.B_LTA,
        journal=ArchiveJournal(context, desk, document_key, _name(before.sha256)),
    )
    source.unlink()
    if not extension.added:
        return Renewal(document_key, (), extension.level, extension.evidence_until, detail=extension.note)
    return _Extended(record, before, target, extension)


def _keep(context: Context, it: _Extended, proven: PdfaVerdict) -> Renewal:
    """Store the new version, then say that it follows the old one, then write the record that holds it."""
    key = it.record.document_key
    unproven = proven.status is PdfaStatus.NOT_CHECKED and proof_required(context)
    if unproven or (proven.status is PdfaStatus.INVALID and it.record.pdfa_verdict == PdfaStatus.VALID):
        raise PdfaInvalidError(key, proven.detail)
    target = archive.artefact(key, ArtefactKind.SIGNED_PDF, _name(it.before.sha256), ".pdf")
    signatures = it.extension.signatures
    try:
        put = context.archive.put_file(target, it.path)
        size, sha256 = put.size, put.sha256
    except ContentConflictError as error:  # another run was here first: its version stands
        it.path.unlink()
        context.archive.get_file(target, it.path)
        signatures = verify_pdf(it.path, trust=trust_settings(context.settings))
        size, sha256 = it.path.stat().st_size, error.kept
    signed = Signed(
        signed_pdf=Artefact(ArtefactKind.SIGNED_PDF, target, sha256, size, "application/pdf"),
        signatures=signatures,
        pdfa_verdict=str(proven.status),
        pdfa_detail=proven.detail,
        legal_profile=it.record.legal_profile,
        finished_at=dt.datetime.now(dt.UTC),
    )
    signed = context.keep_result(signed, key, RENEWAL, it.before.sha256)
    return _record(context, it.record, signed, it.extension.added)


def _record(context: Context, record: DocumentRecord, signed: Signed, added: tuple[str, ...]) -> Renewal:
    """Write and load the record of a document with the new version in place of the old one."""
    assert signed.signed_pdf is not None  # noqa: S101 - a renewal always made a file
    ends = [fact.evidence_until for fact in signed.signatures if fact.evidence_until]
    until = min(ends, default=None)
    proven = f"proven until {until:%Y-%m-%d}" if until else "not proven for any time"
    detail = f"{', '.join(added) or 'evidence'} added; {proven}; SHA-256 {signed.signed_pdf.sha256}"
    event = Event(EVENT, signed.finished_at, "success", detail, f"{AGENT} extend")
    made = replace(
        record,
        artefacts=(*(a for a in record.artefacts if a.kind != ArtefactKind.SIGNED_PDF), signed.signed_pdf),
        signatures=signed.signatures,
        pdfa_verdict=signed.pdfa_verdict,
        events=(*record.events, event),
        finished_at=max(signed.finished_at, record.finished_at + dt.timedelta(microseconds=1)),
    )
    name = archive.artefact(
        record.document_key, ArtefactKind.RECORD, record.run_key, f"-{_name(signed.signed_pdf.sha256)}.json"
    )
    try:
        context.archive.put_bytes(name, to_json(made))
    except ContentConflictError:
        made = last_record(context, record.document_key) or made
    patiently(partial(load_records, context.database, [made]), context.settings.retries)
    level = min((fact.level for fact in signed.signatures), default="")
    return Renewal(record.document_key, added or ("evidence",), level, until)


def _signed_artefact(record: DocumentRecord | None) -> Artefact | None:
    return next((a for a in record.artefacts if a.kind == ArtefactKind.SIGNED_PDF), None) if record else None


def _name(sha256: str) -> str:
    """How the version that follows a file is called."""
    return f"renewed-{sha256[:32]}"

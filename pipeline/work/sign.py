"""``sign``: finished PDF/A files in, signed and proven files out. This step opens no scan.

What is signed is taken from the archive by its digest. veraPDF proves what came out, many files in one process, and
only a file that is intact, trusted and still PDF/A gets its name in the archive.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from manifests.documents import Artefact, ArtefactKind, SignatureFact
from manifests.serial import from_json
from manifests.text import PageText
from pipeline import archive
from pipeline.context import Context
from pipeline.errors import ConfigurationError, PdfaInvalidError
from pipeline.options import taken_shares
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import Plan, record_link, signer_settings, trust_settings
from pipeline.results import Digitized, ReceivedDocument, Signed
from pipeline.stores import ContentConflictError, NoSuchObjectError
from pipeline.work.desk import SigningDesk
from signing.capture_rules import CopyFacts, PageCapture, check_capture, refuse_breaches
from signing.keys import open_signer
from signing.pdfa import PdfaStatus, PdfaValidator, PdfaVerdict
from signing.sign import SigningDetails
from signing.stage import COVERED, SigningTask, read_covered, sign_document, signing_tasks, told_covered
from signing.verify import verify_pdf

Job = tuple[ReceivedDocument, Plan]
_NOT_PDFA = "Tệp đã ký sẵn không phải PDF/A; tệp được giữ nguyên như khi giao nộp."

PROOF_MISSING = (
    "veraPDF is not installed, and SOHOA_PDFA_PROOF=required wants its word before a file is stored as signed; "
    "install it with 'scripts/setup test' (it needs Java), or name its folder in SOHOA_VERAPDF"
)


@dataclass(frozen=True)
class Candidate:
    """A signed file that still has to be proven PDF/A."""

    job: Job
    path: Path
    signatures: tuple[SignatureFact, ...]
    seconds: float
    own: Artefact | None = None
    """The delivered file, when its own signature is what counts."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ArchiveJournal:
    """Notes of one document's signing, beside the document in the archive."""

    context: Context
    desk: SigningDesk
    document_key: str
    run_key: str

    def recall(self, name: str) -> bytes | None:
        try:
            return self.context.archive.get_bytes(self._key(name))
        except NoSuchObjectError:
            return None

    def keep(self, name: str, data: bytes) -> bytes:
        try:
            self.context.archive.put_bytes(self._key(name), data)
        except ContentConflictError:  # another process was here first
            return self.context.archive.get_bytes(self._key(name))
        return data

    def alone(self, name: str) -> AbstractContextManager[None]:
        return self.desk.alone(f"{self.document_key} {name}")

    def _key(self, name: str) -> str:
        return archive.signing_note(self.document_key, self.run_key, name)


def try_key(context: Context, jobs: Sequence[Job]) -> None:
    """Open each key once, so that a wrong one stops a run before hours of reading.

    Raises:
        SigningError: It cannot be opened, or its certificate is not valid today.
    """
    kinds = sorted({kind for _, plan in jobs for kind in plan.signers})
    if kinds:
        require_proof(context)
    for kind in kinds:
        open_signer(signer_settings(context.settings, kind)).close()


def require_proof(context: Context) -> None:
    """See that there is a judge of PDF/A where the settings want its word on every signed file.

    Raises:
        ConfigurationError: veraPDF is not installed.
    """
    if proof_required(context) and not PdfaValidator(context.settings.verapdf).available:
        raise ConfigurationError(PROOF_MISSING)


def proof_required(context: Context) -> bool:
    """Whether no file without veraPDF's word may be stored as signed."""
    return context.settings.pdfa_proof == "required"


def sign(context: Context, desk: SigningDesk, job: Job, target: Path) -> Outcome | Candidate | None:
    """Sign one document into ``target``.

    Returns:
        What has to be proven and kept; how it ended when there is nothing to prove; ``None`` when the document was
        stopped on the way here.

    Raises:
        SigningError, StoreError: See ``pipeline.errors`` for what follows.
    """
    document, plan = job
    key = plan.keys["sign"]
    done = context.result(Signed, document.key, "sign", key)
    if done:
        return _outcome(job, Ending.SKIPPED, done)
    digitized = context.result(Digitized, document.key, "assemble", plan.keys["assemble"])
    if digitized is None:  # its quarantine says why
        return None
    facts_of_pages = (page.facts for page in digitized.pages)
    pages = tuple(PageCapture(facts.page_number, facts.dpi, facts.colour) for facts in facts_of_pages)
    notes = _check(job, CopyFacts(pages))
    if plan.keeps_own:
        (original,) = document.originals
        own = replace(original, kind=ArtefactKind.SIGNED_PDF)
        context.archive.get_file(own.key, target, sha256=own.sha256)
        return Candidate(job, target, document.input_signatures, 0.0, own, notes)
    if not plan.signers:
        unsigned = Signed(None, (), "not_checked", "", plan.profile.name, dt.datetime.now(dt.UTC), notes)
        return _outcome(job, Ending.DONE, context.keep_result(unsigned, document.key, "sign", key))
    require_proof(context)
    started = time.monotonic()
    if context.archive.exists(_stored(job)):  # signed by a run that died before its sidecar: never twice
        notes += told_covered(_covered(context, job))
        return Candidate(job, target, _adopt(context, job, target), time.monotonic() - started, notes=notes)
    source = target.with_suffix(".source.pdf")
    context.archive.get_file(digitized.pdfa.key, source, sha256=digitized.pdfa.sha256)
    try:
        made = sign_document(
            source,
            target,
            _tasks(context, desk, job, digitized),
            timestamper=desk.timestamper() if desk.level.timestamped else None,
            trust=trust_settings(context.settings),
            journal=ArchiveJournal(context, desk, document.key, key),
            level=desk.level,
            revocation=desk.revocation() if desk.level.proven else None,
        )
    finally:
        source.unlink()
    return Candidate(job, target, made.signatures, time.monotonic() - started, notes=notes + made.notes)


def keep(context: Context, candidate: Candidate, proven: PdfaVerdict) -> Outcome:
    """Give a signed file its name in the archive, and write the sidecar that says so.

    Raises:
        PdfaInvalidError: It is not PDF/A; nothing is kept. (A file kept for its own signature is as it is.)
        CopyRefusedError: It is of a flavour the legal profile does not let through.
    """
    document, plan = candidate.job
    notes, signatures = candidate.notes, candidate.signatures
    if candidate.own:  # its format is told only: whoever signed it answers for it, and it cannot be changed
        made = candidate.own
        if proven.status is PdfaStatus.VALID:
            told = check_capture(plan.profile, CopyFacts((), pdfa_flavour=proven.flavour))
            notes += tuple(breach.sentence for breach in told)
        elif proven.status is PdfaStatus.INVALID:
            notes += (_NOT_PDFA,)
    else:
        if proven.status is PdfaStatus.INVALID or (proven.status is not PdfaStatus.VALID and proof_required(context)):
            raise PdfaInvalidError(document.key, proven.detail)
        notes += _check(candidate.job, CopyFacts((), pdfa_flavour=proven.flavour))
        target = _stored(candidate.job)
        try:
            put = context.archive.put_file(target, candidate.path)
            size, sha256 = put.size, put.sha256
        except ContentConflictError as error:  # another process signed it at the same moment: its file stands
            signatures = _adopt(context, candidate.job, candidate.path)
            size, sha256 = candidate.path.stat().st_size, error.kept
        made = Artefact(ArtefactKind.SIGNED_PDF, target, sha256, size, "application/pdf")
    result = Signed(
        signed_pdf=made,
        signatures=signatures,
        pdfa_verdict=str(proven.status),
        pdfa_detail=proven.detail,
        legal_profile=plan.profile.name,
        finished_at=dt.datetime.now(dt.UTC),
        notes=notes,
    )
    done = context.keep_result(result, document.key, "sign", plan.keys["sign"])
    candidate.path.unlink(missing_ok=True)
    return _outcome(candidate.job, Ending.DONE, done, candidate.seconds)


def _tasks(context: Context, desk: SigningDesk, job: Job, digitized: Digitized) -> tuple[SigningTask, ...]:
    """The signatures the profile asks for, in order."""
    document, plan = job
    key = archive.page(document.key, digitized.pages_run_key, 1)
    first = from_json(PageText, context.archive.get_bytes(key))
    settings = context.settings
    details = SigningDetails(
        agency=plan.agency,
        copy_form=settings.copy_form,
        person=plan.converter,
        converter=plan.converter,
        occupied=taken_shares(first),  # which the visible signature keeps off
        seal=settings.seal,
        seal_width=settings.seal_width,
        link=record_link(settings, document),
    )
    return signing_tasks(plan.profile, desk.signer, details, countersigned=settings.agency_countersigns)


def _check(job: Job, facts: CopyFacts) -> tuple[str, ...]:
    """What the copy lacks of its legal profile's rules and goes on without.

    Raises:
        CopyRefusedError: The profile does not let it go on.
    """
    document, plan = job
    told = refuse_breaches(document.entry.document_id, plan.profile, facts)
    return tuple(breach.sentence for breach in told)


def _stored(job: Job) -> str:
    return archive.artefact(job[0].key, ArtefactKind.SIGNED_PDF, job[1].keys["sign"], ".pdf")


def _adopt(context: Context, job: Job, path: Path) -> tuple[SignatureFact, ...]:
    """Take the signed file that is stored already; its own signatures are what counts."""
    path.unlink(missing_ok=True)
    context.archive.get_file(_stored(job), path)
    return verify_pdf(path, trust=trust_settings(context.settings))


def _covered(context: Context, job: Job) -> float:
    """What the signatures of a stored file cover, from the notes of their making."""
    prefix = archive.signing_note(job[0].key, job[1].keys["sign"], "")
    notes = [entry.key for entry in context.archive.list(prefix) if entry.key.endswith(COVERED)]
    return sum(read_covered(context.archive.get_bytes(key)) for key in notes)


def _outcome(job: Job, status: Ending, done: Signed, seconds: float = 0.0) -> Outcome:
    return Outcome(
        document_key=job[0].key,
        stage="sign",
        status=status,
        run_key=job[1].keys["sign"],
        seconds=seconds,
        artefact=done.signed_pdf,
    )

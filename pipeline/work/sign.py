"""``sign``: finished PDF/A files in, signed and proven files out. This step opens no scan.

A chunk of documents is signed one by one into a temporary folder; veraPDF then proves all of them in one process,
and only a file that is intact, trusted and still PDF/A gets its name in the archive.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.documents import Artefact, ArtefactKind, SignatureFact
from manifests.serial import from_json
from manifests.text import PageText
from pipeline import archive
from pipeline.context import Context
from pipeline.errors import PdfaInvalidError
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import Plan, signer_settings, timestamp_settings, trust_settings, word_shares
from pipeline.results import Digitized, ReceivedDocument, Signed
from pipeline.stores import ContentConflictError
from signing.keys import Signer, open_signer
from signing.pdfa import PdfaStatus, PdfaValidator, PdfaVerdict
from signing.sign import SigningDetails
from signing.stage import SigningTask, sign_document
from signing.timestamps import local_tsa, open_timestamper
from signing.verify import verify_pdf

Job = tuple[ReceivedDocument, Plan]
Guard = Callable[[Job, str, str, Callable[[], Outcome | None]], Outcome | None]
"""The runner's way of calling work: job, stage, run key, work → outcome, errors classified."""


@dataclass(frozen=True)
class _Candidate:
    """A signed file that still has to be proven PDF/A."""

    document: ReceivedDocument
    plan: Plan
    path: Path
    signatures: tuple[SignatureFact, ...]
    seconds: float


class Desk:
    """Signer and timestamper, opened once for a chunk; nothing is opened when nothing is to be signed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._stack = ExitStack()
        self._opened: tuple[Signer, Any] | None = None

    def __enter__(self) -> Desk:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stack.close()

    def tools(self) -> tuple[Signer, Any]:
        if self._opened is None:
            settings = self._context.settings
            signer = open_signer(signer_settings(settings))
            url = settings.tsa_url or self._stack.enter_context(local_tsa(settings.test_pki_folder)).url
            self._opened = signer, open_timestamper(timestamp_settings(settings, url))
        return self._opened


def try_key(context: Context, jobs: Sequence[Job]) -> None:
    """Open the key once, so that a wrong one stops a run before hours of reading.

    Raises:
        SigningError: It cannot be opened, or its certificate is not valid today.
    """
    if any(plan.profile.signed for _, plan in jobs):
        open_signer(signer_settings(context.settings)).check()


def sign_documents(context: Context, jobs: Sequence[Job], guard: Guard) -> Iterator[Outcome]:
    """Sign every document of ``jobs`` that is assembled and not signed yet."""
    with context.folder() as folder, Desk(context) as desk:
        candidates: list[_Candidate] = []
        for number, job in enumerate(jobs):
            target = folder / f"{number}.pdf"

            def work(job: Job = job, target: Path = target) -> Outcome | None:
                return _sign(context, desk, job, target, candidates)

            outcome = guard(job, "sign", job[1].keys["sign"], work)
            if outcome:
                yield outcome
        if not candidates:
            return
        validator = PdfaValidator(context.settings.verapdf)
        verdicts = validator.validate([c.path for c in candidates])
        for candidate in candidates:
            proven = verdicts[candidate.path]

            def keep(candidate: _Candidate = candidate, proven: PdfaVerdict = proven) -> Outcome | None:
                return _keep(context, candidate, proven)

            outcome = guard((candidate.document, candidate.plan), "sign", candidate.plan.keys["sign"], keep)
            if outcome:
                yield outcome


def _sign(context: Context, desk: Desk, job: Job, target: Path, candidates: list[_Candidate]) -> Outcome | None:
    document, plan = job
    key = plan.keys["sign"]
    done = context.result(Signed, document.key, "sign", key)
    if done:
        return _outcome(document, key, Ending.SKIPPED, done)
    digitized = context.result(Digitized, document.key, "assemble", plan.keys["assemble"])
    if digitized is None:  # stopped on the way here; its quarantine says why
        return None
    if not plan.profile.signed:
        unsigned = Signed(None, (), "not_checked", "", plan.profile.name, dt.datetime.now(dt.UTC))
        return _outcome(document, key, Ending.DONE, context.keep_result(unsigned, document.key, "sign", key))
    started = time.monotonic()
    if context.archive.exists(_stored(document, key)):  # signed by a run that died before its sidecar: never twice
        facts = _adopt(context, document, key, target)
        candidates.append(_Candidate(document, plan, target, facts, time.monotonic() - started))
        return None
    source = target.with_suffix(".source.pdf")
    context.archive.get_file(digitized.pdfa.key, source, sha256=digitized.pdfa.sha256)
    signer, timestamper = desk.tools()
    details = SigningDetails(
        agency=plan.agency,
        person=plan.converter,
        converter=plan.converter,
        occupied=_occupied(context, document, digitized),
    )
    facts = sign_document(
        source,
        target,
        (SigningTask(plan.profile, signer, details),),
        timestamper=timestamper,
        trust=trust_settings(context.settings),
    )
    source.unlink()
    candidates.append(_Candidate(document, plan, target, facts, time.monotonic() - started))
    return None


def _occupied(
    context: Context, document: ReceivedDocument, digitized: Digitized
) -> tuple[tuple[float, float, float, float], ...]:
    """Boxes of the words on page 1 as shares of the page, which the visible signature keeps off."""
    key = archive.page(document.key, digitized.pages_run_key, 1)
    return word_shares(from_json(PageText, context.archive.get_bytes(key)))


def _stored(document: ReceivedDocument, key: str) -> str:
    return archive.artefact(document.key, ArtefactKind.SIGNED_PDF, key, ".pdf")


def _adopt(context: Context, document: ReceivedDocument, key: str, path: Path) -> tuple[SignatureFact, ...]:
    """Take the signed file that is stored already; its own signatures are what counts."""
    path.unlink(missing_ok=True)
    context.archive.get_file(_stored(document, key), path)
    return verify_pdf(path, trust=trust_settings(context.settings))


def _keep(context: Context, candidate: _Candidate, proven: PdfaVerdict) -> Outcome:
    document, plan = candidate.document, candidate.plan
    if proven.status is PdfaStatus.INVALID:
        raise PdfaInvalidError(document.key, proven.detail)
    key = plan.keys["sign"]
    target, signatures = _stored(document, key), candidate.signatures
    try:
        put = context.archive.put_file(target, candidate.path)
        size, sha256 = put.size, put.sha256
    except ContentConflictError as error:  # another process signed it at the same moment: its file stands
        signatures = _adopt(context, document, key, candidate.path)
        size, sha256 = candidate.path.stat().st_size, error.kept
    result = Signed(
        signed_pdf=Artefact(ArtefactKind.SIGNED_PDF, target, sha256, size, "application/pdf"),
        signatures=signatures,
        pdfa_verdict=str(proven.status),
        pdfa_detail=proven.detail,
        legal_profile=plan.profile.name,
        finished_at=dt.datetime.now(dt.UTC),
    )
    done = context.keep_result(result, document.key, "sign", key)
    return _outcome(document, key, Ending.DONE, done, candidate.seconds)


def _outcome(document: ReceivedDocument, key: str, status: Ending, done: Signed, seconds: float = 0.0) -> Outcome:
    return Outcome(
        document_key=document.key,
        stage="sign",
        status=status,
        run_key=key,
        seconds=seconds,
        artefact=done.signed_pdf,
    )

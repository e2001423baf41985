"""The signing stage: sign, judge what came out, and let only a good file have its name."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.documents import SignatureFact
from signing.changes import EVIDENCE
from signing.errors import SettingsError, SignatureInvalidError, VerificationError
from signing.fetch import RevocationSource
from signing.journal import FORGETFUL, Journal
from signing.keys import Signer
from signing.levels import Level, add_evidence
from signing.profile_rules import LegalProfile, SignerKind
from signing.settings import TrustSettings
from signing.sign import SigningDetails, publish, sign_pdf
from signing.stamping import add_timestamp, draft_name, keep_draft, newest_field, recall_draft
from signing.verify import verify_pdf

# A token has one session and an event loop it was opened in; the work under this lock is milliseconds.
_KEYS = threading.Lock()
COVERED = ".covered"
"""End of the name of a note: mm² of page 1 that a signature covers."""


@dataclass(frozen=True, slots=True)
class SigningTask:
    """One signature of a document: whose key, by which profile, with which words, as which of its signers (first)."""

    profile: LegalProfile
    signer: Signer
    details: SigningDetails
    role: SignerKind | None = None


@dataclass(frozen=True, slots=True)
class SignedDocument:
    """What became of a document.

    Attributes:
        signatures: The verdicts on it, oldest signature first.
        covered: Square mm of page 1's content under what was drawn there; 0.0 unless the page has no room left.
    """

    signatures: tuple[SignatureFact, ...]
    covered: float = 0.0

    @property
    def notes(self) -> tuple[str, ...]:
        """What people should look at, in sentences."""
        return told_covered(self.covered)


def told_covered(area: float) -> tuple[str, ...]:
    """The sentence about ``area`` mm² of a page that a signature covers; none when it covers nothing."""
    if not area:
        return ()
    much = f"{area:.0f}" if area >= 1 else "chưa đến 1"
    what = f"chữ ký hoặc con dấu che hoặc chạm vào {much} mm² nội dung"
    return (f"Trang 1: không còn chỗ trống, {what}; mở tệp đã ký để xem lại.",)


def signing_tasks(
    profile: LegalProfile,
    key: Callable[[SignerKind], Signer],
    details: SigningDetails,
    *,
    countersigned: bool = False,
) -> tuple[SigningTask, ...]:
    """The signatures ``profile`` asks for, in its order; with ``countersigned`` also those it leaves open.

    ``key`` opens the key of a signer; it is asked for no key that is not needed.

    Raises:
        SigningError: A key cannot be opened.
    """
    return tuple(
        SigningTask(profile, key(role), details, role) for role in profile.signers(countersigned=countersigned)
    )


def sign_document(
    source: Path,
    target: Path,
    tasks: tuple[SigningTask, ...],
    *,
    timestamper: Any,
    trust: TrustSettings,
    journal: Journal = FORGETFUL,
    level: Level | None = None,
    revocation: RevocationSource | None = None,
) -> SignedDocument:
    """Sign ``source`` once for each task, in order, and judge the result before it becomes ``target``.

    Every signature (those the source had, too) must be intact and valid, and each new one trusted by ``trust``
    and timestamped when a timestamper is given. What ``journal`` kept of an interrupted signing of the very same
    bytes is gone on with: no second signature, no second timestamp. Safe to call from many threads at once: keys
    sign one after the other, timestamps are waited for side by side. The PDF/A verdict is ``signing.pdfa``'s, for
    many files at once.

    Args:
        level: PAdES level the result must reach; B-T when ``None``, B-B without a timestamper.
        revocation: Whom to ask about the certificates, for B-LT and B-LTA.

    Raises:
        SignatureInvalidError: The result does not hold; nothing is kept.
        SigningError: As ``sign_pdf``.
        FileExistsError: ``target`` exists.
    """
    if not tasks:
        raise SettingsError("signing tasks", "there is nobody to sign; give at least one task")
    wanted = level or (Level.B_B if timestamper is None else Level.B_T)
    if (wanted.timestamped and timestamper is None) or (wanted.proven and revocation is None):
        raise SettingsError("signature level", f"{wanted} needs a timestamp authority and revocation settings")
    if target.exists():
        raise FileExistsError(f"{target.name} exists; signed files are never overwritten")
    with tempfile.TemporaryDirectory(prefix=".signing-", dir=target.parent) as folder:
        current = source
        made = set()
        covered = 0.0
        for number, task in enumerate(tasks):
            draft = Path(folder) / f"{number}.pdf"
            covered += _sign(current, draft, task, journal)
            if wanted.timestamped:
                add_timestamp(draft, timestamper, journal)
            made.add(newest_field(draft))
            current = draft
        if revocation is not None and wanted.proven:
            draft = Path(folder) / "proven.pdf"
            add_evidence(
                current,
                draft,
                level=wanted,
                trust=trust,
                revocation=revocation,
                timestamper=timestamper,
                journal=journal,
            )
            current = draft
        facts = _judge(current, target.name, made, trust, wanted)
        publish(current, target)
    return SignedDocument(facts, covered)


def _sign(source: Path, draft: Path, task: SigningTask, journal: Journal) -> float:
    """One signature without its timestamp, or the one that was kept; the mm² it covers."""
    name = draft_name(source, task.signer.certificate)
    note = f"{name}{COVERED}"
    if recall_draft(journal, name, source, draft):
        return read_covered(journal.recall(note))
    with _KEYS:
        covered = sign_pdf(
            source,
            draft,
            profile=task.profile,
            signer=task.signer,
            timestamper=None,
            details=task.details,
            role=task.role,
        )
    if covered:  # first, so that it is there whenever the draft is
        journal.keep(note, f"{covered:.1f}".encode())
    keep_draft(journal, name, source, draft)
    return covered


def read_covered(note: bytes | None) -> float:
    """Square mm from what the journal keeps under names that end in ``COVERED``."""
    return float(note) if note else 0.0


def _judge(path: Path, name: str, made: set[str], trust: TrustSettings, wanted: Level) -> tuple[SignatureFact, ...]:
    try:
        facts = verify_pdf(path, trust=trust)
    except VerificationError as fault:
        raise SignatureInvalidError(name, fault.detail) from fault
    ours = [fact for fact in facts if fact.field_name in made]
    if len(ours) != len(made) or set(facts[-1].changes) - EVIDENCE:
        raise SignatureInvalidError(name, "a signature is missing or does not cover the file")
    for fact in facts:
        if not (fact.intact and fact.valid):
            raise SignatureInvalidError(name, fact.summary)
    for fact in ours:
        if not fact.trusted:
            raise SignatureInvalidError(name, "the signer's certificate does not lead to a trusted root")
        if not wanted.reached_by(fact.level):
            raise SignatureInvalidError(name, f"it has the level {fact.level} instead of {wanted}")
    return facts

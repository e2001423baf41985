"""Prolonging the evidence of a signed file: the one change a signed file may see, always an incremental update."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manifests.documents import SignatureFact
from signing.changes import Change
from signing.errors import ExtensionRefusedError
from signing.fetch import RevocationSource
from signing.journal import FORGETFUL, Journal
from signing.levels import Level, add_evidence
from signing.settings import TrustSettings
from signing.sign import publish
from signing.verify import Examination, examine_pdf

_ARCHIVED = "archive_timestamp_certificate"
_BLOCK = 1 << 20
_ORDER = ("unknown", *Level)


@dataclass(frozen=True, slots=True)
class Extension:
    """What was done to a file.

    Attributes:
        added: ``validation_data`` and ``archive_timestamp``, as far as they were added; empty: nothing was due, or
            nothing would have been gained, and no file was written.
        level: The lowest level of its signatures now.
        evidence_until: Until when all of them are proven by what the file holds; ``ends_with`` what ends first.
        signatures: The verdicts now.
        note: Why nothing was added, when something was due; English, for the log.
    """

    added: tuple[str, ...]
    level: str
    evidence_until: dt.datetime
    ends_with: str
    signatures: tuple[SignatureFact, ...]
    note: str = ""


def extend_pdf(
    source: Path,
    target: Path,
    *,
    trust: TrustSettings,
    revocation: RevocationSource,
    timestamper: Any,
    due_before: dt.timedelta = dt.timedelta(days=90),
    level: Level = Level.B_LTA,
    journal: Journal = FORGETFUL,
) -> Extension:
    """Write ``source`` with what its evidence lacks into the new file ``target``; nothing when nothing is due.

    Due is what does not reach ``level``, and what is proven for less than ``due_before`` from now. ``source`` is
    the beginning of ``target``, byte for byte. What ``journal`` kept of an interrupted extension of the very same
    bytes is used instead of a second timestamp.

    Raises:
        ExtensionRefusedError: ``source`` has no signature, or one that is not intact, valid and trusted; or what
            came out does not hold. Nothing is kept.
        VerificationError: ``source`` is not a readable PDF.
        RevocationUnavailableError, TsaUnavailableError: An authority did not answer.
        FileExistsError: ``target`` exists.
    """
    if target.exists():
        raise FileExistsError(f"{target.name} exists; signed files are never overwritten")
    found = examine_pdf(source, trust=trust)
    before = found.signatures
    _refuse_broken(source.name, before)
    if not _due(before, level, due_before):
        return _tell((), before)
    with tempfile.TemporaryDirectory(prefix=".extending-", dir=target.parent) as folder:
        draft = Path(folder) / "draft.pdf"
        add_evidence(
            source,
            draft,
            level=level,
            trust=trust,
            revocation=revocation,
            timestamper=timestamper,
            journal=journal,
        )
        result = examine_pdf(draft, trust=trust)
        after = result.signatures
        _refuse_broken(source.name, after)
        if not _is_prefix(source, draft) or len(after) != len(before):
            raise ExtensionRefusedError(source.name, "what was added would have changed the signed file")
        if not _gained(before, after):
            return _tell((), before, "the timestamp authority's own certificate ends no later than the evidence")
        publish(draft, target)
    return _tell(_added(found, result), after)


def _refuse_broken(name: str, facts: Sequence[SignatureFact]) -> None:
    if not facts:
        raise ExtensionRefusedError(name, "it has no signature")
    for fact in facts:
        if not (fact.intact and fact.valid and fact.trusted):
            raise ExtensionRefusedError(name, f"{fact.field_name}: {fact.summary}")


def _due(facts: Sequence[SignatureFact], level: Level, margin: dt.timedelta) -> bool:
    limit = dt.datetime.now(dt.UTC) + margin
    for fact in facts:
        if fact.evidence_until is None or fact.evidence_until < limit:
            return True
        # An older kind of signature has no level, but it can be archived.
        archived = fact.level == "unknown" and fact.evidence_ends_with == _ARCHIVED
        if not (archived or level.reached_by(fact.level)):
            return True
    return False


def _gained(before: Sequence[SignatureFact], after: Sequence[SignatureFact]) -> bool:
    return any(
        old.level != new.level
        or (
            old.evidence_until is not None
            and new.evidence_until is not None
            and new.evidence_until > old.evidence_until
        )
        for old, new in zip(before, after, strict=True)
    )


def _added(before: Examination, after: Examination) -> tuple[str, ...]:
    added = []
    if after.validation_items > before.validation_items:
        added.append(str(Change.VALIDATION_DATA))
    if len(after.archive_timestamps) > len(before.archive_timestamps):
        added.append(str(Change.ARCHIVE_TIMESTAMP))
    return tuple(added)


def _tell(added: tuple[str, ...], facts: Sequence[SignatureFact], note: str = "") -> Extension:
    ends = [(fact.evidence_until, fact.evidence_ends_with) for fact in facts if fact.evidence_until is not None]
    until, ends_with = min(ends)
    lowest = min((fact.level for fact in facts), key=_ORDER.index)
    return Extension(added, lowest, until, ends_with, tuple(facts), note)


def _is_prefix(source: Path, target: Path) -> bool:
    with source.open("rb") as old, target.open("rb") as new:
        while block := old.read(_BLOCK):
            if new.read(len(block)) != block:
                return False
    return True

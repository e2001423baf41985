"""Signing with the agency's key, held for a person: what was shown, who decided, when, and for which very files.

A decision is an object of the archive, so every run and a rebuilt database know it. It covers the PDF/A files that
were there to be looked at, by digest: what is read anew or comes later must be asked about again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from manifests.documents import BatchRef, Event
from manifests.reasons import Severity
from manifests.serial import from_json, to_json
from manifests.text import RESCAN_FLAGS, PageVerdict, QualityFlag
from pipeline import archive
from pipeline.context import Context
from pipeline.errors import ApprovalMissingError, ApprovalRefusedError
from pipeline.results import Digitized, Receipt
from pipeline.work.sign import Job
from signing.profiles import SignerKind

EVENT = "approval"
"""PREMIS event type of a decision."""


class Answer(StrEnum):
    ASKED = "asked"
    """Somebody wants a person to decide; nobody has yet."""
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Quality:
    """What a person sees of a batch before deciding.

    Attributes:
        documents, pages: What would be signed.
        blank, unread, low_dpi: Pages of these.
        rescan: Pages on the rescan list.
        quarantined, refused: Documents that stopped on the way, and those not accepted at intake.
    """

    documents: int
    pages: int
    blank: int
    unread: int
    low_dpi: int
    rescan: int
    quarantined: int
    refused: int

    def lines(self) -> tuple[str, ...]:
        """Vietnamese, for people who decide."""
        return (
            f"Hồ sơ chờ ký: {self.documents} ({self.pages} trang)",
            f"Trang trắng: {self.blank}; trang chưa đọc được: {self.unread}; độ phân giải thấp: {self.low_dpi}",
            f"Trang nên quét lại: {self.rescan}",
            f"Hồ sơ bị loại: {self.quarantined}; không tiếp nhận: {self.refused}",
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """One object below ``.approvals/``.

    Attributes:
        by: Who decided, as the system that asked knows them; empty while it is only asked.
        reason: Their words, always there for a refusal.
        files: Document id → SHA-256 of the PDF/A the decision covers.
    """

    answer: Answer
    by: str
    at: dt.datetime
    reason: str = ""
    quality: Quality | None = None
    files: dict[str, str] = field(default_factory=dict)


def ask(context: Context, ref: BatchRef) -> None:
    """Hold the batch until a person approves it; nothing changes when it is held already."""
    if last_decision(context, ref) is None:
        _write(context, ref, Decision(Answer.ASKED, "", dt.datetime.now(dt.UTC)))


def decide(
    context: Context, receipt: Receipt, jobs: Sequence[Job], quarantined: int, *, approve: bool, by: str, reason: str
) -> Decision:
    """Write down what a person decided about what ``survey`` shows now."""
    quality, files = survey(context, receipt, jobs, quarantined)
    answer = Answer.APPROVED if approve else Answer.REFUSED
    decision = Decision(answer, by, dt.datetime.now(dt.UTC), reason, quality, files)
    _write(context, receipt.batch, decision)
    return decision


def last_decision(context: Context, ref: BatchRef) -> Decision | None:
    """What was asked or decided last; ``None`` when the batch was never held."""
    keys = [entry.key for entry in context.archive.list(archive.approvals(ref))]
    return from_json(Decision, context.archive.get_bytes(max(keys))) if keys else None


def is_held(context: Context, ref: BatchRef) -> bool:
    """Whether a person has to approve this batch, by the settings or because somebody asked for it."""
    return context.settings.approval or last_decision(context, ref) is not None


def require_approved(context: Context, ref: BatchRef, jobs: Iterable[Job]) -> None:
    """Let a batch through to be signed with the agency's key.

    Raises:
        ApprovalRefusedError: Somebody refused it.
        ApprovalMissingError: Nobody decided yet, or not about these very files.
    """
    if not is_held(context, ref):
        return
    decision = last_decision(context, ref)
    if decision and decision.answer is Answer.REFUSED:
        raise ApprovalRefusedError(ref.key, decision.by, decision.at, decision.reason)
    covered = decision.files if decision and decision.answer is Answer.APPROVED else {}
    files = _files(context, jobs)
    missing = sum(1 for document_id, made in files.items() if covered.get(document_id) != made.pdfa.sha256)
    if missing:
        raise ApprovalMissingError(ref.key, missing)


def is_approved(context: Context, ref: BatchRef, jobs: Iterable[Job]) -> bool:
    """Whether these files may be signed as they are."""
    try:
        require_approved(context, ref, jobs)
    except (ApprovalMissingError, ApprovalRefusedError):
        return False
    return True


def survey(
    context: Context, receipt: Receipt, jobs: Iterable[Job], quarantined: int
) -> tuple[Quality, dict[str, str]]:
    """Counts and quality of what waits to be signed, and the digests of these files."""
    files = _files(context, jobs)
    pages = [page for made in files.values() for page in made.pages]
    refused = {f.document_id for f in receipt.faults if f.document_id and f.severity is Severity.ERROR}
    quality = Quality(
        documents=len(files),
        pages=len(pages),
        blank=sum(page.verdict is PageVerdict.BLANK for page in pages),
        unread=sum(page.verdict is PageVerdict.UNREAD for page in pages),
        low_dpi=sum(QualityFlag.LOW_DPI in page.facts.flags for page in pages),
        rescan=sum(bool(set(RESCAN_FLAGS) & set(page.facts.flags)) for page in pages),
        quarantined=quarantined,
        refused=len(refused),
    )
    return quality, {document_id: made.pdfa.sha256 for document_id, made in files.items()}


def approval_event(context: Context, ref: BatchRef) -> Event | None:
    """The decision that let a batch be signed, as an event of each of its documents."""
    decision = last_decision(context, ref)
    if decision is None or decision.answer is not Answer.APPROVED:
        return None
    told = f"; {decision.reason}" if decision.reason else ""
    return Event(
        EVENT, decision.at, "success", f"signing of {len(decision.files)} documents approved{told}", decision.by
    )


def _files(context: Context, jobs: Iterable[Job]) -> dict[str, Digitized]:
    """What waits for the agency's signature: document id → its finished PDF/A."""
    found = {}
    for document, plan in jobs:
        if SignerKind.AGENCY in plan.signers:
            made = context.result(Digitized, document.key, "assemble", plan.keys["assemble"])
            if made:
                found[document.entry.document_id] = made
    return found


def _write(context: Context, ref: BatchRef, decision: Decision) -> None:
    key = f"{archive.approvals(ref)}{decision.at:%Y%m%dT%H%M%S.%fZ}.json"
    context.archive.put_bytes(key, to_json(decision))

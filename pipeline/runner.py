"""The runner: everything around a stage. Skip what is done, classify what failed, record both, go on or stop.

The CLI and the DAG call the same five steps – ``receive``, ``digitize``, ``sign``, ``index``, ``load`` – on the same
receipt; ``run_batch`` is those five in a row. Each may be killed anywhere and called again.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from manifests.documents import BatchRef, DocumentEntry
from pipeline.approvals import Decision, decide, is_held, require_approved
from pipeline.attempts import guarded, patiently
from pipeline.context import Context
from pipeline.errors import ApprovalRefusedError, TooManyQuarantinedError, reason_code, safe_message
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import Plan, ordered_reruns, plan
from pipeline.pool import digitize_in_pool
from pipeline.profile_orders import ordered_profile
from pipeline.quarantines import keep_quarantine
from pipeline.results import Receipt
from pipeline.signing_queue import SigningQueue
from pipeline.work.index import finished_record, index
from pipeline.work.receive import receive
from pipeline.work.sign import Job, try_key
from warehouse.errors import WarehouseError
from warehouse.load import load_records
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus

log = logging.getLogger(__name__)

T = TypeVar("T")
OnOutcome = Callable[[Outcome], None]
OnDigitized = Callable[[Job, Outcome], None]

LOADED_AT_ONCE, COUNTED_AT_ONCE = 200, 1_000
"""Records merged in one transaction, and held in memory; records after which the kept figures are counted anew, which
is when a batch is through or, of a big one, some seconds later."""
MESSAGE = 2000
"""Letters kept of a batch's message."""
STOPPING = ("assemble", "sign", "index")
"""The stages a document can be stopped in after it was received."""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did with one batch.

    Attributes:
        outcomes: One for each stage and document it looked at.
        untouched: Documents that were finished before and needed nothing.
        loaded: What the warehouse did with the records; ``None`` when nothing had to be loaded.
        quarantined: Documents that stand stopped now, also those an earlier run stopped: one outcome for each.
    """

    receipt: Receipt
    received_before: bool
    outcomes: tuple[Outcome, ...] = ()
    untouched: int = 0
    loaded: LoadResult | None = None
    quarantined: tuple[Outcome, ...] = ()

    @property
    def worked(self) -> int:
        """Documents some stage really worked on."""
        return len({o.document_key for o in self.outcomes if o.status == Ending.DONE})


def lots(wanted: Sequence[T]) -> Iterator[tuple[Sequence[T], bool]]:
    """What is loaded at once, and whether more follows before the figures are counted."""
    for start in range(0, len(wanted), LOADED_AT_ONCE):
        end = start + LOADED_AT_ONCE
        yield wanted[start:end], end < len(wanted) and end % COUNTED_AT_ONCE > 0


@dataclass
class Runner:
    """The five steps over one context.

    Attributes:
        on_outcome: Called after each stage of each document, for a progress bar, from any thread.
        on_received: Called for each document ``receive`` looks at.
        on_planned: Called with a receipt and how many of its documents are still to be done.
    """

    context: Context
    on_outcome: OnOutcome | None = None
    on_received: Callable[[DocumentEntry], None] | None = None
    on_planned: Callable[[Receipt, int], None] | None = None

    # --- the five steps

    def receive(self, ref: BatchRef, *, airflow_run: str | None = None) -> tuple[Receipt, bool]:
        """Check a drop and archive what holds; the receipt, and whether this state of it was known."""
        ledger = self.context.ledger
        ledger.batch_started(ref, airflow_run=airflow_run)
        receipt, before = patiently(
            lambda: receive(self.context, ref, self.on_received), self.context.settings.retries
        )
        ledger.batch_received(receipt)
        if receipt.blocked:
            faults = "; ".join(f.sentence() for f in receipt.faults if f.document_id is None)
            ledger.batch_status(ref, BatchStatus.BLOCKED, faults[:MESSAGE])
        return receipt, before

    def digitize(
        self, jobs: Sequence[Job], workers: int | None = None, then: OnDigitized | None = None
    ) -> list[Outcome]:
        """Pages out, read, and put together as PDF/A, over worker processes; ``then`` hears of each as it ends."""
        todo = self._promising(jobs, "assemble")
        count = workers or self.context.settings.workers
        outcomes = []
        for job, outcome in digitize_in_pool(self.context.settings, todo, count):
            outcomes.append(self._record(outcome, job[0].batch))
            if then:
                then(job, outcome)
        return outcomes

    def sign(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Sign and prove what is assembled.

        Raises:
            ApprovalMissingError, ApprovalRefusedError: A person must approve it first; nothing was signed.
        """
        for ref in {document.batch for document, _ in jobs}:
            require_approved(self.context, ref, [job for job in jobs if job[0].batch == ref])
        outcomes: list[Outcome] = []
        with self._signing(outcomes) as queue:
            for job in self._promising(jobs, "sign"):
                queue.put(job)
        return outcomes

    def digitize_and_sign(self, receipt: Receipt, jobs: Sequence[Job]) -> list[Outcome]:
        """Both, side by side: what is assembled is signed while the next scans are read.

        A batch that is held for a person's approval is read whole first.

        Raises:
            TooManyQuarantinedError: The batch is halted; what is done stays done.
        """
        if is_held(self.context, receipt.batch):
            outcomes = self.digitize(jobs)
            self.halt_if_too_bad(receipt)
            return outcomes + self.sign(jobs)
        outcomes = []
        stopped = set(self.stopped(self.unfinished(receipt)))
        promising = {job[0].key for job in self._promising(jobs, "sign")}
        with self._signing(outcomes) as queue:

            def then(job: Job, outcome: Outcome) -> None:
                if outcome.status is Ending.QUARANTINED:
                    stopped.add(job[0].key)
                elif job[0].key in promising and not self._too_bad(receipt, len(stopped)):
                    queue.put(job)

            outcomes += self.digitize(jobs, then=then)
            self.halt_if_too_bad(receipt)
        return outcomes

    def _signing(self, outcomes: list[Outcome]) -> SigningQueue:
        """A queue whose endings are recorded and added to ``outcomes``."""

        def record(job: Job, outcome: Outcome) -> None:
            outcomes.append(self._record(outcome, job[0].batch))

        return SigningQueue(self.context, self._guard, record)

    def decide(self, receipt: Receipt, *, approve: bool, by: str, reason: str = "") -> Decision:
        """Write down what a person decided about signing a batch as it stands; a refusal halts it."""
        jobs = self.unfinished(receipt)
        made = decide(self.context, receipt, jobs, len(self.stopped(jobs)), approve=approve, by=by, reason=reason)
        if not approve:
            refused = ApprovalRefusedError(receipt.batch.key, by, made.at, reason)
            self.context.ledger.batch_status(receipt.batch, BatchStatus.HALTED, halting_message(refused))
        return made

    def index(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Make the records of what is signed."""
        outcomes = []
        for job in self._promising(jobs, "index"):
            document, its_plan = job
            work = partial(index, self.context, document, its_plan)
            outcome = self._guard(job, "index", its_plan.record_key, work)
            if outcome:
                outcomes.append(self._record(outcome, document.batch))
        return outcomes

    def load(self, receipt: Receipt) -> LoadResult:
        """Merge the finished records of a batch into the warehouse and close the batch."""
        total = LoadResult()
        todo = self.unfinished(receipt)
        for some, more_follow in lots(todo):
            found = [finished_record(self.context, document.key, its_plan.record_key) for document, its_plan in some]
            records = [record for record in found if record]
            load = partial(load_records, self.context.database, records, more_follow=more_follow)
            total += patiently(load, self.context.settings.retries)
            self.context.ledger.documents_done([record.document_key for record in records])
        self._close(receipt)
        return total

    def _close(self, receipt: Receipt) -> None:
        """The batch is done when what has no record is quarantined; else it stays as it is, and says so."""
        jobs = self.unfinished(receipt)
        left = len(jobs) - len(self.stopped(jobs))
        if left:
            self.context.ledger.batch_left_open(receipt.batch, f"{left} hồ sơ chưa xong; chạy lại lô này để làm tiếp")
        else:
            self.context.ledger.batch_status(receipt.batch, BatchStatus.DONE)

    # --- a batch

    def jobs(self, receipt: Receipt, document_ids: Sequence[str] | None = None) -> list[Job]:
        """The documents of a receipt with their plans; only these ids when given."""
        reruns = ordered_reruns(self.context.archive, receipt.batch)
        profile = ordered_profile(self.context, receipt.batch)
        wanted = set(document_ids) if document_ids is not None else None
        return [
            (document, plan(self.context.settings, document, reruns.get(document.entry.document_id), profile))
            for document in receipt.documents
            if wanted is None or document.entry.document_id in wanted
        ]

    def unfinished(self, receipt: Receipt, document_ids: Sequence[str] | None = None) -> list[Job]:
        """Those of the jobs whose record, under today's plan, is not in the warehouse yet."""
        finished = self.context.ledger.finished(receipt.batch)
        return [
            (document, its_plan)
            for document, its_plan in self.jobs(receipt, document_ids)
            if finished.get(document.key) != its_plan.record_key
        ]

    def run_batch(self, ref: BatchRef, document_ids: Sequence[str] | None = None) -> BatchReport:
        """All five steps.

        Raises:
            TooManyQuarantinedError: The batch is halted; what is done stays done.
        """
        with self.halting(ref):
            receipt, before = self.receive(ref)
            if receipt.blocked:
                return BatchReport(receipt, before)
            wanted = self.jobs(receipt, document_ids)
            jobs = self.unfinished(receipt, document_ids)
            untouched = len(wanted) - len(jobs)
            if self.on_planned:
                self.on_planned(receipt, len(jobs))
            try_key(self.context, jobs)
            outcomes = self.digitize_and_sign(receipt, jobs)
            self.halt_if_too_bad(receipt)
            outcomes += self.index(jobs)
            loaded = self.load(receipt) if any(o.stage == "index" for o in outcomes) else None
            if loaded is None:
                self._close(receipt)
            stopped = self.stopped(self.unfinished(receipt, document_ids))
        return BatchReport(receipt, before, tuple(outcomes), untouched, loaded, tuple(stopped.values()))

    @contextlib.contextmanager
    def halting(self, ref: BatchRef) -> Iterator[None]:
        """Write down that the batch was halted, and why, when an error ends its run."""
        try:
            yield
        except Exception as error:
            try:
                self.context.ledger.batch_status(ref, BatchStatus.HALTED, halting_message(error))
            except WarehouseError as second:  # the first error tells more than that it cannot be written down
                log.error("%s: cannot write its state: %s", ref.key, safe_message(second))
            raise

    def halt_if_too_bad(self, receipt: Receipt) -> None:
        """Stop a batch in which more was quarantined than the settings allow.

        Raises:
            TooManyQuarantinedError: Says how many, and what to do.
        """
        bad = len(self.stopped(self.unfinished(receipt)))
        if self._too_bad(receipt, bad):
            limit = self.context.settings.quarantine_limit
            raise TooManyQuarantinedError(receipt.batch.key, bad, len(receipt.documents), limit)

    def _too_bad(self, receipt: Receipt, bad: int) -> bool:
        return bad > 1 and bad > self.context.settings.quarantine_limit * len(receipt.documents)

    # --- around one piece of work

    def stopped(self, jobs: Sequence[Job]) -> dict[str, Outcome]:
        """Of unfinished jobs those that stand in quarantine under today's plan, by document key.

        A quarantine of other content or other options does not count: that work is not what would be done now.
        """
        found: dict[str, Outcome] = {}
        for ref in {document.batch for document, _ in jobs}:
            quarantines = self.context.ledger.quarantines(ref)
            for document, its_plan in jobs:
                for name in STOPPING:
                    outcome = quarantines.get((document.key, _run_key(its_plan, name)))
                    if outcome:
                        found[document.key] = outcome
        return found

    def _promising(self, jobs: Sequence[Job], stage: str) -> list[Job]:
        """The jobs whose very work at ``stage`` did not end in quarantine before: it would end there again."""
        bad = {ref: self.context.ledger.quarantines(ref) for ref in {document.batch for document, _ in jobs}}
        return [job for job in jobs if (job[0].key, _run_key(job[1], stage)) not in bad[job[0].batch]]

    def _guard(self, job: Job, stage: str, run_key: str, work: Callable[[], Outcome | None]) -> Outcome | None:
        return guarded(job[0].key, stage, run_key, self.context.settings.retries, work)

    def _record(self, outcome: Outcome, batch: BatchRef) -> Outcome:
        if outcome.status is not Ending.SKIPPED:
            if outcome.status is Ending.QUARANTINED:
                keep_quarantine(self.context, outcome)
            patiently(partial(self.context.ledger.record, outcome, batch), self.context.settings.retries)
            log.info("%s %s %s %s", outcome.document_key, outcome.stage, outcome.status, outcome.reason_code or "")
        if self.on_outcome:
            self.on_outcome(outcome)
        return outcome


def halting_message(error: Exception) -> str:
    """Why a batch was halted, as it is written down."""
    return f"{reason_code(error)}: {safe_message(error)}"[:MESSAGE]


def _run_key(its_plan: Plan, stage: str) -> str:
    return its_plan.record_key if stage == "index" else its_plan.keys[stage]

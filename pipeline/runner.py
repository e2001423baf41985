"""The runner: everything around a stage. Skip what is done, classify what failed, record both, go on or stop.

The CLI and the DAG call the same five steps – ``receive``, ``digitize``, ``sign``, ``index``, ``load`` – on the same
receipt; ``run_batch`` is those five in a row. Each may be killed anywhere and called again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

from manifests.documents import ArtefactKind, BatchRef, DocumentEntry
from pipeline import archive
from pipeline.attempts import guarded, patiently
from pipeline.context import Context
from pipeline.errors import TooManyQuarantinedError
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import ordered_reruns, plan
from pipeline.pool import digitize_in_pool
from pipeline.results import Receipt
from pipeline.work.index import index, read_record
from pipeline.work.receive import receive
from pipeline.work.sign import Job, sign_documents
from warehouse.load import load_records
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus

log = logging.getLogger(__name__)

OnOutcome = Callable[[Outcome], None]


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What a run did with one batch.

    Attributes:
        outcomes: One for each stage and document it looked at.
        untouched: Documents that were finished before and needed nothing.
        loaded: What the warehouse did with the records; ``None`` when nothing had to be loaded.
    """

    receipt: Receipt
    received_before: bool
    outcomes: tuple[Outcome, ...] = ()
    untouched: int = 0
    loaded: LoadResult | None = None

    @property
    def quarantined(self) -> tuple[Outcome, ...]:
        return tuple(o for o in self.outcomes if o.status == Ending.QUARANTINED)

    @property
    def worked(self) -> int:
        """Documents some stage really worked on."""
        return len({o.document_key for o in self.outcomes if o.status == Ending.DONE})


@dataclass
class Runner:
    """The five steps over one context.

    Attributes:
        on_outcome: Called after each stage of each document, for a progress bar.
        on_received: Called for each document ``receive`` looks at.
        on_planned: Called with a receipt and how many of its documents are still to be done.
    """

    context: Context
    on_outcome: OnOutcome | None = None
    on_received: Callable[[DocumentEntry], None] | None = None
    on_planned: Callable[[Receipt, int], None] | None = None
    _quarantined: dict[BatchRef, set[tuple[str, str]]] = field(default_factory=dict)

    # --- the five steps

    def receive(self, ref: BatchRef) -> tuple[Receipt, bool]:
        """Check a drop and archive what holds; the receipt, and whether this state of it was known."""
        ledger = self.context.ledger
        ledger.batch_started(ref)
        receipt, before = patiently(
            lambda: receive(self.context, ref, self.on_received), self.context.settings.retries
        )
        ledger.batch_received(receipt)
        if receipt.blocked:
            faults = "; ".join(f.sentence() for f in receipt.faults if f.document_id is None)
            ledger.batch_status(ref, BatchStatus.BLOCKED, faults[:2000])
        return receipt, before

    def digitize(self, jobs: Sequence[Job], workers: int | None = None) -> list[Outcome]:
        """Pages out, read, and put together as PDF/A, over worker processes."""
        todo = [job for job in jobs if not self._known_bad(job, "assemble")]
        count = workers or self.context.settings.workers
        done = digitize_in_pool(self.context.settings, todo, count)
        return [self._record(outcome, job[0].batch) for job, outcome in done]

    def sign(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Sign and prove what is assembled."""
        todo = [job for job in jobs if not self._known_bad(job, "sign")]
        batches = {job[0].key: job[0].batch for job in todo}
        return [self._record(o, batches[o.document_key]) for o in sign_documents(self.context, todo, self._guard)]

    def index(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Make the records of what is signed."""
        outcomes = []
        for job in jobs:
            if self._known_bad(job, "index"):
                continue
            document, its_plan = job
            work = partial(index, self.context, document, its_plan)
            outcome = self._guard(job, "index", its_plan.record_key, work)
            if outcome:
                outcomes.append(self._record(outcome, document.batch))
        return outcomes

    def load(self, receipt: Receipt) -> LoadResult:
        """Merge the finished records of a batch into the warehouse and close the batch."""
        keys = {
            document.key: archive.artefact(document.key, ArtefactKind.RECORD, its_plan.record_key, ".json")
            for document, its_plan in self.jobs(receipt)
        }
        there = {key: name for key, name in keys.items() if self.context.archive.exists(name)}
        records = (read_record(self.context, name) for name in there.values())
        result = patiently(lambda: load_records(self.context.database, records), self.context.settings.retries)
        self.context.ledger.documents_done(list(there))
        self._close(receipt, keys.keys() - there.keys())
        return result

    def _close(self, receipt: Receipt, without_record: Collection[str]) -> None:
        """The batch is done when what has no record is quarantined; else it stays open and says so."""
        stopped = {key for key, _ in self.context.ledger.quarantined(receipt.batch)}
        left = len(set(without_record) - stopped)
        if left:
            message = f"{left} hồ sơ chưa xong; chạy lại lô này để làm tiếp"
            self.context.ledger.batch_status(receipt.batch, BatchStatus.PROCESSING, message)
        else:
            self.context.ledger.batch_status(receipt.batch, BatchStatus.DONE)

    # --- a batch

    def jobs(self, receipt: Receipt, document_ids: Sequence[str] | None = None) -> list[Job]:
        """The documents of a receipt with their plans; only these ids when given."""
        reruns = ordered_reruns(self.context.archive, receipt.batch)
        wanted = set(document_ids) if document_ids is not None else None
        return [
            (document, plan(self.context.settings, document, reruns.get(document.entry.document_id)))
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
        receipt, before = self.receive(ref)
        if receipt.blocked:
            return BatchReport(receipt, before)
        jobs = self.unfinished(receipt, document_ids)
        untouched = len(receipt.documents) - len(jobs)
        if self.on_planned:
            self.on_planned(receipt, len(jobs))
        try:
            outcomes = self.digitize(jobs)
            self.halt_if_too_bad(receipt)
            outcomes += self.sign(jobs)
            outcomes += self.index(jobs)
        except Exception as error:
            self.context.ledger.batch_status(ref, BatchStatus.HALTED, str(error))
            raise
        moved = any(o.status == Ending.DONE for o in outcomes)
        pending = any(o.stage == "index" for o in outcomes)
        if moved or pending:
            return BatchReport(receipt, before, tuple(outcomes), untouched, self.load(receipt))
        self.context.ledger.batch_status(ref, BatchStatus.DONE)
        return BatchReport(receipt, before, tuple(outcomes), untouched)

    def halt_if_too_bad(self, receipt: Receipt) -> None:
        """Stop a batch in which more was quarantined than the settings allow.

        Raises:
            TooManyQuarantinedError: Says how many, and what to do.
        """
        total = len(receipt.documents)
        bad = len({key for key, _ in self.context.ledger.quarantined(receipt.batch)})
        limit = self.context.settings.quarantine_limit
        if bad > 1 and bad > limit * total:
            raise TooManyQuarantinedError(receipt.batch.key, bad, total, limit)

    # --- around one piece of work

    def _known_bad(self, job: Job, stage: str) -> bool:
        """Whether exactly this work ended in quarantine before: it would end there again."""
        document, its_plan = job
        if document.batch not in self._quarantined:
            self._quarantined[document.batch] = self.context.ledger.quarantined(document.batch)
        key = its_plan.record_key if stage == "index" else its_plan.keys[stage]
        return (document.key, key) in self._quarantined[document.batch]

    def _guard(self, job: Job, stage: str, run_key: str, work: Callable[[], Outcome | None]) -> Outcome | None:
        return guarded(job[0].key, stage, run_key, self.context.settings.retries, work)

    def _record(self, outcome: Outcome, batch: BatchRef) -> Outcome:
        if outcome.status is not Ending.SKIPPED:
            self.context.ledger.record(outcome, batch)
            log.info("%s %s %s %s", outcome.document_key, outcome.stage, outcome.status, outcome.reason_code or "")
        if self.on_outcome:
            self.on_outcome(outcome)
        return outcome

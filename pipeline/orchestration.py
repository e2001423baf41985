"""What an orchestrator calls: the runner's steps over plain values that fit between its tasks – keys and counts.

Knows no Airflow. An error that trying again cannot mend is ``Hopeless``; the DAG's tasks turn it into a failure
without retries (``dags`` import it by name).
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from manifests.documents import BatchRef
from manifests.reasons import Severity
from manifests.serial import from_json
from pipeline import archive
from pipeline.approvals import ask, is_approved, is_held, survey
from pipeline.context import Context
from pipeline.errors import Disposition, disposition, is_ours, reason_code, safe_message
from pipeline.intake import drop_state, ready_batches, require_known, require_ready
from pipeline.outcomes import Outcome
from pipeline.profile_orders import order_profile
from pipeline.quarantines import release
from pipeline.renewals import renew
from pipeline.reruns import order_rerun
from pipeline.results import Receipt
from pipeline.run_keys import run_key
from pipeline.runner import Runner
from pipeline.settings import read_settings
from pipeline.stages import stage
from pipeline.work.receive import known_receipt
from pipeline.work.sign import try_key

log = logging.getLogger(__name__)
_NAMEABLE = re.compile(r"[^A-Za-z0-9_.~:+-]")

Chunk = dict[str, Any]
"""``batch``: its key; ``documents``: ids; after a step also the counts of its endings."""


class HopelessError(Exception):
    """Trying again without a change would fail again."""


@cache
def runner() -> Runner:
    """The runner of this process."""
    return Runner(Context(read_settings()))


@contextmanager
def _classified() -> Iterator[None]:
    """Let errors through that time may mend; the others come as ``HopelessError``."""
    try:
        yield
    except Exception as error:
        log.error("%s: %s", reason_code(error), safe_message(error))
        if disposition(error) is Disposition.RETRY:
            raise
        # a stranger's own words, which may quote a scan, stay out of the orchestrator's log
        raise HopelessError(f"{reason_code(error)}: {safe_message(error)}") from (error if is_ours(error) else None)


def find_batches(
    batch: str, from_stage: str, force: bool, order: str, profile: str = "", approval: bool = False
) -> list[str]:
    """Keys of the batches to work on: the one named, or every ready one.

    Args:
        order: Name under which ``from_stage`` is ordered; the same name orders once.
        profile: Legal profile these batches follow from now on; empty: nothing is changed.
        approval: Whether a person must approve them before the agency's key signs.
    """
    with _classified():
        context = runner().context
        again = force or bool(from_stage)
        named = [require_known(context, batch) if again else require_ready(context.intake, batch)] if batch else []
        refs = named or list(ready_batches(context.intake))
        if not refs:
            log.warning("no batch is ready: a batch is ready when UNIT/BATCH/_READY lies in the intake")
        for ref in refs:
            if profile:
                order_profile(context, ref, profile)
            if approval:
                ask(context, ref)
            if force:
                release(context, ref)
            if from_stage:
                receipt, _ = runner().receive(ref)
                ids = [document.entry.document_id for document in receipt.documents]
                order_rerun(context, ref, ids, from_stage, reason="digitize_batch", order=order)
        return [ref.key for ref in refs]


def receive(batch: str, run: str | None = None) -> list[Chunk]:
    """Check and archive one drop; its unfinished documents in chunks. ``run`` is the id of the orchestrator's run."""
    ref = BatchRef.parse(batch)
    with _classified(), runner().halting(ref):
        receipt, before = runner().receive(ref, airflow_run=run)
        log.info(
            "%s: %d accepted of %d declared%s",
            batch,
            len(receipt.documents),
            len(receipt.declared),
            ", received before" if before else "",
        )
        if receipt.blocked:
            log.error("%s: the drop is not accepted: %s", batch, sorted({fault.code for fault in receipt.faults}))
            return []
        jobs = runner().unfinished(receipt)
        ids = [document.entry.document_id for document, _ in jobs]
        size = runner().context.settings.chunk_size
        held = is_held(runner().context, ref)
        return [
            {"batch": batch, "receipt": receipt.run_key, "documents": ids[start : start + size], "held": held}
            for start in range(0, len(ids), size)
        ]


def prove_keys(chunks: Sequence[Chunk]) -> None:
    """Open the keys that these chunks' batches need, once, before anything is read."""
    for chunk in {chunk["batch"]: chunk for chunk in chunks}.values():
        with _at_work(chunk) as receipt:
            try_key(runner().context, runner().unfinished(receipt))


def digitize(chunk: Chunk) -> Chunk:
    """Capture, recognize and assemble the documents of a chunk."""
    with _at_work(chunk) as receipt:
        return _told(chunk, "digitize", runner().digitize(runner().jobs(receipt, chunk["documents"])))


def questions(chunks: Sequence[Chunk]) -> list[dict[str, Any]]:
    """What a person is asked before held batches are signed, one question a batch: subject, body, batch.

    A batch that was approved as it stands, or has nothing for the agency's key, is not asked about.
    """
    with _classified():
        context = runner().context
        receipts = {chunk["batch"]: _receipt(chunk) for chunk in chunks}
        found = []
        for batch, receipt in receipts.items():
            runner().halt_if_too_bad(receipt)
            jobs = runner().unfinished(receipt)
            quality, files = survey(context, receipt, jobs, len(runner().stopped(jobs)))
            if files and not is_approved(context, receipt.batch, jobs):
                lines = "\n".join(f"- {line}" for line in quality.lines())
                found.append(
                    {"subject": f"Ký số lô {batch}?", "body": lines, "batch": batch, "receipt": receipt.run_key}
                )
        return found


def record_decision(batch: str, receipt: str, *, approve: bool, by: str, reason: str) -> None:
    """Write down who decided what about signing a batch; a refusal halts it with its reason."""
    with _classified():
        chunk = {"batch": batch, "receipt": receipt}
        decision = runner().decide(_receipt(chunk), approve=approve, by=by, reason=reason)
        log.info("%s: %s by %s", batch, decision.answer, by)


def sign(chunk: Chunk) -> Chunk:
    """Sign and prove the documents of a chunk."""
    with _at_work(chunk) as receipt:
        runner().halt_if_too_bad(receipt)
        return _told(chunk, "sign", runner().sign(runner().jobs(receipt, chunk["documents"])))


def index(chunk: Chunk) -> Chunk:
    """Make the records of a chunk."""
    with _at_work(chunk) as receipt:
        return _told(chunk, "index", runner().index(runner().jobs(receipt, chunk["documents"])))


def extend(batch: str, days: int | None) -> dict[str, Any]:
    """Renew the evidence of signed files that ends within ``days``; counts.

    Raises:
        HopelessError: A setting or a key needs a change.
    """
    with _classified():
        context = runner().context
        done = renew(context, [require_known(context, batch)] if batch else None, days=days)
        for it in done:
            if it.reason_code:
                log.error("%s: %s: %s", it.document_key, it.reason_code, it.detail)
        failed = sum(1 for it in done if it.reason_code)
        counts = {"due": len(done), "renewed": sum(1 for it in done if it.added), "failed": failed}
        log.info("renewal: %s", counts)
        return counts


def load(batch: str) -> dict[str, Any]:
    """Merge the finished records of a batch; counts."""
    ref = BatchRef.parse(batch)
    with _classified():
        receipt = known_receipt(runner().context, ref)
        if receipt is None or receipt.blocked:
            return {"batch": batch, "blocked": True}
        result = runner().load(receipt)
        left = runner().unfinished(receipt)
        stopped = len(runner().stopped(left))
        return {
            "batch": batch,
            "documents": len(receipt.documents),
            "refused": len({fault.document_id for fault in receipt.faults if fault.severity is Severity.ERROR}),
            "inserted": result.inserted,
            "updated": result.updated,
            "unchanged": result.unchanged + result.outdated,
            "quarantined": stopped,
            "unfinished": len(left) - stopped,
        }


def report(loaded: Sequence[dict[str, Any]]) -> None:
    """Log the counts of each batch.

    Raises:
        HopelessError: A drop was not accepted at all: somebody must mend it.
    """
    for counts in loaded:
        log.info("batch %s", counts)
        if counts.get("refused") or counts.get("quarantined"):
            log.warning("%s: some documents stopped; see 'sohoa status --batches' or the dashboard", counts["batch"])
    blocked = [counts["batch"] for counts in loaded if counts.get("blocked")]
    if blocked:
        raise HopelessError(
            f"not accepted: {', '.join(blocked)}; see why with 'sohoa status --batches', or 'sohoa check' the drop; "
            "mend it, put _READY again"
        )


def new_batches() -> list[dict[str, Any]]:
    """For each ready drop a run's configuration and an id that is the same as long as nobody touches the drop."""
    with _classified():
        intake = runner().context.intake
        found = []
        for ref in ready_batches(intake):
            state = run_key(stage("receive"), drop_state(intake, ref))
            # Airflow allows few letters in a run's name, people use all in a batch's; the state tells them apart
            name = f"intake__{_NAMEABLE.sub('_', f'{ref.unit_code}__{ref.batch_id}')[:120]}__{state[:12]}"
            found.append({"conf": {"batch": ref.key}, "trigger_run_id": name})
        return found


@contextmanager
def _at_work(chunk: Chunk) -> Iterator[Receipt]:
    """The receipt of a chunk; an error is classified, and the batch says that it was halted."""
    with _classified(), runner().halting(BatchRef.parse(chunk["batch"])):
        yield _receipt(chunk)


def _receipt(chunk: Chunk) -> Receipt:
    context = runner().context
    key = archive.receipt(BatchRef.parse(chunk["batch"]), chunk["receipt"])
    return from_json(Receipt, context.archive.get_bytes(key))


def _told(chunk: Chunk, step: str, outcomes: Sequence[Outcome]) -> Chunk:
    counts = dict(Counter(str(outcome.status) for outcome in outcomes))
    log.info("%s %s: %s", chunk["batch"], step, counts)
    return {**chunk, step: counts}

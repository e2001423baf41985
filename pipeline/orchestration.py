"""What an orchestrator calls: the runner's steps over plain values that fit between its tasks – keys and counts.

Knows no Airflow. An error that trying again cannot mend is ``Hopeless``; the DAG's tasks turn it into a failure
without retries (``dags`` import it by name).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from manifests.documents import BatchRef
from manifests.serial import from_json
from pipeline import archive
from pipeline.context import Context
from pipeline.errors import Disposition, disposition, reason_code, safe_message
from pipeline.intake import drop_state, ready_batches, require_known, require_ready
from pipeline.outcomes import Outcome
from pipeline.quarantines import release
from pipeline.reruns import order_rerun
from pipeline.results import Receipt
from pipeline.run_keys import run_key
from pipeline.runner import Runner
from pipeline.settings import read_settings
from pipeline.stages import stage

log = logging.getLogger(__name__)

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
        raise HopelessError(f"{reason_code(error)}: {safe_message(error)}") from error


def find_batches(batch: str, from_stage: str, force: bool, order: str) -> list[str]:
    """Keys of the batches to work on: the one named, or every ready one.

    Args:
        order: Name under which ``from_stage`` is ordered; the same name orders once.
    """
    with _classified():
        context = runner().context
        again = force or bool(from_stage)
        named = [require_known(context, batch) if again else require_ready(context.intake, batch)] if batch else []
        refs = named or list(ready_batches(context.intake))
        if not refs:
            log.warning("no batch is ready: a batch is ready when UNIT/BATCH/_READY lies in the intake")
        for ref in refs:
            if force:
                release(context, ref)
            if from_stage:
                receipt, _ = runner().receive(ref)
                ids = [document.entry.document_id for document in receipt.documents]
                order_rerun(context, ref, ids, from_stage, reason="digitize_batch", order=order)
        return [ref.key for ref in refs]


def receive(batch: str) -> list[Chunk]:
    """Check and archive one drop; its unfinished documents in chunks."""
    with _classified():
        receipt, before = runner().receive(BatchRef.parse(batch))
        log.info(
            "%s: %d accepted of %d declared%s",
            batch,
            len(receipt.documents),
            len(receipt.declared),
            ", received before" if before else "",
        )
        if receipt.blocked:
            return []
        ids = [document.entry.document_id for document, _ in runner().unfinished(receipt)]
        size = runner().context.settings.chunk_size
        return [
            {"batch": batch, "receipt": receipt.run_key, "documents": ids[start : start + size]}
            for start in range(0, len(ids), size)
        ]


def digitize(chunk: Chunk) -> Chunk:
    """Capture, recognize and assemble the documents of a chunk."""
    with _classified():
        jobs = runner().jobs(_receipt(chunk), chunk["documents"])
        return _told(chunk, "digitize", runner().digitize(jobs))


def sign(chunk: Chunk) -> Chunk:
    """Sign and prove the documents of a chunk."""
    with _classified():
        receipt = _receipt(chunk)
        runner().halt_if_too_bad(receipt)
        return _told(chunk, "sign", runner().sign(runner().jobs(receipt, chunk["documents"])))


def index(chunk: Chunk) -> Chunk:
    """Make the records of a chunk."""
    with _classified():
        return _told(chunk, "index", runner().index(runner().jobs(_receipt(chunk), chunk["documents"])))


def load(batch: str) -> dict[str, Any]:
    """Merge the finished records of a batch; counts."""
    with _classified():
        receipt, _ = runner().receive(BatchRef.parse(batch))
        if receipt.blocked:
            return {"batch": batch, "blocked": True}
        result = runner().load(receipt)
        return {
            "batch": batch,
            "inserted": result.inserted,
            "updated": result.updated,
            "unchanged": result.unchanged + result.outdated,
            "quarantined": len(runner().stopped(runner().unfinished(receipt))),
        }


def report(loaded: Sequence[dict[str, Any]]) -> None:
    """Log the counts of each batch."""
    for counts in loaded:
        log.info("batch %s", counts)


def new_batches() -> list[dict[str, Any]]:
    """For each ready drop a run's configuration and an id that is the same as long as nobody touches the drop."""
    with _classified():
        intake = runner().context.intake
        found = []
        for ref in ready_batches(intake):
            state = run_key(stage("receive"), drop_state(intake, ref))
            name = f"intake__{ref.unit_code}__{ref.batch_id}__{state[:12]}"
            found.append({"conf": {"batch": ref.key}, "trigger_run_id": name})
        return found


def _receipt(chunk: Chunk) -> Receipt:
    context = runner().context
    key = archive.receipt(BatchRef.parse(chunk["batch"]), chunk["receipt"])
    return from_json(Receipt, context.archive.get_bytes(key))


def _told(chunk: Chunk, step: str, outcomes: Sequence[Outcome]) -> Chunk:
    counts = dict(Counter(str(outcome.status) for outcome in outcomes))
    log.info("%s %s: %s", chunk["batch"], step, counts)
    return {**chunk, step: counts}

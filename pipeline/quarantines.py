"""Quarantines and releases as objects of the archive store, so that a database made again knows who is stopped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from manifests.documents import BatchRef
from manifests.serial import from_json, to_json
from pipeline import archive
from pipeline.context import Context
from pipeline.outcomes import Outcome
from pipeline.results import RerunOrder
from pipeline.work.receive import BATCH_ORDER

RELEASE = "release"
"""Stands where the stage stands in other orders of a rerun."""


@dataclass(frozen=True, slots=True)
class Quarantine:
    """That a document was stopped, and when."""

    outcome: Outcome
    at: dt.datetime


def keep_quarantine(context: Context, outcome: Outcome) -> None:
    """Write down beside the document that it was stopped."""
    now = dt.datetime.now(dt.UTC)
    context.archive.put_bytes(
        archive.quarantine(outcome.document_key, _moment(now)), to_json(Quarantine(outcome, now))
    )


def release(context: Context, ref: BatchRef, document_id: str | None = None) -> int:
    """Let the next run try the quarantined documents of a batch, or one of them, again; how many quarantines."""
    released = context.ledger.release(ref, document_id)
    if released:
        now = dt.datetime.now(dt.UTC)
        key = archive.rerun(ref, document_id or BATCH_ORDER, RELEASE, _moment(now))
        context.archive.put_bytes(key, to_json(RerunOrder(RELEASE, now, "")))
    return released


def standing_quarantines(context: Context, ref: BatchRef, document_id: str) -> list[Quarantine]:
    """The quarantines of a document that nobody released since, in the order they were written."""
    found = [
        from_json(Quarantine, context.archive.get_bytes(entry.key))
        for entry in context.archive.list(archive.quarantine(f"{ref.key}/{document_id}", ""))
    ]
    if not found:
        return []
    orders = [
        from_json(RerunOrder, context.archive.get_bytes(entry.key)).ordered_at
        for name in (BATCH_ORDER, document_id)
        for entry in context.archive.list(f"{archive.reruns(ref)}{name}/{RELEASE}-")
    ]
    last = max(orders, default=dt.datetime.min.replace(tzinfo=dt.UTC))
    return sorted((q for q in found if q.at > last), key=lambda q: q.at)


def _moment(at: dt.datetime) -> str:
    return at.strftime("%Y%m%dT%H%M%S.%fZ")

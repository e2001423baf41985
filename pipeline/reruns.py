"""Ordering work to be done anew: by a new run key, never by overwriting what is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from manifests.documents import BatchRef
from manifests.serial import to_json
from pipeline import archive
from pipeline.context import Context
from pipeline.results import RerunOrder
from pipeline.stages import stage
from pipeline.stores import ContentConflictError
from pipeline.work.receive import BATCH_ORDER


def order_rerun(
    context: Context,
    ref: BatchRef,
    document_ids: Sequence[str],
    from_stage: str,
    *,
    reason: str = "",
    order: str | None = None,
) -> int:
    """Order ``from_stage``, and with it every stage below, anew for these documents; how many orders stand now.

    The order lies in the archive store, so it survives a kill and holds for every later run. ``receive`` is a stage
    of the whole batch: the drop is checked again.

    Args:
        order: Name of the order; the same name counts once, so a retried task orders nothing twice. The moment
            when empty.
    """
    name = stage(from_stage).name
    now = dt.datetime.now(dt.UTC)
    targets = [BATCH_ORDER] if name == "receive" else document_ids
    called = order or now.strftime("%Y%m%dT%H%M%S.%fZ")
    value = to_json(RerunOrder(name, now, reason))
    for document_id in targets:
        try:
            context.archive.put_bytes(archive.rerun(ref, document_id, name, called), value)
        except ContentConflictError:
            continue  # this order was written before
    return len(targets)

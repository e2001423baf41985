"""Drops in the intake store: which are ready, and what state a drop is in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from manifests.documents import BatchRef
from pipeline import archive
from pipeline.errors import UnknownBatchError
from pipeline.run_keys import fingerprint
from pipeline.stores import BadKeyError, ObjectStore


def ready_batches(intake: ObjectStore) -> Iterator[BatchRef]:
    """Every batch whose ``_READY`` mark is there, by unit and batch id."""
    for unit_code in intake.folders(""):
        for batch_id in intake.folders(f"{unit_code}/"):
            ref = BatchRef(unit_code, batch_id)
            if intake.exists(archive.ready_mark(ref)):
                yield ref


def require_ready(intake: ObjectStore, key: str) -> BatchRef:
    """The ready batch called ``key``.

    Raises:
        UnknownBatchError: It is not there, or not ready.
    """
    try:
        ref = BatchRef.parse(key)
        ready = intake.exists(archive.ready_mark(ref))
    except (ValueError, BadKeyError):
        ready = False
    if not ready:
        raise UnknownBatchError(key)
    return ref


def drop_state(intake: ObjectStore, ref: BatchRef) -> str:
    """Digest of names, sizes and times of a drop: another digest means that somebody touched it."""
    listing = tuple((o.key, o.size, o.modified.isoformat()) for o in intake.list(f"{ref.key}/"))
    return fingerprint(listing)


def fetch_drop(intake: ObjectStore, ref: BatchRef, folder: Path) -> None:
    """Copy every file of a drop below ``folder``; names are the store's, already proven not to leave it."""
    prefix = f"{ref.key}/"
    for found in intake.list(prefix):
        target = folder / found.key.removeprefix(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        intake.get_file(found.key, target)

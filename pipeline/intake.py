"""Drops in the intake store: which are ready, and what state a drop is in."""

from __future__ import annotations

import contextlib
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.documents import BatchRef
from pipeline import archive
from pipeline.errors import UnknownBatchError
from pipeline.run_keys import fingerprint
from pipeline.stores import BadKeyError, ObjectStore
from pipeline.stores.folder import FolderStore

if TYPE_CHECKING:
    from pipeline.context import Context


def ready_batches(intake: ObjectStore) -> Iterator[BatchRef]:
    """Every batch whose ``_READY`` mark is there, by unit and batch id; hidden folders are none."""
    for unit_code in intake.folders(""):
        for name in intake.folders(f"{unit_code}/"):
            if not unit_code.startswith(".") and not name.startswith(".") and _marked(intake, unit_code, name):
                yield BatchRef(_whole(unit_code), _whole(name))


def require_ready(intake: ObjectStore, key: str) -> BatchRef:
    """The ready batch called ``key``.

    Raises:
        UnknownBatchError: It is not there, or not ready.
    """
    try:
        ref = BatchRef.parse(_whole(key))
        if is_ready(intake, ref):
            return ref
    except (ValueError, BadKeyError):
        pass  # no batch can be called so
    raise UnknownBatchError(key)


def require_known(context: Context, key: str) -> BatchRef:
    """The batch called ``key``, ready in the intake or received before: what to redo lies in the archive.

    Raises:
        UnknownBatchError: Nobody knows it.
    """
    try:
        ref = BatchRef.parse(_whole(key))
        received = next(iter(context.archive.list(archive.receipts(ref))), None) is not None
    except (ValueError, BadKeyError):
        raise UnknownBatchError(key) from None
    return ref if received else require_ready(context.intake, key)


def is_ready(intake: ObjectStore, ref: BatchRef) -> bool:
    """Whether the drop lies in the intake with its ``_READY`` mark."""
    return _marked(intake, *_spelled(intake, ref))


def drop_state(intake: ObjectStore, ref: BatchRef) -> str:
    """Digest of names, sizes and times of a drop: another digest means that somebody touched it."""
    prefix = _prefix(intake, ref)
    return fingerprint(tuple((o.key, o.size, o.modified.isoformat()) for o in intake.list(prefix)))


def _marked(intake: ObjectStore, unit_code: str, name: str) -> bool:
    return intake.exists(f"{unit_code}/{name}/{archive.READY}")


def _whole(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _spelled(intake: ObjectStore, ref: BatchRef) -> tuple[str, str]:
    """Unit and batch folder as the intake spells them: a Mac writes letters and their accents apart."""
    if ref.key.isascii() or _marked(intake, ref.unit_code, ref.batch_id):
        return ref.unit_code, ref.batch_id
    for unit_code in intake.folders(""):
        if _whole(unit_code) == ref.unit_code:
            for name in intake.folders(f"{unit_code}/"):
                if _whole(name) == ref.batch_id:
                    return unit_code, name
    return ref.unit_code, ref.batch_id


def _prefix(intake: ObjectStore, ref: BatchRef) -> str:
    return "/".join((*_spelled(intake, ref), ""))


@contextlib.contextmanager
def local_drop(context: Context, ref: BatchRef) -> Iterator[Path]:
    """A drop as a local folder that is only read: where it lies, or a copy of what lies in a bucket.

    Working where it lies spares copying a drop of 100 GB, and shows what a copy would not: links and devices.
    """
    if isinstance(context.intake, FolderStore):
        yield context.intake.root / _prefix(context.intake, ref)
        return
    prefix = _prefix(context.intake, ref)
    with context.folder() as folder:
        for found in context.intake.list(prefix):
            target = folder / found.key.removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            context.intake.get_file(found.key, target)
        yield folder

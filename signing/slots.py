"""How many requests a timestamp authority gets at once, from all processes together, and who works on what alone.

The state's authority stands about four (legal facts, section 5). A slot is a lock on a file that every signing
process of the machine can see; the system gives it back when its process dies. Processes of several machines share
slots through the database instead (``warehouse.slots``).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

GiveBack = Callable[[], None]
_NAME_DIGITS = 3


class Slots(Protocol):
    """Places at an authority. Safe to use from many threads and processes at once."""

    def take(self) -> GiveBack | None:
        """A free place as the call that gives it back; ``None`` when all are taken. Never waits."""
        ...


class Locks(Protocol):
    """Pieces of work by name, each done by one at a time. Safe to use from many threads and processes at once."""

    def take(self, name: str) -> GiveBack | None:
        """The work as the call that gives it back; ``None`` when somebody is at it. Never waits."""
        ...


class FileSlots:
    """Slots of one machine: one locked file each.

    Args:
        folder: Where the files lie; made when missing. The same for all processes that share the authority.
        name: What the slots are for: the authority's address.
        count: How many there are.
    """

    def __init__(self, folder: Path, name: str, count: int) -> None:
        self._folder = folder / hashlib.sha256(name.encode()).hexdigest()[:16]
        self._count = count

    def take(self) -> GiveBack | None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return next(filter(None, (_lock(self._folder / str(number)) for number in range(self._count))), None)


class FileLocks:
    """Locks of one machine: as many files as a folder may well hold, so that now and then two names share one.

    Args:
        folder: Where the files lie; made when missing. The same for all processes that exclude each other.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, name: str) -> GiveBack | None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _lock(self._folder / hashlib.sha256(name.encode()).hexdigest()[:_NAME_DIGITS])


def _lock(file: Path) -> GiveBack | None:
    # a lock belongs to the opened file, so each taker opens its own: threads exclude each other as well
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return lambda: os.close(descriptor)  # closing unlocks


class NoLimit:
    """For an authority nobody else asks: every request may go at once."""

    def take(self) -> GiveBack | None:
        return lambda: None

"""Starting worker processes that know nothing of the program that starts them.

``spawn`` runs the parent's main module again in each child. Under Airflow that module is Airflow itself: every reader
would load it, and inside a task it even refuses to load, because a task has no database. Ours need only what they
import.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

_one_at_a_time = threading.Lock()


@contextmanager
def _no_main() -> Iterator[None]:
    """Let ``multiprocessing`` find an empty main module, which it does not carry over."""
    with _one_at_a_time:
        kept = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = kept


class _CleanProcess(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _no_main():
            return SpawnProcess._Popen(process_obj)


class CleanSpawnContext(SpawnContext):
    """A spawn context whose children do not run the parent's main module."""

    Process = _CleanProcess


class _CleanForkedProcess(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _no_main():
            return ForkServerProcess._Popen(process_obj)


class CleanForkServerContext(ForkServerContext):
    """The same, but what all children import is imported once, by a process of its own that they are forked from.

    On two cores that saves one of the two seconds that OpenCV, numpy and the PDF library take.
    """

    Process = _CleanForkedProcess

    def __init__(self, *modules: str) -> None:
        super().__init__()
        self.set_forkserver_preload(list(modules))

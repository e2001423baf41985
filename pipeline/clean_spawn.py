"""Starting worker processes that know nothing of the program that starts them.

``spawn`` runs the parent's main module again in each child. Under Airflow that module is Airflow itself: every reader
would load it, and inside a task it even refuses to load, because a task has no database. Ours need only what they
import.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess, SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

_one_at_a_time = threading.Lock()

_BASIC = ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_", "TZ", "TMP", "TEMP", "XDG_", "FONTCONFIG_")
_PROGRAMS = ("PYTHON", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "COVERAGE", "OMP_", "OPENBLAS_", "MKL_", "TESSDATA_")
_STORE = ("AWS_", "SSL_CERT_", "REQUESTS_CA_BUNDLE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
NEEDED = (*_BASIC, *_PROGRAMS, *_STORE, *(name.lower() for name in _STORE))
"""Beginnings of the environment variables a reader is started with: what it needs to run and to reach the archive.

What it does not get – the database's password, Airflow's keys, the PIN – cannot be read in /proc either.
"""


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


@contextmanager
def _bare_environment() -> Iterator[None]:
    """Let a child be started with what it needs; this process has the rest back at once."""
    hidden = {name: value for name, value in os.environ.items() if not name.startswith(NEEDED)}
    for name in hidden:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


class _CleanProcess(SpawnProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _no_main(), _bare_environment():
            return SpawnProcess._Popen(process_obj)


class CleanSpawnContext(SpawnContext):
    """A spawn context whose children run no main module of the parent and know none of its secrets."""

    Process = _CleanProcess


class _CleanForkedProcess(ForkServerProcess):
    @staticmethod
    def _Popen(process_obj: Any) -> Any:
        with _no_main(), _bare_environment():  # the children have what their server was started with
            return ForkServerProcess._Popen(process_obj)


READER_IMPORTS = ("ocr.reading_imports", "pipeline.reading", "pebble.pool.process")
"""The modules that import what every reader of pages needs."""


class CleanForkServerContext(ForkServerContext):
    """The same, but what all children import is imported once, by a process of its own that they are forked from.

    On two cores that saves one of the two seconds that OpenCV, numpy and the PDF library take.
    """

    Process = _CleanForkedProcess

    def __init__(self, *modules: str) -> None:
        super().__init__()
        self.set_forkserver_preload(list(modules))

    def import_ahead(self) -> None:
        """Have the modules imported from now on, beside whatever this process does until it needs children."""
        # The server keeps the environment it is started with, and what is forked from it shows it in /proc.
        with _no_main(), _bare_environment():
            forkserver.ensure_running()

"""How a process that reads scans lives: without the keys of the house, and no longer than who started it."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.settings import Settings

HUNG = 75
"""Exit code of a process that ended itself over a page that did not end."""
SECRETS = ("SOHOA_SIGNER_", "SOHOA_PERSON_SIGNER_", "SOHOA_DATABASE_")
"""Beginnings of the environment variables a process that reads scans does not keep."""


def without_secrets(settings: Settings) -> Settings:
    """The settings such a process is given: no key, no way to a key, no database."""
    from pipeline.settings import Settings

    hidden = tuple(name.removeprefix("SOHOA_").lower() for name in SECRETS)
    fields = {name: field for name, field in Settings.model_fields.items() if name.startswith(hidden)}
    bare = {name: field.get_default(call_default_factory=True) for name, field in fields.items()}
    return settings.model_copy(update={**bare, "database_url": ""})


def forget_secrets() -> None:
    """Take them out of this process's environment."""
    for name in [name for name in os.environ if name.startswith(SECRETS)]:
        del os.environ[name]


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """End this process when what is done meanwhile takes longer: a call into a native library stops no other way."""
    timer = threading.Timer(seconds, os._exit, (HUNG,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def end_with_parent() -> None:
    """Leave when the run that started this worker is killed: nobody waits for a long document's pages any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

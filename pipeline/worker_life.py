"""How a process that reads scans lives: without the keys of the house, and no longer than who started it."""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import wait

SECRETS = ("SOHOA_SIGNER_", "SOHOA_DATABASE_")
"""Beginnings of the environment variables a process that reads scans does not keep."""


def forget_secrets() -> None:
    """Take them out of this process's environment."""
    for name in [name for name in os.environ if name.startswith(SECRETS)]:
        del os.environ[name]


def end_with_parent() -> None:
    """Leave when the run that started this worker is killed: nobody waits for a long document's pages any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

"""Temporary folders that are known as ours and as being worked in: what a kill leaves is swept by a later run."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".sohoa-work-"
"""How temporary folders are called; no one else may call a folder so: what nobody holds any more is swept."""


@contextmanager
def work_folder(parent: Path | None = None) -> Iterator[Path]:
    """A folder that is gone afterwards, whatever happened; in the system's own place when ``parent`` is ``None``."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as name:
        held = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)  # tells who sweeps that somebody works here; ends with the process
            yield Path(name)
        finally:
            os.close(held)

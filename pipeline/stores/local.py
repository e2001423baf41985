"""Writing an object into the caller's work folder: whole or not at all."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that becomes ``path`` when the block ends well, and leaves no trace when it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with half.open("xb") as target:
            yield target
        half.replace(path)
    except BaseException:
        half.unlink(missing_ok=True)
        raise

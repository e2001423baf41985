"""A picture out of another program's pipe, in memory once: a page may take half a gigabyte."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Sequence
from typing import IO

from ocr.raw_page import Pixels

_PIECE = 1 << 20


def piped_picture(command: Sequence[str], seconds: float, source: IO[bytes] | None = None) -> Pixels | None:
    """The PPM or PGM a program writes to its standard output; ``None``: none came, not all of it, or not in time.

    Args:
        source: What it reads.

    Raises:
        OSError: The program cannot be started.
    """
    with subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        clock = threading.Timer(seconds, process.kill)
        clock.start()
        try:
            pixels = read_picture(process.stdout)
            process.stdout.close()
            process.wait()
        finally:
            clock.cancel()
    return pixels if process.returncode == 0 else None


def read_picture(pipe: IO[bytes]) -> Pixels | None:
    """A PPM or PGM of 8 bits, straight into its array; ``None`` when it is none or not whole."""
    import numpy as np

    kind, size, _ = (pipe.readline().strip() for _ in range(3))
    try:
        width, height = (int(side) for side in size.split())
    except ValueError:
        return None
    pixels = np.empty((height, width, 3) if kind == b"P6" else (height, width), np.uint8)
    flat, at = memoryview(pixels.data).cast("B"), 0
    while at < len(flat):
        piece = pipe.read(min(_PIECE, len(flat) - at))
        if not piece:
            return None
        flat[at : at + len(piece)] = piece
        at += len(piece)
    return pixels

"""How a process that reads pages uses the machine: one thread for each native library, memory kept between pages.

The cores are shared out over processes, one page reader each. Tesseract's and OpenCV's own threads fight over the
same cores; ten pages took 459 s instead of 9 s that way (tesseract issue 3109).
"""

from __future__ import annotations

import ctypes
import os

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEPT_FREE, _KEPT_PIECE = 128 << 20, 64 << 20


def use_one_thread() -> None:
    """Keep OpenMP (Tesseract), OpenCV and numpy of this process to one thread; call it before they are loaded."""
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import cv2

    cv2.setNumThreads(1)


def keep_freed_memory() -> None:
    """Let glibc keep what a page leaves for the next one, pictures and all.

    By itself it gives every picture back to the system and asks for it anew, a page of memory at a time: 2,700 faults
    a page, one fiftieth of the time. What is larger than a page of 300 dpi in colour still goes back at once.
    """
    change = getattr(ctypes.CDLL(None), "mallopt", None)
    if change is not None:
        change(_TRIM_THRESHOLD, _KEPT_FREE)
        change(_MMAP_THRESHOLD, _KEPT_PIECE)


def give_back_memory() -> None:
    """Hand freed memory back to the system after a picture far larger than a page.

    Pillow takes pictures in pieces of 16 MiB, which ``keep_freed_memory`` keeps; nothing of that size comes again.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)

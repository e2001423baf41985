"""One thread for each native library: the cores are shared out over processes, one page reader each.

Tesseract's and OpenCV's own threads fight over the same cores; ten pages took 459 s instead of 9 s that way
(tesseract issue 3109).
"""

from __future__ import annotations

import os


def use_one_thread() -> None:
    """Keep OpenMP (Tesseract), OpenCV and numpy of this process to one thread; call it before they are loaded."""
    os.environ["OMP_THREAD_LIMIT"] = "1"
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    import cv2

    cv2.setNumThreads(1)

"""What every reader process imports, imported at once: named to the server that readers are forked from."""

from __future__ import annotations

import contextlib
import importlib

import cv2  # noqa: F401
import numpy  # noqa: F401
import pypdf  # noqa: F401

# Where there is no wheel of it, the tesseract program reads.
with contextlib.suppress(ImportError):
    importlib.import_module("tesserocr")

"""The reduced copy of a page that decisions are taken on: where ink is, where the scanner's black border is.

Everything about geometry and quality is decided at about ``ANALYSIS_DPI``; the full page is touched once, when the
decisions stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocr.areas import connected_areas
from ocr.border import find_border
from ocr.page import GrayImage
from ocr.raw_page import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[Any]
else:
    Mask = Any

ANALYSIS_DPI = 125.0
_MAX_SIDE = 2600


@dataclass(frozen=True, slots=True)
class Reduced:
    """A grey page at about ``ANALYSIS_DPI``.

    Attributes:
        gray: uint8 (height, width).
        scale: Its pixels for each pixel of the full page.
        dpi: Its own resolution.
        ink: 255 where strokes are; borders and solid dark areas left out.
        border: 255 where the scanner's bed or a black border shows.
        paper, dark: Grey levels of the paper and of the darkest ink.
        labels, stats: Connected areas of ``ink`` as OpenCV gives them; 0 is the paper.
    """

    gray: GrayImage
    scale: float
    dpi: float
    ink: Mask
    border: Mask
    paper: float
    dark: float
    labels: Mask
    stats: Mask

    def pixels(self, millimetres: float) -> int:
        """Whole pixels of a length, at least one."""
        return max(1, round(millimetres * self.dpi / 25.4))


def reduce_page(gray: GrayImage, dpi: float) -> Reduced:
    """Shrinks ``gray`` by a whole factor (never enlarges it) and finds paper, ink and border."""
    import cv2

    height, width = gray.shape
    factor = max(1, round(dpi / ANALYSIS_DPI), -(-max(height, width) // _MAX_SIDE))
    factor = max(1, min(factor, min(height, width) // 16))
    small: Pixels = gray
    if factor > 1:
        # Whole factors are ten times faster than others; the remainder of a row or column decides nothing.
        high, wide = height // factor, width // factor
        small = cv2.resize(gray[: high * factor, : wide * factor], (wide, high), interpolation=cv2.INTER_AREA)
    return analyse(small, 1.0 / factor, dpi / factor)


def analyse(small: GrayImage, scale: float, dpi: float) -> Reduced:
    """Paper, ink and border of an already reduced page."""
    import cv2
    import numpy as np

    paper, dark = _levels(small)
    border = find_border(small, paper, dpi)
    block = max(15, round(4.0 * dpi / 25.4)) | 1
    offset = max(8.0, 0.12 * (paper - dark))
    ink: Mask = cv2.adaptiveThreshold(small, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, block, offset)
    # Inside large dark areas the adaptive threshold finds their grain; ink is also darker than the paper.
    ink[small > paper - offset] = 0
    if border.any():
        grown = cv2.dilate(border, np.ones((3, 3), np.uint8), iterations=max(1, round(0.5 * dpi / 25.4)))
        ink[grown > 0] = 0
    _, labels, stats, _ = connected_areas(ink)
    return Reduced(small, scale, dpi, ink, border, paper, dark, labels, stats)


def letter_sized(page: Reduced) -> Mask:
    """For each connected area, whether it may be a letter or part of one; rules, pictures and specks are not."""
    sides = page.stats[:, 2:4]
    keep: Mask = (sides.max(axis=1) <= page.pixels(9)) & (page.stats[:, 4] >= max(2, page.pixels(0.25) ** 2))
    keep[0] = False
    return keep


def _levels(small: GrayImage) -> tuple[float, float]:
    """Grey of the paper (the commonest bright level) and of the darkest strokes."""
    import numpy as np

    counts = np.bincount(small[::2, ::2].ravel(), minlength=256).astype(np.float64)
    smooth = np.convolve(np.pad(counts, 4, mode="edge"), np.ones(9) / 9, mode="valid")
    bright = smooth.copy()
    bright[:90] = 0
    paper = float(np.argmax(bright)) if bright.any() else float(np.argmax(smooth))
    total = np.cumsum(counts)
    dark = float(np.searchsorted(total, total[-1] * 0.005))
    return max(paper, 1.0), min(dark, paper)

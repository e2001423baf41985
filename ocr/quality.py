"""What a page is worth before anybody reads it: blank, blurred, pale, cut off at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ocr.ink import Reduced
from ocr.page import GrayImage

_BLANK_MARKS = 6
"""Fewer marks of a letter's size than this is nobody's text (a page number alone has up to three)."""
_MARGIN_MM = 6.0
_BLUR_MM = 0.28
_BLUR_PIXELS = 2.2
"""Width of a stroke's edge from which small print runs together, on paper and in any case in pixels."""
_CONTRAST = 0.25
_CUT_MARKS = 4
_SHARP_INCHES = 3.0
"""Side of the square whose edges are looked at: a dozen lines of print."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Measures of one page.

    Attributes:
        ink_share: Share of the page that is letter-sized ink, 0.0–1.0.
        marks: Number of letter-sized marks.
        blank: No ink worth reading.
        sharpness: Steepness of the strokes' edges against their contrast, about 0.8 over the edge's width in pixels.
        contrast: Distance of ink and paper, 0.0–1.0.
        blurred, pale, cut: Verdicts; ``cut`` is text that runs off the edge of the picture.
    """

    ink_share: float
    marks: int
    blank: bool
    sharpness: float
    contrast: float
    blurred: bool
    pale: bool
    cut: bool


def judge_page(gray: GrayImage, page: Reduced, letters: Any, marks: int, *, bitonal: bool) -> Quality:
    """Judges a straightened page from its full grey pixels, its reduced copy and what ``find_letters`` found."""
    ink_share = float(letters.mean()) if letters.size else 0.0
    contrast = _contrast(page, letters)
    blank = marks < _BLANK_MARKS or contrast < 0.08
    sharpness = 1.0 if bitonal else _sharpness(gray, page, letters)
    return Quality(
        ink_share=ink_share,
        marks=marks,
        blank=blank,
        sharpness=sharpness,
        contrast=contrast,
        blurred=not blank and not bitonal and sharpness < _least_sharpness(page.dpi / page.scale),
        pale=not blank and contrast < _CONTRAST,
        cut=not blank and _runs_off(page),
    )


def find_letters(page: Reduced) -> tuple[Any, int]:
    """Ink of a letter's size on the reduced page, as a bool array, and the number of its marks.

    Left out: specks, rules and folds (long), punch holes (large, solid, near the edge), and bleed-through (pale).
    """
    import cv2
    import numpy as np

    stats, labels = page.stats, page.labels
    longest, shortest = stats[:, 2:4].max(axis=1), stats[:, 2:4].min(axis=1)
    keep = (longest <= page.pixels(25)) & (longest >= page.pixels(0.9)) & (stats[:, 4] >= page.pixels(0.4) ** 2)
    keep &= ~((longest >= page.pixels(8)) & (shortest <= page.pixels(0.7)))
    keep[0] = False
    # The far side of thin paper shines through at a fraction of the ink's darkness. The line is drawn low: a faded
    # page taken for blank would be lost, a blank page taken for faded costs one reading.
    if len(stats) <= 1:
        return np.zeros(labels.shape, bool), 0
    at: Any = cv2.findNonZero(page.ink).reshape(-1, 2)
    owners = labels[at[:, 1], at[:, 0]]
    shades = np.bincount(owners, weights=page.gray[at[:, 1], at[:, 0]], minlength=len(stats))
    keep &= shades < (page.paper - max(20.0, 0.12 * page.paper)) * np.maximum(stats[:, 4], 1)
    keep &= ~_holes(page, stats, longest, shortest)
    # Pieces of a fold are thin; any text has marks with a body as well.
    bodies = keep & (shortest >= page.pixels(0.7))
    return keep[labels], int(np.count_nonzero(bodies))


def _holes(page: Reduced, stats: Any, longest: Any, shortest: Any) -> Any:
    """Punch holes: round, 4–10 mm, near a long edge."""
    import numpy as np

    height, width = page.gray.shape
    near = page.pixels(20)
    centre = stats[:, 0] + stats[:, 2] / 2
    size = (longest >= page.pixels(4)) & (longest <= page.pixels(10)) & (shortest >= 0.75 * longest)
    middle = stats[:, 1] + stats[:, 3] / 2
    edge = (centre < near) | (centre > width - near) | (middle < near) | (middle > height - near)
    full = stats[:, 4] >= 0.2 * stats[:, 2] * stats[:, 3]
    return np.asarray(size & edge & full)


def _contrast(page: Reduced, letters: Any) -> float:
    if not letters.any():
        return 0.0
    return max(0.0, (page.paper - _level(page.gray[letters], 0.25)) / 255.0)


def _sharpness(gray: GrayImage, page: Reduced, letters: Any) -> float:
    """Steepest edges of the inkiest part, as a share of the contrast between ink and paper."""
    import cv2
    import numpy as np

    if not letters.any():
        return 0.0
    rows, columns = letters.sum(axis=1), letters.sum(axis=0)
    back = 1.0 / page.scale
    half = round(_SHARP_INCHES / 2 * page.dpi / page.scale)
    y = round(float(np.average(np.arange(len(rows)), weights=rows)) * back)
    x = round(float(np.average(np.arange(len(columns)), weights=columns)) * back)
    part = gray[max(0, y - half) : y + half, max(0, x - half) : x + half]
    across = cv2.Sobel(part, cv2.CV_16S, 1, 0, ksize=3)
    down = cv2.Sobel(part, cv2.CV_16S, 0, 1, ksize=3)
    steep = cv2.max(cv2.convertScaleAbs(across, alpha=0.25), cv2.convertScaleAbs(down, alpha=0.25))
    strong = steep[steep > 6]
    if strong.size < 200:
        return 0.0
    span = max(20.0, page.paper - _level(part, 0.02))
    return round(_level(strong, 0.95) / span, 3)


def _level(values: Any, share: float) -> float:
    """The grey level below which a share of ``values`` (uint8) lies; by counting, which sorting is slow beside."""
    import cv2
    import numpy as np

    flat = np.ascontiguousarray(values).reshape(-1, 1)
    counts = np.cumsum(cv2.calcHist([flat], [0], None, [256], [0, 256]).ravel(), dtype=np.float64)
    return float(np.searchsorted(counts, share * counts[-1]))


def _least_sharpness(dpi: float) -> float:
    """A Gaussian edge of width s pixels measures 0.8 / s."""
    return 0.8 / max(_BLUR_MM * dpi / 25.4, _BLUR_PIXELS)


def _runs_off(page: Reduced) -> bool:
    """Whether several letter-sized marks touch one edge of the picture."""
    import numpy as np

    height, width = page.gray.shape
    stats = page.stats[1:]
    longest, shortest = stats[:, 2:4].max(axis=1), stats[:, 2:4].min(axis=1)
    sized = stats[(longest <= page.pixels(8)) & (shortest >= page.pixels(0.5)) & (longest >= page.pixels(1.2))]
    if not len(sized):
        return False
    reach = page.pixels(0.3)
    edges = (
        sized[:, 0] <= reach,
        sized[:, 0] + sized[:, 2] >= width - reach,
        sized[:, 1] <= reach,
        sized[:, 1] + sized[:, 3] >= height - reach,
    )
    return any(int(np.count_nonzero(touching)) >= _CUT_MARKS for touching in edges)

"""How a page must be turned, straightened and cropped, and doing so once.

Decisions are taken on the reduced page; ``straighten`` touches the full one. Nothing here ever cuts text: only
rows and columns that are scanner border go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocr.ink import Mask, Reduced, analyse
from ocr.raw_page import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Affine = NDArray[Any]
else:
    Affine = Any

MIN_SKEW = 0.1
"""Degrees; below it a page is left alone, so that its JPEG bytes can stay."""
_MAX_SKEW = 15.0
_MAX_CROP = 0.15
_MIN_CROP_MM = 1.5
_SAMPLE = 40_000


@dataclass(frozen=True, slots=True)
class Crop:
    """Pixels to leave out at each side of the straightened full page."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    @property
    def empty(self) -> bool:
        return not (self.left or self.top or self.right or self.bottom)


def find_skew(page: Reduced) -> float:
    """Skew in degrees, positive clockwise; 0.0 when the page does not say.

    The angle is the one at which the rows of ink are told apart best: energy of the projection profile's steps,
    coarse, then fine, then the vertex of a parabola.
    """
    import numpy as np

    ys, xs = np.nonzero(_text_ink(page))
    if len(ys) < 300:
        return 0.0
    step = max(1, len(ys) // _SAMPLE)
    x = (xs[::step] - page.gray.shape[1] / 2).astype(np.float32)
    y = ys[::step].astype(np.float32)
    coarse = np.arange(-_MAX_SKEW, _MAX_SKEW + 0.01, 0.5)
    scores = np.array([_profile_energy(x, y, angle) for angle in coarse])
    best = int(np.argmax(scores))
    # A flat curve: a photograph, a stain, one line of handwriting.
    if scores[best] < 1.25 * float(np.median(scores)) or best in (0, len(coarse) - 1):
        return 0.0
    angle = float(coarse[best])
    for spread, size in ((0.5, 0.1), (0.08, 0.02)):
        fine = np.arange(angle - spread, angle + spread + size / 2, size)
        scores = np.array([_profile_energy(x, y, value) for value in fine])
        best = int(np.argmax(scores))
        angle = float(fine[best])
    return round(angle, 2) + 0.0


def _profile_energy(x: Any, y: Any, angle: float) -> float:
    import numpy as np

    rows = y - x * np.float32(math.tan(math.radians(angle)))
    rows -= rows.min()
    # Each point is shared between its two rows, or the curve would step with whole pixels.
    whole = rows.astype(np.int32)
    part = rows - whole
    counts = np.bincount(whole, weights=1 - part, minlength=int(whole.max()) + 2)
    counts[1:] += np.bincount(whole, weights=part, minlength=len(counts))[: len(counts) - 1]
    steps = np.diff(counts)
    return float(np.dot(steps, steps))


def _text_ink(page: Reduced) -> Mask:
    """Ink without what is taller than text: vertical rules, pictures, folds."""
    import cv2
    import numpy as np

    tall = np.ones((page.pixels(12), 1), np.uint8)
    rules = cv2.morphologyEx(page.ink, cv2.MORPH_OPEN, tall)
    if not rules.any():
        return page.ink
    rules = cv2.dilate(rules, np.ones((1, 3), np.uint8))
    return cv2.bitwise_and(page.ink, cv2.bitwise_not(rules))


def find_crop(page: Reduced, skew: float) -> Crop:
    """What to leave out of the full page, after it was turned back by ``skew``."""
    if not page.border.any():
        return Crop()
    border = page.border
    if skew:
        height, width = border.shape
        border = _warp(border, _rotation(width, height, skew), (width, height), 255)
    sides = _border_sides(border > 127)
    least = page.pixels(_MIN_CROP_MM)
    left, top, right, bottom = (round(side / page.scale) if side >= least else 0 for side in sides)
    return Crop(left, top, right, bottom)


def _border_sides(border: Any) -> tuple[int, int, int, int]:
    """Rows and columns at each side that are border for the most part: (left, top, right, bottom)."""
    height, width = border.shape
    left = top = right = bottom = 0
    for _ in range(2):
        rows = border[:, left : width - right].mean(axis=1) > 0.5
        top = _leading(rows, int(height * _MAX_CROP))
        bottom = _leading(rows[::-1], int(height * _MAX_CROP))
        columns = border[top : height - bottom].mean(axis=0) > 0.5
        left = _leading(columns, int(width * _MAX_CROP))
        right = _leading(columns[::-1], int(width * _MAX_CROP))
    return left, top, right, bottom


def _leading(flags: Any, most: int) -> int:
    """How many flags are set from the start, at most ``most``."""
    import numpy as np

    clear = np.flatnonzero(~flags[: most + 1])
    return int(clear[0]) if len(clear) else most


def straighten(pixels: Pixels, skew: float, crop: Crop, fill: int) -> tuple[Pixels, Affine]:
    """Turns a page back by ``skew`` degrees and leaves ``crop`` out, in one resampling.

    Args:
        pixels: Upright page with square pixels.
        skew: Degrees, positive clockwise.
        crop: Left out after turning.
        fill: Grey level of corners that come into the picture.

    Returns:
        The new page, and the 2 × 3 matrix from old to new pixel positions.
    """
    import numpy as np

    height, width = pixels.shape[:2]
    size = (width - crop.left - crop.right, height - crop.top - crop.bottom)
    matrix = _rotation(width, height, skew) if skew else np.eye(2, 3)
    matrix[:, 2] -= (crop.left, crop.top)
    if skew:
        return _warp(pixels, matrix, size, fill), matrix
    view = pixels[crop.top : height - crop.bottom, crop.left : width - crop.right]
    return np.ascontiguousarray(view), matrix


def straighten_reduced(page: Reduced, skew: float, crop: Crop, fill: int) -> Reduced:
    """The same on the reduced page, analysed anew."""
    left, top, right, bottom = (round(side * page.scale) for side in (crop.left, crop.top, crop.right, crop.bottom))
    small, _ = straighten(page.gray, skew, Crop(left, top, right, bottom), fill)
    return analyse(small, page.scale, page.dpi)


def _rotation(width: int, height: int, skew: float) -> Affine:
    import cv2

    # A page skewed clockwise is turned counter-clockwise, which is OpenCV's positive direction.
    matrix: Affine = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew, 1.0)
    return matrix


def _warp(pixels: Pixels, matrix: Affine, size: tuple[int, int], fill: int) -> Pixels:
    import cv2

    turned: Pixels = cv2.warpAffine(
        pixels,
        matrix,
        size,
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(fill, fill, fill),
    )
    return turned

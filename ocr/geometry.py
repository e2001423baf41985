"""How a page must be turned, straightened and cropped, and doing so once.

Decisions are taken on the reduced page; ``straighten`` touches the full one. Nothing here ever cuts text: only
rows and columns that are scanner border go.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ocr.ink import Reduced
from ocr.raw_page import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Affine = NDArray[Any]
else:
    Affine = Any

MIN_SKEW = 0.1
"""Degrees; below it a page is left alone, so that its JPEG bytes can stay."""
_MAX_CROP = 0.15
_MIN_CROP_MM = 1.5
_SHARP_DPI = 250.0


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


def find_crop(page: Reduced, skew: float) -> Crop:
    """What to leave out of the full page, after it was turned back by ``skew``."""
    if not page.border.any():
        return Crop()
    border = page.border
    if skew:
        height, width = border.shape
        border = _warp(border, _rotation(width, height, skew), (width, height), 255, exact=False)
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


def straighten(pixels: Pixels, dpi: float, skew: float, crop: Crop, fill: int) -> tuple[Pixels, Affine]:
    """Turns a page back by ``skew`` degrees and leaves ``crop`` out, in one resampling.

    Args:
        pixels: Upright page with square pixels.
        dpi: Its resolution; below 250 dpi the sharper and slower interpolation is worth its time.
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
        return _warp(pixels, matrix, size, fill, exact=dpi < _SHARP_DPI), matrix
    view = pixels[crop.top : height - crop.bottom, crop.left : width - crop.right]
    return np.ascontiguousarray(view), matrix


def straighten_reduced(page: Reduced, skew: float, crop: Crop, fill: int) -> Reduced:
    """The same on the reduced page: its masks are turned along instead of being found again."""
    import cv2

    left, top, right, bottom = (round(side * page.scale) for side in (crop.left, crop.top, crop.right, crop.bottom))
    small = Crop(left, top, right, bottom)
    gray, matrix = straighten(page.gray, _SHARP_DPI, skew, small, fill)
    size = (gray.shape[1], gray.shape[0])
    ink = cv2.warpAffine(page.ink, matrix, size, flags=cv2.INTER_NEAREST)
    border = cv2.warpAffine(
        page.border, matrix, size, flags=cv2.INTER_NEAREST, borderValue=(255.0 if fill == 0 else 0.0,)
    )
    labels = cv2.warpAffine(page.labels.astype("float32"), matrix, size, flags=cv2.INTER_NEAREST).astype("int32")
    return replace(page, gray=gray, ink=ink, border=border, labels=labels)


def _rotation(width: int, height: int, skew: float) -> Affine:
    import cv2

    # A page skewed clockwise is turned counter-clockwise, which is OpenCV's positive direction.
    matrix: Affine = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), skew, 1.0)
    return matrix


def _warp(pixels: Pixels, matrix: Affine, size: tuple[int, int], fill: int, *, exact: bool) -> Pixels:
    import cv2

    turned: Pixels = cv2.warpAffine(
        pixels,
        matrix,
        size,
        flags=cv2.INTER_CUBIC if exact else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(fill, fill, fill),
    )
    return turned

"""How a page must be turned, straightened and cropped.

Decisions are taken on the reduced page. Nothing here touches the full one: it is laid askew on a straight page, and
only the engine's copy is resampled, once. Nothing here ever cuts text: only rows and columns that are scanner border
go.

Matrices are 2 × 3 and speak of points, not of pixels: (0, 0) is the top left corner of the top left pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ocr.border import dark_level, find_solid
from ocr.ink import Reduced
from ocr.raw_page import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Affine = NDArray[Any]
else:
    Affine = Any

MIN_SKEW = 0.1
"""Degrees; below it a page is left alone."""
_MAX_CROP = 0.15
_MIN_CROP_MM = 1.5
_SMALLEST = 100
"""Pixels of the reduced page's shorter side; a smaller picture is no sheet on a scanner's bed."""
_CORNER_MM = (7.0, 40.0)
"""Legs of a missing corner; a smaller one holds no text, a larger dark area is something else."""
_TRIANGLE = (0.35, 0.68)
"""Share of its box that a corner cut off along a line fills: one half."""


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


@dataclass(frozen=True, slots=True)
class Change:
    """From an upright picture to its page.

    Attributes:
        matrix: Where each point of the picture lies on the page.
        width, height: Of the page, in pixels of the picture's size.
        trimmed: The page ends before the picture does, also where nothing moved.
    """

    matrix: Affine
    width: int
    height: int
    trimmed: bool = False

    @property
    def none(self) -> bool:
        """Whether the picture is the page."""
        import numpy as np

        return not self.trimmed and bool(np.array_equal(self.matrix, np.eye(2, 3)))


def find_crop(page: Reduced, skew: float) -> Crop:
    """What to leave out of the full page, after it was turned back by ``skew``."""
    if not page.border.any() or min(page.gray.shape) < _SMALLEST:
        return Crop()
    border = page.border
    if skew:
        height, width = border.shape
        border = warp(border, _rotation(width, height, skew), (width, height), 255)
    sides = _border_sides(border > 127)
    least = page.pixels(_MIN_CROP_MM)
    left, top, right, bottom = (round(side / page.scale) if side >= least else 0 for side in sides)
    return Crop(left, top, right, bottom)


def find_missing_corners(page: Reduced, skew: float) -> int:
    """How many corners of the straightened sheet are torn off or folded over: the dark bed shows in their place.

    Over a white bed nothing tells such a corner from paper.
    """
    import cv2
    import numpy as np

    height, width = page.gray.shape
    solid = find_solid(page.gray, dark_level(page.paper), page.dpi)
    if not solid.any():
        return 0
    border = page.border
    if skew:
        rotation = _rotation(width, height, skew)
        solid = warp(solid, rotation, (width, height), 0)
        border = warp(border, rotation, (width, height), 255 if border.any() else 0)
    left, top, right, bottom = _border_sides(border > 127)
    sheet = np.ascontiguousarray(solid[top : height - bottom, left : width - right] > 127).astype(np.uint8)
    reach = page.pixels(_CORNER_MM[1])
    if min(sheet.shape) < 4 * reach:
        return 0
    missing = 0
    slack = page.pixels(1.0)
    for corner in (sheet, sheet[:, ::-1], sheet[::-1], sheet[::-1, ::-1]):
        if not corner[:slack, :slack].any():
            continue
        # One pixel more than a corner may measure shows what is larger.
        part = np.ascontiguousarray(corner[: reach + 1, : reach + 1])
        _, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=4)
        near = labels[:slack, :slack]
        x, y, wide, high, area = (int(value) for value in stats[int(near.max())])
        least = page.pixels(_CORNER_MM[0])
        sized = x + y < 2 * slack and least <= min(wide, high) and max(wide, high) <= reach
        missing += sized and _TRIANGLE[0] <= area / (wide * high) <= _TRIANGLE[1]
    return missing if missing <= 2 else 0


def _border_sides(border: Any) -> tuple[int, int, int, int]:
    """Rows and columns at each side that are border for the most part: (left, top, right, bottom)."""
    height, width = border.shape
    left = top = right = bottom = 0
    if not border.any():
        return left, top, right, bottom
    for _ in range(2):
        rows = border[:, left : width - right].mean(axis=1) > 0.5
        top = _leading(rows, int(height * _MAX_CROP))
        bottom = _leading(rows[::-1], int(height * _MAX_CROP))
        columns = border[top : height - bottom].mean(axis=0) > 0.5
        left = _leading(columns, int(width * _MAX_CROP))
        right = _leading(columns[::-1], int(width * _MAX_CROP))
    return left, top, right, bottom


def _leading(flags: Any, most: int) -> int:
    """How many flags are set from the start; of more than ``most`` none: that is no border but half the picture."""
    import numpy as np

    clear = np.flatnonzero(~flags[: most + 1])
    return int(clear[0]) if len(clear) else 0


def straightening(width: int, height: int, skew: float, crop: Crop) -> Change:
    """What turns a width × height picture back by ``skew`` degrees (positive clockwise) and leaves ``crop`` out."""
    import numpy as np

    matrix = _rotation(width, height, skew) if skew else np.eye(2, 3)
    matrix[:, 2] -= (crop.left, crop.top)
    return Change(matrix, width - crop.left - crop.right, height - crop.top - crop.bottom, not crop.empty)


def scaled(change: Change, scale: float) -> Affine:
    """The change of a copy that is ``scale`` times as large, page and all."""
    import numpy as np

    matrix: Affine = change.matrix * np.array([[1.0, 1.0, scale], [1.0, 1.0, scale]])
    return matrix


def straighten_reduced(page: Reduced, change: Change) -> Reduced:
    """The reduced page after ``change``: its masks are turned along instead of being found again."""
    import cv2

    matrix = scaled(change, page.scale)
    size = (max(1, round(change.width * page.scale)), max(1, round(change.height * page.scale)))
    gray = warp(page.gray, matrix, size, int(page.paper))
    ink = warp(page.ink, matrix, size, 0, flags=cv2.INTER_NEAREST)
    border = warp(page.border, matrix, size, 0, flags=cv2.INTER_NEAREST)
    labels = warp(page.labels.astype("float32"), matrix, size, 0, flags=cv2.INTER_NEAREST).astype("int32")
    return replace(page, gray=gray, ink=ink, border=border, labels=labels)


def turned(matrix: Affine, degrees: int, width: float, height: float) -> Affine:
    """``matrix`` followed by a clockwise turn of a width × height page."""
    turns = {
        0: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]],
        90: [[0.0, -1.0, height], [1.0, 0.0, 0.0]],
        180: [[-1.0, 0.0, width], [0.0, -1.0, height]],
        270: [[0.0, 1.0, 0.0], [-1.0, 0.0, width]],
    }
    return followed(matrix, turns[degrees % 360])


def followed(first: Affine, second: Any) -> Affine:
    """One matrix for ``first`` and then ``second``."""
    import numpy as np

    bottom = [0.0, 0.0, 1.0]
    total: Affine = (np.vstack([second, bottom]) @ np.vstack([first, bottom]))[:2]
    return total


def _rotation(width: int, height: int, skew: float) -> Affine:
    import cv2

    # A page skewed clockwise is turned counter-clockwise, which is OpenCV's positive direction.
    matrix: Affine = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    return matrix


def warp(
    pixels: Pixels, matrix: Affine, size: tuple[int, int], fill: int, *, flags: int | None = None, edge: bool = False
) -> Pixels:
    """``pixels`` laid through ``matrix`` onto a picture of ``size``, bare parts filled or (``edge``) drawn out."""
    import cv2
    import numpy as np

    # OpenCV speaks of the middles of pixels.
    middles = matrix.copy()
    middles[:, 2] += matrix[:, :2] @ np.array([0.5, 0.5]) - 0.5
    laid: Pixels = cv2.warpAffine(
        pixels,
        middles,
        size,
        flags=cv2.INTER_LINEAR if flags is None else flags,
        borderMode=cv2.BORDER_REPLICATE if edge else cv2.BORDER_CONSTANT,
        borderValue=(fill, fill, fill),
    )
    return laid

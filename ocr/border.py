"""What a scanner's bed leaves around a sheet: dark, even, at the picture's edge, outside a clearly brighter sheet.

Everything else that is dark up to the edge is the page itself: a black page with white print, a photograph or a
painting printed to the edge, a coloured head with white letters. Taking that for a border would cost its text and, by
the crop, the picture; so whatever is in doubt is no border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocr.areas import connected_areas
from ocr.page import GrayImage
from ocr.raw_page import Pixels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Mask = NDArray[Any]
else:
    Mask = Any

_SOLID_MM = 1.6
"""Strokes are thinner, borders are thicker."""
_MIN_SHEET = 0.04
"""Share of the picture the sheet takes at least: an identity card on a bed of A4 is 0.07."""
_BRIGHTER = 60.0
_UNEVEN = 70.0
_MAX_MARKS = 4
_MARK_MM = (0.9, 12.0)
_SLACK_MM = 2.0
_INSIDE = 0.15
"""Share of a border that may lie between the outermost points of the sheet: a torn edge, a folded corner."""
_NEGATIVE = 100.0


def find_border(small: GrayImage, paper: float, dpi: float) -> Mask:
    """255 where the scanner's bed shows.

    Args:
        small: The reduced page, uint8 (height, width).
        paper: Its commonest bright level.
        dpi: Its resolution.
    """
    import cv2
    import numpy as np

    none = np.zeros(small.shape, np.uint8)
    level = dark_level(paper)
    edges = (small[0], small[-1], small[:, 0], small[:, -1])
    if max(float((edge < level).mean()) for edge in edges) < 0.05:
        return none
    labels, count = _solid_at_edge(small, level, dpi)
    if count == 0:
        return none
    sheet = _sheet(labels)
    if sheet is None:
        return none
    hull, inside = sheet
    slack = max(1, round(_SLACK_MM * dpi / 25.4))
    kernel = np.ones((2 * slack + 1, 2 * slack + 1), np.uint8)
    padded = cv2.copyMakeBorder(hull, slack, slack, slack, slack, cv2.BORDER_REPLICATE)
    core = cv2.erode(padded, kernel)[slack:-slack, slack:-slack] > 0
    marks = _marks(small, labels, hull, level, dpi)
    brightness = float(np.median(small[inside]))
    border: Mask = none
    for index in range(1, count + 1):
        area = labels == index
        greys = small[area]
        low, middle, high = (float(value) for value in np.percentile(greys, (5, 50, 95)))
        even = high - low <= _UNEVEN and brightness - middle >= _BRIGHTER
        outside = float(core[area].mean()) <= _INSIDE
        if even and outside and marks[index] <= _MAX_MARKS:
            border[area] = 255
    return border


def dark_level(paper: float) -> float:
    """The bed is darker than this, coloured paper is not."""
    return min(0.45 * paper, 110)


def is_negative(small: GrayImage, border: Mask) -> bool:
    """Whether the page is white on black: most of what is no border is dark."""
    import numpy as np

    dark = np.count_nonzero((small < _NEGATIVE) & (border == 0))
    return int(dark) > 0.5 * small.size


def find_solid(small: GrayImage, level: float, dpi: float) -> Mask:
    """255 where it is darker than ``level`` over more than the width of a stroke."""
    import cv2
    import numpy as np

    dark = (small < level).astype(np.uint8) * np.uint8(255)
    size = max(3, round(_SOLID_MM * dpi / 25.4))
    # Padding keeps a border thinner than the kernel alive where it leaves the picture.
    padded = cv2.copyMakeBorder(dark, size, size, size, size, cv2.BORDER_REPLICATE)
    solid: Pixels = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    return np.ascontiguousarray(solid[size:-size, size:-size])


def _solid_at_edge(small: GrayImage, level: float, dpi: float) -> tuple[Mask, int]:
    """Solid dark areas that touch the picture's edge and are larger than any stroke: labels from 1, and how many."""
    import numpy as np

    solid = find_solid(small, level, dpi)
    total, labels, stats, _ = connected_areas(solid, 4)
    height, width = small.shape
    left, top, wide, high, area = (stats[:, column] for column in range(5))
    touches = (left == 0) | (top == 0) | (left + wide == width) | (top + high == height)
    large = (wide > 0.25 * width) | (high > 0.25 * height) | (area > 0.01 * height * width)
    keep = touches & large
    keep[0] = False
    numbers = np.zeros(total, np.int32)
    numbers[keep] = np.arange(1, np.count_nonzero(keep) + 1)
    return numbers[labels], int(np.count_nonzero(keep))


def _sheet(labels: Mask) -> tuple[Mask, Mask] | None:
    """The sheet inside the dark areas: its hull (255 inside) and its own pixels; ``None`` where there is none."""
    import cv2
    import numpy as np

    rest = (labels == 0).astype(np.uint8)
    count, parts, stats, _ = connected_areas(rest, 4)
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, 4]))
    inside = parts == largest
    outlines, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    around: Any = cv2.convexHull(np.vstack(list(outlines)))
    hull = np.zeros(labels.shape, np.uint8)
    cv2.fillConvexPoly(hull, around, (255,))
    return (hull, inside) if np.count_nonzero(hull) >= _MIN_SHEET * labels.size else None


def _marks(small: GrayImage, labels: Mask, hull: Mask, level: float, dpi: float) -> list[int]:
    """For each dark area, how many bright marks of a letter's size stand in it, outside the sheet."""
    import cv2
    import numpy as np

    bright = ((small > level + 20) & (hull == 0)).astype(np.uint8)
    total, _, stats, centres = connected_areas(bright)
    found = [0] * (int(labels.max()) + 1)
    if total < 2:
        return found
    longest = stats[:, 2:4].max(axis=1) * 25.4 / dpi
    reach = max(3, round(8.0 * dpi / 25.4)) | 1
    near = cv2.dilate(labels.astype(np.float32), np.ones((reach, reach), np.uint8))
    for index in range(1, total):
        if _MARK_MM[0] <= longest[index] <= _MARK_MM[1]:
            x, y = (int(value) for value in centres[index])
            found[int(near[y, x])] += 1
    return found

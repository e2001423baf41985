"""How much of a page's ink no word stands for, and how much of that looks written by hand.

A page is never silently empty: what the engine could not read (handwriting, a photograph, a seal) is counted as a
share of the ink. Rulings, frames and specks are no ink to be read. Knows pixels and boxes; not what words mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from manifests.text import Bbox
from ocr.areas import connected_areas

if TYPE_CHECKING:
    from ocr.page import GrayImage

_DPI = 80.0
"""Resolution at which ink is counted: a letter of 8 points is five pixels high."""
_DARK = 160
_RULE_MM = 9.0
"""A straight run of this length is a ruling, the side of a frame, or a scanner's border."""
_SPECK_MM2 = 0.12
_REACH_MM = 0.6
"""Accents and descenders may stand this far out of a word's box."""
_BED_MM = 15.0
"""How far the scanner's bed shows at an edge, at most; of a photograph printed to the edge the rest still counts."""
_PICTURE_MM = 12.0
_PICTURE_FILL = 0.45
_NEAR_MM = 2.0
_STROKES = 4
_EVEN_HEIGHT = 0.22
_EVEN_FOOT = 0.14


_AREA_JOIN_MM = 5.0
_AREA_MM = (25.0, 8.0)
"""Width and height from which an area of unread ink may hide lines of print: a signature block measures 50 × 40."""
_AREA_MARGIN_MM = 4.0
"""Letters a stroke joined to read ones stand a little outside."""
_AREA_MOST = 0.35
_AREAS = 2


@dataclass(frozen=True, slots=True)
class UnreadInk:
    """Shares of a page's ink, 0.0–1.0.

    Attributes:
        share: Under no credible word.
        handwritten: Under none and of uneven strokes, as a pen leaves them; print stands in even lines.
    """

    share: float
    handwritten: float


@dataclass(frozen=True, slots=True)
class Writing:
    """A page's ink without rulings and specks, on a small copy; found once and asked more than once.

    Attributes:
        ink: uint8 (height, width), 1 where a stroke is.
        scale: Its pixels for each pixel of the image it was found on.
        dpi: Of that image.
    """

    ink: Any
    scale: float
    dpi: float

    @property
    def mm(self) -> float:
        """Pixels of ``ink`` for each millimetre."""
        return self.dpi * self.scale / 25.4

    def outside(self, boxes: Sequence[Bbox]) -> Any:
        """The ink that stands in none of ``boxes`` (pixels of the image)."""
        rest = self.ink.copy()
        reach = round(_REACH_MM * self.mm)
        for box in boxes:
            left, top, right, bottom = (round(side * self.scale) for side in box)
            rest[max(0, top - reach) : bottom + reach, max(0, left - reach) : right + reach] = 0
        return rest


def find_writing(image: GrayImage, dpi: float) -> Writing:
    """What of ``image`` was written or printed to be read.

    Args:
        image: The engine's copy, uint8, dark ink on white, without red seals.
        dpi: Of this copy.
    """
    import cv2
    import numpy as np

    scale = min(1.0, _DPI / dpi)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else image
    return Writing(_writing((small < _DARK).astype(np.uint8), dpi * scale / 25.4), scale, dpi)


def unread_areas(writing: Writing, boxes: Sequence[Bbox]) -> list[Bbox]:
    """Where on the page much ink stands together that no word stands for: a signature across its name, a seal.

    Args:
        boxes: Of the credible words, in pixels of the image.

    Returns:
        At most two areas in pixels of the image, most ink first; neither specks nor whole pages.
    """
    import cv2
    import numpy as np

    rest, mm = writing.outside(boxes), writing.mm
    if not rest.any():
        return []
    size = max(3, round(_AREA_JOIN_MM * mm))
    joined = cv2.dilate(rest, np.ones((size, size), np.uint8))
    _, labels, stats, _ = connected_areas(joined)
    ink = np.bincount(labels[rest > 0], minlength=len(stats))
    margin = round(_AREA_MARGIN_MM * mm)
    found: list[Bbox] = []
    for index in np.argsort(-ink):
        left, top, width, height = (int(side) for side in stats[index, :4])
        if index == 0 or width < _AREA_MM[0] * mm or height < _AREA_MM[1] * mm:
            continue
        if width * height > _AREA_MOST * rest.size:
            continue
        sides = (max(0, left - margin), max(0, top - margin), left + width + margin, top + height + margin)
        found.append(Bbox(*(int(side / writing.scale) for side in sides)))
    return found[:_AREAS]


def measure_unread(writing: Writing, boxes: Sequence[Bbox]) -> UnreadInk:
    """What of the ink stands outside ``boxes``, those of the credible words, in pixels of the image."""
    import numpy as np

    rest = writing.outside(boxes)
    total, left = int(np.count_nonzero(writing.ink)), int(np.count_nonzero(rest))
    if left == 0:
        return UnreadInk(0.0, 0.0)
    return UnreadInk(round(left / total, 4), round(_penned(rest, writing.mm) / total, 4))


def _writing(ink: Any, mm: float) -> Any:
    """``ink`` without rulings and specks."""
    import cv2
    import numpy as np

    length = max(5, round(_RULE_MM * mm))
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    rules = cv2.dilate(cv2.bitwise_or(across, down), np.ones((3, 3), np.uint8))
    # A dark area is a picture, not rulings side by side.
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((round(2 * mm) | 1, round(2 * mm) | 1), np.uint8))
    kept = cv2.bitwise_or(cv2.bitwise_and(ink, cv2.bitwise_not(rules * 255)), thick)
    kept[_bed(thick, round(_BED_MM * mm))] = 0
    count, labels, stats, _ = connected_areas(kept)
    large = stats[:, cv2.CC_STAT_AREA] >= max(2.0, _SPECK_MM2 * mm * mm)
    large[0] = False
    return large.astype(np.uint8)[labels] if count > 1 else kept


def _bed(solid: Any, rim: int) -> Any:
    """Where solid dark runs in from the edge: the scanner's bed around a sheet that lies askew, no picture on it."""
    import cv2
    import numpy as np

    near = solid.copy()
    near[rim:-rim, rim:-rim] = 0
    _, labels = cv2.connectedComponents(near, connectivity=8)
    edges = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    touching = np.zeros(int(labels.max()) + 1, bool)
    touching[edges] = True
    touching[0] = False
    # What the opening took off its corners goes with it.
    return cv2.dilate(touching[labels].astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)


def _penned(ink: Any, mm: float) -> int:
    """Pixels of ``ink`` in groups of strokes that are neither a picture nor a line of print."""
    import cv2
    import numpy as np

    near = max(3, round(_NEAR_MM * mm)) | 1
    groups = cv2.dilate(ink, np.ones((max(3, near // 3), near), np.uint8))
    count, group_of, boxes, _ = connected_areas(groups)
    _, labels, stats, _ = connected_areas(ink)
    first = np.zeros(len(stats), np.int64)
    rows, columns = np.nonzero(labels)
    first[labels[rows, columns]] = group_of[rows, columns]
    penned = 0
    for group in range(1, count):
        members = np.flatnonzero(first == group)
        members = members[members > 0]
        if not len(members):
            continue
        area = int(stats[members, cv2.CC_STAT_AREA].sum())
        width, height = (int(v) for v in boxes[group, 2:4])
        filled = area / max(1, width * height)
        if min(width, height) >= _PICTURE_MM * mm and filled >= _PICTURE_FILL:
            continue
        if not _is_even(stats[members], mm):
            penned += area
    return penned


def _is_even(stats: Any, mm: float) -> bool:
    """Letters of print are of few heights and stand on one line; fewer than four strokes prove nothing."""
    import numpy as np

    heights, feet = stats[:, 3].astype(float), (stats[:, 1] + stats[:, 3]).astype(float)
    tall = heights >= 0.6 * float(np.median(heights))
    heights, feet = heights[tall], feet[tall]
    if len(heights) < _STROKES:
        return float(stats[:, 3].max()) < 3.0 * mm
    usual = float(np.median(heights))
    uneven = float(np.median(np.abs(heights - usual))) / usual
    foot = float(np.median(np.abs(feet - np.median(feet)))) / usual
    return uneven <= _EVEN_HEIGHT and foot <= _EVEN_FOOT

"""Where a figure stands alone: the number of a page in its margin, the number of a row in its cell.

Page analysis passes over ink as small and as lonely as that. Here the places are found; they are read with the words
of the second look, in the same call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from manifests.text import Bbox
from ocr.areas import connected_areas
from ocr.engine import ReadWord
from ocr.tables import Table

if TYPE_CHECKING:
    from ocr.page import GrayImage

_DARK = 150
_HEIGHT_MM = (1.7, 4.8)
"""Figures of 10 to 20 points, a full stop or bracket with them."""
_WIDTH_MM = (0.4, 10.0)
_JOIN_MM = 1.6
_EDGE_MM = 5.0
"""So near to the paper's edge stand marks of the scanner, not figures."""
_RIM_MM = 0.7
"""What of a cell's ruling may stand inside its box."""
_MOST_IN_MARGIN = 2
"""A margin with more than these holds specks, or text the engine did not read; no number of a page."""
_MOST = 24


def lone_places(words: Sequence[ReadWord], image: GrayImage, dpi: float, tables: Sequence[Table]) -> list[Bbox]:
    """Boxes around ink of a figure's size above and below all words and in cells without words.

    Args:
        words, tables: Of the page, in pixels of ``image``.
        image: uint8, dark ink on white.
        dpi: Of ``image``.
    """
    read = [word for word in words if any(map(str.isalnum, word.text))]
    if not read:
        return []
    height, width = image.shape
    mm = dpi / 25.4
    edge = round(_EDGE_MM * mm)
    tops = [min(word.bbox[1] for word in read), *(table.box.top for table in tables)]
    bottoms = [max(word.bbox[3] for word in read), *(table.box.bottom for table in tables)]
    found: list[Bbox] = []
    for top, bottom in ((edge, min(tops)), (max(bottoms), height - edge)):
        marks = _marks(image, Bbox(edge, top, width - edge, bottom), mm)
        found += marks if len(marks) <= _MOST_IN_MARGIN else []
    rim = round(_RIM_MM * mm)
    for table in tables:
        taken = {table.cell_at((word.bbox[0] + word.bbox[2]) / 2, (word.bbox[1] + word.bbox[3]) / 2) for word in read}
        for number, cell in enumerate(table.cells):
            if number not in taken:
                inside = Bbox(cell.left + rim, cell.top + rim, cell.right - rim, cell.bottom - rim)
                marks = _marks(image, inside, mm)
                found += marks if len(marks) == 1 else []
    return found[:_MOST]


def _marks(image: GrayImage, area: Bbox, mm: float) -> list[Bbox]:
    """Pieces of ink in ``area`` that have a figure's size."""
    import cv2
    import numpy as np

    if area.right <= area.left or area.bottom <= area.top:
        return []
    ink: Any = (image[area.top : area.bottom, area.left : area.right] < _DARK).astype(np.uint8)
    if not ink.any():
        return []
    joined = cv2.dilate(ink, np.ones((3, max(3, round(_JOIN_MM * mm))), np.uint8))
    _, labels, stats, _ = connected_areas(joined)
    found = []
    for index in range(1, len(stats)):
        left, top, wide, high = (int(side) for side in stats[index, :4])
        inked = ink[top : top + high, left : left + wide] & (labels[top : top + high, left : left + wide] == index)
        rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
        box = Bbox(left + int(columns[0]), top + int(rows[0]), left + int(columns[-1]) + 1, top + int(rows[-1]) + 1)
        tall, broad = (box.bottom - box.top) / mm, (box.right - box.left) / mm
        if _HEIGHT_MM[0] <= tall <= _HEIGHT_MM[1] and _WIDTH_MM[0] <= broad <= _WIDTH_MM[1]:
            found.append(Bbox(area.left + box.left, area.top + box.top, area.left + box.right, area.top + box.bottom))
    return found

"""Connected areas of a mask, counted in 16 bits where they fit, which takes half the time.

OpenCV numbers areas as it comes upon them and joins numbers later; 16 bits are enough only where there can be no
more of those first numbers, however few areas are left in the end. A page of print has a tenth of that.
"""

from __future__ import annotations

from typing import Any

_MOST = 65_000


def connected_areas(mask: Any, connectivity: int = 8) -> tuple[int, Any, Any, Any]:
    """As ``cv2.connectedComponentsWithStats``: how many, whose pixel each is, boxes and sizes, middles.

    Args:
        mask: uint8; what is not 0 belongs to an area.
        connectivity: 8 or 4, with or without the neighbours across.
    """
    import cv2

    kind = cv2.CV_16U if _begins(mask, connectivity) <= _MOST else cv2.CV_32S
    found: tuple[int, Any, Any, Any] = cv2.connectedComponentsWithStats(mask, connectivity=connectivity, ltype=kind)
    return found


def _begins(mask: Any, connectivity: int) -> int:
    """How many numbers there can be at first: one for each pixel that has none before it, to the left and above."""
    import cv2

    height, width = (int(side) for side in mask.shape)
    if height * width <= 2 * _MOST:
        return height * width // 2
    before = cv2.max(mask[:-1, 1:], mask[1:, :-1])
    if connectivity == 8:
        before = cv2.max(before, mask[:-1, :-1])
    inside = cv2.countNonZero(cv2.compare(mask[1:, 1:], before, cv2.CMP_GT))
    return int(inside + cv2.countNonZero(mask[:1]) + cv2.countNonZero(mask[:, :1]))

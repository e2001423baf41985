"""The little squares of forms ("☐ Đúng hạn ☒ Quá hạn"), taken out of the engine's copy.

Tesseract's Vietnamese model knows no such sign: it reads a box as ``L]``, ``Mi`` or ``BE``, and where a typewriter's
word stands close, box and first letter as one wrong letter. A square is told by its four sides, each inked from
corner to corner; no letter has them. What stands in a box without touching it, a figure of an identity number, stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ocr.areas import connected_areas

if TYPE_CHECKING:
    from ocr.page import GrayImage

_DPI = 85.0
"""Least resolution at which squares are looked for; found ones are judged on the copy itself."""
_FAINT, _DARK = 205, 170
"""Grey below which a hairline counts on the small copy and on the copy itself."""
_SIDE_MM = (2.3, 6.5)
_SQUARE = 0.15
"""How much a square's sides may differ, as a share of the longer one."""
_SIDE = 0.15
"""Width of the strip a side must stand in, as a share of the square: paper is scanned a little askew."""
_INKED = 0.92
"""Share of a side's length that is inked; the round letters have 0.6, the straight ones lack a side."""
_EMPTY = 0.02
"""Share of a box's inside that specks may fill."""


def remove_tick_boxes(gray: GrayImage, dpi: float) -> GrayImage:
    """``gray`` (uint8, dark on light) with its empty and crossed squares gone white; the same object without.

    Args:
        dpi: Of this copy.
    """
    import cv2
    import numpy as np

    step = max(1, int(dpi / _DPI))
    high, wide = gray.shape[0] // step, gray.shape[1] // step
    if not high or not wide:
        return gray
    small = cv2.resize(gray[: high * step, : wide * step], (wide, high), interpolation=cv2.INTER_AREA)
    _, labels, stats, _ = connected_areas((small < _FAINT).astype(np.uint8))
    least, most = (side * dpi / step / 25.4 for side in _SIDE_MM)
    sides = stats[:, 2:4]
    alike = np.abs(sides[:, 0] - sides[:, 1]) <= _SQUARE * sides.max(axis=1) + 1
    fitting = np.flatnonzero((sides.min(axis=1) >= least) & (sides.max(axis=1) <= most) & alike)
    copy = gray
    for index in _framed(fitting, labels, stats):
        left, top, width, height = (int(side) * step for side in stats[index, :4])
        rows = slice(max(0, top - step), top + height + step)
        columns = slice(max(0, left - step), left + width + step)
        square = _square(gray[rows, columns])
        if square is not None:
            copy = gray.copy() if copy is gray else copy
            # Its soft edge goes with it.
            copy[rows, columns][cv2.dilate(square, np.ones((3, 3), np.uint8)) > 0] = 255
    return copy


def _framed(fitting: Any, labels: Any, stats: Any) -> Any:
    """Those of the areas ``fitting`` with ink in the corners and the middles of the sides of their box."""
    import numpy as np

    left, top, width, height = stats[fitting, :4].T
    framed = np.ones(len(fitting), bool)
    for x, y in ((0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (1, 2), (2, 2)):
        columns, rows = left + x * (width - 2) // 2, top + y * (height - 2) // 2
        framed &= np.any([labels[rows + i, columns + j] == fitting for i in (0, 1) for j in (0, 1)], axis=0)
    return fitting[framed]


def _square(part: Any) -> Any | None:
    """The pixels of the box in ``part``, a mask; ``None`` where what stands there is none."""
    import numpy as np

    count, labels, stats, _ = connected_areas((part < _DARK).astype(np.uint8))
    if count < 2:
        return None
    largest = 1 + int(np.argmax(stats[1:, 2] * stats[1:, 3]))
    left, top, width, height = (int(side) for side in stats[largest, :4])
    mask = labels == largest
    box = mask[top : top + height, left : left + width]
    rim = max(2, round(_SIDE * min(width, height)))
    strips = (box[:rim].any(axis=0), box[-rim:].any(axis=0), box[:, :rim].any(axis=1), box[:, -rim:].any(axis=1))
    if min(width, height) <= 3 * rim or min(float(strip.mean()) for strip in strips) < _INKED:
        return None
    inside = box[rim:-rim, rim:-rim]
    return mask.astype(np.uint8) if inside.mean() <= _EMPTY or _is_crossed(inside) else None


def _is_crossed(inside: Any) -> bool:
    """Whether the corners and the middle hold more ink than what lies between them."""
    import numpy as np

    ninths = [np.array_split(strip, 3, axis=1) for strip in np.array_split(inside, 3)]
    inked = np.array([[ninth.mean() for ninth in row] for row in ninths])
    return bool(min(inked[::2, ::2].min(), inked[1, 1]) > max(inked[1, ::2].max(), inked[::2, 1].max()))

"""What a page holds, as a few boxes, so that nothing is drawn over it later: print, handwriting, seals, pictures.

Taken from the page people see, not from the engine's copy, out of which seals are gone.
"""

from __future__ import annotations

from manifests.text import Bbox, ColourMode
from ocr.geometry import Change, scaled, warp
from ocr.ink import Mask, Reduced, analyse
from ocr.raw_page import Pixels

_MOST = 200
_CELLS_MM = (2.0, 3.0, 4.0, 6.0, 10.0, 20.0)
"""Sides of the cells tried, until the boxes are few enough."""
_GAP_MM = (12.0, 2.5)
"""Gaps no block of text fits into, across and down: they are closed, which makes few boxes of many lines."""
_SPECK_MM2 = 0.4
_DPI = 60.0
"""Resolution at which ink is looked for: a pen's stroke is a pixel wide."""
_SOLID = 0.6
"""Darker than this share of the paper is ink also where it is no stroke: photographs, a scanner's border."""


def occupied_boxes(pixels: Pixels, dpi: float, change: Change) -> tuple[Bbox, ...]:
    """Boxes that hold every mark of the page but specks.

    Args:
        pixels: The upright picture, grey or RGB.
        dpi: Its resolution.
        change: From the picture to its page.

    Returns:
        At most 200, in pixels of the page, in rows from the top, without overlap.
    """
    import cv2

    page = _reduced(pixels, dpi)
    ink = _ink(page)
    if not change.none:
        size = (max(1, round(change.width * page.scale)), max(1, round(change.height * page.scale)))
        ink = warp(ink, scaled(change, page.scale), size, 0, flags=cv2.INTER_NEAREST)
    found: list[Bbox] = []
    for cell in _CELLS_MM:
        found = _boxes(ink, page.pixels(cell), page)
        if len(found) <= _MOST:
            break
    back = 1.0 / page.scale
    limits = (change.width, change.height)
    return tuple(
        Bbox(*(min(round(side * back), limits[number % 2]) for number, side in enumerate(box))) for box in found
    )[:_MOST]


def colour_mode(pixels: Pixels, *, bitonal: bool) -> ColourMode:
    """How a scan was made; RGB that is exactly grey all over was never scanned in colour."""
    import cv2
    import numpy as np

    if bitonal:
        return ColourMode.BITONAL
    if pixels.ndim == 2:
        return ColourMode.GREY
    red, green, blue = cv2.split(np.ascontiguousarray(pixels[::3, ::3]))
    apart = max(cv2.norm(red, green, cv2.NORM_INF), cv2.norm(blue, green, cv2.NORM_INF))
    return ColourMode.COLOUR if apart > 2 else ColourMode.GREY


def _reduced(pixels: Pixels, dpi: float) -> Reduced:
    """A small copy of each pixel's darkest channel, in which a red seal and blue ink are as dark as black ink."""
    import cv2

    factor = max(1, int(dpi / _DPI))
    high, wide = max(1, pixels.shape[0] // factor), max(1, pixels.shape[1] // factor)
    small: Pixels = cv2.resize(pixels[: high * factor, : wide * factor], (wide, high), interpolation=cv2.INTER_AREA)
    if small.ndim == 3:
        red, green, blue = cv2.split(small)
        small = cv2.min(cv2.min(red, green), blue)
    return analyse(small, 1.0 / factor, dpi / factor)


def _ink(page: Reduced) -> Mask:
    """255 where there is ink of any colour."""
    import cv2
    import numpy as np

    marks = page.stats[:, cv2.CC_STAT_AREA] >= max(2.0, _SPECK_MM2 * (page.dpi / 25.4) ** 2)
    marks[0] = False
    solid = (page.gray < _SOLID * page.paper).astype(np.uint8)
    areas: Mask = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    ink: Mask = cv2.bitwise_or(marks.astype(np.uint8)[page.labels], areas)
    return ink * np.uint8(255)


def _boxes(ink: Mask, cell: int, page: Reduced) -> list[Bbox]:
    """Runs of inked cells, rows of the same run put together, in pixels of the reduced page."""
    import cv2
    import numpy as np

    height, width = ink.shape
    high, wide = -(-height // cell), -(-width // cell)
    padded = np.zeros((high * cell, wide * cell), np.uint8)
    padded[:height, :width] = ink
    cells = padded.reshape(high, cell, wide, cell).max(axis=(1, 3))
    gap = tuple(max(1, int(page.pixels(length) / cell) // 2 * 2 + 1) for length in _GAP_MM)
    edge = max(gap)
    roomy = cv2.copyMakeBorder(cells, edge, edge, edge, edge, cv2.BORDER_CONSTANT, value=0)
    closed = cv2.morphologyEx(roomy, cv2.MORPH_CLOSE, np.ones((gap[1], gap[0]), np.uint8))[edge:-edge, edge:-edge]
    found: list[Bbox] = []
    open_runs: dict[tuple[int, int], int] = {}
    for row in range(high + 1):
        runs = _runs(closed[row]) if row < high else []
        for run in [run for run in open_runs if run not in runs]:
            top = open_runs.pop(run)
            found.append(Bbox(run[0] * cell, top * cell, run[1] * cell, row * cell))
        for run in runs:
            open_runs.setdefault(run, row)
    return sorted(
        (Bbox(b.left, b.top, min(b.right, width), min(b.bottom, height)) for b in found), key=lambda b: b[1]
    )


def _runs(row: Mask) -> list[tuple[int, int]]:
    """Beginnings and ends of what is set in one row."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([0], (row > 0).astype(np.int8), [0]))))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]

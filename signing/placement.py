"""Where on page 1 a visible signature or mark goes: geometry only, no PDF library.

Three spaces: the *view* is the page as the reader sees it (points, origin bottom left), the *page* is PDF user
space before ``/Rotate``, and *shares* are parts of the view from its top left corner, 0.0–1.0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Rect = tuple[float, float, float, float]
"""left, bottom, right, top for view and page; left, top, right, bottom for shares."""
FloatArray = NDArray[np.float64]

# The block stays near its corner: it may move by this share of the page's height, and sideways to the middle.
_LOWEST = 0.22
# Where that has no room, it may go this far down.
_LOWEST_OF_ALL = 0.45
_AT_ONCE = 200
# Points between the places tried, and their number each way: a larger page is searched more coarsely.
_STEP = 6.0
_STEPS = 40


@dataclass(frozen=True, slots=True)
class Frame:
    """The visible box of a page.

    Attributes:
        box: Crop box within the media box, page space.
        rotate: Degrees the viewer turns the page clockwise: 0, 90, 180 or 270.
    """

    box: Rect
    rotate: int

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the view, points."""
        left, bottom, right, top = self.box
        width, height = right - left, top - bottom
        return (height, width) if self.rotate in (90, 270) else (width, height)

    def to_page(self, rect: Rect) -> Rect:
        """A view rectangle in page space."""
        left, bottom, right, top = self.box
        width, height = right - left, top - bottom

        def point(x: float, y: float) -> tuple[float, float]:
            across, up = {0: (x, y), 90: (width - y, x), 180: (width - x, height - y), 270: (y, height - x)}[
                self.rotate
            ]
            return left + across, bottom + up

        (x1, y1), (x2, y2) = point(rect[0], rect[1]), point(rect[2], rect[3])
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def to_view(self, rect: Rect) -> Rect:
        """A page rectangle in the view."""
        left, bottom, right, top = self.box
        width, height = right - left, top - bottom

        def point(x: float, y: float) -> tuple[float, float]:
            x, y = x - left, y - bottom
            return {0: (x, y), 90: (y, width - x), 180: (width - x, height - y), 270: (height - y, x)}[self.rotate]

        (x1, y1), (x2, y2) = point(rect[0], rect[1]), point(rect[2], rect[3])
        return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)

    def matrix(self) -> tuple[int, int, int, int, int, int]:
        """Turns an upright appearance so that it is upright again after the viewer turned the page."""
        turns = {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}
        return (*turns[self.rotate], 0, 0)

    def transform(self, size: tuple[float, float], rect: Rect) -> tuple[float, ...]:
        """The six numbers of a PDF ``cm`` that lays a drawing of ``size`` into the page-space ``rect``, upright."""
        across = rect[2] - rect[0] if self.rotate in (0, 180) else rect[3] - rect[1]
        scale = across / size[0]
        left = rect[0] if self.rotate in (0, 270) else rect[2]
        low = rect[1] if self.rotate in (0, 90) else rect[3]
        return (*(number * scale for number in self.matrix()[:4]), left, low)

    def from_share(self, share: Rect) -> Rect:
        """A rectangle given in shares of the page (top left origin), in the view."""
        width, height = self.size
        return share[0] * width, (1 - share[3]) * height, share[2] * width, (1 - share[1]) * height


@dataclass(frozen=True, slots=True)
class Spot:
    """A page-space rectangle.

    Attributes:
        covered: Square points of what is there already that lie under it.
        distance: Points from the regular place at the corner.
    """

    rect: Rect
    covered: float
    distance: float = 0.0


def place(
    frame: Frame,
    size: tuple[float, float],
    *,
    right: bool,
    bottom: bool = False,
    margin: float,
    occupied: Sequence[Rect] = (),
    far: bool = False,
) -> Spot:
    """Where a block of ``size`` points goes at a left or ``right``, top or ``bottom`` corner.

    A block too large for a small page is scaled down. Among places near the corner, the one covering least of
    ``occupied`` (view rectangles: words, ink, other signatures) wins; among equals the one nearest to the corner.
    ``far`` looks further from the corner, on its side of the page.
    """
    width, height = frame.size
    margin = min(margin, width / 10, height / 10)
    scale = min(1.0, (width - 2 * margin) / size[0], (height - 2 * margin) / 3 / size[1])
    block = size[0] * scale, size[1] * scale
    candidates = _candidates((width, height), block, right=right, bottom=bottom, margin=margin, far=far)
    if not occupied:
        return Spot(frame.to_page(next(candidates)[1]), 0.0)
    distances, rects = zip(*sorted(candidates), strict=True)
    left, low, right_end, top = np.array(rects).T
    reach = left.min(), low.min(), right_end.max(), top.max()
    near = [o for o in occupied if o[0] < reach[2] and o[2] > reach[0] and o[1] < reach[3] and o[3] > reach[1]]
    if not near:
        return Spot(frame.to_page(rects[0]), 0.0)
    best, least = 0, math.inf
    # Nearest first, some at a time: most pages have room close by, and the rest need not be looked at.
    for start in range(0, len(rects), _AT_ONCE):
        covered = _covered(rects[start : start + _AT_ONCE], near)
        index = int(np.argmin(covered))
        if covered[index] < least:
            best, least = start + index, float(covered[index])
        if not least:
            break
    return Spot(frame.to_page(rects[best]), least, distances[best])


def _candidates(
    page: tuple[float, float], block: tuple[float, float], *, right: bool, bottom: bool, margin: float, far: bool
) -> Iterator[tuple[float, Rect]]:
    """Rectangles near the corner, each with its distance from the regular place, which comes first."""
    width, height = page
    furthest = max(height * (_LOWEST_OF_ALL if far else _LOWEST) - block[1], 0.0)
    inmost = max(width / 2 - block[0], 0.0)
    for off in _steps(-margin, furthest - margin):
        for inward in _steps(-margin, inmost - margin):
            # Before the regular margin only half way to the edge: printers and frames eat the rest.
            if min(off, inward) < -margin / 2:
                continue
            x, y = margin + inward, margin + off
            left = width - x - block[0] if right else x
            low = y if bottom else height - y - block[1]
            yield math.hypot(off, inward), (left, low, left + block[0], low + block[1])


def _steps(start: float, stop: float) -> list[float]:
    """Offsets around zero in steps, zero always among them."""
    step = max(_STEP, stop / _STEPS)
    below = [-step * n for n in range(1, int(-start / step) + 1)]
    above = [step * n for n in range(1, int(stop / step) + 1)]
    return [0.0, *below, *above]


def _covered(rects: Sequence[Rect], occupied: Sequence[Rect]) -> FloatArray:
    """Area of ``occupied`` under each of ``rects``; a hair's overlap counts as none."""
    blocks, others = np.array(rects)[:, None], np.array(occupied)[None]
    wide = np.minimum(blocks[..., 2], others[..., 2]) - np.maximum(blocks[..., 0], others[..., 0])
    high = np.minimum(blocks[..., 3], others[..., 3]) - np.maximum(blocks[..., 1], others[..., 1])
    areas: FloatArray = (wide.clip(min=0) * high.clip(min=0)).sum(axis=1).round()
    return areas

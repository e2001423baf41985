"""Which way up a page stands, cheaply: no engine, only where the small marks beside letters lie.

Vietnamese writes its tones and its circumflexes, breves and horns above the letters, and only the heavy tone below.
So the small areas of ink that stand close to a letter lie over it four times out of five, whatever the layout, and
hardly any lie beside it. Counting them in the four directions tells head, foot and sides; where no direction clearly
leads, the caller's engine is asked.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ocr.ink import Reduced, letter_sized
from ocr.skew import line_peaks

_TURNS = (0, 270, 180, 90)
"""Turn for marks over, right of, under and left of letters: right of them means the head lies to the right."""
_ENOUGH = 45
_LEAD, _CLEAR = 1.7, 3.0
_FEW = 8
_AXIS_LEAD = 1.25
_DOTTED = 250
"""Dots of dotted lines on a form: 600 to 2,000 on the samples; pages of another kind show up to 80."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """Verdict of the cheap detector.

    Attributes:
        turn: Degrees clockwise (0, 90, 180, 270) that make the page upright.
        sure: One direction leads clearly.
        marks: Marks found over, right of, under and left of a letter.
        dotted: The page is a form of dotted lines.
    """

    turn: int
    sure: bool
    marks: tuple[int, int, int, int]
    dotted: bool = False


def find_orientation(page: Reduced) -> Orientation:
    """Counts marks beside letters. A page with little text is left as it is, unsure."""
    marks, dots = _count_marks(page)
    return replace(_judged(page, marks), dotted=dots >= _DOTTED)


def _judged(page: Reduced, marks: tuple[int, int, int, int]) -> Orientation:
    ranked = sorted(range(4), key=lambda side: -marks[side])
    first, second = marks[ranked[0]], marks[ranked[1]]
    if first >= _ENOUGH and first >= _LEAD * second:
        sure = first >= _CLEAR * second or _along_lines(page, ranked[0])
        return Orientation(_TURNS[ranked[0]], sure, marks)
    return _from_lines(page, marks)


def _along_lines(page: Reduced, side: int) -> bool:
    """Whether the lines of the text run as marks on this side of the letters ask for, or tell nothing.

    On a blurred page marks run into the letters they stand over, and pieces of letters pass for marks beside them.
    """
    across, standing = line_peaks(page)
    clear = max(across, standing) >= _AXIS_LEAD * min(across, standing)
    return not clear or (across >= standing) == (side in (0, 2))


def _from_lines(page: Reduced, marks: tuple[int, int, int, int]) -> Orientation:
    """A short text: its lines tell which two directions come into question, its few marks which of them."""
    across, standing = line_peaks(page)
    lead = max(across, standing) / max(min(across, standing), 1e-6)
    one, other = (0, 2) if across >= standing else (1, 3)
    if marks[one] == marks[other] or max(across, standing) <= 0:
        return Orientation(0, False, marks)
    side, rival = (one, other) if marks[one] > marks[other] else (other, one)
    sure = lead >= _AXIS_LEAD and marks[side] >= _FEW and marks[side] >= _LEAD * marks[rival]
    return Orientation(_TURNS[side], sure, marks)


def _count_marks(page: Reduced) -> tuple[tuple[int, int, int, int], int]:
    """Marks nearest to a letter that lie over, right of, under and left of it; and the dots of dotted lines."""
    import numpy as np

    letters = letter_sized(page)
    size = page.stats[:, 2:4].max(axis=1)
    bodies = letters & (size >= page.pixels(1.2))
    if np.count_nonzero(bodies) < 20:
        return (0, 0, 0, 0), 0
    body = float(np.median(size[bodies]))
    bodies = letters & (size >= 0.7 * body) & (size <= 3 * body)
    small = letters & (size <= 0.75 * body) & (size >= 2) & ~bodies
    small = np.flatnonzero(small)
    dots = _in_dotted_line(page, small)
    small = small[~dots]
    left, top, wide, high = (page.stats[small, column] for column in range(4))
    x, y = left + wide // 2, top + high // 2
    reach = max(2, round(0.45 * body))
    # From each mark look for a letter below it, left of it, above it, right of it.
    distances = np.stack(
        (
            _first_body(page.labels, bodies, x, top + high - 1, 0, 1, reach),
            _first_body(page.labels, bodies, left, y, -1, 0, reach),
            _first_body(page.labels, bodies, x, top, 0, -1, reach),
            _first_body(page.labels, bodies, left + wide - 1, y, 1, 0, reach),
        )
    )
    nearest = distances.min(axis=0)
    alone = (distances == nearest).sum(axis=0) == 1
    counted = alone & (nearest <= reach)
    over, right, under, beside = (int(np.count_nonzero(counted & (row == nearest))) for row in distances)
    return (over, right, under, beside), int(np.count_nonzero(dots))


def _in_dotted_line(page: Reduced, small: Any) -> Any:
    """Which marks are dots of a form's dotted lines: another dot stands close by on the same row (or column).

    Those lines run under what was filled in and would outvote its tone marks.
    """
    import cv2
    import numpy as np

    left, top, wide, high = (page.stats[small, column] for column in range(4))
    x, y = left + wide // 2, top + high // 2
    tiny = np.maximum(wide, high) <= page.pixels(0.9)
    dots = np.zeros(page.gray.shape, np.uint8)
    dots[y[tiny], x[tiny]] = 1
    reach = 2 * page.pixels(2.2) + 1
    along = cv2.boxFilter(dots, cv2.CV_8U, (reach, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    standing = cv2.boxFilter(dots, cv2.CV_8U, (3, reach), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return tiny & (np.maximum(along[y, x], standing[y, x]) >= 2)


def _first_body(labels: Any, is_body: Any, x: Any, y: Any, step_x: int, step_y: int, reach: int) -> Any:
    """Pixels from each mark to the first letter in one direction; ``reach + 1`` where there is none."""
    import numpy as np

    height, width = labels.shape
    distance = np.full(len(x), reach + 1)
    for away in range(1, reach + 1):
        at_x, at_y = x + step_x * away, y + step_y * away
        inside = (at_x >= 0) & (at_x < width) & (at_y >= 0) & (at_y < height)
        hit = is_body[labels[np.clip(at_y, 0, height - 1), np.clip(at_x, 0, width - 1)]]
        distance[hit & inside & (distance > reach)] = away
    return distance

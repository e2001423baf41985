"""Dotted lines of printed forms, taken out of the engine's copy.

Forms filled in by hand or typewriter set every value on a dotted line. Tesseract's page analysis takes such lines for
a picture and drops the rows they cross: on the sample forms of 1977–2015 it read nothing of the body. The full stop,
the dot of an i and the mark nặng are dots too; they are told apart by not being one of a run.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocr.areas import connected_areas

if TYPE_CHECKING:
    from ocr.engine import ReadWord
    from ocr.page import GrayImage

_DOTS = re.compile(r"[.…·]{2,}$")
_DOT_MM = 0.8
"""Largest side of one dot."""
_GAP_MM = 2.6
"""Largest distance between the middles of two dots of a run; text over the line hides some."""
_RUN_MM = 9.0
"""Shortest run; an ellipsis of three or four full stops is text."""
_FEWEST = 7
_STEPS_COMPARED = 6
"""A dot is held against its neighbours up to so many steps away; further off the paper's warp would count."""


def remove_leaders(gray: GrayImage, dpi: float) -> GrayImage:
    """``gray`` (uint8, dark on light) with its dotted lines gone white; the same object when there are none.

    Args:
        dpi: Of this copy.
    """
    import cv2
    import numpy as np

    _, ink = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV + cv2.THRESH_OTSU)
    if np.count_nonzero(ink) > 0.4 * ink.size:
        return gray
    _, labels, stats, centres = connected_areas(ink)
    side = max(3.0, _DOT_MM * dpi / 25.4)
    small = (stats[:, cv2.CC_STAT_WIDTH] <= side) & (stats[:, cv2.CC_STAT_HEIGHT] <= side)
    candidates = np.flatnonzero(small)
    candidates = candidates[candidates != 0]
    if len(candidates) < _FEWEST:
        return gray
    dots = _dots_of_runs(stats, centres, candidates, gray.shape, dpi)
    if not len(dots):
        return gray
    chosen = np.zeros(len(stats), np.uint8)
    chosen[dots] = 1
    mask = cv2.dilate(chosen[labels], np.ones((3, 3), np.uint8))
    # The soft edge of a dot goes with it, the edge of a letter beside it stays.
    letters = cv2.dilate(((ink > 0) & (chosen[labels] == 0)).astype(np.uint8), np.ones((3, 3), np.uint8))
    copy = gray.copy()
    copy[(mask > 0) & (letters == 0)] = 255
    copy[chosen[labels] > 0] = 255
    return copy


def without_leaders(words: Sequence[ReadWord]) -> list[ReadWord]:
    """``words`` of a form with dotted lines less what was read of their dots: ``Bình......`` is ``Bình``."""
    kept = []
    for word in words:
        text = _DOTS.sub("", word.text)
        if text != word.text and any(map(str.isalnum, text)):
            word = replace(word, text=text, choices=word.choices[: len(text)])
        kept.append(word)
    return kept


def _dots_of_runs(stats: Any, centres: Any, candidates: Any, shape: tuple[int, ...], dpi: float) -> Any:
    """Indices of the components that are one of a straight run of dots alike in size."""
    import cv2
    import numpy as np

    marks = np.zeros(shape, np.uint8)
    columns, rows = centres[candidates].round().astype(int).T
    marks[rows, columns] = 1
    reach = max(3, round(_GAP_MM * dpi / 25.4))
    # Two dots are of one run when their middles, widened by half the gap, touch; one pixel of slope is allowed.
    joined = cv2.dilate(marks, np.ones((3, reach), np.uint8))
    count, runs = cv2.connectedComponents(joined, connectivity=8)
    member = runs[rows, columns]
    found = []
    for run in np.flatnonzero(np.bincount(member, minlength=count) >= _FEWEST):
        inside = candidates[member == run]
        kept = _alike(inside, stats, centres)
        if len(kept) >= _FEWEST and np.ptp(centres[kept, 0]) >= _RUN_MM * dpi / 25.4:
            found.append(kept)
    return np.concatenate(found) if found else np.empty(0, int)


def _alike(inside: Any, stats: Any, centres: Any) -> Any:
    """Those of one run that lie on its line, have its size and keep its step.

    A mark nặng under a typed letter has the size of a dot and hangs at its height; only the step tells it apart. One
    that falls on a dot melts into it and is too large.
    """
    import numpy as np

    inside = inside[np.argsort(centres[inside, 0])]
    x, y = centres[inside].T
    areas = stats[inside, 4]
    usual = float(np.median(areas))
    slope, base = np.polyfit(x, y, 1)
    away = np.abs(y - (slope * x + base))
    near = away <= max(1.2, 2.0 * float(np.median(away)))
    fitting = near & (areas <= 2.0 * usual + 1) & (areas >= 0.25 * usual)
    step = float(np.median(np.diff(x[fitting]))) if np.count_nonzero(fitting) > 2 else 0.0
    if step < 2.0:
        return inside[:0]
    apart = np.abs(x[fitting][:, None] - x[fitting][None, :]) / step
    close = (apart > 0.2) & (apart < _STEPS_COMPARED + 0.3)
    in_step = close & (np.abs(apart - np.round(apart)) <= 0.2) & (apart > 0.6)
    votes = in_step.sum(axis=1) / np.maximum(close.sum(axis=1), 1)
    kept: Any = inside[fitting][votes >= 0.6]
    return kept

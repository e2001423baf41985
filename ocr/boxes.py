"""Boxes put on their ink: the text layer's words must lie where a reader sees them.

Where Tesseract loses track of a word's own strokes it gives a box as high as the line, over the neighbour, or two
pixels wide. Such boxes are told by geometry alone, and only for them the ink is looked at: what stands between the
good words beside them is dealt out at its widest gaps.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from ocr.engine import ReadWord

if TYPE_CHECKING:
    from ocr.page import GrayImage

_DARK = 150
_NARROW, _WIDE = 0.4, 2.2
"""Width of a word's letters, in usual widths of the line's; a word of letters i and l has 0.5, M and W have 1.8."""
_LOW, _HIGH = 0.4, 1.3
"""Height of a word, in usual heights of the line."""
_SIGN = 0.55
"""Height of a dash or a dot, in the same."""
_OVER = 0.3
"""Share of a box that lies in its neighbour's: the marks of italics reach over by less."""
_ABOVE, _BELOW = 0.35, 0.3
"""How far marks and tails stand out of the usual box, in usual heights."""
_LOW_SIGNS = frozenset("-–—_~.,:;'`“”\"")


@dataclass(frozen=True, slots=True)
class _Usual:
    """The usual box of a line's words, and how wide a letter is; pixels."""

    top: float
    bottom: float
    letter: float

    @property
    def height(self) -> float:
        return self.bottom - self.top


def fit_boxes(words: Sequence[ReadWord], image: GrayImage) -> list[ReadWord]:
    """``words`` in their order, the boxes of those that cannot be theirs put around the ink between their neighbours.

    Args:
        words: As read, boxes in pixels of ``image``; words of one ``(block, line)`` stand together.
        image: uint8, dark ink on white.
    """
    fitted: list[ReadWord] = []
    for _, group in groupby(words, key=lambda word: (word.block, word.line)):
        line = list(group)
        usual = _usual(line)
        wrong = [_is_wrong(line, index, usual) for index in range(len(line))] if usual else [False] * len(line)
        for start, end in _runs(wrong):
            if usual is not None:
                line[start:end] = _refitted(line, start, end, usual, image)
        fitted += line
    return fitted


def _usual(line: Sequence[ReadWord]) -> _Usual | None:
    whole = [word for word in line if len(word.text) > 1 and word.text[0].isalnum()]
    if len(whole) < 2:
        return None
    return _Usual(
        median(word.bbox[1] for word in whole),
        median(word.bbox[3] for word in whole),
        median((word.bbox[2] - word.bbox[0]) / len(word.text) for word in whole),
    )


def _is_wrong(line: Sequence[ReadWord], index: int, usual: _Usual) -> bool:
    word = line[index]
    left, top, right, bottom = word.bbox
    if set(word.text) <= _LOW_SIGNS:
        return bottom - top > _SIGN * usual.height
    if right - left < _NARROW * usual.letter * len(word.text) and len(word.text) > 1:
        return True
    if not _LOW * usual.height <= bottom - top:
        return True
    if len(word.text) == 1 and bottom - top > _HIGH * usual.height:
        return True
    beside = [line[i].bbox for i in (index - 1, index + 1) if 0 <= i < len(line)]
    # Which of two boxes in one place is the wrong one is not known: both are dealt their ink anew.
    return any(
        min(right, other[2]) - max(left, other[0]) > _OVER * min(right - left, other[2] - other[0])
        for other in beside
    )


def _runs(wrong: Sequence[bool]) -> Iterator[tuple[int, int]]:
    edges = [index for index, (one, other) in enumerate(pairwise([False, *wrong, False])) if one != other]
    return zip(edges[::2], edges[1::2], strict=True)


def _refitted(line: Sequence[ReadWord], start: int, end: int, usual: _Usual, image: GrayImage) -> list[ReadWord]:
    """The words from ``start`` to ``end`` on the ink between those around them, or as they were."""
    run = list(line[start:end])
    own = (min(word.bbox[0] for word in run), max(word.bbox[2] for word in run))
    reach = round(usual.letter)
    left = line[start - 1].bbox[2] if start else max(0, own[0] - reach)
    right = line[end].bbox[0] if end < len(line) else min(image.shape[1], own[1] + reach)
    top = max(0, round(usual.top - _ABOVE * usual.height))
    bottom = min(image.shape[0], round(usual.bottom + _BELOW * usual.height))
    columns = _columns(image[top:bottom, left:right], len(run), usual) if right > left else []
    if len(columns) != len(run) or not all(map(_is_as_wide, run, columns, [usual] * len(run))):
        return run
    return [
        replace(word, bbox=(left + a, top + up, left + b, top + down))
        for word, (a, up, b, down) in zip(run, columns, strict=True)
    ]


def _is_as_wide(word: ReadWord, box: tuple[int, int, int, int], usual: _Usual) -> bool:
    letters = (box[2] - box[0]) / (usual.letter * len(word.text))
    return letters <= _WIDE if set(word.text) <= _LOW_SIGNS else _NARROW <= letters <= _WIDE


def _columns(part: Any, count: int, usual: _Usual) -> list[tuple[int, int, int, int]]:
    """The ink of ``part`` as ``count`` boxes, cut at its widest gaps; none where it has fewer."""
    import cv2
    import numpy as np

    ink = (part < _DARK).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    # A letter of the line above or below hangs in from the edge of the strip; specks are no letters.
    edge = (stats[:, 1] == 0) | (stats[:, 1] + stats[:, 3] == part.shape[0])
    rule = (stats[:, 2] > 2.5 * usual.height) & (stats[:, 3] < 0.25 * usual.height)
    ink = (~edge & ~rule & (stats[:, 4] >= 3))[labels] & (labels > 0)
    inked = np.flatnonzero(ink.any(axis=0))
    if not len(inked):
        return []
    gaps = np.diff(inked)
    widest = np.sort(np.argsort(-gaps, kind="stable")[: count - 1])
    if len(widest) < count - 1 or (gaps[widest] < 2).any():
        return []
    starts = [int(inked[0]), *(int(inked[i + 1]) for i in widest)]
    ends = [*(int(inked[i]) + 1 for i in widest), int(inked[-1]) + 1]
    boxes = []
    for a, b in zip(starts, ends, strict=True):
        rows = np.flatnonzero(ink[:, a:b].any(axis=1))
        boxes.append((a, int(rows[0]), b, int(rows[-1]) + 1))
    return boxes

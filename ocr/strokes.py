"""Lines that are none: strokes of a pen, the rim of a seal, the marks of the line below, read as words of a line.

A line is judged as a whole, and dropped only where the engine itself held nothing of it or nothing of it has the
height of letters: in a line with a word it believes in, what it could not read stays, so that no value reads as whole
without it. Only what was read once more of another word's ink goes from there. Knows words and boxes; must not know
pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import fmean, median

from manifests.text import Word

_NOTHING = 0.15
"""Of 28 words on 82 pages read with less confidence, one was right."""
_STROKE, _STROKE_SURE = 2.5, 0.5
"""Usual heights of the page; a word so high is the strokes of a pen unless it was read so firmly: titles are."""
_MARKS, _MARKS_SURE = 0.5, 0.7
"""The same of a line so low: marks above the letters of another, unless read so firmly, as small print is."""
_NO_LETTER = 0.2
"""Lower than any letter, however firmly it was read."""

_WITHIN, _PART = 0.8, 0.5
"""Share of a word's box that lies in another's, and its largest share of that. Of twelve such words on 42 pages two
were right, both read at 0.96 and more."""
_BELIEVED = 0.5


def drop_strokes(words: Sequence[Word]) -> tuple[Word, ...]:
    """``words`` (in reading order) without the lines that are none."""
    heights = [_height(word) for word in words if _has_text(word)]
    if not heights:
        return tuple(words)
    usual = median(heights)
    kept: list[Word] = []
    for _, group in groupby(words, key=lambda word: (word.block, word.line)):
        line = list(group)
        read = [word for word in line if _has_text(word)]
        if not read or not _is_none(read, usual):
            kept += [word for word in line if not any(_is_within(word, other) for other in line)]
    return tuple(kept)


def _is_none(read: Sequence[Word], usual: float) -> bool:
    height = median(map(_height, read))
    if height < _NO_LETTER * usual or (
        height < _MARKS * usual and fmean(word.confidence for word in read) < _MARKS_SURE
    ):
        return True
    return all(
        word.confidence < _NOTHING or (_height(word) > _STROKE * usual and word.confidence < _STROKE_SURE)
        for word in read
    )


def _is_within(word: Word, other: Word) -> bool:
    """A doubted reading, or a sign, whose ink a larger and surer reading has taken already."""
    across = min(word.bbox.right, other.bbox.right) - max(word.bbox.left, other.bbox.left)
    down = min(word.bbox.bottom, other.bbox.bottom) - max(word.bbox.top, other.bbox.top)
    area = _area(word)
    if across <= 0 or down <= 0 or across * down < _WITHIN * area or area > _PART * _area(other):
        return False
    if not _has_text(word):
        return other.confidence >= _BELIEVED
    return word.confidence < min(_BELIEVED, other.confidence)


def _area(word: Word) -> int:
    return (word.bbox.right - word.bbox.left) * _height(word)


def _has_text(word: Word) -> bool:
    return any(char.isalnum() for char in word.text)


def _height(word: Word) -> int:
    return word.bbox.bottom - word.bbox.top

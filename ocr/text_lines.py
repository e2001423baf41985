"""Where the lines of hidden text stand: one base line for a line, few sizes for a page.

``pdftotext`` and the viewers put lines together to paragraphs and columns by their sizes and base lines. Ink differs
from line to line – a hook above, a tail below – and a size taken from it tears paragraphs apart: a step of 5 % is
another block to poppler. Words that touch are one word to it, whatever space stands between them.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from manifests.text import Word
from ocr.glyphless import ASCENT, DESCENT

_TALL = 1.7
"""A word read together with a stamp or a ruling is far too tall and says nothing about its line."""
_STEP = 1.25
"""From one size of a page to the next."""
_ALIKE = (0.7, 1.4)
"""Heights of ink, in those of the block, that print of one size leaves: a line may lack marks or tails."""
_GAP = 0.17
"""Least space between two words, in sizes; poppler needs 0.15."""
_LEAST_WIDTH = 0.6
_TAILS = frozenset("gjpqyQ,;()[]{}/|_\u0323")
"""Letters and signs that reach below the base line, with the mark nặng."""


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """One line of words from the left, in pixels of the page.

    Attributes:
        size: Of the font.
        base: Height of its base line, from the top of the page.
        spans: Left and right end of each word; they do not touch.
    """

    words: tuple[Word, ...]
    size: float
    base: float
    spans: tuple[tuple[float, float], ...]


def place_lines(lines: Sequence[Sequence[Word]]) -> list[PlacedLine]:
    """The lines of one page, in their order; none of them empty."""
    if not lines:
        return []
    heights = [_height(line) for line in lines]
    usual = median(height for line, height in zip(lines, heights, strict=True) for _ in line)
    blocks: dict[int, list[float]] = defaultdict(list)
    for line, height in zip(lines, heights, strict=True):
        blocks[line[0].block].append(height)
    placed = []
    for line, height in zip(lines, heights, strict=True):
        block = median(blocks[line[0].block])
        if _ALIKE[0] * block <= height <= _ALIKE[1] * block:
            height = block
        size = usual * _STEP ** round(math.log(height / usual, _STEP)) * 1000 / (ASCENT - DESCENT)
        placed.append(PlacedLine(tuple(line), size, _base(line, size), _spans(line, size)))
    return placed


def _height(line: Sequence[Word]) -> float:
    usual = median(word.bbox.bottom - word.bbox.top for word in line)
    boxes = [word.bbox for word in line if word.bbox.bottom - word.bbox.top <= _TALL * usual]
    return max(box.bottom for box in boxes) - min(box.top for box in boxes)


def _base(line: Sequence[Word], size: float) -> float:
    """By the words without tails; a low sign such as a dash stands anywhere above it."""
    standing = [
        word.bbox.bottom
        for word in line
        if word.text[0].isalnum() and not _TAILS & set(unicodedata.normalize("NFD", word.text))
    ]
    if standing:
        return float(median(standing))
    return float(median(word.bbox.bottom for word in line)) + 0.8 * DESCENT / 1000 * size


def _spans(line: Sequence[Word], size: float) -> tuple[tuple[float, float], ...]:
    spans = []
    for index, word in enumerate(line):
        left, right = word.bbox.left, float(word.bbox.right)
        if index + 1 < len(line):
            least = left + _LEAST_WIDTH * (right - left)
            right = max(least, min(right, line[index + 1].bbox.left - _GAP * size))
        spans.append((float(left), right))
    return tuple(spans)

"""What an engine took for a word and cannot be one: a mark cut off its letter, a letter read twice, a ruling.

Told by geometry alone: figures and letters of a line are of about one height, two words do not stand in one place,
and nothing is printed on a table's ruling.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from statistics import median

from manifests.text import Bbox
from ocr.engine import ReadWord
from ocr.tables import Table, holds

_LOWEST, _LOW = 0.45, 0.7
"""Heights in usual heights of the line: below the first stands no letter (an ``o`` beside capitals has 0.6), below
the second no letter in its neighbour's box."""
_INSIDE = 0.7
"""Share of a reading that lies in its neighbour's box when both read the same ink; boxes of full height overlap."""
_THIN = 0.45
"""Widest reading of a ruling, in usual heights of a word."""


def drop_slivers(words: Sequence[ReadWord], tables: Sequence[Table]) -> list[ReadWord]:
    """``words`` (in the engine's order) without readings that are none.

    Args:
        tables: The page's ruled tables, in the same pixels as the words.
    """
    kept: list[ReadWord] = []
    for _, group in groupby(words, key=lambda word: (word.block, word.line)):
        line = sorted(group, key=lambda word: word.bbox[0])
        if not any(char.isalnum() for word in line for char in word.text):
            continue  # a line of signs alone is a ruling, a row of specks, the rim of a seal
        usual = median(_height(word) for word in line)
        for index, word in enumerate(line):
            beside = [line[i] for i in (index - 1, index + 1) if 0 <= i < len(line)]
            if not (_is_scrap(word, beside, usual) or _is_ruling(word, usual, tables)):
                kept.append(word)
    return kept


def _is_scrap(word: ReadWord, beside: Sequence[ReadWord], usual: float) -> bool:
    if len(word.text) > 2 or not any(char.isalnum() for char in word.text):
        return False
    if not beside or _height(word) > _LOW * usual:
        return False
    return _height(word) < _LOWEST * usual or any(_inside(Bbox(*word.bbox), Bbox(*other.bbox)) for other in beside)


def _inside(one: Bbox, other: Bbox) -> bool:
    across = min(one.right, other.right) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.top, other.top)
    return across > _INSIDE * (one.right - one.left) and down > 0


def _is_ruling(word: ReadWord, usual: float, tables: Sequence[Table]) -> bool:
    """A thin reading in a table whose middle lies in no cell, or a bar wherever it stands in one."""
    box = Bbox(*word.bbox)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    home = next((table for table in tables if holds(table.box, x, y)), None)
    if home is None:
        return False
    if not word.text.strip("|¦[]{}_"):
        return True
    return len(word.text) <= 2 and box.right - box.left < _THIN * usual and home.cell_at(x, y) is None


def _height(word: ReadWord) -> int:
    return word.bbox[3] - word.bbox[1]

"""Reading order: from words with boxes to blocks and lines as a person reads an administrative page.

The engine joins what stands on one height, so the agency (left) and the national heading (right) come out as one
line, as do the recipients and the signer at the foot. Here lines are cut at wide gaps and put together again by
place. Knows geometry only; never looks at a word's text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from manifests.text import Bbox, Word

_GAP = 1.6
"""A gap wider than this many line heights ends a piece of line; spaces between words measure 0.3–0.6."""
_CORRIDOR = 1.2
"""Free width between two columns, in line heights."""
_MIDDLE = (0.25, 0.75)
"""Where between the left and right end of the text two columns may part."""
_HEAD, _FOOT = 0.3, 0.5
"""Two columns of few lines are believed in the first 30 % and the last 50 % of the text, when the right one is set
around an axis: headings and signatures. Else they are rows of a form or a table and are read across."""
_LONG_COLUMN = 5


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words that follow each other on one line without a wide gap."""

    words: tuple[Word, ...]
    box: Bbox

    @property
    def height(self) -> int:
        return self.box.bottom - self.box.top

    @property
    def middle(self) -> float:
        return (self.box.top + self.box.bottom) / 2


def order_words(words: Sequence[Word]) -> tuple[Word, ...]:
    """``words`` in reading order, with ``block`` and ``line`` numbered anew from 0.

    Args:
        words: In any order; ``(block, line)`` groups those the engine saw on one line.
    """
    pieces = sorted(_pieces(words), key=lambda piece: (piece.box.top, piece.box.left))
    if not pieces:
        return ()
    height = median(piece.height for piece in pieces)
    extent = _union([piece.box for piece in pieces])
    ordered: list[Word] = []
    block = line = -1
    bottom: int | None = None
    for band, parting in _bands(pieces, height, extent):
        columns = _columns(band, parting, extent)
        for column in columns:
            if len(columns) > 1:
                bottom = None
            for row in _rows(column):
                box = _union([piece.box for piece in row])
                block += bottom is None or box.top - bottom > height
                bottom = box.bottom
                line += 1
                ordered += [_renumbered(word, block, line) for piece in row for word in piece.words]
        if len(columns) > 1:
            bottom = None
    return tuple(ordered)


def _pieces(words: Sequence[Word]) -> list[_Piece]:
    pieces: list[_Piece] = []
    by_line = sorted(words, key=lambda word: (word.block, word.line, word.bbox.left))
    for _, group in groupby(by_line, key=lambda word: (word.block, word.line)):
        line = list(group)
        height = median(word.bbox.bottom - word.bbox.top for word in line)
        start = 0
        for i in range(1, len(line) + 1):
            if i < len(line) and line[i].bbox.left - line[i - 1].bbox.right <= _GAP * height:
                continue
            part = tuple(line[start:i])
            pieces.append(_Piece(part, _union([word.bbox for word in part])))
            start = i
    return pieces


def _bands(pieces: list[_Piece], height: float, extent: Bbox) -> list[tuple[list[_Piece], float | None]]:
    """Cut the page into bands: as many pieces as leave one corridor free, and where that corridor stands.

    A line across the page closes the corridor and with it the band.
    """
    width = extent.right - extent.left
    whole = [(extent.left + _MIDDLE[0] * width, extent.left + _MIDDLE[1] * width)]
    least = _CORRIDOR * height
    bands: list[tuple[list[_Piece], float | None]] = []
    band: list[_Piece] = []
    free = whole
    for piece in pieces:
        alone = _without(whole, piece.box, least)
        together = _without(free, piece.box, least)
        # An open band ends where its corridor closes, a closed one where a corridor could open.
        if band and bool(free) != bool(together if free else alone):
            bands.append((band, _widest(free)))
            band, together = [], alone
        band.append(piece)
        free = together
    bands.append((band, _widest(free)))
    return bands


def _without(free: list[tuple[float, float]], box: Bbox, least: float) -> list[tuple[float, float]]:
    """``free`` intervals less what ``box`` covers; what is narrower than ``least`` is no corridor."""
    left: list[tuple[float, float]] = []
    for start, end in free:
        for part in ((start, min(end, box.left)), (max(start, box.right), end)):
            if part[1] - part[0] >= least and part not in left:
                left.append(part)
    return left


def _widest(free: list[tuple[float, float]]) -> float | None:
    if not free:
        return None
    start, end = max(free, key=lambda interval: interval[1] - interval[0])
    return (start + end) / 2


def _columns(band: list[_Piece], parting: float | None, extent: Bbox) -> list[list[_Piece]]:
    """The band's two columns, or the band itself when it is to be read across."""
    if parting is None:
        return [band]
    left = [piece for piece in band if piece.box.right <= parting]
    right = [piece for piece in band if piece.box.right > parting]
    if not left or not right or len(band) < 3:
        return [band]
    if sum(len(row) > 2 for row in _rows(band)) > 1:
        return [band]  # a table
    if min(len(left), len(right)) >= _LONG_COLUMN:
        return [left, right]
    tall = extent.bottom - extent.top
    at_head = band[0].box.top - extent.top < _HEAD * tall
    at_foot = band[-1].box.bottom - extent.top > (1 - _FOOT) * tall
    if (at_head or at_foot) and _is_centred(right):
        return [left, right]
    return [band]


def _is_centred(column: list[_Piece]) -> bool:
    """Headings and signatures are set around an axis; values of a form begin at one edge."""
    if len(column) < 2:
        return False
    centres = [(piece.box.left + piece.box.right) / 2 for piece in column]
    edges = [piece.box.left for piece in column]
    return max(centres) - min(centres) < max(edges) - min(edges)


def _rows(column: list[_Piece]) -> list[list[_Piece]]:
    """Pieces on one height, from left to right; rows from top to bottom."""
    rows: list[list[_Piece]] = []
    for piece in sorted(column, key=lambda p: p.middle):
        row = rows[-1] if rows else []
        if row and abs(piece.middle - row[-1].middle) < 0.5 * min(piece.height, row[-1].height):
            row.append(piece)
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.box.left) for row in rows]


def _union(boxes: Sequence[Bbox]) -> Bbox:
    return Bbox(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def _renumbered(word: Word, block: int, line: int) -> Word:
    return Word(word.text, word.bbox, word.confidence, block, line, word.raw)

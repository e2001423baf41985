"""Reading order: from words with boxes to blocks and lines as a person reads an administrative page.

The engine joins what stands on one height, so the agency (left) and the national heading (right) come out as one
line, as do the recipients and the signer at the foot. Here lines are cut at wide gaps and put together again by
place. A ruled table is read row by row, and each of its cells to its end. Knows geometry only; never looks at a
word's text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import median

from manifests.text import Bbox, Word
from ocr.tables import Table, holds

_GAP = 1.6
"""A gap wider than this many line heights ends a piece of line; spaces between words measure 0.3–0.6."""
_TORN = 1.8
"""Up to this many usual spaces between them, pieces on one height are one line that page analysis tore apart: it
takes spaces under one another for the gap between two columns, and those of a typewriter stand so."""
_CORRIDOR = 1.2
"""Free width between two columns, in line heights."""
_MIDDLE = (0.25, 0.75)
"""Where between the left and right end of the text two columns may part."""
_HEAD, _FOOT = 0.3, 0.5
"""Two columns of few lines are believed in the first 30 % and the last 50 % of the text, when the right one is set
around an axis: headings and signatures. Else they are rows of a form or a table and are read across."""
_AXIS = 0.05
"""How far from the middle of the text a title may stand, and how wide it is at least, in widths of the text."""
_AXES = 0.08
"""How far from their axis most lines of a heading or a signature stand at most, in the same."""
_ONE_EDGE = 0.3
"""Lines whose left ends differ by less than this share of what their right ends do begin at one edge."""
_LONG_COLUMN = 5
_PAIRED, _RAGGED = 0.8, 0.15
"""Share of rows with both halves, or of full lines; how far short of its column a full line may end."""
_SAME_LINE = (0.35, 0.7)
"""How far apart the middles of two words of a line may stand, in heights of a word; a small sign from its line."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """Words that follow each other on one line without a wide gap."""

    words: tuple[Word, ...]
    box: Bbox

    @property
    def height(self) -> int:
        return self.box.bottom - self.box.top

    @property
    def spaces(self) -> list[int]:
        """Between its words, in pixels; accents of italics reach over their neighbours."""
        return [max(0, after.bbox.left - before.bbox.right) for before, after in pairwise(self.words)]

    @property
    def middle(self) -> float:
        """Of its words, by the median: a speck read with them must not move it off its row."""
        return median(_middle(word) for word in self.words)


def order_words(words: Sequence[Word], tables: Sequence[Table] = ()) -> tuple[Word, ...]:
    """``words`` in reading order, with ``block`` and ``line`` numbered anew from 0.

    Args:
        words: In any order; ``(block, line)`` groups those the engine saw on one line.
        tables: The page's ruled tables, from the top; each of their cells is a block.
    """
    if not words:
        return ()
    free, cells = _dealt(words, tables)
    blocks: list[list[list[Word]]] = []
    extent = _union([piece.box for piece in free]) if free else None
    for table, inside in [*zip(tables, cells, strict=True), (None, [])]:
        # What stands beside a table is read before it.
        above = [piece for piece in free if table is None or piece.middle < table.box.bottom]
        free = free[len(above) :]
        if above and extent is not None:
            blocks += _blocks(above, extent)
        blocks += [_cell_lines(cell) for cell in inside if cell]
    numbered: list[Word] = []
    line = -1
    for block, lines in enumerate(blocks):
        for row in lines:
            line += 1
            numbered += [_renumbered(word, block, line) for word in row]
    return tuple(numbered)


def _dealt(words: Sequence[Word], tables: Sequence[Table]) -> tuple[list[_Piece], list[list[list[Word]]]]:
    """The pieces outside tables, from the top, and the words of each table's cells."""
    cells: list[list[list[Word]]] = [[[] for _ in table.cells] for table in tables]
    outside: list[Word] = []
    for word in words:
        x, y = (word.bbox.left + word.bbox.right) / 2, (word.bbox.top + word.bbox.bottom) / 2
        home = next((number for number, table in enumerate(tables) if holds(table.box, x, y)), None)
        place = None if home is None else tables[home].cell_at(x, y)
        if home is None or place is None:
            outside.append(word)
        else:
            cells[home][place].append(word)
    return sorted(_mended(_pieces(outside)), key=lambda piece: piece.middle), cells


def _cell_lines(words: Sequence[Word]) -> list[list[Word]]:
    """The lines of one cell. The engine's are no guide: it takes what stands on about one height for one line."""
    usual = median(word.bbox.bottom - word.bbox.top for word in words)
    lines: list[list[Word]] = []
    # A full stop or a dash is put to the line of the words, whatever its own height.
    for word in sorted(words, key=lambda word: (_is_low(word, usual), _middle(word))):
        nearest = min(lines, key=lambda line: abs(_middle(line[-1]) - _middle(word)), default=None)
        apart = abs(_middle(nearest[-1]) - _middle(word)) if nearest else 0.0
        if nearest and apart <= (_SAME_LINE[1] if _is_low(word, usual) else _SAME_LINE[0]) * usual:
            nearest.append(word)
        else:
            lines.append([word])
    lines.sort(key=lambda line: _middle(line[0]))
    return [sorted(line, key=lambda word: word.bbox.left) for line in lines]


def _middle(word: Word) -> float:
    return (word.bbox.top + word.bbox.bottom) / 2


def _is_low(word: Word, usual: float) -> bool:
    return word.bbox.bottom - word.bbox.top < 0.5 * usual


def _blocks(pieces: list[_Piece], extent: Bbox) -> list[list[list[Word]]]:
    """Lines of words in blocks: what no ruling parts.

    Args:
        pieces: In no order.
        extent: Of the page's text.
    """
    height = median(piece.height for piece in pieces)
    blocks: list[list[list[Word]]] = []
    bottom: int | None = None
    for band, parting in _bands(_rows(pieces), height, extent):
        columns = _columns(band, parting, extent)
        for column in columns:
            if len(columns) > 1:
                bottom = None
            for row in _rows(column):
                box = _union([piece.box for piece in row])
                if bottom is None or box.top - bottom > height:
                    blocks.append([])
                bottom = box.bottom
                blocks[-1].append([word for piece in row for word in piece.words])
        if len(columns) > 1:
            bottom = None
    return blocks


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


def _mended(pieces: Sequence[_Piece]) -> list[_Piece]:
    """``pieces`` with those put together that follow each other on one height at the distance of words."""
    known = [space for piece in pieces for space in piece.spaces]
    if not known:
        return list(pieces)
    usual = median(known)
    open_ends: list[_Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.left):
        before = next((one for one in open_ends if _goes_on(one, piece, usual)), None)
        if before is not None:
            open_ends.remove(before)
            piece = _Piece((*before.words, *piece.words), _union([before.box, piece.box]))
        open_ends.append(piece)
    return open_ends


def _goes_on(before: _Piece, after: _Piece, usual: float) -> bool:
    """Whether one line goes from ``before`` to ``after``; told by the words that meet, as lines may be warped."""
    last, first = before.words[-1].bbox, after.words[0].bbox
    gap = first.left - last.right
    lower = min(last.bottom - last.top, first.bottom - first.top)
    if not -lower < gap <= _GAP * max(before.height, after.height):
        return False
    if min(last.bottom, first.bottom) - max(last.top, first.top) < 0.5 * lower:
        return False
    own = [median(piece.spaces) for piece in (before, after) if len(piece.words) > 1]
    return gap <= _TORN * max(own, default=usual)


def _bands(
    rows: Sequence[Sequence[_Piece]], height: float, extent: Bbox
) -> Iterator[tuple[list[_Piece], float | None]]:
    """Cut the page into bands: as many rows as leave one corridor free, and where that corridor stands.

    A line across the page closes the corridor and with it the band, and so does a title in its middle, which may be
    shorter than the lines above. Rows stay whole: torn apart their halves would be read in two bands.
    """
    width = extent.right - extent.left
    whole = [(extent.left + _MIDDLE[0] * width, extent.left + _MIDDLE[1] * width)]
    least = _CORRIDOR * height
    band: list[_Piece] = []
    free = whole
    for row in rows:
        alone, together = whole, free
        if _is_title(row, extent):
            alone, together = [], []
        for piece in row:
            alone, together = _without(alone, piece.box, least), _without(together, piece.box, least)
        # An open band ends where its corridor closes, a closed one where a corridor could open.
        if band and bool(free) != bool(together if free else alone):
            yield band, _widest(free)
            band, together = [], alone
        band += row
        free = together
    yield band, _widest(free)


def _is_title(row: Sequence[_Piece], extent: Bbox) -> bool:
    """One piece alone in the middle of the text; strokes of a pen read as a short word are none."""
    wide, box = extent.right - extent.left, row[0].box
    apart = abs(box.left + box.right - extent.left - extent.right) / 2
    return len(row) == 1 and apart < _AXIS * wide and box.right - box.left > _AXIS * wide


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
        return [band] if _are_fields(left, right) else [left, right]
    tall = extent.bottom - extent.top
    at_head = band[0].box.top - extent.top < _HEAD * tall
    at_foot = band[-1].box.bottom - extent.top > (1 - _FOOT) * tall
    # Specks and signs have no axis.
    usual = median(piece.height for piece in band)
    if (at_head or at_foot) and _is_centred([piece for piece in right if piece.height >= 0.5 * usual], extent):
        return [left, right]
    return [band]


def _are_fields(left: list[_Piece], right: list[_Piece]) -> bool:
    """Fields of a form stand side by side row for row and end where they end; running text fills its column."""
    paired = [
        one for one in left if any(abs(one.middle - other.middle) < _SAME_LINE[0] * one.height for other in right)
    ]
    column = _union([piece.box for piece in left])
    full = [piece for piece in left if column.right - piece.box.right < _RAGGED * (column.right - column.left)]
    return len(paired) >= _PAIRED * len(left) and len(full) < _PAIRED * len(left)


def _is_centred(column: list[_Piece], extent: Bbox) -> bool:
    """Headings and signatures are set around an axis; values of a form begin at one edge.

    Most lines must be: the engine reads words in a signature as well.
    """
    lines = [_union([piece.box for piece in row]) for row in _rows(column)]
    centres = [(box.left + box.right) / 2 for box in lines]
    near = [abs(centre - median(centres)) < _AXES * (extent.right - extent.left) for centre in centres]
    if len(lines) < 2 or sum(near) <= len(lines) / 2:
        return False
    set_around = [centre for centre, is_near in zip(centres, near, strict=True) if is_near]
    edges = [box.left for box, is_near in zip(lines, near, strict=True) if is_near]
    if _spread([box.left for box in lines]) < _ONE_EDGE * _spread([box.right for box in lines]):
        return False
    return _spread(set_around) < _spread(edges)


def _spread(values: Sequence[float]) -> float:
    return max(values) - min(values)


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

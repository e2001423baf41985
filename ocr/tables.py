"""Ruled tables: where their cells are, so that a cell is read whole and not line by line with its neighbours.

A row of a table of procedures holds cells of ten lines each; read across, every sentence of it is torn apart. Rulings
say what belongs together where gaps do not: cells stand closer to each other than the words of a justified line.
Knows pixels only; order within and between cells is ``ocr.layout``'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from manifests.text import Bbox

if TYPE_CHECKING:
    from ocr.page import GrayImage

_DPI = 85.0
"""Least resolution at which rulings are looked for: a hairline is half a pixel of grey there."""
_RULINGS = ((205, 15.0, 8.0), (236, 25.0, 12.0))
"""Grey below which pixels count, and the shortest run across and down that is a ruling; the engine's copy has white
paper. Letters of a word touch each other, lines of print do not; the fainter a run, the longer it must be."""
_BREAK_MM = 5.0
"""Breaks of a ruling up to this length are closed: worn print, what the scanner's threshold ate."""
_OUT_MM = 4.0
"""So near to the paper's edge no table ends (2.5 mm of it are lost where breaks are closed): a ruling that runs out
of the paper is a fold, or the edge of the sheet itself."""
_FOLD_SHARE = 0.4
"""Least share of the page's side a fold is seen on, breaks left out."""
_FOLD_MM = 1.5
"""How far the pieces of one fold may stand beside each other."""
_MOST_FOLDS = 3
"""Each way. More lines than these that run out of the picture are a table it was cut out of."""
_TABLE_MM = (30.0, 8.0)
_CELL_MM = (3.0, 3.0)
_FILLED = 0.6
"""Share of its box a cell fills; slits between double rulings run around corners."""
_SAME_ROW_MM = 2.5
"""How far the tops of a row's cells may differ; the lowest rows of print are 4 mm high."""


@dataclass(frozen=True, slots=True)
class Table:
    """A ruled table.

    Attributes:
        box: Around its rulings.
        cells: In reading order: row by row, each from the left; a cell over several rows stands in its first.
    """

    box: Bbox
    cells: tuple[Bbox, ...]

    def cell_at(self, x: float, y: float) -> int | None:
        """Index of the cell that holds a point; ``None`` outside the table and on its rulings."""
        return next((index for index, cell in enumerate(self.cells) if holds(cell, x, y)), None)

    def scaled(self, factor: float) -> Table:
        """The same on an image ``factor`` times as large."""
        return Table(_scaled(self.box, factor), tuple(_scaled(cell, factor) for cell in self.cells))


def holds(box: Bbox, x: float, y: float) -> bool:
    """Whether a point lies in ``box``."""
    return box.left <= x < box.right and box.top <= y < box.bottom


def find_tables(image: GrayImage, dpi: float) -> tuple[Table, ...]:
    """The ruled tables of a page, from the top.

    Args:
        image: The engine's copy, uint8, dark ink on white, straight.
        dpi: Of this copy.

    Returns:
        Boxes in pixels of ``image``. Frames and rows of underlined places without cells side by side are no tables.
    """
    import cv2

    # By a whole factor: averaging by any other costs as much as all the rest.
    step = max(1, int(dpi / _DPI))
    high, wide = image.shape[0] // step, image.shape[1] // step
    if not high or not wide:
        return ()
    small = cv2.resize(image[: high * step, : wide * step], (wide, high), interpolation=cv2.INTER_AREA)
    mm = dpi / step / 25.4
    rules = _rules(small, mm)
    outlines, levels = cv2.findContours(rules, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline, level in zip(outlines, levels[0] if outlines else (), strict=True):
        left, top, width, height = cv2.boundingRect(outline)
        if level[3] >= 0 or width < _TABLE_MM[0] * mm or height < _TABLE_MM[1] * mm:
            continue
        cells = _cells(rules[top : top + height, left : left + width], left, top, mm)
        if _side_by_side(cells):
            found.append(Table(Bbox(left, top, left + width, top + height), cells).scaled(step))
    # A frame drawn around the page holds the table's rulings as well.
    inmost = [table for table in found if not any(_within(other.box, table.box) for other in found)]
    return tuple(sorted(inmost, key=lambda table: table.box.top))


def _within(inner: Bbox, outer: Bbox) -> bool:
    return (
        outer.left < inner.left
        and outer.top < inner.top
        and outer.right > inner.right
        and outer.bottom > inner.bottom
    )


def _rules(small: Any, mm: float) -> Any:
    """Pixels of rulings, their breaks closed; none at all without one that runs down."""
    import cv2
    import numpy as np

    gap = max(3, round(_BREAK_MM * mm)) | 1
    rules = np.zeros(small.shape, np.uint8)
    inks = [(small < light).astype(np.uint8) for light, *_ in _RULINGS]
    for turned in (True, False):
        lines = np.zeros(small.shape, np.uint8)
        for ink, (_, *lengths) in zip(inks, _RULINGS, strict=True):
            run = max(5, round(lengths[turned] * mm)) | 1
            # A ruling a little askew is a stair of runs; a pixel to either side joins its steps.
            thick = cv2.dilate(ink, np.ones((1, 3) if turned else (3, 1), np.uint8))
            cores = cv2.erode(thick, np.ones((run, 1) if turned else (1, run), np.uint8))
            if cv2.countNonZero(cores):
                # The run itself, and what is left of a break when it has grown over it and shrunk again.
                grown = (_along(cores, run + gap - 1, turned) > 0).astype(np.uint8)
                lines |= (_along(grown, gap, turned) == gap).astype(np.uint8)
        rules |= _without_folds(lines, mm) if turned else _without_folds(lines.T, mm).T
        if not rules.any():
            break
    return rules


def _without_folds(lines: Any, mm: float) -> Any:
    """``lines`` (a mask of what runs down) less those that run out of the paper: papers are kept folded."""
    import cv2
    import numpy as np

    _, labels, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(lines), connectivity=8)
    folds: list[list[int]] = []
    for piece in sorted(range(1, len(stats)), key=lambda index: int(stats[index, 0])):
        if folds and stats[piece, 0] <= max(_end(stats[one], 0) for one in folds[-1]) + _FOLD_MM * mm:
            folds[-1].append(piece)
        else:
            folds.append([piece])
    tall = lines.shape[0]
    out = [
        fold
        for fold in folds
        if sum(int(stats[one, 3]) for one in fold) >= _FOLD_SHARE * tall
        and min(min(int(stats[one, 1]) for one in fold), tall - max(_end(stats[one], 1) for one in fold))
        <= _OUT_MM * mm
    ]
    if not 0 < len(out) <= _MOST_FOLDS:
        return lines
    gone = np.isin(labels, [one for fold in out for one in fold])
    return np.where(gone, 0, lines).astype(np.uint8)


def _end(box: Any, axis: int) -> int:
    return int(box[axis] + box[axis + 2])


def _along(mask: Any, length: int, down: bool) -> Any:
    """How many of the ``length`` pixels around each one are set; a sum costs the same whatever its length."""
    import cv2

    size = (1, length) if down else (length, 1)
    return cv2.boxFilter(mask, cv2.CV_16S, size, normalize=False, borderType=cv2.BORDER_CONSTANT)


def _cells(rules: Any, left: int, top: int, mm: float) -> tuple[Bbox, ...]:
    """What the rulings of one table part, also where its outer sides are open."""
    import cv2
    import numpy as np

    _, _, stats, _ = cv2.connectedComponentsWithStats((rules == 0).astype(np.uint8), connectivity=4)
    cells = [
        Bbox(int(left + x), int(top + y), int(left + x + w), int(top + y + h))
        for x, y, w, h, area in stats[1:]
        if w >= _CELL_MM[0] * mm and h >= _CELL_MM[1] * mm and area >= _FILLED * w * h
    ]
    rows: list[list[Bbox]] = []
    for cell in sorted(cells, key=lambda cell: cell.top):
        if rows and cell.top - rows[-1][-1].top <= _SAME_ROW_MM * mm:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return tuple(cell for row in rows for cell in sorted(row, key=lambda cell: cell.left))


def _side_by_side(cells: tuple[Bbox, ...]) -> bool:
    return any(
        one.right <= other.left and min(one.bottom, other.bottom) > max(one.top, other.top)
        for one in cells
        for other in cells
    )


def _scaled(box: Bbox, factor: float) -> Bbox:
    return Bbox(*(round(side * factor) for side in box))

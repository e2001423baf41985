"""A second look at the words the engine was unsure of: cut out with their neighbours and read again, otherwise.

The strips come from the larger copy at another resolution and stand in one column, so that one call reads them all
and the engine sees lines, not a page. The better reading of the two is kept. Only the least sure words are looked at
again, and no more of them than a set share of the page, so that a bad page costs little more than a good one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from manifests.text import Bbox
from ocr.neighbours import load_neighbours
from ocr.syllables import is_syllable

if TYPE_CHECKING:
    from ocr.engine import Engine, ReadWord
    from ocr.page import GrayImage

_SURE = 0.60
_SURE_UNKNOWN = 0.75
"""A word that is no Vietnamese syllable must have been read with this confidence to be left alone."""
_KNOWN_GAIN = 0.25
_BETTER = 0.02
_MARGIN = 0.35
"""White around a strip, and how far it reaches over its words, in heights of a line."""
_SHARED = 0.6
_COVERED = 0.6
_SURE_ALONE = 0.70
_LONE = re.compile(r"\d{1,3}[.)]?|[IVX]{1,4}[.)]?")
_NEW_LINE = 100_000
"""Lines of an area are numbered apart from those of the page."""


@dataclass(frozen=True, slots=True)
class _Strip:
    """A piece of a line: the word wanted of it, all its words, its left end in the copy, its rows in the column.

    Without words it is a place where a figure may stand alone, and ``target`` the number of the place.
    """

    target: int
    words: tuple[int, ...]
    left: float
    row: int
    height: int


def look_again(
    words: Sequence[ReadWord],
    image: GrayImage,
    scale: float,
    dpi: float,
    engine: Engine,
    *,
    read_dpi: float,
    most: float,
    places: Sequence[Bbox] = (),
    timeout: float = 0,
) -> list[ReadWord]:
    """``words`` with better readings of the unsure ones, and figures found in ``places`` after them.

    Args:
        words: As first read, boxes in pixels of the first image.
        image: The larger copy, uint8, dark ink on white.
        scale: Pixels of ``image`` to one of the first image.
        dpi: Of ``image``.
        engine: Reads the strips; may be another model than the first.
        read_dpi: Resolution of the strips.
        most: Share of the words that may be looked at again.
        places: Where a figure may stand alone (``ocr.lone``), in pixels of the first image.
        timeout: Seconds for the call; when it is up the first readings stand.
    """
    from ocr.errors import PageTimeoutError

    targets = _unsure(words, most)
    if not targets and not places:
        return list(words)
    column, strips, factor = _column(words, targets, places, image, scale, read_dpi / dpi)
    try:
        found = engine.read(column, read_dpi, timeout=timeout, single_block=True)
    except PageTimeoutError:
        return list(words)
    better: dict[int, ReadWord | None] = {}
    alone: list[ReadWord] = []
    for strip in strips:
        inside = [w for w in found if strip.row <= (w.bbox[1] + w.bbox[3]) / 2 < strip.row + strip.height]
        if not strip.words:
            alone += _figure(inside, places[strip.target], len(words) + len(alone))
            continue
        spans = {i: _in_strip(words[i].bbox, strip.left, scale, factor) for i in strip.words}
        target = spans[strip.target]
        match = [w for w in inside if _covered(target, (w.bbox[0], w.bbox[2])) > _COVERED]
        if len(match) != 1 or strip.target in better:
            continue
        second = match[0]
        # What was one word to the second look may have been two to the first.
        pieces = [i for i, span in spans.items() if _covered(span, (second.bbox[0], second.bbox[2])) > _COVERED]
        whole = (min(spans[i][0] for i in pieces), max(spans[i][1] for i in pieces))
        others = [words[i] for i in pieces if i != strip.target]
        if _shared(whole, (second.bbox[0], second.bbox[2])) <= _SHARED or not all(map(_may_be_piece, others)):
            continue
        if _worth(second) > fmean(_worth(words[i]) for i in pieces) + _BETTER:
            better |= dict.fromkeys(pieces)
            better[pieces[0]] = replace(
                words[pieces[0]],
                text=second.text,
                bbox=_around([words[i].bbox for i in pieces]),
                confidence=second.confidence,
                choices=second.choices,
            )
    chosen = (better.get(index, word) for index, word in enumerate(words))
    return [word for word in chosen if word is not None] + alone


def _figure(read: Sequence[ReadWord], place: Bbox, number: int) -> list[ReadWord]:
    """The figure read in a place of its own; nothing where it was read as anything else."""
    if len(read) != 1 or read[0].confidence < _SURE_ALONE or not _LONE.fullmatch(read[0].text):
        return []
    return [replace(read[0], bbox=place, block=_NEW_LINE + number, line=2 * _NEW_LINE + number)]


def look_at_areas(
    words: Sequence[ReadWord],
    image: GrayImage,
    dpi: float,
    areas: Sequence[Bbox],
    engine: Engine,
    *,
    timeout: float = 0,
) -> list[ReadWord]:
    """``words`` and what is read in ``areas`` when each is shown alone.

    Page analysis takes a signature block for a picture where strokes run through its lines; cut out and told that it
    is text, most of it is read. What a pen left there comes out as noise, so only known words of good confidence are
    taken, or names of several words, and none where a credible word stands already.

    Args:
        words, image, dpi: As read, on this image.
        areas: In pixels of ``image``, see ``ocr.unread.unread_areas``.
    """
    from ocr.errors import PageTimeoutError

    merged = list(words)
    for area in areas:
        part = image[area.top : area.bottom, area.left : area.right]
        try:
            found = engine.read(part.copy(), dpi, timeout=timeout, single_block=True)
        except PageTimeoutError:
            return merged
        block = max((word.block for word in merged), default=-1) + 1
        for word in found:
            left, top, right, bottom = word.bbox
            box = (left + area.left, top + area.top, right + area.left, bottom + area.top)
            if word.confidence < _SURE_ALONE or not _is_word(word.text):
                continue
            under = [other for other in merged if _covers(box, other.bbox)]
            if any(other.confidence >= min(word.confidence, _SURE_UNKNOWN) for other in under):
                continue
            merged = [other for other in merged if other not in under]
            merged.append(replace(word, bbox=box, block=block, line=_NEW_LINE + word.line))
    return merged


def _is_word(text: str) -> bool:
    """Of letters that make Vietnamese syllables, two at least: strokes make single letters."""
    parts = [part for part in re.split(r"[\W\d_]+", text) if part]
    return bool(parts) and all(len(part) >= 2 and (is_syllable(part) or part.isupper()) for part in parts)


def _covers(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    if across <= 0 or down <= 0:
        return False
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return across * down > 0.3 * least


def _unsure(words: Sequence[ReadWord], most: float) -> list[int]:
    """Indices of the words worth a second look, least sure first, no more than the share ``most``."""
    heights = [w.bbox[3] - w.bbox[1] for w in words]
    if not heights:
        return []
    usual = median(heights)
    unsure = [
        index
        for index, word in enumerate(words)
        if word.confidence < (_SURE if _is_known(word.text) else _SURE_UNKNOWN)
        and any(char.isalnum() for char in word.text)
        and 0.5 * usual <= heights[index] <= 2.5 * usual
    ]
    unsure.sort(key=lambda index: words[index].confidence)
    return unsure[: max(1, round(most * len(words)))]


def _is_known(text: str) -> bool:
    core = text.strip(".,;:()“”\"'-–").lower()
    return core in load_neighbours().words


def _may_be_piece(word: ReadWord) -> bool:
    return any(char.isalnum() for char in word.text) and not (_is_known(word.text) and word.confidence >= _SURE)


def _worth(word: ReadWord) -> float:
    return word.confidence + _KNOWN_GAIN * _is_known(word.text)


def _column(
    words: Sequence[ReadWord],
    targets: Sequence[int],
    places: Sequence[Bbox],
    image: GrayImage,
    scale: float,
    factor: float,
) -> tuple[GrayImage, list[_Strip], float]:
    """The strips of the targets, one under the other, and where each came from."""
    import cv2
    import numpy as np

    pieces: list[Any] = []
    strips: list[_Strip] = []
    row = 0
    width = 1
    wanted: list[tuple[int, tuple[int, ...], list[tuple[int, int, int, int]], int]] = []
    for target in targets:
        near = _beside(words, target)
        box = words[target].bbox
        wanted.append((target, near, [words[i].bbox for i in near], box[3] - box[1]))
    wanted += [(number, (), [place], place.bottom - place.top) for number, place in enumerate(places)]
    for target, near, boxes, tall in wanted:
        height = tall * scale
        reach = _MARGIN * height
        left = max(0, int(min(b[0] for b in boxes) * scale - reach))
        right = min(image.shape[1], int(max(b[2] for b in boxes) * scale + reach))
        top = max(0, int(min(b[1] for b in boxes) * scale - 0.3 * reach))
        bottom = min(image.shape[0], int(max(b[3] for b in boxes) * scale + 0.3 * reach))
        piece: Any = image[top:bottom, left:right]
        if piece.size == 0:
            continue
        size = (max(1, round(piece.shape[1] * factor)), max(1, round(piece.shape[0] * factor)))
        piece = cv2.resize(piece, size, interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
        margin = max(4, round(reach * factor))
        framed = cv2.copyMakeBorder(piece, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(255,))
        strips.append(_Strip(target, near, left - margin / factor, row, framed.shape[0]))
        pieces.append(framed)
        row += framed.shape[0]
        width = max(width, framed.shape[1])
    column = np.full((max(row, 1), width), 255, np.uint8)
    for strip, piece in zip(strips, pieces, strict=True):
        column[strip.row : strip.row + strip.height, : piece.shape[1]] = piece
    return column, strips, factor


def _beside(words: Sequence[ReadWord], target: int) -> tuple[int, ...]:
    """Indices of a word and its neighbours in the line: read alone a word loses more than a fresh look gains."""
    line = (words[target].block, words[target].line)
    near = (i for i in (target - 1, target, target + 1) if 0 <= i < len(words))
    return tuple(i for i in near if (words[i].block, words[i].line) == line)


def _in_strip(box: tuple[int, int, int, int], left: float, scale: float, factor: float) -> tuple[float, float]:
    """Left and right end of a word as first read, in pixels of its strip."""
    return (box[0] * scale - left) * factor, (box[2] * scale - left) * factor


def _around(boxes: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def _covered(one: tuple[float, float], by: tuple[float, float]) -> float:
    """Share of an interval that lies in another one."""
    return (min(one[1], by[1]) - max(one[0], by[0])) / max(one[1] - one[0], 1.0)


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Overlap of two intervals as a share of the longer one."""
    overlap = min(one[1], other[1]) - max(one[0], other[0])
    return overlap / max(one[1] - one[0], other[1] - other[0], 1.0)

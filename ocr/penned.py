"""Number and day written by hand into a printed heading: found by the print around them, and doubted.

"Số: 210/QĐ-UBND" and "ngày 18 tháng 02 năm 2025" are index fields, and in most offices the figures are written by
hand. Engines read such figures firmly and wrongly (210 as 410, 18 as 48), also when told to read figures only, so no
reading of them is believed: words that stand where a pen wrote keep their text and lose their confidence, and the
index asks a person. Pen and print are told apart by height: figures of print are no higher than its capitals.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from statistics import median_low
from typing import TYPE_CHECKING

from manifests.text import Bbox, Word
from ocr.neighbours import fold_marks, load_neighbours

if TYPE_CHECKING:
    from ocr.page import GrayImage

MOST_CONFIDENCE = 0.30
"""What is left of the confidence of a word a pen wrote."""
_HEADING = 0.35
"""Share of the page's height in which a heading stands."""
_DARK = 150
_TALLER = 1.10
"""Figures of print are at most this much higher than its capitals, measured 0.80–1.04; those of a pen 1.13–1.55."""
_REACH = 0.35
_LETTER = 0.75
_O = "ốỐôÔóÓòÒồỒổỔỗỖộỘoO"
_NUMBER = re.compile(rf"S[{_O}][:;.]?|s[{_O}][:;]")
"""The label is read in small letters at times; the word of a sentence has no colon."""
_FIGURE = re.compile(r"[(:]?\d{1,6}[a-zA-Z]{0,2}[.,]?(?:/|$)")
"""What may stand in such a place; anything else the engine made of a pen's strokes."""


def doubt_penned(words: Sequence[Word], image: GrayImage, scale: float, page_height: int) -> tuple[Word, ...]:
    """``words`` (in reading order, boxes on the visible page) with those of a pen in the heading doubted.

    Args:
        image: The engine's copy, uint8, dark ink on white.
        scale: Its pixels to one of the visible page.
        page_height: In pixels of the visible page.
    """
    doubted = list(words)
    for before, after, place, inside in _places(words, page_height):
        if any(_is_printed_word(words[i].text) for i in inside):
            continue
        unlike = any(not _FIGURE.match(words[i].text) for i in inside)
        if inside and (unlike or _is_penned(image, scale, (before, after), place)):
            for index in inside:
                word = doubted[index]
                doubted[index] = replace(word, confidence=min(word.confidence, MOST_CONFIDENCE))
    return tuple(doubted)


def _is_printed_word(text: str) -> bool:
    """``sinh:`` or ``chín``: a label or a number in words, of which the heights of letters say nothing.

    No number is a single letter, which the engine makes of one stroke of a pen.
    """
    letters = text.strip(".,:;")
    return text.endswith(":") or (
        len(letters) > 1 and letters.isalpha() and letters.lower() in load_neighbours().words
    )


def _places(words: Sequence[Word], page_height: int) -> Iterator[tuple[Bbox, Bbox, Bbox, list[int]]]:
    """The print before and after each place of the heading, the place, and the words in it.

    The first of its kind on the page is the heading's; those of the text name other papers.
    """
    seen: set[str] = set()
    for index, word in enumerate(words):
        if word.bbox.bottom > _HEADING * page_height:
            continue
        line = [
            i
            for i in range(index + 1, min(index + 7, len(words)))
            if (words[i].block, words[i].line) == (word.block, word.line)
        ]
        key = fold_marks(word.text).strip(",.")
        if _NUMBER.fullmatch(word.text):
            end = next((i for i in line if "/" in words[i].text), None)
            if end is not None and "so" not in seen:
                seen.add("so")
                last = words[end]
                box = last.bbox
                slash = box.left + (box.right - box.left) * last.text.index("/") // len(last.text)
                inside = [i for i in line if i < end or (i == end and not last.text.startswith("/"))]
                yield word.bbox, Bbox(slash, box.top, box.right, box.bottom), _between(word.bbox, slash, box), inside
        elif key in ("ngay", "thang"):
            after = {"ngay": "thang", "thang": "nam"}[key]
            end = next((i for i in line if fold_marks(words[i].text).startswith(after)), None)
            if end is not None and key not in seen:
                seen.add(key)
                box = words[end].bbox
                yield word.bbox, box, _between(word.bbox, box.left, box), [i for i in line if i < end]


def _between(label: Bbox, right: int, end: Bbox) -> Bbox:
    return Bbox(label.right, min(label.top, end.top), max(label.right, right), max(label.bottom, end.bottom))


def _is_penned(image: GrayImage, scale: float, printed: tuple[Bbox, Bbox], place: Bbox) -> bool:
    reach = round(_REACH * (place.bottom - place.top))
    figures = _strokes(image, scale, Bbox(place.left, place.top - reach, place.right, place.bottom + reach))
    before, after = (_strokes(image, scale, box) for box in printed)
    if not figures or not before:
        return False
    # A capital, an h or the y with its tail is as high as a figure. The slash and what hangs on it is not counted.
    letters = [height for height in after if height >= _LETTER * max(before)]
    usual = max(max(before), median_low(letters) if letters else 0)
    return max(figures) > _TALLER * usual


def _strokes(image: GrayImage, scale: float, box: Bbox) -> list[int]:
    """Heights of the inked pieces in ``box``; specks, what its right end cuts and rules that fill it left out."""
    import cv2
    import numpy as np

    top, left = max(0, round(box.top * scale)), max(0, round(box.left * scale))
    part = image[top : max(top, round(box.bottom * scale)), left : max(left, round(box.right * scale))]
    if part.size == 0:
        return []
    _, _, stats, _ = cv2.connectedComponentsWithStats((part < _DARK).astype(np.uint8), connectivity=8)
    end = part.shape[1]
    return [int(row[3]) for row in stats[1:] if row[4] >= 6 and row[3] >= 3 and row[0] + row[2] < end]

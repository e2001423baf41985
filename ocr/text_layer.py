"""A PDF's own text layer: kept when it is Vietnamese and covers the page's ink, replaced otherwise."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from typing import Any

from manifests.text import Bbox, Word
from ocr.ink import Reduced
from ocr.legacy_text import in_unicode
from ocr.raw_page import LayerWord
from ocr.syllables import TextJudgement, judge_text

_MIN_COVER = 0.6


def judge_layer(words: tuple[LayerWord, ...]) -> tuple[tuple[LayerWord, ...], TextJudgement]:
    """The layer in Unicode, and how Vietnamese it is."""
    judgement = judge_text(word.text for word in words)
    if not judgement.vietnamese and (read := in_unicode([word.text for word in words])):
        words = tuple(replace(word, text=text) for word, text in zip(words, read, strict=True))
        judgement = judge_text(read)
    return words, judgement


def place_words(words: tuple[LayerWord, ...], matrix: Any, width: int, height: int) -> tuple[Word, ...]:
    """The layer's words on the visible image.

    Args:
        words: Boxes in pixels of the upright raw page.
        matrix: 2 × 3, from there to the visible image.
        width, height: Size of the visible image; words outside are left out.
    """
    import numpy as np

    placed = []
    for word in words:
        corners = np.array([[x, y, 1.0] for x in (word.left, word.right) for y in (word.top, word.bottom)])
        xs, ys = corners @ matrix[0], corners @ matrix[1]
        left, right = max(0, int(xs.min())), min(width, int(np.ceil(xs.max())))
        top, bottom = max(0, int(ys.min())), min(height, int(np.ceil(ys.max())))
        if right <= left or bottom <= top:
            continue
        for text in unicodedata.normalize("NFC", word.text).split():
            placed.append(Word(text, Bbox(left, top, right, bottom), 1.0, word.block, word.line))
    # poppler ordered the blocks of the page as it lay; turned upright, their order is another.
    return tuple(placed) if matrix[0][0] > 0.7 * matrix[1][1] > 0 else _from_top(placed)


def _from_top(words: list[Word]) -> tuple[Word, ...]:
    tops: dict[int, int] = {}
    for word in words:
        tops[word.line] = min(word.bbox.top, tops.get(word.line, word.bbox.top))
    order = {line: index for index, line in enumerate(sorted(tops, key=lambda line: tops[line]))}
    return tuple(
        sorted((replace(word, block=0, line=order[word.line]) for word in words), key=lambda word: word.line)
    )


def covers_ink(words: tuple[Word, ...], page: Reduced, letters: Any) -> bool:
    """Whether most letter-sized ink lies under the words.

    A stamp or a signature's caption is text too, but says nothing of the page it stands on.
    """
    import numpy as np

    total = int(np.count_nonzero(letters))
    if total == 0:
        return bool(words)
    mask = np.zeros(letters.shape, bool)
    slack = page.pixels(0.8)
    for word in words:
        left, top, right, bottom = (round(side * page.scale) for side in word.bbox)
        mask[max(0, top - slack) : bottom + slack, max(0, left - slack) : right + slack] = True
    return int(np.count_nonzero(letters & mask)) >= _MIN_COVER * total

"""Boxes the engine lost are put on their ink; good ones and what cannot be told stay as they are."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocr.boxes import fit_boxes
from ocr.engine import ReadWord

LINE = "Sở Y tế tỉnh thuộc Bộ Y tế"


@pytest.fixture
def drawn(draw_page):
    return draw_page([(150, 80, LINE), (150, 140, "Lãnh đạo thành phố - Thủ tục")])


def as_read(drawn) -> list[ReadWord]:
    return [ReadWord(word.text, tuple(word.bbox), 0.9, 0, word.line) for word in drawn.words]


def moved(words: list[ReadWord], index: int, *sides: int) -> list[ReadWord]:
    box = tuple(side + by for side, by in zip(words[index].bbox, sides, strict=True))
    return [replace(word, bbox=box) if i == index else word for i, word in enumerate(words)]


@pytest.mark.parametrize(
    ("index", "sides"),
    [
        (1, (-12, -14, -6, 14)),  # Y: as high as the line, beside its ink
        (8, (0, 22, -64, 0)),  # Lãnh: a sliver at its foot
        (12, (0, -12, 0, 14)),  # the dash, as high as the line
        (11, (0, 0, 26, 0)),  # phố: over the dash as well
    ],
)
def test_lost_boxes_find_their_ink(drawn, index: int, sides: tuple[int, int, int, int]) -> None:
    words = as_read(drawn)
    fitted = fit_boxes(moved(words, index, *sides), drawn.pixels)
    assert [word.text for word in fitted] == [word.text for word in words]
    for word, truth in zip(fitted, words, strict=True):
        assert (
            max(abs(a - b) for a, b in zip(word.bbox, truth.bbox, strict=True)) <= 7
        )  # what is drawn of a dash is less than its box


def test_good_boxes_stay(drawn) -> None:
    words = as_read(drawn)
    assert fit_boxes(words, drawn.pixels) == words


def test_without_ink_the_box_stays(drawn) -> None:
    words = moved(as_read(drawn), 8, 0, 22, -64, 0)
    white = drawn.pixels.copy()
    white[:] = 255
    assert fit_boxes(words, white) == words
    assert fit_boxes([], white) == []

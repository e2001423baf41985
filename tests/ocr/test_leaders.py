from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ocr.engine import ReadWord
from ocr.leaders import remove_leaders, without_leaders

DPI = 300.0
_STEP = 14


def _page() -> Any:
    page = np.full((400, 1400), 255, np.uint8)
    page[100:140, 100:130] = 0  # a letter
    return page


def _dot(page: Any, x: float, y: float, size: int = 4) -> None:
    page[round(y) : round(y) + size, round(x) : round(x) + size] = 20


def _line(page: Any, y: float, slope: float = 0.0) -> None:
    for index in range(80):
        _dot(page, 200 + _STEP * index, y + slope * _STEP * index)


@pytest.mark.parametrize("slope", [0.0, 0.004, -0.004])
def test_a_dotted_line_goes_and_the_letter_stays(slope: float) -> None:
    page = _page()
    _line(page, 250, slope)
    cleaned = remove_leaders(page, DPI)
    assert np.count_nonzero(cleaned[200:300] < 128) == 0
    assert (cleaned[100:140, 100:130] == 0).all()
    assert page.min() == 0 and np.count_nonzero(page[200:300] < 128) > 0, "the page handed in is left alone"


def test_a_mark_between_two_dots_stays() -> None:
    page = _page()
    _line(page, 250)
    _dot(page, 200 + _STEP * 30 + _STEP // 2 - 1, 250, size=5)
    cleaned = remove_leaders(page, DPI)
    left = np.argwhere(cleaned[200:300] < 128)
    assert len(left) == 25
    assert abs(left[:, 1].mean() - (200 + _STEP * 30.5)) < 3


def test_a_mark_below_the_line_of_dots_stays() -> None:
    page = _page()
    _line(page, 250)
    _dot(page, 200 + _STEP * 20, 262, size=5)
    assert np.count_nonzero(remove_leaders(page, DPI)[258:280] < 128) == 25


def test_an_ellipsis_and_full_stops_stay() -> None:
    page = _page()
    for x in (300, 312, 324, 600, 900):
        _dot(page, x, 250)
    assert remove_leaders(page, DPI) is page


@pytest.mark.parametrize("value", [0, 128, 255])
def test_an_even_page_is_returned_as_it_is(value: int) -> None:
    page = np.full((300, 300), value, np.uint8)
    assert (remove_leaders(page, DPI) == value).all()


@pytest.mark.parametrize(
    ("read", "text"), [("Bình......", "Bình"), ("xã…", "xã…"), ("xã..", "xã"), ("v.v.", "v.v."), ("......", "......")]
)
def test_what_was_read_of_the_dots_goes(read: str, text: str) -> None:
    choices = tuple({"x": 1.0} for _ in read)
    (word,) = without_leaders([ReadWord(read, (0, 0, 90, 30), 0.9, 0, 0, choices)])
    assert (word.text, len(word.choices)) == (text, len(text))

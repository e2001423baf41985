"""Lines of hidden text: sizes and base lines that keep paragraphs together, words that do not touch."""

from __future__ import annotations

import pytest

from manifests.text import Bbox, Word
from ocr.glyphless import ASCENT, DESCENT
from ocr.text_lines import place_lines

TALL = (ASCENT - DESCENT) / 1000


def line(number: int, *parts: tuple[str, int, int, int, int], block: int = 0) -> list[Word]:
    return [Word(text, Bbox(*box), 0.9, block, number) for text, *box in parts]


def test_lines_of_one_print_have_one_size_whatever_marks_they_hold() -> None:
    lines = [
        line(0, ("Ủy", 10, 20, 50, 52), ("ban", 60, 24, 100, 46)),
        line(1, ("sau", 10, 66, 50, 80), ("khi", 60, 58, 100, 80)),
        line(2, ("nhận", 10, 90, 70, 120), ("được", 80, 92, 140, 120)),
        line(3, ("QUYẾT", 10, 200, 200, 260), ("ĐỊNH", 220, 200, 400, 262), block=1),
    ]
    first, second, third, title = place_lines(lines)
    assert first.size == second.size == third.size
    assert title.size > 1.5 * first.size


def test_the_base_line_is_that_of_letters_without_tails() -> None:
    (placed,) = place_lines([line(0, ("gạch", 10, 20, 60, 50), ("ban", 70, 22, 110, 42), ("-", 120, 30, 130, 34))])
    assert placed.base == 42
    (tails,) = place_lines([line(0, ("quy", 10, 20, 60, 50), ("gì", 70, 22, 110, 50))])
    assert 50 - 0.35 * tails.size <= tails.base < 50


def test_words_that_touch_are_parted() -> None:
    (placed,) = place_lines([line(0, ("lựa", 10, 20, 60, 50), ("chọn", 60, 20, 120, 50), ("x", 61, 20, 70, 50))])
    (_, first), (second, right), _ = placed.spans
    assert second - first == pytest.approx(0.17 * placed.size)
    assert right == pytest.approx(60 + 0.6 * 60)  # what is left when boxes lie over each other


def test_a_stamp_read_with_a_word_does_not_raise_its_line() -> None:
    words = [("Điều", 10, 20, 60, 50), ("này", 70, 22, 110, 50), ("có", 120, 20, 150, 45), ("hiệu", 160, 0, 200, 160)]
    (placed,) = place_lines([line(0, *words)])
    assert placed.size * TALL <= 31


def test_no_lines_no_places() -> None:
    assert place_lines([]) == []

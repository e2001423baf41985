"""Figures a pen wrote into a printed heading lose their confidence; printed ones and other papers' numbers do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from manifests.text import Bbox, Word
from ocr.page import CapturedPage
from ocr.penned import MOST_CONFIDENCE, doubt_penned
from ocr.recognize import recognize_page


def pen(pixels: np.ndarray, box: Bbox, height: int) -> np.ndarray:
    """Two figures of ``height`` pixels written where ``box`` stands, on its line."""
    drawn = pixels.copy()
    drawn[box.top - 6 : box.bottom + 4, box.left : box.right] = 255
    foot = box.top + 30
    for left in (box.left + 2, box.left + 22):
        cv2.ellipse(drawn, (left + 8, foot - height // 2), (8, height // 2), 0, 0, 360, 0, 2)
    return drawn


@pytest.fixture
def page(draw_page):
    return draw_page(
        [
            (100, 60, "Số: 43 /QĐ-UBND"),
            (800, 60, "Hà Nội, ngày 18 tháng 02 năm 2025"),
            (100, 200, "Căn cứ Quyết định Số: 77 /QĐ-UBND ngày 30 tháng 11 năm 2024"),
        ],
        size=(1654, 1200),
    )


def numbered(page) -> list[Word]:
    """The drawn words, the heading's two columns on lines of their own."""
    return [Word(w.text, w.bbox, 0.95, 0, w.line) for w in page.words]


def doubted(page, pixels: np.ndarray) -> list[str]:
    words = doubt_penned(numbered(page), pixels, 1.0, page.image.height)
    return [w.text for w in words if w.confidence <= MOST_CONFIDENCE]


def find(page, text: str) -> Bbox:
    return next(w.bbox for w in page.words if w.text == text)


def test_print_is_believed(page) -> None:
    assert doubted(page, page.pixels) == []


@pytest.mark.parametrize("text", ["43", "18", "02"])
def test_a_pen_is_not(page, text: str) -> None:
    assert doubted(page, pen(page.pixels, find(page, text), 44)) == [text]


def test_the_text_of_a_penned_word_stays(page) -> None:
    words = doubt_penned(numbered(page), pen(page.pixels, find(page, "43"), 44), 1.0, page.image.height)
    assert [w.text for w in words] == [w.text for w in page.words]


def test_what_is_no_figure_is_no_reading_of_one(page) -> None:
    words = [Word("4Œ", w.bbox, 0.95, 0, w.line) if w.text == "43" else w for w in numbered(page)]
    read = doubt_penned(words, page.pixels, 1.0, page.image.height)
    assert [w.text for w in read if w.confidence <= MOST_CONFIDENCE] == ["4Œ"]


def test_a_single_letter_is_no_word_of_print(page) -> None:
    words = [Word("h", w.bbox, 0.95, 0, w.line) if w.text == "18" else w for w in numbered(page)]
    read = doubt_penned(words, page.pixels, 1.0, page.image.height)
    assert [w.text for w in read if w.confidence <= MOST_CONFIDENCE] == ["h"]


@pytest.mark.parametrize(("label", "doubts"), [("số;", ["4Œ"]), ("số", [])])
def test_a_label_read_in_small_letters_is_one_by_its_colon(page, label: str, doubts: list[str]) -> None:
    spelled = {"Số:": label, "43": "4Œ"}
    words = [Word(spelled.get(w.text, w.text), w.bbox, 0.95, 0, w.line) for w in page.words if w.bbox.top < 100]
    read = doubt_penned(words, page.pixels, 1.0, page.image.height)
    assert [w.text for w in read if w.confidence <= MOST_CONFIDENCE] == doubts


def test_only_the_heading_is_looked_at(page) -> None:
    assert doubted(page, pen(page.pixels, find(page, "77"), 44)) == []


def test_scale_of_the_copy_does_not_matter(page) -> None:
    pixels = pen(page.pixels, find(page, "43"), 44)
    large = cv2.resize(pixels, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    words = doubt_penned(numbered(page), large, 1.5, page.image.height)
    assert [w.text for w in words if w.confidence <= MOST_CONFIDENCE] == ["43"]


def test_number_in_words_and_labels_are_print(draw_page) -> None:
    page = draw_page([(100, 60, "ngày chín tháng ba năm 2024")])
    assert doubted(page, pen(page.pixels, find(page, "chín"), 50)) == []


def test_a_page_with_a_penned_number_keeps_it_doubtful(page) -> None:
    from ocr.engine import engine_of_process

    captured = page.captured()
    changed = pen(captured.ocr_image, find(page, "43"), 46)
    text = recognize_page(CapturedPage(captured.visible, changed, 1.0, captured.facts), engine_of_process())
    number = [
        w
        for w in text.words
        if find(page, "43").left - 5 <= w.bbox.left < find(page, "/QĐ-UBND").left and w.bbox.top < 100
    ]
    assert all(w.confidence <= MOST_CONFIDENCE for w in number)
    day = next(w for w in text.words if w.text == "18")
    assert day.confidence > 0.8

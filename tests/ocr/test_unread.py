"""Ink no word stands for: counted, told apart from print and pictures, and never silent."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from manifests.serial import from_json, to_json
from manifests.text import Bbox, PageText, PageVerdict
from ocr.engine import engine_of_process, open_engine
from ocr.page import CapturedPage
from ocr.recognize import recognize_page
from ocr.unread import find_writing, measure_unread

LINES = [(150, 80 + 60 * i, "Ủy ban nhân dân phường có trách nhiệm thi hành quyết định") for i in range(6)]


def scribble(pixels: np.ndarray, top: int, lines: int = 6) -> np.ndarray:
    """Lines of a pen: loops of uneven height that join into words."""
    random = np.random.default_rng(5)
    drawn = pixels.copy()
    for line in range(lines):
        left = 120
        for _ in range(7):
            steps = random.integers(4, 9)
            points = np.stack(
                [
                    left + np.arange(steps * 4) * 5,
                    top + 70 * line + random.normal(0, 13, steps * 4).cumsum() * 0.4 + random.normal(0, 9, steps * 4),
                ],
                axis=1,
            )
            cv2.polylines(drawn, [points.astype(np.int32).reshape(-1, 1, 2)], isClosed=False, color=0, thickness=3)
            left += steps * 20 + 30
    return drawn


def page_of(draw_page, lines, change=lambda pixels: pixels) -> CapturedPage:
    captured = draw_page(lines).captured()
    return CapturedPage(captured.visible, change(captured.ocr_image), 1.0, captured.facts)


def test_a_read_page_leaves_no_ink(draw_page) -> None:
    text = recognize_page(page_of(draw_page, LINES), engine_of_process())
    assert text.verdict is PageVerdict.READ
    assert text.unread_share < 0.02
    assert text.handwritten_share == 0.0


def test_handwriting_below_print_is_counted_and_the_print_kept(draw_page) -> None:
    page = page_of(draw_page, LINES[:1], lambda pixels: scribble(pixels, 300))
    text = recognize_page(page, engine_of_process())
    assert text.verdict is PageVerdict.UNREAD
    assert "phường" in text.plain_text()
    assert text.unread_share > 0.5
    assert text.handwritten_share > 0.4
    assert from_json(PageText, to_json(text)) == text


def test_a_photograph_is_unread_but_not_handwriting(draw_page) -> None:
    photo = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 170, (400, 700), dtype=np.uint8), (0, 0), 5)

    def change(pixels: np.ndarray) -> np.ndarray:
        drawn = pixels.copy()
        drawn[400:800, 300:1000] = photo
        return drawn

    text = recognize_page(page_of(draw_page, LINES[:2], change), engine_of_process())
    assert text.verdict is PageVerdict.UNREAD
    assert text.unread_share > 0.8
    assert text.handwritten_share < 0.1


def test_the_scanners_bed_around_a_sheet_is_no_ink_to_read(draw_page) -> None:
    def change(pixels: np.ndarray) -> np.ndarray:
        bed = np.zeros_like(pixels)
        height, width = bed.shape
        corners = np.array([[40, 30], [width - 30, 50], [width - 60, height - 30], [20, height - 60]], np.int32)
        cv2.fillConvexPoly(bed, corners, 255)
        return np.minimum(pixels, bed)

    text = recognize_page(page_of(draw_page, LINES, change), engine_of_process())
    assert text.verdict is PageVerdict.READ
    assert text.unread_share < 0.05


def test_rulings_of_a_table_are_no_ink_to_read(draw_page) -> None:
    def change(pixels: np.ndarray) -> np.ndarray:
        drawn = pixels.copy()
        for y in range(480, 960, 60):
            drawn[y : y + 3, 100:1500] = 0
        for x in range(100, 1501, 200):
            drawn[480:903, x : x + 3] = 0
        return drawn

    text = recognize_page(page_of(draw_page, LINES, change), engine_of_process())
    assert text.verdict is PageVerdict.READ
    assert text.unread_share < 0.1


def test_print_the_engine_missed_is_not_called_handwriting(draw_page) -> None:
    page = draw_page(LINES)
    measured = measure_unread(find_writing(page.pixels, page.dpi), [])
    assert measured.share == 1.0
    assert measured.handwritten < 0.2


def test_without_an_engine_all_ink_is_unread(draw_page) -> None:
    text = recognize_page(page_of(draw_page, LINES), open_engine("null"))
    assert (text.verdict, text.words, text.unread_share) == (PageVerdict.UNREAD, (), 1.0)


@pytest.mark.parametrize("boxes", [[], [Bbox(0, 0, 10, 10)]])
def test_white_paper_has_nothing_unread(boxes: list[Bbox]) -> None:
    measured = measure_unread(find_writing(np.full((400, 300), 255, np.uint8), 200), boxes)
    assert (measured.share, measured.handwritten) == (0.0, 0.0)

"""The squares of forms leave the engine's copy; letters, figures and what stands in a square stay."""

from __future__ import annotations

import pytest
from PIL import ImageDraw

from ocr.engine import engine_of_process
from ocr.recognize import recognize_page
from ocr.tick_boxes import remove_tick_boxes

LABELS = [(200, 100, "Đúng hạn"), (600, 100, "Quá hạn"), (1000, 100, "Đăng ký lại")]
SIDE = 30


def square(pen: ImageDraw.ImageDraw, left: int, top: int, *, crossed: bool = False, side: int = SIDE) -> None:
    corners = (left, top, left + side, top + side)
    pen.rectangle(corners, outline=0, width=2)
    if crossed:
        pen.line(corners, fill=0, width=3)
        pen.line((left, top + side, left + side, top), fill=0, width=3)


def test_empty_and_crossed_squares_are_not_read_as_letters(draw_page) -> None:
    page = draw_page(LABELS)
    for left, crossed in ((155, False), (555, True), (955, False)):
        square(ImageDraw.Draw(page.image), left, 104, crossed=crossed)
    text = recognize_page(page.captured(), engine_of_process())
    assert text.plain_text() == "Đúng hạn Quá hạn Đăng ký lại"


@pytest.mark.parametrize("scale", [1, 2])
def test_nothing_but_the_squares_is_gone(draw_page, scale: int) -> None:
    lines = [(left * scale, top * scale, text) for left, top, text in LABELS]
    page, bare = (draw_page(lines, size=(1654 * scale, 400), dpi=200 * scale, font_size=30 * scale) for _ in range(2))
    square(ImageDraw.Draw(page.image), 155 * scale, 104 * scale, side=SIDE * scale)
    assert (remove_tick_boxes(page.pixels, 200 * scale) == bare.pixels).all()


def test_letters_bars_and_bullets_stay_and_cost_no_copy(draw_page) -> None:
    page = draw_page([(150, 60, "BĐDÔĐQOMWNHEFZ@#80 ỘỒBB"), (150, 160, "HIỆU UỶ ĐỘ 0 8 B")], font_size=44)
    pen = ImageDraw.Draw(page.image)
    pen.rectangle((150, 300, 150 + SIDE, 300 + SIDE), fill=0)
    pen.rectangle((300, 300, 420, 330), outline=0, width=2)
    pixels = page.pixels
    assert remove_tick_boxes(pixels, 200) is pixels


def test_a_figure_in_its_square_stays(draw_page) -> None:
    page, bare = (draw_page([(157, 104, "8")], font_size=26) for _ in range(2))
    square(ImageDraw.Draw(page.image), 147, 100, side=36)
    left = remove_tick_boxes(page.pixels, 200)
    assert (left[104:136, 155:175] == bare.pixels[104:136, 155:175]).all()


def test_a_seal_and_a_frame_are_no_squares_to_tick(draw_page) -> None:
    page = draw_page(LABELS)
    pen = ImageDraw.Draw(page.image)
    pen.ellipse((300, 300, 340, 340), outline=0, width=3)
    pen.rectangle((500, 300, 600, 400), outline=0, width=3)
    pixels = page.pixels
    assert remove_tick_boxes(pixels, 200) is pixels

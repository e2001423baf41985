"""Figures that stand alone: numbers of pages in the margin and of rows in their cells."""

from __future__ import annotations

from PIL import ImageDraw

from ocr.engine import ReadWord, engine_of_process
from ocr.lone import lone_places
from ocr.recognize import recognize_page
from ocr.tables import find_tables

LINES = [(150, 300 + 50 * i, "Căn cứ Luật Tổ chức chính quyền địa phương ngày") for i in range(8)]


def test_places_above_below_and_in_cells(draw_page) -> None:
    page = draw_page([*LINES, (800, 120, "12"), (160, 790, "3."), (500, 790, "giấy phép"), (1500, 960, "x")])
    pen = ImageDraw.Draw(page.image)
    for x in (140, 300, 900):
        pen.line((x, 760, x, 850), fill=0, width=2)
    for y in (760, 850):
        pen.line((140, y, 900, y), fill=0, width=2)
    for speck in range(6):
        pen.point((200 + 150 * speck, 60), fill=0)
    read = [ReadWord(w.text, tuple(w.bbox), 0.9, 0, w.line) for w in page.words if w.text not in ("12", "3.", "x")]
    places = lone_places(read, page.pixels, page.dpi, find_tables(page.pixels, page.dpi))
    wanted = [w.bbox for w in page.words if w.text in ("12", "3.")]
    assert len(places) == len(wanted)
    for place, box in zip(places, wanted, strict=True):
        assert max(abs(a - b) for a, b in zip(place, box, strict=True)) <= 4


def test_many_marks_in_a_margin_are_no_number(draw_page) -> None:
    page = draw_page([*LINES, *((200 + 200 * i, 120, "7") for i in range(4))])
    read = [ReadWord(w.text, tuple(w.bbox), 0.9, 0, w.line) for w in page.words if w.text != "7"]
    assert lone_places(read, page.pixels, page.dpi, ()) == []
    assert lone_places([], page.pixels, page.dpi, ()) == []


def test_the_number_of_a_page_is_read(draw_page) -> None:
    page = draw_page([*LINES, (800, 120, "2")], size=(1654, 2339))
    assert recognize_page(page.captured(), engine_of_process()).plain_text().splitlines()[0] == "2"

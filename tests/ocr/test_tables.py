"""Ruled tables found by their rulings, and their cells read each to its end."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from manifests.text import Bbox
from ocr.engine import engine_of_process
from ocr.options import RecognizeOptions
from ocr.page import GrayImage
from ocr.recognize import recognize_page
from ocr.tables import Table, find_tables

DPI = 190.0
COLUMNS, ROWS = (100, 220, 620, 1100, 1400), (200, 290, 560, 830)


def ruled(
    ink: int = 0, *, slope: float = 0.0, breaks: int = 0, merged: bool = False, open_sides: bool = False
) -> GrayImage:
    """A table of three rows and four columns on white paper, its hairlines one pixel wide."""
    image = Image.new("L", (1500, 1000), 255)
    pen = ImageDraw.Draw(image)
    for y in ROWS:
        pen.line((COLUMNS[0], y, COLUMNS[-1], y + slope * (COLUMNS[-1] - COLUMNS[0])), fill=ink)
    for x in COLUMNS[1:-1] if open_sides else COLUMNS:
        top = ROWS[1] if merged and x == COLUMNS[2] else ROWS[0]
        pen.line((x + slope * ROWS[0], top, x, ROWS[-1]), fill=ink)
    pixels = np.array(image)
    for row in range(330, 800, 160) if breaks else ():
        pixels[row : row + breaks, :] = 255
    return pixels


@pytest.mark.parametrize(
    "drawn",
    [
        {},
        {"ink": 150},
        {"slope": 0.004},
        {"breaks": 25},
        {"open_sides": True},
    ],
)
def test_cells_are_found_row_by_row(drawn: dict[str, float]) -> None:
    (table,) = find_tables(ruled(**drawn), DPI)
    assert len(table.cells) == 12
    expected = [(left, top) for top in ROWS[:-1] for left in COLUMNS[:-1]]  # rows from the top, each from the left
    for cell, (left, top) in zip(table.cells, expected, strict=True):
        assert abs(cell.left - left) < 12
        assert abs(cell.top - top) < 14


def test_a_cell_over_two_columns_is_one_cell() -> None:
    (table,) = find_tables(ruled(merged=True), DPI)
    assert len(table.cells) == 11
    assert table.cells[1].right > COLUMNS[2] + 300


def test_frames_underlines_and_print_are_no_tables(draw_page) -> None:
    page = draw_page([(150, 80 + 60 * i, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập") for i in range(12)])
    pen = ImageDraw.Draw(page.image)
    pen.rectangle((20, 20, 1600, 960), outline=0, width=3)
    for i in range(12):
        pen.line((150, 118 + 60 * i, 900, 118 + 60 * i), fill=0, width=2)
    assert find_tables(page.pixels, 200) == ()


def test_a_table_inside_a_frame_is_the_table() -> None:
    page = ruled()
    page[20:23, 20:1480] = page[977:980, 20:1480] = 0
    page[20:980, 20:23] = page[20:980, 1477:1480] = 0
    (table,) = find_tables(page, DPI)
    assert len(table.cells) == 12
    assert table.box.left > 80


def test_folds_of_the_paper_are_no_tables(draw_page) -> None:
    """A sheet kept folded twice shows a cross that runs out of it, and breaks where the crease is worn off."""
    page = draw_page([(150, 80 + 60 * i, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập") for i in range(12)])
    pixels = page.pixels.copy()
    pixels[:, 700:703] = np.minimum(pixels[:, 700:703], 120)
    pixels[480:483, :] = np.minimum(pixels[480:483, :], 120)
    pixels[300:380, 690:710] = 255
    assert find_tables(pixels, 200) == ()


def test_a_fold_through_a_table_parts_none_of_its_cells() -> None:
    page = ruled()
    page[:, 860:863] = page[690:693, :] = 90
    (table,) = find_tables(page, DPI)
    assert len(table.cells) == 12
    assert table.box.top > 180
    assert table.box.right < 1420


def test_a_table_cut_off_by_the_picture_keeps_its_columns() -> None:
    """Many lines that run out of the picture are no folds."""
    (table,) = find_tables(ruled()[:700], DPI)
    assert len({cell.left for cell in table.cells}) == 4


def test_tables_are_told_on_any_scale() -> None:
    table = Table(Bbox(10, 20, 110, 220), (Bbox(10, 20, 60, 220),))
    assert table.scaled(0.5) == Table(Bbox(5, 10, 55, 110), (Bbox(5, 10, 30, 110),))


def test_each_cell_is_read_to_its_end(draw_page) -> None:
    left = ["Chấp thuận đấu nối", "đối với trường hợp", "kết nối với đường bộ"]
    right = ["Trong 07 ngày làm việc", "kể từ ngày nhận được", "hồ sơ đúng quy định"]
    lines = [(150, 120, "Danh mục thủ tục hành chính"), (150, 600, "Tổng số 01 thủ tục")]
    # Lines of neighbours stand at other heights, as centred cells do.
    lines += [(160, 270 + 60 * i, text) for i, text in enumerate(left)]
    lines += [(860, 285 + 60 * i, text) for i, text in enumerate(right)]
    page = draw_page(lines)
    pen = ImageDraw.Draw(page.image)
    for x in (130, 830, 1500):
        pen.line((x, 240, x, 520), fill=0, width=2)
    for y in (240, 520):
        pen.line((130, y, 1500, y), fill=0, width=2)
    text = recognize_page(page.captured(), engine_of_process(), RecognizeOptions())
    assert text.plain_text().splitlines() == [
        "Danh mục thủ tục hành chính",
        *left,
        *right,
        "Tổng số 01 thủ tục",
    ]

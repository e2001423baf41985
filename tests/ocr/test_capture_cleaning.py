"""The engine's copy: red seals out, text under them kept, everything else that is red left alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ocr.cleaning import clean_page, engine_scale
from ocr.geometry import Crop, straightening
from ocr.ink import reduce_page
from ocr.orientation import find_orientation
from sample_scans.document import render_document

DPI = 200
MM = DPI / 25.4
RED, BLACK = (205, 50, 60), (25, 22, 25)


def paper(shade: tuple[int, int, int] = (250, 248, 240)) -> NDArray[np.uint8]:
    sheet = np.empty((round(150 * MM), round(150 * MM), 3), np.uint8)
    sheet[:] = shade
    return sheet


def write(sheet: NDArray[np.uint8], left: float, top: float, colour: tuple[int, int, int], words: int = 6) -> None:
    """Bars of a letter's size; ``left`` and ``top`` in millimetres."""
    for index in range(words * 4):
        x, y = round((left + index * 1.9) * MM), round(top * MM)
        sheet[y : y + round(2.4 * MM), x : x + round(0.45 * MM)] = colour


def stamp(sheet: NDArray[np.uint8], x: float, y: float, colour: tuple[int, int, int], radius: float = 18) -> None:
    import cv2

    for share, width in ((1.0, 1.2), (0.7, 0.6)):
        cv2.circle(sheet, (round(x * MM), round(y * MM)), round(radius * share * MM), colour, round(width * MM))
    cv2.circle(sheet, (round(x * MM), round(y * MM)), round(4 * MM), colour, -1)


def copy_of(sheet: NDArray[np.uint8], *, remove_stamps: bool = True, clean: bool = True) -> NDArray[np.uint8]:
    import cv2

    gray = cv2.cvtColor(sheet, cv2.COLOR_RGB2GRAY)
    page = reduce_page(gray, DPI)
    return clean_page(
        sheet,
        gray,
        page,
        straightening(gray.shape[1], gray.shape[0], 0.0, Crop()),
        1.0,
        remove_stamps=remove_stamps,
        clean=clean,
        bitonal=False,
    )


def test_a_red_seal_goes_and_the_text_under_it_stays() -> None:
    sheet = paper()
    stamp(sheet, 75, 75, RED)
    seal = sheet[..., 1] < 100
    write(sheet, 40, 74, BLACK, words=9)
    text = sheet[..., 0] < 60
    copy = copy_of(sheet)
    assert copy[seal & ~text].mean() > 240
    assert copy[text].mean() < 60
    # Switched off, it stays.
    assert copy_of(sheet, remove_stamps=False)[seal & ~text].mean() < 160


def test_a_black_seal_stays() -> None:
    sheet = paper()
    stamp(sheet, 75, 75, BLACK)
    seal = sheet[..., 0] < 60
    assert copy_of(sheet)[seal].mean() < 80


def test_red_print_and_blue_ink_are_text() -> None:
    sheet = paper()
    write(sheet, 30, 30, RED, words=10)
    write(sheet, 30, 60, (40, 60, 170), words=10)
    stamp(sheet, 110, 110, RED)
    red, blue = np.zeros(sheet.shape[:2], bool), sheet[..., 2] < 200
    red[: round(40 * MM)] = sheet[: round(40 * MM), :, 1] < 100
    copy = copy_of(sheet)
    assert copy[red].mean() < 150
    assert copy[blue & (sheet[..., 0] < 60)].mean() < 130


def test_yellow_paper_and_shadow_become_white() -> None:
    sheet = paper((222, 205, 165))
    shadow = np.linspace(1.0, 0.62, sheet.shape[1])[None, :, None]
    write(sheet, 30, 30, (70, 60, 50), words=10)
    write(sheet, 30, 110, (70, 60, 50), words=10)
    text = sheet[..., 0] < 100
    shaded = (sheet * shadow).astype(np.uint8)
    copy = copy_of(shaded)
    assert np.percentile(copy[~text], 2) > 235
    assert copy[text].mean() < 130


def test_lone_specks_of_a_fax_go_and_dots_stay() -> None:
    fax = np.full((600, 600), 255, np.uint8)
    fax[100:101, 100:102] = 0
    fax[300:304, 300:304] = 0
    fax[303:330, 310:314] = 0
    page = reduce_page(fax, DPI)
    copy = clean_page(
        fax,
        fax,
        page,
        straightening(fax.shape[1], fax.shape[0], 0.0, Crop()),
        1.0,
        remove_stamps=True,
        clean=True,
        bitonal=True,
    )
    assert copy[100, 100] == 255
    assert (copy[300:304, 300:304] == 0).all()


def test_engine_scale_aims_at_190_dpi() -> None:
    wanted = [3.8, 190 / 75, 190 / 150, 1.0, 190 / 300, 190 / 400, 190 / 600]
    assert [engine_scale(dpi) for dpi in (50, 75, 150, 200, 300, 400, 600)] == wanted


def test_a_form_of_dotted_lines_keeps_its_dots_for_the_engine() -> None:
    assert [engine_scale(dpi, dotted=True) for dpi in (150, 200, 300, 600)] == [2.0, 1.5, 1.0, 0.5]
    for name, dotted in (("form", True), ("laser", False)):
        form = render_document("birth", name, 27, 150, fill="typed")
        assert find_orientation(reduce_page(np.asarray(form.pages[0].convert("L")), 150)).dotted == dotted

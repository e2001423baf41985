"""Dark up to the edge: what the scanner's bed left goes, what belongs to the page never does."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from fpdf import FPDF
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from manifests.text import PageVerdict
from ocr.engine import engine_of_process
from ocr.options import CaptureOptions
from ocr.page import CapturedPage
from ocr.recognize import recognize_page
from ocr.scan import capture_pages
from sample_scans.document import render_document
from sample_scans.fonts import FontRole, face

DPI = 150
A4 = (1240, 1754)
LINES = [(180, 200 + index * 60, "Ủy ban nhân dân quận ba chứng thực bản sao này") for index in range(14)]


def capture(image: Image.Image, folder: Path) -> CapturedPage:
    path = folder / "scan.png"
    image.save(path, dpi=(DPI, DPI))
    return next(capture_pages([path], CaptureOptions()))


def whole(page: CapturedPage, image: Image.Image) -> bool:
    return (page.visible.width, page.visible.height) == image.size


def texture(height: int, width: int, seed: int = 1) -> NDArray[np.uint8]:
    """A dark picture of soft shapes, as a painting or a photograph by night is."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 160, (height // 60 + 2, width // 60 + 2)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
def test_white_on_black_is_kept_whole_and_read(tmp_path: Path, draw_page: Callable[..., object], mode: str) -> None:
    drawn = draw_page(LINES, size=A4, dpi=DPI, font_size=32)
    black = Image.eval(drawn.image, lambda value: 255 - value).convert(mode)  # type: ignore[attr-defined]
    page = capture(black, tmp_path)
    assert whole(page, black) and not page.facts.blank
    shown = np.asarray(Image.open(io.BytesIO(page.visible.data)).convert("L"))
    assert np.median(shown) == 0
    assert np.median(page.ocr_image) > 200
    read = recognize_page(page, engine_of_process())
    assert read.verdict is PageVerdict.READ
    found = [word.text.lower() for word in read.words]
    assert found.count("chứng") >= 12 and found.count("quận") >= 12


def test_a_painting_is_kept_whole(tmp_path: Path) -> None:
    picture = Image.fromarray(texture(A4[1], A4[0]))
    assert whole(capture(picture, tmp_path), picture)


@pytest.mark.parametrize("side", ["top", "left", "right", "bottom"])
def test_a_photograph_printed_to_the_edge_stays(tmp_path: Path, draw_page: Callable[..., object], side: str) -> None:
    sheet = np.asarray(draw_page(LINES[4:9], size=A4, dpi=DPI).image).copy()  # type: ignore[attr-defined]
    photo = texture(200, A4[0]) if side in ("top", "bottom") else texture(A4[1], 150)
    high, wide = photo.shape
    rows = slice(-high, None) if side == "bottom" else slice(0, high)
    columns = slice(-wide, None) if side == "right" else slice(0, wide)
    sheet[rows, columns] = photo
    picture = Image.fromarray(sheet)
    assert whole(capture(picture, tmp_path), picture)


def test_a_dark_head_with_white_letters_stays_and_is_read(tmp_path: Path) -> None:
    from PIL import ImageFont

    image = Image.new("RGB", A4, "white")
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(face(FontRole.SANS).path), 40)
    pen.rectangle((0, 0, A4[0], 220), fill=(20, 30, 90))
    pen.text((300, 80), "SỞ TƯ PHÁP THÀNH PHỐ", font=font, fill="white")
    for left, top, text in LINES[3:9]:
        pen.text((left, top), text, font=font, fill="black")
    page = capture(image, tmp_path)
    assert whole(page, image)
    words = " ".join(word.text for word in recognize_page(page, engine_of_process()).words)
    assert "TƯ PHÁP" in words


@pytest.mark.parametrize("side", [0, 1, 2, 3])
def test_a_page_dark_by_half_is_kept_whole(tmp_path: Path, side: int) -> None:
    half = np.full((1400, 1000, 3), (255, 128, 0), np.uint8)
    half[:700] = 0
    turned = np.ascontiguousarray(np.rot90(half, side))
    Image.fromarray(turned).save(tmp_path / "half.png", dpi=(150, 150))
    facts = next(capture_pages([tmp_path / "half.png"], CaptureOptions(orient=False))).facts
    assert (facts.height, facts.width) == turned.shape[:2]


def test_a_dark_corner_is_not_cropped(tmp_path: Path, draw_page: Callable[..., object]) -> None:
    image = draw_page(LINES, size=A4, dpi=DPI).image  # type: ignore[attr-defined]
    ImageDraw.Draw(image).polygon([(0, 0), (260, 0), (0, 260)], fill=10)
    assert whole(capture(image, tmp_path), image)


@pytest.mark.parametrize("sides", [(0, 0, 0, 60), (60, 0, 0, 0), (40, 60, 30, 50)])
@pytest.mark.parametrize("lid", [4, 60])
def test_the_scanners_bed_goes(tmp_path: Path, sides: tuple[int, int, int, int], lid: int) -> None:
    left, top, right, bottom = sides
    sheet = np.asarray(render_document("decision", "laser", 3, DPI, clean=True).pages[0].convert("L"))
    rng = np.random.default_rng(2)
    lying = cv2.copyMakeBorder(sheet, top, bottom, left, right, cv2.BORDER_CONSTANT, value=[lid])
    noisy = np.clip(lying.astype(np.int16) + rng.normal(0, 5, lying.shape).astype(np.int16), 0, 255).astype(np.uint8)
    page = capture(Image.fromarray(noisy), tmp_path)
    assert abs(page.visible.width - sheet.shape[1]) <= 4
    assert abs(page.visible.height - sheet.shape[0]) <= 4


def test_a_small_sheet_on_a_black_bed_is_no_negative(tmp_path: Path, draw_page: Callable[..., object]) -> None:
    card = draw_page([(40, 40 + 50 * i, "Số định danh cá nhân") for i in range(5)], size=(600, 380), dpi=DPI)
    image = Image.new("L", A4, 12)
    image.paste(card.image, (200, 300))  # type: ignore[attr-defined]
    page = capture(image, tmp_path)
    assert np.median(page.ocr_image) > 200
    words = " ".join(word.text for word in recognize_page(page, engine_of_process()).words)
    assert words.count("cá nhân") >= 4


def test_a_drawn_page_is_never_cropped(tmp_path: Path) -> None:
    pdf = FPDF(unit="pt", format=(300, 400))
    pdf.set_auto_page_break(False)
    pdf.add_page()
    pdf.set_fill_color(10)
    for box in ((0, 0, 300, 40), (0, 0, 25, 400), (280, 0, 20, 400)):
        pdf.rect(*box, style="F")
    path = tmp_path / "drawn.pdf"
    path.write_bytes(bytes(pdf.output()))
    page = next(capture_pages([path], CaptureOptions()))
    assert (page.visible.width, page.visible.height) == (1250, pytest.approx(1667, abs=1))

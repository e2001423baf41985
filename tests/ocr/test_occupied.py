"""What a page holds, as boxes: seals, pens and pictures as well as print; and how it was scanned."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from manifests.serial import from_json, to_json
from manifests.text import Bbox, ColourMode, PageFacts
from ocr.options import CaptureOptions
from ocr.scan import capture_pages

DPI = 150


def mm(length: float) -> int:
    return round(length * DPI / 25.4)


def sheet() -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("RGB", (mm(210), mm(297)), (252, 250, 240))
    draw = ImageDraw.Draw(page)
    for line in range(12):
        for word in range(8):
            left, top = mm(30 + 18 * word), mm(100 + 8 * line)
            for letter in range(5):
                draw.rectangle((left + mm(2.6 * letter), top, left + mm(2.6 * letter + 1.6), top + mm(2.4)), "black")
    return page, draw


def captured(page: Image.Image, folder: Path, kind: str = "png") -> PageFacts:
    path = folder / f"page.{kind}"
    page.save(path, dpi=(DPI, DPI))
    (made,) = capture_pages([path], CaptureOptions())
    return made.facts


def holds(boxes: tuple[Bbox, ...], part: tuple[int, int, int, int]) -> bool:
    return any(b.left < part[2] and b.right > part[0] and b.top < part[3] and b.bottom > part[1] for b in boxes)


def test_seals_pens_and_pictures_are_occupied_and_bare_paper_is_not(tmp_path: Path) -> None:
    page, draw = sheet()
    seal = (mm(130), mm(230), mm(165), mm(265))
    draw.ellipse(seal, outline=(215, 90, 95), width=3)
    pen = (mm(40), mm(230), mm(80), mm(245))
    draw.arc(pen, 180, 360, fill=(90, 110, 190), width=3)
    photo = (mm(20), mm(20), mm(50), mm(60))
    draw.rectangle(photo, fill=(60, 50, 40))
    draw.point([(mm(190), mm(20)), (mm(100), mm(280))], fill="black")  # dust
    facts = captured(page, tmp_path)
    boxes = facts.occupied
    assert 0 < len(boxes) <= 200
    assert holds(boxes, (seal[0], mm(246), seal[0] + mm(3), mm(249))), "the seal's left rim"
    assert holds(boxes, (mm(145), seal[1], mm(150), seal[1] + mm(3))), "its upper rim"
    assert holds(boxes, (mm(55), mm(229), mm(65), mm(232))), "the pen's stroke"
    assert holds(boxes, (mm(33), mm(38), mm(35), mm(40))), "the middle of the photograph"
    corner, foot, side = (70, 5, 205, 90), (5, 270, 205, 295), (180, 5, 208, 290)
    for bare in (tuple(mm(length) for length in part) for part in (corner, foot, side)):
        assert not holds(boxes, bare)
    assert facts.colour is ColourMode.COLOUR
    assert from_json(PageFacts, to_json(facts)) == facts


def test_boxes_follow_a_page_that_is_turned_upright_and_straightened(tmp_path: Path) -> None:
    page, draw = sheet()
    draw.rectangle((mm(150), mm(250), mm(180), mm(280)), fill=(200, 40, 40))
    facts = captured(page.rotate(-2, fillcolor=(252, 250, 240), resample=Image.Resampling.BICUBIC), tmp_path)
    assert facts.skew_before == pytest.approx(2, abs=0.3)
    assert holds(facts.occupied, (mm(160), mm(260), mm(170), mm(270)))
    assert not holds(facts.occupied, (mm(20), mm(250), mm(140), mm(285)))


def test_a_page_full_of_marks_needs_no_more_than_200_boxes(tmp_path: Path) -> None:
    page = Image.new("L", (mm(210), mm(297)), 255)
    draw = ImageDraw.Draw(page)
    for row in range(20):
        for column in range(12):
            left, top = mm(5 + 17 * column + row % 3), mm(5 + 14.3 * row)
            draw.rectangle((left, top, left + mm(2), top + mm(2)), fill=0)
    boxes = captured(page, tmp_path).occupied
    assert 0 < len(boxes) <= 200
    assert holds(boxes, (mm(5), mm(5), mm(7), mm(7)))
    assert max(box.right for box in boxes) <= page.width
    assert max(box.bottom for box in boxes) <= page.height


@pytest.mark.parametrize(
    ("mode", "colour"), [("1", ColourMode.BITONAL), ("L", ColourMode.GREY), ("RGB", ColourMode.GREY)]
)
def test_how_a_page_was_scanned(mode: str, colour: ColourMode, tmp_path: Path) -> None:
    page, _ = sheet()
    facts = captured(page.convert("L").convert(mode), tmp_path)
    assert facts.colour is colour


def test_only_page_1_is_told_and_older_facts_are_read(tmp_path: Path) -> None:
    page, _ = sheet()
    path, made = tmp_path / "two.tif", io.BytesIO()
    page.save(made, "TIFF", save_all=True, append_images=[page], dpi=(DPI, DPI))
    path.write_bytes(made.getvalue())
    first, second = (captured.facts for captured in capture_pages([path], CaptureOptions()))
    assert first.occupied
    assert not second.occupied
    old = b'{"page_number": 1, "source": "a.pdf", "source_page": 1, "width": 10, "height": 20, "dpi": 200}'
    assert from_json(PageFacts, old).colour is None

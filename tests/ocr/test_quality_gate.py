"""What makes a page worth rescanning is told by page, and what was mended or is as it should be is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from manifests.reasons import REASONS
from manifests.text import RESCAN_FLAGS, PageFacts, QualityFlag
from ocr.options import CaptureOptions
from ocr.scan import capture_pages
from sample_scans.document import render_document

DPI = 150


@pytest.fixture(scope="module")
def sheet() -> NDArray[np.uint8]:
    return np.asarray(render_document("decision", "laser", 3, DPI, clean=True).pages[0].convert("L"))


def facts(image: NDArray[np.uint8] | Image.Image, folder: Path, *, dpi: int = DPI, min_dpi: int = 100) -> PageFacts:
    path = folder / "scan.png"
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(path, dpi=(dpi, dpi))
    return next(capture_pages([path], CaptureOptions(min_dpi=min_dpi))).facts


def on_bed(sheet: NDArray[np.uint8], cut: int, corner: int, skew: float = 0.0) -> NDArray[np.uint8]:
    """The sheet on a black bed, one corner cut off along a line of ``cut`` pixels a leg."""
    torn = sheet.copy()
    turned = np.ascontiguousarray(np.rot90(torn, corner))
    cv2.fillPoly(turned, [np.array([(0, 0), (cut, 0), (0, cut)], np.int32)], (12,))
    torn = np.ascontiguousarray(np.rot90(turned, -corner))
    lying = cv2.copyMakeBorder(torn, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=[12])
    height, width = lying.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -skew, 1.0)
    return cv2.warpAffine(lying, turn, (width, height), borderValue=(12,)) if skew else lying


@pytest.mark.parametrize("corner", range(4))
@pytest.mark.parametrize("skew", [0.0, 1.5])
def test_a_missing_corner_is_told(sheet: NDArray[np.uint8], tmp_path: Path, corner: int, skew: float) -> None:
    assert QualityFlag.MISSING_CORNER in facts(on_bed(sheet, 110, corner, skew), tmp_path).flags


@pytest.mark.parametrize("skew", [0.0, -2.5])
def test_a_whole_sheet_has_its_corners(sheet: NDArray[np.uint8], tmp_path: Path, skew: float) -> None:
    assert QualityFlag.MISSING_CORNER not in facts(on_bed(sheet, 0, 0, skew), tmp_path).flags


def test_a_dark_box_in_a_corner_is_no_missing_corner(sheet: NDArray[np.uint8], tmp_path: Path) -> None:
    boxed = sheet.copy()
    boxed[:120, :120] = 10
    assert QualityFlag.MISSING_CORNER not in facts(boxed, tmp_path).flags


def test_a_torn_corner_without_a_bed_around_the_sheet_is_told(sheet: NDArray[np.uint8], tmp_path: Path) -> None:
    torn = sheet.copy()
    cv2.fillPoly(torn, [np.array([(0, 0), (120, 0), (0, 90)], np.int32)], (8,))
    found = facts(torn, tmp_path)
    assert QualityFlag.MISSING_CORNER in found.flags
    assert (found.height, found.width) == sheet.shape


@pytest.mark.parametrize(("min_dpi", "low"), [(100, False), (150, False), (200, True), (300, True)])
def test_resolution_is_held_against_the_profile(
    sheet: NDArray[np.uint8], tmp_path: Path, min_dpi: int, low: bool
) -> None:
    assert (QualityFlag.LOW_DPI in facts(sheet, tmp_path, min_dpi=min_dpi).flags) == low


def spoiled(sheet: NDArray[np.uint8], how: str) -> NDArray[np.uint8] | Image.Image:
    if how == "blur":
        return Image.fromarray(sheet).filter(ImageFilter.GaussianBlur(4))
    if how == "low_contrast":
        return (200 + sheet // 5).astype(np.uint8)
    return np.ascontiguousarray(sheet[:, np.flatnonzero((sheet < 128).any(axis=0))[0] + 12 :])


@pytest.mark.parametrize("how", ["blur", "low_contrast", "cropped_text"])
def test_what_only_the_scanner_can_mend_is_on_the_rescan_list(
    sheet: NDArray[np.uint8], tmp_path: Path, how: str
) -> None:
    assert not set(facts(sheet, tmp_path).flags) & set(RESCAN_FLAGS)
    assert QualityFlag(how) in set(facts(spoiled(sheet, how), tmp_path).flags) & set(RESCAN_FLAGS)


def test_a_skewed_page_is_mended_and_not_rescanned(sheet: NDArray[np.uint8], tmp_path: Path) -> None:
    height, width = sheet.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -2.0, 1.0)
    found = facts(cv2.warpAffine(sheet, turn, (width, height), borderValue=(255,)), tmp_path)
    assert found.skew_before == pytest.approx(2.0, abs=0.15) and abs(found.skew_after) < 0.15
    assert not set(found.flags) & {*RESCAN_FLAGS, QualityFlag.SKEW}


def test_every_finding_has_words_and_a_remedy() -> None:
    assert {str(flag) for flag in QualityFlag} <= set(REASONS)
    assert all(REASONS[str(flag)].advice for flag in RESCAN_FLAGS)


def blanks() -> dict[str, Callable[[], Image.Image]]:
    size = (1240, 1754)
    rng = np.random.default_rng(1)

    def noisy() -> Image.Image:
        return Image.fromarray(np.clip(rng.normal(235, 6, size[::-1]), 0, 255).astype(np.uint8))

    def shade() -> Image.Image:
        return Image.fromarray(np.tile(np.linspace(180, 255, size[0]).astype(np.uint8), (size[1], 1)))

    def specks() -> Image.Image:
        dots = np.full(size[::-1], 255, np.uint8)
        dots[rng.integers(0, size[1], 300), rng.integers(0, size[0], 300)] = 0
        return Image.fromarray(dots)

    def shining() -> Image.Image:
        front = render_document("decision", "laser", 3, DPI, clean=True).pages[0].convert("L")
        pale = front.transpose(Image.Transpose.FLIP_LEFT_RIGHT).filter(ImageFilter.GaussianBlur(2))
        return pale.point(lambda value: 236 + value // 14)

    def lid() -> Image.Image:
        bordered = np.full(size[::-1], 245, np.uint8)
        bordered[:, -50:] = bordered[-40:] = 10
        return Image.fromarray(bordered)

    return {
        "white": lambda: Image.new("1", size, 1),
        "yellow": lambda: Image.new("RGB", size, (228, 214, 176)),
        "noise": noisy,
        "shade": shade,
        "specks": specks,
        "shining through": shining,
        "border": lid,
    }


@pytest.mark.parametrize("kind", list(blanks()))
def test_every_kind_of_blank_page_is_kept_and_counted_as_blank(tmp_path: Path, kind: str) -> None:
    found = facts(blanks()[kind](), tmp_path)
    assert found.blank and found.width > 0
    assert not set(found.flags) & set(RESCAN_FLAGS)


def test_a_page_with_a_line_of_text_is_not_blank(tmp_path: Path, draw_page: Callable[..., object]) -> None:
    page = draw_page([(200, 300, "Trang này có chữ viết")], size=(1240, 1754), dpi=DPI)
    assert not replace(facts(page.image, tmp_path)).blank  # type: ignore[attr-defined]

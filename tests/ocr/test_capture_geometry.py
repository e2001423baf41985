"""Pages as they lie in the feeder: turned, askew, with the scanner's lid around them, blank."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from manifests.text import QualityFlag
from ocr.ink import reduce_page
from ocr.options import CaptureOptions
from ocr.page import CapturedPage, Encoding, VisibleImage
from ocr.scan import capture_pages
from ocr.skew import find_skew
from sample_scans.document import SampleDocument, render_document
from sample_scans.wear import CLEAN, Wear

Show = Callable[[VisibleImage], Image.Image]


def capture(document: SampleDocument, folder: Path, options: CaptureOptions | None = None) -> CapturedPage:
    path = folder / "scan.tif"
    document.pages[0].save(path, dpi=(document.dpi, document.dpi), compression="tiff_deflate")
    return next(capture_pages([path], options or CaptureOptions()))


def draw(wear: Wear, record_type: str = "birth", dpi: int = 150) -> SampleDocument:
    return render_document(record_type, "form", 4, dpi, wear=wear, fill="printed")


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
@pytest.mark.parametrize("record_type", ["decision", "birth"])
def test_a_page_is_turned_upright(tmp_path: Path, turned: int, record_type: str) -> None:
    document = draw(replace(CLEAN, turned=turned, noise=2.0), record_type)
    page = capture(document, tmp_path)
    assert page.facts.rotation == document.truth.pages[0].rotation
    assert (QualityFlag.ROTATED in page.facts.flags) == (turned != 0)
    assert (page.visible.width, page.visible.height) == (
        document.truth.pages[0].upright_width,
        document.truth.pages[0].upright_height,
    )


def test_turning_can_be_switched_off(tmp_path: Path) -> None:
    page = capture(draw(replace(CLEAN, turned=90)), tmp_path, CaptureOptions(orient=False))
    assert page.facts.rotation == 0


def test_a_blurred_page_is_not_turned_for_pieces_of_its_letters(tmp_path: Path) -> None:
    page = render_document("decision", "laser", 3, 200, clean=True).pages[0].convert("RGB")
    page.filter(ImageFilter.GaussianBlur(2.6)).save(tmp_path / "scan.jpg", dpi=(200, 200), quality=85)
    facts = next(capture_pages([tmp_path / "scan.jpg"], CaptureOptions())).facts
    assert facts.rotation == 0 and QualityFlag.BLUR in facts.flags


def test_the_engine_is_asked_only_in_doubt(tmp_path: Path) -> None:
    asked: list[float] = []

    def orienter(image: object, dpi: float) -> int:
        asked.append(dpi)
        return 180

    path = tmp_path / "scan.png"
    draw(CLEAN, "decision").pages[0].save(path, dpi=(150, 150))
    sure = next(capture_pages([path], CaptureOptions(), orienter=orienter))
    assert sure.facts.rotation == 0 and asked == []

    Image.new("L", (1240, 1754), 255).save(path, dpi=(150, 150))
    unsure = next(capture_pages([path], CaptureOptions(), orienter=orienter))
    assert unsure.facts.rotation == 180 and asked == [150.0]


@pytest.mark.parametrize("skew", [-4.0, -0.7, 0.4, 2.5, 9.0, 15.0, -22.0])
def test_skew_is_measured_and_taken_out(tmp_path: Path, skew: float) -> None:
    page = capture(draw(replace(CLEAN, skew=skew, noise=2.0), "decision"), tmp_path)
    assert page.facts.skew_before == pytest.approx(skew, abs=0.15)
    assert abs(page.facts.skew_after) <= 0.12
    assert QualityFlag.SKEW not in page.facts.flags


def test_skew_stays_and_is_flagged_when_straightening_is_off(tmp_path: Path) -> None:
    document = draw(replace(CLEAN, skew=2.0))
    page = capture(document, tmp_path, CaptureOptions(deskew=False))
    assert (page.visible.width, page.visible.height) == document.pages[0].size
    assert page.facts.skew_before == page.facts.skew_after == 0.0


def test_a_straight_page_is_not_touched(tmp_path: Path) -> None:
    document = draw(CLEAN, "decision")
    page = capture(document, tmp_path)
    assert page.facts.skew_before == pytest.approx(0.0, abs=0.09)
    assert page.visible.width == document.pages[0].width


def test_black_border_goes_and_no_word_with_it(tmp_path: Path, show: Show) -> None:
    document = draw(replace(CLEAN, border=6.0), "decision")
    before = document.pages[0]
    page = capture(document, tmp_path)
    cut_x, cut_y = before.width - page.visible.width, before.height - page.visible.height
    assert cut_x > 40 and cut_y > 40
    gray = np.asarray(show(page.visible).convert("L"))
    assert (gray[:3] > 128).mean() > 0.9 and (gray[:, -3:] > 128).mean() > 0.9
    text = np.asarray(before.convert("L"))
    for word in document.truth.pages[0].words:
        box = word.bbox
        assert (text[box.top : box.bottom, box.left : box.right] < 128).any()
    # Words keep their distance from each other, so none was squeezed or cut: the ink inside is all there.
    first, last = document.truth.pages[0].words[0].bbox, document.truth.pages[0].words[-1].bbox
    inside = text[first.top : last.bottom, 100:-100] < 128
    kept = (gray < 128).sum()
    assert kept >= 0.9 * inside.sum()


def test_border_can_stay(tmp_path: Path) -> None:
    document = draw(replace(CLEAN, border=6.0))
    page = capture(document, tmp_path, CaptureOptions(crop=False))
    assert (page.visible.width, page.visible.height) == document.pages[0].size
    # The engine's copy never shows it.
    assert (page.ocr_image[:6] > 200).all()


def test_bitonal_stays_bitonal_when_straightened(tmp_path: Path, show: Show) -> None:
    document = draw(replace(CLEAN, skew=1.5, mode="bitonal"), "decision")
    page = capture(document, tmp_path)
    assert page.visible.encoding is Encoding.BITONAL
    image = Image.open(io.BytesIO(page.visible.data))
    assert image.mode == "1"
    assert np.array_equal(np.asarray(image), np.asarray(document.pages[0]))
    assert page.facts.skew_before == pytest.approx(1.5, abs=0.15)
    path = tmp_path / "shown.png"
    show(page.visible).save(path, dpi=(document.dpi, document.dpi))
    again = next(capture_pages([path], CaptureOptions()))
    assert abs(again.facts.skew_before) < 0.1


def test_words_lie_on_their_ink_on_a_page_laid_straight(tmp_path: Path, show: Show) -> None:
    """The engine's copy and the page people see are mended apart; a word read from one must lie on the other."""
    document = draw(replace(CLEAN, skew=2.0, turned=90, border=5.0), "decision")
    page = capture(document, tmp_path)
    assert page.visible.placement is not None
    size = (round(page.visible.width * page.ocr_scale), round(page.visible.height * page.ocr_scale))
    seen = np.asarray(show(page.visible).convert("L").resize(size, Image.Resampling.BOX))
    assert page.ocr_image.shape == seen.shape
    read, shown = page.ocr_image < 128, seen < 128
    inside = (slice(40, -40), slice(40, -40))
    shifts = {
        (down, across): (read[inside] & np.roll(shown, (down, across), (0, 1))[inside]).sum()
        for down in (-2, -1, 0, 1, 2)
        for across in (-2, -1, 0, 1, 2)
    }
    assert max(shifts, key=lambda shift: shifts[shift]) == (0, 0)


@pytest.mark.parametrize(
    "wear", [CLEAN, Wear(folds=2, holes=2, stains=2, noise=3.0, bleed=0.1, paper=(225, 210, 180))]
)
def test_the_back_of_a_sheet_is_blank(tmp_path: Path, wear: Wear) -> None:
    document = render_document("birth", "form", 2, 150, wear=wear, blank_back=True)
    path = tmp_path / "scan.tif"
    front, back = document.pages
    front.save(path, save_all=True, append_images=[back], dpi=(150, 150))
    pages = list(capture_pages([path], CaptureOptions()))
    assert [page.facts.blank for page in pages] == [False, True]
    assert pages[1].facts.rotation == 0 and pages[1].facts.skew_before == 0.0


def test_blur_and_pale_ink_are_flagged(tmp_path: Path) -> None:
    from PIL import ImageFilter

    sharp = draw(CLEAN, "decision", dpi=200)
    blurred = replace(sharp, pages=(sharp.pages[0].filter(ImageFilter.GaussianBlur(4)),))
    pale = replace(sharp, pages=(sharp.pages[0].point(lambda value: 190 + value // 4),))
    assert not {QualityFlag.BLUR, QualityFlag.LOW_CONTRAST} & set(capture(sharp, tmp_path).facts.flags)
    assert QualityFlag.BLUR in capture(blurred, tmp_path).facts.flags
    assert QualityFlag.LOW_CONTRAST in capture(pale, tmp_path).facts.flags


def test_text_that_runs_off_the_edge_is_flagged(tmp_path: Path) -> None:
    whole = draw(CLEAN, "decision", dpi=150)
    words = whole.truth.pages[0].words
    left = sorted(word.bbox.left for word in words)[len(words) // 6]
    cut = replace(whole, pages=(whole.pages[0].crop((left + 4, 0, *whole.pages[0].size)),))
    assert QualityFlag.CROPPED_TEXT not in capture(whole, tmp_path).facts.flags
    assert QualityFlag.CROPPED_TEXT in capture(cut, tmp_path).facts.flags


@pytest.mark.parametrize("seed", [1, 3, 4])
def test_specks_of_a_few_dpi_are_no_lines(seed: int) -> None:
    """A picture of 100 × 100 pixels that filled a page was turned by three degrees."""
    specks = np.random.default_rng(seed).integers(0, 2, (100, 100), np.int64).astype(np.uint8) * np.uint8(255)
    page = np.asarray(Image.fromarray(specks).resize((100, 143), Image.Resampling.NEAREST))
    assert find_skew(reduce_page(page, 12.25)) == (0.0, 0.0)

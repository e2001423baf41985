"""Loose pictures as people deliver them: every colour mode, odd resolutions, many frames, broken ones."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from manifests.text import QualityFlag
from ocr.errors import EmptyFileError, ImageTooLargeError, UnreadableError, UnsupportedFormatError
from ocr.options import CaptureOptions
from ocr.page import CapturedPage, Encoding, VisibleImage
from ocr.scan import capture_pages
from sample_scans.document import render_document


@cache
def sheet() -> Image.Image:
    """One clean page, 100 dpi, colour."""
    return render_document("birth", "form", 4, 100, clean=True, fill="printed").pages[0]


Show = Callable[[VisibleImage], Image.Image]


def save(image: Image.Image, path: Path, **settings: object) -> Path:
    image.save(path, **{"dpi": (100, 100), **settings})  # type: ignore[arg-type]
    return path


def capture(path: Path, **options: int) -> CapturedPage:
    return next(capture_pages([path], CaptureOptions(**options)))  # type: ignore[arg-type]


def seen(page: CapturedPage, show: Show) -> Image.Image:
    image = show(page.visible)
    assert image.size == (page.visible.width, page.visible.height) == (page.facts.width, page.facts.height)
    return image


def difference(page: CapturedPage, expected: Image.Image, show: Show) -> float:
    one = np.asarray(seen(page, show).convert("L"), np.int16)
    return float(np.abs(one - np.asarray(expected.convert("L"), np.int16)).mean())


def test_jpeg_bytes_stay_as_they_are(tmp_path: Path) -> None:
    path = save(sheet(), tmp_path / "scan.jpg", quality=80)
    page = capture(path)
    assert page.visible.data == path.read_bytes()
    assert page.visible.encoding is Encoding.JPEG
    assert page.facts.dpi == page.visible.dpi == 100.0
    assert QualityFlag.LOW_DPI in page.facts.flags


def test_the_extension_says_nothing(tmp_path: Path) -> None:
    path = save(sheet(), tmp_path / "scan.pdf", format="JPEG")
    assert capture(path).visible.data == path.read_bytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int, show: Show) -> None:
    from PIL import ImageOps

    exif = Image.Exif()
    exif[0x0112] = orientation
    back = {2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, 1)
    inverse = Image.Exif()
    inverse[0x0112] = back
    stored = sheet().copy()
    stored.getexif()[0x0112] = back
    stored = ImageOps.exif_transpose(stored)
    page = capture(save(stored, tmp_path / "scan.jpg", exif=exif, quality=90))
    assert seen(page, show).size == sheet().size
    assert difference(page, sheet(), show) < 2.0


def test_turned_jpeg_keeps_its_bytes(tmp_path: Path, show: Show) -> None:
    path = save(sheet().rotate(90, expand=True), tmp_path / "scan.jpg", quality=70)
    page = capture(path)
    assert page.facts.rotation == 90
    assert page.visible.data == path.read_bytes()
    assert difference(page, sheet(), show) < 2.5


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [
        ("L", "png"),
        ("P", "png"),
        ("RGBA", "png"),
        ("LA", "png"),
        ("I;16", "png"),
        ("I;16", "tif"),
        ("CMYK", "tif"),
        ("CMYK", "jpg"),
        ("L", "jpg"),
        ("RGB", "tif"),
        ("F", "tif"),
    ],
)
def test_every_mode_becomes_a_page_that_looks_the_same(tmp_path: Path, mode: str, suffix: str, show: Show) -> None:
    if mode == "I;16":
        stored = Image.fromarray(np.asarray(sheet().convert("L"), np.uint16) * 257)
    elif mode in ("RGBA", "LA"):
        stored = sheet().convert(mode)
        # Invisible paper: only the ink is opaque, and its transparent neighbours are black underneath.
        ink = sheet().convert("L").point(lambda value: 255 - value)
        stored = Image.merge(mode, [*(ink.point(lambda value: 0) for _ in range(len(mode) - 1)), ink])
    else:
        stored = sheet().convert(mode)
    page = capture(save(stored, tmp_path / f"scan.{suffix}"))
    assert difference(page, sheet(), show) < 4.0
    assert page.ocr_image.dtype == np.uint8
    assert page.ocr_image.shape == (
        round(seen(page, show).height * page.ocr_scale),
        round(seen(page, show).width * page.ocr_scale),
    )


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_lzw", "packbits"])
def test_bitonal_stays_bitonal(tmp_path: Path, compression: str, show: Show) -> None:
    page = capture(save(sheet().convert("1"), tmp_path / "scan.tif", compression=compression))
    assert page.visible.encoding is Encoding.BITONAL
    assert seen(page, show).mode == "1"
    assert list(seen(page, show).getdata()) == list(sheet().convert("1").getdata())


def test_white_is_zero_fax_is_not_inverted(tmp_path: Path, show: Show) -> None:
    page = capture(save(sheet().convert("1"), tmp_path / "scan.tif", compression="group4", tiffinfo={262: 0}))
    assert np.asarray(seen(page, show)).mean() > 0.8


def test_unequal_resolution_is_made_square(tmp_path: Path, show: Show) -> None:
    width, height = sheet().size
    squeezed = sheet().convert("1").resize((width, height // 2))
    page = capture(save(squeezed, tmp_path / "fax.tif", dpi=(100, 50), compression="group4"))
    assert seen(page, show).size == (width, pytest.approx(height, abs=2))
    assert page.visible.encoding is Encoding.BITONAL
    assert page.facts.dpi == 100.0


@pytest.mark.parametrize("stated", [None, (1, 1), (72, 72)])
def test_missing_resolution_is_guessed_from_the_paper(tmp_path: Path, stated: tuple[int, int] | None) -> None:
    path = tmp_path / "scan.jpg"
    large = sheet().resize((1654, 2339))
    large.save(path, **({"dpi": stated} if stated else {}))
    page = capture(path)
    assert page.facts.dpi == pytest.approx(200, abs=4)
    assert QualityFlag.UNKNOWN_DPI in page.facts.flags
    assert QualityFlag.LOW_DPI not in page.facts.flags


def test_frames_of_a_tiff_are_pages(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    frames = [sheet(), sheet().convert("1"), Image.new("L", (300, 400), 255)]
    frames[0].save(path, save_all=True, append_images=frames[1:], dpi=(100, 100))
    single = save(sheet(), tmp_path / "more.jpg")
    pages = list(capture_pages([path, single], CaptureOptions()))
    assert [page.facts.page_number for page in pages] == [1, 2, 3, 4]
    assert [page.facts.source_page for page in pages] == [1, 2, 3, 1]
    assert [page.facts.source for page in pages] == ["scan.tif"] * 3 + ["more.jpg"]
    assert [page.visible.encoding for page in pages][1] is Encoding.BITONAL
    assert pages[2].facts.blank
    picked = list(capture_pages([path, single], CaptureOptions(), only=lambda number: number in (2, 4)))
    assert [page.facts.page_number for page in picked] == [2, 4]


def broken_chain(folder: Path) -> Path:
    """A TIFF of two frames whose second directory lies beyond the end of the file."""
    path = folder / "scan.tif"
    small = sheet().resize((400, 560))
    small.save(path, save_all=True, append_images=[small], dpi=(50, 50))
    data = bytearray(path.read_bytes())
    first = struct.unpack_from("<L", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    struct.pack_into("<L", data, first + 2 + 12 * entries, len(data) + 4096)
    path.write_bytes(data)
    return path


def test_a_broken_last_directory_leaves_the_pages_before_it(tmp_path: Path) -> None:
    path = broken_chain(tmp_path)
    assert [page.facts.page_number for page in capture_pages([path], CaptureOptions())] == [1]


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif"])
def test_a_cut_off_picture_is_told_by_file_and_page(tmp_path: Path, suffix: str) -> None:
    path = save(sheet(), tmp_path / f"scan.{suffix}", **({"compression": "tiff_lzw"} if suffix == "tif" else {}))
    data = path.read_bytes()
    # TIFF keeps its directory first here, so that the frame is found and its data is not.
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableError, match=r"scan\."):
        list(capture_pages([path], CaptureOptions()))


def test_what_is_no_scan_is_refused(tmp_path: Path) -> None:
    empty, other = tmp_path / "a.pdf", tmp_path / "b.pdf"
    empty.write_bytes(b"")
    other.write_bytes(b"PK\x03\x04 a word processor's file")
    with pytest.raises(EmptyFileError):
        next(capture_pages([empty], CaptureOptions()))
    with pytest.raises(UnsupportedFormatError):
        next(capture_pages([other], CaptureOptions()))


def test_a_picture_beyond_the_limit_is_not_decoded(tmp_path: Path) -> None:
    path = save(Image.new("1", (35_000, 12_000), 1), tmp_path / "plan.png")
    with pytest.raises(ImageTooLargeError, match="300 dpi"):
        capture(path)
    assert capture(save(sheet(), tmp_path / "ok.png"), max_pixels=10_000_000)


def test_low_resolution_is_enlarged_for_the_engine_and_high_reduced(tmp_path: Path) -> None:
    low = capture(save(sheet(), tmp_path / "low.png"))
    assert low.ocr_scale == pytest.approx(1.9)
    high = capture(save(sheet().resize((1654, 2339)), tmp_path / "high.png", dpi=(600, 600)))
    assert high.ocr_scale == pytest.approx(190 / 600)

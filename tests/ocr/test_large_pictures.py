"""Pictures beyond the size from which a smaller copy is looked at: the same page comes of them as of the whole."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject

from manifests.text import ColourMode
from ocr import large
from ocr.options import CaptureOptions
from ocr.page import CapturedPage, Encoding, VisibleImage
from ocr.scan import capture_pages
from sample_scans.document import render_document

Show = Callable[[VisibleImage], Image.Image]
Make = Callable[[Path], None]
needs_cjpeg = pytest.mark.skipif(shutil.which("cjpeg") is None, reason="needs cjpeg (libjpeg-turbo-progs)")


@cache
def sheet(angle: float = 0.0) -> Image.Image:
    """One page of 400 dpi whose sides are no multiple of eight."""
    page = render_document("birth", "form", 4, 400, clean=True, fill="printed").pages[0].convert("RGB")
    page = page.crop((0, 0, page.width // 8 * 8 - 3, page.height // 8 * 8 - 5))
    return page.rotate(angle, expand=angle == 90.0, fillcolor=(255, 255, 255), resample=Image.Resampling.BICUBIC)


def _saved(image: Image.Image, **settings: object) -> Make:
    return lambda path: image.save(path, dpi=(400, 400), **settings)  # type: ignore[arg-type]


def _with_alpha(image: Image.Image) -> Image.Image:
    image.putalpha(210)
    return image


def _deep(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)


PICTURES: dict[str, Callable[[], Make]] = {
    "jpeg": lambda: _saved(sheet(), format="JPEG"),
    "askew": lambda: _saved(sheet(2.0), format="JPEG"),
    "side": lambda: _saved(sheet(90.0), format="JPEG"),
    "progressive": lambda: _saved(sheet().convert("L"), format="JPEG", progressive=True),
    "cmyk": lambda: _saved(sheet().convert("CMYK"), format="JPEG"),
    "rgb": lambda: _saved(sheet(2.0), format="PNG"),
    "rgba": lambda: _saved(_with_alpha(sheet().copy()), format="PNG"),
    "la": lambda: _saved(_with_alpha(sheet().convert("L")), format="PNG"),
    "palette": lambda: _saved(sheet().quantize(16), format="PNG"),
    "grey16": lambda: _saved(_deep(sheet()), format="TIFF"),
    "bitonal": lambda: _saved(sheet(90.0).convert("1"), format="TIFF", compression="group4"),
}


def capture(path: Path) -> CapturedPage:
    return next(capture_pages([path], CaptureOptions()))


@needs_cjpeg
@pytest.mark.parametrize("looked_at", [0.26, 0.45], ids=["half", "five eighths"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_large_picture_gives_the_page_it_gives_whole(
    name: str, looked_at: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: Show
) -> None:
    path = tmp_path / name
    PICTURES[name]()(path)
    whole = capture(path)
    with Image.open(path) as opened:
        pixels = opened.width * opened.height
    monkeypatch.setattr(large, "_LARGE", 1_000_000)
    monkeypatch.setattr(large, "_LOOKED_AT", int(looked_at * pixels))
    small = capture(path)

    one, two = whole.facts, small.facts
    assert (two.dpi, two.rotation, two.flags, two.colour) == (one.dpi, one.rotation, one.flags, one.colour)
    assert two.skew_before == pytest.approx(one.skew_before, abs=0.06)
    # A copy's last row and column may hang over the picture.
    assert (two.width, two.height) == pytest.approx((one.width, one.height), abs=8)
    assert (small.visible.width, small.visible.height) == (two.width, two.height)
    assert small.ocr_scale == whole.ocr_scale
    assert small.ocr_image.shape == pytest.approx(whole.ocr_image.shape, abs=4)
    assert two.occupied
    size = (one.width // 8, one.height // 8)
    seen = [np.asarray(show(page.visible).convert("L").resize(size), np.int16) for page in (whole, small)]
    # A skew told a fiftieth of a degree apart makes 3, a page laid eight pixels beside its place makes 6 and more.
    assert float(np.abs(seen[0] - seen[1]).mean()) < 4.0
    assert float(np.abs(seen[0][:, 1:] - seen[1][:, :-1]).mean()) > 5.0


@needs_cjpeg
def test_what_people_see_keeps_every_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large, "_LARGE", 1_000_000)
    monkeypatch.setattr(large, "_LOOKED_AT", 3_000_000)
    scan, drawing, fax = tmp_path / "scan.jpg", tmp_path / "drawing.png", tmp_path / "fax.tif"
    PICTURES["jpeg"]()(scan)
    PICTURES["rgb"]()(drawing)
    PICTURES["bitonal"]()(fax)
    assert capture(scan).visible.data == scan.read_bytes()
    with Image.open(io.BytesIO(capture(drawing).visible.data)) as made:
        assert (made.format, made.size) == ("JPEG", sheet(2.0).size)
    page = capture(fax)
    assert (page.visible.encoding, page.facts.colour) == (Encoding.BITONAL, ColourMode.BITONAL)
    with Image.open(io.BytesIO(page.visible.data)) as made:
        assert made.tobytes() == sheet(90.0).convert("1").tobytes()


def _pdf(image: Image.Image, path: Path) -> None:
    """A page that is one image, its samples deflated."""
    writer = PdfWriter()
    page = writer.add_blank_page(image.width * 72 / 400, image.height * 72 / 400)
    stream = StreamObject()
    stream.set_data(image.tobytes())
    stream = stream.flate_encode()
    numbers = {"/Width": image.width, "/Height": image.height, "/BitsPerComponent": 1 if image.mode == "1" else 8}
    stream.update({NameObject(key): NumberObject(value) for key, value in numbers.items()})
    space = "/DeviceRGB" if image.mode == "RGB" else "/DeviceGray"
    stream.update({NameObject("/Subtype"): NameObject("/Image"), NameObject("/ColorSpace"): NameObject(space)})
    images = DictionaryObject({NameObject("/I"): writer._add_object(stream)})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/XObject"): images})
    content = StreamObject()
    content.set_data(f"{page.mediabox.width} 0 0 {page.mediabox.height} 0 0 cm /I Do".encode())
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.write(path)


@needs_cjpeg
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_a_large_picture_in_a_pdf(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, show: Show) -> None:
    path = tmp_path / "scan.pdf"
    _pdf(sheet().convert(mode), path)
    whole = capture(path)
    monkeypatch.setattr(large, "_LARGE", 1_000_000)
    monkeypatch.setattr(large, "_LOOKED_AT", 3_000_000)
    small = capture(path)
    assert (small.visible.width, small.visible.height) == (whole.visible.width, whole.visible.height)
    assert small.visible.encoding is (Encoding.BITONAL if mode == "1" else Encoding.JPEG)
    assert (small.facts.dpi, small.facts.colour) == (whole.facts.dpi, whole.facts.colour)
    seen = [np.asarray(show(page.visible).convert("L"), np.int16) for page in (whole, small)]
    assert float(np.abs(seen[0] - seen[1]).mean()) < 2.0


@needs_cjpeg
def test_each_step_holds_a_copy_of_what_is_looked_at_not_of_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes = []
    monkeypatch.setattr(large, "_LARGE", 1_000_000)
    monkeypatch.setattr(large, "_LOOKED_AT", 3_000_000)
    from ocr import capture as steps

    look = steps._look
    monkeypatch.setattr(steps, "_look", lambda raw, *rest: shapes.append(raw.pixels.shape) or look(raw, *rest))
    path = tmp_path / "scan.png"
    PICTURES["rgb"]()(path)
    capture(path)
    ((height, width, _),) = shapes
    assert height * width < 4_000_000


@pytest.mark.parametrize(
    ("pixels", "dpi", "part"),
    [
        ((4960, 7016), 600.0, 8),  # A4 at 600 dpi is no large picture
        ((12000, 16000), 1440.0, 4),
        ((9933, 14043), 300.0, 5),  # A0: the engine must still read it
        ((35000, 5600), 300.0, 5),
        ((12000, 16000), 200.0, 8),
    ],
)
def test_no_smaller_than_the_engine_reads(pixels: tuple[int, int], dpi: float, part: int) -> None:
    assert large.eighths(*pixels, (dpi, dpi)) == part


@pytest.mark.parametrize("data", [b"\xff\xd8\xff\xd9", b"no picture"])
@pytest.mark.parametrize("part", [4, 5])
def test_what_is_no_jpeg_is_left_to_others(data: bytes, part: int) -> None:
    assert large.reduced_jpeg(data, part, colour=True) is None

"""Pages out of PDFs: the scanner's own bytes, pages drawn by poppler, text layers, files that are broken."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from fpdf import FPDF
from fpdf.enums import TextMode
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NullObject,
    NumberObject,
    StreamObject,
)

from manifests.text import PageVerdict, QualityFlag
from ocr.errors import EncryptedError, TooManyPagesError, UnreadableError
from ocr.legacy_text import from_tcvn3, in_unicode
from ocr.options import CaptureOptions
from ocr.page import CapturedPage, Encoding, VisibleImage
from ocr.probe import probe
from ocr.scan import capture_pages
from sample_scans.carriers import encrypted, pdf_bytes, pdf_with_junk_text
from sample_scans.document import SampleDocument, render_document
from sample_scans.fonts import FontRole, face

DPI = 100
FONT = face(FontRole.SANS).path
Show = Callable[[VisibleImage], Image.Image]


@cache
def document() -> SampleDocument:
    return render_document("decision", "laser", 3, DPI, clean=True, pages=2)


def sheet() -> Image.Image:
    return document().pages[0]


def jpeg(image: Image.Image, quality: int = 80) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(DPI, DPI))
    return out.getvalue()


def capture(path: Path, **options: int) -> list[CapturedPage]:
    return list(capture_pages([path], CaptureOptions(**options)))  # type: ignore[arg-type]


def difference(page: CapturedPage, expected: Image.Image, show: Show) -> float:
    shown = show(page.visible).convert("L")
    assert abs(shown.width - expected.width) <= 2 and abs(shown.height - expected.height) <= 2
    other = expected.convert("L").resize(shown.size)
    return float(np.abs(np.asarray(shown, np.int16) - np.asarray(other, np.int16)).mean())


def edited(data: bytes, change: Callable[[PdfWriter], object]) -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def scan_with_text(lines: list[str], image: Image.Image, *, mode: TextMode = TextMode.INVISIBLE) -> bytes:
    """One image a page with a text layer over it, two lines an inch."""
    pdf = FPDF(unit="pt")
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    width, height = image.width * 72 / DPI, image.height * 72 / DPI
    pdf.add_page(format=(width, height))
    pdf.add_font("text", fname=str(FONT))
    pdf.image(io.BytesIO(jpeg(image)), 0, 0, width, height)
    pdf.set_font("text", size=12)
    with pdf.local_context(text_mode=mode):
        for index, line in enumerate(lines):
            pdf.text(40, 60 + index * 20, line)
    return bytes(pdf.output())


def test_the_scanners_jpeg_stays(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_bytes(document().pages, DPI, 80))
    pages = capture(path)
    assert len(pages) == 2
    assert all(page.visible.data in path.read_bytes() for page in pages)
    assert pages[0].visible.data != pages[1].visible.data
    assert {page.visible.encoding for page in pages} == {Encoding.JPEG}
    assert pages[0].facts.dpi == DPI
    assert [page.facts.source_page for page in pages] == [1, 2]
    assert pages[0].kept_text is None


def test_fax_pages_stay_bitonal(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf_bytes([sheet().convert("1")], DPI, 80))
    page = capture(path)[0]
    assert page.visible.encoding is Encoding.BITONAL
    shown = Image.open(io.BytesIO(page.visible.data))
    assert shown.mode == "1"
    assert list(shown.getdata()) == list(sheet().convert("1").getdata())


@pytest.mark.parametrize("mode", ["L", "RGB", "1"])
@pytest.mark.parametrize("inverted", [False, True])
def test_losslessly_stored_pages(tmp_path: Path, mode: str, inverted: bool, show: Show) -> None:
    """Flate images, also with ``/Decode [1 0]``."""
    image = sheet().convert(mode)
    bits = 1 if mode == "1" else 8
    space = "/DeviceRGB" if mode == "RGB" else "/DeviceGray"
    stored = Image.eval(image.convert("L"), lambda value: 255 - value).convert("1") if inverted else image
    if inverted and mode != "1":
        pytest.skip("only 1-bit images are stored inverted")

    def swap(writer: PdfWriter) -> None:
        stream = StreamObject()
        stream.set_data(stored.tobytes())
        stream = stream.flate_encode()
        stream.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Width"): NumberObject(image.width),
                NameObject("/Height"): NumberObject(image.height),
                NameObject("/BitsPerComponent"): NumberObject(bits),
                NameObject("/ColorSpace"): NameObject(space),
            }
        )
        if inverted:
            stream[NameObject("/Decode")] = ArrayObject([NumberObject(1), NumberObject(0)])
        objects = writer.pages[0]["/Resources"]["/XObject"]
        for name in objects:
            objects[NameObject(name)] = writer._add_object(stream)

    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes([sheet()], DPI, 80), swap))
    page = capture(path)[0]
    assert (page.visible.encoding is Encoding.BITONAL) == (mode == "1")
    assert difference(page, image, show) < 3.0


def test_pixels_written_as_letters_are_not_drawn_anew(tmp_path: Path) -> None:
    """An image of ``/ASCIIHexDecode`` alone was drawn by poppler, which blurs it."""
    pixels = np.random.default_rng(4).integers(0, 2, (400, 300), np.uint8) * np.uint8(255)

    def swap(writer: PdfWriter) -> None:
        stream = StreamObject()
        stream.set_data(pixels.tobytes().hex().encode() + b">")
        numbers = {"/Width": 300, "/Height": 400, "/BitsPerComponent": 8}
        stream.update({NameObject(key): NumberObject(value) for key, value in numbers.items()})
        names = {"/Subtype": "/Image", "/ColorSpace": "/DeviceGray", "/Filter": "/ASCIIHexDecode"}
        stream.update({NameObject(key): NameObject(value) for key, value in names.items()})
        objects = writer.pages[0]["/Resources"]["/XObject"]
        for name in objects:
            objects[NameObject(name)] = writer._add_object(stream)

    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes([sheet().resize((300, 400))], DPI, 80), swap))
    shown = Image.open(io.BytesIO(capture(path)[0].visible.data))
    assert np.array_equal(np.asarray(shown), pixels)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_rotate_is_honoured(tmp_path: Path, turn: int, show: Show) -> None:
    lying = sheet().rotate(turn, expand=True)
    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes([lying], DPI, 80), lambda writer: writer.pages[0].rotate(turn)))
    page = capture(path)[0]
    assert page.facts.rotation == 0
    assert difference(page, sheet(), show) < 2.5


def test_a_page_with_something_drawn_over_the_scan_is_drawn_whole(tmp_path: Path) -> None:
    pdf = scan_with_text(["BẢN SAO"], sheet(), mode=TextMode.FILL)
    path = tmp_path / "scan.pdf"
    path.write_bytes(pdf)
    page = capture(path)[0]
    assert page.visible.data not in pdf
    bare = tmp_path / "bare.jpg"
    bare.write_bytes(jpeg(sheet()))
    without = np.asarray(Image.open(io.BytesIO(capture(bare)[0].visible.data)).convert("L"))[60:85, 50:180]
    with_it = np.asarray(Image.open(io.BytesIO(page.visible.data)).convert("L"))[60:85, 50:180]
    assert (with_it < 100).sum() > (without < 100).sum() + 100


def test_an_annotation_that_shows_is_not_lost(tmp_path: Path) -> None:
    def stamp(writer: PdfWriter) -> None:
        look = StreamObject()
        look.set_data(b"1 0 0 rg 0 0 100 40 re f")
        look.update(
            {
                NameObject("/Type"): NameObject("/XObject"),
                NameObject("/Subtype"): NameObject("/Form"),
                NameObject("/BBox"): ArrayObject([FloatObject(v) for v in (0, 0, 100, 40)]),
            }
        )
        note = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Annot"),
                NameObject("/Subtype"): NameObject("/Stamp"),
                NameObject("/Rect"): ArrayObject([FloatObject(v) for v in (40, 40, 140, 80)]),
                NameObject("/F"): NumberObject(4),
                NameObject("/AP"): DictionaryObject({NameObject("/N"): writer._add_object(look)}),
            }
        )
        writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(note)])

    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes([sheet()], DPI, 80), stamp))
    shown = np.asarray(Image.open(io.BytesIO(capture(path)[0].visible.data)).convert("RGB"), np.int16)
    x, y = round(90 * DPI / 72), shown.shape[0] - round(60 * DPI / 72)
    assert shown[y, x, 0] > 200 and shown[y, x, 1] < 60


@pytest.mark.parametrize("box", [None, [0, 0, 0, 0], [-50, -60, 2000, 3000], [2700, 2900, 2800, 2950]])
def test_a_crop_box_that_is_none_is_passed_over(tmp_path: Path, box: list[int] | None) -> None:
    """``null`` says as much as nothing, and what lies beyond the sheet is not shown (ISO 32000-1, 14.11.2)."""

    def spoil(writer: PdfWriter) -> None:
        array = NullObject() if box is None else ArrayObject([NumberObject(value) for value in box])
        writer.pages[0][NameObject("/CropBox")] = array

    path = tmp_path / "scan.pdf"
    data = pdf_bytes([sheet()], DPI, 80)
    path.write_bytes(data)
    whole = capture(path)[0].visible
    path.write_bytes(edited(data, spoil))
    visible = capture(path)[0].visible
    assert (visible.data, visible.width, visible.dpi) == (whole.data, whole.width, whole.dpi)


def test_a_page_beyond_pillows_bound_is_drawn_as_large_as_it_may_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawings of A0 were refused as broken, for Pillow took them for a bomb."""
    writer = PdfWriter()
    page = writer.add_blank_page(1190, 1684)
    content = StreamObject()
    content.set_data(b"4 w 100 100 m 900 1500 l S")
    page[NameObject("/Contents")] = writer._add_object(content)
    writer.write(tmp_path / "plan.pdf")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    monkeypatch.setattr("ocr.pdf_pages._MOST_DRAWN", 3_000_000)
    visible = capture(tmp_path / "plan.pdf")[0].visible
    assert 2_900_000 < visible.width * visible.height <= 3_000_000
    assert (visible.width * 72 / visible.dpi, visible.height * 72 / visible.dpi) == pytest.approx((1190, 1684), abs=1)


def test_a_page_without_a_scan_is_drawn_at_300_dpi(tmp_path: Path) -> None:
    pdf = FPDF(unit="pt", format="A4")
    pdf.add_page()
    pdf.add_font("text", fname=str(FONT))
    pdf.set_font("text", size=13)
    for line in LINES * 3:
        pdf.cell(0, 22, line, new_x="LMARGIN", new_y="NEXT")
    path = tmp_path / "letter.pdf"
    path.write_bytes(bytes(pdf.output()))
    page = capture(path)[0]
    assert page.facts.dpi == 300 and page.ocr_scale == pytest.approx(190 / 300)
    assert (page.visible.width, page.visible.height) == (pytest.approx(2480, abs=2), pytest.approx(3508, abs=2))
    assert page.kept_text is not None
    assert page.kept_text.plain_text().startswith("CỘNG HÒA XÃ HỘI")


LINES = [
    "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
    "Độc lập - Tự do - Hạnh phúc",
    "Căn cứ Luật Hộ tịch ngày 20 tháng 11 năm 2014;",
    "Xét đề nghị của công chức tư pháp - hộ tịch phường,",
    "Ủy ban nhân dân phường cấp giấy chứng nhận cho người có tên trên.",
]


def typed(lines: list[str]) -> Image.Image:
    """What ``scan_with_text`` writes invisibly, as ink at the same places."""
    from PIL import ImageDraw, ImageFont

    image = Image.new("L", (827, 1169), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(FONT), 12 * DPI / 72)
    for index, line in enumerate(lines):
        pen.text((40 * DPI / 72, (60 + index * 20) * DPI / 72), line, font=font, fill=0, anchor="ls")
    return image


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_vietnamese_layer_over_the_page_is_kept(tmp_path: Path, turn: int, show: Show) -> None:
    lines = LINES * 4
    data = scan_with_text(lines, typed(lines))
    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(data, lambda writer: writer.pages[0].rotate(turn)) if turn else data)
    page = capture(path)[0]
    assert page.facts.rotation == (360 - turn) % 360
    assert page.kept_text is not None and page.kept_text.verdict is PageVerdict.KEPT
    assert page.kept_text.plain_text().splitlines()[0] == LINES[0]
    ink = np.asarray(show(page.visible).convert("L")) < 128
    for word in page.kept_text.words:
        left, top, right, bottom = word.bbox
        assert ink[top:bottom, left:right].any(), word.text


TCVN3 = [
    "CéNG HßA X· HéI CHñ NGHÜA VIÖT NAM",
    "§éc lËp - Tù do - H¹nh phóc",
    "C¨n cø LuËt Hé tÞch ngµy 20 th¸ng 11 n¨m 2014;",
    "XÐt ®Ò nghÞ cña c«ng chøc t- ph¸p - hé tÞch ph-êng,",
    "ñy ban nh©n d©n ph-êng cÊp giÊy chøng nhËn cho ng-êi cã tªn trªn.",
]
VNI = [
    "COÄNG HOØA XAÕ HOÄI CHUÛ NGHÓA VIEÄT NAM",
    "Ñoäc laäp - Töï do - Haïnh phuùc",
    "Caên cöù Luaät Hoä tòch ngaøy 20 thaùng 11 naêm 2014;",
    "Xeùt ñeà nghò cuûa coâng chöùc tö phaùp - hoä tòch phöôøng,",
    "Uûy ban nhaân daân phöôøng caáp giaáy chöùng nhaän cho ngöôøi coù teân treân.",
]


@pytest.mark.parametrize("code", [TCVN3, VNI], ids=["tcvn3", "vni"])
def test_a_layer_in_an_old_code_is_kept_in_unicode(tmp_path: Path, code: list[str]) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(scan_with_text(code * 4, typed(LINES * 4)))
    assert QualityFlag.JUNK_TEXT_LAYER not in probe(path).flags
    page = capture(path)[0]
    assert page.kept_text is not None and page.kept_text.verdict is PageVerdict.KEPT
    found = page.kept_text.plain_text().splitlines()
    assert [line.casefold() for line in found[: len(LINES)]] == [line.casefold() for line in LINES]


def test_an_old_code_is_not_seen_where_there_is_none() -> None:
    english = ["The", "quick", "brown", "fox", "réads", "naïve", "façades", "in", "a", "café"]
    assert in_unicode(english * 3) is None
    assert from_tcvn3("UBND-VX") == "UBND-VX" and from_tcvn3("CHñ") == "CHỦ" and from_tcvn3("Tù") == "Tự"


def test_a_kept_layer_follows_a_straightened_page(tmp_path: Path, show: Show) -> None:
    lines = LINES * 4
    image = typed(lines)
    data = scan_with_text(lines, image)
    askew = image.rotate(-1.0, fillcolor=255, resample=Image.Resampling.BICUBIC)
    # The layer of a page askew is written askew too: turn the whole content by the same angle about its middle.
    reader = PdfReader(io.BytesIO(data))
    from pypdf import Transformation

    writer = PdfWriter(clone_from=reader)
    page = writer.pages[0]
    middle = (float(page.mediabox.width) / 2, float(page.mediabox.height) / 2)
    turned = Transformation().translate(-middle[0], -middle[1]).rotate(-1.0).translate(*middle)
    page.add_transformation(turned)
    out = io.BytesIO()
    writer.write(out)
    path = tmp_path / "scan.pdf"
    path.write_bytes(out.getvalue())
    captured = capture(path)[0]
    assert captured.facts.skew_before == pytest.approx(1.0, abs=0.15)
    assert captured.kept_text is not None
    gray = np.asarray(show(captured.visible).convert("L"))
    hits = [
        (gray[w.bbox.top : w.bbox.bottom, w.bbox.left : w.bbox.right] < 128).mean() > 0.05
        for w in captured.kept_text.words
        if any(letter.isalnum() for letter in w.text)
    ]
    assert sum(hits) > 0.95 * len(hits)
    assert askew.size == image.size


def test_a_junk_layer_is_replaced_and_told(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    texts = [page.text for page in document().truth.pages]
    path.write_bytes(pdf_with_junk_text(document().pages, texts, DPI, 80, 5))
    page = capture(path)[0]
    assert page.kept_text is None
    assert QualityFlag.JUNK_TEXT_LAYER in page.facts.flags
    assert page.visible.encoding is Encoding.JPEG and page.visible.data in path.read_bytes()


def test_a_caption_is_no_text_layer(tmp_path: Path) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(scan_with_text(["Ủy ban nhân dân phường ký ngày 18 tháng 02 năm 2025"], sheet()))
    page = capture(path)[0]
    assert page.kept_text is None
    assert QualityFlag.JUNK_TEXT_LAYER not in page.facts.flags


def test_broken_files_are_told_apart(tmp_path: Path) -> None:
    whole = pdf_bytes(document().pages, DPI, 80)
    path = tmp_path / "scan.pdf"
    path.write_bytes(whole[: len(whole) * 2 // 3])
    with pytest.raises(UnreadableError, match="cắt cụt"):
        capture(path)
    path.write_bytes(encrypted(whole, "bí mật"))
    with pytest.raises(EncryptedError):
        capture(path)
    path.write_bytes(whole)
    with pytest.raises(TooManyPagesError):
        capture(path, max_pages=1)


def test_one_bad_page_is_named(tmp_path: Path) -> None:
    def spoil(writer: PdfWriter) -> None:
        image = next(iter(writer.pages[1]["/Resources"]["/XObject"].values())).get_object()
        image._data = image._data[: len(image._data) // 2]

    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes(document().pages, DPI, 80), spoil))
    pages = capture_pages([path], CaptureOptions())
    assert next(pages).facts.page_number == 1
    with pytest.raises(UnreadableError, match=r"scan\.pdf, trang 2"):
        next(pages)


def test_an_image_that_lies_about_its_size_is_not_unfolded(tmp_path: Path) -> None:
    """A few kilobytes of Flate that would unfold to gigabytes of pixels."""
    import zlib

    def bomb(writer: PdfWriter) -> None:
        image = next(iter(writer.pages[0]["/Resources"]["/XObject"].values())).get_object()
        image._data = zlib.compress(bytes(60_000_000), 9)
        image[NameObject("/Filter")] = NameObject("/FlateDecode")
        image[NameObject("/ColorSpace")] = NameObject("/DeviceGray")
        image[NameObject("/Width")], image[NameObject("/Height")] = NumberObject(100), NumberObject(140)

    path = tmp_path / "scan.pdf"
    path.write_bytes(edited(pdf_bytes([sheet()], DPI, 80), bomb))
    try:
        page = capture(path)[0]
    except UnreadableError:
        return
    assert page.visible.width * page.visible.height < 10_000_000

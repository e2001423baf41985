"""The finished file, judged by others: poppler for text and images, pypdf for streams, veraPDF for PDF/A."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import subprocess
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from defusedxml import ElementTree as ET
from PIL import Image, ImageCms
from pypdf import PdfReader

from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.assemble import Assembled, DocumentMetadata, assemble
from ocr.page import Encoding, VisibleImage
from ocr.xmp import NAMESPACE

LINES = [
    (150, 80, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
    (400, 140, "Độc lập - Tự do - Hạnh phúc"),
    (150, 260, "Họ, chữ đệm, tên: Nguyễn Thị Mẫu ... sinh ngày 02/09/1985"),
    (150, 320, "ẤỀỔỮỴ ấềổữỵ ẵẳẫậ ơư đĐ “trích dẫn” – (số: 12/QĐ-UBND);"),
]
METADATA = DocumentMetadata(
    title='Trích lục <khai sinh> & "bản sao"',
    document_id="HS-0001",
    created_at=dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=7))),
    subject="Trích lục khai sinh",
    creator="Ủy ban nhân dân phường Cửa Nam",
    record_type="birth",
    unit_code="00070",
    source_sha256=("a" * 64, "b" * 64),
    conversion_mark="Bản sao điện tử chuyển từ bản giấy",
)
POINTS_PER_PIXEL = 72 / 200


def assembled(pages: list[tuple[VisibleImage, PageText]], folder: Path) -> Assembled:
    return assemble(pages, METADATA, folder / "out.pdf")


def run(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def text_of(path: Path) -> str:
    return run("pdftotext", path, "-")


def boxes_of(path: Path) -> list[tuple[str, float, float, float, float]]:
    """What ``pdftotext -bbox`` finds, in points."""
    tree = ET.fromstring(run("pdftotext", "-bbox", path, "-"))
    sides = ("xMin", "yMin", "xMax", "yMax")
    return [
        (element.text or "", *(float(element.attrib[side]) for side in sides))  # type: ignore[misc]
        for element in tree.iter("{http://www.w3.org/1999/xhtml}word")
    ]


def image_stream(path: Path, page: int = 0) -> tuple[dict[str, object], bytes]:
    """The page's only image: its dictionary and its stream as stored."""
    (image,) = PdfReader(path).pages[page]["/Resources"]["/XObject"].values()
    stream = image.get_object()
    return dict(stream), stream._data


def coloured(
    encoding: Encoding, size: tuple[int, int] = (300, 200), mode: str = "RGB", **save: object
) -> VisibleImage:
    image = Image.effect_noise(size, 60).convert(mode)
    data = io.BytesIO()
    image.save(data, "JPEG" if encoding is Encoding.JPEG else "PNG", **save)
    return VisibleImage(data.getvalue(), encoding, *size, 200)


def blank(image: VisibleImage) -> tuple[VisibleImage, PageText]:
    facts = PageFacts(1, "s", 1, image.width, image.height, image.dpi)
    return image, PageText(facts, PageVerdict.BLANK, (), "null")


@pytest.fixture(scope="module")
def page(draw_page):
    return draw_page(LINES)


@pytest.fixture(scope="module")
def made(page, tmp_path_factory: pytest.TempPathFactory) -> Assembled:
    return assembled([(page.visible(), page.text)], tmp_path_factory.mktemp("made"))


def test_a_page_within_our_limit_and_beyond_pillows_own_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.BytesIO()
    Image.new("L", (60, 40), 200).save(out, "JPEG")
    # Pillow refuses pictures of twice this; a page between its bound and ours ended the command with a traceback.
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    visible = VisibleImage(out.getvalue(), Encoding.JPEG, 60, 40, 200.0, placement=(1.0, 0.0, 0.0, 1.0, 0.0, 0.0))
    assert assembled([blank(visible)], tmp_path).pages == 1


def test_says_what_it_wrote(made: Assembled) -> None:
    data = made.path.read_bytes()
    assert (made.pages, made.size, made.sha256) == (1, len(data), hashlib.sha256(data).hexdigest())
    assert [file.name for file in made.path.parent.iterdir()] == ["out.pdf"]


def test_whole_lines_can_be_copied_and_searched(made: Assembled) -> None:
    text = text_of(made.path)
    for _, _, line in LINES:
        assert line in text
    extracted = PdfReader(made.path).pages[0].extract_text()
    assert "Nguyễn Thị Mẫu" in extracted


def test_each_word_lies_on_its_ink(made: Assembled, page) -> None:
    found = boxes_of(made.path)
    assert [text for text, *_ in found] == [word.text for word in page.words]
    for (_, left, top, right, bottom), word in zip(found, page.words, strict=True):
        x0, y0, x1, y1 = (side / POINTS_PER_PIXEL for side in (left, top, right, bottom))
        assert (x0, x1) == pytest.approx((word.bbox.left, word.bbox.right), abs=2)
        # As high as a line of print, its marks and tails in it.
        assert y0 - 5 <= word.bbox.top < word.bbox.bottom <= y1 + 5
        assert y1 - y0 <= 60


def test_text_is_invisible(made: Assembled, page, tmp_path: Path) -> None:
    without = assemble([(page.visible(), replace(page.text, words=()))], METADATA, tmp_path / "without.pdf")
    for path, name in ((made.path, "with"), (without.path, "without")):
        run("pdftoppm", "-r", "100", "-png", path, tmp_path / name)
    assert (tmp_path / "with-1.png").read_bytes() == (tmp_path / "without-1.png").read_bytes()


def test_jpeg_is_not_encoded_again(made: Assembled, page) -> None:
    dictionary, stream = image_stream(made.path)
    assert dictionary["/Filter"] == "/DCTDecode"
    assert stream == page.visible().data


def test_bitonal_stays_one_bit(page, tmp_path: Path) -> None:
    visible = page.visible(Encoding.BITONAL)
    made = assembled([(visible, page.text)], tmp_path)
    row = run("pdfimages", "-list", made.path).splitlines()[2].split()
    assert (row[3], row[4], row[7], row[8]) == (str(visible.width), str(visible.height), "1", "ccitt")
    run("pdfimages", "-png", made.path, tmp_path / "image")
    with Image.open(tmp_path / "image-000.png") as back, Image.open(io.BytesIO(visible.data)) as before:
        assert back.convert("1").tobytes() == before.tobytes()


@pytest.mark.parametrize("mode", ["L", "RGB", "P"])
def test_lossless_stays_lossless(mode: str, tmp_path: Path) -> None:
    visible = coloured(Encoding.PNG, mode=mode)
    made = assembled([blank(visible)], tmp_path)
    run("pdfimages", "-png", made.path, tmp_path / "image")
    with Image.open(tmp_path / "image-000.png") as back, Image.open(io.BytesIO(visible.data)) as before:
        assert back.convert("RGB").tobytes() == before.convert("RGB").tobytes()


def test_pages_are_as_large_as_the_paper(draw_page, tmp_path: Path) -> None:
    a4 = draw_page([], (1654, 2339), 200)
    landscape = draw_page([], (1754, 1240), 150)
    a3 = draw_page([], (1754, 2480), 150)
    made = assembled([(p.visible(), p.text) for p in (a4, landscape, a3)], tmp_path)
    sizes = [tuple(float(side) / 72 * 25.4 for side in page.mediabox[2:]) for page in PdfReader(made.path).pages]
    for size, expected in zip(sizes, [(210, 297), (297, 210), (297, 420)], strict=True):
        assert size == pytest.approx(expected, abs=0.3)


@pytest.mark.parametrize(("dpi", "pixels"), [(0.5, (300, 200)), (9000.0, (300, 200))])
def test_absurd_dpi_gives_a_page_a_viewer_can_open(dpi: float, pixels: tuple[int, int], tmp_path: Path) -> None:
    visible = replace(coloured(Encoding.JPEG, pixels), dpi=dpi)
    width, height = PdfReader(assembled([blank(visible)], tmp_path).path).pages[0].mediabox[2:]
    assert 2.99 <= min(width, height) <= max(width, height) <= 14400
    assert float(width) / float(height) == pytest.approx(1.5, rel=0.01)


def test_same_input_gives_the_same_bytes(made: Assembled, page, tmp_path: Path) -> None:
    again = assembled([(page.visible(), page.text)], tmp_path)
    other = assemble([(page.visible(), page.text)], replace(METADATA, title="khác"), tmp_path / "other.pdf")
    assert again.sha256 == made.sha256 != other.sha256
    assert PdfReader(again.path).trailer["/ID"] != PdfReader(other.path).trailer["/ID"]


def test_metadata_can_be_read_back(made: Assembled) -> None:
    reader = PdfReader(made.path)
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert xmp.dc_title == {"x-default": METADATA.title}
    assert xmp.dc_creator == [METADATA.creator]
    assert xmp.xmp_create_date == METADATA.created_at.astimezone(dt.UTC).replace(tzinfo=None)
    own = ET.fromstring(reader.root_object["/Metadata"].get_object().get_data())
    text = {name: own.find(f".//{{{NAMESPACE}}}{name}") for name in ("DocumentId", "RecordType", "UnitCode")}
    assert {name: element.text for name, element in text.items() if element is not None} == {
        "DocumentId": "HS-0001",
        "RecordType": "birth",
        "UnitCode": "00070",
    }
    digests = own.find(f".//{{{NAMESPACE}}}SourceDigest")
    assert digests is not None
    assert tuple("".join(digests.itertext()).split()) in [METADATA.source_sha256, ("a" * 64 + "b" * 64,)]
    assert reader.root_object["/Lang"] == "vi"


def test_file_can_be_signed_later(made: Assembled) -> None:
    reader = PdfReader(made.path)
    assert not reader.is_encrypted
    assert "/AcroForm" not in reader.root_object
    assert "/Perms" not in reader.root_object
    assert "/OpenAction" not in reader.root_object or isinstance(reader.root_object["/OpenAction"], list)


def test_memory_does_not_grow_with_the_images(tmp_path: Path) -> None:
    image = coloured(Encoding.JPEG, (1200, 1200))

    def pages() -> Iterator[tuple[VisibleImage, PageText]]:
        for i in range(60):
            # A comment makes each page's bytes its own.
            yield blank(replace(image, data=image.data[:2] + b"\xff\xfe\x00\x03" + bytes([i]) + image.data[2:]))

    assemble([blank(image)], METADATA, tmp_path / "warm.pdf")
    tracemalloc.start()
    try:
        made = assemble(pages(), METADATA, tmp_path / "many.pdf")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert made.size > 60 * len(image.data)
    assert peak < made.size / 3
    assert len({image_stream(made.path, i)[1] for i in range(60)}) == 60


def test_equal_pages_are_stored_once(tmp_path: Path) -> None:
    image = coloured(Encoding.JPEG, (900, 900))
    one = assembled([blank(image)], tmp_path).size
    assert assembled([blank(image)] * 5, tmp_path).size < one + len(image.data)


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    def pages() -> Iterator[tuple[VisibleImage, PageText]]:
        yield blank(coloured(Encoding.JPEG))
        raise RuntimeError("scan broke off")

    with pytest.raises(RuntimeError, match="scan broke off"):
        assemble(pages(), METADATA, tmp_path / "out.pdf")
    with pytest.raises(ValueError, match="at least one page"):
        assemble([], METADATA, tmp_path / "out.pdf")
    assert list(tmp_path.iterdir()) == []


def test_naive_date_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(METADATA, created_at=dt.datetime(2026, 1, 1))  # noqa: DTZ001


def profile(mode: str) -> bytes:
    if mode == "gray":
        return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def hard_pages(page) -> dict[str, tuple[VisibleImage, PageText]]:
    """Pages that each could break PDF/A in a way of their own."""
    facts = page.facts
    strange = [
        Word(text, Bbox(100, 100 + 60 * i, 300, 140 + 60 * i), 0.5, 0, i)
        for i, text in enumerate(
            ["漢字", "\U0001f600", "\ue000", "a\u0301\u0323", "{nb}", "(\\)", "́", "\ufeff", "ﬁ", "א"]
        )
    ]
    flat = [Word("-", Bbox(10, 10, 1600, 11), 0.5, 0, 0), Word(".", Bbox(10, 20, 11, 900), 0.5, 1, 1)]
    return {
        "print": (page.visible(), page.text),
        "bitonal": (page.visible(Encoding.BITONAL), page.text),
        "grey PNG": blank(coloured(Encoding.PNG, mode="L")),
        "palette": blank(coloured(Encoding.PNG, mode="P")),
        "colour PNG": blank(coloured(Encoding.PNG)),
        "alpha": blank(coloured(Encoding.PNG, mode="RGBA")),
        "progressive": blank(coloured(Encoding.JPEG, progressive=True)),
        "colour profile": blank(coloured(Encoding.JPEG, icc_profile=profile("rgb"))),
        "profile of another space": blank(coloured(Encoding.JPEG, mode="L", icc_profile=profile("rgb"))),
        "lab profile": blank(coloured(Encoding.PNG, icc_profile=profile("gray"))),
        "broken profile": blank(coloured(Encoding.JPEG, icc_profile=b"x" * 200)),
        "strange letters": (page.visible(), PageText(facts, PageVerdict.READ, tuple(strange), "test")),
        "flat boxes": (page.visible(), PageText(facts, PageVerdict.READ, tuple(flat), "test")),
        "tiny dpi": blank(replace(coloured(Encoding.JPEG), dpi=0.5)),
        "huge dpi": blank(replace(coloured(Encoding.JPEG), dpi=9000.0)),
    }


@pytest.mark.verapdf
def test_everything_is_pdfa(page, tmp_path: Path, verapdf: Callable[..., dict[Path, tuple[bool, str]]]) -> None:
    pages = hard_pages(page)
    made = {assemble([p], METADATA, tmp_path / f"{i}.pdf").path: name for i, (name, p) in enumerate(pages.items())}
    whole = assemble(pages.values(), METADATA, tmp_path / "whole.pdf").path
    bare = DocumentMetadata("", "", METADATA.created_at)
    without = assemble([pages["print"]], bare, tmp_path / "bare.pdf").path
    made |= {whole: "all pages", without: "no metadata"}
    verdicts = verapdf(*made, flavour="2u")
    assert {made[path]: why for path, (valid, why) in verdicts.items() if not valid} == {}
    assert len(verdicts) == len(pages) + 2


def test_letters_no_font_has_do_not_stop_the_page(page, tmp_path: Path) -> None:
    made = assembled([hard_pages(page)["strange letters"]], tmp_path)
    text = text_of(made.path)
    assert "{nb}" in text
    assert "\ufffd" in text

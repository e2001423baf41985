"""One body over both real engines: what ``Engine`` promises, and that they are equal in the sense it defines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import numpy as np
import pytest

from ocr.engine import Engine, clean_text, engine_of_process, open_engine, tessdata_folder
from ocr.errors import PageTimeoutError, ToolMissingError

LINES = [
    (150, 80, "Họ, chữ đệm, tên: Nguyễn Thị Mẫu"),
    (150, 150, "Ngày, tháng, năm sinh: 02/09/1985"),
    (150, 220, "Nơi đăng ký khai sinh: Ủy ban nhân dân xã"),
    (150, 360, "Quyết định này có hiệu lực kể từ ngày ký."),
]
INK_TOLERANCE = 6
BOX_TOLERANCE, CONFIDENCE_TOLERANCE = 3, 0.05


@pytest.fixture(scope="module", params=["tesserocr", "pytesseract"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    opened = open_engine(request.param)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(draw_page):
    return draw_page(LINES)


def test_reads_words_in_order_where_they_stand(engine: Engine, page) -> None:
    words = engine.read(page.pixels, page.dpi)
    assert [word.text for word in words] == [word.text for word in page.words]
    for read, drawn in zip(words, page.words, strict=True):
        assert max(abs(a - b) for a, b in zip(read.bbox, drawn.bbox, strict=True)) <= INK_TOLERANCE
        assert 0.5 < read.confidence <= 1.0
        assert unicodedata.is_normalized("NFC", read.text)


def test_numbers_blocks_and_lines_from_nought(engine: Engine, page) -> None:
    words = engine.read(page.pixels, page.dpi)
    assert [word.line for word in words] == [word.line for word in page.words]
    blocks = [word.block for word in words]
    assert blocks == sorted(blocks)
    assert set(blocks) == set(range(max(blocks) + 1))


def test_white_page_has_no_words(engine: Engine) -> None:
    assert engine.read(np.full((400, 600), 255, np.uint8), 200) == []


def test_tiny_image_has_no_words(engine: Engine) -> None:
    assert engine.read(np.zeros((2, 2), np.uint8), 200) == []


def test_ruling_and_pictures_are_no_words(engine: Engine, page) -> None:
    pixels = page.pixels.copy()
    pixels[500:505, 100:1500] = 0
    pixels[600:900, 300:900] = np.random.default_rng(1).integers(0, 255, (300, 600), dtype=np.uint8)
    words = engine.read(pixels, page.dpi)
    assert [word.text for word in words][: len(page.words)] == [word.text for word in page.words]
    assert all(word.text.strip() for word in words)


def test_time_limit_is_kept_and_the_engine_lives_on(engine: Engine, draw_page, page) -> None:
    long = draw_page([(50, 40 + 35 * i, "Căn cứ Luật Hộ tịch số sáu mươi") for i in range(60)], (1654, 2339), 200, 24)
    with pytest.raises(PageTimeoutError) as caught:
        engine.read(long.pixels, long.dpi, timeout=0.05, page_number=7)
    assert (caught.value.page_number, caught.value.seconds) == (7, 0.05)
    assert len(engine.read(page.pixels, page.dpi)) == len(page.words)


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_orientation_is_what_turns_the_page_upright(engine: Engine, draw_page, turned: int) -> None:
    lines = [(100, 60 + 60 * i, "Căn cứ Luật Hộ tịch và đề nghị của ông bà có tên sau") for i in range(14)]
    page = draw_page(lines)
    pixels = np.ascontiguousarray(np.rot90(page.pixels, -turned // 90))
    assert engine.orientation(pixels, page.dpi) == -turned % 360


def test_orientation_of_a_white_page_is_doubt(engine: Engine) -> None:
    assert engine.orientation(np.full((800, 600), 255, np.uint8), 200) is None


def test_both_engines_are_equal_on_clean_print(page) -> None:
    """Same words and lines, boxes within 3 pixels, confidence within 0.05: their libraries differ (5.5 and 5.3)."""
    one, other = (open_engine(name).read(page.pixels, page.dpi) for name in ("tesserocr", "pytesseract"))
    assert [(word.text, word.line) for word in one] == [(word.text, word.line) for word in other]
    for a, b in zip(one, other, strict=True):
        assert max(abs(x - y) for x, y in zip(a.bbox, b.bbox, strict=True)) <= BOX_TOLERANCE
        assert abs(a.confidence - b.confidence) <= CONFIDENCE_TOLERANCE


def test_null_engine_reads_nothing(page) -> None:
    null = open_engine("null")
    assert null.read(page.pixels, page.dpi) == []
    assert null.orientation(page.pixels, page.dpi) is None
    null.close()


def test_engine_of_the_process_is_opened_once() -> None:
    assert engine_of_process("null") is engine_of_process("null")


def test_auto_takes_the_library_in_process() -> None:
    assert open_engine().name == "tesserocr"


def test_unknown_engine_is_refused() -> None:
    with pytest.raises(ValueError, match="use one of auto, tesserocr"):
        open_engine("abbyy")


@pytest.mark.parametrize("name", ["tesserocr", "pytesseract"])
def test_missing_model_says_how_to_install_it(name: str) -> None:
    with pytest.raises(ToolMissingError, match="apt-get install tesseract-ocr-vie tesseract-ocr-xyz") as caught:
        open_engine(name, "vie+xyz")
    assert caught.value.code == "tool_missing"


def test_missing_program_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(ToolMissingError, match="apt-get install tesseract-ocr "):
        open_engine("pytesseract")


def test_own_models_go_first(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "vie.traineddata").write_bytes(b"")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert tessdata_folder("vie") == tmp_path
    assert tessdata_folder("osd") != tmp_path


def test_words_are_composed_and_free_of_controls() -> None:
    assert clean_text(unicodedata.normalize("NFD", " Ấp\u200b \x0cBắc\n")) == "ẤpBắc"

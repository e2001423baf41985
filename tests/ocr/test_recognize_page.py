"""Verdicts, boxes on the visible image, and what is dropped; with a real engine and with a scripted one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from PIL import ImageDraw

from manifests.serial import from_json, to_json
from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.engine import MAX_SIDE, ReadWord, engine_of_process, open_engine
from ocr.errors import PageTimeoutError
from ocr.options import RecognizeOptions
from ocr.page import CapturedPage, Encoding, VisibleImage
from ocr.recognize import recognize_page

LINES = [(150, 80, "Ủy ban nhân dân phường Cửa Nam"), (150, 150, "Số: 12/2024/TLKT-BS")]


@dataclass
class ScriptedEngine:
    """An engine whose answer is known; remembers what it was asked."""

    words: list[ReadWord] = field(default_factory=list)
    slow: bool = False
    asked: list[tuple[tuple[int, ...], float, float, int]] = field(default_factory=list)
    name: str = "scripted"
    language: str = "vie"

    def read(
        self, image, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        if single_block:
            return []
        self.asked.append((image.shape, dpi, timeout, page_number))
        if self.slow:
            raise PageTimeoutError(page_number, timeout)
        return self.words

    def orientation(self, image, dpi: float) -> int | None:
        return None

    def close(self) -> None:
        return


def word(text: str, box: tuple[int, int, int, int] = (10, 10, 60, 30), confidence: float = 0.9) -> ReadWord:
    return ReadWord(text, box, confidence, 0, 0)


@pytest.fixture
def page(draw_page) -> CapturedPage:
    return draw_page(LINES).captured()


def test_reads_a_page(page: CapturedPage) -> None:
    text = recognize_page(page, engine_of_process())
    assert text.verdict is PageVerdict.READ
    assert text.plain_text().splitlines() == [line for _, _, line in LINES]
    assert (text.engine, text.language, text.facts) == ("tesserocr", "vie", page.facts)
    assert from_json(PageText, to_json(text)) == text


@pytest.mark.parametrize("scale", [0.75, 1.0, 1.5])
def test_boxes_are_on_the_visible_image_whatever_the_engine_read(draw_page, scale: float) -> None:
    drawn = draw_page(LINES)
    text = recognize_page(drawn.captured(scale), engine_of_process())
    assert [w.text for w in text.words] == [w.text for w in drawn.words]
    for read, truth in zip(text.words, drawn.words, strict=True):
        assert max(abs(a - b) for a, b in zip(read.bbox, truth.bbox, strict=True)) <= 7


def test_engine_is_told_the_resolution_of_its_copy(draw_page) -> None:
    engine = ScriptedEngine()
    page = draw_page(LINES, dpi=100).captured(2.0)
    recognize_page(page, engine, RecognizeOptions(page_timeout=9, read_dpi=200, narrow=1.0))
    assert engine.asked == [(page.ocr_image.shape, pytest.approx(200), 9, 1)]


def test_fine_scans_are_read_at_the_resolution_the_model_likes(draw_page) -> None:
    engine = ScriptedEngine([word("dân", (90, 30, 180, 60))])
    text = recognize_page(draw_page(LINES, dpi=300).captured(), engine, RecognizeOptions(read_dpi=150, narrow=1.0))
    shape, dpi, _, _ = engine.asked[0]
    assert (shape, dpi) == ((500, 827), pytest.approx(150))
    assert text.words[0].bbox == Bbox(180, 60, 360, 120)


def test_engine_is_shown_a_narrower_page_and_its_boxes_are_set_back(draw_page) -> None:
    engine = ScriptedEngine([word("dân", (80, 30, 160, 60))])
    page = draw_page(LINES, dpi=200).captured()
    text = recognize_page(page, engine, RecognizeOptions(read_dpi=200, narrow=0.8))
    height, width = page.ocr_image.shape
    assert engine.asked[0][:2] == ((height, round(0.8 * width)), pytest.approx(200))
    assert text.words[0].bbox == pytest.approx((100, 30, 200, 60), abs=1)


def test_page_of_one_bit_is_shown_as_wide_as_it_is(draw_page) -> None:
    engine = ScriptedEngine()
    page = draw_page(LINES, dpi=200).captured()
    bitonal = replace(page, visible=replace(page.visible, encoding=Encoding.BITONAL))
    recognize_page(bitonal, engine, RecognizeOptions(read_dpi=200, narrow=0.8))
    assert engine.asked[0][0] == page.ocr_image.shape


def test_dotted_lines_of_a_form_do_not_cost_its_words(draw_page) -> None:
    lines = [(150, 80, "GIẤY KHAI SINH")] + [
        (150, 170 + 70 * i, f"{label}: {value}")
        for i, (label, value) in enumerate(
            [("Họ và tên", "Nguyễn Thị Mẫu"), ("Ngày sinh", "02 tháng 9 năm 1985"), ("Nơi sinh", "Hà Nội")] * 3
        )
    ]
    drawn = draw_page(lines, dpi=180)
    pen = ImageDraw.Draw(drawn.image)
    for i in range(9):
        for x in range(300, 1500, 9):
            pen.ellipse((x, 203 + 70 * i, x + 2, 205 + 70 * i), fill="black")
    found = Counter(w.text for w in recognize_page(drawn.captured(), engine_of_process()).words)
    truth = Counter(w.text for w in drawn.words)
    assert (found & truth).total() >= 0.9 * truth.total()


def test_blank_page_is_not_read(page: CapturedPage) -> None:
    engine = ScriptedEngine([word("mực")])
    text = recognize_page(replace(page, facts=replace(page.facts, blank=True)), engine)
    assert (text.verdict, text.words, engine.asked) == (PageVerdict.BLANK, (), [])


def test_kept_layer_is_taken_over(page: CapturedPage, draw_page) -> None:
    kept = replace(draw_page(LINES).text, engine="text layer")
    engine = ScriptedEngine([word("khác")])
    text = recognize_page(replace(page, kept_text=kept), engine)
    assert (text.verdict, text.words, text.engine, engine.asked) == (PageVerdict.KEPT, kept.words, "text layer", [])


def test_ink_without_words_is_unread(page: CapturedPage) -> None:
    assert recognize_page(page, open_engine("null")).verdict is PageVerdict.UNREAD


def test_handwriting_like_strokes_are_unread() -> None:
    import cv2

    pixels = np.full((900, 1200), 255, np.uint8)
    points = np.random.default_rng(3).integers(100, 800, (60, 1, 2), dtype=np.int32)
    cv2.polylines(pixels, [points], isClosed=False, color=0, thickness=3)

    facts = facts_of(1200, 900)
    page = CapturedPage(VisibleImage(b"", Encoding.PNG, 1200, 900, 200), pixels, 1.0, facts)
    text = recognize_page(page, engine_of_process())
    assert (text.verdict, text.words) == (PageVerdict.UNREAD, ())
    assert text.handwritten_share > 0.9


def facts_of(width: int, height: int):

    return PageFacts(1, "scan.png", 1, width, height, 200)


def test_time_out_costs_the_text_not_the_page(page: CapturedPage) -> None:
    text = recognize_page(page, ScriptedEngine(slow=True))
    assert (text.verdict, text.words, text.facts) == (PageVerdict.UNREAD, (), page.facts)
    assert text.unread_share == 1.0


def test_specks_are_dropped_and_doubtful_words_kept(page: CapturedPage) -> None:
    read = [word("dân"), word("~|", confidence=0.1), word("_", confidence=0.9), word("4Ä", confidence=0.05)]
    text = recognize_page(page, ScriptedEngine(read))
    assert [w.text for w in text.words] == ["dân", "_", "4Ä"]


@pytest.mark.parametrize("read", [[word("4Ä", confidence=0.2)], [word("—", confidence=0.95)]])
def test_page_without_one_credible_word_is_unread(page: CapturedPage, read: list[ReadWord]) -> None:
    assert recognize_page(page, ScriptedEngine(read)).verdict is PageVerdict.UNREAD


def test_boxes_never_leave_the_page(page: CapturedPage) -> None:
    width, height = page.visible.width, page.visible.height
    read = [
        word("dân", (-5, -5, 20, 20)),
        word("cuối", (width - 9, height - 9, width + 9, height + 9)),
        word("ngoài", (width + 1, 0, width + 9, 9)),
        word("không", (5, 5, 5, 9)),
    ]
    words = recognize_page(page, ScriptedEngine(read), RecognizeOptions(read_dpi=200, narrow=1.0)).words
    assert {w.text: w.bbox for w in words} == {
        "dân": Bbox(0, 0, 20, 20),
        "cuối": Bbox(width - 9, height - 9, width, height),
    }


@pytest.mark.parametrize("confidence", [-0.1, 1.2])
def test_confidence_is_a_share(page: CapturedPage, confidence: float) -> None:
    words = recognize_page(page, ScriptedEngine([word("dân"), word("an", confidence=confidence)])).words
    assert all(0 <= w.confidence <= 1 for w in words)


def test_image_longer_than_the_engine_takes_is_read_smaller() -> None:

    long = MAX_SIDE + 3000
    facts = facts_of(long, 40)
    page = CapturedPage(
        VisibleImage(b"", Encoding.PNG, long, 40, 200), np.full((40, long), 255, np.uint8), 1.0, facts
    )
    engine = ScriptedEngine([word("cuối", (MAX_SIDE - 100, 5, MAX_SIDE, 30))])
    text = recognize_page(page, engine, RecognizeOptions(read_dpi=200, narrow=1.0))
    shape, dpi, _, _ = engine.asked[0]
    assert max(shape) <= MAX_SIDE
    assert dpi == pytest.approx(200 * MAX_SIDE / long)
    assert text.words == (Word("cuối", Bbox(34890, 5, 35000, 33), 0.9, 0, 0),)

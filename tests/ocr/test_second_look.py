"""The second look: what is read again, on which strips, and when the new reading wins."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from manifests.text import Bbox
from ocr.engine import ReadWord, engine_of_process
from ocr.errors import PageTimeoutError
from ocr.second_look import look_again, look_at_areas
from ocr.unread import find_writing, unread_areas

IMAGE = np.full((200, 1000), 255, np.uint8)


@dataclass
class SecondEngine:
    """Answers every look with the same words in the middle of each strip."""

    texts: tuple[tuple[str, float], ...]
    slow: bool = False
    shapes: list[tuple[int, int]] = field(default_factory=list)
    name: str = "second"
    language: str = "vie"

    def read(self, image, dpi, *, timeout=0, page_number=0, single_block=False):
        assert single_block
        self.shapes.append(image.shape)
        if self.slow:
            raise PageTimeoutError(page_number, timeout)
        height, width = image.shape
        # The word's own place in a strip of one word: between the margins.
        return [
            ReadWord(text, (15, height // 2 - 5, width - 15, height // 2 + 5), confidence, 0, 0)
            for text, confidence in self.texts
        ]

    def orientation(self, image, dpi):
        return None

    def close(self):
        return


def word(text: str, confidence: float, left: int = 100, line: int = 0) -> ReadWord:
    return ReadWord(text, (left, 40 + 50 * line, left + 20 * len(text), 70 + 50 * line), confidence, 0, line)


def looked(words: list[ReadWord], engine: SecondEngine, most: float = 1.0) -> list[str]:
    return [w.text for w in look_again(words, IMAGE, 1.0, 200, engine, read_dpi=200, most=most)]


def test_a_better_reading_wins_and_a_worse_one_does_not() -> None:
    assert looked([word("thẩn", 0.3)], SecondEngine((("thẩm", 0.9),))) == ["thẩm"]
    assert looked([word("thẩm", 0.5)], SecondEngine((("thẩn", 0.4),))) == ["thẩm"]


def test_a_word_that_exists_is_worth_more_than_one_that_does_not() -> None:
    assert looked([word("quyết", 0.5)], SecondEngine((("q1ết", 0.6),))) == ["quyết"]


def test_sure_words_are_not_read_again() -> None:
    engine = SecondEngine((("khác", 0.99),))
    assert looked([word("quyết", 0.9), word("định", 0.8, 300)], engine) == ["quyết", "định"]
    assert engine.shapes == []


def test_no_more_than_the_share_is_read_again_least_sure_first() -> None:
    engine = SecondEngine(())
    words = [word(f"q{i}x", 0.1 + 0.05 * i, line=i % 3, left=50 + 90 * i) for i in range(10)]
    looked(words, engine, most=0.1)
    one = engine.shapes[-1][0]
    looked(words, engine, most=0.3)
    assert engine.shapes[-1][0] == 3 * one


def test_two_words_for_one_change_nothing() -> None:
    assert looked([word("thẩn", 0.3)], SecondEngine((("thẩm", 0.9), ("quyền", 0.9)))) == ["thẩn"]


def test_a_word_the_first_look_broke_is_put_together() -> None:
    broken = [word("L,", 0.39), word("ĨNH", 0.49, 150)]
    assert looked(broken, SecondEngine((("LĨNH", 0.96),)), most=0.5) == ["LĨNH"]
    whole = [word("L,", 0.39), word("tháng", 0.95, 150)]
    assert looked(whole, SecondEngine((("Lđtháng", 0.99),)), most=0.5) == ["L,", "tháng"]


def test_when_the_time_is_up_the_first_reading_stands() -> None:
    assert looked([word("thẩn", 0.3)], SecondEngine((("thẩm", 0.9),), slow=True)) == ["thẩn"]


def test_the_box_and_the_line_stay(draw_page) -> None:
    page = draw_page([(150, 80, "Quyết định này có hiệu lực")])
    engine = engine_of_process()
    first = engine.read(page.pixels, page.dpi)
    doubted = [ReadWord("hiéu", w.bbox, 0.2, w.block, w.line) if w.text == "hiệu" else w for w in first]
    second = look_again(doubted, page.pixels, 1.0, page.dpi, engine, read_dpi=190, most=0.5)
    assert [w.text for w in second] == [w.text for w in first]
    assert [w.bbox for w in second] == [w.bbox for w in first]


def test_an_area_gives_known_words_where_none_was_read() -> None:
    read = ReadWord("Quyết", (100, 40, 200, 70), 0.95, 0, 0)

    class AreaEngine(SecondEngine):
        def read(self, image, dpi, *, timeout=0, page_number=0, single_block=False):
            self.shapes.append(image.shape)
            return [
                ReadWord("Quyêt", (2, 12, 98, 38), 0.9, 0, 0),  # where a word stands already
                ReadWord("PHÓ", (150, 10, 200, 40), 0.93, 0, 0),
                ReadWord("l", (250, 10, 260, 40), 0.95, 0, 0),  # a stroke
                ReadWord("xqz", (300, 10, 360, 40), 0.95, 0, 0),
                ReadWord("định", (400, 10, 460, 40), 0.4, 0, 0),
            ]

    engine = AreaEngine(())
    merged = look_at_areas([read], IMAGE, 200, [Bbox(100, 30, 800, 130)], engine)
    assert engine.shapes == [(100, 700)]
    assert [w.text for w in merged] == ["Quyết", "PHÓ"]
    assert merged[1].bbox == (250, 40, 300, 70)
    assert (merged[1].block, merged[1].line) != (read.block, read.line)


def test_strokes_and_print_no_word_stands_for_are_an_area(draw_page) -> None:
    page = draw_page([(900, 200, "PHÓ CHỦ TỊCH"), (150, 80, "Quyết định này")])
    pixels = page.pixels.copy()
    cv2.line(pixels, (880, 420), (1250, 190), 0, 3)
    cv2.line(pixels, (900, 440), (1240, 200), 0, 3)
    read = [w.bbox for w in page.words if w.bbox.top < 150]
    writing = find_writing(pixels, page.dpi)
    (area,) = unread_areas(writing, read)
    wanted = [w.bbox for w in page.words if w.bbox.top > 150]
    assert all(area.left <= b.left and area.right >= b.right and area.top <= b.top for b in wanted)
    assert unread_areas(writing, [*read, area]) == []

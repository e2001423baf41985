"""Marks, letters read twice and rulings are no words; small letters and boxes that overlap are."""

from __future__ import annotations

import pytest

from manifests.text import Bbox
from ocr.engine import ReadWord
from ocr.slivers import drop_slivers
from ocr.tables import Table

TABLE = Table(Bbox(0, 0, 700, 60), (Bbox(2, 2, 298, 58), Bbox(304, 2, 698, 58)))


def line(*parts: tuple[str, int, int, int, int]) -> list[ReadWord]:
    return [ReadWord(text, (left, top, right, bottom), 0.9, 0, 0) for text, left, top, right, bottom in parts]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        # the mark of "số" read as a figure
        (line(("số", 10, 10, 50, 40), ("2", 52, 10, 58, 16), ("92/2017/NĐ-CP", 62, 12, 200, 40)), 2),
        # the foot of "gia" read as a letter of its own
        (line(("quốc", 10, 8, 60, 40), ("g", 68, 28, 84, 40), ("gia", 70, 12, 110, 40)), 2),
        (line(("tế", 10, 10, 40, 40), ("ở", 45, 12, 60, 40), ("o", 65, 22, 80, 40)), 3),
        (line(("Bộ", 10, 10, 60, 42), ("Y", 40, 10, 58, 40), ("tế", 64, 10, 90, 40)), 3),
        (line(("tỉnh", 10, 10, 60, 40), (".", 62, 36, 66, 40), ("-", 70, 26, 80, 29)), 3),
        (line(("¬", 10, 10, 60, 20), ("`-", 62, 6, 66, 12)), 0),
    ],
)
def test_heights_tell_scraps(words: list[ReadWord], kept: int) -> None:
    assert len(drop_slivers(words, ())) == kept


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (line(("Mã", 100, 10, 150, 40), ("l", 299, 8, 303, 44), ("tên", 320, 10, 400, 40)), ["Mã", "tên"]),
        (line(("Mã", 100, 10, 150, 40), ("|", 200, 8, 204, 44), ("tên", 320, 10, 400, 40)), ["Mã", "tên"]),
        (line(("Mã", 100, 10, 150, 40), ("l", 200, 8, 204, 44), ("tên", 320, 10, 400, 40)), ["Mã", "l", "tên"]),
    ],
)
def test_rulings_of_a_table_are_no_words(words: list[ReadWord], kept: list[str]) -> None:
    assert [word.text for word in drop_slivers(words, [TABLE])] == kept
    assert drop_slivers(words, ()) == words

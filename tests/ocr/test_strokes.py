"""A line of strokes or of another line's marks is no text; a word in a line with print stays, however it was read."""

from __future__ import annotations

import pytest

from manifests.text import Bbox, Word
from ocr.strokes import drop_strokes

BODY = [
    Word(text, Bbox(90 * i, 0, 90 * i + 80, 30), 0.95, 0, 0) for i, text in enumerate(["Nơi", "nhận:", "Như", "Điều"])
]


def line(*parts: tuple[str, int, float]) -> list[Word]:
    """Words of one line under the body: text, height, confidence."""
    return [
        Word(text, Bbox(90 * i, 100, 90 * i + 80, 100 + high), sure, 1, 1)
        for i, (text, high, sure) in enumerate(parts)
    ]


@pytest.mark.parametrize(
    "strokes",
    [
        line(("sa", 30, 0.0)),
        line(("II", 117, 0.2), ("NU", 140, 0.0)),
        line(("Tân", 6, 0.59), ("s*ần", 8, 0.0), ("TẾ", 13, 0.0)),
        line(("ĐỨC", 3, 0.95)),
        line(("-", 3, 0.9), ("x1...", 118, 0.05)),
    ],
)
def test_lines_of_strokes_go(strokes: list[Word]) -> None:
    assert list(drop_strokes(BODY + strokes)) == BODY


@pytest.mark.parametrize(
    "print_",
    [
        line(("(Hg)", 14, 0.86)),
        line(("GIẤY", 80, 0.93), ("KHAI", 80, 0.95)),
        line(("Số:", 30, 0.96), ("#2", 40, 0.0), ("/KH-SYT", 30, 0.9)),
        line(("Hà", 30, 0.9), ("V“Ã,", 36, 0.0), ("Phúc", 30, 0.9)),
        line(("-", 4, 0.2)),
    ],
)
def test_small_print_titles_and_what_stands_beside_print_stay(print_: list[Word]) -> None:
    assert list(drop_strokes(BODY + print_)) == BODY + print_


def within(text: str, confidence: float, width: int = 20) -> list[Word]:
    """The body with a word read once more of the ink of its second."""
    return [*BODY[:2], Word(text, Bbox(100, 4, 100 + width, 28), confidence, 0, 0), *BODY[2:]]


@pytest.mark.parametrize("again", [within('"m', 0.28), within(":", 0.42), within("`", 0.94)])
def test_a_word_s_ink_is_not_read_twice(again: list[Word]) -> None:
    assert list(drop_strokes(again)) == BODY


@pytest.mark.parametrize("again", [within("ngày", 0.96), within("m", 0.28, width=60), within("m", 0.28, width=120)])
def test_what_is_believed_or_stands_beside_stays(again: list[Word]) -> None:
    assert list(drop_strokes(again)) == again


def test_a_page_without_text_stays_as_it_is() -> None:
    assert drop_strokes([]) == ()

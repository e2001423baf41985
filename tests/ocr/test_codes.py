"""Numbers, dates and split words mended by their form; what has no single mending is left as it was read."""

from __future__ import annotations

from itertools import pairwise

import pytest

from manifests.text import Bbox, Word
from ocr.codes import repair_codes

HEIGHT = 30


def pieces(text: str, gap: int) -> list[Word]:
    """The words of ``text``: ``_`` stands for a gap of ``gap`` pixels, a blank for one of twelve."""
    words, left = [], 0
    for run in text.split():
        for piece in run.split("_"):
            right = left + 14 * len(piece)
            words.append(Word(piece, Bbox(left, 0, right, HEIGHT), 0.9, 0, 0))
            left = right + gap
        left += 12 - gap
    return words


def repaired(text: str, gap: int = 3) -> str:
    return " ".join(word.text for word in repair_codes(pieces(text, gap)))


@pytest.mark.parametrize(
    ("read", "paper"),
    [
        ("số 02/2017/TT-_VPCP ngày", "số 02/2017/TT-VPCP ngày"),
        ("số 92/201_7/NĐ-CP ngày", "số 92/2017/NĐ-CP ngày"),
        ("số 92/201_7NĐ-CP ngày", "số 92/2017/NĐ-CP ngày"),
        ("từ 20/3/201_8 đến", "từ 20/3/2018 đến"),
        ("số 43/QĐ-UBND ngày", "số 43/QĐ-UBND ngày"),
        ("số 4O/QĐ-UBND", "số 40/QĐ-UBND"),
        ("số 11/2O16/T1-BYT", "số 11/2016/TT-BYT"),
        ("số 11//2016/TT-BYT", "số 11/2016/TT-BYT"),
        ("ngày 0l/03/2018,", "ngày 01/03/2018,"),
        ("tháng II năm", "tháng 11 năm"),
        ("ngày 26tháng 7", "ngày 26 tháng 7"),
        ("danh mục |Xây dựng|", "danh mục Xây dựng"),
        ("giải quy_ết thủ tục", "giải quyết thủ tục"),
        ("http://mau._gov.vn/ vào", "http://mau.gov.vn/ vào"),
        ("ngày 0l tháng 0]", "ngày 01 tháng 01"),
        ("(I5 ngày", "(15 ngày"),
        ("hạn 1Š ngày", "hạn 15 ngày"),
        ("tháng Š năm", "tháng 5 năm"),
        ("số ()1/2018/TT-_VPCP ngày", "số 01/2018/TT-VPCP ngày"),
        ("cách thức thựchiện,", "cách thức thực hiện,"),
        ("Mãsố TTHC", "Mã số TTHC"),
        ("Sở Ytế tỉnh", "Sở Y tế tỉnh"),
        ("UBNDtỉnh", "UBND tỉnh"),
        ("'Trong trường hợp", "Trong trường hợp"),
        ("số Š7/2024/TTBYT", "số 57/2024/TTBYT"),
        ("hftps://mau.gov.vn và", "https://mau.gov.vn và"),
        ("Phí,lệ phí", "Phí, lệ phí"),
        ("tháng LI năm", "tháng 11 năm"),
        ("giải quy_Ết thủ tục", "giải quyết thủ tục"),
        ("tại hftps://mau._gov.vn/ và", "tại https://mau.gov.vn/ và"),
        ("Số:1906 /SGDĐT-CTrTT", "Số: 1906 /SGDĐT-CTrTT"),
        ("mã 1.012291.000.00.00.HS3 của", "mã 1.012291.000.00.00.H53 của"),
    ],
)
def test_mends(read: str, paper: str) -> None:
    assert repaired(read) == paper


@pytest.mark.parametrize(
    "text",
    [
        "và/hoặc",
        "số 57/2024/TTBYT ngày",
        "điểm a,b khoản 2",
        "chính quy Ết ngày",
        "II. Nội dung",
        "khoản I và",
        "12/07 - 13/07",
        "HIV/AIDS",
        "km/giờ",
        "số 12/2024/TLKT-BS",
        "Số: 2Œ/ĐUBND",
        "ba_bốn",
        "quy định",
        "hộ_khẩu",
        "ngày 05/11/1985",
        "SO/BO",
        "Điều I.",
        "“Trong trường hợp”",
        "mã H53",
        "cổng eGov",
        "xe taxi",
        "Internet",
        "CN-VLXD",
    ],
)
def test_leaves_alone(text: str) -> None:
    assert repaired(text) == text.replace("_", " ")


def test_wide_gaps_are_not_closed() -> None:
    assert repaired("giải quy_ết", gap=12) == "giải quy ết"
    assert repaired("92/201_7/NĐ-CP", gap=12) == "92/201 7/NĐ-CP"


def test_the_reading_and_the_place_are_kept() -> None:
    read = pieces("số 92/201_7/NĐ-CP", 3)
    code = repair_codes(read)[1]
    assert code.raw == "92/201 7/NĐ-CP"
    assert code.bbox == Bbox(read[1].bbox.left, 0, read[2].bbox.right, HEIGHT)
    assert repair_codes(read)[0].raw is None


def test_glued_words_share_the_box() -> None:
    one, other = repair_codes(pieces("26tháng", 3))
    assert one.bbox.right == other.bbox.left
    assert (one.bbox.left, other.bbox.right) == (0, 14 * 7)


def test_pieces_of_different_lines_stay_apart() -> None:
    words = pieces("giải quy_ết", 3)
    apart = [Word(w.text, w.bbox, w.confidence, w.block, i) for i, w in enumerate(words)]
    assert all(a.line != b.line for a, b in pairwise(repair_codes(apart)))
    assert len(repair_codes(apart)) == 3


def cell(*lines: str, left: int = 0, step: int = HEIGHT + 12) -> list[Word]:
    """One word on each line of a narrow cell."""
    return [
        Word(text, Bbox(left, row * step, left + 14 * len(text), row * step + HEIGHT), 0.9, 3, 5 + row)
        for row, text in enumerate(lines)
    ]


def test_a_procedures_code_that_a_cell_broke_is_one_word_again() -> None:
    first, code, last = repair_codes([*cell("Mã"), *cell("1.012291.00", "0.00.00.HS3"), *cell("Cấp")])
    assert (first.text, code.text, last.text) == ("Mã", "1.012291.000.00.00.H53", "Cấp")
    assert code.raw == "1.012291.00 0.00.00.HS3"
    assert code.bbox == Bbox(0, 0, 14 * 11, 2 * HEIGHT + 12), "where both halves stand"


@pytest.mark.parametrize(
    "words",
    [
        cell("1.012291.00", "Cấp mới"),
        cell("1.012291", "000.00.00.H5"),
        cell("1.012291.00", "0.00.00.H53", step=3 * HEIGHT),
        [*cell("1.012291.00"), *cell("0.00.00.H53", left=600)],
    ],
)
def test_what_is_no_broken_code_stays_apart(words: list[Word]) -> None:
    assert [word.text for word in repair_codes(words)] == [word.text for word in words]

"""Marks put right along a line: what is corrected, on which evidence, and what is left alone."""

from __future__ import annotations

import math

import pytest

from manifests.documents import DocumentEntry, Medium
from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.choices import align_choices
from ocr.engine import engine_of_process
from ocr.index import index_record
from ocr.neighbours import load_neighbours
from ocr.tones import correct_tones


def line(text: str, block: int = 0, number: int = 0, left: int = 0) -> list[Word]:
    words = []
    for word in text.split():
        words.append(Word(word, Bbox(left, 40 * number, left + 14 * len(word), 40 * number + 30), 0.9, block, number))
        left += 14 * len(word) + 10
    return words


def corrected(text: str, alternatives=None) -> str:
    return " ".join(word.text for word in correct_tones(line(text), alternatives or {}))


@pytest.mark.parametrize(
    ("read", "paper"),
    [
        ("phòng, chông dịch bệnh", "phòng, chống dịch bệnh"),
        ("sửa đối, bồ sung một sô điêu", "sửa đổi, bổ sung một số điều"),
        ("thuộc thâm quyên giải quyêt của cơ quan", "thuộc thẩm quyền giải quyết của cơ quan"),
        ("QUYÉT ĐỊNH", "QUYẾT ĐỊNH"),
        ("Thủ tục: QUYÉT ĐỊNH", "Thủ tục: QUYẾT ĐỊNH"),
        ("cung câp giấy phép xây đựng", "cung cấp giấy phép xây dựng"),
        ("Quyêt định này có hiệu lực", "Quyết định này có hiệu lực"),
        ("một cửa liên thông", "một cửa liên thông"),
        ("Ngày mười bốn tháng ba", "Ngày mười bốn tháng ba"),
        ("không trăm mười bốn", "không trăm mười bốn"),
        ("ngày hai mươi tháng ba", "ngày hai mươi tháng ba"),
    ],
)
def test_puts_marks_right(read: str, paper: str) -> None:
    assert corrected(read) == paper


def test_keeps_the_reading_beside_the_correction() -> None:
    words = correct_tones(line("(thâm quyên)."), {})
    assert [(word.text, word.raw) for word in words] == [("(thẩm", "(thâm"), ("quyền).", "quyên).")]
    assert [word.raw for word in correct_tones(line("thẩm quyền"), {})] == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "Họ và tên: Lương Thị Hoai Thuong",
        "Ông Trần Văn Bôn và bà Phạm Thi Quyên",
        "Họ, chữ đệm, tên: Quyên",
        "Số: 12/2024/TLKT-BS sô12 HĐXD",
        "đơn của Đặng Việt Ngọc",
        "tên chồng: ĐẶNG VĂN KHẢI",
        "Họ và tên: BÙI THỊ HẠNH",
        "Cấp cho: TRỊNH PHƯƠNG YẾN",
        "khai sinh: Đinh Phương Hằng",
    ],
)
def test_leaves_names_and_codes_alone(text: str) -> None:
    assert corrected(text) == text


def test_wide_gaps_figures_and_full_stops_part_neighbours() -> None:
    left, right = line("thâm"), line("quyền", left=600)
    assert [word.text for word in correct_tones(left + right, {})][1] == "quyền"
    beside = correct_tones(line("sửa đôi"), {})
    assert [word.text for word in beside] == ["sửa", "đổi"]
    apart = correct_tones(line("đồ") + line("sửa", block=1), {})
    assert [word.raw for word in apart] == [None, None]


def test_an_engine_that_saw_the_mark_is_believed() -> None:
    words = line("bồ sung")
    sure = {("bồ", words[0].bbox): ({}, {"ổ": 90.0, "ộ": 90.0})}
    doubtful = {("bồ", words[0].bbox): ({}, {"ổ": 0.5, "ộ": 30.0})}
    assert correct_tones(words, sure)[0].text == "bồ"
    assert correct_tones(words, doubtful)[0].text == "bổ"


def test_a_letter_beside_which_the_engine_held_no_other_was_seen() -> None:
    words = line("Nguyên nhân chết: Bệnh già")
    alone = {(word.text, word.bbox): tuple({} for _ in word.text) for word in words}
    assert " ".join(word.text for word in correct_tones(words, alone)) == "Nguyên nhân chết: Bệnh già"


def test_alternatives_belong_to_characters() -> None:
    lists = [[(" ", 1.0)], [("b", 0.9), ("h", 30.0)], [("~", 0.2), ("^", 9.0)], [("ồ", 2.0), ("ổ", 4.5), ("ồ", 9.0)]]
    assert align_choices("bồ", lists) == ({"h": pytest.approx(29.1)}, {"ổ": pytest.approx(2.5)})
    assert align_choices("xồ", lists) == ({}, {"ổ": pytest.approx(2.5)})
    assert align_choices("bồ", []) == ({}, {})


def test_engine_tells_its_alternatives(draw_page) -> None:
    page = draw_page([(150, 80, "Quyết định này có hiệu lực")])
    words = engine_of_process().read(page.pixels, page.dpi)
    assert all(len(word.choices) == len(word.text) for word in words)
    assert any(table for word in words for table in word.choices)


def test_figures_cover_administrative_language() -> None:
    known = load_neighbours()
    assert known.are_neighbours("quyết", "định")
    assert not known.are_neighbours("định", None)
    after = dict(known.log_shares(("có", "hiệu"), [("lực", 0.0)]))
    alone = dict(known.log_shares((None, None), [("lực", 0.0), ("qwerty", 0.0)]))
    assert after["lực"] > alone["lực"] > alone["qwerty"]
    assert dict(known.log_shares((None, None), [("qwerty", 0.5)])) == {"qwerty": pytest.approx(math.log(0.5))}
    assert {"thẩm", "thấm"} <= set(known.spellings["tham"])


def test_index_fields_hold_what_was_read() -> None:
    words = tuple(
        Word(w.text, w.bbox, w.confidence, w.block, w.line, raw={"Quyết": "Quyêt"}.get(w.text))
        for w in line("GIẤY KHAI SINH") + line("Họ, chữ đệm, tên: Lý Mẫu Quyết", number=1)
    )
    page = PageText(PageFacts(1, "a.pdf", 1, 1600, 1000, 200), PageVerdict.READ, words, "scripted")
    entry = DocumentEntry(
        document_id="mau",
        files=("a.pdf",),
        sha256=("0" * 64,),
        pages=1,
        record_type="birth",
        unit_code="00256",
        year=1990,
        medium=Medium.PRINTED,
    )
    names = [f for f in index_record([page], entry).fields if f.transcription.startswith("Lý Mẫu")]
    assert [f.transcription for f in names] == ["Lý Mẫu Quyêt"]

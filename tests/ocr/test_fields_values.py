from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manifests.record_types import FieldType, record_types
from ocr.fields.crosscheck import Agreement, compare, settle
from ocr.fields.names import looks_like_name, name_plausibility, normalize_name
from ocr.fields.numbers import find_personal_id, number_plausibility, parse_number, parse_personal_id, same_number
from ocr.fields.values import normalize, text_plausibility

BIRTH = record_types()["birth"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("43/QĐ-UBND", "43/QĐ-UBND"),
        ("43 / QĐ - UBND", "43/QĐ-UBND"),
        ("02/2017/TT-VPCP", "02/2017/TT-VPCP"),
        ("15/TLKS-BS", "15/TLKS-BS"),
        ("1906 /SGDĐT-CTrTT", "1906/SGDĐT-CTrTT"),
        ("02-TP/HT-2020-KS", "02-TP/HT-2020-KS"),
        ("045", "045"),
        ("45/2017", "45/2017"),
        ("l2/2017", "12/2017"),
        ("0O5/QÐ-UBND", "005/QĐ-UBND"),
        ("12a/QĐ-UB", "12a/QĐ-UB"),
        ("31/QĐÐ-UBND", "31/QĐ-UBND"),
        ("45⁄2017", "45/2017"),
        ("4/I0/QĐ-UBND", None),
        ("2Œ /QĐ-UBND", None),
        ("ø07Ó../TB-ĐHĐL", None),
        ("4Ð /TM-SYT", None),
        ("I/QD", None),
        ("QĐ-UBND", None),
        ("45/2917", None),
        ("", None),
    ],
)
def test_the_grammar_of_numbers(text: str, expected: str | None) -> None:
    assert parse_number(text) == expected


@pytest.mark.parametrize(
    ("field", "number", "record_type", "year", "expected"),
    [
        ("number", "43/QĐ-UBND", "decision", 2019, 1.0),
        ("number", "43/QĐ-UBNĐ", "decision", 2019, 0.7),
        ("number", "43/SGDĐT-CTrTT", "decision", 2019, 0.7),
        ("number", "43", "decision", 2019, 0.7),
        ("number", "45/2017", "birth", 2017, 1.0),
        ("number", "45/2007", "birth", 2017, 0.6),
        ("number", "15/TLKS-BS", "birth", 2017, 1.0),
        ("number", "15/QĐ-UBND", "birth", 2017, 0.7),
        ("book", "02/2016", "birth", 2017, 1.0),
        ("book", "02/2090", "birth", 2017, 0.6),
        ("book", "02-TP/HT-2020-KS", "birth", 2021, 1.0),
    ],
)
def test_a_number_must_suit_its_paper(field: str, number: str, record_type: str, year: int, expected: float) -> None:
    assert number_plausibility(field, number, record_type, year) == expected


def test_numbers_of_one_paper() -> None:
    assert same_number("045", "45/2017")
    assert same_number("43/QĐ-UBND", "43")
    assert not same_number("43/QĐ-UBND", "43/QĐ-SXD")
    assert not same_number("43", "430")


def test_personal_numbers_have_nine_or_twelve_figures() -> None:
    assert parse_personal_id("001 088 000 456") == "001088000456"
    assert parse_personal_id("012345678") == "012345678"
    assert parse_personal_id("0123456789") is None
    assert parse_personal_id("00108800045b") is None
    assert find_personal_id("CCCD số 001088000456 cấp ngày 12/03/2019") == "001088000456"
    assert find_personal_id("CMND 012345678 và 912345678") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NGUYỄN THỊ LAN", "Nguyễn Thị Lan"),
        ("ông Trần  Văn Nam.", "Trần Văn Nam"),
        ("Bà: Lê Thị Hoa", "Lê Thị Hoa"),
        ("NGUYE\u0302\u0303N THỊ LAN", "Nguyễn Thị Lan"),
        ("TS. Vũ Hồng Sơn", "Vũ Hồng Sơn"),
        ("HOÀNG .DIỆU, THỦY..", "Hoàng Diệu Thủy"),
        ("Nguyễn", None),
        ("Nguyễn V4n Nam", None),
        ("", None),
    ],
)
def test_names(text: str, expected: str | None) -> None:
    assert normalize_name(text) == expected


def test_a_misread_mark_shows_in_the_spelling() -> None:
    assert name_plausibility("Nguyễn Thị Lan") == 1.0
    assert name_plausibility("Nguyên Thị Lan") < 0.7
    assert name_plausibility("Đồ Minh Tài") < 0.7
    assert name_plausibility("Nguyễn Thị Ngoc") < 0.7
    assert name_plausibility("Đinh Hông Hạnh") == 0.8
    assert name_plausibility("Đinh Hồng Hạnh") == 1.0
    assert 0.8 < name_plausibility("Bùng Văn Hai") < 1.0


def test_offices_are_no_names() -> None:
    assert looks_like_name("Vũ Hồng Sơn")
    assert not looks_like_name("CHỦ TỊCH")
    assert not looks_like_name("PHÓ CHỦ TỊCH")
    assert not looks_like_name("(Ký, ghi rõ họ tên)")


def test_running_text_is_doubted_for_impossible_words() -> None:
    assert text_plausibility("Ủy ban nhân dân phường Lê Đại Hành, TP. HCM") == 1.0
    assert text_plausibility("Ủy bạn nhân dân phường Lê Đại Hành") == 0.75
    assert text_plausibility("Uỷ ban nhân dân") == 1.0
    assert text_plausibility("phường Lê Đạii Hành") == 0.75


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sex", "Nam", "male"),
        ("sex", "NỮ", "female"),
        ("sex", "Nử", "female"),
        ("sex", "Nam, nữ", None),
        ("sex", "N?", None),
        ("mother_birth_year", "1990", "1990"),
        ("mother_birth_year", "15/3/1990", "1990"),
        ("mother_birth_year", "199O", None),
        ("birth_place", " Bệnh  viện Phụ sản .....", "Bệnh viện Phụ sản"),
    ],
)
def test_values_by_kind(name: str, text: str, expected: str | None) -> None:
    assert normalize(BIRTH.field(name), text).value == expected


def test_comparison_knows_marks_and_places_of_marks() -> None:
    name = BIRTH.field("person_name")
    assert compare(name, "Nguyễn Hoà Bình", "NGUYỄN HÒA BÌNH") is Agreement.SAME
    assert compare(name, "Nguyễn Hoà Bình", "Nguyễn Hoa Bình") is Agreement.DIACRITICS
    assert compare(name, "Nguyễn Hoà Bình", "Nguyễn Hoà Minh") is Agreement.DIFFERENT
    assert compare(BIRTH.field("birth_date"), "1987-03-15", "1987-03-16") is Agreement.DIFFERENT


@given(st.floats(0, 1), st.sampled_from(["a b", "a c", None]), st.sampled_from(["a b", None]))
def test_settling_never_invents_a_value(confidence: float, read: str | None, keyed: str | None) -> None:
    field = FieldType("person_name", "name", "", ("x",))
    verdict = settle(field, read, confidence, keyed, threshold=0.8, doubt=0.5, keyed_confidence=0.9)
    assert verdict.value in (read, keyed)
    assert 0 <= verdict.confidence <= 1
    assert (verdict.agrees is None) == (read is None or keyed is None)


@given(st.text(max_size=40))
def test_any_text_normalizes_without_an_error(text: str) -> None:
    for record_type in record_types().values():
        for field in record_type.fields:
            form = normalize(field, text)
            assert 0 <= form.form <= 1
            assert form.value is None or form.value.strip() == form.value


def test_a_legible_hand_that_differs_from_what_was_keyed_goes_to_review() -> None:
    name = BIRTH.field("person_name")
    legible, noise = (
        settle(name, read, c, "Trịnh Kim Thị Khác", threshold=0.8, doubt=0.25, keyed_confidence=0.9)
        for read, c in (("Trần Văn Bình", 0.35), ("Ềm lo uý xà", 0.1))
    )
    assert (legible.value, legible.reason) == ("Trịnh Kim Thị Khác", "disagrees")
    assert (noise.value, noise.reason) == ("Trịnh Kim Thị Khác", None)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        ("Trịní Kim Thị Vân", "disagrees"),
        ("Trịnh Kirn Thị Khác", None),
        ("Trnh Kim Thi Khac", None),
        ("Ềm lo uý xà", None),
    ],
)
def test_a_word_that_no_misreading_explains_goes_to_review_however_faint(read: str, reason: str | None) -> None:
    name = BIRTH.field("person_name")
    found = settle(name, read, 0.1, "Trịnh Kim Thị Khác", threshold=0.8, doubt=0.5, keyed_confidence=0.9)
    assert (found.value, found.reason) == ("Trịnh Kim Thị Khác", reason)

"""The grammar of Vietnamese syllables and the verdict on a text layer."""

from __future__ import annotations

import pytest

from ocr.syllables import is_syllable, judge_text

VIETNAMESE = (
    "Căn cứ Luật Tổ chức chính quyền địa phương ngày 19 tháng 6 năm 2015; theo đề nghị của Trưởng phòng Tư pháp. "
    "Ủy ban nhân dân phường xác nhận ông Nguyễn Văn Khuyến chưa đăng ký kết hôn với ai."
)
READ_BY_ANOTHER_LANGUAGE = (
    "Can cit. Ludt TO chic chinh quyn dia phu.ang ngay 19 thong 6 nam 2015; Can cer Ludt sera dal, bo sung mat dieu "
    "Luat To chic Chinh pher vex Ludt chic chinh quyin dia phyrang ngay 22 thong 11 nam 2019"
)
OLD_FONT = (
    "Céng hoµ x· héi chñ nghÜa ViÖt Nam §éc lËp Tù do H¹nh phóc Uû ban nh©n d©n ph­êng x¸c nhËn «ng NguyÔn "
    "V¨n An sinh n¨m 1950 hiÖn c­ tró t¹i ®Þa ph­¬ng"
)


@pytest.mark.parametrize(
    "word",
    [
        "nghiêng",
        "Quyết",
        "giấy",
        "gì",
        "hoà",
        "hòa",
        "khuỷu",
        "ĐƯỜNG",
        "yêu",
        "Thoắt",
        "quốc",
        "xoong",
        "giếng",
        "uống",
    ],
)
def test_syllables_are_recognized(word: str) -> None:
    assert is_syllable(word)


@pytest.mark.parametrize("word", ["quyet", "cac", "khân1", "Ludt", "câp", "ngia", "kang", "strong", "phé̛", "ếé", "b"])
def test_what_breaks_the_rules_is_no_syllable(word: str) -> None:
    assert not is_syllable(word)


def test_vietnamese_text_is_told_from_junk() -> None:
    good, junk, old = judge_text([VIETNAMESE]), judge_text([READ_BY_ANOTHER_LANGUAGE]), judge_text([OLD_FONT])
    assert good.vietnamese and not good.junk
    assert junk.junk and not junk.vietnamese
    assert old.junk and not old.vietnamese


def test_text_without_marks_is_not_kept() -> None:
    bare = judge_text(
        ["Uy ban nhan dan thanh pho Ha Noi cong hoa xa hoi chu nghia Viet Nam doc lap tu do hanh phuc " * 2]
    )
    assert not bare.vietnamese


def test_a_few_words_are_neither() -> None:
    stamp = judge_text(["Nguyen Van A 2025"])
    assert not stamp.vietnamese and not stamp.junk

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.fields.dates import find_dates, parse_date, parse_date_words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("15/3/1987", "1987-03-15"),
        ("15-03-1987", "1987-03-15"),
        ("15 . 3 . 1987", "1987-03-15"),
        ("ngày 15 tháng 3 năm 1987", "1987-03-15"),
        ("Ngày.....15.....tháng....3....năm....1987....", "1987-03-15"),
        ("ngày … 15 … tháng … 3 … năm … 1987", "1987-03-15"),
        ("Hà Nội, ngày 26tháng 7 năm 2020", "2020-07-26"),
        ("08 giờ 30 phút, ngày 12/3/2018", "2018-03-12"),
        ("15 tháng 03 năm 1987", "1987-03-15"),
        ("l5/O3/1987", "1987-03-15"),
        ("29/02/2000", "2000-02-29"),
        ("1956", "1956"),
        ("năm 1956", "1956"),
        ("3/1987", "1987-03"),
    ],
)
def test_dates_in_figures(text: str, expected: str) -> None:
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "31/2/2018",
        "29/02/1900",
        "ngày 48 tháng 02 năm 2025",
        "ngày lŠ tháng 02 năm 2025",
        "15/3/87",
        "15/13/1987",
        "13/1987",
        "15/3/1587",
        "ngày 15 tháng 3",
        "15/3/1987 hoặc 16/3/1987",
        "115/3/1987",
        "15/3/19875",
        "ngày.) {tháng & năm 2025",
    ],
)
def test_what_is_no_date_stays_open(text: str) -> None:
    assert parse_date(text) is None


def test_the_same_date_twice_is_one_date() -> None:
    assert parse_date("15/3/1987 (ngày 15 tháng 3 năm 1987)") == "1987-03-15"
    assert find_dates("từ ngày 1/2/2010 đến ngày 3/4/2011") == ["2010-02-01", "2011-04-03"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ngày mười lăm tháng ba năm một nghìn chín trăm tám mươi bảy", "1987-03-15"),
        ("Ngày mồng bốn tháng năm năm một ngàn chín trăm năm mươi lăm", "1955-05-04"),
        ("Ngày hai mươi mốt tháng mười hai năm hai nghìn không trăm linh năm", "2005-12-21"),
        ("mùng một tháng giêng năm hai nghìn", "2000-01-01"),
        ("Ngày mười nhăm tháng tư năm hai nghìn không trăm mười lăm", "2015-04-15"),
        ("Ngày năm tháng năm năm hai nghìn lẻ năm", "2005-05-05"),
        ("Ngày ba mươi tháng mười một năm một chín tám bảy", "1987-11-30"),
        ("ngày hai mốt tháng tám năm 1999", "1999-08-21"),
        ("Ngày mười lãm thảng ba nãm một nghin chín trãm tảm mươi bãy", "1987-03-15"),
        ("Ngay muoi lam thang tu nam mot nghin chin trám tam muoi mot", "1981-04-15"),
        ("Ngày mườilăm tháng ba năm một nghìn chin trarn sáu mươi tư", None),
        ("Ngày mườilăm tháng ba năm một nghìn chin trăn sáu mươi tư", "1964-03-15"),
    ],
)
def test_dates_in_words(text: str, expected: str | None) -> None:
    assert parse_date_words(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tháng",
        "Ngày ba mươi tháng hai năm hai nghìn không trăm mười",
        "Ngày mười lăm năm một nghìn chín trăm tám mươi bảy",
        "Ngày mười lăm tháng mười ba năm hai nghìn",
        "Ngày mười lăm tháng ba năm chín trăm",
        "Ngày mười lăm tháng ba năm hai nghìn xyz trăm mười",
        "Ngày mười mười tháng ba năm hai nghìn",
    ],
)
def test_words_that_are_no_date_stay_open(text: str) -> None:
    assert parse_date_words(text) is None


_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")


def _spell(number: int) -> str:
    tens, unit = divmod(number, 10)
    if number < 10:
        return _DIGITS[number]
    head = "mười" if tens == 1 else f"{_DIGITS[tens]} mươi"
    tail = {0: "", 1: "mốt" if tens > 1 else "một", 5: "lăm"}.get(unit, _DIGITS[unit])
    return f"{head} {tail}".strip()


def _spell_year(year: int) -> str:
    thousand, rest = divmod(year, 1000)
    hundred, tail = divmod(rest, 100)
    words = f"{_DIGITS[thousand]} nghìn"
    if rest:
        words += f" {_DIGITS[hundred]} trăm"
    if tail:
        words += f" linh {_DIGITS[tail]}" if tail < 10 else f" {_spell(tail)}"
    return words


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2099, 12, 31)))
def test_every_date_in_words_is_read_back(day: dt.date) -> None:
    text = f"Ngày {_spell(day.day)} tháng {_spell(day.month)} năm {_spell_year(day.year)}"
    assert parse_date_words(text) == day.isoformat()
    assert parse_date(f"ngày {day.day} tháng {day.month} năm {day.year}") == day.isoformat()


@given(st.text(max_size=60))
def test_any_text_is_survived(text: str) -> None:
    for found in (parse_date(text), parse_date_words(text)):
        assert found is None or len(found) in (4, 7, 10)

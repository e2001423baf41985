from __future__ import annotations

import datetime as dt

import pytest

from sample_scans.fictional import in_words, number_words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (4, "bốn"),
        (10, "mười"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (25, "hai mươi lăm"),
        (30, "ba mươi"),
        (1905, "một nghìn chín trăm linh năm"),
        (1956, "một nghìn chín trăm năm mươi sáu"),
        (2000, "hai nghìn"),
        (2005, "hai nghìn không trăm linh năm"),
        (2010, "hai nghìn không trăm mười"),
        (2021, "hai nghìn không trăm hai mươi mốt"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert number_words(number) == words


def test_month_four_has_its_own_word() -> None:
    assert in_words(dt.date(2019, 4, 15)) == "Ngày mười lăm tháng tư năm hai nghìn không trăm mười chín"


def test_numbers_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="outside"):
        number_words(0)

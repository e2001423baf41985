"""Figures, days and reasons as Vietnamese readers write them."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard import words
from manifests.record_types import record_types
from manifests.text import RESCAN_FLAGS, QualityFlag
from warehouse.schema import BatchStatus, DocumentStatus


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (0.0, "0,0 %"),
        (22.9508, "23,0 %"),
        (99.99, "99,9 %"),
        (100.0, "100,0 %"),
    ],
)
def test_percent(value: float | None, shown: str) -> None:
    assert words.percent(value).replace("\u00a0", " ") == shown


def test_counts_days_and_moments() -> None:
    assert [words.count(it) for it in (0, 999, 1234, 1036390)] == ["0", "999", "1.234", "1.036.390"]
    assert words.moment(dt.datetime(2025, 12, 31, 17, 5, tzinfo=dt.UTC)) == "01/01/2026 00:05"
    assert words.day(dt.date(2025, 7, 1)) == "01/07/2025"
    assert words.moment(None) == words.day(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.25, "0,2 giây"),
        (185.4, "3 phút 05 giây"),
        (7800.0, "2 giờ 10 phút"),
    ],
)
def test_duration(seconds: float, shown: str) -> None:
    assert words.duration(seconds).replace("\u00a0", " ") == shown


def test_every_status_and_rescan_flag_has_words() -> None:
    assert set(words.BATCH_STATUS) == {str(it) for it in BatchStatus}
    assert set(words.DOCUMENT_STATUS) == {str(it) for it in DocumentStatus}
    assert all(words.rescan_reason(str(flag), 0.0) != str(flag) for flag in QualityFlag)
    assert all(flag in set(QualityFlag) for flag in RESCAN_FLAGS)


@pytest.mark.parametrize(
    "code",
    ["missing", "unreadable", "low_confidence", "disagrees", "diacritics", "year"],
)
def test_every_review_reason_has_words_for_every_field(code: str) -> None:
    for kind in record_types().values():
        for field in kind.fields:
            shown = words.review_reason(f"{code}:{field.name}", kind.code)
            assert shown.startswith(f"{field.label}: ")
            assert code not in shown


def test_a_wrong_title_is_told_by_name_and_a_new_reason_as_it_is() -> None:
    assert words.review_reason("title:death", "birth") == "Tiêu đề trên giấy là của loại “Khai tử”"
    assert words.review_reason("from_the_future:x", "birth") == "from_the_future:x"
    assert words.rescan_reason("from_the_future", 0.0) == "from_the_future"

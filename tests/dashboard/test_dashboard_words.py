"""Figures, days and reasons as Vietnamese readers write them."""

from __future__ import annotations

import datetime as dt

import pytest

from dashboard import history_words, words
from manifests.record_types import record_types
from manifests.text import RESCAN_FLAGS, QualityFlag
from pipeline import approvals, decisions, renewals
from pipeline.stages import STAGES
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


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("3 pages; 0 unread", "3 trang"),
        (
            "3 pages, 2 of them by an earlier run; 1 unread",
            "3 trang, trong đó 2 trang đã đọc ở lần chạy trước; 1 trang không đọc được",
        ),
        ("19 fields, needs_review", "19 trường, chờ rà soát"),
        (
            "nd30-2020, B-T, PDF/A valid, SHA-256 0b47 Trang 1: không quét màu.",
            "hồ sơ pháp lý nd30-2020, B-T, PDF/A đạt, SHA-256 0b47. Trang 1: không quét màu",
        ),
        (
            "corrected: birth_date, number; reason: đối chiếu; sổ gốc",
            "sửa: Ngày, tháng, năm sinh, Số; lý do: đối chiếu; sổ gốc",
        ),
        ("nd30-2020, B-T, PDF/A valid, SHA-256 0b47", "hồ sơ pháp lý nd30-2020, B-T, PDF/A đạt, SHA-256 0b47"),
        ("accepted as read", "chấp nhận như đã đọc"),
        (
            "scan again: unreadable, pages 1, 3; reason: mờ",
            "yêu cầu quét lại, trang 1, 3: chữ không đọc được; lý do: mờ",
        ),
        (
            "validation_data, archive_timestamp added; proven until 2031-02-01; SHA-256 ab",
            "thêm dữ liệu kiểm tra, dấu thời gian lưu trữ; chứng minh được đến 01/02/2031; SHA-256 ab",
        ),
        ("signing of 12 documents approved; đủ", "duyệt ký 12 hồ sơ; lý do: đủ"),
        ("SHA-256 005a", "SHA-256 005a"),
        ("something of the future", "something of the future"),
    ],
)
def test_the_history_of_a_record_is_told_in_vietnamese(detail: str, shown: str) -> None:
    assert history_words.told(detail, "birth") == shown


def test_every_event_of_the_road_has_a_name() -> None:
    events = {it.event for it in STAGES} | {decisions.EVENT, renewals.EVENT, approvals.EVENT}
    assert events <= set(words.EVENTS)
    assert {it.name: it.event for it in STAGES} == words.STAGE_EVENTS

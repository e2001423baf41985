"""What happened to a document, as people read it: the archive tells its events in English, in words of the pipeline.

An event a newer program wrote is shown as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dashboard import words
from manifests.decisions import RescanCause
from manifests.record_types import record_types

_STATUS = {"accepted": "đã chấp nhận", "needs_review": "chờ rà soát"}
_PDFA = {"valid": "đạt", "invalid": "không đạt", "not_checked": "chưa kiểm tra"}
_ADDED = {"validation_data": "dữ liệu kiểm tra", "archive_timestamp": "dấu thời gian lưu trữ", "evidence": "chứng cứ"}


def told(detail: str, record_type: str) -> str:
    """``detail`` of an event in Vietnamese."""
    for pattern, spell in _FORMS:
        if found := pattern.fullmatch(detail):
            return spell(found, record_type)
    return detail


def _recognized(it: re.Match[str], _: str) -> str:
    before = f", trong đó {it['before']} trang đã đọc ở lần chạy trước" if it["before"] else ""
    unread = f"; {it['unread']} trang không đọc được" if it["unread"] not in (None, "0") else ""
    return f"{it['pages']} trang{before}{unread}"


def _signed(it: re.Match[str], _: str) -> str:
    notes = (it["notes"] or "").rstrip(".")
    facts = f"hồ sơ pháp lý {it['profile']}, PDF/A {_PDFA[it['pdfa']]}, SHA-256 {it['sha256']}"
    return f"{facts}. {notes}" if notes else facts


def _corrected(it: re.Match[str], record_type: str) -> str:
    known = record_types().get(record_type)
    labels = {field.name: field.label for field in known.fields} if known else {}
    return f"sửa: {', '.join(labels.get(name, name) for name in it['names'].split(', '))}{_why(it)}"


def _sent_back(it: re.Match[str], _: str) -> str:
    cause = words.RESCAN_CAUSES.get(RescanCause(f"rescan_{it['cause']}"), it["cause"])
    pages = f", trang {it['pages']}" if it["pages"] else ""
    return f"yêu cầu quét lại{pages}: {cause}{_why(it)}"


def _renewed(it: re.Match[str], _: str) -> str:
    added = ", ".join(_ADDED.get(name, name) for name in it["added"].split(", "))
    until = f"chứng minh được đến {words.iso_day(it['until'])}" if it["until"] else "chưa chứng minh được"
    return f"thêm {added}; {until}; SHA-256 {it['sha256']}"


def _why(it: re.Match[str]) -> str:
    return f"; lý do: {it['why']}" if it["why"] else ""


_WHY = r"(?:; reason: (?P<why>.*))?"
_SHA256 = r"SHA-256 (?P<sha256>[0-9a-f]+)"
_CAUSES = "|".join(it.removeprefix("rescan_") for it in RescanCause)
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], str]], ...] = tuple(
    (re.compile(pattern, re.DOTALL), spell)
    for pattern, spell in (
        (
            r"(?P<pages>\d+) pages(?:, (?P<before>\d+) of them by an earlier run)?(?:; (?P<unread>\d+) unread)?",
            _recognized,
        ),
        (
            r"(?P<fields>\d+) fields, (?P<status>accepted|needs_review)",
            lambda it, _: f"{it['fields']} trường, {_STATUS[it['status']]}",
        ),
        (
            r"(?P<profile>\S+, .*?), PDF/A (?P<pdfa>valid|invalid|not_checked), " + _SHA256 + r"(?: (?P<notes>.*))?",
            _signed,
        ),
        (r"corrected: (?P<names>[^;]+)" + _WHY, _corrected),
        (r"accepted as read" + _WHY, lambda it, _: f"chấp nhận như đã đọc{_why(it)}"),
        (r"scan again: (?P<cause>" + _CAUSES + r")(?:, pages (?P<pages>[\d, ]+))?" + _WHY, _sent_back),
        (
            r"(?P<added>.+?) added; (?:proven until (?P<until>[\d-]+)|not proven for any time); " + _SHA256,
            _renewed,
        ),
        (
            r"signing of (?P<count>\d+) documents approved(?:; (?P<why>.*))?",
            lambda it, _: f"duyệt ký {it['count']} hồ sơ{_why(it)}",
        ),
    )
)

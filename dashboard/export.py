"""The progress table as a CSV file that Excel opens with its diacritics and without running anything in it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from dashboard.contexts import Counts, ProgressPage

_HEADER = (
    "Mã đơn vị",
    "Đơn vị",
    "Hiệu lực",
    "Kết quả trong danh mục",
    "Đã số hóa",
    "Đã ký số",
    "Đã lập dữ liệu",
    "Chờ rà soát",
    "Bị loại",
    "Bị từ chối",
    "Tỷ lệ số hóa (%)",
)


def progress_csv(page: ProgressPage) -> bytes:
    """The rows of ``page`` and their total, UTF-8 with BOM; shares with a decimal point, one digit."""
    stream = io.StringIO(newline="")
    rows = [
        _HEADER,
        *((it.unit_code, it.unit_name, it.validity, *_figures(it.counts)) for it in page.units),
        ("", "Tổng cộng", "", *_figures(page.total)),
    ]
    csv.writer(stream).writerows([_harmless(value) for value in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def _figures(it: Counts) -> Sequence[str | int]:
    percent = "" if it.percent is None else f"{it.percent:.1f}"
    return (
        it.inventory,
        it.digitized,
        it.signed,
        it.indexed,
        it.needs_review,
        it.quarantined,
        it.refused,
        percent,
    )


def _harmless(value: str | int) -> str | int:
    # A spreadsheet runs a text that begins so as a formula.
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value

"""Words and figures as people read them: Vietnamese, +07:00, 1.234 and 23,0 %. Knows no page and no database."""

from __future__ import annotations

import datetime as dt

from manifests.decisions import RescanCause, asked_again
from manifests.reasons import REASONS
from manifests.record_types import record_types
from manifests.text import QualityFlag
from warehouse.reference import HANOI
from warehouse.roles import Role
from warehouse.schema import BatchStatus, DocumentStatus

NOTHING = "–"
_NO_BREAK = "\u00a0"

TIERS = {
    "city": "Thành phố",
    "district": "Quận, huyện, thị xã",
    "ward": "Phường, xã, thị trấn",
    "unknown": "Chưa có trong danh mục đơn vị",
}

ROLES = {
    Role.STAFF: "Cán bộ",
    Role.WARD_LEAD: "Lãnh đạo phường, xã",
    Role.CITY_LEAD: "Lãnh đạo quận, thành phố",
    Role.ENGINEER: "Kỹ sư",
    Role.AUDITOR: "Kiểm tra",
}

BATCH_STATUS = {
    str(BatchStatus.RECEIVING): "Đang tiếp nhận",
    str(BatchStatus.PROCESSING): "Đang xử lý",
    str(BatchStatus.DONE): "Đã xong",
    str(BatchStatus.HALTED): "Bị dừng",
    str(BatchStatus.BLOCKED): "Bị chặn",
}

DOCUMENT_STATUS = {
    str(DocumentStatus.RECEIVED): "Đã tiếp nhận",
    str(DocumentStatus.PROCESSING): "Đang xử lý",
    str(DocumentStatus.DONE): "Đã xong",
    str(DocumentStatus.QUARANTINED): "Bị loại",
    str(DocumentStatus.REFUSED): "Bị từ chối",
}

CHANGES = {"added": "Thêm", "removed": "Bỏ", "changed": "Sửa"}
SEVERITIES = {"error": "Lỗi", "warning": "Cảnh báo"}
SEXES = {"male": "Nam", "female": "Nữ"}

FIGURES = {
    "received": "Đã tiếp nhận",
    "digitized": "Đã số hóa",
    "signed": "Đã ký số",
    "own_signed": "Có chữ ký số từ trước",
    "indexed": "Đã lập dữ liệu",
    "needs_review": "Chờ rà soát",
    "reconciled": "Đã đối soát",
    "quarantined": "Bị loại",
    "refused": "Bị từ chối",
    "in_progress": "Đang xử lý",
    "stopped": "Dừng lại",
    "filed": "Đã có tệp",
    "recorded": "Có trong kho dữ liệu",
}
"""Figures that count documents, as ``warehouse.behind`` lists them."""

EVENTS = {
    "ingestion": "Tiếp nhận",
    "capture": "Tách trang",
    "recognition": "Nhận dạng chữ",
    "normalization": "Tạo PDF/A",
    "digital signature generation": "Ký số",
    "digital signature renewal": "Gia hạn chứng cứ của chữ ký",
    "approval": "Duyệt ký",
    "metadata extraction": "Lập dữ liệu",
    "metadata modification": "Rà soát",
    "accession": "Nạp vào kho",
    "quarantine": "Loại ra",
    "fixity check": "Kiểm tra toàn vẹn",
}
"""PREMIS event types as people call them."""

STAGE_EVENTS = {
    "receive": "ingestion",
    "capture": "capture",
    "recognize": "recognition",
    "assemble": "normalization",
    "sign": "digital signature generation",
    "index": "metadata extraction",
    "load": "accession",
}
"""The event a stage leaves behind: its run in the ledger tells the same, and how long it took."""

RESCAN_CAUSES = {
    RescanCause.UNREADABLE: "chữ không đọc được",
    RescanCause.CUT_OFF: "mất chữ ở mép giấy",
    RescanCause.INCOMPLETE: "thiếu trang",
    RescanCause.WRONG_PAPER: "không phải giấy của hồ sơ này",
}
"""Why a reviewer sends a paper back to the scanner."""

_REVIEW = {
    "missing": "{}: không đọc được và cũng không được nhập",
    "unreadable": "{}: có chữ nhưng không rõ giá trị",
    "low_confidence": "{}: đọc chưa chắc chắn",
    "disagrees": "{}: các nguồn ghi khác nhau",
    "diacritics": "{}: bản đọc và bản nhập khác dấu",
    "year": "{}: ngày muộn hơn năm ghi trong manifest",
}


def count(value: int) -> str:
    """``1.234``."""
    return f"{value:,}".replace(",", ".")


def decimal(value: float) -> str:
    """``1.234,5``."""
    return f"{value:,.1f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def percent(value: float | None) -> str:
    """``23,0 %``; a dash when there is nothing to count against, and 100,0 % only when nothing is missing."""
    if value is None:
        return NOTHING
    shown = value if value >= 100 else min(value, 99.9)
    return f"{shown:.1f}".replace(".", ",") + f"{_NO_BREAK}%"


def beside(over: int, lapsed: int) -> str:
    """What of the digitized papers is no part of the share: ``5 hết hiệu lực, 2 ngoài danh mục``."""
    parts = [(lapsed, "hết hiệu lực"), (over, "ngoài danh mục")]
    return ", ".join(f"{count(number)} {what}" for number, what in parts if number)


def moment(value: dt.datetime | None) -> str:
    """``31/12/2025 23:59`` in Hanoi."""
    return value.astimezone(HANOI).strftime("%d/%m/%Y %H:%M") if value else NOTHING


def second(value: dt.datetime) -> str:
    """``31/12/2025 23:59:07`` in Hanoi."""
    return value.astimezone(HANOI).strftime("%d/%m/%Y %H:%M:%S")


def day(value: dt.date | None) -> str:
    """``31/12/2025``."""
    return value.strftime("%d/%m/%Y") if value else NOTHING


def iso_day(value: str | None) -> str:
    """``1998-03-05`` as ``05/03/1998``, ``1998-03`` as ``03/1998``; what is no such date as it is."""
    parts = (value or "").split("-")
    known = len(parts) in (1, 2, 3) and all(it.isdigit() for it in parts)
    return "/".join(reversed(parts)) if known else value or ""


def size(value: int) -> str:
    """``1,2 MB``, ``340 KB``."""
    return (
        f"{decimal(value / 1e6)}{_NO_BREAK}MB"
        if value >= 1e6
        else f"{count(max(1, round(value / 1e3)))}{_NO_BREAK}KB"
    )


def duration(seconds: float) -> str:
    """``2,4 giây``, ``3 phút 05 giây``, ``2 giờ 10 phút``."""
    if seconds < 60:
        return f"{seconds:.1f}".replace(".", ",") + f"{_NO_BREAK}giây"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} phút {rest:02d} giây"
    return f"{count(minutes // 60)} giờ {minutes % 60:02d} phút"


def validity(valid_from: dt.date | None, valid_to: dt.date | None) -> str:
    """When the unit bore its code: ``đến 30/06/2025``, ``từ 01/07/2025``; empty for always."""
    ends = (("từ", valid_from), ("đến", valid_to))
    return " ".join(f"{word} {day(value)}" for word, value in ends if value)


def record_type_name(code: str) -> str:
    """Name of a record type, or its code when nobody knows it."""
    known = record_types().get(code)
    return known.name if known else code


def review_reason(reason: str, record_type: str) -> str:
    """A ``<reason>:<field>`` of ``manifests.documents.Record.review_reasons`` in words; a new reason as it is."""
    code, _, subject = reason.partition(":")
    if asked := asked_again(reason):
        cause, page = asked
        return f"Chờ quét lại{f' trang {page}' if page else ''}: {RESCAN_CAUSES[cause]}"
    if code == "title":
        return f"Tiêu đề trên giấy là của loại “{record_type_name(subject)}”"
    if code not in _REVIEW:
        return reason
    return _REVIEW[code].format(_field_label(subject, record_type))


def rescan_reason(flag: str, dpi: float) -> str:
    """A code of ``QualityFlag`` or ``RescanCause`` in words; one a newer program wrote as it is."""
    if flag in tuple(RescanCause):
        return f"người rà soát yêu cầu: {RESCAN_CAUSES[RescanCause(flag)]}"
    if flag not in REASONS:
        return flag
    title = REASONS[flag].title
    words = f"{title[0].lower()}{title[1:]}"
    return f"{words} ({dpi:.0f} dpi)" if flag == QualityFlag.LOW_DPI and dpi else words


def sentence(text: str) -> str:
    """``text`` beginning with a capital letter."""
    return text[:1].upper() + text[1:]


def _field_label(name: str, record_type: str) -> str:
    known = record_types().get(record_type)
    labels = {field.name: field.label for field in known.fields} if known else {}
    return labels.get(name, name)

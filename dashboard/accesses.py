"""Nhật ký: who read which record, when, why and from where; for those who watch over it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.export import Table
from dashboard.purposes import ACTIONS, PURPOSES
from warehouse.access_log import AccessEntry, AccessFilter, Action, list_accesses
from warehouse.roles import Role

PAGE_SIZE = 100
LONGEST_FILE = 100_000
_CHUNK = 2000

BOXES = {
    "anything": "tìm chung",
    "name": "họ tên",
    "birth_date": "ngày sinh",
    "personal_id": "số định danh",
    "number": "số",
    "book": "quyển",
    "year": "năm",
    "unit_code": "đơn vị",
    "record_type": "loại",
    "text": "nội dung",
}
_DETAILS = {"review": "ở trang duyệt", "verdict": "kết luận về chữ ký"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLine:
    """One access; ``action`` and ``purpose`` in words, ``asked`` what a search looked for."""

    at: dt.datetime
    account_name: str
    full_name: str
    role: str
    machine: str | None
    address: str
    action: str
    document_key: str | None
    purpose: str
    reason: str
    detail: str
    asked: str
    hits: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessesPage:
    """``/nhat-ky``: the latest first; the offsets as in ``BatchesPage``."""

    filter: AccessFilter
    offset: int
    previous_offset: int | None
    next_offset: int | None
    entries: tuple[AccessLine, ...]


def accesses_page(engine: Any, wanted: AccessFilter, offset: int) -> AccessesPage:
    found = list_accesses(engine, wanted, limit=PAGE_SIZE + 1, offset=offset)
    return AccessesPage(
        filter=wanted,
        offset=offset,
        previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
        next_offset=offset + PAGE_SIZE if len(found) > PAGE_SIZE else None,
        entries=tuple(_line(it) for it in found[:PAGE_SIZE]),
    )


def accesses_table(engine: Any, wanted: AccessFilter) -> Table:
    """The whole log that fits, for a file; at most ``LONGEST_FILE`` lines."""
    header = ("Thời điểm", "Tài khoản", "Họ tên", "Vai trò", "Khóa máy", "Từ địa chỉ", "Thao tác", "Hồ sơ")
    return Table(
        name="nhat-ky-truy-cap",
        title="Nhật ký truy cập hồ sơ",
        header=(*header, "Mục đích", "Nội dung", "Chi tiết", "Điều kiện tìm", "Số kết quả"),
        rows=[
            (
                words.moment(it.at),
                it.account_name,
                it.full_name,
                it.role,
                it.machine,
                it.address,
                it.action,
                it.document_key,
                it.purpose,
                it.reason,
                it.detail,
                it.asked,
                it.hits,
            )
            for it in _all(engine, wanted)
        ],
    )


def _all(engine: Any, wanted: AccessFilter) -> Iterator[AccessLine]:
    for offset in range(0, LONGEST_FILE, _CHUNK):
        found = list_accesses(engine, wanted, limit=_CHUNK, offset=offset)
        yield from (_line(it) for it in found)
        if len(found) < _CHUNK:
            return


def _line(it: AccessEntry) -> AccessLine:
    return AccessLine(
        at=it.at,
        account_name=it.account_name,
        full_name=it.full_name,
        role=words.ROLES[Role(it.role)] if it.role in list(Role) else it.role,
        machine=it.token_label,
        address=it.address,
        action=dict(ACTIONS).get(it.action, it.action),  # type: ignore[call-overload]
        document_key=it.document_key,
        purpose=dict(PURPOSES).get(it.purpose, it.purpose),  # type: ignore[call-overload]
        reason=it.reason,
        detail=_detail_words(it),
        asked="; ".join(f"{BOXES.get(name, name)}: {value}" for name, value in (it.query or {}).items()),
        hits=it.hits,
    )


def _detail_words(it: AccessEntry) -> str:
    if it.detail in _DETAILS:
        return _DETAILS[it.detail]
    return f"SHA-256 {it.detail}…" if it.detail and it.action == Action.FILE else it.detail

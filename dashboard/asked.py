"""What an address asks for: query values read, checked, and refused with a sentence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from typing import Annotated, TypeVar

from fastapi import Path, Request
from starlette.exceptions import HTTPException

from manifests.record_types import record_types

BatchPart = Annotated[str, Path(max_length=300)]
_Page = TypeVar("_Page")


def text(request: Request, name: str) -> str | None:
    """A query value; an empty one, as a form sends it for "all", is none."""
    value = request.query_params.get(name, "").strip()
    if "\x00" in value or len(value) > 500:
        raise HTTPException(400, f"Giá trị của “{name}” không dùng được.")
    return value or None


def choice(request: Request, name: str, known: Container[str]) -> str | None:
    """A query value that stands in a list.

    Raises:
        HTTPException: 400 when it does not.
    """
    value = text(request, name)
    if value is not None and value not in known:
        raise HTTPException(400, f"Giá trị của “{name}” không có trong danh sách. Chọn lại từ trang tiến độ.")
    return value


def number(request: Request, name: str) -> int | None:
    """A query value that is a whole number of at most seven digits.

    Raises:
        HTTPException: 400 when it is not.
    """
    value = text(request, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 7):
        raise HTTPException(400, f"Giá trị của “{name}” phải là số nguyên không âm.")
    return int(value)


def date(request: Request, name: str) -> dt.date | None:
    """A query value that is a day (``2025-11-30``) or a month (``2025-11``: its last day).

    Raises:
        HTTPException: 400 when it is not.
    """
    value = text(request, name)
    if value is None:
        return None
    try:
        if len(value) == 7:
            first = dt.date.fromisoformat(f"{value}-01")
            return (first + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        return dt.date.fromisoformat(value)
    except (ValueError, OverflowError):
        raise HTTPException(400, f"Giá trị của “{name}” phải là ngày (2025-11-30) hoặc tháng (2025-11).") from None


def ending(request: Request) -> str | None:
    """``csv`` or ``xlsx`` when the address is one of a file."""
    tail = str(request.scope["route"].path).rpartition(".")[2]
    return tail if tail in ("csv", "xlsx") else None


def found(page: _Page | None) -> _Page:
    """``page``.

    Raises:
        HTTPException: 404 when there is none, or none within the scope of who is asking: nobody can tell which.
    """
    if page is None:
        raise HTTPException(404)
    return page


def named_types() -> list[tuple[str, str]]:
    """Record types as a form offers them."""
    return [(kind.code, kind.name) for kind in record_types().values()]

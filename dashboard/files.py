"""Stored files as answers: whole or in ranges (RFC 9110, section 14), known by their digest."""

from __future__ import annotations

import re
from urllib.parse import quote

from fastapi import Request, Response

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def file_answer(request: Request, data: bytes, *, sha256: str, media_type: str, name: str, inline: bool) -> Response:
    """The file, a part of it, or 304 when whoever asks has it already.

    Of several ranges in one request none is served: the whole file is, as RFC 9110 allows.
    """
    tag = f'"{sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"{'inline' if inline else 'attachment'}; filename*=UTF-8''{quote(name)}",
    }
    if matches(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    found = _RANGE.fullmatch(wanted.strip()) if wanted else None
    unchanged = request.headers.get("if-range") in (None, tag)
    if found is None or found.group(0) == "bytes=-" or not unchanged:
        return Response(data, media_type=media_type, headers=headers)
    bounds = _bounds(found[1], found[2], len(data))
    if bounds is None:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    first, last = bounds
    headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
    return Response(data[first : last + 1], 206, media_type=media_type, headers=headers)


def matches(sent: str | None, tag: str) -> bool:
    """Whether an ``If-None-Match`` names ``tag``."""
    if sent is None:
        return False
    return sent.strip() == "*" or tag in {it.strip().removeprefix("W/") for it in sent.split(",")}


def _bounds(first: str, last: str, size: int) -> tuple[int, int] | None:
    if len(first) > 18 or len(last) > 18:
        return None
    if not first:
        length = min(int(last), size)
        return (size - length, size - 1) if length else None
    start, end = int(first), min(int(last), size - 1) if last else size - 1
    if last and int(last) < start:
        return None
    return (start, end) if start < size else None

"""Tra cứu: what somebody asks and what is found, one frozen value for the page and for its JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from warehouse.access_log import KeptSearch
from warehouse.asked import LONGEST_QUERY
from warehouse.hits import Match, SearchHit, SearchPage, SearchQuery, Snippet

PAGE_SIZE = 20
TEXT_BOXES = ("anything", "name", "birth_date", "personal_id", "number", "book", "unit_code", "record_type", "text")

MATCHES = {
    Match.PERSONAL_ID: "đúng số định danh",
    Match.NUMBER: "đúng số",
    Match.NAME: "đúng họ tên",
    Match.SIMILAR_NAME: "họ tên gần giống",
    Match.TEXT: "có trong văn bản",
    Match.CONDITIONS: "đúng điều kiện",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HitLine:
    """One document that was found; ``match`` in words, ``snippet`` where its pages hold the words."""

    document_key: str
    document_id: str
    batch_key: str
    unit_code: str
    unit_name: str
    record_type: str
    record_type_name: str
    year: int
    number: str | None
    book: str | None
    names: tuple[str, ...]
    matched_name: str | None
    match: str
    match_words: str
    needs_review: bool
    snippet: Snippet | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """``/tra-cuu/{search}``; ``total`` is exact when ``complete``, else there are more."""

    search_id: str
    at: dt.datetime
    query: dict[str, Any]
    purpose: str
    offset: int
    previous_offset: int | None
    next_offset: int | None
    total: int
    complete: bool
    hits: tuple[HitLine, ...]


def query_of(sent: Mapping[str, str]) -> tuple[SearchQuery, dict[str, str]]:
    """A query from the boxes of a form, and what is wrong with them by box."""
    faults = {name: "Dài quá." for name in TEXT_BOXES if len(sent.get(name, "")) > LONGEST_QUERY}
    year = sent.get("year", "").strip()
    if year and not (year.isascii() and year.isdigit() and len(year) == 4):
        faults["year"] = "Ghi năm bằng bốn chữ số, ví dụ 1998."
        year = ""
    boxes = {name: sent.get(name, "") for name in TEXT_BOXES}
    query = SearchQuery(**boxes, year=int(year) if year else None).cut(LONGEST_QUERY)
    if query.empty and not faults:
        faults["anything"] = "Nhập ít nhất một điều kiện: họ tên, ngày sinh, số, quyển, năm hoặc nội dung."
    return query, faults


def asked_boxes(query: SearchQuery) -> dict[str, Any]:
    """The boxes that say something, as they are kept."""
    return {name: value for name, value in asdict(query).items() if value not in ("", None)}


def found_page(found: SearchPage, search_id: str, kept: KeptSearch) -> FoundPage:
    """What a search found."""
    offset, following = found.offset, found.offset + PAGE_SIZE
    return FoundPage(
        search_id=search_id,
        at=kept.at,
        query=dict(kept.query),
        purpose=str(kept.purpose),
        offset=offset,
        previous_offset=max(0, offset - PAGE_SIZE) if offset else None,
        next_offset=following if following < found.total else None,
        total=found.total,
        complete=found.complete,
        hits=tuple(hit_line(it) for it in found.hits),
    )


def hit_line(it: SearchHit) -> HitLine:
    document = it.document
    return HitLine(
        document_key=document.document_key,
        document_id=document.document_id,
        batch_key=document.batch_key,
        unit_code=document.unit_code,
        unit_name=it.unit_name,
        record_type=document.record_type,
        record_type_name=it.record_type_name,
        year=document.year,
        number=document.number,
        book=document.book,
        names=it.names,
        matched_name=it.matched_name,
        match=str(it.match),
        match_words=MATCHES[it.match],
        needs_review=document.record_status == "needs_review",
        snippet=it.snippet,
    )

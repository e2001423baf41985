"""What somebody typed into the search, read as conditions; what cannot be read as asked finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.hits import SearchQuery
from warehouse.names import fold_text, search_number, search_words
from warehouse.schema_search import search_entry

LONGEST_QUERY = 200
"""Letters of a box that are looked at; nobody types more."""
MOST_WORDS = 12

Phrases = tuple[tuple[str, ...], ...]
"""Words of a text search; those of one phrase stand next to each other."""

_DAY = re.compile(r"(?<![\w/.-])(\d{1,2})\s?[/.-]\s?(\d{1,2})\s?[/.-]\s?(\d{4})(?![\w/.-])")
_ISO_DAY = re.compile(r"(?<![\w/.-])(\d{4})-(\d{2})-(\d{2})(?![\w/.-])")
_MONTH = re.compile(r"(\d{1,2})[/.-](\d{4})")
_YEAR = re.compile(r"(?:19|20)\d\d")
_PERSONAL_ID = re.compile(r"\d{9}|\d{12}")
_PHRASES = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Asked:
    """Conditions on ``party``, on ``search_entry``, on unit and year, and the words of a text search.

    ``first`` orders documents before their unit and year do.
    """

    person: tuple[sa.ColumnElement[bool], ...]
    entry: tuple[sa.ColumnElement[bool], ...]
    words: Phrases
    unit_code: str
    year: int | None
    first: tuple[sa.ColumnElement[Any], ...] = ()


def readings(query: SearchQuery) -> Iterator[SearchQuery]:
    """What the one box may mean beside the other conditions, the surest meaning first."""
    typed = query.anything
    if not typed:
        yield query
        return
    rest = replace(query, anything="")
    words = search_words(typed)
    letters = " ".join(word for word in words if not word.isdigit())
    compact = "".join(words)
    day = _DAY.search(typed) or _ISO_DAY.search(typed)
    if not query.personal_id and _PERSONAL_ID.fullmatch(compact):
        yield replace(rest, personal_id=compact)
    if day and not (query.birth_date or query.name):
        yield replace(rest, birth_date=day[0], name=typed.replace(day[0], " "))
    elif letters and letters != " ".join(words) and not query.name:
        for year in sorted({word for word in words if _YEAR.fullmatch(word)}):
            if not query.birth_date:
                yield replace(rest, name=letters, birth_date=year)
            if query.year is None:
                yield replace(rest, name=letters, year=int(year))
    if not query.number and any(word.isdigit() for word in words):
        yield replace(rest, number=typed)
    if not query.name and letters == " ".join(words):
        yield replace(rest, name=typed)
    if not query.text:
        yield replace(rest, text=typed)


def asked_of(query: SearchQuery) -> Asked | None:
    """The conditions of a query without ``anything``; ``None`` when one of them fits nothing."""
    person: list[sa.ColumnElement[bool]] = []
    entry: list[sa.ColumnElement[bool]] = []
    first: list[sa.ColumnElement[Any]] = []
    if query.birth_date:
        born = _born(query.birth_date)
        if born is None:
            return None
        person.append(born)
    if query.personal_id:
        person.append(schema.party.c.personal_id == "".join(search_words(query.personal_id)))
    for typed, column in ((query.number, search_entry.c.number), (query.book, search_entry.c.book)):
        if typed:
            value = search_number(typed)
            # The value alone, or with a year or signs behind it: 45 and 45/1998.
            entry.append(sa.or_(column == value, sa.and_(column >= f"{value}/", column < f"{value}0")))
            first.append(sa.case((column == value, 0), else_=1))
            if not value:
                return None
    if query.record_type:
        entry.append(search_entry.c.record_type == query.record_type)
    words = phrases(query.text)
    if (query.text and not words) or (query.name and not search_words(query.name) and not person):
        return None
    return Asked(tuple(person), tuple(entry), words, query.unit_code, query.year, tuple(first))


def phrases(text: str) -> Phrases:
    """``"giấy khai sinh" Bạch`` → two phrases of folded words.

    >>> phrases('"Giấy khai sinh" Đào')
    (('giay', 'khai', 'sinh'), ('dao',))
    """
    found = [tuple(fold_text(it[1] or it[2] or "").split()) for it in _PHRASES.finditer(text)]
    return tuple(it[:MOST_WORDS] for it in found if it)[:MOST_WORDS]


def _born(typed: str) -> sa.ColumnElement[bool] | None:
    column, typed = schema.party.c.birth_date, typed.strip()
    day, iso, month = _DAY.fullmatch(typed), _ISO_DAY.fullmatch(typed), _MONTH.fullmatch(typed)
    if day or iso:
        date = f"{day[3]}-{int(day[2]):02}-{int(day[1]):02}" if day else typed
        # Of some people only the year or the month of birth was written down.
        return column.in_([date, date[:7], date[:4]])
    if month:
        after = int(month[1]) + 1
        return sa.and_(column >= f"{month[2]}-{after - 1:02}", column < f"{month[2]}-{after:02}")
    if typed.isascii() and len(typed) == 4 and typed.isdigit():
        return sa.and_(column >= typed, column < f"{int(typed) + 1:04}")
    return None

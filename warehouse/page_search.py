"""The full text: which runs of pages hold the words, the best first. FTS5 in SQLite, ``tsvector`` in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from warehouse.asked import Phrases
from warehouse.hits import MOST_HITS
from warehouse.schema_search import PAGES_OF_AN_ENTRY, page_words, search_entry

_RANKED = 4 * MOST_HITS
"""Runs that are compared; who finds more has to say more."""

_ROWID: sa.ColumnElement[int] = sa.literal_column("page_words.rowid", sa.Integer)


def has_words(connection: sa.Connection, phrases: Phrases) -> sa.ColumnElement[bool]:
    """Condition on ``search_entry``: its pages hold all of them."""
    return search_entry.c.id.in_(_matching(connection, phrases).with_only_columns(_entry_id(connection)))


def ranked_pages(
    connection: sa.Connection, phrases: Phrases, conditions: Sequence[sa.ColumnElement[bool]]
) -> list[str]:
    """Keys of the documents, that with the best run of pages first; words in their order before words anywhere."""
    found: dict[str, None] = {}
    together = (tuple(word for phrase in phrases for word in phrase),)
    for some in (together, phrases) if together != phrases else (phrases,):
        best = (
            _matching(connection, some)
            .with_only_columns(search_entry.c.document_key, _rank(connection, some).label("rank"))
            .join_from(page_words, search_entry, search_entry.c.id == _entry_id(connection))
            .where(*conditions)
            .limit(_RANKED)
            .subquery()
        )
        query = (
            sa.select(best.c.document_key)
            .group_by(best.c.document_key)
            .order_by(sa.func.min(best.c.rank), best.c.document_key)
        )
        found.update(dict.fromkeys(connection.execute(query).scalars()))
    return list(found)


def pages_with_words(connection: sa.Connection, document_keys: Sequence[str], words: Sequence[str]) -> dict[str, int]:
    """Of each document the first page of the run that holds all of ``words``."""
    phrases = tuple((word,) for word in dict.fromkeys(words))
    ids = {
        row.id: row.document_key
        for row in connection.execute(
            sa.select(search_entry.c.id, search_entry.c.document_key).where(
                search_entry.c.document_key.in_(document_keys)
            )
        )
    }
    found: dict[str, int] = {}
    if connection.dialect.name == "postgresql":
        both = _matching(connection, phrases).with_only_columns(page_words.c.entry_id, page_words.c.page_number)
        rows = connection.execute(both.where(page_words.c.entry_id.in_(list(ids))))
        places = sorted((entry, page) for entry, page in rows)
    else:
        places = []
        for entry in ids:
            own = _ROWID.between(entry * PAGES_OF_AN_ENTRY, (entry + 1) * PAGES_OF_AN_ENTRY - 1)
            query = _matching(connection, phrases).with_only_columns(_ROWID).where(own).limit(1)
            places += [divmod(it, PAGES_OF_AN_ENTRY) for it in connection.execute(query).scalars()]
    for entry, page in places:
        found.setdefault(ids[entry], page)
    return found


def _matching(connection: sa.Connection, phrases: Phrases) -> sa.Select[Any]:
    # The words hold letters and digits only, so neither language's signs can be among them.
    if connection.dialect.name == "postgresql":
        asked = sa.func.to_tsquery("simple", _tsquery(phrases), type_=postgresql.TSQUERY)
        return sa.select(sa.literal(1)).select_from(page_words).where(page_words.c.words.op("@@")(asked))
    text = " AND ".join('"{}"'.format(" ".join(phrase)) for phrase in phrases)
    return sa.select(sa.literal(1)).select_from(page_words).where(sa.column("page_words").op("MATCH")(text))


def _tsquery(phrases: Phrases) -> str:
    return " & ".join("({})".format(" <-> ".join(f"'{word}'" for word in phrase)) for phrase in phrases)


def _entry_id(connection: sa.Connection) -> sa.ColumnElement[int]:
    if connection.dialect.name == "postgresql":
        return page_words.c.entry_id
    return _ROWID.op("/")(PAGES_OF_AN_ENTRY)


def _rank(connection: sa.Connection, phrases: Phrases) -> sa.ColumnElement[float]:
    """Smaller is better."""
    if connection.dialect.name == "postgresql":
        asked = sa.func.to_tsquery("simple", _tsquery(phrases), type_=postgresql.TSQUERY)
        return -sa.func.ts_rank(page_words.c.words, asked, 1)
    return sa.func.bm25(sa.column("page_words"))

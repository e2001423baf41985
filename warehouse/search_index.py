"""What people are found by, written together with the facts it follows from, or anew from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.database import writing
from warehouse.merge import chunks, copy, insert_missing, insert_values, one_of
from warehouse.names import fold_text, search_name, search_number, spelled_name
from warehouse.schema_search import (
    PAGE_WORDS,
    PAGES_OF_A_RUN,
    PAGES_OF_AN_ENTRY,
    name_posting,
    name_word,
    search_entry,
)

LONGEST_RUN = 100_000
"""Letters of the pages that are searched as one, and of a page that are searched at all; PostgreSQL's words of a run
have to fit into 1 MB."""

_ENTRY = ("id", "document_key", "unit_code", "record_type", "year", "number", "book")
_REFILLED_AT_ONCE = 500
_PLACES = tuple(str(place) for place in range(1, 16_384))  # PostgreSQL knows no later ones
_LONGEST_LEXEME = 500  # letters; 2 kB in its longest spelling


@dataclass(frozen=True, slots=True)
class Entry:
    """What is searched of one document; ``names`` as in ``party.name_folded``, ``runs`` of ``folded_runs``."""

    document_key: str
    unit_code: str
    record_type: str
    year: int
    number: str | None
    book: str | None
    names: tuple[str, ...]
    runs: tuple[tuple[int, str], ...]


def add_entries(connection: sa.Connection, entries: Sequence[Entry]) -> None:
    """Make documents findable that have no entry; one that is replaced lost its entry with its record."""
    if not entries:
        return
    ids = _new_ids(connection, len(entries))
    rows = [
        (
            number,
            it.document_key,
            it.unit_code,
            it.record_type,
            it.year,
            search_number(it.number or ""),
            search_number(it.book or ""),
        )
        for number, it in zip(ids, entries, strict=True)
    ]
    insert_values(connection, search_entry, _ENTRY, rows)
    add_names(connection, {name for it in entries for name in it.names if name})
    words = [(number, *run) for number, it in zip(ids, entries, strict=True) for run in it.runs]
    if words:
        _add_words(connection, words)


def add_names(connection: sa.Connection, names: set[str]) -> None:
    """Make names findable by each of their words, and the words by what is left of them after a slip."""
    postings = {(word, name) for name in names - _known_names(connection, names) for word in name.split()}
    words = sorted({word for word, _ in postings})
    known: set[str] = set()
    for some in chunks(words):
        query = sa.select(name_word.c.word).where(
            one_of(connection, name_word.c.variant, some), name_word.c.word == name_word.c.variant
        )
        known.update(connection.execute(query).scalars())
    # Sorted: two loaders that add the same words wait for each other, but never in a ring.
    new = sorted((variant, word) for word in words if word not in known for variant in variants(word))
    insert_missing(connection, name_word, [{"variant": variant, "word": word} for variant, word in new])
    insert_missing(connection, name_posting, [{"word": word, "name": name} for word, name in sorted(postings)])


def _known_names(connection: sa.Connection, names: set[str]) -> set[str]:
    """Names that are findable already: all words of a name are added together, so one of them tells.

    Most people are called like somebody else. SQLite finds that out as quickly by adding.
    """
    if connection.dialect.name != "postgresql" or not names:
        return set()
    query = (
        "SELECT name FROM name_posting JOIN unnest(CAST(%s AS TEXT[]), CAST(%s AS TEXT[])) AS new (word, name)"
        " USING (word, name)"
    )
    sought = sorted((name.split()[0], name) for name in names)
    return set(connection.exec_driver_sql(query, tuple(map(list, zip(*sought, strict=True)))).scalars())


def folded_runs(pages: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Pages, number and text, in runs that are searched as one: the number of the first and the folded text.

    Most documents are one run: their pages share most of their words, so the index is half as big as page by page.
    """
    first, run, letters = 0, list[str](), 0
    for number, text in pages:
        folded = fold_text(text[:LONGEST_RUN])
        if run and (letters + len(folded) > LONGEST_RUN or number - first >= PAGES_OF_A_RUN):
            yield first, " ".join(run)
            run, letters = [], 0
        if not run:
            first = number
        run.append(folded)
        letters += len(folded)
    if letters:
        yield first, " ".join(run)


def refill_search(engine: sa.Engine) -> int:
    """Make everything people are found by anew from the facts; how many documents there are."""
    with writing(engine) as connection:
        return refill(connection)


def refill(connection: sa.Connection) -> int:
    """The same within a transaction; a migration that adds the tables fills them with it."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("DROP TABLE page_words")
        for statement in PAGE_WORDS["sqlite"]:
            connection.exec_driver_sql(statement)
    for table in (search_entry, name_posting, name_word):
        connection.execute(sa.delete(table))
    _refold_parties(connection)
    done, last = 0, ""
    while True:
        entries = _entries_after(connection, last)
        if not entries:
            return done
        add_entries(connection, entries)
        done += len(entries)
        last = entries[-1].document_key


def variants(word: str) -> set[str]:
    """The word and what is left of it without one letter: words that share a variant are one or two slips apart.

    >>> sorted(variants("dao"))
    ['ao', 'da', 'dao', 'do']
    """
    return {word} | {word[:at] + word[at + 1 :] for at in range(len(word)) if len(word) > 1}


def _new_ids(connection: sa.Connection, count: int) -> list[int]:
    if connection.dialect.name == "postgresql":
        sequence = "SELECT nextval(pg_get_serial_sequence('search_entry', 'id')) FROM generate_series(1, %s)"
        return [row[0] for row in connection.exec_driver_sql(sequence, (count,))]
    last = connection.exec_driver_sql("SELECT seq FROM sqlite_sequence WHERE name = 'search_entry'").scalar() or 0
    return list(range(last + 1, last + count + 1))


def _add_words(connection: sa.Connection, runs: Sequence[tuple[int, int, str]]) -> None:
    if connection.dialect.name == "postgresql":
        # Its own parser takes twice as long to find the words we know already.
        rows = ((entry, page, _vector(words)) for entry, page, words in runs)
        copy(connection, "page_words (entry_id, page_number, words)", rows)
    else:
        connection.exec_driver_sql(
            "INSERT INTO page_words (rowid, words) VALUES (?, ?)",
            [(entry * PAGES_OF_AN_ENTRY + page, words) for entry, page, words in runs],
        )


def _vector(text: str) -> str:
    """Folded text as PostgreSQL writes a ``tsvector``: each word with its places."""
    places: dict[str, str] = {}
    known = places.get
    for word, place in zip(text.split(), chain(_PLACES, repeat(_PLACES[-1])), strict=False):
        before = known(word)
        places[word] = place if before is None else f"{before},{place}"
    return " ".join([f"{word[:_LONGEST_LEXEME]}:{where}" for word, where in places.items()])


def _entries_after(connection: sa.Connection, last: str) -> list[Entry]:
    document, record, party, page = (it.c for it in (schema.document, schema.record, schema.party, schema.page))
    found = connection.execute(
        sa.select(
            document.document_key, document.unit_code, document.record_type, document.year, record.number, record.book
        )
        .join_from(schema.document, schema.record)
        .where(document.document_key > last)
        .order_by(document.document_key)
        .limit(_REFILLED_AT_ONCE)
    ).all()
    keys = [row.document_key for row in found]
    names = _grouped(
        connection.execute(
            sa.select(party.document_key, party.name_folded)
            .where(party.document_key.in_(keys))
            .order_by(party.document_key, party.position)
        )
    )
    pages = _grouped(
        connection.execute(
            sa.select(page.document_key, page.page_number, page.text)
            .where(page.document_key.in_(keys))
            .order_by(page.document_key, page.page_number)
        )
    )
    return [
        Entry(
            *row,
            names=tuple(name for (name,) in names.get(row.document_key, [])),
            runs=tuple(folded_runs((number, text) for number, text in pages.get(row.document_key, []))),
        )
        for row in found
    ]


def _grouped(rows: Iterable[Any]) -> dict[str, list[tuple[Any, ...]]]:
    return {key: [tuple(row[1:]) for row in some] for key, some in groupby(rows, attrgetter("document_key"))}


def _refold_parties(connection: sa.Connection) -> None:
    party, document = schema.party, schema.document
    for some in _parties(connection):
        connection.execute(
            sa.update(party)
            .where(party.c.document_key == sa.bindparam("key"), party.c.position == sa.bindparam("at"))
            .values(name_folded=sa.bindparam("folded"), name_spelled=sa.bindparam("spelled")),
            [
                {"key": key, "at": at, "folded": search_name(name), "spelled": spelled_name(name)}
                for key, at, name in some
            ],
        )
    for name in ("unit_code", "year"):
        theirs = sa.select(document.c[name]).where(document.c.document_key == party.c.document_key).scalar_subquery()
        connection.execute(sa.update(party).values({name: theirs}))


def _parties(connection: sa.Connection) -> Iterator[Sequence[Any]]:
    party = schema.party.c
    last: tuple[str, int] = ("", -1)
    while True:
        rows = connection.execute(
            sa.select(party.document_key, party.position, party.name)
            .where(sa.tuple_(party.document_key, party.position) > last)
            .order_by(party.document_key, party.position)
            .limit(_REFILLED_AT_ONCE)
        ).all()
        if not rows:
            return
        yield rows
        last = (rows[-1].document_key, rows[-1].position)

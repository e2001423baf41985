"""Tables people are found by. All of them follow from the facts; ``warehouse.load`` writes both together.

A name is searched in three small steps instead of one big one: typed word → words that are spelled (nearly) so
(``name_word``) → whole names that hold them (``name_posting``) → documents (the index of ``party``). There are far
fewer names than people, so the first two steps hardly grow with the city, and the last is one walk along an index.
No extension is needed, and SQLite and PostgreSQL do the same.

The full text is kept where each database is at its best (``PAGE_WORDS``): FTS5 without content in SQLite, a
``tsvector`` with a GIN index in PostgreSQL. Both hold folded words only; the text itself is in ``page``.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from warehouse.schema import _row_id, metadata


def _bytewise() -> sa.types.TypeEngine[str]:
    # In the order of its bytes: ranges then mean the same in every locale.
    return sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


search_entry = sa.Table(
    "search_entry",
    metadata,
    sa.Column("id", _row_id(), primary_key=True, comment="never given twice: full text is kept under it"),
    sa.Column(
        "document_key",
        sa.Text,
        sa.ForeignKey("record.document_key", ondelete="CASCADE"),
        nullable=False,
        unique=True,
    ),
    sa.Column("unit_code", sa.Text, nullable=False, comment="as in document, like record_type and year"),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", _bytewise(), nullable=False, comment="warehouse.names.search_number; empty without one"),
    sa.Column("book", _bytewise(), nullable=False),
    sa.Index(None, "number", "unit_code", "year"),
    sa.Index(None, "unit_code", "year", "record_type"),
    sqlite_autoincrement=True,
)

name_word = sa.Table(
    "name_word",
    metadata,
    sa.Column("variant", _bytewise(), primary_key=True, comment="the word, or the word without one letter"),
    sa.Column("word", _bytewise(), primary_key=True),
)

name_posting = sa.Table(
    "name_posting",
    metadata,
    sa.Column("word", _bytewise(), primary_key=True),
    sa.Column("name", _bytewise(), primary_key=True, comment="a party.name_folded that holds the word"),
)

PAGE_WORDS = {
    "sqlite": (
        """CREATE VIRTUAL TABLE IF NOT EXISTS page_words
        USING fts5(words, content='', tokenize="unicode61 remove_diacritics 0")""",
    ),
    "postgresql": (
        """CREATE TABLE IF NOT EXISTS page_words (
            entry_id bigint NOT NULL REFERENCES search_entry (id) ON DELETE CASCADE,
            page_number integer NOT NULL,
            words tsvector NOT NULL,
            PRIMARY KEY (entry_id, page_number)
        )""",
        "CREATE INDEX IF NOT EXISTS ix_page_words_words ON page_words USING gin (words)",
    ),
}
"""Statements that make the full text, by dialect.

A row is a run of pages of one entry, ``page_number`` the first of them; in SQLite the rowid is
``id * PAGES_OF_AN_ENTRY + page_number``.
"""

PAGES_OF_AN_ENTRY = 1 << 20
PAGES_OF_A_RUN = 200

for _dialect, _statements in PAGE_WORDS.items():
    for _statement in _statements:
        sa.event.listen(metadata, "after_create", sa.DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

page_words = sa.table(
    "page_words",
    sa.column("entry_id", sa.BigInteger),
    sa.column("page_number", sa.Integer),
    sa.column("words", postgresql.TSVECTOR),
)
"""The full text as PostgreSQL sees it; outside the metadata, because the two databases share nothing but its name."""

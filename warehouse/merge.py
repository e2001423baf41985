"""The statements SQLite and PostgreSQL spell alike but SQLAlchemy keeps apart: inserts that meet existing rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = dict[str, Any]

CHUNK = 500
"""Rows or keys in one statement; below SQLite's oldest limit of 999 bound values for a list of keys."""


def chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """``keys`` in runs of at most ``CHUNK``."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert ``rows``; all have the same keys. Nothing happens for none."""
    if rows:
        connection.execute(sa.insert(table), [_storable(row) for row in rows])


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert those of ``rows`` whose primary key is not there yet; the others stay as they are."""
    if rows:
        connection.execute(_insert(connection, table).on_conflict_do_nothing(), [_storable(row) for row in rows])


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, update: Sequence[str]) -> None:
    """Insert ``rows``; where the primary key is there already, overwrite the columns named in ``update``."""
    if not rows:
        return
    statement = _insert(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={name: statement.excluded[name] for name in update},
    )
    connection.execute(statement, [_storable(row) for row in rows])


def hold(connection: sa.Connection, name: str) -> None:
    """Let only one transaction at a time past this point, until it ends. On SQLite every writer already is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    # Any: the two Insert classes share their methods but no base that has them.
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def _storable(row: Row) -> Row:
    # PostgreSQL refuses U+0000 in text; a broken text layer may hold it.
    return {
        name: value.replace("\x00", "\ufffd") if isinstance(value, str) and "\x00" in value else value
        for name, value in row.items()
    }

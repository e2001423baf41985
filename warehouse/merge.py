"""Writing many rows at once, and inserts that meet existing rows: what SQLite and PostgreSQL spell differently.

SQLAlchemy prepares every row of a big insert on its own; here a column is prepared at a time, and PostgreSQL gets the
rows as ``COPY`` or as one array for each column. The values are those SQLAlchemy's types would have stored.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from warehouse.database import warehouse_error

Row = dict[str, Any]
Values = tuple[Any, ...]

CHUNK = 500
"""Rows or keys in one statement; below SQLite's oldest limit of 999 bound values for a list of keys."""


_SPELLED_ALIKE = {type(None), str, int, bool, dt.datetime, dt.date}
"""Types of which both sides understand what Python's ``str`` gives."""


def chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    """``keys`` in runs of at most ``CHUNK``."""
    for start in range(0, len(keys), CHUNK):
        yield keys[start : start + CHUNK]


def one_of(connection: sa.Connection, column: sa.ColumnElement[str], keys: Sequence[str]) -> sa.ColumnElement[bool]:
    """``column`` is one of ``keys``, of which SQLite takes ``CHUNK``.

    PostgreSQL gets them as one value: hundreds take longer to be read and planned than to be looked up.
    """
    if connection.dialect.name != "postgresql":
        return column.in_(keys)
    return column == sa.any_(sa.literal(list(keys), postgresql.ARRAY(sa.Text)))


def insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert ``rows``; all have the same keys. Nothing happens for none."""
    if rows:
        names = tuple(rows[0])
        insert_values(connection, table, names, [tuple(row[name] for name in names) for row in rows])


def insert_values(connection: sa.Connection, table: sa.Table, names: tuple[str, ...], rows: Sequence[Values]) -> None:
    """Insert ``rows``, each the values of the columns ``names`` in their order. Nothing happens for none."""
    if not rows:
        return
    columns = _columns(connection, table, names, rows)
    if connection.dialect.name == "postgresql":
        copy(connection, _target(connection, table, names), zip(*columns, strict=True))
    else:
        _insert_rows(connection, table, names, columns, "")


def insert_missing(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Insert those of ``rows`` whose primary key is not there yet; the others stay as they are."""
    if rows:
        names = tuple(rows[0])
        values = [tuple(row[name] for name in names) for row in rows]
        _insert_rows(connection, table, names, _columns(connection, table, names, values), "ON CONFLICT DO NOTHING")


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, update: Sequence[str]) -> None:
    """Insert ``rows``; where the primary key is there already, overwrite the columns named in ``update``.

    A row that says the same already is not written again.
    """
    if not rows:
        return
    names = tuple(rows[0])
    values = [tuple(row[name] for name in names) for row in rows]
    quote = connection.dialect.identifier_preparer.quote
    own = quote(table.name)
    key = ", ".join(quote(column.name) for column in table.primary_key.columns)
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in update)
    differs = "IS DISTINCT FROM" if connection.dialect.name == "postgresql" else "IS NOT"
    differing = " OR ".join(f"{own}.{quote(name)} {differs} excluded.{quote(name)}" for name in update)
    conflict = f"ON CONFLICT ({key}) DO UPDATE SET {changes} WHERE {differing}"
    _insert_rows(connection, table, names, _columns(connection, table, names, values), conflict)


def hold(connection: sa.Connection, name: str) -> None:
    """Let only one transaction at a time past this point, until it ends. On SQLite every writer already is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))


def _insert_rows(
    connection: sa.Connection, table: sa.Table, names: tuple[str, ...], columns: list[list[Any]], conflict: str
) -> None:
    # Table and column names come from the schema, never from data.
    into = f"INSERT INTO {_target(connection, table, names)}"
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"CAST(%s AS {_plain_type(connection.dialect, table, name)}[])" for name in names)
        statement = f"{into} SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608
        connection.exec_driver_sql(statement, tuple(map(_array, columns)))
    else:
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"{into} VALUES ({marks}) {conflict}", list(zip(*columns, strict=True)))


def _array(values: list[Any]) -> str | list[Any]:
    """Values as PostgreSQL writes an array; the driver, who looks closer at each, takes ten times as long."""
    if not {*map(type, values)} <= _SPELLED_ALIKE:
        return values
    texts = ["NULL" if value is None else f'"{value}"' for value in values]
    array = f"{{{','.join(texts)}}}"
    # Nothing in it has to be escaped, or it is left to the driver.
    plain = "\\" not in array and array.count('"') == 2 * (len(values) - values.count(None))
    return array if plain else values


def copy(connection: sa.Connection, target: str, rows: Iterable[Values]) -> None:
    """PostgreSQL's quickest way in; ``target`` is a table and its columns, never data.

    Raises:
        DatabaseUnavailableError: As for any other statement.
    """
    import psycopg

    statement = f"COPY {target} FROM STDIN"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as sink:
            for row in rows:
                sink.write_row(row)
    except psycopg.Error as error:
        wrapped = sa.exc.DBAPIError.instance(
            statement, None, error, psycopg.Error, hide_parameters=True, dialect=connection.dialect
        )
        raise warehouse_error(connection.engine, error, wrapped) or wrapped from error


def _columns(
    connection: sa.Connection, table: sa.Table, names: tuple[str, ...], rows: Sequence[Values]
) -> list[list[Any]]:
    """The values as the driver takes them, a list for each column."""
    return [
        encode(values)
        for encode, values in zip(_encoders(connection.dialect, table, names), zip(*rows, strict=True), strict=True)
    ]


@lru_cache(maxsize=256)
def _encoders(
    dialect: sa.Dialect, table: sa.Table, names: tuple[str, ...]
) -> tuple[Callable[[Values], list[Any]], ...]:
    return tuple(_encoder(table.c[name].type, dialect) for name in names)


def _encoder(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Callable[[Values], list[Any]]:
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    if process is not None:
        return lambda values: [process(value) for value in values]
    if isinstance(kind, sa.Text | sa.String):
        return _storable
    return list


def _storable(values: Values) -> list[Any]:
    # PostgreSQL refuses U+0000 in text; a broken text layer may hold it.
    return [value.replace("\x00", "\ufffd") if value and "\x00" in value else value for value in values]


@lru_cache(maxsize=256)
def _plain_type(dialect: sa.Dialect, table: sa.Table, name: str) -> str:
    return table.c[name].type.compile(dialect).partition(" COLLATE ")[0]


def _target(connection: sa.Connection, table: sa.Table, names: tuple[str, ...]) -> str:
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(table.name)} ({', '.join(quote(name) for name in names)})"

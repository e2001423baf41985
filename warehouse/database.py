"""Opening the database behind ledger and warehouse, its transactions and its migrations.

Two real implementations stand behind one URL: a SQLite file and PostgreSQL (psycopg 3). Everything above this module
is written once for both. An engine must not be carried over a fork: open one in each process.
"""

from __future__ import annotations

import math
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import tenacity

from warehouse.errors import (
    DatabaseSchemaError,
    DatabaseUnavailableError,
    DatabaseUrlError,
    QueryTooBroadError,
    WarehouseError,
)
from warehouse.migrations import HEAD

SQLITE_BUSY_SECONDS = 30
"""How long a writer waits for another one before it gives up."""

_USED, _SURE = "sohoa_used", 1.0  # seconds after its last use that a connection is taken for alive
_LOOK_AGAIN = 0.003  # seconds between two looks whether SQLite's write lock is free
_BEGIN = "sqlite_begin"
_STEPS = 20_000  # of SQLite's machine between two looks at the clock, some milliseconds
_QUERY_CANCELED = "57014"
_MIGRATION_LOCK = 7_268_616  # any fixed number: the key of PostgreSQL's advisory lock
_one_migration_per_process = threading.Lock()  # Alembic keeps its context in module globals

_SQLITE_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def open_database(url: str) -> sa.Engine:
    """An engine for ``url``; nothing is connected yet, and tables are made by ``migrate``.

    Args:
        url: ``sqlite:///relative.db``, ``sqlite:////absolute.db`` (the folder is made), or
            ``postgresql://user:password@host/name``, which is served by psycopg 3.

    Raises:
        DatabaseUrlError: The URL cannot be read or names another kind of database.
    """
    try:
        parsed = sa.engine.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise DatabaseUrlError("database URL", "cannot be read") from error
    backend = parsed.get_backend_name()
    if backend == "sqlite" and parsed.drivername in {"sqlite", "sqlite+pysqlite"}:
        engine = _open_sqlite(parsed)
    elif backend in {"postgresql", "postgres"}:
        engine = sa.create_engine(parsed.set(drivername="postgresql+psycopg"), hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare_postgres)
        sa.event.listen(engine, "checkin", _put_back)
        sa.event.listen(engine, "checkout", _make_sure)
    else:
        raise DatabaseUrlError(parsed.render_as_string(), f"{parsed.drivername} is not supported")
    sa.event.listen(engine, "handle_error", _translate)
    return engine


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection that sees one unchanging state and cannot hold up a writer; its work is never committed."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            yield connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        else:
            yield connection.execution_options(**{_BEGIN: "BEGIN DEFERRED"})


@contextmanager
def glancing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """As ``reading``, for a single statement: PostgreSQL is asked once, and neither begins nor ends anything."""
    if engine.dialect.name != "postgresql":
        with reading(engine) as connection:
            yield connection
        return
    with engine.connect() as connection:
        yield connection.execution_options(isolation_level="AUTOCOMMIT")


@contextmanager
def limited(connection: sa.Connection, seconds: float) -> Iterator[None]:
    """Give up a statement that takes longer, or on SQLite the first one that does not end in time.

    Raises:
        QueryTooBroadError: It took longer.
    """
    if connection.dialect.name == "postgresql":
        milliseconds = max(1, round(seconds * 1000))
        # Who is asked for is told within milliseconds; so long do workers that would help take to begin.
        settings = {"statement_timeout": str(milliseconds), "max_parallel_workers_per_gather": "0"}
        connection.execute(sa.select(*(sa.func.set_config(name, value, True) for name, value in settings.items())))
        yield
        return
    driver: Any = connection.connection.driver_connection
    end = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        yield
    finally:
        driver.set_progress_handler(None, 0)


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction: committed at the end, rolled back on any error.

    The same as ``engine.begin()``; on SQLite it takes the only write lock at its start, so that a transaction that
    reads first can never fail half way because somebody else wrote meanwhile. Keep it short.
    """
    with engine.begin() as connection:
        yield connection


def migrate(engine: sa.Engine) -> None:
    """Bring the tables to the newest shape; at once when they are. Several processes may call it together.

    Raises:
        DatabaseSchemaError: The database was made by a newer program.
        DatabaseUnavailableError: It does not answer.
    """
    with reading(engine) as connection:
        if _revision(connection) == HEAD:
            return
    with _one_migration_per_process, writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        # Another process may have done it while this one waited for the lock.
        if _revision(connection) != HEAD:
            _upgrade(connection)


def _upgrade(connection: sa.Connection) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        raise DatabaseSchemaError(
            _shown(connection.engine), str(error), "install the newest version of sohoa, then try again"
        ) from error


def alembic_config(connection: sa.Connection) -> Any:
    """The ``alembic.config.Config`` of the packaged migrations, bound to ``connection``."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return revision


def _open_sqlite(url: sa.URL) -> sa.Engine:
    if url.database and url.database != ":memory:" and not url.database.startswith("file:"):
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUrlError(str(url), f"its folder cannot be made ({error.strerror})") from error
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS}, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgres(connection: Any, _record: object) -> None:
    # Our questions have many columns and few rows: compiling them to machine code takes longer than answering.
    connection.execute("SET jit = off")
    connection.commit()


def _put_back(connection: Any, record: sa.pool.ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _make_sure(connection: Any, record: sa.pool.ConnectionPoolEntry, fairy: sa.pool.PoolProxiedConnection) -> None:
    # A connection that rested may have ended meanwhile. One that answered just now need not be asked each time.
    if time.monotonic() - record.info.get(_USED, math.inf) < _SURE:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as error:
        raise sa.exc.InvalidatePoolError from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")
    _switch_to_wal(connection)


@tenacity.retry(
    retry=tenacity.retry_if_exception_type(sqlite3.OperationalError),
    wait=tenacity.wait_random(0.01, 0.1),
    stop=tenacity.stop_after_delay(SQLITE_BUSY_SECONDS),
    reraise=True,
)
def _switch_to_wal(connection: sqlite3.Connection) -> None:
    # SQLite's own busy timeout does not cover this switch when several processes make the file at once.
    if connection.execute("PRAGMA journal_mode").fetchone()[0] not in {"wal", "memory"}:
        connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    statement = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    if statement == "BEGIN IMMEDIATE":
        _take_write_lock(connection, statement)
    else:
        connection.exec_driver_sql(statement)


def _take_write_lock(connection: sa.Connection, statement: str) -> None:
    # SQLite itself looks for the lock ten times a second: who waits for a loader that writes one batch after the
    # other would hardly ever find it free. We look more often; waiting costs nothing else.
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + SQLITE_BUSY_SECONDS
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
            time.sleep(_LOOK_AGAIN)
        connection.exec_driver_sql(statement)  # tells in the warehouse's words why it cannot be had
    finally:
        driver.execute(f"PRAGMA busy_timeout = {1000 * SQLITE_BUSY_SECONDS}")


def _translate(context: sa.engine.ExceptionContext) -> None:
    """Turn the drivers' many errors into the two a caller can act on; errors of statements stay as they are."""
    if context.is_pre_ping or context.original_exception is None:
        return
    error = warehouse_error(context.engine, context.original_exception, context.sqlalchemy_exception)
    if error is not None:
        raise error from context.original_exception


def warehouse_error(
    engine: sa.Engine | None, original: BaseException, wrapped: BaseException | None
) -> WarehouseError | None:
    """What a driver's error means for the caller; ``None`` when the statement or its values are at fault.

    Args:
        engine: Where it happened.
        original: What the driver raised.
        wrapped: What SQLAlchemy makes of it, where it does.
    """
    url = _shown(engine)
    detail = (str(original).strip() or type(original).__name__).splitlines()[0]
    if _means_missing_table(original):
        return DatabaseSchemaError(url, detail, "run the migrations (warehouse.database.migrate)")
    if getattr(original, "sqlstate", None) == _QUERY_CANCELED:
        return QueryTooBroadError(detail)
    if isinstance(original, sqlite3.Error):
        number = getattr(original, "sqlite_errorcode", 0) & 0xFF
        if number in {sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT}:
            action = "restore the file from its backup, or rebuild it from the store with 'sohoa rebuild'"
            return DatabaseSchemaError(url, detail, action)
        if number == sqlite3.SQLITE_INTERRUPT:
            return QueryTooBroadError(detail)
        if number in _SQLITE_PASSING:
            return DatabaseUnavailableError(url, detail)
    elif isinstance(wrapped, sa.exc.OperationalError | sa.exc.InterfaceError):
        return DatabaseUnavailableError(url, detail)
    return None


def _means_missing_table(error: BaseException) -> bool:
    return getattr(error, "sqlstate", None) == "42P01" or (
        isinstance(error, sqlite3.OperationalError) and str(error).startswith("no such table")
    )


def _shown(engine: sa.Engine | None) -> str:
    return engine.url.render_as_string() if engine is not None else "database"

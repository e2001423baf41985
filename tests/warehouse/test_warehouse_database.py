"""Opening, migrating and failing: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime as dt
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from manifests.reasons import REASONS
from warehouse import schema
from warehouse.database import glancing, migrate, open_database, reading, writing
from warehouse.errors import (
    DatabaseSchemaError,
    DatabaseUnavailableError,
    DatabaseUrlError,
    MonthError,
    WarehouseError,
)
from warehouse.migrations import HEAD


def _version_rows(engine: sa.Engine) -> list[str]:
    with reading(engine) as connection:
        return list(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars())


def test_the_migrations_make_exactly_the_tables_of_the_schema(engine: sa.Engine) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with reading(engine) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_server_default": True,
                "target_metadata": schema.metadata,
                # the full text is each database's own; searches prove that it is there
                "include_name": lambda name, kind, parents: not (kind == "table" and name.startswith("page_words")),
            },
        )
        assert compare_metadata(context, schema.metadata) == []


def test_migrating_again_changes_nothing(engine: sa.Engine) -> None:
    migrate(engine)
    assert _version_rows(engine) == [HEAD]


def test_the_fast_path_knows_the_newest_revision() -> None:
    from alembic.script import ScriptDirectory

    folder = Path(sys.modules["warehouse.migrations"].__file__ or "").parent
    assert ScriptDirectory(str(folder)).get_current_head() == HEAD


def test_several_processes_may_migrate_at_once(database_url: str) -> None:
    program = (
        "import sys; from warehouse.database import migrate, open_database;"
        "from warehouse.reference import load_reference;"
        "engine = open_database(sys.argv[1]); migrate(engine); load_reference(engine)"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, database_url], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [(process.communicate()[1], process.returncode) for process in running] == [("", 0)] * 3
    engine = open_database(database_url)
    assert _version_rows(engine) == [HEAD]
    with reading(engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.record_type)).scalar_one() > 0
    engine.dispose()


def test_a_database_of_a_newer_program_is_not_touched(database_url: str) -> None:
    engine = open_database(database_url)
    migrate(engine)
    with writing(engine) as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseSchemaError, match="newest version"):
        migrate(engine)
    engine.dispose()


def test_a_database_without_tables_says_so(database_url: str) -> None:
    engine = open_database(database_url)
    with pytest.raises(DatabaseSchemaError, match="run the migrations"), reading(engine) as connection:
        connection.execute(sa.select(schema.batch))
    engine.dispose()


def test_moments_come_back_aware_and_naive_ones_are_refused(engine: sa.Engine) -> None:
    hanoi = dt.datetime(2025, 9, 1, 7, 30, 15, 123456, tzinfo=dt.timezone(dt.timedelta(hours=7)))
    row = {"batch_key": "u/b", "unit_code": "u", "batch_id": "b", "status": schema.BatchStatus.DONE}
    with writing(engine) as connection:
        connection.execute(sa.insert(schema.batch).values(**row, first_seen_at=hanoi))
    with reading(engine) as connection:
        read = connection.execute(sa.select(schema.batch.c.first_seen_at, schema.batch.c.status)).one()
    assert read.first_seen_at == hanoi
    assert read.first_seen_at.utcoffset() == dt.timedelta(0)
    assert read.status is schema.BatchStatus.DONE
    with pytest.raises(sa.exc.StatementError, match="has no time zone"), writing(engine) as connection:
        connection.execute(sa.update(schema.batch).values(first_seen_at=dt.datetime(2025, 9, 1)))  # noqa: DTZ001


def test_a_row_without_its_parent_is_refused(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.IntegrityError), writing(engine) as connection:
        connection.execute(sa.insert(schema.fault).values(batch_key="no/such", code="x", severity="error", detail=""))


def test_a_failed_transaction_leaves_nothing(engine: sa.Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(engine) as connection:
        connection.execute(sa.delete(schema.record_type))
        _ = 1 / 0
    with reading(engine) as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.record_type)).scalar_one() > 0


def test_a_reader_sees_one_state_and_holds_up_no_writer(engine: sa.Engine) -> None:
    count = sa.select(sa.func.count()).select_from(schema.record_type)
    with reading(engine) as reader:
        before = reader.execute(count).scalar_one()
        with writing(engine) as writer:
            writer.execute(sa.delete(schema.record_type))
        assert reader.execute(count).scalar_one() == before
    with reading(engine) as reader:
        assert reader.execute(count).scalar_one() == 0


def test_sqlite_is_opened_for_several_processes(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/deep/er/warehouse.db")
    with reading(engine) as connection:
        facts = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    assert facts == {"journal_mode": "wal", "busy_timeout": 30_000, "foreign_keys": 1, "synchronous": 1}
    engine.dispose()


def test_a_locked_database_is_told_as_unavailable(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/warehouse.db")
    migrate(engine)
    with writing(engine):
        other = sqlite3.connect(tmp_path / "warehouse.db", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.execute("PRAGMA busy_timeout = 0")
        other.close()
        with engine.connect() as waiting:
            waiting.connection.execute("PRAGMA busy_timeout = 10")  # type: ignore[attr-defined]
            with pytest.raises(DatabaseUnavailableError, match="try again") as failure:
                waiting.begin()
    assert failure.value.code == "database_unavailable"
    engine.dispose()


def test_a_server_that_is_not_there_is_told_without_its_password(tmp_path: Path) -> None:
    engine = open_database(f"postgresql://sohoa:s3cret@/warehouse?host={tmp_path}")
    assert engine.dialect.driver == "psycopg"
    with pytest.raises(DatabaseUnavailableError) as failure:
        migrate(engine)
    assert "s3cret" not in str(failure.value)
    assert "try again" in str(failure.value)


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "warehouse.db").write_bytes(b"%PDF-1.7 " * 500)
    with pytest.raises(DatabaseSchemaError, match="not a database"):
        migrate(open_database(f"sqlite:///{tmp_path}/warehouse.db"))


@pytest.mark.parametrize("url", ["", "warehouse.db", "mysql://host/db", "sqlite+aiosqlite:///x.db"])
def test_an_unusable_url_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(DatabaseUrlError, match="postgresql://"):
        open_database(url)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUrlError, match="folder"):
        open_database(f"sqlite:///{tmp_path}/file/warehouse.db")


@pytest.mark.parametrize(
    "kind", [WarehouseError, DatabaseUnavailableError, DatabaseUrlError, DatabaseSchemaError, MonthError]
)
def test_every_error_has_words_for_people(kind: type[WarehouseError]) -> None:
    assert kind.code in REASONS


def test_a_connection_that_ended_while_it_rested_is_replaced(
    engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.database._SURE", 0.0)  # each rest is long enough to be asked after
    own = open_database(str(engine.url.render_as_string(hide_password=False)))
    if engine.dialect.name == "postgresql":
        with own.connect() as connection:
            process = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        with engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_terminate_backend(process, 5000)))
    for way in (reading, glancing, writing):
        with way(own) as connection:
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.unit)).scalar_one() > 0
    own.dispose()

"""The server counts the city before anybody asks, whenever the facts, the inventory or the day differ."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from archive_sample import make_sample

from dashboard.ahead import CountingAhead
from dashboard.desk import Desk
from dashboard.options import Options
from dashboard.progressing import ProgressFilter, progress_page
from manifests.inventory import InventoryLine
from warehouse import facts_state, reference, watched
from warehouse.errors import DatabaseUnavailableError
from warehouse.hits import SearchQuery
from warehouse.reference import import_inventory

AGE = 0.05


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(Options(database_url=make_sample(tmp_path), figures_age=AGE))
    yield desk
    desk.close()


def counting(desk: Desk) -> list[str]:
    """The statements of one look at the progress page that count cells."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "cell_total" in statement or "FROM document" in statement:
            asked.append(statement)

    sa.event.listen(desk.engine, "before_cursor_execute", note)
    try:
        progress_page(desk.engine, ProgressFilter(), desk.options.targets)
    finally:
        sa.event.remove(desk.engine, "before_cursor_execute", note)
    return asked


def newer() -> None:
    time.sleep(2 * AGE)


def test_nobody_waits_for_what_was_counted_ahead(desk: Desk) -> None:
    assert CountingAhead(desk).look()
    assert counting(desk) == []


def test_without_it_who_comes_first_counts(desk: Desk) -> None:
    assert counting(desk)


def test_nothing_is_counted_twice(desk: Desk) -> None:
    ahead = CountingAhead(desk)
    looks = []
    for _ in range(6):
        looks.append(ahead.look())
        newer()
    # Marks a load left are believed for a moment, then their cells are counted from the facts: once more at most.
    assert looks[0]
    assert not any(looks[-3:])


def test_a_new_inventory_is_counted_ahead(desk: Desk) -> None:
    ahead = CountingAhead(desk)
    ahead.look()
    line = InventoryLine("00256", "birth", 2001, 7)
    import_inventory(desk.engine, [line], approved_on=dt.date(2025, 7, 2), source_name="b.csv", sha256="b" * 64)
    newer()
    assert ahead.look()
    assert counting(desk) == []


def test_a_new_day_is_counted_ahead(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = CountingAhead(desk)
    ahead.look()
    tomorrow = reference.today() + dt.timedelta(days=1)
    for module in (facts_state, watched):
        monkeypatch.setattr(module, "today", lambda: tomorrow)
    assert ahead.look()


def test_a_server_counts_by_itself_until_it_ends(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = threading.Event()

    def page(*given: Any) -> None:
        progress_page(*given)
        counted.set()

    monkeypatch.setattr("dashboard.ahead.progress_page", page)
    ahead = CountingAhead(desk)
    ahead.start()
    assert counted.wait(30)
    assert counting(desk) == []
    ahead.stop()
    assert not ahead.running


def test_a_server_rehearses_a_search_once_it_has_a_database(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[SearchQuery] = []
    counted = threading.Event()
    missing = [DatabaseUnavailableError("a server", "starting")]

    def search(engine: sa.Engine, query: SearchQuery) -> None:
        if missing:
            raise missing.pop()
        asked.append(query)

    monkeypatch.setattr("dashboard.ahead.search_records", search)
    monkeypatch.setattr("dashboard.ahead.progress_page", lambda *_: counted.set())
    ahead = CountingAhead(desk)
    ahead.start()
    assert counted.wait(30)
    newer()
    ahead.stop()
    assert len(asked) == len(set(asked)) > 0


def test_a_missing_database_ends_nothing(tmp_path: Path) -> None:
    desk = Desk(Options(database_url=f"sqlite:///{tmp_path / 'none.db'}", figures_age=AGE))
    ahead = CountingAhead(desk)
    ahead.start()
    newer()
    assert ahead.running
    ahead.stop()
    desk.close()

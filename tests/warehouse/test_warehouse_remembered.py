"""Figures are counted once for each state of the facts, and never told of another state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from warehouse import schema
from warehouse.cells import Selection
from warehouse.database import reading, writing
from warehouse.directory import Directory
from warehouse.facts_state import facts_state
from warehouse.load import load_records
from warehouse.outlook import PACE_WEEKS, outlooks
from warehouse.progress import progress_by_unit, totals
from warehouse.reference import import_inventory, today
from warehouse.scope import scope_of
from warehouse.scoped_engine import scoped
from warehouse.trend import trend
from warehouse.unit_parts import unit_parts
from warehouse.views import View
from warehouse.watched import Asking

MakeRecord = Callable[..., DocumentRecord]
DAY = dt.timedelta(days=1)


def _statements(engine: sa.Engine, ask: Callable[[], object], *tables: str) -> int:
    seen: list[str] = []
    wanted = tables or ("cell_total", "cell_day", "artefact")

    def listen(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if any(it in statement for it in wanted):
            seen.append(statement)

    sa.event.listen(engine, "before_cursor_execute", listen)
    try:
        ask()
    finally:
        sa.event.remove(engine, "before_cursor_execute", listen)
    return len(seen)


def test_the_same_question_is_counted_once(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record()])
    for question in (progress_by_unit, outlooks, trend):
        assert _statements(engine, lambda question=question: question(engine)) > 0  # type: ignore[misc]
        assert _statements(engine, lambda question=question: question(engine)) == 0  # type: ignore[misc]
    assert _statements(engine, lambda: totals(engine)) == 0  # the sums of what was counted


def test_a_question_is_the_same_with_its_defaults_spelled_out(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record()])
    outlooks(engine)
    counted = "unit_refresh"  # asked whenever something is counted
    assert _statements(engine, lambda: outlooks(engine, weeks=PACE_WEEKS, view=View.ISSUER, on=None), counted) == 0
    assert _statements(engine, lambda: outlooks(engine, weeks=PACE_WEEKS + 1), counted) > 0


def test_units_are_read_once_until_they_change(engine: sa.Engine) -> None:
    def read() -> Directory:
        with Asking(engine) as asking:
            return asking.directory

    before = read()
    assert before.units
    assert _statements(engine, read, "unit.parent_code") == 0
    with writing(engine) as connection:
        connection.execute(
            sa.insert(schema.unit).values(
                unit_id="99999@-", code="99999", name="Xã Mới", tier="ward", first_year=1900, last_year=9999
            )
        )
    assert set(read().units) - set(before.units) == {"99999@-"}


def test_whatever_changes_the_figures_is_told_at_once(engine: sa.Engine, make_record: MakeRecord) -> None:
    def told() -> tuple[int, int, int]:
        it = totals(engine)
        return it.digitized, it.needs_review, it.inventory_records

    assert told() == (0, 0, 0)
    load_records(engine, [make_record("a")])
    assert told() == (1, 0, 0)
    load_records(engine, [make_record("b")])
    assert told() == (2, 0, 0)
    with writing(engine) as connection:
        connection.execute(sa.update(schema.record).values(status=RecordStatus.NEEDS_REVIEW))
    assert told() == (2, 2, 0)
    with writing(engine) as connection:  # the same cells again, which are stale already
        connection.execute(
            sa.update(schema.record)
            .where(schema.record.c.document_key.like("%/a"))
            .values(status=RecordStatus.ACCEPTED)
        )
    assert told() == (2, 1, 0)
    line = InventoryLine("00256", "birth", 1998, 7)
    import_inventory(engine, [line], approved_on=dt.date(2024, 1, 1), source_name="a.csv", sha256="0" * 64)
    assert told() == (2, 1, 7)


def test_an_answer_that_is_changed_by_its_reader_harms_nobody(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record()])
    progress_by_unit(engine).clear()
    assert len(progress_by_unit(engine)) == 1


def test_each_scope_and_each_argument_has_its_own_answer(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a"), make_record("b", unit_code="00001")])
    mine = scoped(engine, scope_of(engine, ["007"]))
    assert len(progress_by_unit(engine)) == 2
    assert [it.unit_code for it in progress_by_unit(mine)] == ["00256"]
    assert [it.unit_code for it in progress_by_unit(engine, unit_code="00256")] == ["00256"]
    assert len(progress_by_unit(engine)) == 2


def test_a_past_day_is_always_counted(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record()])
    past = today() - DAY
    assert _statements(engine, lambda: totals(engine, on=past)) > 0
    assert _statements(engine, lambda: totals(engine, on=past)) > 0


class Counted(NamedTuple):
    unit_code: str
    documents: int
    unit_id: str | None = None
    record_type: str = "birth"
    held: None = None


def test_a_load_into_one_unit_counts_that_unit_alone(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a"), make_record("b", unit_code="00001")])
    counted: list[tuple[str, ...] | None] = []
    nothing_asked = Selection(None)

    def count(connection: sa.Connection, wanted: Selection) -> dict[str, list[Counted]]:
        codes, document = wanted.unit_codes, schema.document.c
        counted.append(codes)
        of_unit = sa.select(document.unit_code, sa.func.count()).group_by(document.unit_code)
        found = connection.execute(of_unit)
        return {code: [Counted(code, it)] for code, it in found if codes is None or code in codes}

    def ask() -> dict[str, int]:
        with Asking(engine) as asking:
            return {it.unit_code: it.documents for it in unit_parts(asking, "documents", nothing_asked, count)}

    assert (ask(), ask(), counted) == ({"00256": 1, "00001": 1}, {"00256": 1, "00001": 1}, [None])
    load_records(engine, [make_record("c")])
    assert (ask(), counted[1:]) == ({"00256": 2, "00001": 1}, [("00256",)])
    with writing(engine) as connection:  # stale, and not counted by anybody yet
        connection.execute(sa.delete(schema.document).where(schema.document.c.unit_code == "00001"))
    assert (ask(), counted[2:]) == ({"00256": 2}, [("00001",), ("00001",)])  # kept figures, then the facts
    line = InventoryLine("00256", "birth", 1998, 7)
    import_inventory(engine, [line], approved_on=dt.date(2024, 1, 1), source_name="a.csv", sha256="0" * 64)
    assert (ask(), counted[4:]) == ({"00256": 2}, [None, ("00001",)])


def test_what_is_asked_for_often_is_not_forgotten_for_what_was_asked_for_once(
    engine: sa.Engine, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.unit_parts.MOST_QUESTIONS", 2)
    load_records(engine, [make_record()])
    counted: list[str] = []

    def ask(question: str) -> None:
        def count(_: sa.Connection, wanted: Selection) -> dict[str, list[Counted]]:
            counted.append(question)
            return {}

        with Asking(engine) as asking:
            unit_parts(asking, question, Selection(None), count)

    for question in ("city", "a ward", "city", "another", "city", "a third", "city"):
        ask(question)
    assert counted == ["city", "a ward", "another", "a third"]


def test_the_state_differs_after_every_load(engine: sa.Engine, make_record: MakeRecord) -> None:
    def facts() -> tuple[object, ...]:
        with reading(engine) as connection:
            return facts_state(connection)

    states = {facts()}
    for number in range(5):
        load_records(engine, [make_record(f"d{number}")])
        states.add(facts())
    load_records(engine, [make_record("d0")])
    assert len(states) == 6
    assert facts() in states

"""Figures are counted once for each state of the facts, and never told of another state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from warehouse import schema
from warehouse.cells import Selection
from warehouse.database import reading, writing
from warehouse.facts_state import facts_state
from warehouse.load import load_records
from warehouse.outlook import outlooks
from warehouse.progress import progress_by_unit, totals
from warehouse.reference import import_inventory, today
from warehouse.remembered import FIGURES_AGE
from warehouse.scope import scope_of, scoped
from warehouse.trend import trend
from warehouse.unit_parts import unit_parts

MakeRecord = Callable[..., DocumentRecord]
DAY = dt.timedelta(days=1)


def _statements(engine: sa.Engine, ask: Callable[[], object]) -> int:
    seen: list[str] = []

    def listen(connection: sa.Connection, cursor: object, statement: str, *_: object) -> None:
        if any(table in statement for table in ("cell_total", "cell_day", "artefact")):
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


def test_a_load_into_one_unit_counts_that_unit_alone(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a"), make_record("b", unit_code="00001")])
    counted: list[tuple[str, ...] | None] = []
    nothing_asked = Selection(None)

    def ask() -> dict[str, int]:
        def count(wanted: Selection) -> dict[str, int]:
            codes = wanted.unit_codes
            counted.append(codes)
            with reading(engine) as other:
                of_unit = sa.select(schema.document.c.unit_code, sa.func.count()).group_by(
                    schema.document.c.unit_code
                )
                return {code: number for code, number in other.execute(of_unit) if codes is None or code in codes}

        with reading(engine) as connection:
            return unit_parts(connection, "documents", nothing_asked, count)

    assert (ask(), ask(), counted) == ({"00256": 1, "00001": 1}, {"00256": 1, "00001": 1}, [None])
    load_records(engine, [make_record("c")])
    assert (ask(), counted[1:]) == ({"00256": 2, "00001": 1}, [("00256",)])
    with writing(engine) as connection:  # stale, and not counted by anybody yet
        connection.execute(sa.delete(schema.document).where(schema.document.c.unit_code == "00001"))
    assert (ask(), counted[2:]) == ({"00256": 2}, [("00001",), ("00001",)])  # kept figures, then the facts
    line = InventoryLine("00256", "birth", 1998, 7)
    import_inventory(engine, [line], approved_on=dt.date(2024, 1, 1), source_name="a.csv", sha256="0" * 64)
    assert (ask(), counted[4:]) == ({"00256": 2}, [None, ("00001",)])


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


def test_only_costly_figures_may_be_old_and_only_where_it_is_allowed(
    engine: sa.Engine, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = engine.execution_options(**{FIGURES_AGE: 60.0})
    monkeypatch.setattr("warehouse.remembered._COSTLY", 1e9)  # however busy the machine is
    load_records(engine, [make_record("a")])
    assert totals(patient, year=1998).digitized == 1
    load_records(engine, [make_record("b")])
    assert totals(patient, year=1998).digitized == 2  # counted in no time: no reason to be old
    monkeypatch.setattr("warehouse.remembered._COSTLY", 0.0)
    monkeypatch.setattr("warehouse.remembered._WORTH", 1e9)
    load_records(engine, [make_record("c")])
    assert totals(patient, year=1998).digitized == 2
    assert totals(engine, year=1998).digitized == 3

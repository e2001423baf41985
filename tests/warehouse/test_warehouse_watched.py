"""What the dashboard tells of facts it looked at some seconds ago: the figures of that moment, within every scope."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.custody import Assignment
from manifests.documents import BatchRef, DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from manifests.units import units
from warehouse import schema, watched
from warehouse.cell_totals import mark_all, wrong_totals
from warehouse.custody import import_custody
from warehouse.database import writing
from warehouse.load import load_records
from warehouse.matrix import type_matrix
from warehouse.outlook import city_outlook, outlooks
from warehouse.progress import progress_by_unit, progress_by_view, progress_matrix, totals
from warehouse.reference import import_inventory, today
from warehouse.scope import scope_of
from warehouse.scoped_engine import scoped
from warehouse.trend import trend
from warehouse.views import View
from warehouse.watched import FIGURES_AGE

MakeRecord = Callable[..., DocumentRecord]
AGE = 5.0
SCOPES = (["01"], ["007"], ["00256"], ["00256@-"], ["00259"], ["00292"], ["00277", "00283"], [])
_CODES = ("00256", "00259", "00277", "00283", "00292", "007", "99999")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    it = Clock()
    monkeypatch.setattr("warehouse.watched.time.monotonic", it)
    watched.forget()
    yield it
    watched.forget()


@pytest.fixture
def patient(engine: sa.Engine, clock: Clock) -> sa.Engine:
    """As the dashboard has it."""
    return engine.execution_options(**{FIGURES_AGE: AGE})


def papers(make_record: MakeRecord, source: random.Random, count: int) -> list[DocumentRecord]:
    """Of wards whose codes were reused, whose papers went here and there, and of a code nobody knows."""
    found = []
    for number in range(count):
        code, week = source.choice(_CODES), source.randrange(30)
        year = source.choice((1998, 2009, 2024, 2025, 2026))
        finished = dt.datetime.now(dt.UTC) - dt.timedelta(weeks=week, hours=source.randrange(40))
        it = make_record(f"d{source.random()}-{number}", finished_at=finished)
        kind = source.choice(("birth", "marital_status", "decision"))
        book = source.choice(("1", "2"))
        issued = f"{year}-{source.choice(('03', '09'))}-05" if source.random() < 0.5 else None
        status = source.choice((RecordStatus.ACCEPTED, RecordStatus.ACCEPTED, RecordStatus.NEEDS_REVIEW))
        same = {"unit_code": code, "record_type": kind, "year": year, "book": book}
        entry = dataclasses.replace(it.entry, **same)
        record = dataclasses.replace(it.record, **same, issue_date=issued, status=status)
        batch = BatchRef(source.choice(("00256", "00292")), f"tuan-{week}")
        found.append(dataclasses.replace(it, entry=entry, record=record, batch=batch))
    return found


def listing(engine: sa.Engine, source: random.Random, on: dt.date) -> None:
    known = [code for code in _CODES if code != "99999"]
    lines = [
        InventoryLine(source.choice(known), kind, year, source.randint(1, 4))
        for kind in ("birth", "marital_status", "decision")
        for year in (1998, 2009, 2024, 2025, 2026)
        for _ in range(4)
    ]
    lines.append(InventoryLine("00256", "birth", 2025, 3, unit_as_of=dt.date(2025, 2, 1)))
    lines.append(InventoryLine("00256", "birth", 2025, 2, unit_as_of=dt.date(2025, 8, 1)))
    import_inventory(engine, lines, approved_on=on, source_name="x.csv", sha256=repr(lines))


def given(engine: sa.Engine) -> None:
    ldh, dong_nhan = units().at("00256", dt.date(2025, 1, 1)), units().at("00259", dt.date(2025, 1, 1))
    assert ldh is not None
    assert dong_nhan is not None
    book = Assignment(unit=ldh, custodian_code="00292", book="2")
    kind = Assignment(unit=ldh, custodian_code="00256", record_type="birth")
    later = Assignment(unit=dong_nhan, custodian_code="00292", first_year=2009, last_year=2024)
    import_custody(engine, [book, kind, later], decided_on=dt.date(2025, 8, 1), source_name="x.csv")


def everything(engine: sa.Engine) -> dict[str, Any]:
    """All a progress page, a unit's page, the matrix and the alerts are made of."""
    told: dict[str, Any] = {
        "city": city_outlook(engine),
        "trend": trend(engine),
        "births": trend(engine, record_type="birth"),
        "field": trend(engine, area="civil_status"),
        "old": progress_by_unit(engine, year=1998),
    }
    for view in View:
        told[f"progress {view}"] = progress_by_view(engine, view)
        told[f"one {view}"] = progress_by_view(engine, view, unit_code="00256")
        told[f"types {view}"] = type_matrix(engine, view=view)
        told[f"outlooks {view}"] = outlooks(engine, view=view)
        told[f"areas {view}"] = outlooks(engine, view=view, by_area=True, weeks=2, unit_code="00292")
        told[f"trend {view}"] = trend(engine, view=view, unit_code="00256")
    for unit in ("00256@-", "00256@2025-07-01", "00259@-"):
        told[unit] = trend(engine, unit_id=unit), progress_matrix(engine, unit[:5], unit_id=unit)
    told["cells"] = progress_matrix(engine, "00256", record_type="birth")
    return told


@pytest.mark.parametrize("seed", range(2))
def test_every_scope_is_told_what_it_would_count_itself(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock, seed: int
) -> None:
    source = random.Random(seed)
    load_records(engine, papers(make_record, source, 40))
    listing(engine, source, dt.date(2025, 1, 1))
    if seed:
        given(engine)
    for step in range(2):
        for names in SCOPES:
            scope = scope_of(engine, names)
            own, told = everything(scoped(engine, scope)), everything(scoped(patient, scope))
            for question, answer in own.items():
                assert told[question] == answer, (names, question, step)
        load_records(engine, papers(make_record, source, 5))
        if seed:
            listing(engine, source, today() - dt.timedelta(weeks=5))
        clock.now += AGE
    assert wrong_totals(engine) == []


def test_the_trend_is_that_of_the_facts(engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord) -> None:
    source = random.Random(7)
    load_records(engine, [it for it in papers(make_record, source, 60) if it.record.status == "accepted"])
    listing(engine, source, dt.date(2020, 1, 1))
    listing(engine, source, today() - dt.timedelta(weeks=9))
    for point in trend(patient)[1:-1]:
        then = totals(engine, on=point.on)
        assert (point.inventory, point.digitized, point.indexed) == (
            then.inventory_records,
            then.digitized_listed,
            then.indexed_listed,
        ), point.on


def digitized(engine: sa.Engine) -> int:
    return totals(engine).digitized


def test_figures_are_some_seconds_old_and_the_page_says_of_when(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock
) -> None:
    load_records(engine, [make_record("a")])
    assert digitized(patient) == 1
    first = watched.watched(patient)
    load_records(engine, [make_record("b")])
    clock.now += AGE - 1
    assert (digitized(patient), digitized(engine)) == (1, 2)
    assert watched.watched(patient) is first
    clock.now += 1
    assert digitized(patient) == 2
    second = watched.watched(patient)
    assert first is not None
    assert second is not None
    assert second.as_of > first.as_of
    assert watched.watched(engine) is None, "whoever did not ask for it is told of this moment"


def test_marked_cells_are_told_as_before_for_some_seconds_and_then_counted(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock
) -> None:
    load_records(engine, [make_record("a"), make_record("b")])
    assert digitized(patient) == 2
    with writing(engine) as connection:  # a load that was killed before it counted
        connection.execute(sa.delete(schema.document).where(schema.document.c.document_id == "a"))
    clock.now += AGE
    looked = watched.watched(patient)
    assert looked is not None
    assert (digitized(patient), digitized(engine)) == (2, 1)
    assert dt.datetime.now(dt.UTC) - looked.as_of > dt.timedelta(seconds=AGE - 1), "and the page says so"
    clock.now += AGE
    assert digitized(patient) == 2
    clock.now += AGE
    assert digitized(patient) == 1


def test_nothing_is_told_from_kept_figures_that_were_thrown_away_or_not_seen_for_long(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock
) -> None:
    load_records(engine, [make_record("a")])
    assert digitized(patient) == 1
    with writing(engine) as connection:
        mark_all(connection)
    clock.now += AGE
    assert digitized(patient) == 1
    load_records(engine, [make_record("b")])
    clock.now += AGE
    assert digitized(patient) == 2
    with writing(engine) as connection:
        connection.execute(sa.delete(schema.document).where(schema.document.c.document_id == "a"))
    clock.now += 1000 * AGE
    assert digitized(patient) == 1, "nobody knows when it was marked"


def test_a_fresh_process_counts_marked_cells(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock
) -> None:
    load_records(engine, [make_record("a")])
    with writing(engine) as connection:
        connection.execute(sa.delete(schema.document))
    assert digitized(patient) == 0


def test_programs_are_told_of_this_moment_within_their_scope(
    engine: sa.Engine, patient: sa.Engine, make_record: MakeRecord, clock: Clock
) -> None:
    load_records(engine, [make_record("a"), make_record("b", unit_code="00001")])
    mine = scoped(patient, scope_of(engine, ["007"]))
    assert digitized(mine) == 1
    load_records(engine, [make_record("c")])
    assert (digitized(mine), digitized(watched.at_once(mine))) == (1, 2)

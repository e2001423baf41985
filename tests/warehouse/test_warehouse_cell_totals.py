"""The figures kept ready are those of the facts, whatever changed them and however they were refreshed."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import ArtefactKind, DocumentRecord, RecordStatus
from manifests.units import UnitRegistry, units
from pipeline.runner import lots
from warehouse import schema
from warehouse.cell_totals import rebuild_totals, refresh_totals, wrong_totals
from warehouse.database import reading, writing
from warehouse.load import load_records
from warehouse.progress import totals
from warehouse.reference import load_reference
from warehouse.schema import DocumentStatus
from warehouse.schema_progress import reconciliation_match
from warehouse.schema_totals import cell_stale, cell_total

MakeRecord = Callable[..., DocumentRecord]
NOW = dt.datetime(2025, 11, 1, tzinfo=dt.UTC)


def _stale(engine: sa.Engine) -> int:
    with reading(engine) as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(cell_stale)).scalar_one())


def _change(engine: sa.Engine, statement: sa.Executable) -> None:
    with writing(engine) as connection:
        connection.execute(statement)


DOCUMENT, RECORD, ARTEFACT = schema.document, schema.record, schema.artefact
CHANGES: dict[str, sa.Executable] = {
    "quarantine": sa.update(DOCUMENT).values(status=DocumentStatus.QUARANTINED),
    "refusal": sa.update(DOCUMENT).where(DOCUMENT.c.document_id == "a").values(status=DocumentStatus.REFUSED),
    "pages": sa.update(DOCUMENT).values(pages=DOCUMENT.c.pages + 1),
    "another unit": sa.update(DOCUMENT).where(DOCUMENT.c.document_id == "a").values(unit_code="00283"),
    "another year": sa.update(DOCUMENT).values(year=DOCUMENT.c.year + 1),
    "review": sa.update(RECORD).values(status=RecordStatus.NEEDS_REVIEW),
    "verdict": sa.update(RECORD).values(pdfa_verdict="invalid"),
    "date": sa.update(RECORD).values(issue_date="2025-08-01"),
    "record gone": sa.delete(RECORD).where(RECORD.c.document_key.like("%/a")),
    "file replaced": sa.update(ARTEFACT).where(ARTEFACT.c.kind == ArtefactKind.SIGNED_PDF).values(current=False),
    "file gone": sa.delete(ARTEFACT).where(ARTEFACT.c.kind != ArtefactKind.ORIGINAL),
    "document gone": sa.delete(DOCUMENT).where(DOCUMENT.c.document_id == "b"),
    "reconciled": sa.insert(reconciliation_match).from_select(
        ["document_key", "system", "matched_at"],
        sa.select(DOCUMENT.c.document_key, sa.literal("hotich"), sa.literal(NOW, schema.UtcDateTime())),
    ),
}


@pytest.fixture
def filled(engine: sa.Engine, make_record: MakeRecord) -> sa.Engine:
    load_records(
        engine,
        [
            make_record("a"),
            make_record("b", signed=False),
            make_record("c", year=2025),
            make_record("d", record_type="marriage", status=RecordStatus.NEEDS_REVIEW),
            make_record("e", unit_code="77777"),
        ],
    )
    return engine


def test_a_load_leaves_nothing_to_be_counted(filled: sa.Engine) -> None:
    assert _stale(filled) == 0
    assert wrong_totals(filled) == []
    assert (totals(filled).digitized, totals(filled).indexed, totals(filled).needs_review) == (5, 4, 1)


def test_the_lots_of_a_batch_are_counted_with_the_last_and_told_before(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    load_records(engine, [make_record("a")], more_follow=True)
    assert _stale(engine) > 0
    assert (totals(engine).digitized, wrong_totals(engine)) == (1, [])
    load_records(engine, [make_record("b")], more_follow=True)
    load_records(engine, [make_record("a")])  # nothing new in it, and the last all the same
    assert (_stale(engine), totals(engine).digitized, wrong_totals(engine)) == (0, 2, [])


def test_a_big_batch_is_counted_on_its_way() -> None:
    assert [(len(some), more) for some, more in lots(range(2250))] == [
        *[(200, True)] * 4,
        (200, False),
        *[(200, True)] * 4,
        (200, False),
        (200, True),
        (50, False),
    ]


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_the_facts_is_told_at_once(filled: sa.Engine, name: str) -> None:
    before = totals(filled)
    _change(filled, CHANGES[name])
    assert wrong_totals(filled) == []
    told = totals(filled)
    assert name in ("another unit", "another year", "date") or told != before
    refresh_totals(filled)
    assert _stale(filled) == 0
    assert wrong_totals(filled) == []
    assert totals(filled) == told


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(names=st.lists(st.sampled_from([*CHANGES, "refresh"]), max_size=6))
def test_any_row_of_changes_keeps_the_figures_right(filled: sa.Engine, names: list[str]) -> None:
    for name in names:
        if name == "refresh":
            refresh_totals(filled)
        elif name != "reconciled" or names.count(name) == 1:
            try:
                _change(filled, CHANGES[name])
            except sa.exc.IntegrityError:
                assert name == "reconciled"
    assert wrong_totals(filled) == []


def test_a_change_that_moves_no_figure_marks_no_cell(filled: sa.Engine) -> None:
    _change(filled, sa.update(DOCUMENT).values(stage="sign", status=DocumentStatus.PROCESSING))
    assert _stale(filled) == 0


def test_kept_figures_are_used_and_a_wrong_one_would_be_seen(filled: sa.Engine) -> None:
    _change(filled, sa.update(cell_total).values(digitized=cell_total.c.digitized + 100))
    assert totals(filled).digitized == 5 + 4 * 100
    assert wrong_totals(filled) != []
    rebuild_totals(filled)
    assert wrong_totals(filled) == []
    assert totals(filled).digitized == 5


def test_another_register_of_units_counts_anew(filled: sa.Engine) -> None:
    load_reference(filled, UnitRegistry([it for it in units().all() if it.code != "00256"]))
    assert wrong_totals(filled) == []
    load_reference(filled)
    assert wrong_totals(filled) == []


def test_loaders_and_refreshers_at_once_lose_nothing(engine: sa.Engine, make_record: MakeRecord) -> None:
    def load(start: int) -> None:
        for number in range(start, start + 40, 8):
            load_records(engine, [make_record(f"d{at:03}") for at in range(number, number + 8)])

    threads = [threading.Thread(target=load, args=(start,)) for start in (0, 40, 80)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        refresh_totals(engine)
        assert wrong_totals(engine) == []
    for thread in threads:
        thread.join()
    refresh_totals(engine)
    assert wrong_totals(engine) == []
    assert totals(engine).digitized == 120

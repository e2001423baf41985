"""A unit is a code and a validity: whose papers they are, who holds them today, and what was known on a past day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from manifests.custody import Assignment
from manifests.documents import ArtefactKind, DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from manifests.units import units
from warehouse import schema
from warehouse.custody import custody_in_force, import_custody
from warehouse.database import writing
from warehouse.load import load_records
from warehouse.progress import (
    progress_by_custodian,
    progress_by_district,
    progress_by_unit,
    progress_matrix,
    totals,
)
from warehouse.reference import import_inventory
from warehouse.schema import DocumentStatus, StageStatus
from warehouse.trend import trend

MakeRecord = Callable[..., DocumentRecord]
DAY = dt.date(2025, 12, 1)


def listing(engine: sa.Engine, *lines: InventoryLine, on: dt.date = dt.date(2025, 1, 1)) -> None:
    import_inventory(engine, lines, approved_on=on, source_name="danh-muc.csv", sha256=repr((lines, on)))


def dated(record: DocumentRecord, day: str) -> DocumentRecord:
    return replace(record, record=replace(record.record, issue_date=day))


def shown(engine: sa.Engine) -> dict[tuple[str, bool], tuple[int, int]]:
    rows = progress_by_custodian(engine, on=DAY)
    return {(it.unit_id, it.assigned): (it.inventory_records, it.digitized_listed) for it in rows}


def test_a_paper_of_the_year_a_code_changed_hands_counts_to_the_unit_of_its_date(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    listing(
        engine,
        InventoryLine("00292", "birth", 2025, 3, unit_as_of=dt.date(2025, 3, 1)),
        InventoryLine("00292", "birth", 2025, 5),
        InventoryLine("00292", "birth", 2024, 7),
    )
    load_records(
        engine,
        [
            dated(make_record("a", unit_code="00292", year=2025), "2025-06-30"),
            dated(make_record("b", unit_code="00292", year=2025), "2025-07-01"),
            dated(make_record("c", unit_code="00292", year=2025), "2025"),
            dated(make_record("d", unit_code="00292", year=2024), "2025-03-01"),
        ],
    )
    found = {
        it.unit_id: (it.unit_name, it.inventory_records, it.digitized) for it in progress_by_unit(engine, on=DAY)
    }
    assert found == {
        "00292@-": ("Phường Quỳnh Lôi", 7, 1),  # the year of the paper goes before a date that does not fit it
        "00292@2025-01-01": ("Phường Bạch Mai", 3, 1),
        "00292@2025-07-01": ("Phường Bạch Mai", 5, 2),
    }
    half = progress_matrix(engine, "00292", unit_id="00292@2025-01-01")
    assert [(cell.year, cell.inventory_records, cell.digitized) for cell in half] == [(2025, 3, 1)]


def test_wards_of_a_district_stand_in_its_row_and_todays_wards_in_their_own(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    listing(
        engine,
        InventoryLine("00256", "birth", 1998, 4),
        InventoryLine("00259", "birth", 1998, 2),
        InventoryLine("007", "decision", 2019, 10),
        InventoryLine("00256", "birth", 2026, 9),
    )
    load_records(engine, [make_record(str(number), unit_code="00259") for number in range(3)])
    found = {it.unit_id: it for it in progress_by_district(engine, on=DAY)}
    assert set(found) == {"007@-", "00256@2025-07-01"}
    assert found["007@-"].inventory_records == 16
    assert (found["007@-"].digitized_listed, found["007@-"].over) == (2, 1), "a ward's surplus fills no other's gap"


def test_only_a_ward_that_went_as_a_whole_has_a_custodian_without_a_decision(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    listing(
        engine,
        InventoryLine("00259", "birth", 1998, 1),  # Đồng Nhân: whole to Hai Bà Trưng
        InventoryLine("00256", "birth", 1998, 2),  # Lê Đại Hành: split in three
        InventoryLine("00265", "birth", 1998, 4),  # Đống Mác: dissolved before, heirs not recorded
        InventoryLine("007", "decision", 2019, 8),
        InventoryLine("00256", "birth", 2026, 16),
    )
    assert shown(engine) == {
        ("00256@2025-07-01", True): (17, 0),
        ("00256@-", False): (2, 0),
        ("00265@-", False): (4, 0),
        ("007@-", False): (8, 0),
    }
    assert [it.assigned for it in progress_by_custodian(engine, on=DAY)] == [True, False, False, False]
    assert [it.unit_id for it in progress_by_custodian(engine, on=DAY, unit_code="007")] == ["007@-"]


def test_books_boxes_years_and_types_are_given_apart_and_the_rest_stays_unassigned(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    old = units().with_code("00256")[0]
    listing(
        engine,
        InventoryLine("00256", "birth", 1998, 2, book="01"),
        InventoryLine("00256", "birth", 1998, 3, book="02"),
        InventoryLine("00256", "death", 1998, 4),
        InventoryLine("00256", "marriage", 1990, 5),
    )
    import_custody(
        engine,
        [
            Assignment(old, "00256", record_type="birth", book="1"),
            Assignment(old, "00292", record_type="death"),
            Assignment(old, "00226", box="hop-9"),
            Assignment(old, "00292", first_year=1985, last_year=1995),
        ],
        decided_on=dt.date(2025, 7, 15),
        source_name="phan-giao.xlsx",
    )
    load_records(
        engine,
        [
            make_record("a", number="1"),  # book 01
            make_record("b", number="2", record_type="death"),
            make_record("c", number="3", batch="00256/hop-9"),  # book 01 and box: the box says more
        ],
    )
    assert shown(engine) == {
        ("00226@2025-07-01", True): (0, 0),
        ("00256@2025-07-01", True): (2, 1),
        ("00292@2025-07-01", True): (9, 1),
        ("00256@-", False): (3, 0),
    }
    total = totals(engine, on=DAY)
    assert sum(count for count, _ in shown(engine).values()) == total.inventory_records == 14
    before = {it.unit_id: it.inventory_records for it in progress_by_custodian(engine, on=dt.date(2025, 7, 14))}
    assert before == {"00256@-": 14}, "the decision did not exist yet"


def test_a_later_decision_takes_over_and_the_same_list_changes_nothing(engine: sa.Engine) -> None:
    old = units().with_code("00256")[0]
    listing(engine, InventoryLine("00256", "birth", 1998, 2))
    first = Assignment(old, "00256", decided_on=dt.date(2025, 7, 15), decision="12/QĐ-UBND")
    for _ in range(2):
        import_custody(engine, [first], decided_on=DAY, source_name="a.csv")
    assert [row["custodian_code"] for row in custody_in_force(engine)] == ["00256"]
    import_custody(engine, [replace(first, custodian_code="00292", decided_on=DAY)], decided_on=DAY, source_name="b")
    assert shown(engine) == {("00292@2025-07-01", True): (2, 0)}
    assert [it.unit_code for it in progress_by_custodian(engine, on=dt.date(2025, 8, 1))] == ["00256"]


def test_a_confirmation_that_lapsed_is_no_denominator_and_no_surplus(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    listing(engine, InventoryLine("00256", "marital_status", 2024, 6), InventoryLine("00256", "birth", 2024, 2))
    load_records(engine, [make_record("a", record_type="marital_status", year=2024), make_record("b", year=2024)])
    spring, summer = totals(engine, on=dt.date(2025, 6, 30)), totals(engine, on=dt.date(2025, 10, 1))
    assert (spring.inventory_records, spring.inventory_lapsed) == (8, 0)
    assert (summer.inventory_records, summer.inventory_lapsed) == (2, 6)
    assert (summer.digitized, summer.digitized_lapsed, summer.digitized_listed, summer.over) == (2, 1, 1, 0)
    assert summer.percent == 50.0


def test_a_past_day_is_told_as_it_was_known_then(engine: sa.Engine, make_record: MakeRecord) -> None:
    first, second = (dt.datetime(2025, month, 5, tzinfo=dt.UTC) for month in (9, 10))
    load_records(engine, [make_record("a", status=RecordStatus.NEEDS_REVIEW, finished_at=first)])
    load_records(engine, [make_record("a", run="run-2", finished_at=second)])
    september, october = (totals(engine, on=dt.date(2025, month, 20)) for month in (9, 10))
    assert (september.digitized, september.needs_review, september.indexed) == (1, 1, 0)
    assert (october.digitized, october.needs_review, october.indexed) == (1, 0, 1)
    assert totals(engine, on=dt.date(2025, 9, 4)).received == 0


def test_a_review_leaves_its_day_whoever_writes_it(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", status=RecordStatus.NEEDS_REVIEW)])
    with writing(engine) as connection:
        connection.execute(sa.update(schema.record).values(status=RecordStatus.ACCEPTED))
    assert (totals(engine).needs_review, totals(engine).indexed) == (0, 1)
    past = totals(engine, on=dt.date(2025, 12, 31))
    assert (past.needs_review, past.indexed) == (1, 0)


@pytest.mark.parametrize("ended", [StageStatus.QUARANTINED, StageStatus.FAILED])
def test_what_was_mended_since_stands_in_its_month(
    engine: sa.Engine, make_record: MakeRecord, ended: StageStatus
) -> None:
    july, september = (dt.datetime(2025, month, 5, tzinfo=dt.UTC) for month in (7, 9))
    load_records(engine, [make_record(name, finished_at=september) for name in ("a", "refused_first", "rebuilt")])
    key, artefact = "00256/lo-1/a", schema.artefact.c
    with writing(engine) as connection:
        connection.execute(sa.update(schema.batch).values(first_seen_at=july))
        for name, at in (("a", july), ("refused_first", september)):  # as ``receive`` wrote when it took them over
            original = (artefact.document_key == f"00256/lo-1/{name}", artefact.kind == ArtefactKind.ORIGINAL)
            connection.execute(sa.update(schema.artefact).where(*original).values(run_key=None, created_at=at))
        for at, status, reason in ((july, ended, "blur"), (september, StageStatus.DONE, None)):
            run = {"document_key": key, "batch_key": "00256/lo-1", "stage": "sign", "run_key": "x", "attempt": 1}
            times = {"started_at": at, "finished_at": at}
            connection.execute(sa.insert(schema.stage_run).values(**run, **times, status=status, reason_code=reason))
    august, now = totals(engine, on=dt.date(2025, 8, 1)), totals(engine, on=dt.date(2025, 10, 1))
    assert (august.quarantined, august.digitized, august.refused, august.received) == (1, 0, 1, 2)
    assert (now.quarantined, now.digitized, now.refused, now.received) == (0, 3, 0, 3)
    assert DocumentStatus.QUARANTINED not in {it.status for it in _documents(engine)}


def _documents(engine: sa.Engine) -> list[sa.Row[tuple[str]]]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(schema.document.c.status)))


def test_an_original_with_its_own_valid_signature_counts_as_digitized(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    record = make_record("a", signed=False, pdfa_verdict="invalid")
    load_records(engine, [record])
    assert totals(engine).digitized == 0
    good = replace(record.input_signatures[0], trusted=True, legally_valid=True)
    later = replace(record, input_signatures=(good,), finished_at=record.finished_at + dt.timedelta(days=1))
    load_records(engine, [later])
    assert (totals(engine).digitized, totals(engine).own_signed, totals(engine).signed) == (1, 1, 0)
    line = InventoryLine(later.entry.unit_code, later.entry.record_type, later.entry.year, 1)
    import_inventory(engine, [line], approved_on=dt.date(2025, 1, 1), source_name="x.csv", sha256="1")
    days = [later.finished_at.date() - dt.timedelta(weeks=1), later.finished_at.date()]
    points = trend(engine, on=days[1], weeks=1)
    assert [(it.on, it.digitized) for it in points] == list(zip(days, (0, 1), strict=True))
    assert [totals(engine, on=day).digitized for day in days] == [0, 1]

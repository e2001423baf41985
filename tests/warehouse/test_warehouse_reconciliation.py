"""What is missing where: ledger against warehouse, and both against an outside system's export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import replace

import sqlalchemy as sa

from manifests.documents import DocumentRecord, Party
from manifests.inventory import InventoryLine
from manifests.outside import OutsideRow
from warehouse import schema
from warehouse.database import writing
from warehouse.load import load_records
from warehouse.outside_match import compare_outside, stage_outside
from warehouse.progress import totals
from warehouse.reconciliation import (
    FINDINGS,
    INTERNAL,
    ReconciliationRun,
    begin_run,
    compare_ledger,
    end_run,
    place_counts,
    reconciliation_findings,
    reconciliation_runs,
)
from warehouse.reference import import_inventory
from warehouse.schema_progress import outside_record

MakeRecord = Callable[..., DocumentRecord]
SYSTEM = "TTHC"


def compare(engine: sa.Engine, rows: Iterable[OutsideRow], *, unit_code: str | None = None) -> ReconciliationRun:
    run = begin_run(engine, SYSTEM, source_name="tthc.csv", sha256="0" * 64, unit_code=unit_code)
    count = stage_outside(engine, run, rows)
    matched = compare_outside(engine, run, SYSTEM, unit_code=unit_code)
    return end_run(engine, run, {"outside": count, "matched": matched})


def told(engine: sa.Engine, run: ReconciliationRun) -> list[tuple[str, str | None, str | None]]:
    return [(it.code, it.number, it.document_key) for it in reconciliation_findings(engine, run.run_id)]


def theirs(row: int, number: str, name: str | None = None, **more: object) -> OutsideRow:
    values = {"unit_code": "00256", "record_type": "birth", "year": 1998, **more}
    return OutsideRow(row=row, number=number, name=name, **values)  # type: ignore[arg-type]


def test_numbers_and_names_match_however_they_are_spelled(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", number="12/1998"), make_record("b", number="013", name="Lê Văn Ơn")])
    run = compare(engine, [theirs(2, "012", "NGUYEN THI  DAO"), theirs(3, "13/1998")])
    assert told(engine, run) == []
    assert run.counts == {"outside": 2, "matched": 2}
    assert totals(engine).reconciled == 2


def test_what_is_missing_where_is_a_table_with_the_next_step(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(
        engine,
        [
            make_record("a", number="1"),
            make_record("b", number="2"),
            make_record("c", number="3"),
            make_record("d", number="3"),
            make_record("elsewhere", number="9", year=1999),
        ],
    )
    run = compare(
        engine,
        [
            theirs(2, "1", "Trần Văn Khác"),
            theirs(3, "3"),
            theirs(4, "4", code="H26-1"),
            theirs(5, "4"),
            theirs(6, "không số"),
        ],
    )
    assert sorted(told(engine, run)) == sorted(
        [
            ("missing_here", "4", None),
            ("missing_here", "4", None),
            ("missing_here", "không số", None),
            ("missing_outside", "2", "00256/lo-1/b"),
            ("name_differs", "1", "00256/lo-1/a"),
            ("repeated_outside", "4", None),
            ("repeated_here", "3", None),
        ]
    ), "a year the export does not cover is not told as missing there"
    first = next(reconciliation_findings(engine, run.run_id))
    assert (first.title, first.detail) == ("Hệ thống ngoài có, kho dữ liệu không có", "dòng 4 của tệp xuất, mã H26-1")
    assert first.next_step and all(step for _, step in FINDINGS.values())
    assert run.found == 7


def test_the_reconciled_share_follows_each_export_and_past_days_keep_theirs(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    import_inventory(
        engine,
        [InventoryLine("00256", "birth", 1998, 4)],
        approved_on=dt.date(2025, 1, 1),
        source_name="x",
        sha256="x",
    )
    load_records(engine, [make_record("a", number="1"), make_record("b", number="2")])
    compare(engine, [theirs(2, "1"), theirs(3, "2")])
    assert totals(engine).percent_reconciled == 50.0
    assert totals(engine, on=dt.date(2025, 12, 31)).reconciled == 0
    compare(engine, [theirs(2, "2")])
    assert totals(engine).percent_reconciled == 25.0
    compare(engine, [theirs(2, "1", unit_code="00283")], unit_code="00283")
    assert totals(engine).percent_reconciled == 25.0, "an export of another unit takes nothing back"
    compare(engine, [theirs(2, "1"), theirs(3, "2")])
    assert totals(engine).reconciled == 2
    with engine.connect() as connection:
        staged = connection.execute(sa.select(sa.func.count()).select_from(outside_record)).scalar_one()
    assert (staged, len(reconciliation_runs(engine, system=SYSTEM))) == (2, 4)


def test_any_of_the_people_of_a_record_may_be_named(engine: sa.Engine, make_record: MakeRecord) -> None:
    record = make_record("a", number="1", record_type="marriage")
    people = (Party("wife", "Trần Thị Ổi"), Party("husband", "Lê Văn Mít"))
    load_records(engine, [replace(record, record=replace(record.record, parties=people))])
    run = compare(engine, [theirs(2, "1", "Lê Văn Mít", record_type="marriage")])
    assert run.counts["matched"] == 1 and run.found == 0


def test_ledger_and_warehouse_are_held_against_each_other(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record(name) for name in ("a", "b", "c")])
    with writing(engine) as connection:
        connection.execute(sa.delete(schema.record).where(schema.record.c.document_key == "00256/lo-1/a"))
        connection.execute(
            sa.update(schema.document)
            .where(schema.document.c.document_key == "00256/lo-1/b")
            .values(status=schema.DocumentStatus.PROCESSING)
        )
        connection.execute(sa.update(schema.batch).values(document_count=5))
    run_id = begin_run(engine, INTERNAL)
    compare_ledger(engine, run_id)
    run = end_run(engine, run_id)
    found = {it.code: it for it in reconciliation_findings(engine, run.run_id)}
    assert set(found) == {"count_differs", "not_loaded", "left_open"}
    assert found["count_differs"].detail == "manifest 5, sổ theo dõi 3"
    assert found["not_loaded"].document_key == "00256/lo-1/a"
    assert "sohoa run --batch 00256/lo-1" in found["left_open"].next_step
    other = begin_run(engine, INTERNAL, unit_code="00283")
    compare_ledger(engine, other, unit_code="00283")
    assert end_run(engine, other).counts == {}
    (places,) = place_counts(engine)
    assert (places.declared, places.ledger, places.stored, places.warehouse) == (5, 3, 3, 2)


def test_hostile_rows_are_values_and_nothing_else(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", number="1")])
    run = compare(engine, [theirs(2, "'; DROP TABLE record; --", "\x00%_"), theirs(3, "9" * 4000)])
    assert run.counts["missing_here"] == 2
    assert totals(engine).received == 1

"""Each test says what lies in the archive, then what the check must find missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentRecord
from manifests.inventory import InventoryLine
from warehouse import schema
from warehouse.completeness import CHECKS, Finding, completeness
from warehouse.database import writing
from warehouse.load import load_records
from warehouse.numbers import number_notation, number_value
from warehouse.reference import import_inventory

MakeRecord = Callable[..., DocumentRecord]


def found(engine: sa.Engine, **filters: object) -> list[Finding]:
    return list(completeness(engine, **filters))  # type: ignore[arg-type]


def told(engine: sa.Engine, code: str) -> list[tuple[str, str]]:
    return [(str(it.severity), it.detail) for it in found(engine, checks=(code,))]


@pytest.mark.parametrize(
    ("number", "value", "notation"),
    [
        ("12", 12, ""),
        (" 012/2020", 12, ""),
        ("12/TLKS-bs", 12, "TLKS-BS"),
        ("12/2020/TLKS", 12, "2020/TLKS"),
        ("12/", 12, ""),
        ("12a", 12, ""),
        ("Số 12", None, ""),
        ("", None, ""),
        ("123456789", 123456789, ""),
        ("1234567890", None, ""),
        ("' OR 1=1 --", None, ""),
        ("١٢", None, ""),
    ],
)
def test_a_number_is_read_alike_by_every_database(
    engine: sa.Engine, number: str, value: int | None, notation: str
) -> None:
    with engine.connect() as connection:
        text = sa.literal(number)
        assert tuple(connection.execute(sa.select(number_value(text), number_notation(text))).one()) == (
            value,
            notation,
        )


def test_gaps_run_through_the_year_over_the_books(engine: sa.Engine, make_record: MakeRecord) -> None:
    numbers = {"2": "01", "3/1998": "01", "7": "02", "08": "02"}
    records = [make_record(f"d{number.replace('/', '-')}", number=number) for number in numbers]
    load_records(
        engine,
        [
            replace(it, entry=replace(it.entry, book=book), record=replace(it.record, book=book))
            for it, book in zip(records, numbers.values(), strict=True)
        ],
    )
    assert told(engine, "number_gap") == [
        ("warning", "số 1, quyển 01"),
        ("warning", "số 4 đến 6, 3 số, quyển 01 và 02"),
    ]
    assert told(engine, "number_repeated") == []


def test_each_agency_type_year_and_notation_has_a_series_of_its_own(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    load_records(
        engine,
        [
            make_record("a", number="1"),
            make_record("b", number="1", record_type="death"),
            make_record("c", number="1", year=1999),
            make_record("d", number="1", unit_code="00283"),
            make_record("e", number="1/TLKS-BS"),
            make_record("f", number="40", record_type="decision"),
            make_record("g", number="không rõ"),
        ],
    )
    assert told(engine, "number_gap") == told(engine, "number_repeated") == []


def test_a_number_twice_is_told_with_both_documents_and_both_books(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    load_records(engine, [make_record("a", number="1"), make_record("b", number="01/1998")])
    (finding,) = found(engine, checks=("number_repeated",))
    assert (finding.count, finding.severity) == (2, "warning")
    assert finding.detail == "số 1 có ở 2 hồ sơ, quyển 01: 00256/lo-1/a và 00256/lo-1/b"
    assert "Phường Lê Đại Hành (00256), Khai sinh 1998: Hai hồ sơ cùng một số" in finding.sentence


@pytest.mark.parametrize(
    ("year", "issued", "severity"),
    [
        (2021, None, "error"),
        (2020, "2020-07-16", "error"),
        (2020, "2020-07-15", "warning"),
        (2020, None, "warning"),
        (2019, "2020-12-01", "warning"),
    ],
)
def test_a_gap_is_an_error_since_the_rule_of_july_2020(
    engine: sa.Engine, make_record: MakeRecord, year: int, issued: str | None, severity: str
) -> None:
    record = make_record("a", number="3", year=year)
    load_records(engine, [replace(record, record=replace(record.record, issue_date=issued))])
    assert told(engine, "number_gap") == [(severity, "số 1 đến 2, 2 số, quyển 01")]


def test_pages_files_and_records_are_held_against_each_other(engine: sa.Engine, make_record: MakeRecord) -> None:
    two_pages = make_record("pages", number="1", pages=2)
    load_records(
        engine,
        [
            replace(two_pages, entry=replace(two_pages.entry, pages=3)),
            make_record("bare", number="2"),
            make_record("lost", number="3"),
            make_record("whole", number="4"),
        ],
    )
    with writing(engine) as connection:
        connection.execute(sa.delete(schema.artefact).where(schema.artefact.c.document_key == "00256/lo-1/bare"))
        connection.execute(sa.delete(schema.record).where(schema.record.c.document_key == "00256/lo-1/lost"))
    assert told(engine, "pages_differ") == [("warning", "manifest ghi 3 trang, kho có 2 trang: 00256/lo-1/pages")]
    assert told(engine, "record_without_file") == [("warning", "00256/lo-1/bare")]
    assert told(engine, "file_without_record") == [("warning", "00256/lo-1/lost")]
    with writing(engine) as connection:
        connection.execute(sa.update(schema.batch).values(status=schema.BatchStatus.PROCESSING))
    assert told(engine, "file_without_record") == [], "the batch is still on its way"


def test_what_the_inventory_lists_and_nobody_delivered(engine: sa.Engine, make_record: MakeRecord) -> None:
    lines = [InventoryLine("00256", "birth", 1998, 3), InventoryLine("00256", "birth", 2026, 2)]
    import_inventory(engine, lines, approved_on=dt.date(2025, 1, 1), source_name="x", sha256="x")
    load_records(engine, [make_record("a", number="1")])
    assert told(engine, "listed_not_delivered") == [
        ("warning", "danh mục có 3 kết quả, còn 2 kết quả chưa giao"),
        ("error", "danh mục có 2 kết quả, còn 2 kết quả chưa giao"),
    ]


def test_filters_narrow_every_check(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", number="3"), make_record("b", number="3", unit_code="00283")])
    assert [it.unit_code for it in found(engine)] == ["00256", "00283"]
    assert [it.unit_code for it in found(engine, unit_code="00283")] == ["00283"]
    assert found(engine, year=1999) == found(engine, record_type="death") == []
    assert set(CHECKS) >= {it.code for it in found(engine)}

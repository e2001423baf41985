"""What a scope lets through, on SQLite and PostgreSQL: for questions that know nothing of scopes."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.custody import Assignment
from manifests.documents import BatchRef
from manifests.inventory import InventoryLine
from manifests.units import units
from warehouse import schema
from warehouse.batches import list_batches
from warehouse.cell_totals import refresh_totals
from warehouse.custody import import_custody
from warehouse.database import reading, writing
from warehouse.documents import document_detail, list_documents
from warehouse.errors import ScopeError
from warehouse.inventory_cells import CellFilter, inventory_cells
from warehouse.load import load_records
from warehouse.progress import progress_by_custodian, progress_by_unit, totals
from warehouse.reference import import_inventory
from warehouse.scope import WHOLE_CITY, scope_of
from warehouse.scoped_engine import rule_of, scoped

HAI_BA_TRUNG = "00256@2025-07-01"
LE_DAI_HANH = "00256@-"
DAY = dt.date(2025, 8, 1)


@pytest.fixture
def filled(engine: sa.Engine, make_record: Any) -> sa.Engine:
    """One document of each: Lê Đại Hành (split), Đồng Nhân (went whole to Hai Bà Trưng), Hai Bà Trưng, Bách Khoa."""
    papers = (
        ("ldh", "00256", 1998, "1"),
        ("ldh-2", "00256", 1998, "2"),
        ("dong-nhan", "00259", 1999, "1"),
        ("hbt", "00256", 2026, "1"),
        ("bach-khoa", "00277", 1999, "1"),
        ("spring", "00256", 2025, "9"),
    )
    records = []
    for document_id, code, year, book in papers:
        it = make_record(document_id=document_id)
        entry = dataclasses.replace(it.entry, unit_code=code, year=year, book=book)
        record = dataclasses.replace(it.record, unit_code=code, year=year, book=book, issue_date=None)
        if document_id == "spring":
            record = dataclasses.replace(record, issue_date="2025-03-05")
        batch = BatchRef("00292" if code == "00277" else "00256", "lo")
        records.append(dataclasses.replace(it, entry=entry, record=record, batch=batch))
    load_records(engine, records)
    lines = [InventoryLine(code, "birth", year, 10) for _, code, year, _ in papers if code != "00277"]
    import_inventory(engine, lines[1:4], approved_on=dt.date(2025, 1, 1), source_name="x", sha256="0" * 64)
    return engine


def seen(engine: sa.Engine, *units_of: str) -> set[str]:
    return {it.document_id for it in list_documents(scoped(engine, scope_of(engine, units_of)))}


def test_a_ward_of_today_holds_what_went_into_it_as_a_whole(filled: sa.Engine) -> None:
    assert seen(filled, "00256") == seen(filled, HAI_BA_TRUNG) == {"hbt", "dong-nhan"}
    assert seen(filled, LE_DAI_HANH) == {"ldh", "ldh-2", "spring"}, "by the date on the paper"
    assert seen(filled, "00259") == {"dong-nhan"}
    assert seen(filled, "007") == {"ldh", "ldh-2", "spring", "dong-nhan", "bach-khoa"}
    assert seen(filled, "01") == {"ldh", "ldh-2", "spring", "dong-nhan", "bach-khoa", "hbt"}
    assert seen(filled, "00256", "00277") == {"hbt", "dong-nhan", "bach-khoa"}


def test_an_assignment_decides_and_the_one_that_says_most_first(filled: sa.Engine) -> None:
    ldh = units().at("00256", dt.date(2025, 1, 1))
    dong_nhan = units().at("00259", dt.date(2025, 1, 1))
    assert ldh is not None
    assert dong_nhan is not None
    whole = Assignment(unit=ldh, custodian_code="00256")
    book = dataclasses.replace(whole, custodian_code="00292", book="2")
    import_custody(filled, [whole, book], decided_on=DAY, source_name="x.csv")
    assert seen(filled, "00256") == {"hbt", "dong-nhan", "ldh", "spring"}
    assert "ldh-2" in seen(filled, "00292")
    import_custody(
        filled,
        [dataclasses.replace(whole, unit=dong_nhan, custodian_code="00292")],
        decided_on=DAY,
        source_name="y.csv",
    )
    assert seen(filled, "00256") == {"hbt", "ldh", "spring"}
    refresh_totals(filled)  # kept figures of whole cells must not tell more than the documents that are seen
    shown = progress_by_custodian(scoped(filled, scope_of(filled, ["00256"])))
    assert [(it.unit_code, it.received) for it in shown] == [("00256", 3)]


def test_every_question_answers_within_the_scope(filled: sa.Engine) -> None:
    refresh_totals(filled)
    engine = scoped(filled, scope_of(filled, [HAI_BA_TRUNG]))
    assert [(it.unit_id, it.digitized, it.inventory_records) for it in progress_by_unit(engine)] == [
        (HAI_BA_TRUNG, 1, 10),
        ("00259@-", 1, 10),
    ]
    assert totals(engine).received == 2
    listed, count, cells = inventory_cells(engine, CellFilter())
    assert (listed.inventory_records, count, {it.unit_id for it in cells}) == (20, 2, {HAI_BA_TRUNG, "00259@-"})
    assert [it.batch_key for it in list_batches(engine)] == ["00256/lo"]
    assert document_detail(engine, "00292/lo/bach-khoa") is None
    assert document_detail(engine, "00256/lo/ldh") is None
    inside = document_detail(engine, "00256/lo/hbt")
    assert inside is not None
    assert inside.fields
    with reading(engine) as connection:
        for table in ("field_value", "party", "page", "artefact", "event"):
            keys = set(connection.execute(sa.select(schema.metadata.tables[table].c.document_key)).scalars())
            assert keys <= {"00256/lo/hbt", "00256/lo/dong-nhan"}, table
        counted = sa.select(sa.func.count()).select_from(schema.document)
        assert connection.execute(counted).scalar() == 2
        with_cte = sa.select(sa.func.count()).select_from(sa.select(schema.document).cte("mine"))
        assert connection.execute(with_cte).scalar() == 2


def test_nobody_answers_for_nothing(filled: sa.Engine) -> None:
    assert seen(filled) == set()


def test_a_scope_never_writes_and_refuses_what_it_cannot_hold(filled: sa.Engine) -> None:
    engine = scoped(filled, scope_of(filled, ["00259"]))
    with pytest.raises(ScopeError), writing(engine) as connection:
        connection.execute(sa.delete(schema.document))
    ring = sa.select(schema.document.c.document_key).cte("ring", recursive=True)
    ring = ring.union_all(sa.select(ring.c.document_key).where(sa.false()))
    with pytest.raises(ScopeError), reading(engine) as connection:
        connection.execute(sa.select(ring)).all()
    assert scoped(filled, WHOLE_CITY) is filled


def test_every_table_has_its_rule() -> None:
    public = {name for name, table in schema.metadata.tables.items() if rule_of(table) is None}
    reference = {"unit", "unit_heir", "unit_succession", "record_type", "stage", "inventory_version"}
    assert public <= reference | {"name_word", "name_posting", "cell_refresh", "unit_refresh"}
    hidden = {name for name, table in schema.metadata.tables.items() if rule_of(table) == "1 = 0"}
    accounts = {"account", "account_unit", "account_session", "account_event", "account_token"}
    assert hidden == accounts | {"access_purpose", "api_use", "outside_document", "cell_total_part", "cell_day_part"}

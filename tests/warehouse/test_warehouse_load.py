"""Loading: any number of times, in any order, from several sides, the same rows stand there."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from manifests.documents import ArtefactKind, DocumentRecord, RecordStatus
from manifests.text import QualityFlag
from pipeline.ledger import Ledger
from warehouse import schema
from warehouse.database import open_database, writing
from warehouse.documents import document_detail
from warehouse.errors import DatabaseUnavailableError
from warehouse.load import content_sha256, load_records
from warehouse.merge import insert_missing, upsert
from warehouse.results import LoadResult

LATER = dt.datetime(2025, 10, 1, tzinfo=dt.UTC)
FACTS = (schema.field_value, schema.party, schema.page, schema.page_flag, schema.signature, schema.event)
MakeRecord = Callable[..., DocumentRecord]
RowsOf = Callable[[sa.Table], list[dict[str, Any]]]


def _facts(rows_of: RowsOf) -> dict[str, list[dict[str, Any]]]:
    return {table.name: rows_of(table) for table in (*FACTS, schema.record, schema.artefact, schema.document)}


def test_what_was_loaded_is_read_back_whole(engine: sa.Engine, make_record: MakeRecord) -> None:
    it = make_record(pages=2, flags=(QualityFlag.BLUR, QualityFlag.LOW_DPI), review_reasons=("missing:number",))
    assert load_records(engine, [it]) == LoadResult(inserted=1)
    detail = document_detail(engine, it.document_key)
    assert detail is not None
    assert detail.fields == it.record.fields
    assert detail.parties == it.record.parties
    assert tuple(page.facts for page in detail.pages) == tuple(page.facts for page in it.pages)
    assert [(page.verdict, page.text, page.word_count) for page in detail.pages] == [
        ("read", "GIẤY KHAI SINH", 3)
    ] * 2
    assert detail.signatures == it.signatures
    assert detail.input_signatures == it.input_signatures
    assert detail.events == it.events
    assert {stored.artefact for stored in detail.artefacts} == set(it.artefacts)
    assert all(stored.current for stored in detail.artefacts)
    assert (detail.issue_date, detail.pdfa_verdict, detail.legal_profile) == ("1998-02-10", "valid", "nd30-2020")
    assert detail.finished_at == it.finished_at
    assert detail.summary.review_reasons == ("missing:number",)
    assert detail.record_type_name == "Khai sinh"
    assert detail.unit_name == "Phường Lê Đại Hành"


def test_an_unknown_document_is_none(engine: sa.Engine) -> None:
    assert document_detail(engine, "no/such/document") is None


def test_loading_nothing_does_nothing(engine: sa.Engine) -> None:
    assert load_records(engine, []) == LoadResult()


def test_loading_again_touches_no_row(engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf) -> None:
    records = [make_record(f"HS-{number}") for number in range(7)]
    assert load_records(engine, records) == LoadResult(inserted=7)
    before = _facts(rows_of)
    assert load_records(engine, records) == LoadResult(unchanged=7)
    assert _facts(rows_of) == before


def test_a_later_record_replaces_every_fact_of_the_earlier(
    engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf
) -> None:
    other = make_record("HS-other")
    load_records(engine, [make_record(pages=3, flags=(QualityFlag.BLUR,), fields=5), other])
    later = make_record(pages=1, fields=1, run="run-2", finished_at=LATER, signed=False)
    assert load_records(engine, [later]) == LoadResult(updated=1)
    mine = {
        name: [row for row in rows if row["document_key"] == later.document_key]
        for name, rows in _facts(rows_of).items()
    }
    assert {name: len(rows) for name, rows in mine.items()} == {
        "record": 1,
        "field_value": 1,
        "party": 2,
        "page": 1,
        "page_flag": 0,
        "signature": 2,
        "event": 2,
        "artefact": 5,
        "document": 1,
    }
    current = {(row["kind"], row["key"].rpartition("/")[2]) for row in mine["artefact"] if row["current"]}
    assert current == {(ArtefactKind.ORIGINAL, "run-2"), (ArtefactKind.PDFA, "run-2")}
    detail = document_detail(engine, other.document_key)
    assert detail is not None
    assert len(detail.fields) == 2


def test_an_older_record_never_replaces_a_newer(engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf) -> None:
    load_records(engine, [make_record(name="Lê Mới", finished_at=LATER)])
    before = _facts(rows_of)
    assert load_records(engine, [make_record(name="Lê Cũ")]) == LoadResult(outdated=1)
    assert _facts(rows_of) == before


def test_the_newest_of_one_document_in_one_call_wins(engine: sa.Engine, make_record: MakeRecord) -> None:
    new, old = make_record(name="Lê Mới", finished_at=LATER), make_record(name="Lê Cũ")
    assert load_records(engine, [new, old, new]) == LoadResult(inserted=1, outdated=1, unchanged=1)
    detail = document_detail(engine, new.document_key)
    assert detail is not None
    assert detail.parties[0].name == "Lê Mới"


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_every_order_of_loading_ends_in_the_same_warehouse(make_record: MakeRecord, data: st.DataObject) -> None:
    versions = [
        make_record(document_id, name=name, run=name, finished_at=LATER + dt.timedelta(minutes=minute))
        for document_id in ("a", "b")
        for minute in (0, 1)
        for name in ("Một", "Hai")
    ]
    ends = []
    for _ in range(2):
        engine = open_database("sqlite://")
        schema.metadata.create_all(engine)
        for record in data.draw(st.permutations(versions)):
            load_records(engine, [record])
        with engine.connect() as connection:
            rows = connection.execute(sa.select(schema.record.c.document_key, schema.record.c.content_sha256))
            ends.append(sorted(map(tuple, rows)))
            assert connection.execute(sa.select(sa.func.count()).select_from(schema.party)).scalar_one() == 4
        engine.dispose()
    assert ends[0] == ends[1]


def test_a_call_loads_all_or_nothing(engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf) -> None:
    good, bad = make_record("a"), make_record("b", fields=1)
    broken = dataclasses.replace(bad, pages=bad.pages * 2)  # the same page number twice
    with pytest.raises(sa.exc.IntegrityError):
        load_records(engine, [good, broken])
    assert all(rows == [] for rows in _facts(rows_of).values())
    assert load_records(engine, [good]) == LoadResult(inserted=1)


def test_several_loaders_of_the_same_records_double_nothing(
    engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf
) -> None:
    first = [make_record(f"HS-{number:03}") for number in range(60)]
    second = [make_record(f"HS-{number:03}", finished_at=LATER, run="run-2") for number in range(60)]
    results: list[LoadResult] = []
    start = threading.Barrier(4)

    def load(records: list[DocumentRecord]) -> None:
        start.wait()
        for number in range(0, 60, 20):
            results.append(load_records(engine, records[number : number + 20]))

    threads = [
        threading.Thread(target=load, args=(records,))
        for records in (first, first[::-1], second, [*second[30:], *second[:30]])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.inserted for result in results) == 60
    assert sum(result.updated for result in results) <= 60
    assert len(results) == 12
    assert len(rows_of(schema.record)) == 60
    assert {row["finished_at"] for row in rows_of(schema.record)} == {LATER}
    assert len(rows_of(schema.party)) == 120
    assert len(rows_of(schema.field_value)) == 120


def test_what_the_ledger_says_is_left_alone(engine: sa.Engine, make_record: MakeRecord, rows_of: RowsOf) -> None:
    it = make_record()
    original = it.artefacts[0]
    seen = dt.datetime(2025, 8, 1, tzinfo=dt.UTC)
    with writing(engine) as connection:
        connection.execute(
            sa.insert(schema.batch).values(
                batch_key=it.batch.key,
                unit_code="00256",
                batch_id="lo-1",
                status=schema.BatchStatus.PROCESSING,
                first_seen_at=seen,
            )
        )
        connection.execute(
            sa.insert(schema.document).values(
                document_key=it.document_key,
                batch_key=it.batch.key,
                document_id="HS-0001",
                unit_code="00256",
                record_type="birth",
                year=1998,
                pages=1,
                status=schema.DocumentStatus.PROCESSING,
                stage="sign",
                updated_at=seen,
            )
        )
        connection.execute(
            sa.insert(schema.artefact).values(
                document_key=it.document_key,
                kind=original.kind,
                key=original.key,
                sha256=original.sha256,
                size=original.size,
                media_type=original.media_type,
                run_key="of-the-ledger",
                created_at=seen,
            )
        )
    load_records(engine, [it])
    assert [(row["status"], row["first_seen_at"]) for row in rows_of(schema.batch)] == [("processing", seen)]
    assert [(row["status"], row["stage"]) for row in rows_of(schema.document)] == [("processing", "sign")]
    kept = next(row for row in rows_of(schema.artefact) if row["kind"] == ArtefactKind.ORIGINAL)
    assert (kept["run_key"], kept["created_at"], kept["current"]) == ("of-the-ledger", seen, True)


def test_hostile_text_is_stored_and_does_no_harm(engine: sa.Engine, make_record: MakeRecord) -> None:
    text = "a\x00b'; DROP TABLE record; --\u202e\U0001f4c4"
    it = make_record(name=text, text=text, number=text)
    load_records(engine, [it])
    detail = document_detail(engine, it.document_key)
    assert detail is not None
    assert detail.pages[0].text == text.replace("\x00", "\ufffd")
    assert detail.parties[0].name == text.replace("\x00", "\ufffd")


def test_equal_records_have_equal_digests_however_their_keyed_values_are_ordered(make_record: MakeRecord) -> None:
    it = make_record()
    turned = dataclasses.replace(
        it, entry=dataclasses.replace(it.entry, keyed=dict(reversed(list(it.entry.keyed.items()))))
    )
    assert content_sha256(it) == content_sha256(turned)
    review = dataclasses.replace(it.record, status=RecordStatus.NEEDS_REVIEW)
    assert content_sha256(it) != content_sha256(dataclasses.replace(it, record=review))


def test_a_database_that_is_gone_is_told_as_unavailable(tmp_path: Any, make_record: MakeRecord) -> None:
    engine = open_database(f"postgresql://sohoa@/warehouse?host={tmp_path}")
    with pytest.raises(DatabaseUnavailableError):
        load_records(engine, [make_record()])


def test_any_text_comes_back_as_it_was_written(engine: sa.Engine, rows_of: RowsOf) -> None:
    texts = (None, "", "NULL", '"', "\\", '\\"', "{a,b}", "a'b", "%s", "\n\t", " ", "Đào", "\\x41", "\U0001f600")
    seen = dt.datetime(2025, 3, 1, 23, 59, 59, 123456, dt.timezone(dt.timedelta(hours=7)))
    rows = [
        {
            "batch_key": f"00256/{at}",
            "unit_code": "00256",
            "batch_id": str(at),
            "status": schema.BatchStatus.DONE,
            "document_count": at - 3,
            "first_seen_at": seen,
            "finished_at": seen if at % 2 else None,
            "message": text,
        }
        for at, text in enumerate(texts)
    ]
    with writing(engine) as connection:
        insert_missing(connection, schema.batch, rows)
    stored = [{name: row[name] for name in rows[0]} for row in rows_of(schema.batch)]
    assert sorted(stored, key=lambda row: int(row["batch_id"])) == rows
    with writing(engine) as connection:
        upsert(connection, schema.batch, [row | {"message": "x"} for row in rows], update=("message",))
    assert {row["message"] for row in rows_of(schema.batch)} == {"x"}


def test_whether_an_original_is_known_is_asked_of_the_index_of_originals(engine: sa.Engine) -> None:
    asked: list[tuple[str, Any]] = []

    def listen(connection: sa.Connection, cursor: object, statement: str, values: Any, *_: object) -> None:
        asked.append((statement, values))

    sa.event.listen(engine, "before_cursor_execute", listen)
    assert Ledger(engine).archived_content("0" * 64) is None
    sa.event.remove(engine, "before_cursor_execute", listen)
    [(statement, values)] = asked
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        how = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = connection.exec_driver_sql(f"{how} {statement}", values).all()
    assert "ix_artefact_original" in str(plan)

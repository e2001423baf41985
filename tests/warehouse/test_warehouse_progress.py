"""Progress is counted from facts: each test says what happened, then what the lead must see."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import ArtefactKind, DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from warehouse import schema
from warehouse.database import open_database, writing
from warehouse.load import load_records
from warehouse.progress import progress_by_unit, progress_matrix, totals
from warehouse.reference import import_inventory, load_reference
from warehouse.results import Totals, UnitProgress
from warehouse.schema import DocumentStatus

MakeRecord = Callable[..., DocumentRecord]
SEEN = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)


def _inventory(engine: sa.Engine, *lines: tuple[str, str, int, int], on: dt.date = dt.date(2025, 1, 1)) -> None:
    import_inventory(
        engine,
        [InventoryLine(code, kind, year, count) for code, kind, year, count in lines],
        approved_on=on,
        source_name="danh-muc.csv",
        sha256=repr((lines, on)),
    )


def _document(engine: sa.Engine, number: int, status: DocumentStatus, **values: Any) -> None:
    """A document the ledger knows and the warehouse does not, in a batch of unit 00256."""
    artefacts = values.pop("artefacts", ())
    row = {
        "document_key": f"00256/lo-2/{number}",
        "batch_key": "00256/lo-2",
        "document_id": str(number),
        "unit_code": "00256",
        "record_type": "birth",
        "year": 1998,
        "pages": 1,
        "status": status,
        "updated_at": SEEN,
        **values,
    }
    with writing(engine) as connection:
        known = connection.execute(
            sa.select(schema.batch.c.batch_key).where(schema.batch.c.batch_key == "00256/lo-2")
        )
        if known.first() is None:
            connection.execute(
                sa.insert(schema.batch).values(
                    batch_key="00256/lo-2",
                    unit_code="00256",
                    batch_id="lo-2",
                    status=schema.BatchStatus.PROCESSING,
                    first_seen_at=SEEN,
                )
            )
        connection.execute(sa.insert(schema.document).values(**row))
        for kind in artefacts:
            connection.execute(
                sa.insert(schema.artefact).values(
                    document_key=row["document_key"],
                    kind=kind,
                    key=f"{row['document_key']}/{kind}",
                    sha256="0" * 64,
                    size=1,
                    media_type="application/pdf",
                    created_at=SEEN,
                )
            )


def _one(engine: sa.Engine, **filters: Any) -> UnitProgress:
    (progress,) = progress_by_unit(engine, **filters)
    return progress


def test_an_empty_database_has_no_progress(engine: sa.Engine) -> None:
    assert progress_by_unit(engine) == []
    assert progress_matrix(engine, "00256") == []
    assert totals(engine) == Totals(units=0)
    assert totals(engine).percent is None


def test_each_figure_counts_what_its_name_says(engine: sa.Engine, make_record: MakeRecord) -> None:
    _inventory(engine, ("00256", "birth", 1998, 10))
    load_records(
        engine,
        [
            make_record("a"),
            make_record("b", status=RecordStatus.NEEDS_REVIEW),
            make_record("c", signed=False),
            make_record("d", signed=False, pdfa_verdict="invalid"),
        ],
    )
    _document(engine, 1, DocumentStatus.QUARANTINED, reason_code="encrypted")
    _document(engine, 2, DocumentStatus.REFUSED, reason_code="checksum_mismatch")
    _document(engine, 3, DocumentStatus.PROCESSING, artefacts=[ArtefactKind.ORIGINAL, ArtefactKind.PDFA])
    _document(engine, 4, DocumentStatus.PROCESSING, artefacts=[ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF])
    it = _one(engine)
    assert (it.received, it.digitized, it.signed) == (7, 4, 3)
    assert (it.indexed, it.needs_review, it.quarantined, it.refused) == (3, 1, 1, 1)
    assert (it.inventory_records, it.remaining, it.over) == (10, 6, 0)
    assert (it.percent, it.percent_indexed) == (40.0, 30.0)


def test_a_document_signed_twice_counts_once(engine: sa.Engine, make_record: MakeRecord) -> None:
    later = dt.datetime(2025, 10, 1, tzinfo=dt.UTC)
    load_records(engine, [make_record()])
    load_records(engine, [make_record(run="run-2", finished_at=later)])
    assert (_one(engine).digitized, _one(engine).signed, _one(engine).indexed) == (1, 1, 1)


def test_a_reused_code_is_two_units(engine: sa.Engine, make_record: MakeRecord) -> None:
    _inventory(engine, ("00256", "birth", 1998, 4), ("00256", "birth", 2026, 2))
    load_records(engine, [make_record("a"), make_record("b", year=2026)])
    old, new = progress_by_unit(engine, on=dt.date(2026, 1, 1))
    assert (old.unit_id, old.unit_name, old.valid_to) == ("00256@-", "Phường Lê Đại Hành", dt.date(2025, 6, 30))
    assert (new.unit_id, new.unit_name, new.valid_from) == (
        "00256@2025-07-01",
        "Phường Hai Bà Trưng",
        dt.date(2025, 7, 1),
    )
    assert (old.dissolved, new.dissolved) == (True, False)
    assert (old.percent, new.percent) == (25.0, 50.0)
    assert progress_by_unit(engine, on=dt.date(2025, 6, 30))[0].dissolved is False


def test_a_unit_that_was_dissolved_keeps_its_papers_and_its_name(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", unit_code="00265"), make_record("b", unit_code="00265", year=2025)])
    it = _one(engine)
    assert (it.unit_name, it.received, it.dissolved) == ("Phường Đống Mác", 2, True)


def test_units_without_deliveries_without_inventory_and_unknown_ones_all_appear(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    _inventory(engine, ("00283", "birth", 1990, 5))
    load_records(engine, [make_record("a"), make_record("b", unit_code="=HYPERLINK", year=1990)])
    shown = {it.unit_code: it for it in progress_by_unit(engine)}
    assert set(shown) == {"00283", "00256", "=HYPERLINK"}
    assert (shown["00283"].percent, shown["00283"].received) == (0.0, 0)
    assert (shown["00256"].percent, shown["00256"].over) == (None, 1)
    assert (shown["=HYPERLINK"].unit_id, shown["=HYPERLINK"].tier) == ("=HYPERLINK@?", "unknown")
    assert totals(engine).units == 3


def test_a_surplus_hides_nothing_that_is_missing(engine: sa.Engine, make_record: MakeRecord) -> None:
    _inventory(engine, ("00256", "birth", 1998, 2), ("00256", "marriage", 1998, 4))
    load_records(engine, [make_record(f"b{number}") for number in range(5)])
    load_records(engine, [make_record("m", record_type="marriage")])
    it = _one(engine)
    assert (it.digitized, it.over, it.remaining) == (6, 3, 3)
    assert it.percent == 50.0
    births, marriages = progress_matrix(engine, "00256")
    assert (births.record_type_name, births.percent, births.over) == ("Khai sinh", 100.0, 3)
    assert (marriages.record_type_name, marriages.percent, marriages.over) == ("Kết hôn", 25.0, 0)


def test_filters_narrow_numerator_and_denominator_alike(engine: sa.Engine, make_record: MakeRecord) -> None:
    _inventory(
        engine,
        ("00256", "birth", 1998, 2),
        ("00256", "birth", 1999, 4),
        ("00256", "death", 1998, 8),
        ("00283", "birth", 1998, 16),
    )
    load_records(
        engine,
        [
            make_record("a"),
            make_record("b", year=1999),
            make_record("c", record_type="death"),
            make_record("d", unit_code="00283"),
        ],
    )
    assert [(it.unit_code, it.inventory_records, it.digitized) for it in progress_by_unit(engine, year=1998)] == [
        ("00256", 10, 2),
        ("00283", 16, 1),
    ]
    assert _one(engine, unit_code="00256", record_type="birth").inventory_records == 6
    assert _one(engine, unit_code="00256", record_type="birth", year=1999).percent == 25.0
    assert progress_by_unit(engine, year=1850) == []
    assert (totals(engine).inventory_records, totals(engine, record_type="death").inventory_records) == (30, 8)
    assert [cell.year for cell in progress_matrix(engine, "00256", record_type="birth")] == [1998, 1999]


def test_a_matrix_may_show_one_of_the_units_of_a_code(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a"), make_record("b", year=2026), make_record("c", unit_code="77777")])
    assert [cell.year for cell in progress_matrix(engine, "00256")] == [1998, 2026]
    assert [cell.year for cell in progress_matrix(engine, "00256", unit_id="00256@2025-07-01")] == [2026]
    assert [cell.year for cell in progress_matrix(engine, "77777")] == [1998]


def test_a_past_day_is_told_with_its_inventory_and_its_files(engine: sa.Engine, make_record: MakeRecord) -> None:
    _inventory(engine, ("00256", "birth", 1998, 4), on=dt.date(2025, 3, 1))
    _inventory(engine, ("00256", "birth", 1998, 8), on=dt.date(2025, 9, 20))
    # 17:30 in London's time is already the next day in Hanoi.
    evening = dt.datetime(2025, 9, 14, 17, 30, tzinfo=dt.UTC)
    load_records(engine, [make_record("a"), make_record("b", batch="00256/lo-9", finished_at=evening)])
    assert _one(engine, on=dt.date(2025, 9, 14)).digitized == 0
    assert (_one(engine, on=dt.date(2025, 9, 15)).digitized, _one(engine, on=dt.date(2025, 9, 15)).percent) == (
        2,
        50.0,
    )
    assert _one(engine, on=dt.date(2025, 9, 20)).percent == 25.0
    assert totals(engine, on=dt.date(2025, 9, 20)).inventory_approved_on == dt.date(2025, 9, 20)
    assert progress_by_unit(engine, on=dt.date(2025, 2, 1)) == []


cells = st.tuples(
    st.sampled_from(["00256", "00292", "00265", "x"]),
    st.sampled_from(["birth", "death"]),
    st.sampled_from([1956, 2024, 2025, 2026]),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(listed=st.dictionaries(cells, st.integers(0, 5), max_size=6), delivered=st.lists(cells, max_size=12))
def test_units_cells_and_totals_always_agree(
    make_record: MakeRecord, listed: dict[tuple[str, str, int], int], delivered: list[tuple[str, str, int]]
) -> None:
    engine = open_database("sqlite://")
    schema.metadata.create_all(engine)
    load_reference(engine)
    _inventory(engine, *((*cell, count) for cell, count in listed.items()))
    load_records(
        engine,
        [
            make_record(f"d{number}", unit_code=code, record_type=kind, year=year)
            for number, (code, kind, year) in enumerate(delivered)
        ],
    )
    by_unit, total = progress_by_unit(engine), totals(engine)
    by_cell = [cell for code in {it.unit_code for it in by_unit} for cell in progress_matrix(engine, code)]
    for name in ("inventory_records", "received", "digitized", "digitized_listed", "over", "indexed", "remaining"):
        figure = getattr(total, name)
        assert figure == sum(getattr(it, name) for it in by_unit) == sum(getattr(it, name) for it in by_cell)
    assert total.units == len(by_unit) == len({it.unit_id for it in by_unit})
    assert total.received == len(delivered)
    assert total.inventory_records == sum(listed.values())
    assert total.digitized_listed == sum(min(count, delivered.count(cell)) for cell, count in listed.items())
    assert all(it.percent is None or 0.0 <= it.percent <= 100.0 for it in (*by_unit, total))
    engine.dispose()


@pytest.mark.parametrize("value", ["' OR 1=1 --", "%", "\u202e"])
def test_hostile_filters_find_nothing(engine: sa.Engine, make_record: MakeRecord, value: str) -> None:
    load_records(engine, [make_record()])
    assert progress_by_unit(engine, unit_code=value) == []
    assert progress_matrix(engine, value) == []

"""Behind each figure stand exactly as many documents as it says, for every view."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.custody import Assignment
from manifests.documents import ArtefactKind, BatchRef, RecordStatus
from manifests.inventory import InventoryLine
from manifests.units import units
from warehouse import schema
from warehouse.behind import COUNTED, FILED, RECORDED, DocumentFilter, documents_behind
from warehouse.custody import import_custody
from warehouse.inventory_cells import CellFilter, inventory_cells
from warehouse.load import load_records
from warehouse.matrix import type_matrix, week_matrix
from warehouse.outlook import outlooks
from warehouse.progress import progress_by_custodian, progress_by_district, progress_by_unit
from warehouse.reconciliation import place_counts
from warehouse.reference import HANOI, import_inventory
from warehouse.views import View

PAPERS = [
    ("a", "00256", 1998, RecordStatus.ACCEPTED, True),
    ("b", "00256", 1998, RecordStatus.NEEDS_REVIEW, True),
    ("c", "00259", 1999, RecordStatus.ACCEPTED, True),
    ("d", "00256", 2026, RecordStatus.ACCEPTED, False),
    ("e", "99999", 2001, RecordStatus.ACCEPTED, True),
    ("f", "00277", 1999, RecordStatus.NEEDS_REVIEW, False),
]
ROWS = {
    View.ISSUER: progress_by_unit,
    View.DISTRICT: progress_by_district,
    View.CUSTODIAN: progress_by_custodian,
}


@pytest.fixture
def filled(engine: sa.Engine, make_record: Any) -> sa.Engine:
    records = []
    for document_id, code, year, status, signed in PAPERS:
        it = make_record(document_id=document_id)
        record = dataclasses.replace(it.record, unit_code=code, year=year, issue_date=None, status=status)
        artefacts = tuple(a for a in it.artefacts if signed or a.kind is ArtefactKind.ORIGINAL)
        records.append(
            dataclasses.replace(
                it,
                entry=dataclasses.replace(it.entry, unit_code=code, year=year),
                record=record,
                batch=BatchRef("00256", "lo"),
                artefacts=artefacts,
            )
        )
    load_records(engine, records)
    return engine


@pytest.mark.parametrize("view", list(View))
def test_a_list_is_as_long_as_its_figure(filled: sa.Engine, view: View) -> None:
    rows = ROWS[view](filled)
    assert sum(row.received for row in rows) == len(PAPERS)
    for row in rows:
        for figure in COUNTED:
            found = documents_behind(
                filled, DocumentFilter(figure=figure, view=view, unit_id=row.unit_id, assigned=row.assigned)
            )
            assert len(found) == getattr(row, figure), (row.unit_id, figure)


def test_lists_are_told_in_pages(filled: sa.Engine) -> None:
    received = DocumentFilter(figure="received")
    first = documents_behind(filled, received, limit=4)
    rest = documents_behind(filled, received, limit=4, offset=4)
    assert [it.document_id for it in (*first, *rest)] == ["a", "b", "c", "d", "e", "f"]
    assert [it.document_id for it in documents_behind(filled, DocumentFilter(needs_review=True))] == ["b", "f"]


@pytest.mark.parametrize("view", list(View))
def test_the_matrices_add_up_to_the_rows(filled: sa.Engine, view: View) -> None:
    rows = {(row.unit_id, row.assigned): row for row in ROWS[view](filled)}
    types = {(it.unit_id, it.assigned): it.types for it in type_matrix(filled, view=view)}
    assert types.keys() == rows.keys()
    for key, of_type in types.items():
        assert sum(it.digitized for it in of_type.values()) == rows[key].digitized
    day = _newest(filled).finished_at.date()
    days, weeks = week_matrix(filled, on=day, weeks=2, view=view)
    assert days[-1] == day
    digitized = {(it.unit_id, it.assigned): sum(it.digitized) for it in weeks}
    assert digitized == {key: row.digitized for key, row in rows.items() if row.digitized}


def _newest(engine: sa.Engine) -> Any:
    from warehouse.documents import document_detail

    detail = document_detail(engine, "00256/lo/a")
    assert detail is not None
    return detail


@pytest.mark.parametrize("view", list(View))
def test_behind_each_week_stand_the_documents_digitized_in_it(
    filled: sa.Engine, artefacts_aged: dict[str, dt.datetime], view: View
) -> None:
    last = max(artefacts_aged.values()).astimezone(HANOI).date()
    days, found = week_matrix(filled, on=last, weeks=3, view=view)
    assert [sum(made) for made in zip(*(it.digitized for it in found), strict=True)] == [1, 1, 2]
    by_unit = {(it.unit_id, it.assigned): it.digitized for it in found}
    for row in ROWS[view](filled):
        weeks = by_unit.get((row.unit_id, row.assigned), (0, 0, 0))
        wanted = DocumentFilter(view=view, unit_id=row.unit_id, assigned=row.assigned)
        for day, made in zip(days, weeks, strict=True):
            week = dataclasses.replace(wanted, digitized_from=day - dt.timedelta(days=6), digitized_to=day)
            assert len(documents_behind(filled, week)) == made, (row.unit_id, day)
        whole = dataclasses.replace(wanted, digitized_from=days[0] - dt.timedelta(days=6), digitized_to=days[-1])
        assert len(documents_behind(filled, whole)) == sum(weeks)


def test_the_day_is_hanoi_s(filled: sa.Engine, artefacts_aged: dict[str, dt.datetime]) -> None:
    on = artefacts_aged["b"].astimezone(HANOI).date()
    assert on != artefacts_aged["b"].date(), "the evening before in UTC"
    only = DocumentFilter(digitized_from=on, digitized_to=on)
    assert [it.document_id for it in documents_behind(filled, only)] == ["b"]


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("tier", ["ward", "district", "unknown"])
def test_behind_a_total_of_a_tier_stand_the_documents_of_its_rows(filled: sa.Engine, view: View, tier: str) -> None:
    rows = [row for row in ROWS[view](filled) if row.tier == tier]
    found = documents_behind(filled, DocumentFilter(figure="received", view=view, tier=tier))
    assert len(found) == sum(row.received for row in rows)


def test_behind_the_figures_of_each_place_stand_as_many_documents(filled: sa.Engine) -> None:
    (place,) = place_counts(filled)
    for figure, expected in ((None, place.ledger), (FILED, place.stored), (RECORDED, place.warehouse)):
        found = documents_behind(filled, DocumentFilter(figure=figure, delivered_by=place.unit_code))
        assert len(found) == expected > 0, figure
    assert documents_behind(filled, DocumentFilter(delivered_by="00001")) == []


@pytest.mark.parametrize("view", list(View))
def test_behind_a_field_of_work_stand_the_documents_of_its_types(filled: sa.Engine, view: View) -> None:
    for it in outlooks(filled, by_area=True, view=view):
        row = it.unit
        wanted = DocumentFilter(
            figure="digitized", view=view, unit_id=row.unit_id, assigned=row.assigned, area=it.area
        )
        assert len(documents_behind(filled, wanted)) == row.digitized


@pytest.fixture
def artefacts_aged(filled: sa.Engine) -> dict[str, dt.datetime]:
    """When the file of each document was signed: days apart, over three weeks."""
    newest = _newest(filled).finished_at
    evening = newest.replace(hour=18, minute=30, second=0, microsecond=0)
    moments = {name: evening - dt.timedelta(days=4 * at) for at, (name, *_) in enumerate(PAPERS)}
    document, artefact = schema.document.c, schema.artefact
    with filled.begin() as connection:
        for name, moment in moments.items():
            keys = sa.select(document.document_key).where(document.document_id == name)
            connection.execute(sa.update(artefact).where(artefact.c.document_key.in_(keys)).values(created_at=moment))
    return moments


@pytest.fixture
def listed(filled: sa.Engine) -> sa.Engine:
    """With an inventory that lists more, less and other papers than there are, and an assignment of a split ward."""
    lines = [
        InventoryLine("00256", "birth", 1998, 10, 10, 25),
        InventoryLine("00256", "death", 1997, 4),
        InventoryLine("00256", "marital_status", 2000, 7),
        InventoryLine("00256", "birth", 2026, 1),
        InventoryLine("00277", "birth", 1999, 3),
        InventoryLine("99999", "birth", 2002, 2),
    ]
    import_inventory(filled, lines, approved_on=dt.date(2020, 1, 1), source_name="a", sha256="a" * 64)
    split = units().at("00256", dt.date(2020, 1, 1))
    assert split is not None
    import_custody(
        filled,
        [Assignment(split, "00292", record_type="birth")],
        decided_on=dt.date(2025, 7, 1),
        source_name="b",
    )
    return filled


@pytest.mark.parametrize("view", list(View))
@pytest.mark.parametrize("only", [{}, {"record_type": "birth"}, {"year": 1998}, {"on": dt.date(2026, 1, 1)}])
def test_behind_a_denominator_stand_the_cells_that_add_up_to_it(
    listed: sa.Engine, view: View, only: dict[str, Any]
) -> None:
    rows = ROWS[view](listed, **only)
    assert sum(row.inventory_records for row in rows) > 0
    for row in rows:
        wanted = CellFilter(view=view, unit_id=row.unit_id, assigned=row.assigned, **only)
        total, count, cells = inventory_cells(listed, wanted)
        assert count == len(cells)
        for name in ("inventory_records", "inventory_files", "inventory_pages", "inventory_lapsed", "digitized"):
            assert sum(getattr(it, name) for it in cells) == getattr(total, name) == getattr(row, name), name
        assert (total.percent, total.over) == (row.percent, row.over)
    for tier in ("ward", "unknown"):
        total, _, _ = inventory_cells(listed, CellFilter(view=view, tier=tier, **only))
        assert total.inventory_records == sum(row.inventory_records for row in rows if row.tier == tier)


@pytest.mark.parametrize("view", list(View))
def test_each_cell_leads_to_its_documents(listed: sa.Engine, view: View) -> None:
    total, count, cells = inventory_cells(listed, CellFilter(view=view))
    assert total.digitized == sum(it.digitized for it in cells) == 4
    for it in cells:
        found = documents_behind(
            listed,
            DocumentFilter(
                figure="digitized",
                view=view,
                unit_id=it.row_id,
                assigned=it.assigned,
                issuer_id=it.unit_id,
                record_type=it.record_type,
                year=it.year,
            ),
        )
        assert len(found) == it.digitized
    paged = [inventory_cells(listed, CellFilter(view=view), limit=1, offset=at)[2][0] for at in range(count)]
    assert paged == cells


@pytest.mark.parametrize("view", list(View))
def test_behind_the_denominator_of_a_field_of_work_stand_its_types(listed: sa.Engine, view: View) -> None:
    for it in outlooks(listed, by_area=True, view=view):
        row = it.unit
        wanted = CellFilter(view=view, unit_id=row.unit_id, assigned=row.assigned, area=it.area)
        assert inventory_cells(listed, wanted)[0].inventory_records == row.inventory_records

"""Behind each figure stand exactly as many documents as it says, for every view."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.documents import ArtefactKind, BatchRef, RecordStatus
from warehouse.behind import COUNTED, documents_behind
from warehouse.load import load_records
from warehouse.matrix import type_matrix, week_matrix
from warehouse.progress import progress_by_custodian, progress_by_district, progress_by_unit
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
            found = documents_behind(filled, figure=figure, view=view, unit_id=row.unit_id, assigned=row.assigned)
            assert len(found) == getattr(row, figure), (row.unit_id, figure)


def test_lists_are_told_in_pages(filled: sa.Engine) -> None:
    first = documents_behind(filled, figure="received", limit=4)
    rest = documents_behind(filled, figure="received", limit=4, offset=4)
    assert [it.document_id for it in (*first, *rest)] == ["a", "b", "c", "d", "e", "f"]
    assert [it.document_id for it in documents_behind(filled, record_status=RecordStatus.NEEDS_REVIEW)] == ["b", "f"]


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

"""The documents behind a figure: the very conditions the figure is counted with, asked one document at a time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from manifests.documents import ArtefactKind, RecordStatus
from manifests.record_types import record_types
from warehouse import schema
from warehouse.batches import UNEXPLAINED, stopped_at
from warehouse.cells import FACTS, cell_columns, standing_now
from warehouse.database import reading
from warehouse.days import document_days
from warehouse.documents import select_documents
from warehouse.reference import today
from warehouse.results import DocumentSummary
from warehouse.schema import DocumentStatus
from warehouse.views import Row, View, shown, unit_is

COUNTED = tuple(name for name in FACTS if name != "digitized_pages")
"""Figures that count documents."""
IN_PROGRESS = "in_progress"
"""Accepted, neither finished nor stopped."""
STOPPED = "stopped"
"""Quarantined or refused."""
FILED = "filed"
"""A finished file is stored."""
RECORDED = "recorded"
"""The warehouse has a record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """Documents that count to a figure and fit every condition given.

    Attributes:
        figure: One of ``COUNTED``, ``IN_PROGRESS``, ``STOPPED``, ``FILED`` or ``RECORDED``; every document when
            ``None``.
        view, unit_id, assigned, tier: The row the figure stands in; see ``warehouse.views.Row``.
        issuer_id: Only papers this unit issued, whoever holds them.
        delivered_by: Only papers of batches that were delivered under this unit code.
        stopped_at: Only papers whose last run of this stage ended in quarantine; with ``batch_key`` only.
        reason_code: Only papers that stopped for this reason.
        area: Only record types of this field of work.
        digitized_from, digitized_to: Only papers digitized on these days in Hanoi or between them.
    """

    figure: str | None = None
    view: View = View.ISSUER
    unit_id: str | None = None
    assigned: bool = True
    tier: str | None = None
    issuer_id: str | None = None
    delivered_by: str | None = None
    batch_key: str | None = None
    stopped_at: str | None = None
    reason_code: str | None = None
    unit_code: str | None = None
    record_type: str | None = None
    area: str | None = None
    year: int | None = None
    status: DocumentStatus | None = None
    needs_review: bool = False
    digitized_from: dt.date | None = None
    digitized_to: dt.date | None = None

    @property
    def row(self) -> Row:
        return Row(view=self.view, unit_id=self.unit_id, assigned=self.assigned, tier=self.tier)


def documents_behind(
    engine: sa.Engine, wanted: DocumentFilter, *, limit: int = 100, offset: int = 0
) -> list[DocumentSummary]:
    """The documents, by key; ``limit`` and ``offset`` say which of them."""
    document = schema.document.c
    row, by_place = wanted.row, wanted.view is View.CUSTODIAN and not wanted.row.all
    with reading(engine) as connection:
        conditions = _conditions(wanted)
        codes = row.issuers(connection)
        if codes is not None:
            conditions.append(document.unit_code.in_(codes))
        if wanted.digitized_from or wanted.digitized_to:
            found = document_days(*conditions, by_place=by_place)
        else:
            source, columns = cell_columns(by_place=by_place)
            cells = (column.label(name) for name, column in columns.items())
            found = sa.select(document.document_key, *cells).select_from(source).where(*conditions)
        it = found.subquery()
        if not row.all:
            rows = row.keep(shown(it, wanted.view, today(), list(it.c.keys())))
            it = rows.subquery()
        keys = sa.select(it.c.document_key).order_by(it.c.document_key)
        if wanted.issuer_id:
            keys = keys.where(unit_is(it.c.unit_code, it.c.unit_id, wanted.issuer_id))
        if wanted.digitized_from:
            keys = keys.where(it.c.digitized_on >= wanted.digitized_from.isoformat())
        if wanted.digitized_to:
            keys = keys.where(it.c.digitized_on <= wanted.digitized_to.isoformat())
        page = list(connection.execute(keys.limit(limit).offset(offset)).scalars())
        return select_documents(connection, document.document_key.in_(page))


def of_area(record_type: sa.ColumnElement[str], area: str) -> sa.ColumnElement[bool]:
    """Whether a record type belongs to a field of work; types nobody knows belong to ``other``."""
    known = record_types().values()
    of_it = record_type.in_([kind.code for kind in known if kind.area == area])
    return sa.or_(of_it, record_type.not_in([kind.code for kind in known])) if area == "other" else of_it


def has_file() -> sa.ColumnElement[bool]:
    """Condition on ``document``: a finished file of it is stored."""
    artefact = schema.artefact.c
    query = sa.select(artefact.key).where(
        artefact.document_key == schema.document.c.document_key,
        artefact.current,
        artefact.kind.in_([ArtefactKind.SIGNED_PDF, ArtefactKind.PDFA]),
    )
    return query.exists()


def _conditions(wanted: DocumentFilter) -> list[sa.ColumnElement[bool]]:
    document = schema.document.c
    conditions: list[sa.ColumnElement[bool]] = [
        column == value
        for column, value in (
            (document.batch_key, wanted.batch_key),
            (document.unit_code, wanted.unit_code),
            (document.record_type, wanted.record_type),
            (document.year, wanted.year),
            (document.status, wanted.status),
            (sa.func.coalesce(document.reason_code, UNEXPLAINED), wanted.reason_code),
        )
        if value is not None
    ]
    if wanted.needs_review:
        conditions.append(schema.record.c.status == RecordStatus.NEEDS_REVIEW)
    if wanted.issuer_id:
        conditions.append(document.unit_code == wanted.issuer_id.partition("@")[0])
    if wanted.delivered_by is not None:
        batch = schema.batch.c
        delivered = sa.select(batch.batch_key).where(batch.unit_code == wanted.delivered_by)
        conditions.append(document.batch_key.in_(delivered))
    if wanted.stopped_at is not None:
        conditions.append(document.document_key.in_(stopped_at(wanted.batch_key, wanted.stopped_at)))
    if wanted.area is not None:
        conditions.append(of_area(document.record_type, wanted.area))
    if wanted.figure == IN_PROGRESS:
        conditions.append(document.status.in_([DocumentStatus.RECEIVED, DocumentStatus.PROCESSING]))
    elif wanted.figure == STOPPED:
        conditions.append(document.status.in_([DocumentStatus.QUARANTINED, DocumentStatus.REFUSED]))
    elif wanted.figure == FILED:
        conditions.append(has_file())
    elif wanted.figure == RECORDED:
        conditions.append(schema.record.c.document_key.is_not(None))
    elif wanted.figure is not None:
        conditions.append(standing_now()[wanted.figure])
    return conditions

"""The documents behind a figure: the very conditions the figure is counted with, asked one document at a time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from manifests.documents import RecordStatus
from warehouse import schema
from warehouse.cells import FACTS, cell_columns, standing_now
from warehouse.custody import custodian_of
from warehouse.database import reading
from warehouse.documents import select_documents
from warehouse.reference import today
from warehouse.results import DocumentSummary
from warehouse.schema import DocumentStatus
from warehouse.schema_progress import custody, unit_heir
from warehouse.views import View

COUNTED = tuple(name for name in FACTS if name != "digitized_pages")
"""Figures that count documents."""
STOPPED = "stopped"
"""Quarantined or refused."""


def documents_behind(
    engine: sa.Engine,
    *,
    figure: str | None = None,
    view: View = View.ISSUER,
    unit_id: str | None = None,
    assigned: bool = True,
    batch_key: str | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
    status: DocumentStatus | None = None,
    record_status: RecordStatus | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[DocumentSummary]:
    """Documents that count to a figure and fit every condition given, by key.

    Args:
        engine: A migrated database.
        figure: One of ``COUNTED`` or ``STOPPED``; every document when ``None``.
        view, unit_id, assigned: The row the figure stands in, as in ``warehouse.progress``: ``assigned`` is false for
            papers of this former unit that nobody was given.
        batch_key, unit_code, record_type, year, status, record_status: Only these.
        limit, offset: Which of them.
    """
    document, record = schema.document.c, schema.record.c
    place = view is View.CUSTODIAN and unit_id is not None
    source, columns = cell_columns(by_place=place)
    conditions: list[sa.ColumnElement[bool]] = [
        column == value
        for column, value in (
            (document.batch_key, batch_key),
            (document.unit_code, unit_code),
            (document.record_type, record_type),
            (document.year, year),
            (document.status, status),
            (record.status, record_status),
        )
        if value is not None
    ]
    if figure == STOPPED:
        conditions.append(document.status.in_([DocumentStatus.QUARANTINED, DocumentStatus.REFUSED]))
    elif figure is not None:
        conditions.append(standing_now()[figure])
    with reading(engine) as connection:
        if unit_id is not None and view is View.ISSUER:
            conditions += _issued_by(columns, unit_id)
        found = sa.select(document.document_key, *(column.label(name) for name, column in columns.items()))
        rows = found.select_from(source).where(*conditions)
        if unit_id is not None and view is View.CUSTODIAN:
            rows = _held_by(connection, rows, unit_id, assigned)
        elif unit_id is not None and view is View.DISTRICT:
            rows = _under(rows, unit_id)
        keys = rows.with_only_columns(rows.selected_columns["document_key"]).order_by(sa.text("1"))
        wanted = list(connection.execute(keys.limit(limit).offset(offset)).scalars())
        return select_documents(connection, document.document_key.in_(wanted))


def _issued_by(columns: dict[str, sa.ColumnElement[Any]], unit_id: str) -> list[sa.ColumnElement[bool]]:
    code, _, rest = unit_id.partition("@")
    nobody_knows = columns["unit_id"].is_(None)
    return [columns["unit_code"] == code, nobody_knows if rest == "?" else columns["unit_id"] == unit_id]


def _under(rows: sa.Select[Any], unit_id: str) -> sa.Select[Any]:
    issuer, above = schema.unit.alias("issuer"), schema.unit.alias("above")
    it = rows.subquery()
    return (
        sa.select(it.c.document_key)
        .select_from(
            it.outerjoin(issuer, issuer.c.unit_id == it.c.unit_id).outerjoin(
                above, sa.and_(above.c.code == issuer.c.parent_code, above.c.tier == "district")
            )
        )
        .where(sa.func.coalesce(above.c.unit_id, it.c.unit_id, it.c.unit_code + "@?") == unit_id)
    )


def _held_by(connection: sa.Connection, rows: sa.Select[Any], unit_id: str, assigned: bool) -> sa.Select[Any]:
    code = unit_id.partition("@")[0]
    if assigned:
        # Only papers of units that have something to do with the custodian are looked at one by one.
        given = sa.select(custody.c.unit_code).where(custody.c.custodian_code == code)
        heirs = sa.select(unit_heir.c.unit_id).where(unit_heir.c.custodian_code == code)
        codes = {code, *connection.execute(given).scalars()}
        codes |= {it.partition("@")[0] for it in connection.execute(heirs).scalars()}
        rows = rows.where(schema.document.c.unit_code.in_(codes))
    else:
        rows = rows.where(schema.document.c.unit_code == code)
    it = rows.subquery()
    holder = custodian_of(it, today())
    if assigned:
        return sa.select(it.c.document_key).where(holder == code)
    own = sa.func.coalesce(it.c.unit_id, it.c.unit_code + "@?") == unit_id
    return sa.select(it.c.document_key).where(holder.is_(None), own)

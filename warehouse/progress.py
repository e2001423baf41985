"""How far the work is, counted from facts each time it is asked for.

Numerators are documents by what is stored of them, denominators the inventory version in force. Both are counted per
cell (unit code x record type x year) first, so that a surplus in one cell never hides what is missing in another.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from manifests.documents import ArtefactKind, RecordStatus
from warehouse import schema
from warehouse.database import reading
from warehouse.reference import HANOI, inventory_in_force, today
from warehouse.results import Figures, ProgressCell, Totals, UnitProgress
from warehouse.schema import DocumentStatus

_FIGURES = tuple(field.name for field in dataclasses.fields(Figures))
_INVENTORY = ("inventory_records", "inventory_files", "inventory_pages")
_FACTS = ("received", "digitized", "signed", "indexed", "needs_review", "quarantined", "refused")


def progress_by_unit(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[UnitProgress]:
    """One row for each unit that has an inventory or has delivered, by code and then by time.

    A code that was reused gives a row for each unit that bore it: papers and inventory lines count to the unit of
    their year (``warehouse.reference.year_ranges``). Units nobody knows are listed under their code.

    Args:
        engine: A migrated database.
        on: As of the end of this day in Hanoi: inventory in force then, files stored and records finished by then,
            batches that had arrived by then. ``None`` is now. Quarantine and review are known as they stand today.
        unit_code, record_type, year: Only these.
    """
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
        cells = _cells(found[0] if found else None, on, unit_code, record_type, year)
        unit = schema.unit.c
        rows = connection.execute(
            sa.select(
                cells.c.unit_code,
                unit.unit_id,
                unit.name,
                unit.tier,
                unit.parent_code,
                unit.valid_from,
                unit.valid_to,
                *(sa.func.sum(cells.c[name]).label(name) for name in _FIGURES),
            )
            .select_from(cells.outerjoin(schema.unit, _unit_of(cells)))
            .group_by(
                cells.c.unit_code,
                unit.unit_id,
                unit.name,
                unit.tier,
                unit.parent_code,
                unit.valid_from,
                unit.valid_to,
            )
        ).mappings()
        progress = [_unit_progress(row, on or today()) for row in rows]
    return sorted(progress, key=lambda it: (it.unit_code, it.valid_from or dt.date.min))


def progress_matrix(
    engine: sa.Engine,
    unit_code: str,
    *,
    unit_id: str | None = None,
    on: dt.date | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[ProgressCell]:
    """The cells of one unit, record type x year, in the order of the record types and then by year.

    Args:
        engine: A migrated database.
        unit_code: Cells of every unit that ever bore this code ...
        unit_id: ... or of this one alone.
        on, record_type, year: As in ``progress_by_unit``.
    """
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
        cells = _cells(found[0] if found else None, on, unit_code, record_type, year)
        kind = schema.record_type.c
        query = (
            sa.select(cells, kind.name.label("record_type_name"))
            .select_from(cells.outerjoin(schema.record_type, kind.code == cells.c.record_type))
            .order_by(sa.func.coalesce(kind.position, 9999), cells.c.record_type, cells.c.year)
        )
        if unit_id is not None:
            query = query.join(schema.unit, sa.and_(_unit_of(cells), schema.unit.c.unit_id == unit_id))
        return [
            ProgressCell(
                record_type=row["record_type"],
                record_type_name=row["record_type_name"] or row["record_type"],
                year=row["year"],
                **_figures(row),
            )
            for row in connection.execute(query).mappings()
        ]


def totals(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> Totals:
    """The sum over all units ``progress_by_unit`` lists for the same arguments."""
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
        cells = _cells(found[0] if found else None, on, unit_code, record_type, year)
        known_unit = sa.func.coalesce(schema.unit.c.unit_id, cells.c.unit_code)
        row = (
            connection.execute(
                sa.select(
                    sa.func.count(known_unit.distinct()).label("units"),
                    *(sa.func.sum(cells.c[name]).label(name) for name in _FIGURES),
                ).select_from(cells.outerjoin(schema.unit, _unit_of(cells)))
            )
            .mappings()
            .one()
        )
    return Totals(
        units=row["units"],
        inventory_version=found[0] if found else None,
        inventory_approved_on=found[1] if found else None,
        **_figures(row),
    )


def _cells(
    version: int | None, on: dt.date | None, unit_code: str | None, record_type: str | None, year: int | None
) -> sa.Subquery:
    """All figures per unit code x record type x year, inventory and facts side by side."""
    until = dt.datetime.combine(on + dt.timedelta(days=1), dt.time(), HANOI) if on else None
    both = sa.union_all(
        _only(_inventory_cells(version), schema.inventory_line, unit_code, record_type, year),
        _only(_fact_cells(until), schema.document, unit_code, record_type, year),
    ).subquery()
    cell = (both.c.unit_code, both.c.record_type, both.c.year)
    summed = (
        sa.select(*cell, *(sa.func.sum(both.c[name]).label(name) for name in (*_INVENTORY, *_FACTS)))
        .group_by(*cell)
        .subquery()
    )
    return sa.select(
        summed,
        _least(summed.c.digitized, summed.c.inventory_records).label("digitized_listed"),
        _least(summed.c.indexed, summed.c.inventory_records).label("indexed_listed"),
    ).subquery("cells")


def _inventory_cells(version: int | None) -> sa.Select[Any]:
    line = schema.inventory_line.c
    return sa.select(
        line.unit_code,
        line.record_type,
        line.year,
        line.records.label("inventory_records"),
        sa.func.coalesce(line.files, 0).label("inventory_files"),
        sa.func.coalesce(line.pages, 0).label("inventory_pages"),
        *(sa.literal(0).label(name) for name in _FACTS),
    ).where(line.version_id == version if version is not None else sa.false())


def _fact_cells(until: dt.datetime | None) -> sa.Select[Any]:
    document, record, batch = schema.document.c, schema.record.c, schema.batch.c
    signed = _stored(ArtefactKind.SIGNED_PDF, until)
    # Signing stands before indexing, so a document that has its record and no signed file needed no signature.
    finished_unsigned = sa.and_(
        record.document_key.is_not(None), record.pdfa_verdict != "invalid", _stored(ArtefactKind.PDFA, until)
    )
    counts = {
        "received": document.status != DocumentStatus.REFUSED,
        "digitized": sa.or_(signed, finished_unsigned),
        "signed": signed,
        "indexed": record.status == RecordStatus.ACCEPTED,
        "needs_review": record.status == RecordStatus.NEEDS_REVIEW,
        "quarantined": document.status == DocumentStatus.QUARANTINED,
        "refused": document.status == DocumentStatus.REFUSED,
    }
    finished_by_then = record.document_key == document.document_key
    if until is not None:
        finished_by_then = sa.and_(finished_by_then, record.finished_at < until)
    query = sa.select(
        document.unit_code,
        document.record_type,
        document.year,
        *(sa.literal(0).label(name) for name in _INVENTORY),
        *(sa.func.sum(sa.case((counts[name], 1), else_=0)).label(name) for name in _FACTS),
    ).select_from(schema.document.outerjoin(schema.record, finished_by_then))
    if until is not None:
        query = query.join(schema.batch, batch.batch_key == document.batch_key).where(batch.first_seen_at < until)
    return query.group_by(document.unit_code, document.record_type, document.year)


def _stored(kind: ArtefactKind, until: dt.datetime | None) -> sa.ColumnElement[bool]:
    artefact = schema.artefact.c
    query = sa.select(artefact.key).where(
        artefact.document_key == schema.document.c.document_key, artefact.kind == kind, artefact.current
    )
    return (query if until is None else query.where(artefact.created_at < until)).exists()


def _only(
    query: sa.Select[Any], table: sa.Table, unit_code: str | None, record_type: str | None, year: int | None
) -> sa.Select[Any]:
    wanted = {"unit_code": unit_code, "record_type": record_type, "year": year}
    return query.where(*(table.c[name] == value for name, value in wanted.items() if value is not None))


def _unit_of(cells: sa.Subquery) -> sa.ColumnElement[bool]:
    unit = schema.unit.c
    return sa.and_(unit.code == cells.c.unit_code, cells.c.year.between(unit.first_year, unit.last_year))


def _least(a: sa.ColumnElement[int], b: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    return sa.case((a < b, a), else_=b)


def _figures(row: sa.RowMapping) -> dict[str, int]:
    return {name: int(row[name] or 0) for name in _FIGURES}


def _unit_progress(row: sa.RowMapping, day: dt.date) -> UnitProgress:
    code, valid_to = row["unit_code"], row["valid_to"]
    return UnitProgress(
        unit_id=row["unit_id"] or f"{code}@?",
        unit_code=code,
        unit_name=row["name"] or f"Đơn vị chưa có trong danh mục ({code})",
        tier=row["tier"] or "unknown",
        parent_code=row["parent_code"],
        valid_from=row["valid_from"],
        valid_to=valid_to,
        dissolved=valid_to is not None and valid_to < day,
        **_figures(row),
    )

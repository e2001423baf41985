"""On which days documents were digitized and accepted, per cell: what every trend and pace is drawn from."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from manifests.documents import ArtefactKind, RecordStatus
from warehouse import schema
from warehouse.cells import Selection, cell_columns, filters, is_stale, own_signature, stale_cells
from warehouse.schema import DocumentStatus
from warehouse.schema_progress import record_standing
from warehouse.schema_totals import cell_day

DAYS = ("digitized_on", "indexed_on")


class hanoi_day(FunctionElement[str]):
    """The day in Hanoi of a moment, as ISO text, so that it compares alike in every database."""

    type = sa.Text()
    inherit_cache = True


@compiles(hanoi_day, "sqlite")
def _sqlite_day(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)}, '+7 hours')"


@compiles(hanoi_day, "postgresql")
def _postgres_day(element: Any, compiler: Any, **options: Any) -> str:
    return f"to_char({compiler.process(element.clauses, **options)} AT TIME ZONE 'Asia/Ho_Chi_Minh', 'YYYY-MM-DD')"


def documents_by_day(wanted: Selection, *, by_place: bool) -> sa.Subquery:
    """Documents per cell and the days on which they were digitized and accepted; null where they never were.

    Kept figures where they hold, else counted from the facts; with places always from the facts.
    """
    narrowed = filters(schema.document, wanted)
    if by_place:
        return days_from_facts(*narrowed, by_place=True).subquery()
    day = cell_day.c
    kept = sa.select(
        day.unit_code,
        sa.func.nullif(day.unit_id, "").label("unit_id"),
        day.record_type,
        day.year,
        *(sa.func.nullif(day[name], "").label(name) for name in DAYS),
        day.documents,
    ).where(*filters(cell_day, wanted))
    if wanted.settled:
        return kept.subquery()
    kept = kept.where(~is_stale(cell_day))
    return sa.union_all(kept, days_from_facts(stale_cells(), *narrowed)).subquery()


def days_from_facts(
    *conditions: sa.ColumnElement[bool], by_place: bool = False, by_batch: bool = False
) -> sa.Select[Any]:
    """The same of the documents that fit, counted one by one."""
    single = document_days(*conditions, by_place=by_place, by_batch=by_batch).subquery()
    keys = [column for column in single.c if column.name != "document_key"]
    return sa.select(*keys, sa.func.count().label("documents")).group_by(*keys)


def document_days(
    *conditions: sa.ColumnElement[bool], by_place: bool = False, by_batch: bool = False
) -> sa.Select[Any]:
    """``document_key``, its cell, and ``DAYS`` of each document that was not refused and fits."""
    document, record, artefact, standing = (
        it.c for it in (schema.document, schema.record, schema.artefact, record_standing)
    )

    def stored(kind: ArtefactKind) -> sa.ScalarSelect[Any]:
        same = (artefact.document_key == document.document_key, artefact.kind == kind)
        return sa.select(sa.func.min(artefact.created_at)).where(*same).correlate(schema.document).scalar_subquery()

    def stood(moment: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
        same = standing.document_key == document.document_key
        return sa.select(moment).where(same).correlate(schema.document).scalar_subquery()

    source, columns = cell_columns(by_place=by_place)
    if by_batch:
        columns["batch_key"] = document.batch_key
    single = (
        sa.select(
            document.document_key,
            *(column.label(name) for name, column in columns.items()),
            record.status.label("status"),
            record.pdfa_verdict.label("verdict"),
            stored(ArtefactKind.SIGNED_PDF).label("signed_at"),
            stored(ArtefactKind.PDFA).label("pdfa_at"),
            sa.case((own_signature(), 1), else_=0).label("own_signed"),
            stood(sa.func.min(standing.at)).label("recorded_at"),
            stood(sa.func.max(sa.case((standing.status == RecordStatus.ACCEPTED, standing.at)))).label("accepted_at"),
        )
        .select_from(source)
        .where(document.status != DocumentStatus.REFUSED, *conditions)
        .subquery()
        .c
    )
    unsigned = sa.and_(single.pdfa_at.is_not(None), single.verdict != "invalid")
    later = sa.case((single.pdfa_at > single.recorded_at, single.pdfa_at), else_=single.recorded_at)
    digitized_at = sa.func.coalesce(
        single.signed_at, sa.case((unsigned, later)), sa.case((single.own_signed == 1, single.recorded_at))
    )
    accepted_at = sa.case((single.status == RecordStatus.ACCEPTED, single.accepted_at))
    return sa.select(
        single.document_key,
        *(single[name] for name in columns),
        hanoi_day(digitized_at).label("digitized_on"),
        hanoi_day(accepted_at).label("indexed_on"),
    )

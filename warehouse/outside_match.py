"""What an outside system holds against what we hold: matched by number and name, kept per document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import sqlalchemy as sa

from manifests.documents import ArtefactKind
from manifests.outside import OutsideRow
from warehouse import schema
from warehouse.database import writing
from warehouse.merge import hold, insert
from warehouse.names import search_name
from warehouse.numbers import number_notation, number_value
from warehouse.reconciliation import told, write_findings
from warehouse.schema import DocumentStatus
from warehouse.schema_progress import outside_record, reconciliation_match

_CHUNK = 5_000


def stage_outside(engine: sa.Engine, run_id: int, rows: Iterable[OutsideRow]) -> int:
    """Put an outside system's rows beside ours; how many. Read as they come, some thousands at a time."""
    count, waiting = 0, iter(rows)
    while some := list(islice(waiting, _CHUNK)):
        with writing(engine) as connection:
            insert(connection, outside_record, [_outside_row(run_id, it) for it in some])
        count += len(some)
    number = outside_record.c.number
    with writing(engine) as connection:
        connection.execute(
            sa.update(outside_record)
            .where(outside_record.c.run_id == run_id)
            .values(number_value=number_value(number), notation=number_notation(number))
        )
    return count


def _outside_row(run_id: int, it: OutsideRow) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "row": it.row,
        "unit_code": it.unit_code,
        "record_type": it.record_type,
        "year": it.year,
        "number": it.number,
        "number_value": None,
        "notation": None,
        "name_folded": search_name(it.name) if it.name else None,
        "code": it.code,
    }


def compare_outside(engine: sa.Engine, run_id: int, system: str, *, unit_code: str | None = None) -> int:
    """Match the staged rows with our documents, keep matches and findings; how many documents matched.

    Matched by unit, type, year and number, and by a name where the export tells one. What the export does not cover
    (no row of that unit, type and year) is not told as missing there.
    """
    ours, theirs = _our_documents(unit_code), _their_records(run_id, unit_code)
    same = sa.and_(
        ours.c.unit_code == theirs.c.unit_code,
        ours.c.record_type == theirs.c.record_type,
        ours.c.year == theirs.c.year,
        ours.c.value == theirs.c.number_value,
        ours.c.notation == theirs.c.notation,
    )
    party = schema.party.c
    named = sa.select(party.document_key).where(party.document_key == ours.c.document_key)
    right_name = sa.or_(
        theirs.c.name_folded.is_(None),
        sa.not_(named.exists()),
        named.where(party.name_folded == theirs.c.name_folded).exists(),
    )
    now = dt.datetime.now(dt.UTC)
    with writing(engine) as connection:
        hold(connection, "reconciliation")
        matched = sa.select(ours.c.document_key).select_from(ours.join(theirs, same)).where(right_name).distinct()
        _keep_matches(connection, matched, system, now)
        covered = _covered(theirs)
        lost = (
            sa.select(ours.c.document_key)
            .select_from(ours.join(covered, _same_cell(ours, covered)))
            .where(ours.c.document_key.not_in(matched))
        )
        connection.execute(
            sa.update(reconciliation_match)
            .where(
                reconciliation_match.c.system == system,
                reconciliation_match.c.lost_at.is_(None),
                reconciliation_match.c.document_key.in_(lost),
            )
            .values(lost_at=now)
        )
        count = connection.execute(sa.select(sa.func.count()).select_from(matched.subquery())).scalar_one()
    for query in _outside_findings(ours, theirs, covered, same, right_name):
        write_findings(engine, run_id, query)
    return int(count)


def _our_documents(unit_code: str | None) -> sa.Subquery:
    document, record, artefact = schema.document.c, schema.record.c, schema.artefact.c
    number = sa.func.coalesce(record.number, document.number)
    stored = sa.select(artefact.key).where(
        artefact.document_key == document.document_key,
        artefact.current,
        artefact.kind.in_([ArtefactKind.SIGNED_PDF, ArtefactKind.PDFA]),
    )
    query = (
        sa.select(
            document.document_key,
            document.batch_key,
            document.unit_code,
            document.record_type,
            document.year,
            number.label("number"),
            number_value(number).label("value"),
            number_notation(number).label("notation"),
        )
        .select_from(schema.document.outerjoin(schema.record, record.document_key == document.document_key))
        .where(document.status != DocumentStatus.REFUSED, stored.exists())
    )
    return (query.where(document.unit_code == unit_code) if unit_code else query).subquery()


def _their_records(run_id: int, unit_code: str | None) -> sa.Subquery:
    query = sa.select(outside_record).where(outside_record.c.run_id == run_id)
    return (query.where(outside_record.c.unit_code == unit_code) if unit_code else query).subquery()


def _covered(theirs: sa.Subquery) -> sa.Subquery:
    return sa.select(theirs.c.unit_code, theirs.c.record_type, theirs.c.year).distinct().subquery()


def _same_cell(ours: sa.FromClause, covered: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(*(ours.c[name] == covered.c[name] for name in ("unit_code", "record_type", "year")))


def _keep_matches(connection: sa.Connection, matched: sa.Select[Any], system: str, now: dt.datetime) -> None:
    match = reconciliation_match
    connection.execute(
        sa.update(match)
        .where(match.c.system == system, match.c.lost_at.is_not(None), match.c.document_key.in_(matched))
        .values(lost_at=None, matched_at=now)
    )
    found = matched.subquery()
    known = sa.select(match.c.document_key).where(
        match.c.document_key == found.c.document_key, match.c.system == system
    )
    new = sa.select(found.c.document_key, sa.literal(system), sa.literal(now, match.c.matched_at.type)).where(
        sa.not_(known.exists())
    )
    connection.execute(sa.insert(match).from_select(["document_key", "system", "matched_at"], new))


def _outside_findings(
    ours: sa.Subquery,
    theirs: sa.Subquery,
    covered: sa.Subquery,
    same: sa.ColumnElement[bool],
    right_name: sa.ColumnElement[bool],
) -> Sequence[sa.Select[Any]]:
    here = sa.select(ours.c.document_key).where(same)
    there = sa.select(theirs.c.row).where(same)

    def row(code: str, *detail: Any) -> list[sa.ColumnElement[Any]]:
        return [
            sa.literal(code).label("code"),
            sa.null().label("batch_key"),
            sa.null().label("document_key"),
            theirs.c.unit_code,
            theirs.c.record_type,
            theirs.c.year,
            theirs.c.number,
            told(*detail),
        ]

    def document(code: str) -> list[sa.ColumnElement[Any]]:
        return [
            sa.literal(code).label("code"),
            ours.c.batch_key,
            ours.c.document_key,
            ours.c.unit_code,
            ours.c.record_type,
            ours.c.year,
            ours.c.number,
            ours.c.document_key.label("detail"),
        ]

    keys = ("unit_code", "record_type", "year", "number_value", "notation")
    our_keys = ("unit_code", "record_type", "year", "value", "notation")
    twice = sa.select(*(theirs.c[name] for name in keys), sa.func.count().label("times"), sa.func.min(theirs.c.row))
    twice_here = sa.select(*(ours.c[name] for name in our_keys), sa.func.count().label("times"))
    repeated = twice.group_by(*(theirs.c[name] for name in keys)).having(sa.func.count() > 1).subquery()
    repeated_here = twice_here.group_by(*(ours.c[name] for name in our_keys)).having(sa.func.count() > 1).subquery()
    unnumbered = theirs.c.number_value.is_(None)
    code_told = sa.func.coalesce(sa.literal(", mã ") + sa.func.nullif(theirs.c.code, ""), "")
    return (
        sa.select(*row("missing_here", "dòng ", theirs.c.row, " của tệp xuất", code_told)).where(
            sa.or_(unnumbered, sa.not_(here.correlate(theirs).exists()))
        ),
        sa.select(*document("missing_outside"))
        .select_from(ours.join(covered, _same_cell(ours, covered)))
        .where(sa.not_(there.correlate(ours).exists())),
        sa.select(
            sa.literal("name_differs").label("code"),
            ours.c.batch_key,
            ours.c.document_key,
            ours.c.unit_code,
            ours.c.record_type,
            ours.c.year,
            ours.c.number,
            told("dòng ", theirs.c.row, " của tệp xuất", code_told),
        )
        .select_from(ours.join(theirs, same))
        .where(sa.not_(right_name)),
        _repeated("repeated_outside", repeated, "number_value"),
        _repeated("repeated_here", repeated_here, "value"),
    )


def _repeated(code: str, found: sa.Subquery, value: str) -> sa.Select[Any]:
    return sa.select(
        sa.literal(code).label("code"),
        sa.null().label("batch_key"),
        sa.null().label("document_key"),
        found.c.unit_code,
        found.c.record_type,
        found.c.year,
        sa.cast(found.c[value], sa.Text).label("number"),
        told("", found.c.times, " lần"),
    ).where(found.c[value].is_not(None))

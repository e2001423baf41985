"""The smallest figures there are: how much of what, per unit x record type x year, as SQL over the facts.

Everything that is told of progress is a sum of these cells. A cell belongs to the unit that issued the papers, as of
their own date where it is known; codes were reused, in the middle of a year too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.documents import ArtefactKind, RecordStatus
from manifests.record_types import last_lapsed_year, record_types
from warehouse import schema
from warehouse.reference import HANOI
from warehouse.schema import DocumentStatus, SignatureSide, StageStatus
from warehouse.schema_progress import reconciliation_match, record_standing
from warehouse.schema_totals import COUNTED, cell_stale, cell_total

INVENTORY = ("inventory_records", "inventory_files", "inventory_pages")
FACTS = COUNTED
LISTED = ("digitized_listed", "indexed_listed", "reconciled_listed")
FIGURES = (*INVENTORY, "inventory_lapsed", *FACTS, "digitized_lapsed", *LISTED)
CELL = ("unit_code", "unit_id", "record_type", "year")
PLACE = ("book", "box")
"""Where a paper lies, for those who must tell a book from the next; empty where nobody said."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is counted.

    Attributes:
        on: As of the end of this day in Hanoi, as far as it was known then; ``None`` is now.
        version: Inventory version; ``None`` counts none.
        unit_codes: Only these, beside ``unit_code``.
        settled: No cell of it is stale at this moment, so the kept figures are all there is.
    """

    version: int | None
    on: dt.date | None = None
    unit_code: str | None = None
    record_type: str | None = None
    year: int | None = None
    unit_codes: tuple[str, ...] | None = None
    settled: bool = False

    @property
    def until(self) -> dt.datetime | None:
        return dt.datetime.combine(self.on + dt.timedelta(days=1), dt.time(), HANOI) if self.on else None

    @property
    def day(self) -> dt.date:
        return self.on or dt.datetime.now(HANOI).date()


def cells(wanted: Selection, *, by_place: bool = False) -> sa.Subquery:
    """All of ``FIGURES`` per ``CELL`` (and ``PLACE``); ``unit_id`` is null for a code nobody knows."""
    return listed(summed(wanted, by_place=by_place))


def summed(wanted: Selection, *, by_place: bool = False) -> sa.Subquery:
    """Inventory and facts of a cell side by side, what lapsed told apart."""
    both = sa.union_all(
        _only(_inventory_cells(_of_version(wanted.version), by_place=by_place), schema.inventory_line, wanted),
        _counted(wanted, by_place=by_place),
    ).subquery()
    cell = [both.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
    lapsed = _lapsed(both, wanted.day)
    return (
        sa.select(
            *cell,
            *(sa.func.sum(sa.case((lapsed, 0), else_=both.c[name])).label(name) for name in INVENTORY),
            sa.func.sum(sa.case((lapsed, both.c.inventory_records), else_=0)).label("inventory_lapsed"),
            *(sa.func.sum(both.c[name]).label(name) for name in FACTS),
            sa.func.sum(sa.case((lapsed, both.c.digitized), else_=0)).label("digitized_lapsed"),
        )
        .group_by(*cell)
        .subquery()
    )


def inventory_lines(wanted: Selection, versions: Sequence[int], *, by_place: bool = False) -> sa.Subquery:
    """What some versions of the inventory list: ``records`` per ``CELL`` (and ``PLACE``) and ``version_id``.

    What lapsed is among it, and ``wanted.version`` does not count.
    """
    lines = _inventory_cells(schema.inventory_line.c.version_id.in_(versions), by_place=by_place)
    lines = lines.add_columns(schema.inventory_line.c.version_id)
    found = _only(lines, schema.inventory_line, wanted).subquery().c
    cell = (found[name] for name in (*CELL, *(PLACE if by_place else ()), "version_id"))
    return sa.select(*cell, found.inventory_records.label("records")).subquery()


def cell_columns(*, by_place: bool = False) -> tuple[sa.FromClause, dict[str, sa.ColumnElement[Any]]]:
    """Documents with their records, and the columns that say to which cell each belongs."""
    document, record, batch = schema.document.c, schema.record.c, schema.batch.c
    by_year, by_date = schema.unit.alias("by_year"), schema.unit.alias("by_date")
    source: sa.FromClause = schema.document.outerjoin(schema.record, record.document_key == document.document_key)
    source = source.outerjoin(by_year, _of_year(by_year, schema.document)).outerjoin(
        by_date, _of_date(by_date, by_year)
    )
    columns: dict[str, sa.ColumnElement[Any]] = {
        "unit_code": document.unit_code,
        "unit_id": sa.func.coalesce(by_date.c.unit_id, by_year.c.unit_id),
        "record_type": document.record_type,
        "year": document.year,
    }
    if by_place:
        source = source.join(schema.batch, batch.batch_key == document.batch_key)
        columns |= {"book": folded(sa.func.coalesce(document.book, record.book)), "box": folded(batch.batch_id)}
    return source, columns


def listed(cell: sa.Subquery) -> sa.Subquery:
    """``cell`` with what of its numerators the denominator lists."""
    return sa.select(
        cell,
        *(least(cell.c[name.removesuffix("_listed")], cell.c.inventory_records).label(name) for name in LISTED),
    ).subquery("cells")


def least(a: sa.ColumnElement[int], b: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The smaller of two numbers, spelled alike for every database."""
    return sa.case((a < b, a), else_=b)


def folded(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """A book or box as it is compared: ``"01 "`` is ``"1"``; see ``manifests.custody.fold_book``."""
    # literals, not parameters: PostgreSQL takes two parameters for two different expressions when it groups
    zero: sa.ColumnElement[str] = sa.literal_column("'0'")
    nothing: sa.ColumnElement[str] = sa.literal_column("''")
    return sa.func.coalesce(sa.func.ltrim(sa.func.lower(sa.func.trim(column)), zero), nothing)


def _of_version(version: int | None) -> sa.ColumnElement[bool]:
    return schema.inventory_line.c.version_id == version if version is not None else sa.false()


def _inventory_cells(among: sa.ColumnElement[bool], *, by_place: bool) -> sa.Select[Any]:
    line, by_year = schema.inventory_line.c, schema.unit.alias("by_year")
    return (
        sa.select(
            line.unit_code,
            sa.case((line.unit_id != "", line.unit_id), else_=by_year.c.unit_id).label("unit_id"),
            line.record_type,
            line.year,
            *((line.book, line.box) if by_place else ()),
            line.records.label("inventory_records"),
            sa.func.coalesce(line.files, 0).label("inventory_files"),
            sa.func.coalesce(line.pages, 0).label("inventory_pages"),
            *(sa.literal(0).label(name) for name in FACTS),
        )
        .select_from(schema.inventory_line.outerjoin(by_year, _of_year(by_year, schema.inventory_line)))
        .where(among)
    )


def _counted(wanted: Selection, *, by_place: bool) -> sa.Select[Any]:
    if wanted.until is not None or by_place:
        return _only(_fact_cells(wanted.until, by_place=by_place), schema.document, wanted)
    cell = counted_cells(*filters(schema.document, wanted), settled=wanted.settled)
    zeros = (sa.literal(0).label(name) for name in INVENTORY)
    return sa.select(*(cell.c[name] for name in CELL), *zeros, *(cell.c[name] for name in FACTS)).where(
        *filters(cell, wanted)
    )


def counted_cells(*conditions: sa.ColumnElement[bool], settled: bool = False) -> sa.Subquery:
    """``FACTS`` per ``CELL`` now: kept figures where they hold, else counted from the facts.

    ``conditions`` are on the document and only spare work: the kept figures know nothing of them.
    """
    total = cell_total.c
    kept = sa.select(
        total.unit_code,
        sa.func.nullif(total.unit_id, "").label("unit_id"),
        total.record_type,
        total.year,
        *(total[name] for name in FACTS),
    )
    if settled:
        return kept.subquery()
    kept = kept.where(~is_stale(cell_total))
    return sa.union_all(kept, counted_from_facts(stale_cells(), *conditions)).subquery()


def stale_cells() -> sa.ColumnElement[bool]:
    """Condition on ``document``: it belongs to a cell that has to be counted from the facts."""
    document = schema.document.c
    key = sa.tuple_(document.unit_code, document.record_type, document.year)
    return key.in_(sa.select(cell_stale.c.unit_code, cell_stale.c.record_type, cell_stale.c.year).distinct())


def counted_from_facts(*conditions: sa.ColumnElement[bool], by_batch: bool = False) -> sa.Select[Any]:
    """``FACTS`` per ``CELL`` (and batch) now, of the documents that fit, counted one by one."""
    query = _fact_cells(None, by_place=False).where(*conditions)
    if by_batch:
        batch = schema.document.c.batch_key
        query = query.add_columns(batch).group_by(batch)
    plain = query.subquery()
    return sa.select(*(plain.c[name] for name in (*(("batch_key",) if by_batch else ()), *CELL, *FACTS)))


def is_stale(table: sa.Table) -> sa.ColumnElement[bool]:
    """Whether the cell of a kept row has to be counted from the facts."""
    same = (cell_stale.c[name] == table.c[name] for name in ("unit_code", "record_type", "year"))
    return sa.select(cell_stale.c.id).where(*same).exists()


def _fact_cells(until: dt.datetime | None, *, by_place: bool) -> sa.Select[Any]:
    document, batch = schema.document.c, schema.batch.c
    source, cell = cell_columns(by_place=by_place)
    if until is None:
        conditions = standing_now()
    else:
        source, conditions = _standing_then(source, until)
        if not by_place:
            source = source.join(schema.batch, batch.batch_key == document.batch_key)
    counted = {name: sa.case((condition, 1), else_=0) for name, condition in conditions.items()}
    counted["digitized_pages"] = sa.case((conditions["digitized"], document.pages), else_=0)
    query = sa.select(
        *(column.label(name) for name, column in cell.items()),
        *(sa.literal(0).label(name) for name in INVENTORY),
        *(sa.func.sum(counted[name]).label(name) for name in FACTS),
    ).select_from(source)
    if until is not None:
        query = query.where(batch.first_seen_at < until)
    return query.group_by(*cell.values())


def standing_now() -> dict[str, sa.ColumnElement[bool]]:
    """What makes a document count to each of ``FACTS`` now, over the documents of ``cell_columns``."""
    document, record = schema.document.c, schema.record.c
    indexed = record.status == RecordStatus.ACCEPTED
    return _conditions(
        signed=_stored(ArtefactKind.SIGNED_PDF, None),
        pdfa=_stored(ArtefactKind.PDFA, None),
        recorded=record.document_key.is_not(None),
        indexed=indexed,
        needs_review=record.status == RecordStatus.NEEDS_REVIEW,
        reconciled=_matched(None),
        quarantined=document.status == DocumentStatus.QUARANTINED,
        refused=document.status == DocumentStatus.REFUSED,
    )


def _standing_then(
    source: sa.FromClause, until: dt.datetime
) -> tuple[sa.FromClause, dict[str, sa.ColumnElement[bool]]]:
    """As ``standing_now`` for a moment in the past, from what was written down by then and never rewritten.

    A quarantine that was released since stands in the ledger as a failed run with a reason. Where the ledger knows no
    run at all (a rebuilt database), the document stands as it does now, from its last change on.
    """
    document, standing, run = schema.document.c, record_standing.c, schema.stage_run.c
    last_standing = (
        sa.select(standing.document_key, sa.func.max(standing.at).label("at"))
        .where(standing.at < until)
        .group_by(standing.document_key)
        .subquery()
    )
    known = record_standing.alias("known")
    last_run = (
        sa.select(run.document_key, sa.func.max(run.id).label("id"))
        .where(run.finished_at < until, run.document_key.is_not(None))
        .group_by(run.document_key)
        .subquery()
    )
    ended = schema.stage_run.alias("ended")
    joined = (
        source.outerjoin(last_standing, last_standing.c.document_key == document.document_key)
        .outerjoin(
            known,
            sa.and_(known.c.document_key == last_standing.c.document_key, known.c.at == last_standing.c.at),
        )
        .outerjoin(last_run, last_run.c.document_key == document.document_key)
        .outerjoin(ended, ended.c.id == last_run.c.id)
    )
    stopped = sa.or_(
        ended.c.status == StageStatus.QUARANTINED,
        sa.and_(ended.c.status == StageStatus.FAILED, ended.c.reason_code.is_not(None)),
        sa.and_(ended.c.id.is_(None), document.status == DocumentStatus.QUARANTINED, document.updated_at < until),
    )
    return joined, _conditions(
        signed=_stored(ArtefactKind.SIGNED_PDF, until),
        pdfa=_stored(ArtefactKind.PDFA, until),
        recorded=known.c.document_key.is_not(None),
        indexed=known.c.status == RecordStatus.ACCEPTED,
        needs_review=known.c.status == RecordStatus.NEEDS_REVIEW,
        reconciled=_matched(until),
        quarantined=stopped,
        refused=sa.or_(document.status == DocumentStatus.REFUSED, _accepted_later(until)),
    )


def _conditions(
    *,
    signed: sa.ColumnElement[bool],
    pdfa: sa.ColumnElement[bool],
    recorded: sa.ColumnElement[bool],
    refused: sa.ColumnElement[bool],
    **others: sa.ColumnElement[bool],
) -> dict[str, sa.ColumnElement[bool]]:
    # Signing stands before indexing, so a document that has its record and no signed file needed no signature.
    unsigned = sa.and_(recorded, schema.record.c.pdfa_verdict != "invalid", pdfa)
    own = sa.and_(recorded, sa.not_(signed), own_signature())
    return {
        "received": sa.not_(refused),
        "digitized": sa.or_(signed, unsigned, own),
        "signed": signed,
        "own_signed": own,
        "refused": refused,
        **others,
    }


def _stored(kind: ArtefactKind, until: dt.datetime | None) -> sa.ColumnElement[bool]:
    artefact = schema.artefact.c
    query = sa.select(artefact.key).where(
        artefact.document_key == schema.document.c.document_key, artefact.kind == kind
    )
    # What a later run replaced was the current one then.
    return query.where(artefact.current if until is None else artefact.created_at < until).exists()


def _accepted_later(until: dt.datetime) -> sa.ColumnElement[bool]:
    """The batch was there, and no original of this document was taken over yet: it was refused, or nobody had
    declared it. Only what ``receive`` wrote counts (it names no run): a rebuilt database may know no more.
    """
    artefact = schema.artefact.c
    original = sa.select(artefact.key).where(
        artefact.document_key == schema.document.c.document_key, artefact.kind == ArtefactKind.ORIGINAL
    )
    taken_over = original.where(artefact.run_key.is_(None), artefact.created_at >= until)
    return sa.and_(taken_over.exists(), sa.not_(original.where(artefact.created_at < until).exists()))


def own_signature() -> sa.ColumnElement[bool]:
    """The delivered file bears a signature that makes it a valid e-file by itself (Chỉ thị 08/CT-UBND, 29/4/2025)."""
    signature = schema.signature.c
    return (
        sa.select(signature.document_key)
        .where(
            signature.document_key == schema.document.c.document_key,
            signature.of == SignatureSide.INPUT,
            signature.intact,
            signature.valid,
            signature.trusted,
            signature.legally_valid,
        )
        .exists()
    )


def _matched(until: dt.datetime | None) -> sa.ColumnElement[bool]:
    match = reconciliation_match.c
    query = sa.select(match.document_key).where(match.document_key == schema.document.c.document_key)
    if until is None:
        return query.where(match.lost_at.is_(None)).exists()
    return query.where(match.matched_at < until, sa.or_(match.lost_at.is_(None), match.lost_at >= until)).exists()


def _of_year(unit: sa.FromClause, table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(unit.c.code == table.c.unit_code, table.c.year.between(unit.c.first_year, unit.c.last_year))


def _of_date(unit: sa.FromClause, by_year: sa.FromClause) -> sa.ColumnElement[bool]:
    """The unit as of the record's own date, where the year alone can mean two and the date is told and fits."""
    document, issued = schema.document.c, schema.record.c.issue_date
    year = sa.cast(document.year, sa.Text)
    return sa.and_(
        by_year.c.first_year == document.year,  # the year the code changed hands
        sa.func.length(issued) == 10,
        sa.func.substr(issued, 1, 4) == year,
        unit.c.code == document.unit_code,
        sa.or_(unit.c.valid_from.is_(None), sa.cast(unit.c.valid_from, sa.Text) <= issued),
        sa.or_(unit.c.valid_to.is_(None), sa.cast(unit.c.valid_to, sa.Text) >= issued),
    )


def _lapsed(cell: sa.Subquery, day: dt.date) -> sa.ColumnElement[bool]:
    rules = [
        sa.and_(cell.c.record_type == kind.code, cell.c.year <= last)
        for kind in record_types().values()
        if (last := last_lapsed_year(kind, day)) is not None
    ]
    return sa.or_(sa.false(), *rules)


def _only(query: sa.Select[Any], table: sa.Table, wanted: Selection) -> sa.Select[Any]:
    return query.where(*filters(table, wanted))


def filters(table: sa.FromClause, wanted: Selection) -> list[sa.ColumnElement[bool]]:
    """Conditions on the columns every table of cells has."""
    only = {"unit_code": wanted.unit_code, "record_type": wanted.record_type, "year": wanted.year}
    conditions = [table.c[name] == value for name, value in only.items() if value is not None]
    if wanted.unit_codes is not None:
        conditions.append(table.c.unit_code.in_(wanted.unit_codes))
    return conditions

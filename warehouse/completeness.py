"""Is everything there: numbers of each register, pages, files and records, against each other and the inventory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.completeness import number_series_rule
from manifests.documents import ArtefactKind
from manifests.reasons import REASONS, Severity
from warehouse import schema
from warehouse.cells import cell_columns
from warehouse.numbers import number_notation, number_value
from warehouse.progress import selection
from warehouse.schema import BatchStatus, DocumentStatus
from warehouse.views import View, view_cells
from warehouse.watched import Asking

CHECKS = (
    "number_gap",
    "number_repeated",
    "pages_differ",
    "record_without_file",
    "file_without_record",
    "listed_not_delivered",
)
"""Keys of ``manifests.reasons.REASONS``, in the order they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is missing, double or different.

    Attributes:
        code: One of ``CHECKS``.
        severity: Of papers since the rule's day an error, of older ones a warning.
        unit_code, unit_name: The unit that issued the papers.
        book: The register book, or the two books between which numbers are missing.
        document_key: The document it is about; ``None`` when it is about numbers nobody delivered.
        count: How many numbers, pages or records.
        detail: Vietnamese particulars.
    """

    code: str
    severity: Severity
    unit_code: str
    unit_name: str
    record_type: str
    record_type_name: str
    year: int
    book: str | None
    document_key: str | None
    count: int
    detail: str

    @property
    def sentence(self) -> str:
        """Where, what, particulars and the next step."""
        reason = REASONS[self.code]
        where = f"{self.unit_name} ({self.unit_code}), {self.record_type_name} {self.year}"
        return f"{where}: {reason.title} ({self.detail}). {reason.advice}"


def completeness(
    engine: sa.Engine,
    *,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
    checks: tuple[str, ...] = CHECKS,
) -> Iterator[Finding]:
    """Every finding, check by check, streamed: as many as there are.

    Args:
        engine: A migrated database; held for reading until the last finding was taken.
        unit_code, record_type, year: Only these.
        checks: Only these of ``CHECKS``.
    """
    makers = {
        "number_gap": _gaps,
        "number_repeated": _repeated,
        "pages_differ": _pages,
        "record_without_file": _without_file,
        "file_without_record": _without_record,
    }
    with Asking(engine) as asking:
        for code in checks:
            if code == "listed_not_delivered":
                wanted = selection(asking, None, unit_code, record_type, year)
                query = _not_delivered(view_cells(wanted, View.ISSUER))
            else:
                found = makers[code](_documents(unit_code, record_type, year)).subquery()
                query = _named(found)
            rows = asking.connection.execution_options(yield_per=500).execute(query).mappings()
            for row in rows:
                yield _finding(code, row)


def _documents(unit_code: str | None, record_type: str | None, year: int | None) -> sa.Subquery:
    """Accepted documents with what completeness asks of them."""
    document, record = schema.document.c, schema.record.c
    source, cell = cell_columns()
    number = sa.func.coalesce(record.number, document.number)
    query = (
        sa.select(
            *(column.label(name) for name, column in cell.items()),
            document.document_key,
            document.batch_key,
            document.status,
            document.pages,
            sa.func.coalesce(document.book, record.book).label("book"),
            record.document_key.label("record_key"),
            sa.case((sa.func.length(record.issue_date) == 10, record.issue_date)).label("issue_date"),
            number_value(number).label("value"),
            number_notation(number).label("notation"),
        )
        .select_from(source)
        .where(document.status != DocumentStatus.REFUSED)
    )
    filters = {"unit_code": unit_code, "record_type": record_type, "year": year}
    return query.where(*(document[name] == value for name, value in filters.items() if value is not None)).subquery()


def _strict(documents: sa.FromClause) -> sa.ColumnElement[int]:
    """1 for a paper since the rule's day; the year alone tells only of years after it."""
    day = number_series_rule().error_from
    by_date = sa.and_(documents.c.year == day.year, documents.c.issue_date >= day.isoformat())
    return sa.case((sa.or_(documents.c.year > day.year, by_date), 1), else_=0)


def _numbered(documents: sa.Subquery) -> sa.Select[Any]:
    rule = number_series_rule()
    return sa.select(documents, _strict(documents).label("strict")).where(
        documents.c.record_type.in_(rule.record_types), documents.c.value >= 1
    )


_SERIES = ("unit_code", "unit_id", "record_type", "year", "notation")


def _gaps(documents: sa.Subquery) -> sa.Select[Any]:
    numbered = _numbered(documents).subquery()
    series = [numbered.c[name] for name in _SERIES]
    # one row for each number, so that a repeated one is no step
    once = (
        sa.select(
            *series,
            numbered.c.value,
            sa.func.min(numbered.c.book).label("book"),
            sa.func.max(numbered.c.strict).label("strict"),
        )
        .group_by(*series, numbered.c.value)
        .subquery()
    )
    within, by_value = [once.c[name] for name in _SERIES], once.c.value
    stepped = sa.select(
        *once.c,
        sa.func.coalesce(sa.func.lag(once.c.value).over(partition_by=within, order_by=by_value), 0).label("before"),
        sa.func.lag(once.c.book).over(partition_by=within, order_by=by_value).label("book_before"),
    ).subquery()
    missing = stepped.c.value - stepped.c.before - 1
    return sa.select(
        *(stepped.c[name] for name in _SERIES),
        stepped.c.strict,
        stepped.c.book,
        stepped.c.book_before,
        sa.null().label("document_key"),
        missing.label("count"),
        (stepped.c.before + 1).label("first"),
        (stepped.c.value - 1).label("last"),
    ).where(missing > 0, missing <= number_series_rule().longest_gap_listed)


def _repeated(documents: sa.Subquery) -> sa.Select[Any]:
    numbered = _numbered(documents).subquery()
    keys = [numbered.c[name] for name in (*_SERIES, "value")]
    return (
        sa.select(
            *keys[:-1],
            sa.func.max(numbered.c.strict).label("strict"),
            sa.func.min(numbered.c.book).label("book_before"),
            sa.func.max(numbered.c.book).label("book"),
            sa.func.min(numbered.c.document_key).label("document_key"),
            sa.func.count().label("count"),
            numbered.c.value.label("first"),
            sa.func.max(numbered.c.document_key).label("other_key"),
        )
        .group_by(*keys)
        .having(sa.func.count() > 1)
    )


def _pages(documents: sa.Subquery) -> sa.Select[Any]:
    page = schema.page.c
    held = sa.select(page.document_key, sa.func.count().label("held")).group_by(page.document_key).subquery()
    return (
        _single(documents, held.c.held.label("count"), documents.c.pages.label("first"))
        .select_from(documents.join(held, held.c.document_key == documents.c.document_key))
        .where(held.c.held != documents.c.pages)
    )


def _without_file(documents: sa.Subquery) -> sa.Select[Any]:
    return _single(documents, sa.literal(1).label("count"), sa.null().label("first")).where(
        documents.c.record_key.is_not(None), sa.not_(_finished_file(documents))
    )


def _without_record(documents: sa.Subquery) -> sa.Select[Any]:
    batch = schema.batch.c
    at_rest = sa.and_(
        documents.c.batch_key == batch.batch_key, batch.status.in_([BatchStatus.DONE, BatchStatus.HALTED])
    )
    return (
        _single(documents, sa.literal(1).label("count"), sa.null().label("first"))
        .select_from(documents.join(schema.batch, at_rest))
        .where(documents.c.record_key.is_(None), _finished_file(documents))
    )


def _finished_file(documents: sa.Subquery) -> sa.ColumnElement[bool]:
    artefact = schema.artefact.c
    return (
        sa.select(artefact.key)
        .where(
            artefact.document_key == documents.c.document_key,
            artefact.current,
            artefact.kind.in_([ArtefactKind.SIGNED_PDF, ArtefactKind.PDFA]),
        )
        .exists()
    )


def _single(documents: sa.Subquery, *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    columns = (documents.c[name] for name in ("unit_code", "unit_id", "record_type", "year", "book", "document_key"))
    return sa.select(*columns, _strict(documents).label("strict"), sa.null().label("book_before"), *more)


def _not_delivered(cells: sa.Subquery) -> sa.Select[Any]:
    missing = cells.c.inventory_records - cells.c.received
    found = (
        sa.select(
            cells.c.shown_code.label("unit_code"),
            cells.c.shown_id.label("unit_id"),
            cells.c.record_type,
            cells.c.year,
            sa.case((cells.c.year > number_series_rule().error_from.year, 1), else_=0).label("strict"),
            sa.null().label("book"),
            sa.null().label("document_key"),
            missing.label("count"),
            cells.c.inventory_records.label("first"),
        )
        .where(missing > 0)
        .subquery()
    )
    return _named(found)


def _named(found: sa.Subquery) -> sa.Select[Any]:
    unit, kind = schema.unit.c, schema.record_type.c
    return (
        sa.select(found, unit.name.label("unit_name"), kind.name.label("record_type_name"))
        .select_from(
            found.outerjoin(schema.unit, unit.unit_id == found.c.unit_id).outerjoin(
                schema.record_type, kind.code == found.c.record_type
            )
        )
        .order_by(found.c.unit_code, found.c.record_type, found.c.year, found.c.first, found.c.document_key)
    )


def _finding(code: str, row: sa.RowMapping) -> Finding:
    book = row.get("book")
    before = row.get("book_before")
    books = " và ".join(dict.fromkeys(name for name in (before, book) if name)) or None
    return Finding(
        code=code,
        severity=Severity.ERROR if row["strict"] else Severity.WARNING,
        unit_code=row["unit_code"],
        unit_name=row["unit_name"] or f"Đơn vị chưa có trong danh mục ({row['unit_code']})",
        record_type=row["record_type"],
        record_type_name=row["record_type_name"] or row["record_type"],
        year=row["year"],
        book=books,
        document_key=row["document_key"],
        count=int(row["count"]),
        detail=_detail(code, row, books),
    )


def _detail(code: str, row: sa.RowMapping, books: str | None) -> str:
    of_book = f", quyển {books}" if books else ""
    series = f"/{row['notation']}" if row.get("notation") else ""
    if code == "number_gap":
        first, last = row["first"], row["last"]
        told = f"số {first}{series}" if first == last else f"số {first}{series} đến {last}{series}, {row['count']} số"
        return f"{told}{of_book}"
    if code == "number_repeated":
        pair = f"{row['document_key']} và {row['other_key']}"
        return f"số {row['first']}{series} có ở {row['count']} hồ sơ{of_book}: {pair}"
    if code == "pages_differ":
        return f"manifest ghi {row['first']} trang, kho có {row['count']} trang: {row['document_key']}"
    if code == "listed_not_delivered":
        return f"danh mục có {row['first']} kết quả, còn {row['count']} kết quả chưa giao"
    return str(row["document_key"])

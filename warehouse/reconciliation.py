"""Who holds what: ledger, warehouse and outside systems against each other, kept as facts one can act on.

A run writes down what is missing where; what an outside system was found to hold is kept per document, so that the
reconciled share is counted like every other figure. Comparing is done by the database, whatever the size.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.behind import has_file
from warehouse.database import reading, writing
from warehouse.merge import hold, insert
from warehouse.schema import BatchStatus, DocumentStatus
from warehouse.schema_progress import (
    outside_record,
    reconciliation_finding,
    reconciliation_run,
)

INTERNAL = "internal"
"""Name of the comparison of what is our own."""

FINDINGS: dict[str, tuple[str, str]] = {
    "not_received": ("Lô sẵn sàng nhưng chưa tiếp nhận", "Chạy 'sohoa run --batch {batch_key}'."),
    "not_in_ledger": ("Có trong manifest, chưa có trong sổ theo dõi", "Chạy lại 'sohoa run --batch {batch_key}'."),
    "count_differs": ("Số hồ sơ của manifest khác sổ theo dõi", "Xem lô {batch_key} bằng 'sohoa status --batches'."),
    "file_lost": (
        "Sổ theo dõi có tệp, kho lưu trữ không có",
        "Khôi phục tệp từ bản sao lưu, chạy 'sohoa audit'.",
    ),
    "file_size_differs": (
        "Kích thước tệp trong kho khác sổ theo dõi",
        "Chạy 'sohoa audit', khôi phục từ sao lưu.",
    ),
    "file_unknown": ("Kho lưu trữ có tệp, sổ theo dõi không biết", "Chạy 'sohoa rebuild' để đọc lại kho lưu trữ."),
    "not_loaded": (
        "Đã xử lý xong nhưng chưa có trong kho dữ liệu",
        "Chạy lại lô: 'sohoa run --batch {batch_key}'.",
    ),
    "left_open": ("Có trong kho dữ liệu, sổ theo dõi chưa ghi xong", "Chạy lại lô: 'sohoa run --batch {batch_key}'."),
    "missing_here": ("Hệ thống ngoài có, kho dữ liệu không có", "Tìm bản giấy theo số này, quét và giao bổ sung."),
    "missing_outside": ("Kho dữ liệu có, hệ thống ngoài không có", "Nạp kết quả này lên hệ thống ngoài."),
    "name_differs": ("Cùng số nhưng họ tên khác nhau", "Đối chiếu với bản giấy; sửa bên sai."),
    "repeated_outside": ("Hệ thống ngoài có nhiều dòng cùng số", "Báo hệ thống ngoài gộp hoặc sửa số."),
    "repeated_here": (
        "Kho dữ liệu có nhiều hồ sơ cùng số",
        "Xem 'sohoa completeness'; bỏ bản trùng, sửa số.",
    ),
}
"""What can be found: what it is, and the next step; Vietnamese."""

_CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationFinding:
    """One thing that is not the same everywhere; ``title`` and ``next_step`` are Vietnamese."""

    code: str
    title: str
    next_step: str
    detail: str
    batch_key: str | None = None
    document_key: str | None = None
    unit_code: str | None = None
    record_type: str | None = None
    year: int | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class ReconciliationRun:
    """One comparison.

    Attributes:
        system: ``INTERNAL``, or the outside system's name.
        counts: How many were compared and found, by name.
    """

    run_id: int
    at: dt.datetime
    system: str
    source_name: str | None
    unit_code: str | None
    counts: dict[str, int]

    @property
    def found(self) -> int:
        """How many findings there are in all."""
        return sum(count for code, count in self.counts.items() if code in FINDINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCounts:
    """How many documents of one delivering unit each place knows."""

    unit_code: str
    declared: int
    ledger: int
    refused: int
    stored: int
    warehouse: int


def begin_run(
    engine: sa.Engine,
    system: str,
    *,
    source_name: str | None = None,
    sha256: str | None = None,
    unit_code: str | None = None,
) -> int:
    """Begin a comparison and return its id; findings of earlier ones stay, their staged rows go."""
    with writing(engine) as connection:
        hold(connection, "reconciliation")
        older = sa.select(reconciliation_run.c.id).where(reconciliation_run.c.system == system)
        connection.execute(sa.delete(outside_record).where(outside_record.c.run_id.in_(older)))
        values = {"at": dt.datetime.now(dt.UTC), "system": system, "source_name": source_name}
        values |= {"source_sha256": sha256, "unit_code": unit_code, "counts": {}}
        key = connection.execute(sa.insert(reconciliation_run).values(values)).inserted_primary_key
        return int(key[0]) if key else 0


def end_run(engine: sa.Engine, run_id: int, more: Mapping[str, int] | None = None) -> ReconciliationRun:
    """Count what was found, write it down with ``more`` counts, and return the run."""
    with writing(engine) as connection:
        finding = reconciliation_finding.c
        rows = connection.execute(
            sa.select(finding.code, sa.func.count()).where(finding.run_id == run_id).group_by(finding.code)
        )
        counts = {**dict(more or {}), **{code: int(count) for code, count in rows}}
        connection.execute(
            sa.update(reconciliation_run).where(reconciliation_run.c.id == run_id).values(counts=counts)
        )
    return next(run for run in reconciliation_runs(engine) if run.run_id == run_id)


def keep_findings(engine: sa.Engine, run_id: int, findings: Iterable[Mapping[str, Any]]) -> None:
    """Write findings down, some thousands at a time; each has ``code``, ``detail`` and any other columns."""
    columns = ("batch_key", "document_key", "unit_code", "record_type", "year", "number")
    rows = iter(findings)
    while some := list(islice(rows, _CHUNK)):
        with writing(engine) as connection:
            insert(
                connection,
                reconciliation_finding,
                [
                    {"run_id": run_id, "code": it["code"], "detail": it["detail"], **{c: it.get(c) for c in columns}}
                    for it in some
                ],
            )


def compare_ledger(engine: sa.Engine, run_id: int, *, unit_code: str | None = None) -> None:
    """Find what manifests, ledger and warehouse tell differently; ``unit_code`` is the delivering unit."""
    batch, document, record = schema.batch.c, schema.document.c, schema.record.c
    held = sa.select(document.batch_key, sa.func.count().label("held")).group_by(document.batch_key).subquery()
    known = sa.func.coalesce(held.c.held, 0)
    # A batch that was rebuilt from the store has no manifest; a blocked one was not accepted at all.
    differing = (
        sa.select(
            sa.literal("count_differs").label("code"),
            batch.batch_key,
            sa.null().label("document_key"),
            batch.unit_code,
            sa.null().label("record_type"),
            sa.null().label("year"),
            sa.null().label("number"),
            told("manifest ", batch.document_count, ", sổ theo dõi ", known),
        )
        .select_from(schema.batch.outerjoin(held, held.c.batch_key == batch.batch_key))
        .where(batch.document_count > 0, batch.document_count != known, batch.status != BatchStatus.BLOCKED)
    )
    documents = schema.document.outerjoin(schema.record, record.document_key == document.document_key).join(
        schema.batch, batch.batch_key == document.batch_key
    )
    standing = {
        "not_loaded": sa.and_(document.status == DocumentStatus.DONE, record.document_key.is_(None)),
        "left_open": sa.and_(
            document.status.in_([DocumentStatus.RECEIVED, DocumentStatus.PROCESSING]),
            record.document_key.is_not(None),
            batch.status == BatchStatus.DONE,
        ),
    }
    queries = [differing]
    for code, condition in standing.items():
        queries.append(
            sa.select(
                sa.literal(code).label("code"),
                document.batch_key,
                document.document_key,
                document.unit_code,
                document.record_type,
                document.year,
                document.number,
                sa.cast(document.document_key, sa.Text).label("detail"),
            )
            .select_from(documents)
            .where(condition)
        )
    for query in queries:
        write_findings(engine, run_id, query.where(batch.unit_code == unit_code) if unit_code else query)


def told(*parts: Any) -> sa.ColumnElement[Any]:
    """Words and columns as one text, called ``detail``."""
    pieces: list[sa.ColumnElement[str]] = [
        sa.literal(part) if isinstance(part, str) else sa.cast(part, sa.Text) for part in parts
    ]
    whole = pieces[0]
    for piece in pieces[1:]:
        whole = whole.concat(piece)
    return whole.label("detail")


def write_findings(engine: sa.Engine, run_id: int, query: sa.Select[Any]) -> None:
    """Write down what ``query`` finds; its columns are those of a finding."""
    names = ("code", "batch_key", "document_key", "unit_code", "record_type", "year", "number", "detail")
    found = query.subquery()
    rows = sa.select(
        sa.literal(run_id, sa.Integer),
        *(sa.cast(found.c[name], reconciliation_finding.c[name].type) for name in names),
    )
    told_in_order = rows.order_by(
        *(found.c[name] for name in ("unit_code", "record_type", "year", "number", "detail"))
    )
    with writing(engine) as connection:
        connection.execute(sa.insert(reconciliation_finding).from_select(["run_id", *names], told_in_order))


def reconciliation_runs(engine: sa.Engine, *, system: str | None = None, limit: int = 100) -> list[ReconciliationRun]:
    """Comparisons, the latest first."""
    run = reconciliation_run
    query = sa.select(run).order_by(run.c.at.desc(), run.c.id.desc()).limit(limit)
    if system is not None:
        query = query.where(run.c.system == system)
    with reading(engine) as connection:
        return [
            ReconciliationRun(
                run_id=row["id"],
                at=row["at"],
                system=row["system"],
                source_name=row["source_name"],
                unit_code=row["unit_code"],
                counts=dict(row["counts"]),
            )
            for row in connection.execute(query).mappings()
        ]


def reconciliation_findings(
    engine: sa.Engine, run_id: int, *, code: str | None = None, unit_code: str | None = None
) -> Iterator[ReconciliationFinding]:
    """What a comparison found, streamed, the order of ``FINDINGS``."""
    finding = reconciliation_finding
    order = sa.case({name: place for place, name in enumerate(FINDINGS)}, value=finding.c.code, else_=len(FINDINGS))
    query = sa.select(finding).where(finding.c.run_id == run_id).order_by(order, finding.c.id)
    if code is not None:
        query = query.where(finding.c.code == code)
    if unit_code is not None:
        query = query.where(finding.c.unit_code == unit_code)
    with reading(engine) as connection:
        for row in connection.execution_options(yield_per=1000).execute(query).mappings():
            title, step = FINDINGS.get(row["code"], (row["code"], ""))
            yield ReconciliationFinding(
                code=row["code"],
                title=title,
                next_step=step.format(batch_key=row["batch_key"] or ""),
                detail=row["detail"],
                batch_key=row["batch_key"],
                document_key=row["document_key"],
                unit_code=row["unit_code"],
                record_type=row["record_type"],
                year=row["year"],
                number=row["number"],
            )


def place_counts(engine: sa.Engine) -> list[PlaceCounts]:
    """How many documents manifests, ledger, archive and warehouse know, per delivering unit, counted now."""
    batch, document, record = schema.batch.c, schema.document.c, schema.record.c
    refused = document.status == DocumentStatus.REFUSED
    held = (
        sa.select(
            document.batch_key,
            sa.func.count().label("ledger"),
            sa.func.sum(sa.case((refused, 1), else_=0)).label("refused"),
            sa.func.sum(sa.case((has_file(), 1), else_=0)).label("stored"),
            sa.func.count(record.document_key).label("warehouse"),
        )
        .select_from(schema.document.outerjoin(schema.record, record.document_key == document.document_key))
        .group_by(document.batch_key)
        .subquery()
    )
    names = ("ledger", "refused", "stored", "warehouse")
    query = (
        sa.select(
            batch.unit_code,
            sa.func.sum(batch.document_count).label("declared"),
            *(sa.func.coalesce(sa.func.sum(held.c[name]), 0).label(name) for name in names),
        )
        .select_from(schema.batch.outerjoin(held, held.c.batch_key == batch.batch_key))
        .group_by(batch.unit_code)
        .order_by(batch.unit_code)
    )
    with reading(engine) as connection:
        return [
            PlaceCounts(unit_code=row["unit_code"], **{name: int(row[name]) for name in ("declared", *names)})
            for row in connection.execute(query).mappings()
        ]


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file the ledger says is stored."""

    key: str
    size: int


def known_documents(engine: sa.Engine, batch_key: str) -> set[str]:
    """Keys of a batch's documents in the ledger."""
    document = schema.document.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(document.document_key).where(document.batch_key == batch_key))
        return set(rows.scalars())


def known_files(engine: sa.Engine, prefix: str = "") -> Iterator[KnownFile]:
    """Stored files the ledger knows, in byte order of their keys, those a later run replaced among them."""
    artefact = schema.artefact.c
    key = sa.collate(artefact.key, "C") if engine.dialect.name == "postgresql" else artefact.key
    query = sa.select(artefact.key, artefact.size).order_by(key)
    if prefix:
        query = query.where(artefact.key.startswith(prefix, autoescape=True))
    with reading(engine) as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            yield KnownFile(row.key, row.size)

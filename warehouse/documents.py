"""Documents: lists behind a figure, and everything known of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from manifests.decisions import RescanCause
from manifests.documents import Artefact, Event, FieldValue, Party, RecordStatus, SignatureFact
from manifests.text import Bbox, PageFacts, QualityFlag
from warehouse import schema
from warehouse.database import reading
from warehouse.results import DocumentDetail, DocumentSummary, PageDetail, StoredArtefact
from warehouse.schema import DocumentStatus, SignatureSide


def list_documents(
    engine: sa.Engine,
    *,
    batch_key: str | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
    status: DocumentStatus | None = None,
    record_status: RecordStatus | None = None,
    scan_again: bool | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[DocumentSummary]:
    """Documents that fit every condition given, by key; ``scan_again``: whether a person asked for another scan."""
    document, record = schema.document.c, schema.record.c
    conditions = (
        (document.batch_key, batch_key),
        (document.unit_code, unit_code),
        (document.record_type, record_type),
        (document.year, year),
        (document.status, status),
        (record.status, record_status),
    )
    with reading(engine) as connection:
        return select_documents(
            connection,
            *(column == value for column, value in conditions if value is not None),
            *(() if scan_again is None else (asked_to_scan_again() == scan_again,)),
            limit=limit,
            offset=offset,
        )


def asked_to_scan_again() -> sa.ColumnElement[bool]:
    """Records a person sent back to the scanner, by the review reasons of ``manifests.decisions.rescan_reason``."""
    reasons = sa.cast(schema.record.c.review_reasons, sa.Text)
    return sa.or_(*(reasons.contains(f'"{cause}:', autoescape=True) for cause in RescanCause))


def select_documents(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool], limit: int | None = None, offset: int = 0
) -> list[DocumentSummary]:
    """Summaries of the documents that fit conditions on ``schema.document`` and ``schema.record``, by key."""
    record = schema.record.c
    query = (
        sa.select(
            schema.document,
            record.status.label("record_status"),
            record.confidence,
            record.review_reasons,
            sa.func.coalesce(record.number, schema.document.c.number).label("shown_number"),
            sa.func.coalesce(record.book, schema.document.c.book).label("shown_book"),
        )
        .select_from(schema.document.outerjoin(schema.record))
        .where(*conditions)
        .order_by(schema.document.c.document_key)
        .limit(limit)
        .offset(offset)
    )
    return [_summary(row) for row in connection.execute(query).mappings()]


def document_detail(engine: sa.Engine, document_key: str) -> DocumentDetail | None:
    """Everything known of one document; ``None`` when there is no such key."""
    with reading(engine) as connection:
        found = select_documents(connection, schema.document.c.document_key == document_key)
        if not found:
            return None
        summary = found[0]
        record = connection.execute(
            sa.select(schema.record).where(schema.record.c.document_key == document_key)
        ).first()
        signatures = _rows(connection, schema.signature, document_key)
        return DocumentDetail(
            summary=summary,
            record_type_name=_record_type_name(connection, summary.record_type),
            unit_name=_unit_name(connection, summary.unit_code, summary.year),
            issue_date=record.issue_date if record else None,
            pdfa_verdict=record.pdfa_verdict if record else None,
            legal_profile=record.legal_profile if record else None,
            finished_at=record.finished_at if record else None,
            fields=tuple(_field(row) for row in _rows(connection, schema.field_value, document_key)),
            parties=tuple(
                Party(
                    role=row["role"], name=row["name"], birth_date=row["birth_date"], personal_id=row["personal_id"]
                )
                for row in _rows(connection, schema.party, document_key)
            ),
            pages=_pages(connection, document_key),
            artefacts=_artefacts(connection, document_key),
            signatures=tuple(signature_of(row) for row in signatures if row["of"] == SignatureSide.OUTPUT),
            input_signatures=tuple(signature_of(row) for row in signatures if row["of"] == SignatureSide.INPUT),
            events=tuple(
                Event(
                    type=row["type"], at=row["at"], outcome=row["outcome"], detail=row["detail"], agent=row["agent"]
                )
                for row in _rows(connection, schema.event, document_key)
            ),
        )


def _rows(connection: sa.Connection, table: sa.Table, document_key: str) -> list[sa.RowMapping]:
    return list(
        connection.execute(
            sa.select(table).where(table.c.document_key == document_key).order_by(*table.primary_key.columns)
        ).mappings()
    )


def _summary(row: sa.RowMapping) -> DocumentSummary:
    return DocumentSummary(
        **{
            name: row[name]
            for name in (
                "document_key",
                "document_id",
                "batch_key",
                "unit_code",
                "record_type",
                "year",
                "pages",
                "stage",
                "reason_code",
                "reason_detail",
                "confidence",
            )
        },
        number=row["shown_number"],
        book=row["shown_book"],
        status=str(row["status"]),
        record_status=str(row["record_status"]) if row["record_status"] else None,
        review_reasons=tuple(row["review_reasons"] or ()),
    )


def _field(row: sa.RowMapping) -> FieldValue:
    return FieldValue(
        name=row["name"],
        transcription=row["transcription"],
        normalized=row["normalized"],
        confidence=row["confidence"],
        source=row["source"],
        page_number=row["page_number"],
        bbox=Bbox(*row["bbox"]) if row["bbox"] else None,
        keyed=row["keyed"],
        agrees=row["agrees"],
    )


def _pages(connection: sa.Connection, document_key: str) -> tuple[PageDetail, ...]:
    flags: dict[int, list[QualityFlag]] = {}
    for row in _rows(connection, schema.page_flag, document_key):
        flags.setdefault(row["page_number"], []).append(QualityFlag(row["flag"]))
    pages = []
    for row in _rows(connection, schema.page, document_key):
        facts: dict[str, Any] = {name: row[name] for name in PageFacts.__slots__ if name in row}
        pages.append(
            PageDetail(
                facts=PageFacts(**facts, flags=tuple(flags.get(row["page_number"], ()))),
                verdict=str(row["verdict"]),
                word_count=row["word_count"],
                mean_confidence=row["mean_confidence"],
                text=row["text"],
            )
        )
    return tuple(pages)


def _artefacts(connection: sa.Connection, document_key: str) -> tuple[StoredArtefact, ...]:
    artefact = schema.artefact
    rows = connection.execute(
        sa.select(artefact)
        .where(artefact.c.document_key == document_key)
        .order_by(artefact.c.current.desc(), artefact.c.created_at, artefact.c.kind, artefact.c.key)
    ).mappings()
    return tuple(
        StoredArtefact(
            artefact=Artefact(
                kind=row["kind"],
                key=row["key"],
                sha256=row["sha256"],
                size=row["size"],
                media_type=row["media_type"],
            ),
            created_at=row["created_at"],
            current=row["current"],
        )
        for row in rows
    )


def signature_of(row: Mapping[str, Any] | sa.RowMapping) -> SignatureFact:
    """The fact a row of ``schema.signature`` holds."""
    values: dict[str, Any] = {name: row[name] for name in SignatureFact.__slots__}
    if "changes" in values:
        values["changes"] = tuple(values["changes"] or ())
    return SignatureFact(**values)


def _record_type_name(connection: sa.Connection, code: str) -> str:
    kind = schema.record_type.c
    return connection.execute(sa.select(kind.name).where(kind.code == code)).scalar() or code


def _unit_name(connection: sa.Connection, code: str, year: int) -> str:
    unit = schema.unit.c
    return (
        connection.execute(
            sa.select(unit.name).where(unit.code == code, sa.literal(year).between(unit.first_year, unit.last_year))
        ).scalar()
        or code
    )

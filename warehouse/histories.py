"""The page of one record: the document with all its facts, and everything that ever happened to it."""

from __future__ import annotations

import sqlalchemy as sa

from manifests.reasons import REASONS
from warehouse import schema
from warehouse.database import reading
from warehouse.documents import document_detail
from warehouse.hits import HistoryEntry, RecordDetails


def record_details(engine: sa.Engine, document_key: str) -> RecordDetails | None:
    """Everything known of a document and its history, oldest first; ``None`` when there is no such key.

    Args:
        engine: A migrated database; one narrowed to a scope knows nothing of documents outside it.
        document_key: ``<unit code>/<batch id>/<document id>``.
    """
    detail = document_detail(engine, document_key)
    if detail is None:
        return None
    batch, run, stage = schema.batch.c, schema.stage_run.c, schema.stage.c
    with reading(engine) as connection:
        status = connection.execute(
            sa.select(batch.status).where(batch.batch_key == detail.summary.batch_key)
        ).scalar()
        runs = connection.execute(
            sa.select(schema.stage_run, stage.label)
            .select_from(schema.stage_run.outerjoin(schema.stage, stage.name == run.stage))
            .where(run.document_key == document_key)
            .order_by(run.id)
        ).all()
    history = [
        HistoryEntry(event.at, event.type, event.type, event.outcome, event.detail, event.agent)
        for event in detail.events
    ]
    history += [
        HistoryEntry(
            at=row.finished_at or row.started_at,
            what=row.stage,
            label=row.label or row.stage,
            outcome=str(row.status),
            detail=_reason(row.reason_code, row.message),
            seconds=row.seconds,
        )
        for row in runs
    ]
    return RecordDetails(detail, str(status or ""), tuple(sorted(history, key=lambda it: it.at)))


def _reason(code: str | None, message: str | None) -> str:
    title = REASONS[code].title if code in REASONS else code
    return ": ".join(part for part in (title, message) if part)

"""Batches: what came in, how far each is, what stopped and why, which pages to scan again."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

import sqlalchemy as sa

from manifests.decisions import asked_again
from manifests.documents import RecordStatus
from manifests.reasons import REASONS, Fault, Severity
from manifests.text import RESCAN_FLAGS
from warehouse import schema
from warehouse.database import reading
from warehouse.documents import asked_to_scan_again, select_documents
from warehouse.reference import HANOI
from warehouse.results import (
    BatchDetail,
    BatchFault,
    BatchSummary,
    DocumentSummary,
    FailureGroup,
    RescanPage,
    StageProgress,
)
from warehouse.schema import BatchStatus, DocumentStatus, StageStatus

UNEXPLAINED = "internal_error"
"""The reason of what stopped without one."""
_SHOWN = 200  # documents of one group on a page


def list_batches(
    engine: sa.Engine,
    *,
    unit_code: str | None = None,
    status: BatchStatus | None = None,
    limit: int = 100,
    offset: int = 0,
) -> list[BatchSummary]:
    """Batches, the one that arrived last first; ``unit_code`` is the unit that delivered."""
    batch = schema.batch.c
    query = sa.select(schema.batch).order_by(batch.first_seen_at.desc(), batch.batch_key).limit(limit).offset(offset)
    if unit_code is not None:
        query = query.where(batch.unit_code == unit_code)
    if status is not None:
        query = query.where(batch.status == status)
    with reading(engine) as connection:
        return _summaries(connection, query)


def batch_detail(engine: sa.Engine, batch_key: str) -> BatchDetail | None:
    """Everything known of one batch; ``None`` when there is no such key."""
    with reading(engine) as connection:
        found = _summaries(connection, sa.select(schema.batch).where(schema.batch.c.batch_key == batch_key))
        if not found:
            return None
        of_batch = schema.document.c.batch_key == batch_key
        review = schema.record.c.status == RecordStatus.NEEDS_REVIEW
        return BatchDetail(
            summary=found[0],
            stages=_stages(connection, batch_key),
            failures=_failures(connection, batch_key),
            review=tuple(select_documents(connection, of_batch, review, limit=_SHOWN)),
            faults=_faults(connection, batch_key),
            rescan=_rescan(connection, batch_key),
        )


def batch_failures(engine: sa.Engine, batch_key: str) -> list[FailureGroup]:
    """Documents of a batch that were quarantined or refused, by reason, the commonest first."""
    with reading(engine) as connection:
        return list(_failures(connection, batch_key))


def stage_label(engine: sa.Engine, name: str) -> str:
    """``Ký số``; the name itself of a stage nobody registered."""
    stage = schema.stage.c
    with reading(engine) as connection:
        return connection.execute(sa.select(stage.label).where(stage.name == name)).scalar() or name


def _summaries(connection: sa.Connection, query: sa.Select[Any]) -> list[BatchSummary]:
    rows = list(connection.execute(query).mappings())
    counts = _document_counts(connection, [row["batch_key"] for row in rows])
    names = _unit_names(connection, rows)
    return [
        BatchSummary(
            batch_key=row["batch_key"],
            unit_code=row["unit_code"],
            unit_name=names[row["batch_key"]],
            batch_id=row["batch_id"],
            status=str(row["status"]),
            # A batch rebuilt from the store has no manifest here: its documents are what is known of it.
            document_count=max(row["document_count"], counts[row["batch_key"]]["documents"]),
            page_count=max(row["page_count"], counts[row["batch_key"]]["pages"]),
            **{name: counts[row["batch_key"]][name] for name in ("done", "in_progress", "quarantined", "refused")},
            needs_review=counts[row["batch_key"]]["needs_review"],
            first_seen_at=row["first_seen_at"],
            started_at=row["started_at"],
            finished_at=row["finished_at"],
            message=row["message"],
            airflow_run=row["airflow_run"],
        )
        for row in rows
    ]


def _document_counts(connection: sa.Connection, batch_keys: list[str]) -> dict[str, dict[str, int]]:
    document, record = schema.document.c, schema.record.c
    counted = {
        "done": document.status == DocumentStatus.DONE,
        "in_progress": document.status.in_([DocumentStatus.RECEIVED, DocumentStatus.PROCESSING]),
        "quarantined": document.status == DocumentStatus.QUARANTINED,
        "refused": document.status == DocumentStatus.REFUSED,
        "needs_review": record.status == RecordStatus.NEEDS_REVIEW,
    }
    query = (
        sa.select(
            document.batch_key,
            sa.func.count().label("documents"),
            sa.func.sum(document.pages).label("pages"),
            *(sa.func.sum(sa.case((condition, 1), else_=0)).label(name) for name, condition in counted.items()),
        )
        .select_from(schema.document.outerjoin(schema.record))
        .where(document.batch_key.in_(batch_keys))
        .group_by(document.batch_key)
    )
    counts: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(("documents", "pages", *counted), 0))
    for row in connection.execute(query).mappings():
        counts[row["batch_key"]] = {name: int(row[name] or 0) for name in ("documents", "pages", *counted)}
    return counts


def _unit_names(connection: sa.Connection, batches: list[sa.RowMapping]) -> dict[str, str]:
    """Name of the delivering unit on the day each batch arrived, by batch key."""
    unit = schema.unit
    codes = {row["unit_code"] for row in batches}
    by_code: dict[str, list[sa.RowMapping]] = defaultdict(list)
    oldest_first = sa.select(unit).where(unit.c.code.in_(codes)).order_by(unit.c.valid_to.asc().nulls_last())
    for row in connection.execute(oldest_first).mappings():
        by_code[row["code"]].append(row)

    def name(batch: sa.RowMapping) -> str:
        day = batch["first_seen_at"].astimezone(HANOI).date()
        known = by_code[batch["unit_code"]]
        then = [it for it in known if (it["valid_from"] or dt.date.min) <= day <= (it["valid_to"] or dt.date.max)]
        return str((then or known)[-1]["name"]) if known else str(batch["unit_code"])

    return {batch["batch_key"]: name(batch) for batch in batches}


def _stages(connection: sa.Connection, batch_key: str) -> tuple[StageProgress, ...]:
    run, document = schema.stage_run.c, schema.document.c
    accepted = connection.execute(
        sa.select(sa.func.count()).where(document.batch_key == batch_key, document.status != DocumentStatus.REFUSED)
    ).scalar_one()
    last = _last_runs(batch_key)
    query = (
        sa.select(
            run.stage,
            run.status,
            sa.func.count().label("runs"),
            sa.func.count(run.document_key).label("documents"),
            sa.func.sum(last.c.seconds).label("seconds"),
        )
        .join(last, last.c.id == run.id)
        .group_by(run.stage, run.status)
    )
    ended: dict[str, list[sa.RowMapping]] = defaultdict(list)
    for row in connection.execute(query).mappings():
        ended[row["stage"]].append(row)
    stage = schema.stage
    known = list(connection.execute(sa.select(stage).order_by(stage.c.position)).mappings())
    names = {row["name"] for row in known}
    return tuple(
        _stage_progress(ended[name], name, label, per, accepted)
        for name, label, per in (
            *((row["name"], row["label"], row["per"]) for row in known),
            *((name, name, "document") for name in sorted(ended) if name not in names),
        )
    )


def _last_runs(batch_key: str | None) -> sa.Subquery:
    """Of each document and stage the last run, which alone tells how it ended: a failure that was mended is none."""
    run = schema.stage_run.c
    return (
        sa.select(sa.func.max(run.id).label("id"), sa.func.sum(run.seconds).label("seconds"))
        .where(run.batch_key == batch_key)
        .group_by(run.document_key, run.stage)
        .subquery()
    )


def stopped_at(batch_key: str | None, stage: str) -> sa.Select[tuple[str]]:
    """Keys of the documents of a batch that ``StageProgress.quarantined`` counts."""
    run, last = schema.stage_run.c, _last_runs(batch_key)
    return (
        sa.select(run.document_key)
        .join(last, last.c.id == run.id)
        .where(run.stage == stage, run.status == StageStatus.QUARANTINED)
    )


def _stage_progress(rows: list[sa.RowMapping], name: str, label: str, per: str, accepted: int) -> StageProgress:
    runs = {status: sum(row["runs"] for row in rows if row["status"] == status) for status in StageStatus}
    whole_batch = per == "batch" and not any(row["documents"] for row in rows)
    return StageProgress(
        stage=name,
        label=label,
        per=per,
        total=1 if whole_batch else accepted,
        done=runs[StageStatus.DONE] + runs[StageStatus.SKIPPED],
        skipped=runs[StageStatus.SKIPPED],
        failed=runs[StageStatus.FAILED] + runs[StageStatus.HALTED],
        quarantined=runs[StageStatus.QUARANTINED],
        seconds=float(sum(row["seconds"] or 0.0 for row in rows)),
    )


def _failures(connection: sa.Connection, batch_key: str) -> tuple[FailureGroup, ...]:
    document = schema.document.c
    groups: dict[str, list[DocumentSummary]] = defaultdict(list)
    for summary in select_documents(
        connection,
        document.batch_key == batch_key,
        document.status.in_([DocumentStatus.QUARANTINED, DocumentStatus.REFUSED]),
    ):
        groups[summary.reason_code or UNEXPLAINED].append(summary)
    return tuple(
        FailureGroup(
            code=code,
            title=REASONS[code].title if code in REASONS else code,
            advice=REASONS[code].advice if code in REASONS else REASONS[UNEXPLAINED].advice,
            count=len(documents),
            documents=tuple(documents[:_SHOWN]),
        )
        for code, documents in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    )


def _faults(connection: sa.Connection, batch_key: str) -> tuple[BatchFault, ...]:
    fault = schema.fault
    rows = connection.execute(sa.select(fault).where(fault.c.batch_key == batch_key).order_by(fault.c.id)).mappings()
    return tuple(
        BatchFault(
            code=row["code"],
            severity=str(row["severity"]),
            sentence=_sentence(row),
            detail=row["detail"],
            document_id=row["document_id"],
            file=row["file"],
            row=row["row"],
            column=row["column_name"],
        )
        for row in rows
    )


def _sentence(row: sa.RowMapping) -> str:
    if row["code"] not in REASONS:  # written by a newer program
        return f"{row['code']}: {row['detail']}"
    return Fault(
        code=row["code"],
        detail=row["detail"],
        severity=Severity(row["severity"]),
        document_id=row["document_id"],
        file=row["file"],
        row=row["row"],
        column=row["column_name"],
    ).sentence()


def _rescan(connection: sa.Connection, batch_key: str) -> tuple[RescanPage, ...]:
    """Pages to scan again: what the quality check found, and what people asked for."""
    document, page, flag = schema.document.c, schema.page.c, schema.page_flag.c
    asked: dict[str, dict[int | None, list[str]]] = defaultdict(lambda: defaultdict(list))
    for it in select_documents(connection, document.batch_key == batch_key, asked_to_scan_again()):
        for cause, number in filter(None, map(asked_again, it.review_reasons)):
            asked[it.document_key][number].append(str(cause))
    found = sa.and_(
        flag.document_key == page.document_key,
        flag.page_number == page.page_number,
        flag.flag.in_([str(it) for it in RESCAN_FLAGS]),
    )
    query = (
        sa.select(page.document_key, page.page_number, page.source, page.source_page, page.dpi, flag.flag)
        .join(schema.document, document.document_key == page.document_key)
        .outerjoin(schema.page_flag, found)
        .where(document.batch_key == batch_key, sa.or_(flag.flag.is_not(None), page.document_key.in_(list(asked))))
        .order_by(page.document_key, page.page_number, flag.flag)
    )
    facts: dict[tuple[str, int | None], sa.RowMapping] = {}
    flags = {(key, number): list(causes) for key, pages in asked.items() for number, causes in pages.items()}
    for row in connection.execute(query).mappings():
        place = row["document_key"], row["page_number"]
        facts[place] = row
        if row["flag"]:
            flags.setdefault(place, []).append(row["flag"])
    return tuple(
        RescanPage(
            document_key=key,
            document_id=key.removeprefix(f"{batch_key}/"),
            page_number=number,
            source=facts[key, number]["source"] if (key, number) in facts else "",
            source_page=facts[key, number]["source_page"] if (key, number) in facts else None,
            dpi=facts[key, number]["dpi"] if (key, number) in facts else 0.0,
            flags=tuple(flags[key, number]),
        )
        for key, number in sorted(flags, key=lambda it: (it[0], it[1] or 0))
    )

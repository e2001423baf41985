"""Documents as other systems know them, shaped after CV 7197/BKHCN-CĐSQG section on sharing; codes given once.

The paths and the minimum metadata are those the guidance names. How codes are written stands in
``manifests/data/doc_codes.toml``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.doc_codes import DocCodeRules
from manifests.outside import OutsideRow
from warehouse import schema
from warehouse.database import reading, writing
from warehouse.merge import hold
from warehouse.outside_match import compare_outside, stage_outside
from warehouse.reconciliation import ReconciliationRun, begin_run, end_run
from warehouse.schema_access import document_code, outside_document


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A document of the feed, by the moment its record came into the warehouse."""

    document_key: str
    loaded_at: dt.datetime


def feed_entries(
    engine: sa.Engine, *, since: dt.datetime | None, after: FeedEntry | None, limit: int
) -> list[FeedEntry]:
    """Documents with a record, the earliest loaded first, from ``since`` and behind ``after``."""
    it = schema.record.c
    query = sa.select(it.document_key, it.loaded_at).order_by(it.loaded_at, it.document_key).limit(limit)
    if since is not None:
        query = query.where(it.loaded_at >= since)
    if after is not None:
        later = sa.and_(it.loaded_at == after.loaded_at, it.document_key > after.document_key)
        query = query.where(sa.or_(it.loaded_at > after.loaded_at, later))
    query = query.where(it.document_key.in_(sa.select(schema.document.c.document_key)))
    with reading(engine) as connection:
        return [FeedEntry(row.document_key, row.loaded_at) for row in connection.execute(query)]


def codes_of(engine: sa.Engine, documents: Sequence[tuple[str, str, str]], rules: DocCodeRules) -> dict[str, str]:
    """Codes of documents, given now to those that have none; each is key, unit code and record type."""
    keys = [key for key, _, _ in documents]
    known = sa.select(document_code.c.document_key, document_code.c.code).where(
        document_code.c.document_key.in_(keys)
    )
    with reading(engine) as connection:
        codes = {row.document_key: row.code for row in connection.execute(known)}
    if all(key in codes for key in keys):
        return codes
    with writing(engine) as connection:
        hold(connection, "document codes")
        codes = {row.document_key: row.code for row in connection.execute(known)}
        for key, unit_code, record_type in documents:
            if key in codes:
                continue
            series = rules.series(unit_code, record_type)
            last = sa.select(sa.func.max(document_code.c.serial)).where(document_code.c.series == series)
            serial = (connection.execute(last).scalar() or 0) + 1
            codes[key] = f"{series}_{serial:06d}_V1"
            row = {"document_key": key, "code": codes[key], "series": series, "serial": serial}
            connection.execute(sa.insert(document_code).values(**row, given_at=dt.datetime.now(dt.UTC)))
    return codes


def document_of(engine: sa.Engine, code: str) -> str | None:
    """Key of the document with a code."""
    with reading(engine) as connection:
        return connection.execute(
            sa.select(document_code.c.document_key).where(document_code.c.code == code)
        ).scalar()


def keep_outside(engine: sa.Engine, system: str, documents: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Keep what another system says it holds: ``created``, ``changed`` or ``unchanged`` by its code.

    Each has ``code``, ``unit_code``, ``record_type``, ``year``, ``number``, ``person_name`` and ``described``.
    Nothing of ours changes by it.
    """
    done: dict[str, str] = {}
    now = dt.datetime.now(dt.UTC)
    with writing(engine) as connection:
        hold(connection, f"outside {system}")
        for it in documents:
            text = json.dumps(it["described"], sort_keys=True, ensure_ascii=False)
            digest = hashlib.sha256(text.encode()).hexdigest()
            own = sa.and_(outside_document.c.system == system, outside_document.c.code == it["code"])
            known = connection.execute(sa.select(outside_document.c.sha256).where(own)).scalar()
            values = {**it, "sha256": digest, "changed_at": now}
            if known is None:
                connection.execute(sa.insert(outside_document).values(system=system, received_at=now, **values))
            elif known != digest:
                connection.execute(sa.update(outside_document).where(own).values(values))
            done[it["code"]] = "created" if known is None else "unchanged" if known == digest else "changed"
    return done


def reconcile_kept(engine: sa.Engine, system: str) -> ReconciliationRun:
    """Compare everything a system sent with what is held here, as ``sohoa reconcile`` does with an export."""
    it = outside_document.c
    query = sa.select(outside_document).where(it.system == system, it.unit_code != "", it.record_type != "")
    with reading(engine) as connection:
        rows = [
            OutsideRow(place, row.unit_code, row.record_type, row.year, row.number, row.person_name, row.code)
            for place, row in enumerate(connection.execute(query.order_by(it.code)), start=1)
        ]
    run_id = begin_run(engine, system, source_name="api")
    stage_outside(engine, run_id, rows)
    matched = compare_outside(engine, run_id, system)
    return end_run(engine, run_id, {"outside": len(rows), "matched": matched})

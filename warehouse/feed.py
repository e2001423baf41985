"""Documents as other systems know them, shaped after CV 7197/BKHCN-CĐSQG section on sharing.

The paths and the minimum metadata are those the guidance names.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.documents import Artefact, SignatureFact
from manifests.outside import OutsideRow
from warehouse import schema
from warehouse.artefacts import PDF, SHOWN_FILES
from warehouse.database import reading, writing
from warehouse.documents import signature_of
from warehouse.loading import complete_until
from warehouse.merge import chunks, hold, one_of
from warehouse.outside_match import compare_outside, stage_outside
from warehouse.reconciliation import ReconciliationRun, begin_run, end_run
from warehouse.schema import SignatureSide
from warehouse.schema_access import outside_document


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A document of the feed, by the moment its record came into the warehouse."""

    document_key: str
    loaded_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDocument:
    """What the feed tells of a document, as it stands.

    Attributes:
        number, issue_date: As the record has them; the number of the manifest where the record has none.
        names: Its people, in their order.
        signatures: Those made here.
        file: The PDF people get; ``None`` when there is none.
    """

    entry: FeedEntry
    unit_code: str
    unit_name: str
    record_type: str
    record_type_name: str
    year: int
    number: str
    issue_date: str | None
    pages: int
    names: tuple[str, ...]
    signatures: tuple[SignatureFact, ...]
    file: Artefact | None


def feed_entries(
    engine: sa.Engine, *, since: dt.datetime | None, after: FeedEntry | None, limit: int
) -> list[FeedEntry]:
    """Documents with a record, the earliest loaded first, from ``since`` and behind ``after``.

    None is ever added before one that was told: what is younger than a load at work waits for its end.
    """
    it = schema.record.c
    until = complete_until(engine)
    query = sa.select(it.document_key, it.loaded_at).order_by(it.loaded_at, it.document_key).limit(limit)
    if since is not None:
        query = query.where(it.loaded_at >= since)
    if until is not None:
        query = query.where(it.loaded_at < until)
    if after is not None:  # compared as one value, so that the index is walked from there on
        place = (sa.literal(after.loaded_at, it.loaded_at.type), sa.literal(after.document_key))
        query = query.where(sa.tuple_(it.loaded_at, it.document_key) > sa.tuple_(*place))
    with reading(engine) as connection:
        return [FeedEntry(row.document_key, row.loaded_at) for row in connection.execute(query)]


def feed_entry(engine: sa.Engine, document_key: str) -> FeedEntry | None:
    """One document of the feed; ``None`` when it has no record somebody with this engine may see."""
    it = schema.record.c
    query = sa.select(it.document_key, it.loaded_at).where(it.document_key == document_key)
    with reading(engine) as connection:
        row = connection.execute(query).first()
    return FeedEntry(row.document_key, row.loaded_at) if row else None


def feed_documents(engine: sa.Engine, entries: Sequence[FeedEntry]) -> list[FeedDocument]:
    """What the feed tells of each, in the same order; a document that went away meanwhile is left out."""
    keys = [it.document_key for it in entries]
    document, record = schema.document.c, schema.record.c
    with reading(engine) as connection:
        found = {
            row.document_key: row
            for row in _of_documents(
                connection,
                keys,
                sa.select(
                    document.document_key,
                    document.unit_code,
                    document.record_type,
                    document.year,
                    document.pages,
                    sa.func.coalesce(record.number, document.number).label("number"),
                    record.issue_date,
                ).join_from(schema.document, schema.record),
                document.document_key,
            )
        }
        units = _units(connection, {row.unit_code for row in found.values()})
        kind, party = schema.record_type.c, schema.party.c
        types = dict(tuple(row) for row in connection.execute(sa.select(kind.code, kind.name)))
        names: dict[str, list[str]] = defaultdict(list)
        people = sa.select(party.document_key, party.name).order_by(party.document_key, party.position)
        for person in _of_documents(connection, keys, people, party.document_key):
            names[person.document_key].append(person.name)
        signatures: dict[str, list[SignatureFact]] = defaultdict(list)
        signed = schema.signature.c
        made_here = (
            sa.select(schema.signature)
            .where(signed.of == SignatureSide.OUTPUT)
            .order_by(signed.document_key, signed.position)
        )
        for it in _of_documents(connection, keys, made_here, signed.document_key):
            signatures[it.document_key].append(signature_of(it._mapping))
        files = _files(connection, keys)
    return [
        FeedDocument(
            entry=entry,
            unit_code=row.unit_code,
            unit_name=next((name for first, last, name in units[row.unit_code] if first <= row.year <= last), "")
            or row.unit_code,
            record_type=row.record_type,
            record_type_name=types.get(row.record_type, row.record_type),
            year=row.year,
            number=row.number or "",
            issue_date=row.issue_date,
            pages=row.pages,
            names=tuple(names[entry.document_key]),
            signatures=tuple(signatures[entry.document_key]),
            file=files.get(entry.document_key),
        )
        for entry in entries
        if (row := found.get(entry.document_key)) is not None
    ]


def _of_documents(
    connection: sa.Connection, keys: Sequence[str], query: sa.Select[Any], column: sa.ColumnElement[str]
) -> Iterator[sa.Row[Any]]:
    for some in chunks(keys):
        yield from connection.execute(query.where(one_of(connection, column, some)))


def _units(connection: sa.Connection, codes: set[str]) -> dict[str, list[tuple[int, int, str]]]:
    unit = schema.unit.c
    found: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    query = sa.select(unit.code, unit.first_year, unit.last_year, unit.name).where(unit.code.in_(sorted(codes)))
    for row in connection.execute(query):
        found[row.code].append((row.first_year, row.last_year, row.name))
    return found


def _files(connection: sa.Connection, keys: Sequence[str]) -> dict[str, Artefact]:
    artefact = schema.artefact.c
    current = (
        sa.select(schema.artefact)
        .where(artefact.current, artefact.kind.in_(SHOWN_FILES), artefact.media_type == PDF)
        .order_by(artefact.document_key, artefact.created_at, artefact.kind, artefact.key)
    )
    files: dict[str, Artefact] = {}
    for row in _of_documents(connection, keys, current, artefact.document_key):
        it = Artefact(kind=row.kind, key=row.key, sha256=row.sha256, size=row.size, media_type=row.media_type)
        known = files.get(row.document_key)
        if known is None or SHOWN_FILES.index(it.kind) <= SHOWN_FILES.index(known.kind):
            files[row.document_key] = it
    return files


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

"""Merging finished documents into the warehouse: once or a hundred times, in any order, the same rows stand there.

A ``DocumentRecord`` is complete on its own, so the warehouse can be rebuilt from the records in the store: what the
ledger does not know yet of batch and document is added, what it knows is left alone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.documents import Artefact, ArtefactKind, DocumentRecord
from manifests.serial import to_json
from warehouse import schema
from warehouse.cell_totals import refresh_totals
from warehouse.database import reading, writing
from warehouse.facts import FACTS
from warehouse.loading import moment_of_loading
from warehouse.merge import Row, chunks, insert, insert_missing, insert_values, one_of, upsert
from warehouse.names import search_name
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus, DocumentStatus
from warehouse.search_index import Entry, add_entries, folded_runs

_LAST_STAGE = "load"
_DELIVERABLES = (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF)


def load_records(engine: sa.Engine, records: Iterable[DocumentRecord], *, more_follow: bool = False) -> LoadResult:
    """Merge ``records`` in one transaction: all of them are in afterwards, or none.

    A record replaces every fact of an earlier-finished one of the same document; an older one never replaces a
    newer. Rows of a record that is already there are not touched, and nothing is locked for them. Several loaders
    may run at once, on the same documents too.

    Args:
        engine: A migrated database.
        records: Held in memory as a whole; hand over some hundreds at a time.
        more_follow: Others of the same batch are loaded at once, and its kept figures are counted anew with the last
            of them: each time all that the batch gives is counted. Until then they are told from the facts.

    Raises:
        DatabaseUnavailableError: Nothing was loaded; the same call may be made again.
    """
    incoming, repeated = _newest(records)
    with reading(engine) as connection:
        stored = _stored_versions(connection, list(incoming))
    known = {key for key, it in incoming.items() if key in stored and it.version <= stored[key]}
    unchanged = sum(incoming[key].version == stored[key] for key in known)
    total = repeated + LoadResult(unchanged=unchanged, outdated=len(known) - unchanged)
    fresh = {key: it for key, it in incoming.items() if key not in known}
    if fresh:
        total += _merge(engine, fresh)
    if not more_follow:
        refresh_totals(engine)
    return total


def _merge(engine: sa.Engine, incoming: Mapping[str, _Incoming]) -> LoadResult:
    prepared = _prepare(incoming)  # before anything is locked: on SQLite nobody else can write from then on
    with writing(engine) as connection:
        _add_missing_parents(connection, incoming)
        _lock(connection, list(incoming))
        # Asked again: somebody else may have loaded the same documents meanwhile.
        stored = _stored_versions(connection, list(incoming))
        new = {key for key in incoming if key not in stored}
        changed = {key for key, it in incoming.items() if key in stored and it.version > stored[key]}
        unchanged = sum(key in stored and it.version == stored[key] for key, it in incoming.items())
        _replace_facts(connection, prepared.only(new | changed), remove=sorted(changed))
    outdated = len(incoming) - len(new) - len(changed) - unchanged
    return LoadResult(inserted=len(new), updated=len(changed), unchanged=unchanged, outdated=outdated)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """The rows of some documents; in every one the document's key is the first value, or under its name."""

    keys: frozenset[str]
    records: list[Row]
    facts: dict[sa.Table, list[tuple[Any, ...]]]
    artefacts: list[Row]
    entries: list[Entry]

    def only(self, keys: set[str]) -> _Prepared:
        if keys == self.keys:
            return self
        return _Prepared(
            frozenset(keys),
            [row for row in self.records if row["document_key"] in keys],
            {table: [row for row in rows if row[0] in keys] for table, rows in self.facts.items()},
            [row for row in self.artefacts if row["document_key"] in keys],
            [entry for entry in self.entries if entry.document_key in keys],
        )


def _prepare(incoming: Mapping[str, _Incoming]) -> _Prepared:
    return _Prepared(
        keys=frozenset(incoming),
        records=[_record_row(it) for it in incoming.values()],
        facts={
            table: [(key, *row) for key, it in incoming.items() for row in read(it.record)]
            for table, (_, read) in FACTS.items()
        },
        # The ledger may have told of these files before; when and by which run they were made stays as it said.
        artefacts=[
            {
                "document_key": key,
                **_fields(file),
                "run_key": it.record.run_key,
                "created_at": it.record.finished_at,
                "current": True,
            }
            for key, it in incoming.items()
            for file in it.record.artefacts
        ],
        entries=[_entry(key, it.record) for key, it in incoming.items()],
    )


def content_sha256(record: DocumentRecord) -> str:
    """Digest of the record's canonical JSON; equal records give equal digests."""
    ordered = dict(sorted(record.entry.keyed.items()))
    return hashlib.sha256(
        to_json(dataclasses.replace(record, entry=dataclasses.replace(record.entry, keyed=ordered)))
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class _Incoming:
    record: DocumentRecord
    sha256: str

    @property
    def version(self) -> tuple[dt.datetime, str]:
        # The digest settles the order of two records finished in the same instant, so that every order of loading
        # them ends in the same warehouse.
        return self.record.finished_at, self.sha256


def _newest(records: Iterable[DocumentRecord]) -> tuple[dict[str, _Incoming], LoadResult]:
    """The newest record of each document, sorted by key, and what became of the others in the same call."""
    newest: dict[str, _Incoming] = {}
    unchanged = outdated = 0
    for record in records:
        candidate = _Incoming(record, content_sha256(record))
        known = newest.get(record.document_key)
        if known is not None and known.version == candidate.version:
            unchanged += 1
            continue
        outdated += known is not None
        if known is None or candidate.version > known.version:
            newest[record.document_key] = candidate
    # Sorted: two loaders then take their locks in the same order and cannot wait for each other in a ring.
    return dict(sorted(newest.items())), LoadResult(unchanged=unchanged, outdated=outdated)


def _add_missing_parents(connection: sa.Connection, incoming: Mapping[str, _Incoming]) -> None:
    batches: dict[str, Row] = {}
    documents: list[Row] = []
    for it in incoming.values():
        batch, entry, finished = it.record.batch, it.record.entry, it.record.finished_at
        batches.setdefault(
            batch.key,
            {
                "batch_key": batch.key,
                "unit_code": batch.unit_code,
                "batch_id": batch.batch_id,
                "status": BatchStatus.DONE,
                "first_seen_at": finished,
                "finished_at": finished,
            },
        )
        documents.append(
            {
                "document_key": it.record.document_key,
                "batch_key": batch.key,
                "document_id": entry.document_id,
                "unit_code": entry.unit_code,
                "record_type": entry.record_type,
                "year": entry.year,
                "pages": entry.pages,
                "medium": entry.medium,
                "book": entry.book,
                "number": entry.number,
                "status": DocumentStatus.DONE,
                "stage": _LAST_STAGE,
                "updated_at": finished,
            }
        )
    insert_missing(connection, schema.batch, [batches[key] for key in sorted(batches)])
    insert_missing(connection, schema.document, documents)


def _lock(connection: sa.Connection, keys: list[str]) -> None:
    """Hold the documents until the end; on SQLite every writer already is alone."""
    if connection.dialect.name == "sqlite":
        return
    document = schema.document.c
    for some in chunks(keys):
        connection.execute(
            sa.select(document.document_key)
            .where(one_of(connection, document.document_key, some))
            .order_by(document.document_key)
            .with_for_update()
        )


def _stored_versions(connection: sa.Connection, keys: list[str]) -> dict[str, tuple[dt.datetime, str]]:
    """Finishing time and digest of the records that are there."""
    record = schema.record.c
    stored: dict[str, tuple[dt.datetime, str]] = {}
    for some in chunks(keys):
        rows = connection.execute(
            sa.select(record.document_key, record.finished_at, record.content_sha256).where(
                one_of(connection, record.document_key, some)
            )
        )
        stored.update({row.document_key: (row.finished_at, row.content_sha256) for row in rows})
    return stored


def _replace_facts(connection: sa.Connection, wanted: _Prepared, *, remove: list[str]) -> None:
    if not wanted.keys:
        return
    record, artefact = schema.record, schema.artefact
    for some in chunks(remove):
        connection.execute(
            sa.delete(record).where(one_of(connection, record.c.document_key, some))
        )  # its facts go with it
        connection.execute(
            sa.update(artefact)
            .where(one_of(connection, artefact.c.document_key, some), artefact.c.kind.in_(_DELIVERABLES))
            .values(current=False)
        )
    loaded_at = moment_of_loading(connection)
    insert(connection, record, [{**row, "loaded_at": loaded_at} for row in wanted.records])
    for table, (names, _) in FACTS.items():
        insert_values(connection, table, ("document_key", *names), wanted.facts[table])
    upsert(connection, artefact, wanted.artefacts, update=("sha256", "size", "media_type", "current"))
    add_entries(connection, wanted.entries)


def _record_row(it: _Incoming) -> Row:
    document, record = it.record, it.record.record
    return {
        "document_key": document.document_key,
        "unit_code": record.unit_code,
        "record_type": record.record_type,
        "year": record.year,
        "number": record.number,
        "book": record.book,
        "issue_date": record.issue_date,
        "status": record.status,
        "confidence": record.confidence,
        "review_reasons": list(record.review_reasons),
        "run_key": document.run_key,
        "pdfa_verdict": document.pdfa_verdict,
        "legal_profile": document.legal_profile,
        "finished_at": document.finished_at,
        "content_sha256": it.sha256,
    }


def _fields(file: Artefact) -> Row:
    return {
        "kind": file.kind,
        "key": file.key,
        "sha256": file.sha256,
        "size": file.size,
        "media_type": file.media_type,
    }


def _entry(key: str, document: DocumentRecord) -> Entry:
    entry, record = document.entry, document.record
    return Entry(
        key,
        entry.unit_code,
        entry.record_type,
        entry.year,
        record.number,
        record.book,
        names=tuple(search_name(party.name) for party in record.parties),
        runs=tuple(folded_runs((page.facts.page_number, page.text) for page in document.pages)),
    )

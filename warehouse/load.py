"""Merging finished documents into the warehouse: once or a hundred times, in any order, the same rows stand there.

A ``DocumentRecord`` is complete on its own, so the warehouse can be rebuilt from the records in the store: what the
ledger does not know yet of batch and document is added, what it knows is left alone.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.documents import ArtefactKind, DocumentRecord, SignatureFact
from manifests.serial import to_json
from warehouse import schema
from warehouse.database import writing
from warehouse.merge import Row, chunks, insert, insert_missing, upsert
from warehouse.names import fold_name
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus, DocumentStatus, SignatureSide

_LAST_STAGE = "load"
_DELIVERABLES = (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF)


def load_records(engine: sa.Engine, records: Iterable[DocumentRecord]) -> LoadResult:
    """Merge ``records`` in one transaction: all of them are in afterwards, or none.

    A record replaces every fact of an earlier-finished one of the same document; an older one never replaces a
    newer. Rows of a record that is already there are not touched. Several loaders may run at once, on the same
    documents too.

    Args:
        engine: A migrated database.
        records: Held in memory as a whole; hand over some hundreds at a time.

    Raises:
        DatabaseUnavailableError: Nothing was loaded; the same call may be made again.
    """
    incoming, repeated = _newest(records)
    if not incoming:
        return repeated
    with writing(engine) as connection:
        _add_missing_parents(connection, incoming)
        stored = _stored_versions(connection, list(incoming))
        new = {key: it for key, it in incoming.items() if key not in stored}
        changed = {key: it for key, it in incoming.items() if key in stored and it.version > stored[key]}
        unchanged = sum(key in stored and it.version == stored[key] for key, it in incoming.items())
        _replace_facts(connection, {**new, **changed}, remove=list(changed))
    return LoadResult(
        inserted=len(new),
        updated=len(changed),
        unchanged=unchanged + repeated.unchanged,
        outdated=len(incoming) - len(new) - len(changed) - unchanged + repeated.outdated,
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


def _stored_versions(connection: sa.Connection, keys: list[str]) -> dict[str, tuple[dt.datetime, str]]:
    """Finishing time and digest of the records that are there, with their documents locked until the end."""
    document, record = schema.document.c, schema.record.c
    stored: dict[str, tuple[dt.datetime, str]] = {}
    for some in chunks(keys):
        connection.execute(
            sa.select(document.document_key)
            .where(document.document_key.in_(some))
            .order_by(document.document_key)
            .with_for_update()
        )
        rows = connection.execute(
            sa.select(record.document_key, record.finished_at, record.content_sha256).where(
                record.document_key.in_(some)
            )
        )
        stored.update({row.document_key: (row.finished_at, row.content_sha256) for row in rows})
    return stored


def _replace_facts(connection: sa.Connection, wanted: Mapping[str, _Incoming], *, remove: list[str]) -> None:
    record, artefact = schema.record, schema.artefact
    for some in chunks(remove):
        connection.execute(sa.delete(record).where(record.c.document_key.in_(some)))  # its facts go with it
        connection.execute(
            sa.update(artefact)
            .where(artefact.c.document_key.in_(some), artefact.c.kind.in_(_DELIVERABLES))
            .values(current=False)
        )
    loaded_at = dt.datetime.now(dt.UTC)
    rows: dict[sa.Table, list[Row]] = defaultdict(list)
    for key, it in wanted.items():
        rows[record].append(_record_row(it, loaded_at))
        for table, table_rows in _fact_rows(it.record).items():
            rows[table].extend({"document_key": key, **row} for row in table_rows)
    for table in (record, *(t for t in rows if t not in {record, artefact})):
        insert(connection, table, rows[table])
    # The ledger may have told of these files before; when and by which run they were made stays as it said.
    upsert(connection, artefact, rows[artefact], update=("sha256", "size", "media_type", "current"))


def _record_row(it: _Incoming, loaded_at: dt.datetime) -> Row:
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
        "loaded_at": loaded_at,
        "content_sha256": it.sha256,
    }


def _fact_rows(it: DocumentRecord) -> dict[sa.Table, list[Row]]:
    fields = [
        {
            "position": position,
            "name": value.name,
            "transcription": value.transcription,
            "normalized": value.normalized,
            "confidence": value.confidence,
            "source": value.source,
            "keyed": value.keyed,
            "agrees": value.agrees,
            "page_number": value.page_number,
            "bbox": list(value.bbox) if value.bbox else None,
        }
        for position, value in enumerate(it.record.fields)
    ]
    parties = [
        {
            "position": position,
            "role": party.role,
            "name": party.name,
            "name_folded": fold_name(party.name),
            "birth_date": party.birth_date,
            "personal_id": party.personal_id,
        }
        for position, party in enumerate(it.record.parties)
    ]
    events = [{"position": position, **_columns(event)} for position, event in enumerate(it.events)]
    return {
        schema.field_value: fields,
        schema.party: parties,
        schema.page: [
            {name: value for name, value in _columns(page.facts).items() if name != "flags"}
            | {name: value for name, value in _columns(page).items() if name != "facts"}
            for page in it.pages
        ],
        schema.page_flag: [
            {"page_number": page.facts.page_number, "flag": str(flag)}
            for page in it.pages
            for flag in sorted(set(page.facts.flags))
        ],
        schema.signature: [
            *_signature_rows(SignatureSide.INPUT, it.input_signatures),
            *_signature_rows(SignatureSide.OUTPUT, it.signatures),
        ],
        schema.event: events,
        schema.artefact: [
            {**_columns(artefact), "run_key": it.run_key, "created_at": it.finished_at, "current": True}
            for artefact in it.artefacts
        ],
    }


def _signature_rows(side: SignatureSide, signatures: tuple[SignatureFact, ...]) -> list[Row]:
    return [{"of": side, "position": position, **_columns(fact)} for position, fact in enumerate(signatures)]


def _columns(value: Any) -> Row:
    """The fields of a dataclass whose names are column names, one level deep."""
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}

"""Codes of documents for other systems (DocCode, CV 7197/BKHCN-CĐSQG): given once, a new version for each new scan.

How they are written stands in ``manifests/data/doc_codes.toml``. V1 is the first scan that became a record; when a
person has a paper scanned again, the new scan bears the same serial with the next version.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from manifests.doc_codes import DocCodeRules
from manifests.documents import ArtefactKind
from warehouse import schema
from warehouse.database import reading, writing
from warehouse.merge import chunks, hold, insert_values, one_of
from warehouse.schema_access import document_code

_GIVEN = ("document_key", "version", "code", "series", "serial", "scan", "given_at")


def codes_of(engine: sa.Engine, documents: Sequence[tuple[str, str, str]], rules: DocCodeRules) -> dict[str, str]:
    """Codes of documents as they stand, given now where there is none yet; each is key, unit code and record type."""
    keys = [key for key, _, _ in documents]
    with reading(engine) as connection:
        scans = _scans(connection, keys)
        known = _newest(connection, keys)
    if any(_is_new(known.get(key), scans.get(key, "")) for key in keys):
        with writing(engine) as connection:
            hold(connection, "document codes")
            known = _newest(connection, keys)
            wanted = [it for it in documents if _is_new(known.get(it[0]), scans.get(it[0], ""))]
            insert_values(connection, document_code, _GIVEN, _given(connection, wanted, known, scans, rules))
            known = _newest(connection, keys)
    return {key: str(row.code) for key, row in known.items()}


def document_of(engine: sa.Engine, code: str) -> str | None:
    """Key of the document that has a code, or had it before it was scanned again."""
    with reading(engine) as connection:
        return connection.execute(
            sa.select(document_code.c.document_key).where(document_code.c.code == code)
        ).scalar()


def _is_new(known: sa.Row[Any] | None, scan: str) -> bool:
    """Whether ``scan`` has no code; of codes given before versions were kept nobody knows the scan."""
    return known is None or bool(known.scan and scan and known.scan != scan)


def _given(
    connection: sa.Connection,
    documents: Sequence[tuple[str, str, str]],
    known: Mapping[str, sa.Row[Any]],
    scans: Mapping[str, str],
    rules: DocCodeRules,
) -> list[tuple[Any, ...]]:
    series_of = {key: rules.series(*of) for key, *of in documents if key not in known}
    last = _last_serials(connection, set(series_of.values()))
    given_at, rows = dt.datetime.now(dt.UTC), []
    for key, *_ in documents:
        if before := known.get(key):
            series, serial, version = before.series, before.serial, before.version + 1
        else:
            series = series_of[key]
            last[series] += 1
            serial, version = last[series], 1
        code = f"{series}_{serial:06d}_V{version}"
        rows.append((key, version, code, series, serial, scans.get(key, ""), given_at))
    return rows


def _scans(connection: sa.Connection, keys: Sequence[str]) -> dict[str, str]:
    """Digest of the delivered files each document's record was made of."""
    it = schema.artefact.c
    files: dict[str, list[str]] = defaultdict(list)
    for some in chunks(keys):
        query = sa.select(it.document_key, it.sha256).where(
            one_of(connection, it.document_key, some), it.kind == ArtefactKind.ORIGINAL, it.current
        )
        for row in connection.execute(query):
            files[row.document_key].append(row.sha256)
    return {key: hashlib.sha256(" ".join(sorted(found)).encode()).hexdigest() for key, found in files.items()}


def _newest(connection: sa.Connection, keys: Sequence[str]) -> dict[str, sa.Row[Any]]:
    it = document_code.c
    newest: dict[str, sa.Row[Any]] = {}
    for some in chunks(keys):
        query = (
            sa.select(document_code)
            .where(one_of(connection, it.document_key, some))
            .order_by(it.document_key, it.version)
        )
        newest |= {row.document_key: row for row in connection.execute(query)}
    return newest


def _last_serials(connection: sa.Connection, series: set[str]) -> dict[str, int]:
    it = document_code.c
    query = sa.select(it.series, sa.func.max(it.serial)).where(it.series.in_(sorted(series))).group_by(it.series)
    return defaultdict(int, {row[0]: row[1] for row in connection.execute(query)})

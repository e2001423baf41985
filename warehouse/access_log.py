"""Who read which record, when, why and from where: written before anything is shown, and never changed again.

What somebody typed into the search stands here, where auditors read it, and in no log file of a program.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from warehouse.database import glancing, reading, writing
from warehouse.merge import insert
from warehouse.schema_access import access_purpose, record_access

LONGEST_REASON = 500
_SEARCH_LASTS = dt.timedelta(hours=24)


class Purpose(StrEnum):
    """Why somebody opens personal data."""

    CITIZEN_REQUEST = "citizen_request"
    COPY = "copy"
    VERIFICATION = "verification"
    CORRECTION = "correction"
    INSPECTION = "inspection"
    OTHER = "other"


class Action(StrEnum):
    """What was opened."""

    SEARCH = "search"
    RECORD = "record"
    """Fields, text, verdict and history of a record."""
    FILE = "file"
    """Its PDF."""
    PAGE = "page"
    """The image of one page."""
    CROP = "crop"
    """The piece of a page a field was read from."""
    EXPORT = "export"
    """Its metadata, by another system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who opens something, from where and why.

    Attributes:
        token_label: Of the token a machine showed; ``None`` for a person at a browser.
        reason: In the person's own words; of a machine what its caller said.
    """

    account_id: int
    account_name: str
    full_name: str
    role: str
    address: str
    purpose: Purpose
    reason: str
    token_label: str | None = None


@dataclass(frozen=True, slots=True)
class KeptSearch:
    """A search somebody made: what was asked, by field of ``warehouse.hits.SearchQuery``."""

    search_id: str
    at: dt.datetime
    query: Mapping[str, Any]
    purpose: Purpose
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFilter:
    """Which accesses: by account name, by document (its key, or the beginning of it), by days in Hanoi, by action.

    Attributes:
        crops: Whether the pieces of pages are listed too; they follow each opened record.
    """

    account_name: str | None = None
    document_key: str | None = None
    since: dt.date | None = None
    until: dt.date | None = None
    action: Action | None = None
    crops: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEntry:
    """One line of the log; ``query`` and ``hits`` are those of a search."""

    entry_id: int
    at: dt.datetime
    account_name: str
    full_name: str
    role: str
    token_label: str | None
    address: str
    action: str
    document_key: str | None
    purpose: str
    reason: str
    detail: str
    query: Mapping[str, Any] | None
    hits: int | None


def note_access(
    engine: sa.Engine, reader: Reader, action: Action, document_keys: tuple[str, ...], detail: str = ""
) -> None:
    """Write down that somebody opens documents; returns when it stands in the database.

    Raises:
        DatabaseUnavailableError: It could not be written, so nothing may be shown.
    """
    line = {**_who(reader), "action": action, "detail": detail[:LONGEST_REASON]}
    if document_keys:
        with writing(engine) as connection:
            insert(connection, record_access, [{**line, "document_key": key} for key in document_keys])


def note_search(engine: sa.Engine, reader: Reader, query: Mapping[str, Any], hits: int, detail: str = "") -> str:
    """Write a search down and return the id under which who made it finds it again.

    Raises:
        DatabaseUnavailableError: It could not be written, so nothing may be shown.
    """
    search_id = secrets.token_urlsafe(15)
    row = {**_who(reader), "action": Action.SEARCH, "detail": detail, "search_id": search_id}
    with writing(engine) as connection:
        connection.execute(sa.insert(record_access).values({**row, "query": dict(query), "hits": hits}))
    return search_id


def find_search(engine: sa.Engine, search_id: str, account_id: int) -> KeptSearch | None:
    """A search of this account; ``None`` when there is none, it is somebody else's, or a day old."""
    it = record_access.c
    since = dt.datetime.now(dt.UTC) - _SEARCH_LASTS
    with glancing(engine) as connection:
        row = connection.execute(
            sa.select(record_access).where(
                it.search_id == search_id, it.account_id == account_id, it.at > since, it.token_label.is_(None)
            )
        ).first()
    if row is None:
        return None
    return KeptSearch(search_id, row.at, dict(row.query or {}), Purpose(row.purpose), row.reason)


def set_purpose(engine: sa.Engine, session_token: str, purpose: Purpose, reason: str) -> None:
    """Keep what somebody opens records for, until the session ends or another purpose is told."""
    if purpose_of(engine, session_token) == (purpose, reason):
        return
    key = _digest(session_token)
    with writing(engine) as connection:
        connection.execute(sa.delete(access_purpose).where(access_purpose.c.token_sha256 == key))
        connection.execute(
            sa.insert(access_purpose).values(
                token_sha256=key, purpose=purpose, reason=reason, at=dt.datetime.now(dt.UTC)
            )
        )


def purpose_of(engine: sa.Engine, session_token: str) -> tuple[Purpose, str] | None:
    """What this session opens records for, in its own words too; ``None`` when it was not told yet."""
    with glancing(engine) as connection:
        row = connection.execute(
            sa.select(access_purpose).where(access_purpose.c.token_sha256 == _digest(session_token))
        ).first()
    return (Purpose(row.purpose), row.reason) if row else None


def list_accesses(engine: sa.Engine, wanted: AccessFilter, *, limit: int = 100, offset: int = 0) -> list[AccessEntry]:
    """The log, the latest first; an engine of a scope tells of the documents of the scope only, and of no search."""
    query = (
        sa.select(record_access)
        .where(*_conditions(wanted))
        .order_by(record_access.c.at.desc(), record_access.c.id.desc())
        .limit(limit)
        .offset(offset)
    )
    with reading(engine) as connection:
        return [
            AccessEntry(
                entry_id=row.id,
                **{name: getattr(row, name) for name in AccessEntry.__slots__ if name not in ("entry_id",)},
            )
            for row in connection.execute(query)
        ]


def _conditions(wanted: AccessFilter) -> list[sa.ColumnElement[bool]]:
    from warehouse.reference import HANOI

    it = record_access.c
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.account_name:
        conditions.append(it.account_name == wanted.account_name.strip().lower())
    if wanted.document_key:
        key = wanted.document_key.strip().strip("/")
        conditions.append(sa.or_(it.document_key == key, it.document_key.startswith(f"{key}/", autoescape=True)))
    if wanted.since:
        conditions.append(it.at >= dt.datetime.combine(wanted.since, dt.time(), HANOI))
    if wanted.until and wanted.until < dt.date.max:
        conditions.append(it.at < dt.datetime.combine(wanted.until + dt.timedelta(days=1), dt.time(), HANOI))
    if wanted.action:
        conditions.append(it.action == wanted.action)
    elif not wanted.crops:
        conditions.append(it.action != Action.CROP)
    return conditions


def _who(reader: Reader) -> dict[str, Any]:
    return {
        "at": dt.datetime.now(dt.UTC),
        "account_id": reader.account_id,
        "account_name": reader.account_name,
        "full_name": reader.full_name,
        "role": reader.role,
        "token_label": reader.token_label,
        "address": reader.address[:100],
        "purpose": reader.purpose,
        "reason": reader.reason[:LONGEST_REASON],
    }


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

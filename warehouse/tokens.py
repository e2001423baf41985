"""Tokens of machines: what an account lets a program do, until when, and how often. Only digests are kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from warehouse.accounts import HERE, Account, EventKind, account_by_id, find_account, note
from warehouse.database import reading, writing
from warehouse.merge import hold
from warehouse.schema_access import account_token, api_use

PREFIX = "sohoa_"
PER_MINUTE = 120
"""Requests of one token, or of one person through the API, within a minute; server processes count together."""


class TokenScope(StrEnum):
    RECORDS = "records"
    """Find people's results, read records."""
    FILES = "files"
    """Fetch signed files."""
    PROGRESS = "progress"
    EXPORT = "export"
    """Read the feed of documents."""
    IMPORT = "import"
    """Send another system's documents for reconciliation."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without its secret."""

    token_id: int
    label: str
    allowed: tuple[TokenScope, ...]
    created_at: dt.datetime
    expires_at: dt.datetime
    revoked_at: dt.datetime | None


def make_token(engine: sa.Engine, name: str, *, label: str, allowed: Sequence[TokenScope], days: int) -> str:
    """Make a token for a program that acts as an account; it is told once and kept nowhere.

    Raises:
        UnknownAccountError: There is no such account.
    """
    it = find_account(engine, name)
    secret = PREFIX + secrets.token_urlsafe(32)
    now = dt.datetime.now(dt.UTC)
    with writing(engine) as connection:
        connection.execute(
            sa.insert(account_token).values(
                account_id=it.account_id,
                label=label,
                token_sha256=_digest(secret),
                allowed=[str(scope) for scope in allowed],
                created_at=now,
                expires_at=now + dt.timedelta(days=days),
            )
        )
        note(connection, EventKind.CHANGED, it.name, HERE, it.account_id, f"token {label}: {', '.join(allowed)}")
    return secret


def find_token(engine: sa.Engine, secret: str) -> tuple[Account, Token] | None:
    """Account and token; ``None`` when it is unknown, ran out, was revoked, or the account is disabled."""
    with reading(engine) as connection:
        row = connection.execute(
            sa.select(account_token).where(
                account_token.c.token_sha256 == _digest(secret),
                account_token.c.revoked_at.is_(None),
                account_token.c.expires_at > dt.datetime.now(dt.UTC),
            )
        ).first()
    if row is None:
        return None
    it = account_by_id(engine, row.account_id)
    return (it, _token(row)) if it is not None and not it.disabled else None


def list_tokens(engine: sa.Engine, name: str) -> list[Token]:
    """Tokens of an account, those that ran out or were revoked among them. Raises ``UnknownAccountError``."""
    own = account_token.c.account_id == find_account(engine, name).account_id
    with reading(engine) as connection:
        return [_token(row) for row in connection.execute(sa.select(account_token).where(own))]


def revoke_token(engine: sa.Engine, name: str, token_id: int) -> bool:
    """End a token of an account at once; whether there was one. Raises ``UnknownAccountError``."""
    it = find_account(engine, name)
    own = sa.and_(account_token.c.account_id == it.account_id, account_token.c.token_id == token_id)
    with writing(engine) as connection:
        done = connection.execute(
            sa.update(account_token)
            .where(own, account_token.c.revoked_at.is_(None))
            .values(revoked_at=dt.datetime.now(dt.UTC))
        ).rowcount
        if done:
            note(connection, EventKind.CHANGED, it.name, HERE, it.account_id, f"token {token_id} revoked")
    return bool(done)


def count_request(engine: sa.Engine, who: str, allowed: int = PER_MINUTE) -> int:
    """Count a request of ``who``; seconds to wait when there were too many in this minute, else 0."""
    now = time.time()
    minute = int(now // 60)
    own = sa.and_(api_use.c.who == who, api_use.c.minute == minute)
    with writing(engine) as connection:
        hold(connection, f"api {who}")
        known = connection.execute(sa.select(api_use.c.requests).where(own)).scalar()
        if known is None:
            connection.execute(sa.delete(api_use).where(api_use.c.minute < minute - 60))
            connection.execute(sa.insert(api_use).values(who=who, minute=minute, requests=1))
        elif known >= allowed:
            return max(1, int(60 - now % 60))
        else:
            connection.execute(sa.update(api_use).where(own).values(requests=known + 1))
    return 0


def _token(row: sa.Row) -> Token:  # type: ignore[type-arg]
    allowed = tuple(TokenScope(it) for it in row.allowed)
    return Token(row.token_id, row.label, allowed, row.created_at, row.expires_at, row.revoked_at)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

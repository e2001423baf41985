"""Signing in and staying so: sessions in the database, known by the digest of a token only the browser has.

Failures are counted in the database too, so that several server processes count together.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from warehouse.accounts import (
    Account,
    EventKind,
    account_name,
    account_rows,
    accounts_of,
    end_sessions,
    note,
    subject_of,
)
from warehouse.database import glancing, reading, writing
from warehouse.errors import SignInRefusedError, TooManyAttemptsError
from warehouse.merge import hold
from warehouse.passwords import fits, keep_again, needs_new_hash
from warehouse.schema_accounts import account, account_event, account_session

WINDOW = dt.timedelta(minutes=15)
"""Failures older than this are forgotten."""

PER_NAME, PER_ADDRESS = 5, 30
"""Failures within ``WINDOW`` after which a name, or a whole address, has to wait; offices share one address."""

_SEEN_EVERY = dt.timedelta(minutes=1)  # not at each request: every page would be a write
_BYTES = 32


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session may stand ``idle``, and how long it lasts ``at_most``."""

    idle: dt.timedelta = dt.timedelta(minutes=30)
    at_most: dt.timedelta = dt.timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that holds. ``stale`` sessions want ``touch_session`` after the answer is sent."""

    account: Account
    expires_at: dt.datetime
    stale: bool


def sign_in(engine: sa.Engine, name: str, password: str, *, address: str, lifetime: Lifetime) -> str:
    """Check a password and open a session; the token goes to the browser and is kept nowhere else.

    Raises:
        TooManyAttemptsError: Too many failures for this name or address; the password was not even looked at.
        SignInRefusedError: Name and password do not fit, or the account is disabled.
    """
    _count_attempt(engine, name, address)
    with reading(engine) as connection:
        row = connection.execute(sa.select(account).where(account.c.name == account_name(name))).first()
    if not fits(password, row.password_hash if row else None) or row is None or row.disabled:
        raise SignInRefusedError
    with writing(engine) as connection:
        if needs_new_hash(row.password_hash):
            renewed = sa.update(account).where(account.c.account_id == row.account_id)
            connection.execute(renewed.values(password_hash=keep_again(password)))
        _forget_failures(connection, name)
        return _open(connection, row.account_id, row.name, address, lifetime)


def open_session(engine: sa.Engine, it: Account, *, address: str, lifetime: Lifetime) -> str:
    """Open a session for somebody who was proven in another way; returns the token.

    Raises:
        SignInRefusedError: The account is disabled.
    """
    if it.disabled:
        raise SignInRefusedError
    with writing(engine) as connection:
        return _open(connection, it.account_id, it.name, address, lifetime)


def find_session(engine: sa.Engine, token: str, lifetime: Lifetime) -> Session | None:
    """The session of a token; ``None`` when there is none, it ran out, or its account is disabled."""
    now = dt.datetime.now(dt.UTC)
    session = account_session.c
    own = (session.account_id == account.c.account_id, session.token_sha256 == _digest(token))
    query = account_rows().add_columns(session.seen_at, session.expires_at).where(*own, session.expires_at > now)
    with glancing(engine) as connection:
        rows = connection.execute(query).all()
    found = accounts_of(rows)
    if not found or found[0].disabled or rows[0].seen_at + lifetime.idle <= now:
        return None
    return Session(found[0], rows[0].expires_at, stale=rows[0].seen_at + _SEEN_EVERY <= now)


def touch_session(engine: sa.Engine, token: str) -> None:
    """Write down that a session was used just now."""
    with writing(engine) as connection:
        connection.execute(
            sa.update(account_session)
            .where(account_session.c.token_sha256 == _digest(token))
            .values(seen_at=dt.datetime.now(dt.UTC))
        )


def sign_out(engine: sa.Engine, token: str, *, address: str, everywhere: bool = False) -> None:
    """End a session, or every session of its account."""
    own = account_session.c.token_sha256 == _digest(token)
    with writing(engine) as connection:
        row = connection.execute(
            sa.select(account.c.account_id, account.c.name).join(account_session).where(own)
        ).first()
        if row is None:
            return
        if everywhere:
            end_sessions(connection, row.account_id)
        else:
            connection.execute(sa.delete(account_session).where(own))
        detail = "everywhere" if everywhere else ""
        note(connection, EventKind.SIGNED_OUT, row.name, address, row.account_id, detail)


def _count_attempt(engine: sa.Engine, name: str, address: str) -> None:
    """Write the attempt down as a failure before it is made: several at once then cannot slip through."""
    since = dt.datetime.now(dt.UTC) - WINDOW
    subject = subject_of(name)
    event = account_event.c
    failed = sa.and_(event.kind == EventKind.SIGN_IN_FAILED, event.at > since)
    with writing(engine) as connection:
        hold(connection, "sign in")
        for condition, allowed in ((event.subject == subject, PER_NAME), (event.address == address, PER_ADDRESS)):
            recent = connection.execute(
                sa.select(event.at).where(failed, condition).order_by(event.at.desc()).limit(allowed)
            ).all()
            if len(recent) == allowed:
                wait = recent[-1].at - since
                raise TooManyAttemptsError(max(1, int(wait.total_seconds())))
        note(connection, EventKind.SIGN_IN_FAILED, name, address)


def _forget_failures(connection: sa.Connection, name: str) -> None:
    event = account_event.c
    own = sa.and_(event.kind == EventKind.SIGN_IN_FAILED, event.subject == subject_of(name))
    last = sa.select(sa.func.max(event.id)).where(own).scalar_subquery()
    # Only the attempt that turned out well: who guesses other names from here keeps what is counted against them.
    connection.execute(sa.delete(account_event).where(event.id == last))


def _open(connection: sa.Connection, account_id: int, name: str, address: str, lifetime: Lifetime) -> str:
    now = dt.datetime.now(dt.UTC)
    token = secrets.token_urlsafe(_BYTES)
    connection.execute(sa.delete(account_session).where(account_session.c.expires_at <= now))
    connection.execute(
        sa.insert(account_session).values(
            token_sha256=_digest(token),
            account_id=account_id,
            created_at=now,
            seen_at=now,
            expires_at=now + lifetime.at_most,
            address=address[:100],
        )
    )
    note(connection, EventKind.SIGNED_IN, name, address, account_id)
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

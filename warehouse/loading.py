"""When a record came into the warehouse, so that whoever reads on from a moment misses none.

Moments are taken inside transactions, and a transaction may be committed after another one that took its moment
later: who has been told that one would never come back for the first. On PostgreSQL each loader therefore shows, from
before it takes its moment until its records can be seen, since when it is at work; what is younger than the oldest of
them is not told yet. On SQLite writers take turns, so moments have the order of the commits.
"""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa

from warehouse.database import reading

_PLACE = 0x50C0
"""First half of the advisory locks that loaders show; the second half is a second of the epoch."""


def moment_of_loading(connection: sa.Connection) -> dt.datetime:
    """The moment that what is loaded in this transaction bears; call it before the first record is written."""
    if connection.dialect.name != "postgresql":
        return dt.datetime.now(dt.UTC)
    now = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))  # the server's: loaders sit on several machines
    second = sa.cast(sa.func.floor(sa.extract("epoch", now)), sa.Integer)
    connection.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(_PLACE, second)))
    # asked again: who looked before this loader was shown tells of moments before this one only
    return connection.execute(sa.select(now)).scalar_one()


def complete_until(engine: sa.Engine) -> dt.datetime | None:
    """Who begins to read after this sees every record that ever bears an earlier moment; ``None``: all there are.

    A transaction of its own: one that goes on would see the records as they were before the loaders were asked.
    """
    if engine.dialect.name != "postgresql":
        return None
    oldest = sa.text(
        "SELECT min(objid::bigint) FROM pg_locks WHERE locktype = 'advisory' AND classid = :place AND objsubid = 2"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    with reading(engine) as connection:
        second = connection.execute(oldest, {"place": _PLACE}).scalar()
    return None if second is None else dt.datetime.fromtimestamp(second, dt.UTC)

"""Places at an authority that stands few requests, and work done by one, shared by machines: locks of PostgreSQL.

The same contracts as ``signing.slots.FileSlots`` and ``FileLocks``, for processes that share a database and no file
system. The server gives a place back when the connection that holds it ends, so a killed process keeps none.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections.abc import Callable
from functools import partial

import sqlalchemy as sa

from warehouse.database import open_database
from warehouse.errors import DatabaseUnavailableError


class DatabaseSlots:
    """Slots of all machines that use one PostgreSQL database.

    Args:
        url: The database.
        name: What the slots are for: the authority's address.
        count: How many there are.
    """

    def __init__(self, url: str, name: str, count: int) -> None:
        self._engine = open_database(url)
        self._looking = threading.Lock()  # one look at a time: those who wait need one connection, not one each
        self._key = int.from_bytes(hashlib.sha256(f"slot {name}".encode()).digest()[:4], "big", signed=True)
        self._count = count

    def take(self) -> Callable[[], None] | None:
        """A free place as the call that gives it back; ``None`` when all are taken.

        Raises:
            DatabaseUnavailableError: The database does not answer.
        """
        with self._looking:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            try:
                for number in range(self._count):
                    lock = sa.func.pg_try_advisory_lock(self._key, number)
                    if connection.execute(sa.select(lock)).scalar():
                        return partial(self._give_back, connection, number)
            except BaseException:
                connection.close()
                raise
            connection.close()
            return None

    def _give_back(self, connection: sa.Connection, number: int) -> None:
        with connection:
            connection.execute(sa.select(sa.func.pg_advisory_unlock(self._key, number)))


class DatabaseLocks:
    """Pieces of work by name, each done by one of all machines that use one PostgreSQL database.

    All that this process holds hangs on one connection: a server has few of them.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_database(url)
        self._lock = threading.Lock()
        self._connection: sa.Connection | None = None
        self._held: set[str] = set()

    def take(self, name: str) -> Callable[[], None] | None:
        """The work as the call that gives it back; ``None`` when somebody is at it.

        Raises:
            DatabaseUnavailableError: The database does not answer.
        """
        with self._lock:
            if name in self._held or not self._ask(sa.func.pg_try_advisory_lock(_number(name))):
                return None
            self._held.add(name)
        return partial(self._give_back, name)

    def _give_back(self, name: str) -> None:
        with self._lock:
            self._held.discard(name)
            # a lost connection holds nothing any more
            with contextlib.suppress(DatabaseUnavailableError):
                self._ask(sa.func.pg_advisory_unlock(_number(name)))

    def _ask(self, question: sa.ColumnElement[bool]) -> bool:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            return bool(self._connection.execute(sa.select(question)).scalar())
        except BaseException:
            connection, self._connection = self._connection, None
            connection.invalidate()
            raise


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(f"work {name}".encode()).digest()[:8], "big", signed=True)

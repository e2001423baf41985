"""Slots of an authority shared through PostgreSQL: the contract of ``signing.slots`` without a shared disk."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest

from warehouse.slots import DatabaseLocks, DatabaseSlots

pytestmark = pytest.mark.postgres

HOLD = """
import sys, threading
from warehouse.slots import DatabaseLocks, DatabaseSlots
work = DatabaseLocks(sys.argv[1]).take("HS-1")
held = [DatabaseSlots(sys.argv[1], "http://tsa/", 2).take() for _ in range(2)]
print(sum(it is not None for it in [*held, work]), flush=True)
threading.Event().wait()
"""


def soon(take: Callable[[], Callable[[], None] | None]) -> Callable[[], None] | None:
    """What ``take`` gives once the server has seen that its holder is gone: each connection in its own time."""
    for _ in range(200):
        taken = take()
        if taken:
            return taken
        time.sleep(0.05)
    return None


def test_slots_are_counted_given_back_and_freed_when_their_holder_is_killed(postgres_server: Any) -> None:
    url = postgres_server.make_database()
    mine = DatabaseSlots(url, "http://tsa/", 2)
    first, second = mine.take(), mine.take()
    assert first is not None
    assert second is not None
    assert mine.take() is None
    assert DatabaseSlots(url, "http://tsa/", 2).take() is None, "another program sees them taken"
    assert DatabaseSlots(url, "http://another/", 1).take() is not None
    first()
    again = mine.take()
    assert again is not None
    again()
    second()

    other = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None
    assert other.stdout.readline().strip() == "3"
    assert mine.take() is None
    locks = DatabaseLocks(url)
    assert locks.take("HS-1") is None
    done = locks.take("HS-2")
    assert done is not None
    assert locks.take("HS-2") is None, "threads of one process exclude each other, too"
    done()
    assert locks.take("HS-2") is not None
    other.kill()
    other.wait()
    freed = soon(mine.take)
    assert freed is not None
    assert soon(lambda: locks.take("HS-1")) is not None

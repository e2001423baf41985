from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from signing.breaker import Breaker
from signing.errors import TsaUnavailableError
from signing.settings import TimestampSettings
from signing.slots import FileSlots
from signing.timestamps import local_tsa, open_timestamper
from signing.tsa_client import Turn


def take_all(folder: Path, count: int) -> list[Callable[[], None]]:
    slots = FileSlots(folder, "http://tsa/", count)
    taken = [slots.take() for _ in range(count)]
    assert all(taken)
    return [give_back for give_back in taken if give_back]


def test_slots_are_counted_and_given_back(tmp_path: Path) -> None:
    held = take_all(tmp_path, 3)
    slots = FileSlots(tmp_path, "http://tsa/", 3)
    assert slots.take() is None
    held[1]()
    again = slots.take()
    assert again is not None
    assert slots.take() is None
    assert FileSlots(tmp_path, "http://another/", 1).take() is not None


def hold(folder: Path, told: Any) -> None:
    held = take_all(folder, 2)
    told.send(len(held))
    threading.Event().wait()


def test_slots_are_shared_by_processes_and_freed_when_one_is_killed(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    other = spawn.Process(target=hold, args=(tmp_path, there))
    other.start()
    assert here.poll(60)
    slots = FileSlots(tmp_path, "http://tsa/", 2)
    assert slots.take() is None
    other.kill()
    other.join()
    assert slots.take() is not None


def test_an_authority_never_gets_more_requests_than_it_has_slots(pki_folder: Path, tmp_path: Path) -> None:
    import asyncio

    with local_tsa(pki_folder, latency=0.1, slots=8) as tsa:
        clients = [open_timestamper(TimestampSettings(tsa.url), FileSlots(tmp_path, tsa.url, 2)) for _ in range(2)]

        def ask(number: int) -> None:
            asyncio.run(clients[number % 2].async_timestamp(bytes([number]) * 32, "sha256"))

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert tsa.answered == 8
        assert tsa.most_at_once == 2


def test_a_turn_is_one_thread_s_and_one_that_gave_up_holds_nobody_back() -> None:
    turn, inside, most, done = Turn(), 0, 0, []

    async def work() -> None:
        nonlocal inside, most
        async with turn:
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(0.002)
            finally:
                inside -= 1
        done.append(1)

    async def impatient() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(work(), 0.001)

    jobs = [work, impatient] * 15
    threads = [threading.Thread(target=lambda job=job: asyncio.run(job())) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    assert len(done) >= 15
    assert most == 1


def test_after_failures_in_a_row_nobody_asks_until_one_may_try() -> None:
    now = [0.0]
    breaker = Breaker(limit=2, rest=60, clock=lambda: now[0])
    breaker.failed()
    assert breaker.wait() == 0
    breaker.failed()
    assert breaker.wait() == 60
    now[0] = 61
    assert breaker.wait() == 0, "one may try"
    assert breaker.wait() > 0, "and the others wait for what comes of it"
    breaker.failed()
    assert breaker.wait() == 60
    now[0] = 130
    assert breaker.wait() == 0
    breaker.succeeded()
    assert [breaker.wait() for _ in range(3)] == [0, 0, 0]


def test_a_success_between_failures_starts_the_count_anew() -> None:
    breaker = Breaker(limit=2, rest=60)
    for _ in range(3):
        breaker.failed()
        breaker.succeeded()
    assert breaker.wait() == 0


def test_a_dead_authority_is_left_alone_and_the_caller_is_told() -> None:
    import asyncio

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    client = open_timestamper(TimestampSettings(url, wait=0, failures=3, rest=600))
    with pytest.raises(TsaUnavailableError) as first:
        asyncio.run(client.async_timestamp(bytes(32), "sha256"))
    assert first.value.tries == 3
    with pytest.raises(TsaUnavailableError, match="left alone for") as second:
        asyncio.run(client.async_timestamp(bytes(32), "sha256"))
    assert second.value.tries == 0

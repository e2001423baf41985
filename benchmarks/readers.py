"""Fifty readers on the dashboard while batches load: errors, waiting time, and what they cost the loading.

Run as ``python benchmarks/readers.py --database sqlite|postgres [--scale 0.1] [--readers 50] [--pause 4]``. A real
server answers in processes of its own; each reader opens a page, reads it for ``pause`` seconds on average, and opens
the next. The same number of batches is loaded once alone and once with the readers. Issue 5: no error, at most 500 ms
in 95 of 100, loading at most 10 % slower.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from threading import Event, Thread

import httpx
import sqlalchemy as sa
from district import load_batch, load_district
from machine import database, machine
from synthetic import BATCH, District

from warehouse.accounts import add_account
from warehouse.database import migrate, open_database
from warehouse.reference import load_reference
from warehouse.roles import Role
from warehouse.sessions import Lifetime, open_session

MOST_SECONDS = 0.5
MOST_SLOWER = 0.10
PAGES = (
    "/",
    "/",
    "/don-vi/00256",
    "/don-vi/00283",
    "/ma-tran",
    "/lo",
    "/lo/00256/lo-00003",
    "/ho-so?don_vi=00256",
    "/tra-cuu?q=Nguy%E1%BB%85n+Lan",
    "/tra-cuu?q=tran+van+hung",
)
COOKIE = "sohoa_session"


class Readers:
    """People who open page after page until they are stopped."""

    def __init__(self, address: str, token: str, pages: list[str], count: int, pause: float) -> None:
        self._address, self._token, self._pages, self._count, self._pause = address, token, pages, count, pause
        self._stopped = Event()
        self.waits: list[tuple[str, float]] = []
        self.errors: list[str] = []

    def run(self) -> None:
        asyncio.run(self._all())

    def stop(self) -> None:
        self._stopped.set()

    async def _all(self) -> None:
        limits = httpx.Limits(max_connections=self._count)
        cookies = {COOKIE: self._token}
        async with httpx.AsyncClient(base_url=self._address, limits=limits, cookies=cookies, timeout=30) as client:
            await asyncio.gather(*(self._read(client, number) for number in range(self._count)))

    async def _read(self, client: httpx.AsyncClient, number: int) -> None:
        source = random.Random(number)
        await asyncio.sleep(source.uniform(0, self._pause))
        while not self._stopped.is_set():
            page = source.choice(self._pages)
            start = time.perf_counter()
            try:
                answer = await client.get(page)
                if answer.status_code != 200:
                    self.errors.append(f"{page}: {answer.status_code}")
            except httpx.HTTPError as error:
                self.errors.append(f"{page}: {error!r}")
            self.waits.append((page, time.perf_counter() - start))
            await asyncio.sleep(source.uniform(0.5, 1.5) * self._pause)


def main(kind: str, scale: float, count: int, pause: float, batches: int, workers: int) -> None:
    """Load, then load with readers, and print both."""
    template = District(scale=scale)
    print(machine())
    with database(kind) as url, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        engine = open_database(url)
        migrate(engine)
        load_reference(engine)
        load_district(engine, template)
        print(
            f"{kind}: {template.files:,} files; {count} readers, a page every {pause:g} s; {workers} server processes"
        )
        person = add_account(
            engine, "nguoi-doc", None, role=Role.CITY_LEAD, units=("01",), full_name="Người đọc", must_change=False
        )
        token = open_session(engine, person, address="127.0.0.1", lifetime=Lifetime())
        port = _free_port()
        address = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "uvicorn", "pipeline.web:application", "--factory", "--port", str(port)]
        command += ["--workers", str(workers), "--log-level", "warning"]
        stores = {f"SOHOA_{name}_URL": f"file:{folder}/{name.lower()}" for name in ("INTAKE", "ARCHIVE")}
        server = subprocess.Popen(command, env={**os.environ, "SOHOA_DATABASE_URL": url, **stores})
        try:
            pages = _answering(address, token)
            _load(engine, template, 0, 2)  # warm
            alone = _load(engine, template, 2, batches)
            readers = Readers(address, token, pages, count, pause)
            thread = Thread(target=readers.run)
            thread.start()
            time.sleep(pause)
            readers.waits.clear()
            together = _load(engine, template, 2 + batches, batches)
            readers.stop()
            thread.join()
        finally:
            server.terminate()
            server.wait()
        engine.dispose()
    waits = sorted(wait for _, wait in readers.waits)
    p95 = waits[max(0, round(0.95 * len(waits)) - 1)]
    print(f"{len(waits)} pages of {len(set(pages))} kinds, {len(readers.errors)} errors {readers.errors[:3]}")
    print(
        f"waiting: median {1000 * statistics.median(waits):.0f} ms, p95 {1000 * p95:.0f} ms"
        f" (asked for {1000 * MOST_SECONDS:.0f} ms; ratio {p95 / MOST_SECONDS:.2f})"
    )
    for page in dict.fromkeys(pages):
        own = sorted(wait for it, wait in readers.waits if it == page)
        if own:
            print(f"  {page}: median {1000 * statistics.median(own):.0f} ms, {len(own)} times")
    slower = together / alone - 1
    print(
        f"a batch of {BATCH}: alone {1000 * alone:.0f} ms, with readers {1000 * together:.0f} ms:"
        f" {100 * slower:+.0f} % (asked for at most {100 * MOST_SLOWER:.0f} %)"
    )
    print(f"load average after: {machine().partition('load average ')[2]}")


def _load(engine: sa.Engine, template: District, first: int, count: int) -> float:
    """Median seconds of new batches."""
    fresh, times = replace(template, seed=99), []
    for number in range(first, first + count):
        at = 4_000 + number
        receipt, records = fresh.batch(at, range(at * BATCH, (at + 1) * BATCH), in_wards=True)
        start = time.perf_counter()
        load_batch(engine, receipt, records)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _answering(address: str, token: str) -> list[str]:
    """Those of ``PAGES`` this version has, once the server is up."""
    with httpx.Client(base_url=address, cookies={COOKIE: token}, timeout=60) as client:
        for _ in range(300):
            try:
                client.get("/suc-khoe").raise_for_status()
                break
            except httpx.HTTPError:
                time.sleep(0.2)
        found = [page for page in PAGES if client.get(page).status_code == 200]
    if "/" not in found:
        raise SystemExit("the dashboard does not answer; see what the server said above")
    return found


def _free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--scale", type=float, default=0.1)
    options.add_argument("--readers", type=int, default=50)
    options.add_argument("--pause", type=float, default=4.0, help="seconds somebody looks at a page")
    options.add_argument("--batches", type=int, default=10)
    options.add_argument("--workers", type=int, default=2)
    given = options.parse_args()
    main(given.database, given.scale, given.readers, given.pause, given.batches, given.workers)

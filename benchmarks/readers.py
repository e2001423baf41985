"""Fifty readers on the dashboard while batches load: errors, waiting time, and what they cost the loading.

Run as ``python benchmarks/readers.py --database sqlite|postgres [--scale 0.1] [--readers 50] [--pause 10]
[--together]``. ``sohoa serve`` answers in processes of its own, the readers (``benchmarks/people.py``) sit in another
one: each signs in with an account of their own, opens pages, searches for names nobody asked before, opens records,
and looks at each for ``pause`` seconds on average. Batches are loaded without end, in turns with the readers and
without them, so that what else happens on the machine falls on both. Issue 5: no error, at most 500 ms in 95 of 100,
loading at most 10 % slower. The readers' own machines would do the readers' own work: its processor time is told
apart.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from district import load_batch, load_district
from machine import database, machine, tree_seconds
from synthetic import BATCH, District

from warehouse import schema
from warehouse.accounts import add_account
from warehouse.database import migrate, open_database, reading
from warehouse.reference import load_reference
from warehouse.roles import Role

MOST_SECONDS = 0.5
MOST_SLOWER = 0.10
ROUNDS = 4


def main(kind: str, scale: float, count: int, pause: float, batches: int, workers: int, at_once: bool) -> None:
    """Load in turns without and with readers, and print both."""
    template = District(scale=scale)
    print(machine())
    with database(kind) as url:
        engine = open_database(url)
        migrate(engine)
        load_reference(engine)
        load_district(engine, template)
        print(
            f"{kind}: {template.files:,} files; {count} readers, a page every {pause:g} s; {workers} server processes"
        )
        password = secrets.token_urlsafe(12)
        accounts = _accounts(engine, template, count, password)
        with (
            _serving(url, workers) as (address, server),
            _people(address, accounts, password, pause, at_once=at_once) as people,
        ):
            _load(engine, _batches(template, 0, 2))  # warm
            alone, together = list[float](), list[float]()
            seconds = busy = 0.0
            for turn in range(ROUNDS):
                at = 2 + 2 * turn * batches
                alone += _load(engine, _batches(template, at, batches))
                made = _batches(template, at + batches, batches)
                before, start = tree_seconds(server.pid), time.perf_counter()
                _tell(people, "go")
                together += _load(engine, made)
                _tell(people, "rest")
                seconds += time.perf_counter() - start
                busy += tree_seconds(server.pid) - before
                time.sleep(1.0)  # what was asked last is answered
            _tell(people, "end")
            seen = json.loads(_answer(people))
        engine.dispose()
    _print(seen, alone, together, seconds)
    print(f"processors: readers {seen['busy'] / seconds:.2f}, server processes {busy / seconds:.2f} of one core")
    print(f"load average after: {machine().partition('load average ')[2]}")


def _print(seen: dict[str, Any], alone: list[float], together: list[float], seconds: float) -> None:
    waits = sorted(wait for _, wait in seen["waits"])
    p95 = waits[max(0, round(0.95 * len(waits)) - 1)]
    faults = seen["faults"]
    print(f"{len(waits)} pages in {seconds:.0f} s of loading, {len(faults)} errors {faults[:3]}")
    print(
        f"waiting: median {1000 * statistics.median(waits):.0f} ms, p95 {1000 * p95:.0f} ms, longest"
        f" {1000 * waits[-1]:.0f} ms (asked for {1000 * MOST_SECONDS:.0f} ms; ratio {p95 / MOST_SECONDS:.2f})"
    )
    for page in sorted({it for it, _ in seen["waits"]}):
        own = sorted(wait for it, wait in seen["waits"] if it == page)
        p95 = own[max(0, round(0.95 * len(own)) - 1)]
        print(f"  {page}: {len(own)} times, median {1000 * statistics.median(own):.0f} ms, p95 {1000 * p95:.0f} ms")
    quick, slow = statistics.median(alone), statistics.median(together)
    print(
        f"a batch of {BATCH}: alone {1000 * quick:.0f} ms, with readers {1000 * slow:.0f} ms:"
        f" {100 * (slow / quick - 1):+.0f} % (asked for at most {100 * MOST_SLOWER:.0f} %);"
        f" all of them {100 * (sum(together) / sum(alone) - 1):+.0f} %"
    )


def _accounts(engine: sa.Engine, template: District, count: int, password: str) -> list[tuple[str, str]]:
    """Name and unit of each: a fifth of the city, a fifth of the district, the others of its wards."""
    with reading(engine) as connection:
        known = connection.execute(sa.select(schema.document.c.unit_code).distinct()).scalars()
        wards = sorted(set(known) - {template.code})  # a small district has not come to all of them yet
    made = []
    for number in range(count):
        role, unit = (
            (Role.CITY_LEAD, "01"),
            (Role.CITY_LEAD, template.code),
            (Role.WARD_LEAD, wards[number % len(wards)]),
            (Role.STAFF, wards[(number + 1) % len(wards)]),
            (Role.AUDITOR, wards[(number + 2) % len(wards)]),
        )[number % 5]
        name = f"nguoi-{number:02}"
        add_account(engine, name, password, role=role, units=(_former(unit),), full_name=name, must_change=False)
        made.append((name, wards[number % len(wards)] if unit == "01" else unit))
    return made


def _former(unit: str) -> str:
    from manifests.units import units
    from warehouse.reference import unit_id

    first = units().with_code(unit)[0]  # the ward of before 1 July 2025: it issued the papers
    return unit_id(first.code, first.valid_from)


@contextmanager
def _serving(url: str, workers: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        port = _free_port()
        stores = {f"SOHOA_{name}_URL": f"file:{folder}/{name.lower()}" for name in ("INTAKE", "ARCHIVE")}
        command = [
            str(Path(sys.executable).with_name("sohoa")),
            "serve",
            "--port",
            str(port),
            "--workers",
            str(workers),
        ]
        server = subprocess.Popen(command, env={**os.environ, "SOHOA_DATABASE_URL": url, **stores})
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(300):
                try:
                    httpx.get(f"{address}/suc-khoe", timeout=5).raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.2)
            else:
                raise SystemExit("the dashboard does not answer; see what the server said above")
            yield address, server
        finally:
            server.terminate()
            server.wait()


@contextmanager
def _people(
    address: str, accounts: list[tuple[str, str]], password: str, pause: float, *, at_once: bool
) -> Iterator[subprocess.Popen[str]]:
    named = ",".join(f"{name}={unit}" for name, unit in accounts)
    command = [
        sys.executable,
        str(Path(__file__).with_name("people.py")),
        address,
        named,
        password,
        "--pause",
        str(pause),
        *(["--together"] if at_once else []),
    ]
    people = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if _answer(people) != "ready":
            raise SystemExit("somebody could not sign in or open a page; see above")
        yield people
    finally:
        people.kill()
        people.wait()


def _answer(people: subprocess.Popen[str]) -> str:
    assert people.stdout is not None
    return people.stdout.readline().strip()


def _tell(people: subprocess.Popen[str], word: str) -> None:
    assert people.stdin is not None
    people.stdin.write(f"{word}\n")
    people.stdin.flush()


def _batches(template: District, first: int, count: int) -> list[Any]:
    """So many new batches, made up beforehand: they are then loaded without a pause."""
    fresh = replace(template, seed=99)
    numbers = range(4_000 + first, 4_000 + first + count)
    return [fresh.batch(at, range(at * BATCH, (at + 1) * BATCH), in_wards=True) for at in numbers]


def _load(engine: sa.Engine, made: list[Any]) -> list[float]:
    """Seconds of each."""
    times = []
    for receipt, records in made:
        start = time.perf_counter()
        load_batch(engine, receipt, records)
        times.append(time.perf_counter() - start)
    return times


def _free_port() -> int:
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return int(it.getsockname()[1])


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--scale", type=float, default=0.1)
    options.add_argument("--readers", type=int, default=50)
    options.add_argument("--pause", type=float, default=10.0, help="seconds somebody looks at a page")
    options.add_argument("--batches", type=int, default=10, help="in each turn")
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--together", action="store_true", help="after each turn without readers all come at once")
    given = options.parse_args()
    main(given.database, given.scale, given.readers, given.pause, given.batches, given.workers, given.together)

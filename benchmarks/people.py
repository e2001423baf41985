"""People at their browsers, in a process of their own: they sign in, open page after page, search and read.

Started by ``benchmarks/readers.py``, which tells them what to do by lines on standard input (``go``, ``rest``,
``end``); what they saw is told as one line of JSON. Each has an account, a session and cookies of their own, and
looks at a page for ``pause`` seconds on average before asking for the next. After a rest they come back one by one,
as they would have without it; with ``--together`` all who wait come at the same instant.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import re
import sys
import time
from urllib.parse import quote

import httpx
from synthetic import person_name

from manifests.spelling import fold

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
_RECORD = re.compile(r'href="(/ho-so/[0-9]{3,5}/[^"/?]+/[^"/?]+)"')


class Person:
    """One of them; ``unit`` is what they answer for."""

    def __init__(self, client: httpx.AsyncClient, number: int, unit: str) -> None:
        self.client, self.unit = client, unit
        self.source = random.Random(number)
        self.form_token = ""
        self.pages = [
            "/",
            "/",
            f"/don-vi/{quote(unit)}",
            "/ma-tran",
            "/lo",
            "/canh-bao",
            f"/ho-so?unit_code={unit[:5]}",
        ]

    async def sign_in(self, name: str, password: str) -> None:
        """As a browser does it: the form, its hidden field, the cookie."""
        form = await self.client.get("/dang-nhap")
        sent = {"name": name, "password": password, "form_token": _TOKEN.findall(form.text)[0]}
        answer = await self.client.post("/dang-nhap", data=sent)
        answer.raise_for_status()
        self.form_token = _TOKEN.findall(answer.text)[0]

    async def look(self) -> tuple[str, str | None]:
        """One thing a person waits for; what it was, and what went wrong."""
        if self.source.random() < 0.25:
            return await self.search()
        page = self.source.choice(self.pages)
        answer = await self.client.get(page)
        return page.partition("?")[0].replace(self.unit, "…"), _fault(answer)

    async def search(self) -> tuple[str, str | None]:
        """A name that nobody asked before, with or without diacritics; then often the first record found."""
        name = person_name(self.source)
        typed = name if self.source.random() < 0.5 else fold(name)
        sent = {"name": typed, "purpose": "copy", "reason": "", "form_token": self.form_token}
        answer = await self.client.post("/tra-cuu", data=sent)  # and the page with the results it leads to
        found = _RECORD.findall(answer.text)
        if found and answer.status_code == 200 and self.source.random() < 0.5:
            self.pages[-1] = found[0]
        return "/tra-cuu", _fault(answer)


def _fault(answer: httpx.Response) -> str | None:
    return None if answer.status_code == 200 else f"{answer.request.url.path}: {answer.status_code}"


class People:
    """All of them."""

    def __init__(self, pause: float, *, together: bool) -> None:
        self.pause, self.together, self.people = pause, together, list[Person]()
        self.working, self.ended = asyncio.Event(), False
        self.waits: list[tuple[str, float]] = []
        self.faults: list[str] = []
        self.busy = 0.0

    async def read(self, person: Person) -> None:
        """Until the end: a page, a while, the next page."""
        while True:
            await self.pass_by(person)
            if self.ended:
                return
            start = time.perf_counter()
            try:
                what, fault = await person.look()
            except httpx.HTTPError as error:
                what, fault = "?", repr(error)
            self.waits.append((what, time.perf_counter() - start))
            if fault:
                self.faults.append(fault)

    async def pass_by(self, person: Person) -> None:
        """A pause; when it ends in a rest, another one after the rest."""
        while True:
            await asyncio.sleep(person.source.uniform(0.0, 2.0) * self.pause)
            if self.working.is_set():
                return
            await self.working.wait()
            if self.together or self.ended:
                return

    async def obey(self) -> None:
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        started = time.process_time()
        while line := (await lines.readline()).decode().strip():
            if line == "go":
                started = time.process_time()
                self.working.set()
            elif line == "rest":
                self.busy += time.process_time() - started
                self.working.clear()
            else:
                self.ended = True
                self.working.set()
                return


async def main(address: str, accounts: list[tuple[str, str]], password: str, pause: float, *, together: bool) -> None:
    """Sign everybody in, obey, tell."""
    crowd = People(pause, together=together)
    for number, (name, unit) in enumerate(accounts):
        client = httpx.AsyncClient(base_url=address, timeout=60, follow_redirects=True)
        person = Person(client, number, unit)
        await person.sign_in(name, password)
        for page in dict.fromkeys(person.pages):
            (await client.get(page)).raise_for_status()
        crowd.people.append(person)
    print("ready", flush=True)
    readers = [asyncio.create_task(crowd.read(person)) for person in crowd.people]
    await crowd.obey()
    print(json.dumps({"waits": crowd.waits, "faults": crowd.faults, "busy": crowd.busy}), flush=True)
    for reader in readers:
        reader.cancel()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("address")
    options.add_argument("accounts", help="name=unit, parted by commas")
    options.add_argument("password", help="of all of them, made up for this run")
    options.add_argument("--pause", type=float, required=True)
    options.add_argument("--together", action="store_true")
    given = options.parse_args()
    people = [tuple(it.split("=", 1)) for it in given.accounts.split(",")]
    asyncio.run(main(given.address, people, given.password, given.pause, together=given.together))

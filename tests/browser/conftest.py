"""The dashboard as people meet it: a uvicorn server of its own, and Chromium without a screen."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from archive_sample import make_sample
from archived_records import keep_files
from playwright.sync_api import Browser, Page, sync_playwright

from warehouse.accounts import add_account, find_account
from warehouse.database import open_database
from warehouse.roles import Role
from warehouse.sessions import Lifetime, open_session

PASSWORD = "chín con sông nhỏ"

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SERVER = "import uvicorn; uvicorn.run('pipeline.web:application', factory=True, host='127.0.0.1', port=0)"
_START_SECONDS = 60.0


@pytest.fixture(scope="session")
def browsed_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the sample archive lies: its database, and the files of two records."""
    return tmp_path_factory.mktemp("archive")


@pytest.fixture(scope="session")
def browsed_database(browsed_folder: Path) -> str:
    """The sample archive, and somebody who leads the city."""
    url = make_sample(browsed_folder)
    keep_files(browsed_folder, url).database.dispose()
    engine = open_database(url)
    add_account(engine, "lan", PASSWORD, role=Role.CITY_LEAD, units=["01"], full_name="Đỗ Thị Lan", must_change=False)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def session_token(browsed_database: str) -> str:
    """A session of that person, as the form would open it."""
    engine = open_database(browsed_database)
    token = open_session(engine, find_account(engine, "lan"), address="test", lifetime=Lifetime())
    engine.dispose()
    return token


@pytest.fixture(scope="session")
def dashboard_url(browsed_database: str, browsed_folder: Path) -> Iterator[str]:
    """Address of a dashboard over the sample archive, served by a process of its own on a free port."""
    archive = f"file:{browsed_folder}/archive"
    environment = {**os.environ, "SOHOA_DATABASE_URL": browsed_database, "SOHOA_ARCHIVE_URL": archive}
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    too_long = threading.Timer(_START_SECONDS, server.kill)
    too_long.start()
    told = []
    address = None
    assert server.stderr is not None
    for line in server.stderr:
        told.append(line)
        if found := re.search(r"running on (http://\S+)", line):
            address = found[1]
            break
    too_long.cancel()
    try:
        assert address, "the server did not start:\n" + "".join(told)
        # Whatever it still writes is read, so that a full pipe never stops it.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        yield address
    finally:
        server.terminate()
        server.wait(30)


# Not for the session: while Playwright is open an event loop runs here, and signing here needs one of its own.
@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> Iterator[Browser]:
    """Debian's Chromium, driven by Playwright."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=list(_ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(params=[(1280, 800), (375, 740)], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, chromium: Browser, dashboard_url: str, session_token: str) -> Iterator[Page]:
    """A signed-in tab at either width; what the browser complains of, and any request that leaves, fails the test.

    A test that starts signed out clears the cookies of the tab's context.
    """
    width, height = request.param
    context = chromium.new_context(
        base_url=dashboard_url, viewport={"width": width, "height": height}, locale="vi-VN"
    )
    context.add_cookies([{"name": "sohoa_session", "value": session_token, "url": dashboard_url}])
    tab = context.new_page()
    complaints: list[str] = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on(
        "request",
        # the browser's own viewer of PDFs comes from the browser
        lambda sent: (
            None
            if sent.url.startswith((dashboard_url, "chrome-extension:", "chrome:"))
            else complaints.append(f"left: {sent.url}")
        ),
    )
    yield tab
    context.close()
    assert complaints == []

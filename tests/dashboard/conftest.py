"""The dashboard over a real database that the ledger and the warehouse filled, and people of every role."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from archive_sample import fill, make_sample
from archived_records import keep_files
from fastapi import FastAPI
from fastapi.testclient import TestClient

from dashboard.app import create_app
from dashboard.options import Options
from pipeline.context import Context
from warehouse.accounts import add_account, find_account
from warehouse.database import open_database
from warehouse.roles import Role
from warehouse.sessions import Lifetime, open_session

ADDRESS = "http://127.0.0.1"
PASSWORD = "chín con sông nhỏ"
PEOPLE = {
    "staff": (Role.STAFF, "00256@2025-07-01"),
    "ward": (Role.WARD_LEAD, "00256"),
    "city": (Role.CITY_LEAD, "01"),
    "engineer": (Role.ENGINEER, "01"),
    "auditor": (Role.AUDITOR, "01"),
}
"""Role and unit of each account of the sample. ``00256`` is today's unit of that code, not the one before it."""

SignIn = Callable[..., TestClient]
Archive = tuple[str, Context, Path]


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def archive(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """The sample archive with stored files: its database, what opens the archive, and the folder it lies in."""
    folder: Path = tmp_path_factory.mktemp("archive")
    if request.param == "postgres":
        url = str(request.getfixturevalue("postgres_server").make_database())
        fill(url)
    else:
        url = make_sample(folder)
    context = keep_files(folder, url)
    yield url, context, folder
    context.database.dispose()


@pytest.fixture(scope="session")
def sample_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Filled once; the pages only read it."""
    folder: Path = tmp_path_factory.mktemp("archive")
    url = make_sample(folder)
    engine = open_database(url)
    for name, (role, unit) in PEOPLE.items():
        add_account(engine, name, PASSWORD, role=role, units=[unit], full_name=f"Người {name}", must_change=False)
    engine.dispose()
    return url


@pytest.fixture
def sample(sample_url: str) -> Iterator[sa.Engine]:
    """The sample's database, to compare with."""
    engine = open_database(sample_url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sample_app(sample_url: str) -> FastAPI:
    """One application for all: what it compiles once serves every test."""
    return create_app(Options(database_url=sample_url))


@pytest.fixture
def sign_in(sample_url: str, sample_app: FastAPI) -> Iterator[SignIn]:
    """Makes browsers without a screen; each is signed in as somebody, or as nobody."""
    engine = open_database(sample_url)

    def make(name: str | None, *, root_path: str = "", **options: object) -> TestClient:
        app = create_app(Options(database_url=sample_url, **options)) if options else sample_app  # type: ignore[arg-type]
        client = TestClient(app, base_url=ADDRESS, root_path=root_path, raise_server_exceptions=False)
        if name is not None:
            account = find_account(engine, name)
            token = open_session(engine, account, address="test", lifetime=Lifetime())
            client.cookies.set(f"sohoa_session_{root_path.strip('/')}".rstrip("_"), token)
        return client

    yield make
    engine.dispose()


@pytest.fixture
def client(sign_in: SignIn) -> TestClient:
    """A browser without a screen, of somebody who sees the whole city."""
    return sign_in("city")

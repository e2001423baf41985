"""The dashboard over a real SQLite database that the ledger and the warehouse filled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from archive_sample import make_sample
from fastapi.testclient import TestClient

from dashboard.app import create_app
from warehouse.database import open_database


@pytest.fixture(scope="session")
def sample_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Filled once; the pages only read it."""
    folder: Path = tmp_path_factory.mktemp("archive")
    return make_sample(folder)


@pytest.fixture
def sample(sample_url: str) -> Iterator[sa.Engine]:
    """The sample's database, to compare with."""
    engine = open_database(sample_url)
    yield engine
    engine.dispose()


@pytest.fixture
def client(sample_url: str) -> Iterator[TestClient]:
    """A browser without a screen."""
    with TestClient(create_app(sample_url)) as client:
        yield client

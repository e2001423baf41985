"""A real PostgreSQL server in a temporary folder, reached over a Unix socket: no port, nothing else can connect."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

# Durability costs time and a test's server has nothing to lose.
_FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c shared_buffers=16MB -c max_connections=60"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server; ``make_database`` gives a fresh, empty database each time."""

    programs: Path
    socket: Path
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def make_database(self) -> str:
        """Create a database and return its SQLAlchemy URL."""
        name = f"test_{next(self._numbers)}"
        subprocess.run(
            [self.programs / "createdb", "-h", self.socket, "-U", "postgres", name], check=True, capture_output=True
        )
        return f"postgresql+psycopg://postgres@/{name}?host={quote(str(self.socket))}"


def _programs() -> Path | None:
    """Return the newest server's programs; Debian keeps them off the path."""
    versions = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: float(path.parent.name),
    )
    on_path = shutil.which("initdb")
    return versions[-1] if versions else Path(on_path).parent if on_path else None


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Run a server for the whole session."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's server programs are missing; run scripts/setup test")
    # Not tmp_path: a socket's path may have 107 bytes, and the server's user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="sohoa-pg-"))
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    data, log = folder / "data", folder / "log"

    def call(*command: str | Path) -> None:
        done = subprocess.run(
            command,
            cwd=folder,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            **user,
        )
        if done.returncode:
            written = log.read_text(errors="replace") if log.exists() else ""
            pytest.fail(f"{Path(command[0]).name} failed: {done.stderr}{written}")

    try:
        call(
            programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--no-locale",
            "--no-sync",
        )
        call(
            programs / "pg_ctl",
            "-D",
            data,
            "-l",
            log,
            "-w",
            "-o",
            f"-c listen_addresses='' -k {folder} {_FAST}",
            "start",
        )
        yield PostgresServer(programs, folder)
    finally:
        if (data / "postmaster.pid").exists():
            call(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """SQLAlchemy URL of a fresh, empty database on a real server."""
    return postgres_server.make_database()

"""A real S3 server (versitygw over a folder) on a free port, with credentials made up for the session."""

from __future__ import annotations

import itertools
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from service_tools import find_program

REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server; ``make_bucket`` gives a fresh, empty bucket each time.

    Attributes:
        folder: Holds the buckets, each a folder.
        client: boto3's client of this server.
    """

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path
    client: Any
    region: str = REGION
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def make_bucket(self) -> str:
        """Create a bucket and return its name."""
        name = f"test-bucket-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name)
        return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(port: int, server: subprocess.Popen[bytes], patience: float = 20.0) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="session")
def s3_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Run a server for the whole session."""
    program = find_program("versitygw")
    if program is None:
        pytest.skip("versitygw is missing; install Go, then run scripts/setup test")
    folder = tmp_path_factory.mktemp("s3")
    # A sidecar folder for metadata: a temporary file system may have no extended attributes.
    root, sidecar = folder / "root", folder / "sidecar"
    root.mkdir()
    sidecar.mkdir()
    access_key, secret_key = "test", secrets.token_hex(16)
    with (folder / "log").open("wb") as log:
        # Between the choice of a free port and the server's own bind another process may take it: three tries.
        for _ in range(3):
            port = _free_port()
            server = subprocess.Popen(
                [
                    program,
                    "--port",
                    f"127.0.0.1:{port}",
                    "--region",
                    REGION,
                    "--quiet",
                    "posix",
                    "--sidecar",
                    sidecar,
                    root,
                ],
                env={"ROOT_ACCESS_KEY_ID": access_key, "ROOT_SECRET_ACCESS_KEY": secret_key, "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            if _answers(port, server):
                break
            server.kill()
            server.wait()
        else:
            pytest.fail(f"versitygw does not start: {(folder / 'log').read_text(errors='replace')}")
        try:
            import boto3

            endpoint = f"http://127.0.0.1:{port}"
            client = boto3.client(
                "s3",
                endpoint_url=endpoint,
                aws_access_key_id=access_key,
                aws_secret_access_key=secret_key,
                region_name=REGION,
            )
            yield S3Server(endpoint, access_key, secret_key, root, client)
        finally:
            server.kill()
            server.wait()

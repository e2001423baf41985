"""The test CA's OCSP responder and revocation lists over real HTTP on the loopback, for tests and demonstrations."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from signing.settings import RevocationSettings
from signing.throwaway_pki import ensure_pki, open_architecture

TEST_ADDRESS = "http://pki.sohoa.invalid"
"""Stands in the certificates of the test CA."""
_LARGEST_REQUEST = 64 * 1024


@dataclass(slots=True)
class LocalPki:
    """A running responder.

    Attributes:
        url: Where it listens, ``http://127.0.0.1:<port>``.
        asked: Paths of the requests answered so far.
    """

    url: str
    asked: list[str] = field(default_factory=list)

    def settings(self, **changes: Any) -> RevocationSettings:
        """Client settings for this responder."""
        return RevocationSettings(mirrors=((TEST_ADDRESS, self.url),), private_networks=True, **changes)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def local_pki(folder: Path, *, clock: Callable[[], dt.datetime] = _now) -> Iterator[LocalPki]:
    """Answer on a free loopback port for the test CA in ``folder``, with the state it has at ``clock()``.

    Raises:
        KeyUnavailableError: The test CA cannot be made or read.
    """
    from certomancer.services import CertomancerServiceError

    services = open_architecture(ensure_pki(folder)).service_registry
    responders = {_path(info.url): info.label for info in services.list_ocsp_responders()}
    lists = {_path(f"{info.url}/latest.crl"): info.label for info in services.list_crl_repos()}
    running = LocalPki("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            label = lists.get(self.path)
            if label is None:
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            self._answer("application/pkix-crl", services.get_crl(label, at_time=clock()).dump())

        def do_POST(self) -> None:
            from asn1crypto import ocsp

            label = responders.get(self.path)
            length = self.headers.get("Content-Length", "")
            if label is None or not length.isdecimal() or int(length) > _LARGEST_REQUEST:
                self.send_error(HTTPStatus.NOT_FOUND if label is None else HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            try:
                request = ocsp.OCSPRequest.load(self.rfile.read(int(length)), strict=True)
                response = services.summon_responder(label, at_time=clock()).build_ocsp_response(request).dump()
            except (ValueError, TypeError, KeyError, CertomancerServiceError):
                self.send_error(HTTPStatus.BAD_REQUEST, "not an OCSP request")
                return
            self._answer("application/ocsp-response", response)

        def _answer(self, kind: str, data: bytes) -> None:
            running.asked.append(self.path)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: each document would be a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="local-pki", daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _path(url: str) -> str:
    return urlsplit(url).path

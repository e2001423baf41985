"""Timestamps: the client for the agency's authority, and a real local one for tests and demonstrations."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from signing.settings import TimestampSettings
from signing.slots import Slots
from signing.throwaway_pki import ThrowawayPki, ensure_pki

_LARGEST_REQUEST = 64 * 1024
# 2.999 is the arc set aside for examples: no policy anybody could take for a real one.
_TEST_POLICY = "2.999.3161"


def open_timestamper(settings: TimestampSettings, slots: Slots | None = None) -> Any:
    """A pyHanko timestamper for ``settings``; use one for many documents and many threads.

    Args:
        slots: Shared by all who ask this authority; without them nothing holds back how many ask at once.

    Its faults are ``TsaUnavailableError``.
    """
    from signing.tsa_client import PatientTimestamper

    return PatientTimestamper(settings, slots)


@dataclass(slots=True)
class LocalTsa:
    """A running local timestamp authority.

    Attributes:
        url: Where it listens, ``http://127.0.0.1:<port>/``.
        latency: Seconds each answer takes.
        slots: How many requests it works on at once; the others wait.
        answered: Timestamps given out so far.
        most_at_once: Most requests that ever stood there together, waiting ones too.
        down: So many of the next requests it answers 503.
        answering: While it is cleared, nobody is answered and requests pile up.
        on_leaving: Called with when a request came and when it went (``time.monotonic``), from its thread.
    """

    url: str
    latency: float
    slots: int
    answered: int = 0
    most_at_once: int = 0
    down: int = 0
    answering: threading.Event = field(default_factory=threading.Event, repr=False)
    on_leaving: Callable[[float, float], None] | None = None
    _present: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def settings(self, **changes: Any) -> TimestampSettings:
        """Client settings for this authority."""
        return TimestampSettings(self.url, **changes)

    def count(self, change: int) -> None:
        """Note timestamps given out, or not taken after all."""
        with self._lock:
            self.answered += change

    def is_down(self) -> bool:
        """Whether this request finds it out of order."""
        with self._lock:
            down = self.down > 0
            self.down -= down
            return down

    @contextmanager
    def present(self) -> Iterator[None]:
        """Note that a request stands here."""
        came = time.monotonic()
        with self._lock:
            self._present += 1
            self.most_at_once = max(self.most_at_once, self._present)
        try:
            yield
        finally:
            with self._lock:
                self._present -= 1
            if self.on_leaving:
                self.on_leaving(came, time.monotonic())


@contextmanager
def local_tsa(folder: Path, *, latency: float = 0.0, slots: int = 4) -> Iterator[LocalTsa]:
    """Run an RFC 3161 authority on a free loopback port, with the key of the test CA in ``folder``.

    It speaks as the state TSA does: plain HTTP, POST only (GET is answered 403), a few requests at once.

    Raises:
        KeyUnavailableError: The test CA cannot be made or read.
    """
    authority = _authority(ensure_pki(folder))
    running = LocalTsa("", latency, slots)
    running.answering.set()
    gate = threading.BoundedSemaphore(slots)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(HTTPStatus.FORBIDDEN, "POST a timestamp query")

        def do_POST(self) -> None:
            from asn1crypto import tsp

            length = self.headers.get("Content-Length", "")
            if not length.isdecimal() or int(length) > _LARGEST_REQUEST:
                self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
                return
            with running.present(), gate:
                running.answering.wait()
                ready = time.monotonic() + latency  # its own work is part of that
                try:
                    request = tsp.TimeStampReq.load(self.rfile.read(int(length)), strict=True)
                    answer = authority.request_tsa_response(request).dump()
                except (ValueError, TypeError, KeyError):
                    self.send_error(HTTPStatus.BAD_REQUEST, "not a timestamp query")
                    return
                time.sleep(max(0.0, ready - time.monotonic()))
                if running.is_down():
                    self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
                    return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            running.count(1)
            try:
                self.wfile.write(answer)
            except ConnectionError:  # who asked is gone
                running.count(-1)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: each document would be a line."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    running.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, name="local-tsa", daemon=True)
    thread.start()
    try:
        yield running
    finally:
        running.answering.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _authority(pki: ThrowawayPki) -> Any:
    from asn1crypto import pem, tsp, x509
    from certomancer.services import TimeStamper
    from pyhanko.keys import load_private_key_from_pemder

    secret = pki.passphrase_file.read_bytes()
    return TimeStamper(
        tsa_cert=x509.Certificate.load(pem.unarmor(pki.tsa.read_bytes())[2]),
        tsa_key=load_private_key_from_pemder(str(pki.tsa_key), passphrase=secret),
        policy=tsp.ObjectIdentifier(_TEST_POLICY),
    )

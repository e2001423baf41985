from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from signing.errors import SettingsError, TsaUnavailableError
from signing.keys import Signer
from signing.profiles import find_profile
from signing.settings import TimestampSettings
from signing.sign import SigningDetails, sign_pdf
from signing.timestamps import LocalTsa, local_tsa, open_timestamper

Answer = Callable[[int, bytes], tuple[int, str, bytes]]
REPLY = "application/timestamp-reply"


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """A loopback server that answers the n-th POST with ``answer(n, body)``."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            status, kind, data = answer(len(bodies), bodies[-1])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_port}/", bodies
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


def sign(url: str, pdfa: Path, agency: Signer, folder: Path) -> Path:
    target = folder / "signed.pdf"
    sign_pdf(
        pdfa,
        target,
        profile=find_profile("nd30-2020"),
        signer=agency,
        timestamper=open_timestamper(TimestampSettings(url, timeout=5, wait=0)),
        details=SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm"),
    )
    return target


def forward(tsa: LocalTsa, body: bytes | None, method: str = "POST") -> tuple[int, str, bytes]:
    connection = HTTPConnection(tsa.url.removeprefix("http://").rstrip("/"), timeout=10)
    try:
        connection.request(method, "/", body, {"Content-Type": "application/timestamp-query"})
        response = connection.getresponse()
        return response.status, response.headers["Content-Type"], response.read()
    finally:
        connection.close()


def test_a_closed_port_is_told_after_three_tries(pdfa: Path, agency: Signer, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(TsaUnavailableError) as caught:
        sign(url, pdfa, agency, tmp_path)
    assert caught.value.tries == 3
    assert caught.value.code == "tsa_unavailable"
    assert caught.value.url == url
    assert not list(tmp_path.iterdir()), "nothing half-signed is left"


def test_server_errors_are_tried_again(pdfa: Path, agency: Signer, tmp_path: Path) -> None:
    with server(lambda _n, _body: (500, "text/plain", b"oops")) as (url, bodies):
        with pytest.raises(TsaUnavailableError):
            sign(url, pdfa, agency, tmp_path)
        assert len(bodies) == 3


def test_the_third_try_may_succeed(pdfa: Path, agency: Signer, tsa: LocalTsa, tmp_path: Path) -> None:
    def answer(number: int, body: bytes) -> tuple[int, str, bytes]:
        return forward(tsa, body) if number == 3 else (503, "text/plain", b"busy")

    before = tsa.answered
    with server(answer) as (url, bodies):
        assert sign(url, pdfa, agency, tmp_path).exists()
        assert len(bodies) == 3
    assert tsa.answered == before + 1, "one document takes one timestamp, none for measuring"


def test_silence_ends_with_the_time_out(pdfa: Path, agency: Signer, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings = TimestampSettings(f"http://127.0.0.1:{mute.getsockname()[1]}/", timeout=0.2, tries=2, wait=0)
        with pytest.raises(TsaUnavailableError) as caught:
            sign_pdf(
                pdfa,
                tmp_path / "x.pdf",
                profile=find_profile("nd30-2020"),
                signer=agency,
                timestamper=open_timestamper(settings),
                details=SigningDetails(agency="A"),
            )
    assert caught.value.tries == 2


@pytest.mark.parametrize("data", [b"", b"garbage", b"\x30\x03\x02\x01\x00", b"<html>login</html>"])
def test_an_answer_that_is_no_timestamp(data: bytes, pdfa: Path, agency: Signer, tmp_path: Path) -> None:
    with server(lambda _n, _body: (200, REPLY, data)) as (url, _), pytest.raises(TsaUnavailableError):
        sign(url, pdfa, agency, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_refusal_is_not_repeated(pdfa: Path, agency: Signer, tmp_path: Path) -> None:
    refusal = bytes.fromhex("3005 3003 020102")  # TimeStampResp { PKIStatusInfo { rejection } }, no token
    with server(lambda _n, _body: (200, REPLY, refusal)) as (url, bodies):
        with pytest.raises(TsaUnavailableError, match="rejection"):
            sign(url, pdfa, agency, tmp_path)
        assert len(bodies) == 1


def test_a_timestamp_of_something_else_is_refused(pdfa: Path, agency: Signer, tsa: LocalTsa, tmp_path: Path) -> None:
    from asn1crypto import tsp

    def answer(_number: int, body: bytes) -> tuple[int, str, bytes]:
        request = tsp.TimeStampReq.load(body)
        request["message_imprint"]["hashed_message"] = bytes(32)
        return forward(tsa, request.dump(force=True))

    with server(answer) as (url, _), pytest.raises(TsaUnavailableError, match="another request"):
        sign(url, pdfa, agency, tmp_path)


def test_the_local_authority_speaks_like_the_state_one(tsa: LocalTsa) -> None:
    assert forward(tsa, None, "GET")[0] == 403
    assert forward(tsa, b"not a query")[0] == 400
    assert forward(tsa, bytes(65_537))[0] == 413


def test_openssl_takes_its_timestamps_for_good(tsa: LocalTsa, pki_folder: Path, tmp_path: Path) -> None:
    import subprocess

    data, query, reply = tmp_path / "data", tmp_path / "data.tsq", tmp_path / "data.tsr"
    data.write_bytes(b"hello")
    subprocess.run(
        ["openssl", "ts", "-query", "-data", data, "-sha256", "-cert", "-out", query], check=True, capture_output=True
    )
    reply.write_bytes(forward(tsa, query.read_bytes())[2])
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-queryfile", query, "-in", reply, "-CAfile", pki_folder / "root.pem"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Verification: OK" in said.stdout + said.stderr


def test_slots_bound_what_is_answered_at_once(pki_folder: Path, pdfa: Path) -> None:
    from asn1crypto import tsp

    body = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes(32)},
            "cert_req": True,
        }
    ).dump()
    with local_tsa(pki_folder, latency=0.05, slots=1) as slow:
        threads = [threading.Thread(target=forward, args=(slow, body)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert slow.answered == 3


@pytest.mark.parametrize("changes", [{"url": "ftp://x"}, {"tries": 0}, {"timeout": 0}, {"wait": -1}])
def test_settings_that_cannot_work_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        TimestampSettings(**{"url": "http://127.0.0.1/", **changes})

"""OCSP answers and revocation lists over HTTP: one answer for many documents, and nothing a server says can hurt.

The addresses stand in certificates. Callers pass only certificates whose chain ends in a trust anchor.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from signing.errors import RevocationUnavailableError
from signing.settings import RevocationSettings

if TYPE_CHECKING:
    from asn1crypto.crl import CertificateList
    from asn1crypto.ocsp import OCSPResponse
    from asn1crypto.x509 import Certificate

_CHUNK = 64 * 1024
_OK = 200
_FAULTS = (OSError, ValueError, TypeError, KeyError)


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of some certificates: OCSP responses and revocation lists, parsed."""

    ocsps: tuple[OCSPResponse, ...] = ()
    crls: tuple[CertificateList, ...] = ()

    def __add__(self, other: Revocation) -> Revocation:
        seen = {item.dump() for item in (*self.ocsps, *self.crls)}
        return Revocation(
            self.ocsps + tuple(item for item in other.ocsps if item.dump() not in seen),
            self.crls + tuple(item for item in other.crls if item.dump() not in seen),
        )

    def __bool__(self) -> bool:
        return bool(self.ocsps or self.crls)


class RevocationSource:
    """Asks OCSP responders first, then takes revocation lists; keeps answers for ``settings.fresh`` seconds.

    Safe to use from many threads.
    """

    def __init__(self, settings: RevocationSettings) -> None:
        self.settings = settings
        self._kept: dict[tuple[str, bytes], tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def fetch(self, certificate: Certificate, issuer: Certificate) -> Revocation:
        """The status of ``certificate`` as its ``issuer`` tells it; empty when it names nobody to ask.

        Raises:
            RevocationUnavailableError: It names somebody, and nobody gave a usable answer.
        """
        faults: list[str] = []
        for url in certificate.ocsp_urls:
            try:
                return Revocation(ocsps=(self._ask(url, certificate, issuer),))
            except _FAULTS as fault:
                faults.append(str(fault) or type(fault).__name__)
        for url in _list_urls(certificate):
            try:
                return Revocation(crls=(self._take(url),))
            except _FAULTS as fault:
                faults.append(str(fault) or type(fault).__name__)
        if faults:
            raise RevocationUnavailableError(certificate.subject.human_friendly, "; ".join(dict.fromkeys(faults)))
        return Revocation()

    def _ask(self, url: str, certificate: Certificate, issuer: Certificate) -> OCSPResponse:
        from asn1crypto import ocsp

        query = _ocsp_query(certificate, issuer)

        def ask() -> OCSPResponse:
            headers = {"Content-Type": "application/ocsp-request", "Accept": "application/ocsp-response"}
            response = ocsp.OCSPResponse.load(self._call("POST", url, headers, query), strict=True)
            status = response["response_status"].native
            if status != "successful":
                raise ValueError(f"the OCSP responder refused: {status}")
            return response

        return self._remember(url, query, ask)

    def _take(self, url: str) -> CertificateList:
        from asn1crypto import crl, pem

        def take() -> CertificateList:
            data = self._call("GET", url, {"Accept": "application/pkix-crl"}, None)
            if pem.detect(data):
                _, _, data = pem.unarmor(data)
            return crl.CertificateList.load(data, strict=True)

        return self._remember(url, b"", take)

    def _remember(self, url: str, query: bytes, call: Callable[[], Any]) -> Any:
        with self._lock:
            kept = self._kept.get((url, query))
        if kept is not None and time.monotonic() - kept[0] < self.settings.fresh:
            return kept[1]
        answer = call()
        with self._lock:
            self._kept[url, query] = time.monotonic(), answer
        return answer

    def _call(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> bytes:
        """One request in a thread of its own: a server that drips its headers cannot hold the caller.

        Raises:
            OSError: No answer in time, or an answer that is not one.
        """
        address = self._address(url)
        answers: SimpleQueue[bytes | Exception] = SimpleQueue()

        def work() -> None:
            try:
                answers.put(self._request(method, address, headers, body))
            except Exception as fault:  # handed to the caller, who tells it
                answers.put(fault)

        threading.Thread(target=work, name="revocation", daemon=True).start()
        try:
            answer = answers.get(timeout=self.settings.timeout)
        except Empty:
            raise TimeoutError(f"no answer within {self.settings.timeout:g} s") from None
        if isinstance(answer, Exception):
            raise OSError(f"{type(answer).__name__} at {urlsplit(address).hostname}") from answer
        return answer

    def _request(self, method: str, url: str, headers: dict[str, str], body: bytes | None) -> bytes:
        import requests

        end = time.monotonic() + self.settings.timeout
        with requests.request(
            method,
            url,
            data=body,
            headers={**headers, "Accept-Encoding": "identity"},
            timeout=self.settings.timeout,
            # A redirect could lead where the policy below does not let us.
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != _OK:
                raise OSError(f"HTTP {response.status_code}")
            data = bytearray()
            for chunk in response.iter_content(_CHUNK):
                data += chunk
                if len(data) > self.settings.largest or time.monotonic() > end:
                    raise OSError("the answer is too large or too slow")
        return bytes(data)

    def _address(self, url: str) -> str:
        """Where ``url`` is really asked.

        Raises:
            OSError: It may not be asked.
        """
        for start, mirror in self.settings.mirrors:
            if url.startswith(start):
                url = mirror + url.removeprefix(start)
                break
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise OSError("the certificate names an address that is neither http nor https")
        if not self.settings.private_networks:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            for *_, place in socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM):
                if not ipaddress.ip_address(str(place[0]).partition("%")[0]).is_global:
                    raise OSError(f"{parts.hostname} is an address of a private network")
        return url


def _ocsp_query(certificate: Certificate, issuer: Certificate) -> bytes:
    """Without a nonce: one answer serves many documents. SHA-1 names the issuer, as all responders understand."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_der_x509_certificate, ocsp

    pair = load_der_x509_certificate(certificate.dump()), load_der_x509_certificate(issuer.dump())
    return ocsp.OCSPRequestBuilder().add_certificate(*pair, SHA1()).build().public_bytes(Encoding.DER)  # noqa: S303


def _list_urls(certificate: Certificate) -> list[str]:
    return [point.url for point in certificate.crl_distribution_points if point.url]

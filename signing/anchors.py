"""Whom the settings trust, read from files: anchors, certificates that help to build chains, revocation lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signing.errors import SettingsError
from signing.fetch import Revocation
from signing.settings import TrustSettings
from signing.throwaway_pki import ThrowawayPki

if TYPE_CHECKING:
    from asn1crypto.crl import CertificateList
    from asn1crypto.x509 import Certificate

_SUFFIXES = frozenset({".pem", ".crt", ".cer", ".der", ".crl"})
_LIST = "X509 CRL"


@dataclass(frozen=True, slots=True)
class Anchors:
    """Trust anchors, what helps to reach them, and which of them are the test CA's.

    Attributes:
        roots: Certificates a chain may end in; ``helpers`` others that may stand in a chain.
        revocation: Revocation lists that lie beside them.
        test: SHA-256 of the anchors of the test CA.
    """

    roots: tuple[Certificate, ...]
    helpers: tuple[Certificate, ...]
    revocation: Revocation
    test: frozenset[bytes]


def read_anchors(trust: TrustSettings) -> Anchors:
    """Read what ``trust`` names.

    Raises:
        SettingsError: A file is missing or holds neither a certificate nor a revocation list.
    """
    roots: list[Certificate] = []
    helpers: list[Certificate] = []
    lists: list[CertificateList] = []
    for place in trust.roots:
        for file in _files(place):
            certificates, found = _read(file)
            lists += found
            for certificate in certificates:
                # In a folder anything may lie that an authority publishes; a file was named on purpose.
                anchor = not place.is_dir() or certificate.issuer == certificate.subject
                (roots if anchor else helpers).append(certificate)
    test: frozenset[bytes] = frozenset()
    pki = None if trust.test_ca is None else ThrowawayPki(trust.test_ca)
    # A test CA is made when it first signs; before that there is nothing of it to trust.
    if pki is not None and pki.root.exists():
        certificates, _ = _read(pki.root)
        roots += certificates
        test = frozenset(certificate.sha256 for certificate in certificates)
        lists += [found for file in pki.lists if file.exists() for found in _read(file)[1]]
    return Anchors(tuple(roots), tuple(helpers), Revocation(crls=tuple(lists)), test)


def _files(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    return sorted(file for file in place.iterdir() if file.suffix.lower() in _SUFFIXES and file.is_file())


def _read(file: Path) -> tuple[list[Certificate], list[CertificateList]]:
    from asn1crypto import crl, pem, x509

    try:
        data = file.read_bytes()
        if pem.detect(data):
            blocks = [(kind, der) for kind, _, der in pem.unarmor(data, multiple=True)]
        else:
            blocks = [(_LIST if file.suffix.lower() == ".crl" else "CERTIFICATE", data)]
        certificates = [x509.Certificate.load(der, strict=True) for kind, der in blocks if kind != _LIST]
        lists = [crl.CertificateList.load(der, strict=True) for kind, der in blocks if kind == _LIST]
        for certificate in certificates:
            certificate.subject.native  # noqa: B018 - asn1crypto reads when asked; a broken file is to be told now
        return certificates, lists
    except (OSError, ValueError, TypeError):
        raise SettingsError(
            "trust roots", f"{file} is not a readable PEM or DER certificate or revocation list; correct it"
        ) from None

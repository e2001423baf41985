"""Opening the signing key. Only this module sees a passphrase, and it never lets one out."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signing.errors import CertificateExpiredError, KeyUnavailableError, SettingsError
from signing.settings import KeyKind, SignerSettings
from signing.throwaway_pki import ensure_pki

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})


@dataclass(frozen=True, slots=True)
class Signer:
    """An opened key with its certificate, ready for many documents.

    Attributes:
        subject: Common name of the certificate, for people.
        certificate: The signer's certificate; ``chain`` the others the key file held.
        not_after: End of the certificate, aware UTC.
        legally_valid: False for the test CA.
        driver: pyHanko's signer; holds the private key, so it is never shown.
    """

    subject: str
    certificate: Certificate = field(repr=False)
    chain: tuple[Certificate, ...] = field(repr=False)
    not_after: dt.datetime
    legally_valid: bool
    driver: Any = field(repr=False)

    def check(self, at: dt.datetime | None = None) -> None:
        """Say whether the certificate may sign at ``at`` (default: now).

        Raises:
            CertificateExpiredError: It is not in force then.
        """
        moment = at or dt.datetime.now(dt.UTC)
        not_before = self.certificate.not_valid_before
        if not not_before <= moment <= self.not_after:
            raise CertificateExpiredError(self.subject, not_before, self.not_after)


def open_signer(settings: SignerSettings) -> Signer:
    """Open the key of ``settings`` and check that its certificate may sign today.

    Raises:
        SettingsError: A setting is missing.
        KeyUnavailableError: The file is missing or broken, the passphrase is wrong, or the certificate is not
            meant for signing.
        CertificateExpiredError: The certificate is not in force.
    """
    from pyhanko.sign.signers import SimpleSigner

    from signing.local_key import LocalKeySigner

    settings, legally_valid = _resolve(settings)
    if settings.pkcs12 is None:
        raise SettingsError("pkcs12", "no key file is set; give the path of the .p12 file")
    name = settings.pkcs12.name
    try:
        data = settings.pkcs12.read_bytes()
    except OSError as fault:
        raise KeyUnavailableError(name, f"{fault.strerror}; check the path and its permissions") from None
    try:
        opened = SimpleSigner.load_pkcs12_data(data, other_certs=(), passphrase=settings.secret())
        certificate = opened.signing_cert
        if certificate is None:
            raise KeyUnavailableError(name, "it holds no certificate; give the file with key and certificate")
        driver = LocalKeySigner(opened, certificate)
    except (ValueError, TypeError, AttributeError):
        # "from None": what the libraries below say is built from the secret's bytes in some versions.
        raise KeyUnavailableError(
            name, "wrong passphrase, or not a PKCS#12 file with a key and a certificate; check both"
        ) from None
    signer = Signer(
        subject=common_name(certificate),
        certificate=certificate,
        chain=tuple(driver.cert_registry),
        not_after=certificate.not_valid_after,
        legally_valid=legally_valid,
        driver=driver,
    )
    usage = certificate.key_usage_value
    if usage is not None and not SIGNING_USAGES & usage.native:
        raise KeyUnavailableError(name, f"the certificate of {signer.subject} is not meant for signing; use another")
    signer.check()
    return signer


def _resolve(settings: SignerSettings) -> tuple[SignerSettings, bool]:
    """Settings with a key file, and whether its signatures can have legal value."""
    if settings.kind is not KeyKind.TEST:
        return settings, True
    if settings.test_folder is None:
        raise SettingsError("test_folder", "the test key needs a folder for its test CA; set one")
    pki = ensure_pki(settings.test_folder)
    resolved = SignerSettings(
        kind=KeyKind.PKCS12, pkcs12=pki.pkcs12(settings.test_identity), passphrase_file=pki.passphrase_file
    )
    return resolved, False


def common_name(certificate: Certificate) -> str:
    """The certificate's common name, or its whole subject when it has none."""
    name = certificate.subject.native.get("common_name")
    if isinstance(name, list):
        name = name[-1]
    return str(name or certificate.subject.human_friendly)

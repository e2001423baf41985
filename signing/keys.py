"""Opening the signing key. Only this module sees a passphrase or a PIN, and it never lets one out."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signing.errors import CertificateExpiredError, KeyUnavailableError, SettingsError, SigningError
from signing.settings import KeyKind, SignerSettings
from signing.throwaway_pki import ensure_pki

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

SIGNING_USAGES = frozenset({"digital_signature", "non_repudiation"})


@dataclass(frozen=True, slots=True)
class Signer:
    """An opened key with its certificate, ready for many documents and threads; close it after the last one.

    Attributes:
        subject: Common name of the certificate, for people.
        certificate: The signer's certificate; ``chain`` the others the key came with.
        not_after: End of the certificate, aware UTC.
        legally_valid: False for the test CA.
        kind: Where the key lives.
        driver: pyHanko's signer; holds the private key or the way to it, so it is never shown.
    """

    subject: str
    certificate: Certificate = field(repr=False)
    chain: tuple[Certificate, ...] = field(repr=False)
    not_after: dt.datetime
    legally_valid: bool
    kind: KeyKind
    driver: Any = field(repr=False)
    _release: Callable[[], None] = field(default=lambda: None, repr=False)

    def check(self, at: dt.datetime | None = None) -> None:
        """Say whether the certificate may sign at ``at`` (default: now).

        Raises:
            CertificateExpiredError: It is not in force then.
        """
        moment = at or dt.datetime.now(dt.UTC)
        not_before = self.certificate.not_valid_before
        if not not_before <= moment <= self.not_after:
            raise CertificateExpiredError(self.subject, not_before, self.not_after)

    def close(self) -> None:
        """Give the key back: the last signer of a token logs out."""
        self._release()

    def __enter__(self) -> Signer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_signer(settings: SignerSettings) -> Signer:
    """Open the key of ``settings``, and prove that it can sign and that its certificate may sign today.

    Raises:
        SettingsError: A setting is missing.
        KeyUnavailableError: The file, the module, the key or the certificate is missing or broken, the secret is
            wrong (``PinRefusedError``, ``TokenLockedError``), or the certificate is another key's or not for signing.
        TokenAbsentError: The token is not plugged in.
        CertificateExpiredError: The certificate is not in force.
    """
    opening = {KeyKind.TEST: _open_test, KeyKind.PKCS12: _open_pkcs12, KeyKind.PKCS11: _open_pkcs11}
    signer = opening[settings.kind](settings)
    try:
        _admit(signer)
    except SigningError:
        signer.close()
        raise
    return signer


def _open_test(settings: SignerSettings) -> Signer:
    if settings.test_folder is None:
        raise SettingsError("test_folder", "the test key needs a folder for its test CA; set one")
    pki = ensure_pki(settings.test_folder)
    file = SignerSettings(
        kind=KeyKind.PKCS12, pkcs12=pki.pkcs12(settings.test_identity), passphrase_file=pki.passphrase_file
    )
    return _open_pkcs12(file, kind=KeyKind.TEST)


def _open_pkcs12(settings: SignerSettings, kind: KeyKind = KeyKind.PKCS12) -> Signer:
    from pyhanko.sign.signers import SimpleSigner

    from signing.local_key import LocalKeySigner

    if settings.pkcs12 is None:
        raise SettingsError("pkcs12", "no key file is set; give the path of the .p12 file")
    name = settings.pkcs12.name
    try:
        data = settings.pkcs12.read_bytes()
    except OSError as fault:
        raise KeyUnavailableError(name, f"{fault.strerror}; check the path and its permissions") from None
    secret = settings.secret()
    others = read_certificates(settings.chain, "chain")
    driver = None
    # What the libraries below say is built from the secret's bytes in some versions: neither their words nor their
    # calls go on.
    with suppress(ValueError, TypeError, AttributeError):
        opened = SimpleSigner.load_pkcs12_data(
            data, other_certs=others, passphrase=None if secret is None else secret.get_secret_value().encode()
        )
        if opened.signing_cert is not None:
            driver = LocalKeySigner(opened, opened.signing_cert)
    if driver is None:
        raise KeyUnavailableError(
            name, "wrong passphrase, or not a PKCS#12 file with a key and a certificate; check both"
        )
    certificate = driver.signing_cert
    return _signer(kind, driver, certificate)


def _open_pkcs11(settings: SignerSettings) -> Signer:
    from signing.token_key import TokenKeySigner, find_certificates, find_key
    from signing.tokens import TokenAddress, open_token

    if settings.module is None:
        raise SettingsError("module", "no PKCS#11 module is set; give the path of the token's library")
    try:
        key_id = bytes.fromhex(settings.key_id)
    except ValueError:
        raise SettingsError("key_id", "the key's id is not made of hex digits; correct it") from None
    others = read_certificates(settings.chain, "chain")
    given = read_certificates([settings.certificate] if settings.certificate else [], "certificate")
    token = open_token(TokenAddress(settings.module, settings.token, settings.token_serial), settings.secret())
    try:
        label, identifier = find_key(token, settings.key_label, key_id)
        certificate, held = find_certificates(token, (label, identifier), settings.certificate_label)
        certificate = given[0] if given else certificate
        if certificate is None:
            raise KeyUnavailableError(
                f"{label!r} id {identifier.hex() or '-'} on token {token.address}",
                f"none of the token's {len(held)} certificates is this key's; give the certificate's label or file",
            )
        driver = TokenKeySigner(token, label, identifier, certificate, [*held, *others])
    except SigningError:
        token.close()
        raise
    lease = ExitStack()  # closing it twice gives the token back once
    lease.callback(token.close)
    return _signer(KeyKind.PKCS11, driver, certificate, lease.close)


def _signer(
    kind: KeyKind, driver: Any, certificate: Certificate, release: Callable[[], None] = lambda: None
) -> Signer:
    return Signer(
        subject=common_name(certificate),
        certificate=certificate,
        chain=tuple(driver.cert_registry),
        not_after=certificate.not_valid_after,
        legally_valid=kind is not KeyKind.TEST,
        kind=kind,
        driver=driver,
        _release=release,
    )


def _admit(signer: Signer) -> None:
    """Let a signer through whose certificate may sign today and belongs to the key."""
    from cryptography.exceptions import InvalidSignature
    from pyhanko_certvalidator.sig_validate import DefaultSignatureValidator

    usage = signer.certificate.key_usage_value
    if usage is not None and not SIGNING_USAGES & usage.native:
        raise KeyUnavailableError(
            f"of {signer.subject}", f"the certificate of {signer.subject} is not meant for signing; use another"
        )
    signer.check()
    sample = secrets.token_bytes(32)
    mechanism = signer.driver.get_signature_mechanism_for_digest("sha256")
    signature = signer.driver.sign_raw(sample, "sha256")
    try:
        DefaultSignatureValidator().validate_signature(signature, sample, signer.certificate.public_key, mechanism)
    except InvalidSignature:
        raise KeyUnavailableError(
            f"of {signer.subject}", "the certificate belongs to another key; choose the two that belong together"
        ) from None


def read_certificates(files: Iterable[Path], setting: str) -> tuple[Certificate, ...]:
    """Certificates of PEM or DER files (a file may hold several PEM ones).

    Raises:
        SettingsError: A file cannot be read or holds no certificate.
    """
    from asn1crypto import pem, x509

    found: list[Certificate] = []
    for file in files:
        try:
            data = file.read_bytes()
            armored = pem.detect(data)
            parts = [der for _, _, der in pem.unarmor(data, multiple=True)] if armored else [data]
            certificates = [x509.Certificate.load(part, strict=True) for part in parts]
            for certificate in certificates:
                certificate.subject.native  # noqa: B018 -- asn1crypto parses when asked
            found += certificates
        except (OSError, ValueError, TypeError):
            raise SettingsError(setting, f"{file} is not a readable certificate file; give PEM or DER") from None
    return tuple(found)


def common_name(certificate: Certificate) -> str:
    """The certificate's common name, or its whole subject when it has none."""
    name = certificate.subject.native.get("common_name")
    if isinstance(name, list):
        name = name[-1]
    return str(name or certificate.subject.human_friendly)

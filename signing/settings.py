"""What an operator sets for signing: the key, the timestamp authority, whom to trust. Values, quick to import."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pydantic import SecretStr

from signing.errors import SettingsError


class KeyKind(StrEnum):
    """Where the signing key lives."""

    TEST = "test"
    """The throw-away test CA; what it signs has no legal value."""
    PKCS12 = "pkcs12"
    """A ``.p12``/``.pfx`` file with a passphrase."""
    PKCS11 = "pkcs11"
    """A token or an HSM, through its vendor's PKCS#11 module."""


@dataclass(frozen=True, slots=True)
class SignerSettings:
    """Which key signs.

    Attributes:
        kind: ``test``, ``pkcs12`` or ``pkcs11``.
        test_folder: Folder of the test CA; made on first use.
        test_identity: Whose key of the test CA: ``agency`` or ``person`` (the digitizer).
        pkcs12: The key file.
        passphrase: Its secret, or the token's PIN; or ``passphrase_file``, whose first line is the secret. A token
            with a keypad of its own needs neither.
        module: The PKCS#11 library of the token's vendor.
        token, token_serial: Label and serial number of the token; may stay empty when there is one only.
        key_label, key_id: Which of the token's keys signs (CKA_LABEL, and CKA_ID in hex digits); may stay empty when
            there is one only.
        certificate_label: Certificate on the token; the key's own when empty.
        certificate: PEM or DER file of the signer's certificate, for a token that holds none.
        chain: PEM or DER files of the authorities between signer and root, for a key that comes without them.
    """

    kind: KeyKind = KeyKind.TEST
    test_folder: Path | None = None
    test_identity: str = "agency"
    pkcs12: Path | None = None
    passphrase: SecretStr | None = field(default=None, repr=False)
    passphrase_file: Path | None = None
    module: Path | None = None
    token: str = ""
    token_serial: str = ""
    key_label: str = ""
    key_id: str = ""
    certificate_label: str = ""
    certificate: Path | None = None
    chain: tuple[Path, ...] = ()

    def secret(self) -> SecretStr | None:
        """The passphrase of ``pkcs12`` or the PIN of the token, ``None`` when none is set.

        Raises:
            SettingsError: ``passphrase_file`` cannot be read.
        """
        if self.passphrase is not None:
            return self.passphrase
        if self.passphrase_file is None:
            return None
        try:
            lines = self.passphrase_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                "passphrase_file", f"{self.passphrase_file} cannot be read; check the path and its permissions"
            ) from None
        return SecretStr(lines[0] if lines else "")


@dataclass(frozen=True, slots=True)
class TimestampSettings:
    """The RFC 3161 authority.

    The defaults come from practice with the state TSA, which answers in 2–131 s (legal facts, section 5).

    Attributes:
        url: ``http://…`` or ``https://…``.
        timeout: Seconds one try may take.
        tries: How many times it is asked before ``TsaUnavailableError``.
        wait: Seconds before the second try; doubles with each further one.
        slots: How many requests it stands at once.
        failures: After how many failures in a row it is left alone for ``rest`` seconds.
    """

    url: str
    timeout: float = 180.0
    tries: int = 3
    wait: float = 2.0
    slots: int = 4
    failures: int = 6
    rest: float = 60.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise SettingsError("timestamp url", f"{self.url!r} is not an http(s) address; correct it")
        if self.tries < 1 or self.timeout <= 0 or self.wait < 0:
            raise SettingsError("timestamp", "tries must be at least 1, timeout above 0 and wait not below 0")
        if self.slots < 1 or self.failures < 1 or self.rest < 0:
            raise SettingsError("timestamp", "slots and failures must be at least 1, rest not below 0")


@dataclass(frozen=True, slots=True)
class RevocationSettings:
    """How OCSP answers and revocation lists are fetched for levels B-LT and above.

    Only the addresses in certificates that lead to a trust anchor are ever asked, so a stranger's file cannot send
    a request anywhere.

    Attributes:
        timeout: Seconds one request may take, all in all.
        largest: Most bytes of one answer; national revocation lists have some megabytes.
        fresh: Seconds an answer is used again for further documents.
        private_networks: Whether addresses of private networks and of this machine may be asked.
        mirrors: Pairs of address beginnings, as they stand in certificates → where they are asked instead, for
            networks that reach the authority through a copy of their own.
    """

    timeout: float = 30.0
    largest: int = 32 * 1024 * 1024
    fresh: float = 3600.0
    private_networks: bool = False
    mirrors: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if self.timeout <= 0 or self.largest < 1 or self.fresh < 0:
            raise SettingsError("revocation", "timeout and largest must be above 0 and fresh not below 0")
        for _, mirror in self.mirrors:
            if not mirror.startswith(("http://", "https://")):
                raise SettingsError("revocation mirror", f"{mirror!r} is not an http(s) address; correct it")


@dataclass(frozen=True, slots=True)
class TrustSettings:
    """Whose certificates are believed. Nothing is believed by default.

    Attributes:
        roots: PEM or DER files of trust anchors (a file may hold several PEM certificates), or folders. Of a
            folder the files ``*.pem``, ``*.crt``, ``*.cer``, ``*.der`` and ``*.crl`` count: self-signed
            certificates are anchors, others help to build chains, revocation lists are obeyed.
        test_ca: Folder of the throw-away test CA; its root, once it is made, counts as trusted, never as
            legally valid.
    """

    roots: tuple[Path, ...] = ()
    test_ca: Path | None = None

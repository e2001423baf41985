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


@dataclass(frozen=True, slots=True)
class SignerSettings:
    """Which key signs.

    Attributes:
        kind: ``test`` or ``pkcs12``.
        test_folder: Folder of the test CA; made on first use.
        test_identity: Whose key of the test CA: ``agency`` or ``person`` (the digitizer).
        pkcs12: The key file.
        passphrase: Its secret; or ``passphrase_file``, whose first line is the secret.
    """

    kind: KeyKind = KeyKind.TEST
    test_folder: Path | None = None
    test_identity: str = "agency"
    pkcs12: Path | None = None
    passphrase: SecretStr | None = field(default=None, repr=False)
    passphrase_file: Path | None = None

    def secret(self) -> bytes | None:
        """The passphrase of ``pkcs12``, ``None`` when none is set.

        Raises:
            SettingsError: ``passphrase_file`` cannot be read.
        """
        if self.passphrase is not None:
            return self.passphrase.get_secret_value().encode()
        if self.passphrase_file is None:
            return None
        try:
            lines = self.passphrase_file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                "passphrase_file", f"{self.passphrase_file} cannot be read; check the path and its permissions"
            ) from None
        return lines[0].encode() if lines else b""


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
class TrustSettings:
    """Whose certificates are believed. Nothing is believed by default, and nothing is fetched from the network.

    Attributes:
        roots: PEM or DER files of trust anchors (a file may hold several PEM certificates).
        test_ca: Folder of the throw-away test CA; its root, once it is made, counts as trusted, never as
            legally valid.
    """

    roots: tuple[Path, ...] = ()
    test_ca: Path | None = None

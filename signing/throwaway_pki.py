"""The throw-away test CA: root, intermediate, agency, digitizer, timestamp authority and OCSP, made on first use.

It lets everything run on a machine without a real key. Its names say that it has no legal value, and
``signing.verify`` never calls what it signed legally valid. The PKI is described in ``data/throwaway_pki.yaml``;
``signing.local_pki`` answers for its OCSP responder and its revocation lists.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
import string
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from signing.errors import KeyUnavailableError

TEST_MARK = "KHÔNG CÓ GIÁ TRỊ PHÁP LÝ"
IDENTITIES = ("agency", "person", "expired", "future", "revoked", "encipher")
AUTHORITIES = ("root", "interm", "ocsp", "tsa", "tsa_ending")
_DONE = "README.txt"
_ISSUERS = ("root", "interm")
_KEYS = ("root", "interm", "ocsp", "tsa", "agency", "person")


@dataclass(frozen=True, slots=True)
class ThrowawayPki:
    """Paths of a test CA on disk. All files are readable by their owner only.

    Attributes:
        root: PEM of the trust anchor; ``chain`` PEM of the intermediate.
        tsa, tsa_key: Certificate and (encrypted) key of the timestamp authority; ``tsa_ending``: a certificate of
            the same key that ends in 20 days.
        lists: The revocation lists as of the making of the CA, good as long as its root.
        passphrase_file: Secret of every key in the folder.
    """

    folder: Path

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    @property
    def chain(self) -> Path:
        return self.folder / "interm.pem"

    @property
    def tsa(self) -> Path:
        return self.folder / "tsa.pem"

    @property
    def tsa_ending(self) -> Path:
        return self.folder / "tsa_ending.pem"

    @property
    def lists(self) -> tuple[Path, ...]:
        return tuple(self.folder / f"{name}.crl" for name in _ISSUERS)

    @property
    def tsa_key(self) -> Path:
        return self.folder / "keys" / "tsa.pem"

    @property
    def passphrase_file(self) -> Path:
        return self.folder / "passphrase"

    def pkcs12(self, identity: str) -> Path:
        """The key file of one of ``IDENTITIES``.

        Raises:
            KeyUnavailableError: The test CA has no such identity.
        """
        if identity not in IDENTITIES:
            raise KeyUnavailableError(identity, f"the test CA has {', '.join(IDENTITIES)} only; correct the settings")
        return self.folder / f"{identity}.p12"


def ensure_pki(folder: Path) -> ThrowawayPki:
    """The test CA in ``folder``; made when it is not there yet.

    Two processes may do this at once: each makes its own beside the folder, one rename wins, both use the winner.

    Raises:
        KeyUnavailableError: The folder holds something else, or cannot be written.
    """
    pki = ThrowawayPki(folder)
    if (folder / _DONE).is_file():
        return pki
    made: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        _make(made)
        made.rename(folder)
    except OSError as fault:
        if not (folder / _DONE).is_file():
            raise KeyUnavailableError(
                str(folder), f"the test CA cannot be made there ({fault.strerror}); give an empty or a new folder"
            ) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)
    return pki


def _make(folder: Path) -> None:
    passphrase = secrets.token_urlsafe(24)
    description = _describe(dt.datetime.now(dt.UTC))
    _write(folder / "passphrase", passphrase.encode())
    _write(folder / "pki.yaml", description.encode())
    keys = folder / "keys"
    keys.mkdir(mode=0o700)
    for name in _KEYS:
        _write(keys / f"{name}.pem", _new_key(passphrase))
    architecture = _read_architecture(description, folder, passphrase)
    _dump(architecture, folder, passphrase)
    for name in _ISSUERS:
        _write(folder / f"{name}.crl", _revocation_list(architecture, name))
    text = f"{TEST_MARK} / TEST\nThrow-away test CA of sohoa. Delete the folder to get a new one.\n"
    _write(folder / _DONE, text.encode())


def _describe(now: dt.datetime) -> str:
    """The PKI description with today's dates; a tag keeps two test CAs apart by name, the passphrase stays open."""

    def day(days: int) -> str:
        return (now + dt.timedelta(days=days)).strftime("%Y-%m-%dT00:00:00+0000")

    template = resources.files("signing").joinpath("data/throwaway_pki.yaml").read_text(encoding="utf-8")
    return string.Template(template).safe_substitute(
        tag=secrets.token_hex(3),
        past=day(-400),
        ended=day(-35),
        revoked=day(-30),
        begin=day(-1),
        soon=day(20),
        end_signer=day(5 * 365),
        end_tsa=day(10 * 365),
        end_root=day(20 * 365),
    )


def _new_key(passphrase: str) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()),
    )


def open_architecture(pki: ThrowawayPki) -> Any:
    """Certomancer's view of a test CA that was made: its certificates, keys and services.

    Raises:
        KeyUnavailableError: The folder was made by an older version, or is damaged.
    """
    from certomancer.config_utils import ConfigurationError
    from certomancer.services import CertomancerServiceError

    try:
        description = (pki.folder / "pki.yaml").read_text(encoding="utf-8")
        passphrase = pki.passphrase_file.read_text(encoding="utf-8")
        architecture = _read_architecture(description, pki.folder, passphrase)
        architecture.service_registry.get_ocsp_info("interm")
    except (OSError, ValueError, ConfigurationError, CertomancerServiceError):
        raise KeyUnavailableError(
            str(pki.folder), "the test CA is damaged or older than this version; delete the folder to get a new one"
        ) from None
    return architecture


def _read_architecture(description: str, folder: Path, passphrase: str) -> Any:
    from certomancer.registry import ArchLabel, CertomancerConfig

    text = string.Template(description).substitute(passphrase=passphrase)
    return CertomancerConfig.from_yaml(text, key_search_dir=str(folder)).get_pki_arch(ArchLabel("test"))


def _dump(architecture: Any, folder: Path, passphrase: str) -> None:
    from asn1crypto import pem
    from certomancer.registry import CertLabel

    for name in (*AUTHORITIES, *IDENTITIES):
        certificate = architecture.get_cert(CertLabel(name)).dump()
        _write(folder / f"{name}.pem", pem.armor("CERTIFICATE", certificate))
    for name in IDENTITIES:
        packed = architecture.package_pkcs12(CertLabel(name), password=passphrase.encode())
        _write(folder / f"{name}.p12", packed)


def _revocation_list(architecture: Any, name: str) -> bytes:
    """What an authority has taken back, as a file for checks without a network.

    The test CA takes nothing back after it was made, so the list is good as long as its root.
    """
    from asn1crypto import pem
    from certomancer.registry import CertLabel, EntityLabel, KeyLabel, ServiceLabel
    from certomancer.services import CRLBuilder, choose_signed_digest

    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    info = architecture.service_registry.get_crl_repo_info(ServiceLabel(name))
    key, issuer = architecture.key_set.get_asym_key(KeyLabel(name)), architecture.get_cert(CertLabel(name))
    made: bytes = (
        CRLBuilder(
            issuer_name=architecture.entities[EntityLabel(name)],
            issuer_key=key.private,
            signature_algo=choose_signed_digest("sha256", key.public),
            authority_key_identifier=issuer.key_identifier_value,
        )
        .build_crl(
            crl_number=1,
            this_update=now,
            next_update=issuer.not_valid_after,
            revoked_certs=architecture.get_revoked_certs_at_time(at_time=now, crl_info=info),
        )
        .dump()
    )
    armoured: bytes = pem.armor("X509 CRL", made)
    return armoured


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)

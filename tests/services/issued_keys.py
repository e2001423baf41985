"""Keys and certificates made for one test run, issued by the throw-away test CA."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from signing.throwaway_pki import ThrowawayPki

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class IssuedKey:
    """A key with its certificate and the intermediate authority's."""

    key: PrivateKey
    certificate: x509.Certificate
    issuer: x509.Certificate

    @property
    def key_der(self) -> bytes:
        return self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    @property
    def certificate_der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def issuer_der(self) -> bytes:
        return self.issuer.public_bytes(serialization.Encoding.DER)

    def write_pkcs12(self, path: Path, passphrase: str) -> Path:
        lock = serialization.BestAvailableEncryption(passphrase.encode())
        path.write_bytes(pkcs12.serialize_key_and_certificates(b"k", self.key, self.certificate, [self.issuer], lock))
        return path


def issue(
    pki: ThrowawayPki, name: str, kind: str = "rsa", *, begin: int = -1, end: int = 365, stamps: bool = False
) -> IssuedKey:
    """A key of ``kind`` (rsa, p256, p384) whose certificate holds from day ``begin`` to day ``end`` from now.

    ``stamps``: a timestamp authority's.
    """
    issuer = x509.load_pem_x509_certificate(pki.chain.read_bytes())
    secret = pki.passphrase_file.read_bytes()
    issuer_key = serialization.load_pem_private_key((pki.folder / "keys" / "interm.pem").read_bytes(), secret)
    assert isinstance(issuer_key, rsa.RSAPrivateKey)
    curves: dict[str, ec.EllipticCurve] = {"p256": ec.SECP256R1(), "p384": ec.SECP384R1()}
    key: PrivateKey = (
        ec.generate_private_key(curves[kind]) if kind in curves else rsa.generate_private_key(65537, 2048)
    )
    now = dt.datetime.now(dt.UTC)
    usage = dict.fromkeys(
        ("key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + dt.timedelta(days=begin))
        .not_valid_after(now + dt.timedelta(days=end))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True, content_commitment=True, encipher_only=False, decipher_only=False, **usage
            ),
            critical=True,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if stamps:
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return IssuedKey(key, builder.sign(issuer_key, hashes.SHA256()), issuer)

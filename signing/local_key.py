"""A key held in memory, opened once for many signatures."""

from __future__ import annotations

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key
from pyhanko.sign.signers import SimpleSigner
from pyhanko_certvalidator.util import get_pyca_cryptography_hash


class LocalKeySigner(SimpleSigner):
    """pyHanko's signer with the key kept open.

    ``SimpleSigner`` reads and checks the key anew for each signature, a fifth of the time a document takes.
    """

    def __init__(self, opened: SimpleSigner, certificate: x509.Certificate) -> None:
        super().__init__(certificate, opened.signing_key, opened.cert_registry)
        self._key = load_der_private_key(opened.signing_key.dump(), password=None)

    def sign_raw(self, data: bytes, digest_algorithm: str) -> bytes:
        mechanism = self.get_signature_mechanism_for_digest(digest_algorithm).signature_algo
        if isinstance(self._key, RSAPrivateKey) and mechanism == "rsassa_pkcs1v15":
            return self._key.sign(data, PKCS1v15(), get_pyca_cryptography_hash(digest_algorithm))
        return super().sign_raw(data, digest_algorithm)

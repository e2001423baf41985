"""The CMS containers in a PDF, by themselves: do the digests and the cryptography hold? Trust is not asked here."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

_ENVELOPED = "/adbe.pkcs7.sha1"
WEAK_DIGESTS = frozenset({"md2", "md5", "sha1"})


@dataclass(frozen=True, slots=True)
class Seal:
    """A signature or a timestamp token.

    Attributes:
        digest_holds: The signed bytes are those that were signed.
        signature_holds: The signature over them is the certificate's.
        digest: Name of the digest algorithm.
    """

    certificate: Certificate
    others: tuple[Certificate, ...]
    digest_holds: bool
    signature_holds: bool
    digest: str

    @property
    def intact(self) -> bool:
        return self.digest_holds and self.signature_holds


def check_signature(signature: Any) -> Seal:
    """The seal of pyHanko's ``EmbeddedPdfSignature``.

    Raises:
        Exception: It cannot be examined; broken containers make the readers below fail in many ways.
    """
    if str(signature.sig_object.get("/SubFilter", "")) != _ENVELOPED:
        return _check(signature.signed_data, signature.compute_digest(), "data")
    # An old kind of signature: it signs the SHA-1 of the bytes, which it carries inside.
    content = bytes(signature.signed_data["encap_content_info"]["content"])
    digest = hashlib.new(signature.md_algorithm, content).digest()
    seal = _check(signature.signed_data, digest, "data")
    same = content == signature.compute_digest("sha1")
    return replace(seal, digest_holds=seal.digest_holds and same, digest="sha1")


def check_document_timestamp(signature: Any) -> tuple[Seal, dt.datetime]:
    """The seal of a ``/DocTimeStamp`` and the time it states.

    Raises:
        Exception: As ``check_signature``.
    """
    return _check_token(signature.signed_data, signature.compute_digest)


def signature_timestamps(signature: Any) -> list[tuple[Seal, dt.datetime]]:
    """The tokens over the signature's own value, in their order.

    Raises:
        Exception: As ``check_signature``.
    """
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, message_imprint_checker

    info = signature.signer_info
    return [_check_token(token, message_imprint_checker(info)) for token in extract_tst_data_iter(info, signed=False)]


def _check_token(signed_data: Any, imprint: Callable[[str], bytes]) -> tuple[Seal, dt.datetime]:
    content = signed_data["encap_content_info"]["content"]
    info = content.parsed
    digest = signed_data["signer_infos"][0]["digest_algorithm"]["algorithm"].native
    seal = _check(signed_data, hashlib.new(digest, bytes(content)).digest(), "tst_info")
    stated = info["message_imprint"]
    wanted = imprint(stated["hash_algorithm"]["algorithm"].native)
    same = stated["hashed_message"].native == wanted
    return replace(seal, digest_holds=seal.digest_holds and same), info["gen_time"].native.astimezone(dt.UTC)


def _check(signed_data: Any, digest: bytes, content_type: str) -> Seal:
    from pyhanko.sign.general import extract_certificate_info, extract_signer_info
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.generic_cms import validate_sig_integrity

    info = extract_signer_info(signed_data)
    certificates = extract_certificate_info(signed_data)
    try:
        digest_holds, signature_holds = validate_sig_integrity(info, certificates.signer_cert, content_type, digest)
    except SignatureValidationError:
        # The certificate is not the one that was signed for, or the attributes contradict each other.
        digest_holds, signature_holds = True, False
    return Seal(
        certificate=certificates.signer_cert,
        others=tuple(certificates.other_certs),
        digest_holds=bool(digest_holds),
        signature_holds=bool(signature_holds),
        digest=str(info["digest_algorithm"]["algorithm"].native),
    )

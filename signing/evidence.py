"""What a signed PDF carries to be proven later: certificates, OCSP answers, revocation lists (the DSS, ISO 32000-2
§12.8.4.3, ETSI EN 319 142-1 §5.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signing.fetch import Revocation

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

_MOST_ITEMS = 2000
"""Certificates, answers and lists read of one file; beyond that it is made to keep us busy."""


@dataclass(frozen=True, slots=True)
class Store:
    """Validation data in a file."""

    certificates: tuple[Certificate, ...] = ()
    revocation: Revocation = field(default_factory=Revocation)

    def __len__(self) -> int:
        return len(self.certificates) + len(self.revocation.ocsps) + len(self.revocation.crls)

    def speaks_of(self, certificate: Certificate) -> bool:
        """Whether it holds an answer about ``certificate`` or a list of its issuer."""
        return any(
            single["cert_id"]["serial_number"].native == certificate.serial_number
            for response in self.revocation.ocsps
            for single in _singles(response)
        ) or any(crl.issuer == certificate.issuer for crl in self.revocation.crls)


def read_store(root: Any) -> Store:
    """The DSS of a document whose catalog is ``root``; what is broken in it is left out."""
    from asn1crypto import crl, ocsp, x509
    from pyhanko.pdf_utils.decode_limits import DecodePurpose

    try:
        dss = root["/DSS"]
    except (KeyError, TypeError):
        return Store()

    def read(key: str, purpose: Any, load: Callable[[bytes], Any]) -> tuple[Any, ...]:
        found = []
        try:
            items = list(dss[key])[:_MOST_ITEMS]
        except (KeyError, TypeError):
            return ()
        for item in items:
            try:
                found.append(load(item.get_object().read_data(purpose)))
            except Exception:  # noqa: S112 - one broken item of a hostile file; the others may serve
                continue
        return tuple(found)

    return Store(
        read("/Certs", DecodePurpose.CERTIFICATE, lambda data: x509.Certificate.load(data, strict=True)),
        Revocation(
            read("/OCSPs", DecodePurpose.OCSP_RESPONSE, lambda data: ocsp.OCSPResponse.load(data, strict=True)),
            read("/CRLs", DecodePurpose.CRL, lambda data: crl.CertificateList.load(data, strict=True)),
        ),
    )


def archived(signer_info: Any) -> Revocation:
    """Revocation data inside the signature itself, as Adobe's older kind keeps it."""
    from pyhanko.sign.general import find_unique_cms_attribute

    try:
        kept = find_unique_cms_attribute(signer_info["signed_attrs"], "adobe_revocation_info_archival")
        return Revocation(tuple(kept["ocsp"]), tuple(kept["crl"]))
    except Exception:
        return Revocation()


def named(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Those that name somebody to ask about them: not anchors, not OCSP responders."""
    return tuple(
        certificate
        for certificate in certificates
        if certificate.issuer != certificate.subject
        and (certificate.ocsp_urls or certificate.crl_distribution_points)
    )


def _singles(response: Any) -> Iterable[Any]:
    try:
        return tuple(response["response_bytes"]["response"].parsed["tbs_response_data"]["responses"])
    except Exception:
        return ()

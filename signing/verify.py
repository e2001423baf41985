"""The verdict on the signatures of a PDF: intact, valid and trusted told apart, without asking the network.

The file may come from anywhere and be broken on purpose; whatever the reader below it does, the caller gets facts
or a ``VerificationError``.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.documents import SignatureFact
from signing.errors import EncryptedPdfError, SettingsError, VerificationError
from signing.keys import SIGNING_USAGES, common_name
from signing.settings import TrustSettings
from signing.throwaway_pki import TEST_MARK, ThrowawayPki

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate
    from pyhanko.pdf_utils.reader import PdfFileReader

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Anchors:
    """Trust anchors, and which of them are the test CA's."""

    certificates: tuple[Certificate, ...]
    test: frozenset[bytes]


def verify_pdf(path: Path, *, trust: TrustSettings) -> tuple[SignatureFact, ...]:
    """Judge every signature of ``path``, oldest first; an unsigned file has none.

    ``intact``: the signed bytes are unchanged. ``valid``: besides, the cryptography holds, the certificate was in
    force and meant for signing at the best known time, and nothing added later changes the document.
    ``trusted``: besides, its chain ends in one of ``trust.roots`` (or the test CA). The best known time is the
    timestamp's when that is trusted; a time the signer only claims counts for ``valid``, never for ``trusted``.

    Raises:
        EncryptedPdfError: The file needs a password.
        VerificationError: Not a readable PDF.
        SettingsError: A trust root cannot be read.
    """
    anchors = _read_anchors(trust)
    try:
        with path.open("rb") as stream:
            return _judge_all(stream, path.name, anchors)
    except VerificationError:
        raise
    except Exception as fault:
        # A hostile file can make the reader fail in any way (recursion, type, arithmetic); all mean "unreadable".
        raise VerificationError(path.name, f"{type(fault).__name__}: {fault}") from fault


def _judge_all(stream: Any, name: str, anchors: _Anchors) -> tuple[SignatureFact, ...]:
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(stream, strict=False)
    if reader.encrypted:
        raise EncryptedPdfError(name, "it is encrypted")
    found, broken = _find(reader)
    regular = [signature for signature in found if signature.sig_object_type == "/Sig"]
    archive_times = len(found) - len(regular)
    judged = tuple(_judge(reader, signature, anchors, archive_times) for signature in regular)
    return judged + tuple(_unreadable(field, "?", None) for field in broken)


def _find(reader: PdfFileReader) -> tuple[list[Any], list[str]]:
    """Signatures and document timestamps, oldest first, and the names of fields whose signature is unreadable.

    pyHanko's own list drops kinds it does not know and stops at the first broken one; a signed file would then
    look unsigned.
    """
    from pyhanko.sign.fields import enumerate_sig_fields
    from pyhanko.sign.validation import EmbeddedPdfSignature

    found, broken = [], []
    for name, _, sig_field in enumerate_sig_fields(reader, filled_status=True):
        signature = _quiet(partial(EmbeddedPdfSignature, reader, sig_field, name))
        if signature is None:
            broken.append(name)
        else:
            found.append(signature)
    return sorted(found, key=lambda signature: signature.signed_revision), broken


def _judge(reader: PdfFileReader, signature: Any, anchors: _Anchors, archive_times: int) -> SignatureFact:
    """One signature; what cannot be examined is reported as not intact rather than dropped."""
    from pyhanko.sign.validation import SignatureCoverageLevel

    claimed = _quiet(lambda: signature.self_reported_timestamp)
    claimed = claimed.astimezone(dt.UTC) if isinstance(claimed, dt.datetime) and claimed.tzinfo else None
    certificate = _quiet(lambda: signature.signer_cert)
    signer = common_name(certificate) if certificate is not None else "?"
    status = _quiet(lambda: _validate(signature, anchors, moment=None))
    if status is None or certificate is None:
        return _unreadable(signature.field_name, signer, claimed)
    stamp = status.timestamp_validity
    stamp_at = stamp.timestamp.astimezone(dt.UTC) if stamp is not None and stamp.valid and stamp.intact else None
    proven = stamp_at if stamp is not None and stamp.trusted else None
    if proven is not None and not status.trusted:
        # The timestamp proves that the signature existed then: the chain is judged for that moment.
        status = _quiet(lambda: _validate(signature, anchors, moment=proven)) or status
    when = proven or stamp_at or claimed or dt.datetime.now(dt.UTC)
    usage = certificate.key_usage_value
    faults = [
        text
        for text, wrong in (
            ("nội dung đã ký bị thay đổi", not status.intact),
            ("chữ ký không khớp với chứng thư số", not status.valid),
            ("tệp bị sửa sau khi ký", status.docmdp_ok is False),
            (
                "chữ ký không phủ hết phiên bản tệp nó ký",
                status.coverage is SignatureCoverageLevel.UNCLEAR
                or status.coverage is SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START,
            ),
            (
                "chứng thư số không còn hoặc chưa có hiệu lực lúc ký",
                not certificate.not_valid_before <= when <= certificate.not_valid_after,
            ),
            ("chứng thư số không dùng để ký", usage is not None and not SIGNING_USAGES & usage.native),
            ("chứng thư số đã bị thu hồi", bool(status.revoked)),
            ("dấu thời gian không hợp lệ", stamp is not None and stamp_at is None),
        )
        if wrong
    ]
    valid = not faults
    root = status.validation_path.trust_anchor.authority.certificate if status.validation_path is not None else None
    trusted = valid and bool(status.trusted)
    whole = status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    tested = TEST_MARK in f"{certificate.issuer.native} {certificate.subject.native}" or (
        root is not None and root.sha256 in anchors.test
    )
    return SignatureFact(
        field_name=signature.field_name,
        signer=signer,
        intact=bool(status.intact),
        valid=valid,
        trusted=trusted,
        level=_level(reader, signature, stamp_at, archive_times),
        signed_at=claimed,
        timestamp_at=stamp_at,
        covers_whole_file=whole,
        legally_valid=trusted and not tested,
        summary=_summarize(faults, trusted=trusted, tested=tested, whole=whole, proven=proven, stamp_at=stamp_at),
    )


def _validate(signature: Any, anchors: _Anchors, *, moment: dt.datetime | None) -> Any:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints
    from pyhanko_certvalidator import ValidationContext

    def context(at: dt.datetime | None) -> ValidationContext:
        return ValidationContext(
            trust_roots=list(anchors.certificates), moment=at, allow_fetching=False, revocation_mode="soft-fail"
        )

    return validate_pdf_signature(
        signature,
        signer_validation_context=context(moment),
        ts_validation_context=context(moment),
        key_usage_settings=KeyUsageConstraints(key_usage=set(SIGNING_USAGES), match_all_key_usages=False),
    )


def _level(reader: PdfFileReader, signature: Any, stamp_at: dt.datetime | None, archive_times: int) -> str:
    """PAdES baseline level by what the file holds; older CMS signatures have none.

    A level says which evidence is there, not that it is good: that is what ``valid`` and ``trusted`` say.
    """
    if str(signature.sig_object.get("/SubFilter", "")) != "/ETSI.CAdES.detached":
        return "unknown"
    if stamp_at is None and not archive_times:
        return "B-B"
    store = _quiet(lambda: reader.root["/DSS"])
    if not store or not any(store.get(key) for key in ("/OCSPs", "/CRLs")):
        return "B-T"
    return "B-LTA" if archive_times else "B-LT"


def _summarize(
    faults: list[str],
    *,
    trusted: bool,
    tested: bool,
    whole: bool,
    proven: dt.datetime | None,
    stamp_at: dt.datetime | None,
) -> str:
    """Vietnamese, for people: the verdict and what stands behind it."""
    if faults:
        verdict = "Chữ ký không hợp lệ: " + ", ".join(faults)
    elif tested:
        verdict = "Chữ ký thử nghiệm, không có giá trị pháp lý"
    elif trusted:
        verdict = "Chữ ký hợp lệ, chứng thư số được tin cậy"
    else:
        verdict = "Chữ ký nguyên vẹn; chứng thư số chưa nằm trong danh sách tin cậy"
    if proven:
        time = "có dấu thời gian"
    elif stamp_at:
        time = "có dấu thời gian chưa được tin cậy"
    else:
        time = "thời gian do người ký tự khai"
    return f"{verdict}; {time}" + ("" if whole else "; tệp được bổ sung sau chữ ký này")


def _unreadable(field_name: str, signer: str, claimed: dt.datetime | None) -> SignatureFact:
    return SignatureFact(
        field_name=field_name,
        signer=signer,
        intact=False,
        valid=False,
        trusted=False,
        level="unknown",
        signed_at=claimed,
        timestamp_at=None,
        covers_whole_file=False,
        legally_valid=False,
        summary="Chữ ký không kiểm tra được: dữ liệu chữ ký hỏng hoặc thuộc loại không hỗ trợ",
    )


def _quiet(read: Any) -> Any:
    """What ``read`` gives, ``None`` when the file makes it fail; the kind of failure goes to the debug log."""
    try:
        return read()
    except Exception as fault:
        _log.debug("part of a signature could not be examined: %s", type(fault).__name__)
        return None


def _read_anchors(trust: TrustSettings) -> _Anchors:
    from asn1crypto import pem, x509

    # a test CA is made when it first signs; before that there is nothing of it to trust
    root = None if trust.test_ca is None else ThrowawayPki(trust.test_ca).root
    test = (root,) if root is not None and root.exists() else ()
    certificates: dict[Path, list[Certificate]] = {}
    for file in (*trust.roots, *test):
        try:
            data = file.read_bytes()
            blocks = [der for _, _, der in pem.unarmor(data, multiple=True)] if pem.detect(data) else [data]
            certificates[file] = [x509.Certificate.load(der, strict=True) for der in blocks]
        except (OSError, ValueError, TypeError):
            raise SettingsError(
                "trust roots", f"{file} is not a readable PEM or DER certificate; correct it"
            ) from None
    return _Anchors(
        certificates=tuple(certificate for found in certificates.values() for certificate in found),
        test=frozenset(certificate.sha256 for file in test for certificate in certificates[file]),
    )

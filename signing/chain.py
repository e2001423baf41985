"""Does a certificate lead to a trust anchor, and was it taken back: at a given moment, from given evidence."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from signing.anchors import Anchors
from signing.fetch import Revocation

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

TIMESTAMPING = "time_stamping"
_STRICT, _TOLERANT = "require", "soft-fail"
_CENTURY = dt.timedelta(days=36500)


class RevocationState(StrEnum):
    """What is known about a chain being taken back."""

    GOOD = "good"
    REVOKED = "revoked"
    REVOKED_LATER = "revoked_later"
    """Taken back, but after the moment that counts."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Chain:
    """A certificate judged.

    Attributes:
        trusted: It leads to an anchor and nothing is known against it at the moment that counts.
        path: Anchor first, the certificate last; only the certificate when no path was found.
        revoked_at: When it (or an authority above it) was taken back.
        until: When the first certificate of ``path`` ends.
        problem: Why it is not trusted, Vietnamese; empty when it is.
    """

    trusted: bool
    path: tuple[Certificate, ...]
    state: RevocationState
    until: dt.datetime
    revoked_at: dt.datetime | None = None
    problem: str = ""
    of_test_ca: bool = False


def judge_chain(
    certificate: Certificate,
    others: Iterable[Certificate],
    anchors: Anchors,
    revocation: Revocation,
    *,
    horizon: dt.datetime,
    proven: dt.datetime | None = None,
    usage: str | None = None,
) -> Chain:
    """Judge ``certificate`` for what it did at ``proven``.

    Evidence is looked at as of ``horizon`` (now, or the moment a later timestamp sealed it): answers collected
    after the act speak of it, too. Only what then fails – a certificate that ended or was taken back meanwhile – is
    judged again for ``proven``, the moment at which the act is proven to have been done.

    Args:
        proven: ``None`` when no time is proven; then ``horizon`` counts alone.
        usage: Extended key usage the certificate must have.
    """
    others = tuple(others)
    late = _judge(certificate, others, anchors, revocation, horizon, usage)
    if proven is None or proven >= horizon or (late.trusted and late.state is RevocationState.GOOD):
        return late
    early = _judge(certificate, others, anchors, revocation, proven, usage)
    if late.state is RevocationState.REVOKED and early.trusted:
        return replace(early, state=RevocationState.REVOKED_LATER, revoked_at=late.revoked_at)
    if early.state is RevocationState.REVOKED or not late.trusted:
        return early
    return replace(late, state=early.state if early.trusted else late.state)


def _judge(
    certificate: Certificate,
    others: tuple[Certificate, ...],
    anchors: Anchors,
    revocation: Revocation,
    moment: dt.datetime,
    usage: str | None,
) -> Chain:
    from pyhanko_certvalidator.errors import InsufficientRevinfoError

    state = RevocationState.UNKNOWN
    try:
        path = None
        for mode, known, old in _ways(revocation):
            try:
                path = _validate(certificate, others, anchors, known, moment, usage, mode=mode, old=old)
            except InsufficientRevinfoError:
                continue
            state = RevocationState.GOOD if mode == _STRICT else state
            break
    except Exception as fault:
        # The certificates are the file's: what is wrong with them can surface as any error of the reader.
        return _refused(certificate, fault)
    if path is None:
        return _refused(certificate, None)
    found = tuple(path)
    return Chain(
        trusted=True,
        path=found,
        state=state,
        until=min(one.not_valid_after for one in found),
        of_test_ca=found[0].sha256 in anchors.test,
    )


def _ways(revocation: Revocation) -> Iterable[tuple[str, Revocation, bool]]:
    """How to look at the evidence, the strictest first: mode, evidence, whether old answers count.

    Answers that are fresh prove that nothing was taken back; old ones can only still say that something was.
    """
    if revocation:
        yield _STRICT, revocation, False
        yield _TOLERANT, revocation, True
    yield _TOLERANT, Revocation(), False


def _validate(
    certificate: Certificate,
    others: tuple[Certificate, ...],
    anchors: Anchors,
    revocation: Revocation,
    moment: dt.datetime,
    usage: str | None,
    *,
    mode: str,
    old: bool,
) -> Iterable[Certificate]:
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.policy_decl import CertRevTrustPolicy, FreshnessReqType, RevocationCheckingPolicy

    rule = RevocationCheckingPolicy.from_legacy(mode)
    if old:
        policy = CertRevTrustPolicy(rule, _CENTURY, FreshnessReqType.MAX_DIFF_REVOCATION_VALIDATION)
    else:
        # An answer given after the moment says whether the certificate was good then.
        policy = CertRevTrustPolicy(rule, retroactive_revinfo=True)
    context = ValidationContext(
        trust_roots=list(anchors.roots),
        other_certs=anchors.helpers,
        moment=moment,
        allow_fetching=False,
        ocsps=revocation.ocsps,
        crls=revocation.crls,
        revinfo_policy=policy,
    )
    validator = CertificateValidator(certificate, intermediate_certs=others, validation_context=context)
    asked: Any = validator.async_validate_usage
    found: Iterable[Certificate] = asyncio.run(asked(set(), extended_key_usage={usage} if usage else None))
    return found


def _refused(certificate: Certificate, fault: Exception | None) -> Chain:
    from pyhanko_certvalidator import errors

    state, revoked_at = RevocationState.UNKNOWN, None
    if isinstance(fault, errors.RevokedError):
        state, revoked_at = RevocationState.REVOKED, fault.revocation_dt
        problem = f"chứng thư số đã bị thu hồi ngày {fault.revocation_dt:%d/%m/%Y}"
    elif isinstance(fault, errors.ExpiredError):
        problem = "chứng thư số đã hết hạn"
    elif isinstance(fault, errors.NotYetValidError):
        problem = "chứng thư số chưa có hiệu lực"
    elif isinstance(fault, errors.DisallowedAlgorithmError):
        problem = "chuỗi chứng thư dùng thuật toán yếu"
    elif isinstance(fault, errors.InvalidCertificateError):
        problem = "chứng thư số không dùng cho việc này"
    else:
        problem = "chuỗi chứng thư không dẫn tới gốc tin cậy"
    return Chain(False, (certificate,), state, certificate.not_valid_after, revoked_at, problem)

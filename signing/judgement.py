"""One signature judged: what holds, when it was made, which level its evidence reaches and until when that lasts."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from manifests.documents import SignatureFact
from signing.anchors import Anchors
from signing.chain import TIMESTAMPING, Chain, RevocationState, judge_chain
from signing.changes import Change, Revision, after, gap_is_the_signature
from signing.containers import WEAK_DIGESTS, Seal, check_document_timestamp, check_signature, signature_timestamps
from signing.errors import RevocationUnavailableError
from signing.evidence import Store, archived, named, read_store
from signing.fetch import Revocation, RevocationSource
from signing.keys import SIGNING_USAGES, common_name
from signing.summary import summarize, tell_time
from signing.throwaway_pki import TEST_MARK

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

T = TypeVar("T")
_log = logging.getLogger(__name__)
_PADES = "/ETSI.CAdES.detached"
BROKEN = "Chữ ký không kiểm tra được: dữ liệu chữ ký hỏng hoặc thuộc loại không hỗ trợ"
HIDDEN = "Tệp có dấu vết chữ ký số nhưng tài liệu đang hiển thị không chứa chữ ký nào: tệp đã bị thay nội dung"


@dataclass(frozen=True, slots=True)
class ArchiveTimestamp:
    """A timestamp over the whole file as it then was.

    Attributes:
        revision: Index of the revision that holds it; the first is 0.
        authority: Common name of who gave it.
        until: When the first certificate of its chain ends.
    """

    field_name: str
    revision: int
    authority: str
    at: dt.datetime
    intact: bool
    trusted: bool
    until: dt.datetime
    digest: str


@dataclass(frozen=True, slots=True)
class Case:
    """What every signature of a file is judged with.

    Attributes:
        now: The moment of the verdict.
        source: Whom to ask about certificates; ``None``: nobody.
        stamps: Archive timestamps judged so far, newest first.
    """

    reader: Any
    anchors: Anchors
    store: Store
    revisions: tuple[Revision, ...]
    now: dt.datetime
    source: RevocationSource | None = None
    stamps: list[ArchiveTimestamp] = field(default_factory=list)

    def over(self, revision: int) -> list[ArchiveTimestamp]:
        """Timestamps that hold and cover ``revision``, newest first."""
        return [stamp for stamp in self.stamps if stamp.revision > revision and stamp.trusted]

    def horizon(self, revision: int) -> dt.datetime:
        """Until when what ``revision`` holds has to be proven: from then on a timestamp vouches for it."""
        return min((stamp.at for stamp in self.over(revision)), default=self.now)


def judge_archive_timestamp(signature: Any, case: Case) -> ArchiveTimestamp:
    """Judge a ``/DocTimeStamp``; those over it have been judged before.

    Raises:
        Exception: It cannot be examined.
    """
    seal, at = check_document_timestamp(signature)
    horizon = case.horizon(signature.signed_revision)
    chain = _chain(seal, case, signature, horizon, usage=TIMESTAMPING)
    intact = seal.intact and not _leaves_gaps(signature)
    return ArchiveTimestamp(
        field_name=str(signature.field_name),
        revision=signature.signed_revision,
        authority=common_name(seal.certificate),
        at=at,
        intact=intact,
        trusted=intact and chain.trusted and seal.digest not in WEAK_DIGESTS and _not_after(at, horizon),
        until=chain.until,
        digest=seal.digest,
    )


def chains_of(signature: Any, case: Case) -> tuple[Chain, ...]:
    """The chains that have to be proven for ``signature``: the signer's, and that of its timestamp.

    Raises:
        Exception: It cannot be examined.
    """
    horizon = case.horizon(signature.signed_revision)
    if signature.sig_object_type == "/DocTimeStamp":
        seal, _ = check_document_timestamp(signature)
        return (_chain(seal, case, signature, horizon, usage=TIMESTAMPING),)
    stamp_at, stamp_chain = _best_stamp(signature_timestamps(signature), case, signature, horizon)
    over = case.over(signature.signed_revision)
    proven = stamp_at if stamp_chain is not None and stamp_chain.trusted else horizon if over else None
    chain = _chain(check_signature(signature), case, signature, horizon, proven)
    return (chain,) if stamp_chain is None else (chain, stamp_chain)


def judge_signature(signature: Any, case: Case) -> SignatureFact:
    """Judge one signature; what cannot be examined is reported as not intact rather than dropped."""
    claimed = quiet(lambda: signature.self_reported_timestamp)
    claimed = claimed.astimezone(dt.UTC) if isinstance(claimed, dt.datetime) and claimed.tzinfo else None
    certificate = quiet(lambda: signature.signer_cert)
    signer = common_name(certificate) if certificate is not None else "?"
    seal = quiet(lambda: check_signature(signature))
    tokens = quiet(lambda: signature_timestamps(signature))
    modified = quiet(lambda: _modified(signature))
    if seal is None or tokens is None or modified is None or certificate is None:
        return unreadable(str(signature.field_name), signer, claimed, BROKEN)
    horizon, archive = case.horizon(signature.signed_revision), case.over(signature.signed_revision)
    stamp_at, stamp_chain = _best_stamp(tokens, case, signature, horizon)
    proven = stamp_at if stamp_chain is not None and stamp_chain.trusted else None
    if proven is None and archive:
        proven = horizon
    chain = _chain(seal, case, signature, horizon, proven)
    changes = after(case.revisions, signature)
    moment = proven or stamp_at or claimed or case.now
    faults = _faults(
        certificate, seal, chain, changes, moment, modified=modified, unread=bool(tokens) and stamp_at is None
    )
    if _leaves_gaps(signature):
        faults.append("chữ ký không phủ hết phiên bản tệp nó ký")
    valid, weak = not faults, seal.digest in WEAK_DIGESTS
    trusted = valid and chain.trusted and not weak
    tested = TEST_MARK in f"{certificate.issuer.native} {certificate.subject.native}" or chain.of_test_ca
    reach = _reach(signature, case, chain, stamp_chain)
    until, ends_with = _evidence_until(reach, chain, stamp_chain if stamp_at == proven else None, archive)
    return SignatureFact(
        field_name=str(signature.field_name),
        signer=signer,
        intact=seal.intact,
        valid=valid,
        trusted=trusted,
        # Older CMS signatures have no level of PAdES, whatever lies beside them.
        level=reach if str(signature.sig_object.get("/SubFilter", "")) == _PADES else "unknown",
        signed_at=claimed,
        timestamp_at=stamp_at,
        covers_whole_file=not changes and _is_last(signature),
        legally_valid=trusted and not tested,
        summary=summarize(faults, chain, changes, trusted=trusted, tested=tested, weak=seal.digest if weak else "")
        + tell_time(proven, stamp_at, by_archive=proven is not None and proven != stamp_at),
        time_source=_time_source(proven, stamp_at, claimed),
        revocation=str(chain.state),
        evidence_until=until if valid else None,
        evidence_ends_with=ends_with if valid else "",
        changes=changes,
    )


def unreadable(field_name: str, signer: str, claimed: dt.datetime | None, summary: str) -> SignatureFact:
    """The verdict on what is no signature any more."""
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
        summary=summary,
    )


def quiet(read: Callable[[], T]) -> T | None:
    """What ``read`` gives, ``None`` when the file makes it fail; the kind of failure goes to the debug log."""
    try:
        return read()
    except Exception as fault:
        _log.debug("part of a signature could not be examined: %s", type(fault).__name__)
        return None


def _chain(
    seal: Seal,
    case: Case,
    signature: Any,
    horizon: dt.datetime,
    proven: dt.datetime | None = None,
    usage: str | None = None,
) -> Chain:
    known = case.store.revocation + archived(signature.signer_info) + case.anchors.revocation
    others = (*seal.others, *case.store.certificates)

    def judge(revocation: Revocation) -> Chain:
        return judge_chain(
            seal.certificate, others, case.anchors, revocation, horizon=horizon, proven=proven, usage=usage
        )

    chain = judge(known)
    if case.source is None or not chain.trusted or chain.state is RevocationState.GOOD:
        return chain
    for issuer, certificate in zip(chain.path, chain.path[1:], strict=False):
        try:
            known += case.source.fetch(certificate, issuer)
        except RevocationUnavailableError as fault:
            _log.info("no revocation status: %s", fault.detail)
    return judge(known)


def _best_stamp(
    tokens: Sequence[tuple[Seal, dt.datetime]], case: Case, signature: Any, horizon: dt.datetime
) -> tuple[dt.datetime | None, Chain | None]:
    """Time and chain of the first token that can be trusted, else of the first that holds by itself."""
    first: tuple[dt.datetime | None, Chain | None] = (None, None)
    for token, at in tokens:
        if not token.intact or token.digest in WEAK_DIGESTS:
            continue
        chain = _chain(token, case, signature, horizon, usage=TIMESTAMPING)
        if chain.trusted and _not_after(at, horizon):
            return at, chain
        first = first if first[0] is not None else (at, chain)
    return first


def _modified(signature: Any) -> bool:
    """Whether what was added later goes beyond what the signature allows (DocMDP, FieldMDP included)."""
    signature.compute_integrity_info()
    return signature.summarise_integrity_info()["docmdp_ok"] is False


def _leaves_gaps(signature: Any) -> bool:
    """Whether the signature leaves out more of its revision than its own value."""
    from pyhanko.sign.validation import SignatureCoverageLevel

    coverage = quiet(signature.evaluate_signature_coverage)
    whole = coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)
    return not whole or not gap_is_the_signature(signature)


def _is_last(signature: Any) -> bool:
    from pyhanko.sign.validation import SignatureCoverageLevel

    return signature.coverage is SignatureCoverageLevel.ENTIRE_FILE


def _not_after(moment: dt.datetime, limit: dt.datetime) -> bool:
    """With a minute for clocks that differ."""
    return moment <= limit + dt.timedelta(minutes=1)


def _faults(
    certificate: Certificate,
    seal: Seal,
    chain: Chain,
    changes: Sequence[str],
    moment: dt.datetime,
    *,
    modified: bool,
    unread: bool,
) -> list[str]:
    usage = certificate.key_usage_value
    revoked = f"chứng thư số đã bị thu hồi ngày {chain.revoked_at:%d/%m/%Y}" if chain.revoked_at else ""
    return [
        text
        for text, wrong in (
            ("nội dung đã ký bị thay đổi", not seal.digest_holds),
            ("chữ ký không khớp với chứng thư số", not seal.signature_holds),
            ("tệp bị sửa sau khi ký", modified or Change.SUSPICIOUS in changes),
            ("tệp bị nối thêm dữ liệu sau khi ký", Change.LOOSE_BYTES in changes),
            (
                "chứng thư số không còn hoặc chưa có hiệu lực lúc ký",
                not certificate.not_valid_before <= moment <= certificate.not_valid_after,
            ),
            ("chứng thư số không dùng để ký", usage is not None and not SIGNING_USAGES & usage.native),
            (revoked, chain.state is RevocationState.REVOKED),
            ("dấu thời gian không hợp lệ", unread),
        )
        if wrong
    ]


def _reach(signature: Any, case: Case, chain: Chain, stamp_chain: Chain | None) -> str:
    """PAdES baseline level (ETSI EN 319 142-1 §6) by what the file holds.

    A level says which evidence is there, not that it is good: that is what ``valid`` and ``trusted`` say.
    """
    over = [stamp for stamp in case.stamps if stamp.revision > signature.signed_revision and stamp.intact]
    if stamp_chain is None and not over:
        return "B-B"
    path = (*chain.path, *(stamp_chain.path if stamp_chain else ()))
    if not _proves(case.store, path):
        return "B-T"
    for stamp in over:
        sealed = quiet(partial(_store_at, case.reader, stamp.revision))
        if sealed is not None and _proves(sealed, path):
            return "B-LTA"
    return "B-LT"


def _store_at(reader: Any, revision: int) -> Store:
    return read_store(reader.get_historical_resolver(revision).root)


def _proves(store: Store, path: Sequence[Certificate]) -> bool:
    """Whether ``store`` has an answer about every certificate of ``path`` that names somebody to ask."""
    asked = named(path)
    return all(map(store.speaks_of, asked)) if asked else path[-1] in store.certificates


def _evidence_until(
    level: str, chain: Chain, stamp: Chain | None, archive: Sequence[ArchiveTimestamp]
) -> tuple[dt.datetime, str]:
    """When the first thing ends that the proof rests on.

    A timestamp proves the moment of signing for as long as its own certificate can be checked; with validation data
    beside it the signer's certificate may end, without them its status cannot be learned any more then.
    """
    ends = [(chain.until, "signer_certificate")]
    if archive:
        times = [(archive[0].until, "archive_timestamp_certificate")]
        ends = times if level == "B-LTA" else ends + times
    elif stamp is not None and stamp.trusted:
        times = [(stamp.until, "timestamp_certificate")]
        ends = times if level in ("B-LT", "B-LTA") else ends + times
    return min(ends)


def _time_source(proven: dt.datetime | None, stamp_at: dt.datetime | None, claimed: dt.datetime | None) -> str:
    if proven is not None:
        return "timestamp" if proven == stamp_at else "archive_timestamp"
    if stamp_at is not None:
        return "untrusted_timestamp"
    return "claimed" if claimed is not None else ""

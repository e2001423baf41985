"""PAdES levels: what a signature needs to be proven without asking anybody, and for long.

B-B is the signature; B-T a timestamp in it; B-LT the certificates and revocation answers to check it beside it in the
file; B-LTA a timestamp over all of that (ETSI EN 319 142-1 §6). What is added is always an incremental update.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signing.anchors import Anchors, read_anchors
from signing.chain import Chain, RevocationState
from signing.errors import ExtensionRefusedError, RevocationUnavailableError, SigningError
from signing.evidence import Store, named
from signing.fetch import Revocation, RevocationSource
from signing.journal import FORGETFUL, Journal
from signing.judgement import Case, chains_of
from signing.keys import common_name
from signing.settings import TrustSettings
from signing.stamping import keep_draft, recall_draft
from signing.verify import find_signatures, is_archive_timestamp, open_case

if TYPE_CHECKING:
    from asn1crypto.x509 import Certificate

_UNKNOWN = RevocationState.UNKNOWN
_DIGEST = "sha256"
_NOTE_LENGTH = 32
_ROOM = 32 * 1024
"""Hex digits kept free for an archive timestamp; see ``signing.sign``."""


class Level(StrEnum):
    """PAdES baseline levels, in their order."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    @property
    def timestamped(self) -> bool:
        return self is not Level.B_B

    @property
    def proven(self) -> bool:
        """Whether it needs validation data in the file."""
        return self in (Level.B_LT, Level.B_LTA)

    def reached_by(self, level: str) -> bool:
        """Whether ``level``, as a verdict tells it, is this one or above."""
        order = [str(one) for one in Level]
        return level in order and order.index(level) >= order.index(self)


@dataclass(frozen=True, slots=True)
class _Proof:
    """What has to be added for one signature or archive timestamp."""

    signature: Any
    certificates: tuple[Certificate, ...]
    revocation: Revocation


def add_evidence(
    source: Path,
    draft: Path,
    *,
    level: Level,
    trust: TrustSettings,
    revocation: RevocationSource,
    timestamper: Any,
    journal: Journal = FORGETFUL,
) -> None:
    """Write into the new file ``draft`` what ``source`` is, and behind it what proves its signatures.

    One incremental update: what is missing of the certificates and revocation answers, and for B-LTA a timestamp
    over all. What ``journal`` kept of the same work on the very same bytes is used instead of a second timestamp.

    Args:
        source: A signed PDF whose signatures hold.
        revocation: Whom to ask about the certificates.

    Raises:
        ExtensionRefusedError: A signer's chain does not hold, or the file cannot be added to.
        RevocationUnavailableError: An authority did not answer.
        TsaUnavailableError: No timestamp was to be had.
    """
    with source.open("rb") as stream:
        name = f"{hashlib.file_digest(stream, _DIGEST).hexdigest()[:_NOTE_LENGTH]}-{level}.evidence"
    with journal.alone(name):
        if recall_draft(journal, name, source, draft):
            return
        anchors = read_anchors(trust)
        shutil.copyfile(source, draft)
        try:
            with draft.open("r+b") as stream:
                _append(stream, source.name, anchors, revocation, timestamper if level is Level.B_LTA else None)
        except (SigningError, OSError):
            raise
        except Exception as fault:
            # pyHanko meets broken files with errors of many kinds; for the caller they are one.
            raise ExtensionRefusedError(source.name, f"{type(fault).__name__}: {fault}") from fault
        keep_draft(journal, name, source, draft)


def _append(stream: Any, name: str, anchors: Anchors, source: RevocationSource, timestamper: Any) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.signers import PdfTimeStamper

    reader = PdfFileReader(stream, strict=False)
    found, _ = find_signatures(reader, name)
    case = open_case(reader, found, name, anchors, dt.datetime.now(dt.UTC), None)
    proofs = _prove(found, case, name, source)
    # A reader of its own: pyHanko forgets the PDF/A mark in the metadata when they were looked at before.
    writer: Any = IncrementalPdfFileWriter(stream, strict=False)
    for proof in proofs:
        _store(writer, proof)
    if timestamper is not None:
        stamper = PdfTimeStamper(timestamper, field_name=f"Timestamp-{secrets.token_hex(4)}")
        stamper.timestamp_pdf(writer, _DIGEST, bytes_reserved=_ROOM, in_place=True)
    elif proofs:
        writer.write_in_place()


def _prove(found: Sequence[Any], case: Case, name: str, source: RevocationSource) -> list[_Proof]:
    """What the file lacks, signature by signature; of archive timestamps only the newest still needs proof."""
    newest = max((one.signed_revision for one in found if is_archive_timestamp(one)), default=-1)
    proofs = []
    for signature in found:
        if is_archive_timestamp(signature) and signature.signed_revision < newest:
            continue
        certificates: list[Certificate] = []
        revocation = Revocation()
        for chain in chains_of(signature, case):
            if not chain.trusted:
                raise ExtensionRefusedError(name, f"{common_name(chain.path[-1])}: {chain.problem}")
            missing = named(chain.path)
            if missing and chain.state is not _UNKNOWN and all(map(case.store.speaks_of, missing)):
                continue
            if not missing and chain.path[-1] in case.store.certificates:
                continue
            certificates += chain.path
            revocation += _ask(chain, missing, source)
        if certificates:
            proofs.append(_Proof(signature, tuple(certificates), revocation))
    _check(found, case, proofs)
    return proofs


def _ask(chain: Chain, missing: Iterable[Certificate], source: RevocationSource) -> Revocation:
    revocation = Revocation()
    wanted = {one.sha256 for one in missing}
    for issuer, certificate in zip(chain.path, chain.path[1:], strict=False):
        if certificate.sha256 in wanted:
            revocation += source.fetch(certificate, issuer)
    return revocation


def _check(found: Sequence[Any], case: Case, proofs: Sequence[_Proof]) -> None:
    """See that what was fetched proves what it was fetched for.

    Raises:
        RevocationUnavailableError: It does not.
        ExtensionRefusedError: It says that a certificate was taken back before it signed.
    """
    if not proofs:
        return
    revocation = case.store.revocation
    for proof in proofs:
        revocation += proof.revocation
    complete = Store(case.store.certificates, revocation)
    judged = Case(case.reader, case.anchors, complete, case.revisions, case.now, None, case.stamps)
    for proof in proofs:
        for chain in chains_of(proof.signature, judged):
            subject = common_name(chain.path[-1])
            if chain.state is RevocationState.REVOKED:
                raise ExtensionRefusedError(subject, chain.problem)
            if named(chain.path) and (not chain.trusted or chain.state is _UNKNOWN):
                raise RevocationUnavailableError(subject, "what was answered does not hold")


def _store(writer: Any, proof: _Proof) -> None:
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    start, end = int(proof.signature.byte_range[1]), int(proof.signature.byte_range[2])
    stream = proof.signature.reader.stream
    stream.seek(start + 1)
    DocumentSecurityStore.supply_dss_in_writer(
        writer,
        # The entry is named after the digits as they stand in the file.
        stream.read(end - start - 2),
        certs=dict.fromkeys(proof.certificates),
        ocsps=proof.revocation.ocsps,
        crls=proof.revocation.crls,
    )

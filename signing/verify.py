"""The verdict on the signatures of a PDF: intact, valid and trusted told apart.

The file may come from anywhere and be broken on purpose; whatever the reader below it does, the caller gets facts
or a ``VerificationError``. Nothing is fetched from the network unless the caller hands over a source to ask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.documents import SignatureFact
from signing.anchors import Anchors, read_anchors
from signing.changes import EVIDENCE, Revision, list_changes, mentions_a_signature
from signing.errors import EncryptedPdfError, VerificationError
from signing.evidence import read_store
from signing.fetch import RevocationSource
from signing.judgement import (
    BROKEN,
    HIDDEN,
    ArchiveTimestamp,
    Case,
    judge_archive_timestamp,
    judge_signature,
    quiet,
    unreadable,
)
from signing.settings import TrustSettings

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_MOST_SIGNATURES = 50
_MOST_PAGES = 20_000


@dataclass(frozen=True, slots=True)
class Examination:
    """All that is told of one file: signatures and timestamps over it, oldest first, and what was added when.

    Attributes:
        validation_items: Certificates, OCSP answers and revocation lists the file carries.
    """

    signatures: tuple[SignatureFact, ...]
    archive_timestamps: tuple[ArchiveTimestamp, ...] = ()
    revisions: tuple[Revision, ...] = ()
    validation_items: int = 0


def verify_pdf(path: Path, *, trust: TrustSettings) -> tuple[SignatureFact, ...]:
    """Judge every signature of ``path``, oldest first; an unsigned file has none.

    ``intact``: the signed bytes are unchanged, and the signature over them is the certificate's. ``valid``: besides,
    the certificate was in force, meant for signing and not taken back at the best known time, and nothing added
    later changes the document. ``trusted``: besides, its chain ends in one of ``trust.roots`` (or the test CA). The
    best known time is the timestamp's when that is trusted; a time the signer only claims counts for ``valid``,
    never for ``trusted``.

    Raises:
        EncryptedPdfError: The file needs a password.
        VerificationError: Not a readable PDF.
        SettingsError: A trust root cannot be read.
    """
    return examine_pdf(path, trust=trust).signatures


def examine_pdf(
    path: Path, *, trust: TrustSettings, source: RevocationSource | None = None, at: dt.datetime | None = None
) -> Examination:
    """As ``verify_pdf``, with everything there is to say about the file.

    Args:
        source: Whom to ask about certificates that lead to an anchor; ``None``: only what the file and the trust
            folder hold counts.
        at: The moment of the verdict; now when ``None``.

    Raises:
        EncryptedPdfError, VerificationError, SettingsError: As ``verify_pdf``.
    """
    anchors = read_anchors(trust)
    try:
        with path.open("rb") as stream:
            return _examine(stream, path.name, anchors, source, at or dt.datetime.now(dt.UTC))
    except VerificationError:
        raise
    except Exception as fault:
        # A hostile file can make the reader fail in any way (recursion, type, arithmetic); all mean "unreadable".
        raise VerificationError(path.name, f"{type(fault).__name__}: {fault}") from fault


def counts_as_signed(facts: Sequence[SignatureFact]) -> tuple[bool, str]:
    """Whether a file with ``facts`` stands on its own signatures, and why not (Vietnamese, empty when it does).

    It does when every signature is intact and valid, the last one is trusted at its time, and nothing but evidence
    (validation data, archive timestamps) was added after that.
    """
    if not facts:
        return False, "tệp không có chữ ký số"
    for fact in facts:
        if not (fact.intact and fact.valid):
            return False, f"chữ ký của {fact.signer}: {fact.summary}"
    last = facts[-1]
    if not last.trusted:
        return False, f"chữ ký của {last.signer} chưa dẫn tới gốc tin cậy"
    if set(last.changes) - EVIDENCE or not (last.covers_whole_file or last.changes):
        return False, "tệp có phần thêm sau chữ ký cuối cùng mà không được ký"
    return True, ""


def _examine(
    stream: Any, name: str, anchors: Anchors, source: RevocationSource | None, now: dt.datetime
) -> Examination:
    from pyhanko.pdf_utils.reader import PdfFileReader

    reader = PdfFileReader(stream, strict=False)
    if reader.encrypted:
        _open_without_password(reader, name)
    found, broken = find_signatures(reader, name)
    if not found and not broken:
        hidden = mentions_a_signature(stream)
        return Examination((unreadable("?", "?", None, HIDDEN),) if hidden else ())
    case = open_case(reader, found, name, anchors, now, source)
    judged = {stamp.revision for stamp in case.stamps}
    broken += [
        str(one.field_name) for one in found if is_archive_timestamp(one) and one.signed_revision not in judged
    ]
    facts = tuple(judge_signature(signature, case) for signature in found if not is_archive_timestamp(signature))
    facts += tuple(unreadable(field_name, "?", None, BROKEN) for field_name in broken)
    return Examination(facts, tuple(reversed(case.stamps)), case.revisions, len(case.store))


def _open_without_password(reader: PdfFileReader, name: str) -> None:
    """Decrypt a file that every viewer opens: its password keeps only its owner's rights.

    Raises:
        EncryptedPdfError: It needs a password.
        VerificationError: It carries an integrity code (ISO 32004) that its bytes do not match.
    """
    from pyhanko.pdf_utils.crypt import AuthStatus

    opened: Any = quiet(lambda: reader.decrypt(""))  # nothing: encrypted for certificates, or in no known way
    if opened is None or opened.status is AuthStatus.FAILED:
        if opened is not None and opened.mac_failure_reason:
            raise VerificationError(name, f"it was changed after it was encrypted: {opened.mac_failure_reason}")
        raise EncryptedPdfError(name, "it is encrypted and needs a password")


def open_case(
    reader: PdfFileReader,
    found: Sequence[Any],
    name: str,
    anchors: Anchors,
    now: dt.datetime,
    source: RevocationSource | None,
) -> Case:
    """What the signatures ``found`` in a file are judged with; its archive timestamps are judged already."""
    case = Case(reader, anchors, read_store(reader.root), list_changes(reader, found, name), now, source)
    for signature in reversed(found):
        judged = quiet(partial(judge_archive_timestamp, signature, case)) if is_archive_timestamp(signature) else None
        if judged is not None:
            case.stamps.append(judged)
    return case


def is_archive_timestamp(signature: Any) -> bool:
    return bool(signature.sig_object_type == "/DocTimeStamp")


def find_signatures(reader: PdfFileReader, name: str) -> tuple[list[Any], list[str]]:
    """Signatures and document timestamps, oldest first, and the names of fields whose signature is unreadable.

    pyHanko's own list drops kinds it does not know and stops at the first broken one; a signed file would then
    look unsigned. A signature that only a page still shows counts, too: somebody took it out of the form.
    """
    from pyhanko.sign.validation import EmbeddedPdfSignature

    found, broken = [], []
    for field_name, sig_field in _signed_fields(reader):
        signature = quiet(partial(EmbeddedPdfSignature, reader, sig_field, field_name))
        if signature is None:
            broken.append(field_name)
        else:
            found.append(signature)
        if len(found) + len(broken) > _MOST_SIGNATURES:
            raise VerificationError(name, f"it has more than {_MOST_SIGNATURES} signatures")
    return sorted(found, key=lambda signature: signature.signed_revision), broken


def _signed_fields(reader: PdfFileReader) -> Iterator[tuple[str, Any]]:
    from pyhanko.sign.fields import enumerate_sig_fields

    seen = set()
    for field_name, _, sig_field in enumerate_sig_fields(reader, filled_status=True):
        seen.add(str(sig_field))
        yield field_name, sig_field
    for annotation in quiet(lambda: list(_annotations(reader.root["/Pages"], _MOST_PAGES))) or ():
        title = None if str(annotation) in seen else quiet(partial(_signature_title, annotation))
        if title is not None:
            yield title, annotation


def _signature_title(annotation: Any) -> str | None:
    """Name of a signature's widget; ``None`` for anything else on a page."""
    widget = annotation.get_object()
    return str(widget.get("/T", "?")) if widget.get("/FT") == "/Sig" and "/V" in widget else None


def _annotations(node: Any, most: int) -> Iterator[Any]:
    """References to the annotations below a node of the page tree, of at most ``most`` nodes."""
    waiting = [node]
    while waiting and most:
        most -= 1
        current = waiting.pop().get_object()
        waiting += current.get("/Kids", ())
        yield from current.get("/Annots", ())

"""Signing one PDF as a legal profile says: PAdES with SHA-256, a timestamp, and the profile's text on page 1.

The input is a finished PDF/A of our own or an already signed one; a scan never comes here. What is written is an
incremental update: the bytes that were there stay as they were.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from signing.errors import SigningError, UnsignableError
from signing.keys import Signer
from signing.profile_rules import LegalProfile, MarkPlace, SignerKind
from signing.visible import SigningDetails as SigningDetails
from signing.visible import Wording, mark_wording, place_mark, place_signature, read_frame, signature_wording

# Hex digits kept free for the CMS container: the practice of state software. A fixed room saves the extra timestamp
# that pyHanko would ask for only to measure it, which costs up to 131 s at the state TSA.
_ROOM = 32 * 1024
# These say that this machine cannot write, not that the document is bad.
_OUR_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EMFILE, errno.ENOENT, errno.EIO})


def sign_pdf(
    source: Path,
    target: Path,
    *,
    profile: LegalProfile,
    signer: Signer,
    timestamper: Any,
    details: SigningDetails,
    role: SignerKind | None = None,
) -> float:
    """Sign ``source`` into the new file ``target``, in the ``role`` of one of the profile's signers (the first).

    PAdES B-T (ETSI.CAdES.detached, SHA-256); B-B when ``timestamper`` is ``None``. The file appears under its
    name only when it is complete; ``signing.verify`` gives the verdict.
    The conversion mark comes with the profile's first signature: on the page where the profile wants it there,
    unless the file carries a signature already, whose page may not change; then it stands in the new block.

    Returns:
        Square mm of page 1's content under what was drawn: 0.0 unless the page has no room left.

    Raises:
        UnsignedProfileError, ProfileError: The profile is unsigned, or the details lack what it asks for.
        CertificateExpiredError: The certificate ran out since the key was opened.
        TsaUnavailableError: No timestamp was to be had.
        UnsignableError: ``source`` is not a PDF that can be signed.
        OSError: ``source`` is not there, or the disk is full or cannot be written.
        FileExistsError: ``target`` exists; signed files are never overwritten.
    """
    at = details.at or dt.datetime.now(dt.UTC)
    _read_wording(profile, details, at, role, signed=False)  # what is missing is told before anything is written
    signer.check(at)
    if target.exists():
        raise FileExistsError(f"{target.name} exists; signed files are never overwritten")
    field_name = f"Signature-{secrets.token_hex(4)}"
    with _temporary(target) as draft:
        try:
            covered = _write(source, draft, profile, signer, timestamper, details, at, role, field_name)
        except SigningError:
            raise
        except Exception as fault:
            if isinstance(fault, OSError) and fault.errno in _OUR_DISK:
                raise
            # pyHanko meets broken files with errors of many kinds; for the caller they are one.
            raise UnsignableError(source.name, f"{type(fault).__name__}: {fault}") from fault
        publish(draft, target)
    return covered


def _write(
    source: Path,
    draft: Path,
    profile: LegalProfile,
    signer: Signer,
    timestamper: Any,
    details: SigningDetails,
    at: dt.datetime,
    role: SignerKind | None,
    field_name: str,
) -> float:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    from signing.appearance import BlockStyle, draw_on_page, embed_font

    with source.open("rb") as stream, draft.open("xb") as out:
        writer = IncrementalPdfFileWriter(stream, strict=False)
        if writer.prev.encrypted:
            raise UnsignableError(source.name, "it is encrypted")
        frame, taken = read_frame(writer.prev)
        wording, mark = _read_wording(profile, details, at, role, signed=bool(writer.prev.embedded_signatures))
        rules = profile.signature(role or profile.signer)
        placed = place_signature(wording, rules, details, frame, taken)
        covered = placed.covered
        engine = embed_font(writer, placed.block.font)
        if mark is not None:
            free_of = (*taken, frame.to_view(placed.rect))
            marked = place_mark(mark, rules, details, frame, free_of)
            draw_on_page(writer, marked.block, frame, marked.rect, engine)
            covered += marked.covered
        driver = signers.PdfSigner(
            signers.PdfSignatureMetadata(
                field_name=field_name,
                md_algorithm="sha256",
                subfilter=fields.SigSeedSubFilter.PADES,
                name=signer.subject,
                reason=details.reason,
                location=details.location,
            ),
            signer=signer.driver,
            timestamper=timestamper,
            stamp_style=BlockStyle(block=placed.block, engine=engine, matrix=frame.matrix()),
            new_field_spec=fields.SigFieldSpec(field_name, on_page=0, box=cast("Any", placed.rect)),
        )
        driver.sign_pdf(writer, output=out, bytes_reserved=_ROOM)
        out.flush()
        os.fsync(out.fileno())
    return covered


def _read_wording(
    profile: LegalProfile, details: SigningDetails, at: dt.datetime, role: SignerKind | None, *, signed: bool
) -> tuple[Wording, Wording | None]:
    """What the signature shows, and what the page shows beside it."""
    role = role or profile.signer
    first = role is profile.signer
    on_page = first and not signed and profile.conversion_mark_place is MarkPlace.PAGE
    wording = signature_wording(profile, role, details, at, mark=first and not on_page)
    return wording, mark_wording(profile, details, at) if on_page else None


def publish(draft: Path, target: Path) -> None:
    """Give a finished file its name, at once and never over another file.

    Raises:
        FileExistsError: ``target`` exists.
    """
    try:
        # A hard link fails when the name was taken meanwhile; a rename would overwrite.
        os.link(draft, target)
    except FileExistsError:
        raise FileExistsError(f"{target.name} exists; signed files are never overwritten") from None
    except OSError:
        # Some network shares have no hard links; the narrow gap between look and rename is then all there is.
        if target.exists():
            raise FileExistsError(f"{target.name} exists; signed files are never overwritten") from None
        draft.rename(target)


@contextmanager
def _temporary(target: Path) -> Iterator[Path]:
    """A name beside ``target`` whose file is gone afterwards, whatever happens."""
    draft = target.with_name(f".signing-{secrets.token_hex(8)}.pdf")
    try:
        yield draft
    finally:
        draft.unlink(missing_ok=True)

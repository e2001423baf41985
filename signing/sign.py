"""Signing one PDF as a legal profile says: PAdES with SHA-256, a timestamp, and the profile's text on page 1.

The input is a finished PDF/A of our own or an already signed one; a scan never comes here. What is written is an
incremental update: the bytes that were there stay as they were.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from manifests.documents import SignatureFact
from signing.errors import ProfileError, SigningError, UnsignableError, UnsignedProfileError
from signing.fonts import find_font
from signing.keys import Signer
from signing.placement import Frame, Rect, place
from signing.profiles import Corner, LegalProfile, MarkPlace, SignerKind, places

if TYPE_CHECKING:
    from signing.appearance import TextBlock

# Hex digits kept free for the CMS container: the practice of state software. A fixed room saves the extra timestamp
# that pyHanko would ask for only to measure it, which costs up to 131 s at the state TSA.
_ROOM = 32 * 1024


@dataclass(frozen=True, slots=True)
class SigningDetails:
    """What the visible text says and where it may stand.

    Attributes:
        agency: The agency that makes the copy.
        copy_form: Hình thức sao: ``SAO Y``, ``SAO LỤC`` or ``TRÍCH SAO``.
        person: Full name of the digitizer (profiles a person signs).
        converter: Full name for the conversion mark; ``person`` when empty.
        at: Signing time shown, aware; now when ``None``.
        reason, location: Go into the signature dictionary when given.
        occupied: Boxes of words on page 1 as shares of the page (left, top, right, bottom; 0.0–1.0 from the top
            left), which the block keeps off as far as there is room near its corner.
        margin: Points to the page's edges; the profile's when ``None``.
    """

    agency: str
    copy_form: str = "SAO Y"
    person: str = ""
    converter: str = ""
    at: dt.datetime | None = None
    reason: str | None = None
    location: str | None = None
    occupied: tuple[Rect, ...] = ()
    margin: float | None = None


def sign_pdf(
    source: Path,
    target: Path,
    *,
    profile: LegalProfile,
    signer: Signer,
    timestamper: Any,
    details: SigningDetails,
) -> SignatureFact:
    """Sign ``source`` into the new file ``target``.

    PAdES B-T (ETSI.CAdES.detached, SHA-256); B-B when ``timestamper`` is ``None``. The file appears under its
    name only when it is complete. The fact returned is what was done; ``signing.verify`` gives the verdict.

    Raises:
        UnsignedProfileError, ProfileError: The profile is unsigned, or the details lack what it asks for.
        CertificateExpiredError: The certificate ran out since the key was opened.
        TsaUnavailableError: No timestamp was to be had.
        UnsignableError: ``source`` is not a PDF that can be signed.
        FileExistsError: ``target`` exists; signed files are never overwritten.
    """
    at = details.at or dt.datetime.now(dt.UTC)
    lines = visible_lines(profile, details, at)
    signer.check(at)
    if target.exists():
        raise FileExistsError(f"{target.name} exists; signed files are never overwritten")
    field_name = f"Signature-{secrets.token_hex(4)}"
    with _temporary(target) as draft:
        try:
            _write(source, draft, profile, signer, timestamper, details, at, lines, field_name)
        except SigningError:
            raise
        except Exception as fault:
            # pyHanko meets broken files with errors of many kinds; for the caller they are one.
            raise UnsignableError(source.name, f"{type(fault).__name__}: {fault}") from fault
        publish(draft, target)
    return SignatureFact(
        field_name=field_name,
        signer=signer.subject,
        intact=True,
        valid=True,
        trusted=False,
        level="B-B" if timestamper is None else "B-T",
        signed_at=at.astimezone(dt.UTC),
        timestamp_at=None,
        covers_whole_file=True,
        legally_valid=False,
        summary=f"{profile.name} {profile.version}",
    )


def visible_lines(profile: LegalProfile, details: SigningDetails, at: dt.datetime) -> tuple[str, ...]:
    """The text of the visible signature, a line each, not yet wrapped.

    Raises:
        UnsignedProfileError, ProfileError: As ``sign_pdf``.
    """
    if not profile.signed or profile.signer is SignerKind.NONE or profile.corner is Corner.NONE:
        raise UnsignedProfileError(profile.name)
    values = {
        "copy_form": details.copy_form.strip(),
        "agency": details.agency.strip(),
        "person": details.person.strip(),
        "time": profile.time_text(at),
    }
    owner = "person" if profile.signer is SignerKind.PERSON else "agency"
    if not values[owner]:
        raise ProfileError(profile.name, f"the signature shows the name of the {owner}; set it")
    lines = [
        line.format(**values)
        for line in profile.lines
        if not places(line) or any(values[place] for place in places(line))
    ]
    if profile.conversion_mark_place is MarkPlace.APPEARANCE:
        lines.append(profile.conversion_text(details.converter or details.person, at))
    return tuple(lines)


def _write(
    source: Path,
    draft: Path,
    profile: LegalProfile,
    signer: Signer,
    timestamper: Any,
    details: SigningDetails,
    at: dt.datetime,
    lines: tuple[str, ...],
    field_name: str,
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    from signing.appearance import BlockStyle, TextBlock

    font = find_font(profile.font)
    wrapped = tuple(part for line in lines for part in font.wrap(line, profile.font_size, profile.block_width))
    block = TextBlock(wrapped, font, profile.font_size)
    with source.open("rb") as stream, draft.open("xb") as out:
        writer = IncrementalPdfFileWriter(stream, strict=False)
        if writer.prev.encrypted:
            raise UnsignableError(source.name, "it is encrypted")
        frame, taken = read_frame(writer.prev)
        rect = place_block(block, frame, taken, profile, details)
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
            stamp_style=BlockStyle(block=block, matrix=frame.matrix()),
            new_field_spec=fields.SigFieldSpec(field_name, on_page=0, box=cast("Any", rect)),
        )
        driver.sign_pdf(writer, output=out, bytes_reserved=_ROOM)
        out.flush()
        os.fsync(out.fileno())


def place_block(
    block: TextBlock, frame: Frame, taken: tuple[Rect, ...], profile: LegalProfile, details: SigningDetails
) -> Rect:
    """Page-space rectangle of the visible signature."""
    occupied = (*taken, *(frame.from_share(share) for share in details.occupied))
    margin = profile.margin if details.margin is None else details.margin
    return place(frame, block.size, right=profile.corner is Corner.TOP_RIGHT, margin=margin, occupied=occupied)


def read_frame(reader: Any) -> tuple[Frame, tuple[Rect, ...]]:
    """The visible box of page 1 and the view rectangles its annotations (earlier signatures) take."""
    page = reader.root["/Pages"]
    inherited: dict[str, Any] = {}
    while True:
        for key in ("/MediaBox", "/CropBox", "/Rotate"):
            if key in page:
                inherited[key] = page[key]
        if "/Kids" not in page:
            break
        page = page["/Kids"][0].get_object()
    media = _rect(inherited["/MediaBox"])
    crop = _rect(inherited.get("/CropBox", inherited["/MediaBox"]))
    box = max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3])
    if box[0] >= box[2] or box[1] >= box[3]:
        box = media
    frame = Frame(box, int(inherited.get("/Rotate", 0)) % 360)
    annotations = (note.get_object() for note in page.get("/Annots", ()))
    rects = tuple(frame.to_view(_rect(note["/Rect"])) for note in annotations if "/Rect" in note)
    return frame, tuple(rect for rect in rects if rect[2] > rect[0] and rect[3] > rect[1])


def _rect(values: Any) -> Rect:
    x1, y1, x2, y2 = (float(value) for value in values)
    return min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)


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

"""What a visible signature shows and where it stands: a profile's words, set, wrapped and placed on page 1."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signing.errors import ProfileError, UnsignedProfileError
from signing.fonts import find_font
from signing.placement import Frame, Rect, place
from signing.profiles import Corner, LegalProfile, MarkPlace, SignerKind, places

if TYPE_CHECKING:
    from signing.appearance import TextBlock

# A block that would cover text is tried wider and lower, too.
_WIDENINGS = (1.0, 1.4, 2.0)
_DEEPEST_TREE = 64


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
        seal: PNG of the agency's seal, for profiles that show it.
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
    seal: Path | None = None


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
    if profile.show_seal and details.seal is None:
        raise ProfileError(profile.name, "the signature shows the agency's seal; set its PNG file")
    lines = [
        line.format(**values)
        for line in profile.lines
        if not places(line) or any(values[place] for place in places(line))
    ]
    if profile.conversion_mark_place is MarkPlace.APPEARANCE:
        lines.append(profile.conversion_text(details.converter or details.person, at))
    return tuple(unicodedata.normalize("NFC", line) for line in lines)


def lay_out(
    lines: tuple[str, ...], profile: LegalProfile, details: SigningDetails, frame: Frame, taken: tuple[Rect, ...]
) -> tuple[TextBlock, Rect]:
    """The lines set in the profile's font, and their page-space rectangle.

    The profile's width is kept unless a wider block covers less of ``details.occupied`` and ``taken``.

    Raises:
        ProfileError: A letter is in no font here (a PDF/A may not show a missing glyph).
        FontMissingError, SettingsError: No font, or a seal that is no image.
    """
    from signing.appearance import TextBlock, read_seal

    font = find_font(profile.font)
    strange = "".join(sorted({letter for line in lines for letter in line} - set(font.widths)))
    if strange:
        raise ProfileError(profile.name, f"the text holds letters the font cannot write ({strange!a}); correct it")
    seal = read_seal(details.seal) if profile.show_seal and details.seal is not None else None
    occupied = (*taken, *(frame.from_share(share) for share in details.occupied))
    margin = profile.margin if details.margin is None else details.margin
    found = []
    for widening in _WIDENINGS:
        limit = profile.block_width * widening
        wrapped = tuple(part for line in lines for part in font.wrap(line, profile.font_size, limit))
        block = TextBlock(wrapped, font, profile.font_size, seal)
        right = profile.corner is Corner.TOP_RIGHT
        spot = place(frame, block.size, right=right, margin=margin, occupied=occupied)
        found.append((spot.covered, block, spot.rect))
        if not spot.covered:
            break
    _, block, rect = min(found, key=lambda item: item[0])
    return block, rect


def read_frame(reader: Any) -> tuple[Frame, tuple[Rect, ...]]:
    """The visible box of page 1 and the view rectangles its annotations (earlier signatures) take."""
    page = reader.root["/Pages"]
    inherited: dict[str, Any] = {}
    for _ in range(_DEEPEST_TREE):
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

"""What is seen of a signature and where it stands: a profile's words, set, wrapped and placed on page 1."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signing.codes import Code, make_code
from signing.errors import ProfileError, UnsignedProfileError
from signing.fonts import Font, find_font
from signing.placement import Frame, Rect, place
from signing.profile_rules import Corner, LegalProfile, MarkPlace, SignatureRules, SignerKind, places
from signing.seals import Seal, read_seal

if TYPE_CHECKING:
    from signing.appearance import TextBlock

# A block that would cover something is tried wider and lower, and at last narrow and high, for a page's margin.
_WIDENINGS = (1.0, 1.4, 2.0, 2.8)
_NARROWER = (0.7, 0.5, 0.4, 0.3)
_MARK_CORNERS = (Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT)
_MARK_WIDTHS = (1.0, 0.5, 0.33)
"""Shares of the page's width."""
_MARK_NARROWER = (0.22, 0.15, 0.1)
_MARK_RESORTS = (*_MARK_CORNERS, Corner.TOP_LEFT, Corner.TOP_RIGHT)
"""That the mark stands at the foot is our own rule; rather than cover something it goes to the head."""
_NARROWEST = 52.0
_SMALLER, _SMALLEST = 0.8, 6
"""Share of the profile's font size a block shrinks to rather than cover something, and fewest points ever."""
_WORTH_MOVING = 12.0
"""Points of distance from the corner that another form of the block must save."""
_DEEPEST_TREE = 64
_SQUARE_MM = (25.4 / 72) ** 2
"""In a square point."""


@dataclass(frozen=True, slots=True)
class SigningDetails:
    """What the visible text says and where it may stand.

    Attributes:
        agency: The agency that makes the copy.
        copy_form: Hình thức sao: ``SAO Y``, ``SAO LỤC`` or ``TRÍCH SAO``.
        person: Full name of the digitizer (profiles a person signs).
        converter: Full name for the conversion mark; ``person`` when empty, and the agency when that is empty, too.
        at: Signing time shown, aware; now when ``None``.
        reason, location: Go into the signature dictionary when given.
        occupied: Boxes of words and other ink on page 1 as shares of the page (left, top, right, bottom; 0.0–1.0
            from the top left), which the block keeps off as far as there is room at its corner.
        margin: Points to the page's edges; the profile's when ``None``.
        seal: PNG of the agency's seal, for profiles that show it; ``seal_width`` its real width in mm.
        link: Address of the record's page, shown as a QR code beside the conversion mark; none when empty.
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
    seal_width: float | None = None
    link: str = ""

    @property
    def answers_for_conversion(self) -> str:
        """Who converted the paper, as the mark names them."""
        return self.converter.strip() or self.person.strip() or self.agency


@dataclass(frozen=True, slots=True)
class Wording:
    """What a block says and shows before it is set: lines not yet wrapped, in a font of this many points."""

    lines: tuple[str, ...]
    font: str
    font_size: int
    seal: Seal | None = None
    code: Code | None = None


def signature_wording(
    profile: LegalProfile, signer: SignerKind, details: SigningDetails, at: dt.datetime, *, mark: bool
) -> Wording:
    """What one signature shows; with ``mark`` the conversion mark and the QR code, too.

    Raises:
        UnsignedProfileError, ProfileError: As ``sign_pdf``.
        SettingsError: The seal is no seal, or the address is too long.
    """
    if not profile.signed:
        raise UnsignedProfileError(profile.name)
    rules = profile.signature(signer)
    values = {
        "copy_form": details.copy_form.strip(),
        "agency": details.agency.strip(),
        "person": details.person.strip(),
        "time": profile.time_text(at, rules.time_pattern),
    }
    if not values[signer]:
        raise ProfileError(profile.name, f"the signature shows the name of the {signer}; set it")
    lines = [
        line.format(**values)
        for line in rules.lines
        if not places(line) or any(values[place] for place in places(line))
    ]
    if mark and profile.conversion_mark_place is not MarkPlace.METADATA:
        lines.append(profile.conversion_text(details.answers_for_conversion, at))
    return Wording(
        lines=tuple(unicodedata.normalize("NFC", line) for line in lines),
        font=rules.font,
        font_size=rules.font_size,
        seal=_seal(profile, rules, details),
        code=make_code(details.link) if mark and details.link else None,
    )


def mark_wording(profile: LegalProfile, details: SigningDetails, at: dt.datetime) -> Wording:
    """The conversion mark as it stands on the page by itself.

    Raises:
        ProfileError: Nobody is named who converted the paper.
        SettingsError: The address is too long.
    """
    text = profile.conversion_text(details.answers_for_conversion, at)
    code = make_code(details.link) if details.link else None
    font = profile.signatures[0].font
    return Wording((unicodedata.normalize("NFC", text),), font, profile.mark_font_size, code=code)


@dataclass(frozen=True, slots=True)
class Placed:
    """A set block, its page-space rectangle, and how much of what stands on the page it covers, mm²."""

    block: TextBlock
    rect: Rect
    covered: float


def place_signature(
    wording: Wording, rules: SignatureRules, details: SigningDetails, frame: Frame, taken: tuple[Rect, ...]
) -> Placed:
    """The signature's block at its corner.

    The profile's width is kept, and a seal stands beside the text, unless another form covers less of
    ``details.occupied`` and ``taken``.

    Raises:
        ProfileError: A letter is in no font here (a PDF/A may not show a missing glyph).
        FontMissingError: No font is installed.
    """
    margin = rules.margin if details.margin is None else details.margin
    near = tuple(rules.block_width * widening for widening in _WIDENINGS)
    narrow = tuple(max(rules.block_width * narrowing, _NARROWEST) for narrowing in _NARROWER)
    corner = (rules.corner,)
    tries = (
        _Try(near, corner),
        _Try((*near, *narrow), corner, far=True),
        _Try((*near, *narrow), corner, True, _SMALLER),
    )
    return _place(wording, tries, margin, frame, _occupied(details, frame, taken))


def place_mark(
    wording: Wording, rules: SignatureRules, details: SigningDetails, frame: Frame, taken: tuple[Rect, ...]
) -> Placed:
    """The conversion mark at the foot of the page: a line of it, or more in a corner where that covers less.

    Raises:
        ProfileError, FontMissingError: As ``place_signature``.
    """
    margin = rules.margin if details.margin is None else details.margin
    wide = frame.size[0] - 2 * margin
    near = tuple(max(wide * share, _NARROWEST) for share in _MARK_WIDTHS)
    narrow = tuple(max(wide * share, _NARROWEST) for share in _MARK_NARROWER)
    tries = (_Try((*near, *narrow), _MARK_CORNERS), _Try((*near, *narrow), _MARK_RESORTS, far=True))
    return _place(wording, tries, margin, frame, _occupied(details, frame, taken))


@dataclass(frozen=True, slots=True)
class _Try:
    """Widths a block is set in, best first, and corners it is put to; ``far``: away from them as well."""

    widths: tuple[float, ...]
    corners: tuple[Corner, ...]
    far: bool = False
    size: float = 1.0
    """Share of the profile's font size."""


def _place(
    wording: Wording, tries: tuple[_Try, ...], margin: float, frame: Frame, occupied: tuple[Rect, ...]
) -> Placed:
    """The form and place that cover nothing: the first try's that has one, there the one nearest to the corner.

    Where no try has one, what covers least.
    """
    from signing.appearance import TextBlock

    font = _font(wording)
    pictured = wording.seal is not None or wording.code is not None
    forms = (False, True) if pictured else (False,)
    found: list[tuple[float, float, TextBlock, Rect]] = []
    for one in tries:
        size = max(_SMALLEST, round(wording.font_size * one.size))
        for number, (stacked, width, corner) in enumerate(product(forms, one.widths, one.corners)):
            if found and found[-1][:2] <= (0.0, number * _WORTH_MOVING):
                break
            wrapped = tuple(part for line in wording.lines for part in font.wrap(line, size, width))
            block = TextBlock(wrapped, font, size, wording.seal, wording.code, stacked)
            spot = place(
                frame,
                block.size,
                right=corner in (Corner.TOP_RIGHT, Corner.BOTTOM_RIGHT),
                bottom=corner in (Corner.BOTTOM_LEFT, Corner.BOTTOM_RIGHT),
                margin=margin,
                occupied=occupied,
                far=one.far,
            )
            found.append((spot.covered, spot.distance + number * _WORTH_MOVING, block, spot.rect))
            found.sort(key=lambda item: item[:2], reverse=True)
        if not found[-1][0]:
            break
    covered, _, block, rect = found[-1]
    return Placed(block, rect, covered * _SQUARE_MM)


def _font(wording: Wording) -> Font:
    font = find_font(wording.font)
    strange = "".join(sorted({letter for line in wording.lines for letter in line} - set(font.widths)))
    if strange:
        detail = f"the text holds letters the font cannot write ({strange!a}); correct it"
        raise ProfileError("visible text", detail)
    return font


def _seal(profile: LegalProfile, rules: SignatureRules, details: SigningDetails) -> Seal | None:
    if not rules.show_seal:
        return None
    if details.seal is None:
        raise ProfileError(profile.name, "the signature shows the agency's seal; set its PNG file, SOHOA_SEAL")
    return read_seal(details.seal, details.seal_width)


def _occupied(details: SigningDetails, frame: Frame, taken: tuple[Rect, ...]) -> tuple[Rect, ...]:
    return (*taken, *(frame.from_share(share) for share in details.occupied))


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

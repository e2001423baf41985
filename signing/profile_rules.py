"""Legal profiles: how a digitized copy is made and signed, as data that names its source.

Four rule sets overlap and disagree, so none is a constant of the code: each profile is one file in
``data/profiles``, and each rule in it gives its value, where it was read and whether a primary text confirms it.
An agency whose officer knows better puts files of its own into a folder; they may build on one of ours.
"""

from __future__ import annotations

import datetime as dt
import string
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from signing.errors import ProfileError

LOCAL_ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class SignerKind(StrEnum):
    """Whose key signs."""

    AGENCY = "agency"
    PERSON = "person"
    NONE = "none"


class Corner(StrEnum):
    """Corner of page 1 as the reader sees it."""

    TOP_LEFT = "top_left"
    TOP_RIGHT = "top_right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM_RIGHT = "bottom_right"


class MarkPlace(StrEnum):
    """Where the conversion mark (Luật GDĐT 2023, Art 12) stands, besides the file's XMP."""

    METADATA = "metadata"
    """Nowhere else."""
    APPEARANCE = "appearance"
    """In the block of the first signature."""
    PAGE = "page"
    """On page 1 by itself, put there together with the first signature."""


class Colour(StrEnum):
    """Whether a page must be scanned in colour."""

    ALWAYS = "always"
    WHERE_NEEDED = "where_needed"
    """Where there is a seal, a photo or a handwritten note, which no program here can tell."""


class OnBreach(StrEnum):
    """What follows when a copy breaks a rule."""

    REFUSE = "refuse"
    TELL = "tell"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a profile.

    Attributes:
        name: Its key; those of a signature are written ``signatures.1.corner``.
        value, source: What it says and where it was read.
        confirmed: Whether a primary text, or an officer, confirms it.
        on_breach: For rules about the copy itself: whether breaking it stops the document.
    """

    name: str
    value: Any
    source: str
    confirmed: bool
    on_breach: OnBreach = OnBreach.TELL


@dataclass(frozen=True, slots=True)
class SignatureRules:
    """One signature of a profile.

    Attributes:
        signer, corner: Who signs, and where on page 1 it shows.
        required: False: it may follow, it need not.
        lines: Templates of the visible text, a line each; places are ``copy_form``, ``agency``, ``person``,
            ``time``. A line whose places are all empty is left out.
        time_pattern: ``strftime`` pattern for the time at +07:00.
        font, font_size: Family and size in points; text is black.
        block_width, margin: Points; lines wrap at the first, the second is kept to the page's edges.
        show_seal: Whether the agency's seal belongs into the appearance.
    """

    signer: SignerKind
    corner: Corner
    required: bool
    lines: tuple[str, ...]
    time_pattern: str
    font: str
    font_size: int
    block_width: float
    margin: float
    show_seal: bool


@dataclass(frozen=True, slots=True)
class LegalProfile:
    """How one kind of digitized copy is made and signed.

    Attributes:
        name, version: Its key, and the edition of the data; both go into the record of what was signed.
        title: Vietnamese, for people who choose one.
        signed: False: these documents are delivered unsigned.
        signatures: In the order they are made.
        before_extraction: Whether the first signature comes before data is extracted.
        min_dpi: Resolution asked for; ``tolerated_dpi`` what is still let through for ordinary papers.
        colour, pdf_version, pdfa_flavours: What else the copy must be; flavours by veraPDF's names.
        conversion_mark, conversion_mark_place: Template (``time``, ``converter``) and where it stands.
        mark_font_size: Points of the mark when it stands on the page by itself.
        rules: All of it with sources.
    """

    name: str
    version: str
    title: str
    signed: bool
    signatures: tuple[SignatureRules, ...]
    before_extraction: bool
    min_dpi: int
    tolerated_dpi: int
    colour: Colour
    pdf_version: str
    pdfa_flavours: tuple[str, ...]
    conversion_mark: str
    conversion_mark_place: MarkPlace
    mark_font_size: int
    rules: tuple[Rule, ...]

    @property
    def signer(self) -> SignerKind:
        """Who signs first."""
        return self.signatures[0].signer if self.signatures else SignerKind.NONE

    def signers(self, *, countersigned: bool = False) -> tuple[SignerKind, ...]:
        """Who signs, in order; with ``countersigned`` also those who may but need not."""
        return tuple(each.signer for each in self.signatures if each.required or countersigned)

    def signature(self, signer: SignerKind) -> SignatureRules:
        """The rules of one signer's signature.

        Raises:
            ProfileError: ``signer`` does not sign under this profile.
        """
        for each in self.signatures:
            if each.signer is signer:
                return each
        raise ProfileError(self.name, f"it knows no signature of the {signer}; choose another profile or signer")

    def rule(self, name: str) -> Rule:
        """The rule called ``name``, with its source."""
        return next(rule for rule in self.rules if rule.name == name)

    def unconfirmed(self) -> tuple[Rule, ...]:
        """The rules nobody read in a primary text: an officer must confirm them before production use."""
        return tuple(rule for rule in self.rules if not rule.confirmed)

    def time_text(self, at: dt.datetime, pattern: str = "") -> str:
        """``at`` as the first signature (or ``pattern``) prints it, always at +07:00.

        Raises:
            ProfileError: ``at`` is naive.
        """
        if at.tzinfo is None:
            raise ProfileError(self.name, "the signing time has no time zone; give an aware datetime")
        first = self.signatures[0].time_pattern if self.signatures else "%d-%m-%Y %H:%M:%S +07:00"
        return at.astimezone(LOCAL_ZONE).strftime(pattern or first)

    def conversion_text(self, converter: str, at: dt.datetime) -> str:
        """The mark that this file was converted from paper, with time and the converter's full name.

        Luật Giao dịch điện tử 20/2023/QH15 Art 12(1)(c), NĐ 137/2024 Art 4.

        Raises:
            ProfileError: The converter has no name, or ``at`` is naive.
        """
        if not converter.strip():
            raise ProfileError(self.name, "the conversion mark needs the full name of the converter; set it")
        return self.conversion_mark.format(converter=converter.strip(), time=self.time_text(at))


def places(template: str) -> set[str]:
    """Names of the places in a line template."""
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}

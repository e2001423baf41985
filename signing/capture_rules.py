"""Whether a finished copy is what its legal profile asks for: resolution, colour, format. Values in, breaches out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from manifests.text import ColourMode
from signing.errors import CopyRefusedError
from signing.profile_rules import Colour, LegalProfile, OnBreach

_SLACK = 0.99
"""Scanners round: 299.97 dpi is 300."""


@dataclass(frozen=True, slots=True)
class PageCapture:
    """How one page was captured: its 1-based number, resolution (0: nothing says it) and colour, when known."""

    number: int
    dpi: float
    colour: ColourMode | None = None


@dataclass(frozen=True, slots=True)
class CopyFacts:
    """A finished copy.

    Attributes:
        pages: Each page.
        pdf_version: ``1.7`` and the like; empty when not looked at.
        pdfa_flavour: Flavour the file keeps, by veraPDF's name (``2u``); empty when not checked.
    """

    pages: tuple[PageCapture, ...]
    pdf_version: str = ""
    pdfa_flavour: str = ""


@dataclass(frozen=True, slots=True)
class Breach:
    """One rule that a copy breaks.

    Attributes:
        rule: Name of the profile's rule.
        code: Key of ``manifests.reasons.REASONS``.
        pages: Pages it holds for, 1-based; empty: the whole file.
        found, wanted: In words for people (Vietnamese).
        refuse: Whether the document must not be signed under this profile; else it is told and goes on.
    """

    rule: str
    code: str
    pages: tuple[int, ...]
    found: str
    wanted: str
    refuse: bool

    @property
    def sentence(self) -> str:
        """The breach for people."""
        where = f"Trang {', '.join(map(str, self.pages))}" if self.pages else "Tệp"
        return f"{where}: {self.found}; quy định: {self.wanted}."


def check_capture(profile: LegalProfile, facts: CopyFacts) -> tuple[Breach, ...]:
    """The rules of ``profile`` that the copy breaks, those about pages first.

    What nobody looked at (an empty value) breaks nothing, except a resolution that no page states: that is told.
    """
    found: list[Breach] = []

    def note(rule: str, code: str, pages: Iterable[int], is_: str, wanted: str, refuse: bool = True) -> None:
        strict = refuse and profile.rule(rule).on_breach is OnBreach.REFUSE
        found.append(Breach(rule, code, tuple(pages), is_, wanted, strict))

    floor, asked = profile.tolerated_dpi * _SLACK, profile.min_dpi * _SLACK
    too_low = [page for page in facts.pages if 0 < page.dpi < floor]
    if too_low:
        least = f"{min(page.dpi for page in too_low):.0f} dpi"
        note("min_dpi", "low_dpi", (page.number for page in too_low), least, f"từ {profile.tolerated_dpi} dpi")
    tolerated = [page for page in facts.pages if floor <= page.dpi < asked]
    if tolerated:
        least = f"{min(page.dpi for page in tolerated):.0f} dpi"
        wanted = f"từ {profile.min_dpi} dpi, {profile.tolerated_dpi} dpi chỉ cho văn bản thông thường để tra cứu"
        note("min_dpi", "low_dpi", (page.number for page in tolerated), least, wanted, refuse=False)
    unknown = [page.number for page in facts.pages if page.dpi <= 0]
    if unknown:
        note("min_dpi", "unknown_dpi", unknown, "không rõ độ phân giải", f"từ {profile.min_dpi} dpi", refuse=False)
    grey = [page.number for page in facts.pages if page.colour not in (None, ColourMode.COLOUR)]
    if grey and profile.colour is Colour.ALWAYS:
        note("colour", "not_in_colour", grey, "không quét màu", "quét màu")
    if facts.pdf_version and _numbers(facts.pdf_version) < _numbers(profile.pdf_version):
        wanted = f"từ PDF {profile.pdf_version}"
        note("pdf_version", "wrong_format", (), f"PDF {facts.pdf_version}", wanted)
    if facts.pdfa_flavour and facts.pdfa_flavour not in profile.pdfa_flavours:
        wanted = ", ".join(f"PDF/A-{flavour}" for flavour in profile.pdfa_flavours)
        note("pdfa_flavours", "wrong_format", (), f"PDF/A-{facts.pdfa_flavour}", wanted)
    return tuple(found)


def refuse_breaches(file: str, profile: LegalProfile, facts: CopyFacts) -> tuple[Breach, ...]:
    """The breaches that are only told.

    Raises:
        CopyRefusedError: One of them stops the document.
    """
    found = check_capture(profile, facts)
    for breach in found:
        if breach.refuse:
            raise CopyRefusedError(file, profile.name, breach.code, breach.sentence)
    return found


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())

"""Legal profiles: how a digitized copy is signed, as data that names its source.

Four rule sets overlap and disagree, so none is a constant of the code: each profile is one file in
``data/profiles``, and each rule in it gives its value, where it was read and whether a primary text confirms it.
"""

from __future__ import annotations

import datetime as dt
import string
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

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
    NONE = "none"


class MarkPlace(StrEnum):
    """Where the conversion mark (Luật GDĐT 2023, Art 12) stands."""

    METADATA = "metadata"
    """In the file's XMP only, written before signing."""
    APPEARANCE = "appearance"
    """In the visible signature as well."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a profile: its name, value, where it was read, and whether a primary text confirms it."""

    name: str
    value: Any
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class LegalProfile:
    """How one kind of digitized copy is made and signed.

    Attributes:
        name, version: Its key, and the edition of the data; both go into the record of what was signed.
        title: Vietnamese, for people who choose one.
        signed: False: these documents are delivered unsigned.
        signer, corner: Who signs, and where on page 1 it shows.
        lines: Templates of the visible text, a line each; places are ``copy_form``, ``agency``, ``person``,
            ``time``. A line whose places are all empty is left out.
        time_pattern: ``strftime`` pattern for the time at +07:00.
        font, font_size: Family and size in points; text is black.
        block_width, margin: Points; lines wrap at the first, the second is kept to the page's edges.
        show_seal: Whether a seal image belongs into the appearance.
        min_dpi, colour, pdf_version: What the copy itself must be.
        pdfa_flavours: veraPDF names of the PDF/A flavours allowed.
        conversion_mark, conversion_mark_place: Template (``time``, ``converter``) and where it stands.
        rules: All of it with sources.
    """

    name: str
    version: str
    title: str
    signed: bool
    signer: SignerKind
    corner: Corner
    lines: tuple[str, ...]
    time_pattern: str
    font: str
    font_size: int
    block_width: float
    margin: float
    show_seal: bool
    min_dpi: int
    colour: bool
    pdf_version: str
    pdfa_flavours: tuple[str, ...]
    conversion_mark: str
    conversion_mark_place: MarkPlace
    rules: tuple[Rule, ...]

    def unconfirmed(self) -> tuple[Rule, ...]:
        """The rules nobody read in a primary text: an officer must confirm them before production use."""
        return tuple(rule for rule in self.rules if not rule.confirmed)

    def time_text(self, at: dt.datetime) -> str:
        """``at`` as the profile prints it, always at +07:00.

        Raises:
            ProfileError: ``at`` is naive.
        """
        if at.tzinfo is None:
            raise ProfileError(self.name, "the signing time has no time zone; give an aware datetime")
        return at.astimezone(LOCAL_ZONE).strftime(self.time_pattern)

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


_LOADER = TypeAdapter(LegalProfile)
_PLACES = {"copy_form", "agency", "person", "time"}


@cache
def profiles() -> dict[str, LegalProfile]:
    """All profiles by name, sorted.

    Raises:
        ProfileError: A file of ``data/profiles`` is wrong; names the file and the value.
    """
    found = {}
    folder = resources.files("signing").joinpath("data/profiles")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            profile = parse_profile(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8"))
            found[profile.name] = profile
    return found


def find_profile(name: str) -> LegalProfile:
    """The profile called ``name``.

    Raises:
        ProfileError: There is none; names those there are.
    """
    try:
        return profiles()[name]
    except KeyError:
        raise ProfileError(name, f"unknown; choose one of {', '.join(profiles())}") from None


def parse_profile(name: str, text: str) -> LegalProfile:
    """A profile from its TOML: ``name``, ``version``, ``title`` and a table ``rules``.

    Raises:
        ProfileError: Not TOML, a rule is missing, unknown, without a source or of the wrong type.
    """
    try:
        raw = tomllib.loads(text)
        rules = tuple(
            Rule(rule, body["value"], body["source"], body["confirmed"]) for rule, body in raw["rules"].items()
        )
        values = {rule.name: rule.value for rule in rules}
        profile = _LOADER.validate_python(
            {"name": raw["name"], "version": raw["version"], "title": raw["title"], "rules": rules, **values}
        )
    except tomllib.TOMLDecodeError as fault:
        raise ProfileError(name, f"not TOML ({fault}); correct the file") from None
    except (KeyError, TypeError) as fault:
        raise ProfileError(name, f"{fault} is missing; every rule gives value, source and confirmed") from None
    except ValidationError as fault:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise ProfileError(name, f"{where}; correct the file") from None
    unknown = {place for line in profile.lines for place in places(line)} - _PLACES
    if unknown:
        raise ProfileError(name, f"lines name unknown places {sorted(unknown)}; correct the file")
    if profile.name != name:
        raise ProfileError(name, f"the file calls itself {profile.name!r}; give both the same name")
    return profile

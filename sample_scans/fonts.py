"""Fonts by the role they play on a paper, only those that hold every Vietnamese letter.

Fonts are looked for in ``SOHOA_FONTS``, in ``.tools/fonts`` and through fontconfig, families in a told order. The
order is part of the seed's meaning: another set of fonts on the machine gives other pixels.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from PIL import ImageFont


class FontRole(StrEnum):
    SERIF = "serif"
    SANS = "sans"
    TYPEWRITER = "typewriter"
    HAND = "hand"


FAMILIES: dict[FontRole, tuple[str, ...]] = {
    FontRole.SERIF: (
        "Liberation Serif",
        "Tinos",
        "Times New Roman",
        "FreeSerif",
        "Linux Libertine O",
        "DejaVu Serif",
    ),
    FontRole.SANS: ("Liberation Sans", "Arimo", "Arial", "FreeSans", "DejaVu Sans"),
    FontRole.TYPEWRITER: ("Liberation Mono", "Cousine", "Courier New", "FreeMono", "DejaVu Sans Mono"),
    FontRole.HAND: ("Patrick Hand", "Itim", "Charm", "Dancing Script", "Mali"),
}
"""Families by role, best first. Serif stands in for a missing hand: still Vietnamese, only less like a pen."""

INSTALL_ADVICE = (
    "install them with 'apt-get install fonts-liberation2 fonts-croscore' and, where npm is there, "
    "'python -m sample_scans.webfonts'; or put .ttf files into a folder and name it in SOHOA_FONTS"
)

_MARKED = "àáạảãâầấậẩẫăằắặẳẵèéẹẻẽêềếệểễìíịỉĩòóọỏõôồốộổỗơờớợởỡùúụủũưừứựửữỳýỵỷỹđ"
VIETNAMESE = frozenset(_MARKED + _MARKED.upper() + "abcdefghijklmnopqrstuvwxyz0123456789.,:;/-()")


class FontsMissingError(RuntimeError):
    """No font of this role with full Vietnamese is installed."""

    def __init__(self, role: FontRole) -> None:
        self.role = role
        super().__init__(f"no {role.value} font with full Vietnamese was found; {INSTALL_ADVICE}")


@dataclass(frozen=True, slots=True)
class Face:
    """One font file: its family and style."""

    family: str
    bold: bool
    italic: bool
    path: Path


def tools_folder() -> Path:
    """``.tools/fonts`` of the checkout."""
    return Path(__file__).resolve().parents[1] / ".tools" / "fonts"


def covers_vietnamese(path: Path) -> bool:
    """Whether the font file holds every Vietnamese letter, upper and lower case."""
    from fontTools.ttLib import TTFont, TTLibError

    try:
        with TTFont(path, lazy=True, fontNumber=0) as font:
            mapped = font.getBestCmap() or {}
    except (OSError, TTLibError):
        return False
    return all(ord(letter) in mapped for letter in VIETNAMESE)


@cache
def faces(role: FontRole) -> tuple[Face, ...]:
    """Usable faces of a role, best family first.

    Raises:
        FontsMissingError: None has full Vietnamese; says what to install.
    """
    families = FAMILIES[role]
    found = [face for face in _installed() if face.family in families]
    found.sort(key=lambda face: (families.index(face.family), face.bold, face.italic, str(face.path)))
    usable = tuple(face for face in found if covers_vietnamese(face.path))
    if usable:
        return usable
    if role is FontRole.HAND:
        return tuple(face for face in faces(FontRole.SERIF) if face.italic) or faces(FontRole.SERIF)
    raise FontsMissingError(role)


def hands() -> tuple[str, ...]:
    """Families that can play a writer's hand, in order."""
    return tuple(dict.fromkeys(face.family for face in faces(FontRole.HAND)))


@cache
def face(role: FontRole, *, bold: bool = False, italic: bool = False, family: str | None = None) -> Face:
    """The face nearest to what is asked: of ``family`` if it is there, else of the best family of the role."""
    choice = faces(role)
    wanted = [one for one in choice if one.family == (family or choice[0].family)] or list(choice)
    return min(wanted, key=lambda one: (one.bold != bold) + 2 * (one.italic != italic))


@cache
def load(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """The font at ``size`` pixels; basic layout, so that pixels do not depend on the raqm of the machine."""
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _installed() -> tuple[Face, ...]:
    folders = [Path(text) for text in os.environ.get("SOHOA_FONTS", "").split(os.pathsep) if text]
    listed: list[Face] = []
    for folder in [*folders, tools_folder()]:
        for path in sorted([*folder.glob("*.ttf"), *folder.glob("*.otf")]):
            family, style = ImageFont.truetype(str(path), 12).getname()
            listed.append(_face(family or "", style or "", path))
    return tuple(listed + _fontconfig())


def _fontconfig() -> list[Face]:
    try:
        answer = subprocess.run(
            ["fc-list", "--format", "%{family[0]}\t%{style[0]}\t%{file}\n"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = [line.split("\t") for line in sorted(answer.stdout.splitlines())]
    return [
        _face(row[0], row[1], Path(row[2])) for row in rows if len(row) == 3 and row[2].endswith((".ttf", ".otf"))
    ]


def _face(family: str, style: str, path: Path) -> Face:
    return Face(family, "Bold" in style, "Italic" in style or "Oblique" in style, path)

"""The font of the visible signature: found through fontconfig, cut down once to the letters Vietnamese uses."""

from __future__ import annotations

import subprocess
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path

from signing.errors import FontMissingError

# Liberation Serif has the metrics of Times New Roman and full Vietnamese; Debian ships both as packages.
FALLBACKS = ("Liberation Serif", "Tinos", "DejaVu Serif")
_LETTERS = "aăâeêioôơuưy"
# For names of minorities and foreigners: what Latin letters the font has beyond Vietnamese, such as ƀ of Ê-đê.
_OTHER_LETTERS = range(0x00C0, 0x0181)
_TONES = "\u0300\u0301\u0303\u0309\u0323"


@dataclass(frozen=True, slots=True)
class Font:
    """A font cut down to Vietnamese.

    Attributes:
        family: Name as fontconfig knows it.
        data: The cut-down font file.
        widths: Advance of each character, in ems.
    """

    family: str
    data: bytes = field(repr=False)
    widths: dict[str, float] = field(repr=False)

    def width(self, text: str, size: float) -> float:
        """Width of ``text`` in points; a character the font lacks counts as wide as an em."""
        return sum(self.widths.get(letter, 1.0) for letter in text) * size

    def wrap(self, text: str, size: float, limit: float) -> list[str]:
        """``text`` in lines of at most ``limit`` points, broken between words (a longer word stays whole)."""
        lines: list[str] = []
        for word in text.split():
            if lines and self.width(f"{lines[-1]} {word}", size) <= limit:
                lines[-1] = f"{lines[-1]} {word}"
            else:
                lines.append(word)
        return lines


def alphabet() -> str:
    """Every character a signature may show: printable ASCII, Vietnamese letters in NFC, some signs."""
    tones = ["", *_TONES]
    vowels = {unicodedata.normalize("NFC", letter + tone) for letter in _LETTERS for tone in tones}
    letters = vowels | {"đ"}
    ascii_signs = {chr(code) for code in range(0x20, 0x7F)}
    return "".join(sorted(ascii_signs | letters | {letter.upper() for letter in letters} | set("–—…“”‘’«»§°·№")))


@cache
def find_font(family: str) -> Font:
    """The installed font for ``family``, or its substitute of the same metrics.

    Raises:
        FontMissingError: Neither it nor a fallback is installed with Vietnamese letters.
    """
    wanted = (family, *FALLBACKS)
    for name in wanted:
        for path in _locate(name):
            font = _cut(name, path)
            if font is not None:
                return font
    raise FontMissingError(wanted)


def _locate(family: str) -> list[Path]:
    """Files fontconfig has for the regular face of exactly this family, by its measures: DejaVu calls it Book.

    Debian 12 ships two Liberation Serif side by side, and only the newer one writes all of Vietnamese; the caller
    tries them in turn.
    """
    try:
        answer = subprocess.run(
            ["fc-list", "--format=%{file}\n", f"{family}:slant=0:weight=80:width=100"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    files = (line for line in answer.splitlines() if line.endswith((".ttf", ".otf")))
    return [Path(file) for file in sorted(files, reverse=True)]


def _cut(family: str, path: Path) -> Font | None:
    from fontTools import subset, ttLib
    from fontTools.ttLib.scaleUpem import scale_upem

    letters = alphabet()
    wanted = letters + "".join(map(chr, _OTHER_LETTERS))
    options = subset.Options(
        drop_tables=[*subset.Options._drop_tables_default, "FFTM"],
        glyph_names=False,
        hinting=False,
        layout_features=[],
        notdef_outline=True,
    )
    font = ttLib.TTFont(path)
    known = font.getBestCmap()
    if any(ord(letter) not in known for letter in letters if letter.isalnum()):
        return None
    cutter = subset.Subsetter(options)
    cutter.populate(text=wanted)
    cutter.subset(font)
    # pyHanko writes glyph widths in font units, which PDF takes as thousandths of an em.
    scale_upem(font, 1000)
    out = BytesIO()
    font.save(out)
    em = font["head"].unitsPerEm
    metrics = font["hmtx"].metrics
    widths = {chr(code): metrics[glyph][0] / em for code, glyph in font.getBestCmap().items()}
    return Font(family, out.getvalue(), widths)

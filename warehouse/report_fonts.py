"""Finding a font that writes Vietnamese, through fontconfig: the fourteen fonts every PDF reader knows do not."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from warehouse.errors import ReportFontError

FAMILIES = ("Liberation Sans", "Arimo", "DejaVu Sans", "Noto Sans")
_REGULAR, _BOLD = 80, 200
_HARDEST = "ĂẰẲẴẮẶÂỜỞỠỚỢƯỪỬỮỨỰĐàảãáạăằẳẵắặâầẩẫấậđèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵ"


@dataclass(frozen=True, slots=True)
class ReportFont:
    """Files of one family."""

    family: str
    regular: Path
    bold: Path


@cache
def report_font() -> ReportFont:
    """The first installed family of ``FAMILIES`` that has all of Vietnamese in both weights.

    Raises:
        ReportFontError: None has.
    """
    for family in FAMILIES:
        regular, bold = (_face(family, weight) for weight in (_REGULAR, _BOLD))
        if regular and bold:
            return ReportFont(family, regular, bold)
    raise ReportFontError(FAMILIES)


def _face(family: str, weight: int) -> Path | None:
    """The face by its measures, not by its name: DejaVu calls its regular face Book."""
    try:
        answer = subprocess.run(
            ["fc-list", "--format=%{file}\n", f"{family}:slant=0:weight={weight}:width=100"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    files = sorted((line for line in answer.splitlines() if line.endswith((".ttf", ".otf"))), reverse=True)
    return next((Path(file) for file in files if _writes_vietnamese(Path(file))), None)


def _writes_vietnamese(file: Path) -> bool:
    from fontTools import ttLib

    known = ttLib.TTFont(file, lazy=True).getBestCmap()
    return all(ord(letter) in known for letter in _HARDEST)

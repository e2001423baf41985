"""The agency's seal: a PNG somebody hands us, checked before it is believed, at its real size.

TT 02/2019/TT-BNV Art 5–6 wants it red and of real size. The image belongs to the agency and is never shipped here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from signing.errors import SettingsError

if TYPE_CHECKING:
    from PIL.Image import Image

_LARGEST_FILE = 4 * 1024 * 1024
_LARGEST_SIDE = 2000
"""Pixels: a seal of 42 mm at 1,200 dpi."""
_REAL = (15.0, 60.0)
"""Millimetres between which a seal is one: those of offices measure 34 to 42."""
_RED_SHARE = 0.6
_DPI = 300
"""Finer than this a seal only makes every signed file larger."""
_POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal: RGB pixels with transparency, width and height in points."""

    image: Image = field(repr=False)
    size: tuple[float, float]


def read_seal(path: Path, width: float | None = None) -> Seal:
    """The seal of a PNG file, ``width`` millimetres wide; without it, of the size its resolution says.

    It is read once for a batch, and again when the file changes.

    White paper around the seal becomes transparent, so that it covers nothing.

    Raises:
        SettingsError: Not a small PNG, not red, or not the size of a seal.
    """
    try:
        changed = path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return _read(path, width, changed)


@lru_cache(maxsize=4)
def _read(path: Path, width: float | None, changed: int) -> Seal:
    from PIL import Image, UnidentifiedImageError

    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise SettingsError("seal", f"{path.name} is larger than {_LARGEST_FILE >> 20} MB; scan the seal alone")
        with Image.open(path, formats=("PNG",)) as opened:
            if max(opened.size) > _LARGEST_SIDE:
                raise SettingsError("seal", f"{path.name} is larger than {_LARGEST_SIDE} pixels; scan it at 600 dpi")
            dpi = opened.info.get("dpi")
            # Only the pixels go on: what else a PNG carries (profiles, texts, later frames) stays behind.
            pixels = Image.frombytes("RGBA", opened.size, opened.convert("RGBA").tobytes())
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise SettingsError("seal", f"{path.name} is not a readable PNG; give the agency's seal image") from None
    if width is None:
        if not dpi or min(dpi) < 1:
            raise SettingsError("seal", f"{path.name} states no resolution; set its real width, SOHOA_SEAL_WIDTH")
        width = pixels.width * 25.4 / float(dpi[0])
    height = width * pixels.height / pixels.width
    if not _REAL[0] <= min(width, height) <= max(width, height) <= _REAL[1]:
        raise SettingsError(
            "seal", f"{path.name} would be {width:.0f} × {height:.0f} mm; set its real width, SOHOA_SEAL_WIDTH"
        )
    seal = _red_only(pixels, path.name)
    seal.thumbnail((round(width / 25.4 * _DPI), round(height / 25.4 * _DPI)))
    return Seal(seal, (width * _POINTS_PER_MM, height * _POINTS_PER_MM))


def _red_only(pixels: Image, name: str) -> Image:
    """``pixels`` with their white made transparent.

    Raises:
        SettingsError: What is left is not red.
    """
    from PIL import Image, ImageChops, ImageStat

    red, green, blue, alpha = pixels.split()
    darkness = ImageChops.invert(ImageChops.darker(red, ImageChops.darker(green, blue)))
    alpha = ImageChops.darker(alpha, darkness.point([min(255, level * 2) for level in range(256)]))
    seen = alpha.point([255 if level > 96 else 0 for level in range(256)])
    redness = ImageChops.subtract(red, ImageChops.lighter(green, blue)).point(
        [255 if n > 40 else 0 for n in range(256)]
    )
    inked = ImageStat.Stat(seen).sum[0]
    if not inked or ImageStat.Stat(ImageChops.darker(seen, redness)).sum[0] < _RED_SHARE * inked:
        raise SettingsError("seal", f"{name} is not red on white or transparent; give a colour scan of the seal")
    return Image.merge("RGBA", (red, green, blue, alpha))

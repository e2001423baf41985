"""The resolution of a page, as its file says it or as its paper must have been."""

from __future__ import annotations

import math

_A4_INCHES = (8.27, 11.69)
_COMMON = (72, 75, 96, 100, 120, 150, 200, 240, 300, 400, 600, 1200)
_NEAR = 0.05
_DEFAULTS = (72.0, 96.0)
"""What software writes that knows no resolution."""
_LONGEST_INCHES = 52.0
"""A picture longer than this (A0 with a margin) was hardly scanned, unless its resolution is a scanner's."""
_SHORTEST_INCHES = 2.0
_SCANNERS, _SCANNERS_INCHES = 200.0, 200.0
_MOST_STRETCHED = 4.0


def settle_dpi(stated: tuple[float, float] | None, width: int, height: int) -> tuple[float, float, bool]:
    """Resolution across and down, and whether it is a guess.

    Args:
        stated: What the file says, or ``None``.
        width, height: Size in pixels.

    Returns:
        Both > 0. A stated value that makes the paper absurdly large or small is not believed, only how the two
        stand to each other; then the page is taken for A4, in whatever orientation.
    """
    if stated is not None:
        inches = max(width / stated[0], height / stated[1])
        longest = _SCANNERS_INCHES if min(stated) >= _SCANNERS else _LONGEST_INCHES
        if _SHORTEST_INCHES <= inches <= longest and not _default_of_software(stated, inches, width, height):
            return _round_common(stated[0]), _round_common(stated[1]), False
    guess = _round_common(math.sqrt(width * height / (_A4_INCHES[0] * _A4_INCHES[1])), _NEAR)
    stretch = math.sqrt(stated[0] / stated[1]) if stated is not None else 1.0
    if not 1 / _MOST_STRETCHED <= stretch <= _MOST_STRETCHED or abs(stretch - 1) < _NEAR / 2:
        stretch = 1.0
    return guess * stretch, guess / stretch, True


def _default_of_software(stated: tuple[float, float], inches: float, width: int, height: int) -> bool:
    """72 or 96 dpi on a picture with the pixels of a 200–600 dpi A4 page: cameras and picture editors write that."""
    default = any(abs(dpi - it) <= 0.01 * it for it in _DEFAULTS for dpi in stated)
    return default and inches > 17.5 and 1.2 <= max(width, height) / min(width, height) <= 1.6


def _round_common(dpi: float, near: float = 0.004) -> float:
    """A resolution a scanner has, when it is that close; else two decimals."""
    best = min(_COMMON, key=lambda common: abs(common - dpi))
    return float(best) if abs(best - dpi) <= near * best else round(dpi, 2)

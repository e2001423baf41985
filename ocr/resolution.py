"""The resolution of a page, as its file says it or as its paper must have been."""

from __future__ import annotations

import math

_A4_INCHES = (8.27, 11.69)
_COMMON = (72, 75, 96, 100, 120, 150, 200, 240, 300, 400, 600, 1200)
_NEAR = 0.05
_LONGEST_INCHES = 52.0
"""A page longer than this (A0 with a margin) was not scanned: its file repeats a default such as 72 dpi."""
_SHORTEST_INCHES = 2.0


def settle_dpi(stated: tuple[float, float] | None, width: int, height: int) -> tuple[float, float, bool]:
    """Resolution across and down, and whether it is a guess.

    Args:
        stated: What the file says, or ``None``.
        width, height: Size in pixels.

    Returns:
        Both > 0. A stated value that makes the paper absurdly large or small is not believed; then the page is
        taken for A4, in whatever orientation.
    """
    if stated is not None:
        inches = max(width / stated[0], height / stated[1])
        if _SHORTEST_INCHES <= inches <= _LONGEST_INCHES and not _default_of_software(stated, inches, width, height):
            return _round_common(stated[0]), _round_common(stated[1]), False
    guess = _round_common(math.sqrt(width * height / (_A4_INCHES[0] * _A4_INCHES[1])), _NEAR)
    return guess, guess, True


def _default_of_software(stated: tuple[float, float], inches: float, width: int, height: int) -> bool:
    """72 or 96 dpi on a picture with the pixels of a 200–600 dpi A4 page: cameras and picture editors write that."""
    return max(stated) <= 96 and inches > 17.5 and 1.2 <= max(width, height) / min(width, height) <= 1.6


def _round_common(dpi: float, near: float = 0.004) -> float:
    """A resolution a scanner has, when it is that close; else two decimals."""
    best = min(_COMMON, key=lambda common: abs(common - dpi))
    return float(best) if abs(best - dpi) <= near * best else round(dpi, 2)

"""Which way up a page stands, cheaply: no engine, only where the ink of its lines lies.

Lines of text lie across the page, so turning a page by 90° turns its projection profile. Vietnamese puts its marks
above the letters (and Latin its ascenders), so a page upside down is heavier under its lines than above them. Both
are measures with a margin: where the margin is small the caller's engine is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ocr.ink import Reduced


@dataclass(frozen=True, slots=True)
class Orientation:
    """Verdict of the cheap detector.

    Attributes:
        turn: Degrees clockwise (0, 90, 180, 270) that make the page upright.
        sure: The measures agree with a wide margin.
    """

    turn: int
    sure: bool


def find_orientation(page: Reduced) -> Orientation:
    """Looks at lines and at their upper and lower halves. A page with little ink is left as it is, unsure."""
    import numpy as np

    ink = _letters(page)
    if np.count_nonzero(ink) < 400:
        return Orientation(0, False)
    across, down = _line_strength(ink), _line_strength(ink.T)
    ratio = across / max(down, 1e-9)
    lying = ratio < 1.0
    upright = _top_heaviness(np.ascontiguousarray(np.rot90(ink, -1)) if lying else ink, page)
    turn = (90 if upright >= 0 else 270) if lying else (0 if upright >= 0 else 180)
    sure = (ratio > 1.5 or ratio < 1 / 1.5) and abs(upright) > 0.04
    return Orientation(turn, sure)


def _letters(page: Reduced) -> Any:
    """Ink of the size of letters; rules, frames, pictures and specks are left out. Returns a bool array."""
    import cv2
    import numpy as np

    count, labels, stats, _ = cv2.connectedComponentsWithStats(page.ink, connectivity=8)
    sides = stats[:, 2:4]
    keep = (sides.max(axis=1) <= page.pixels(9)) & (stats[:, 4] >= max(2, page.pixels(0.25) ** 2))
    keep[0] = False
    return keep[labels] if count > 1 else np.zeros(page.ink.shape, bool)


def _line_strength(ink: Any) -> float:
    """How strongly the rows alternate between text and gap, whatever the amount of ink."""
    import numpy as np

    # Bands, because skew and columns smear a profile over the whole width.
    bands = np.array_split(ink, 8, axis=1)
    strength = 0.0
    for band in bands:
        profile = band.sum(axis=1, dtype=np.float64)
        total = profile.sum()
        if total > 0:
            strength += float(np.abs(np.diff(profile)).sum() / total) * float(total)
    return strength / max(float(ink.sum()), 1.0)


def _top_heaviness(ink: Any, page: Reduced) -> float:
    """Positive when lines carry more above their body than below it; a share of all ink."""
    import numpy as np

    above = below = 0.0
    reach = page.pixels(2.2)
    for band in np.array_split(ink, 8, axis=1):
        profile = band.sum(axis=1, dtype=np.float64)
        for top, bottom in _bodies(profile):
            above += float(profile[max(0, top - reach) : top].sum())
            below += float(profile[bottom : bottom + reach].sum())
    total = max(float(ink.sum()), 1.0)
    return (above - below) / total


def _bodies(profile: Any) -> list[tuple[int, int]]:
    """Row ranges of the bodies of lines (x-height): where the profile stands above half of its local peak."""
    import numpy as np

    if profile.max(initial=0) <= 0:
        return []
    level = 0.5 * np.percentile(profile[profile > 0], 90)
    inside = np.concatenate([[0], (profile >= level).astype(np.int8), [0]])
    edges = np.flatnonzero(np.diff(inside))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a >= 2]

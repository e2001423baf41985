"""The angle of a page's lines.

First the feet of the letters: at the right angle they fall onto few rows. Then the projection of all letter ink,
which tells hundredths of a degree.
"""

from __future__ import annotations

import math
from typing import Any

from ocr.ink import Reduced, letter_sized

_MAX_SKEW, _FARTHEST_SKEW = 15.0, 40.0
"""Degrees looked at first, and where nothing stands out among them. Beyond, a page rather lies on its side."""
_MIN_FAR_PEAK = 2.5
"""Pages laid in by hand stand at 4–8; chance among so many angles must not turn a drawing."""
_LEAST_DPI = 40.0
"""Below it no letter is three pixels high, and specks gather on rows; A0 at 300 dpi is looked at with 50."""
_FINE_POINTS = 30_000
_MIN_LETTERS = 25
_RIVAL = 0.85
_MIN_PEAK = 1.25
"""How far the best angle must stand above the usual one; a page of photographs or scribbles stays as it is."""


def find_skew(page: Reduced) -> tuple[float, float]:
    """Skew in degrees, positive clockwise, and what remains of it once that is taken out.

    Both are 0.0 when the page does not say.
    """
    found = _coarse(page)
    if not found:
        return 0.0, 0.0
    x, y = _points(page)
    # A page of few lines may gather at several angles; the ink between the feet decides.
    angle = max((_best(x[::3], y[::3], angle, 0.2, 0.05) for angle in found), key=lambda one: one[1])[0]
    angle = _best(x, y, angle, 0.06, 0.02)[0]
    angle = round(_best(x, y, angle, 0.01, 0.01)[0], 2) + 0.0
    # The other half of the ink is the witness: the first chose the angle.
    return angle, _remaining(x[1::2], y[1::2], angle)


def _best(x: Any, y: Any, around: float, spread: float, size: float) -> tuple[float, float]:
    """The angle of most energy near ``around``, and that energy."""
    import numpy as np

    angles = np.arange(around - spread, around + spread + size / 2, size)
    return max(((float(angle), _energy(x, y, float(angle))) for angle in angles), key=lambda one: one[1])


def _remaining(x: Any, y: Any, angle: float) -> float:
    """What is left of the skew once ``angle`` is taken out: a search wide enough to prove it wrong."""
    if len(x) < 300:
        return 0.0
    return round(_best(x, y, angle, 0.4, 0.04)[0] - angle, 2) + 0.0


def line_peaks(page: Reduced) -> tuple[float, float]:
    """How far the best angle stands out for lines that lie across, and for lines that stand (a page on its side)."""
    import numpy as np

    stats = _feet(page)
    if stats is None:
        return 0.0, 0.0
    found = []
    for along, foot in (
        (stats[:, 0] + stats[:, 2] / 2, stats[:, 1] + stats[:, 3]),
        (stats[:, 1] + stats[:, 3] / 2, stats[:, 0] + stats[:, 2]),
    ):
        _, scores = _gather(along, foot, float(along.mean()), 0.4)
        found.append(float(scores.max() / max(np.median(scores), 1.0)))
    return found[0], found[1]


def _coarse(page: Reduced) -> list[float]:
    """Angles within 0.1° of what may be the skew, from the feet of the letters; none when no angle stands out."""
    stats = _feet(page)
    if stats is None:
        return []
    middle = page.gray.shape[1] / 2
    along, foot = stats[:, 0] + stats[:, 2] / 2, stats[:, 1] + stats[:, 3]
    return _peaks(*_gather(along, foot, middle, 0.2), _MIN_PEAK) or _peaks(
        *_gather(along, foot, middle, 0.2, _FARTHEST_SKEW), _MIN_FAR_PEAK
    )


def _peaks(angles: Any, scores: Any, least: float) -> list[float]:
    """The angles that stand out, highest first; none at the ends, where the true one may lie beyond."""
    import numpy as np

    best = float(scores.max())
    if best < least * float(np.median(scores)) or int(scores.argmax()) in (0, len(scores) - 1):
        return []
    inner = scores[1:-1]
    peaks = np.flatnonzero((inner >= scores[:-2]) & (inner >= scores[2:]) & (inner >= _RIVAL * best)) + 1
    return [float(angles[peak]) for peak in sorted(peaks, key=lambda peak: -scores[peak])[:4]]


def _feet(page: Reduced) -> Any:
    """Boxes of letters, at most a few thousand; ``None`` when they are too few to say anything."""
    import numpy as np

    if page.dpi < _LEAST_DPI:
        return None
    letters = letter_sized(page) & (page.stats[:, 2:4].max(axis=1) >= page.pixels(1.2))
    if np.count_nonzero(letters) < _MIN_LETTERS:
        return None
    stats = page.stats[letters]
    return stats[:: max(1, len(stats) // 6000)]


def _gather(along: Any, foot: Any, middle: float, size: float, most: float = _MAX_SKEW) -> tuple[Any, Any]:
    """Angles, and how strongly the feet gather on lines at each."""
    import numpy as np

    x = (along - middle).astype(np.float32)
    y = foot.astype(np.float32) + _jitter(len(foot))
    angles = np.arange(-most, most + 0.01, size)
    return angles, np.array([_gathering(x, y, float(angle)) for angle in angles])


def _gathering(x: Any, y: Any, angle: float) -> float:
    """How strongly points gather on rows at one angle: sum of squared counts over rows two pixels wide."""
    import numpy as np

    rows = y - x * np.float32(math.tan(math.radians(angle)))
    rows -= rows.min()
    counts = np.bincount(rows.astype(np.int32)).astype(np.float64)
    pairs = counts[1:] + counts[:-1]
    return float(np.dot(pairs, pairs))


def _energy(x: Any, y: Any, angle: float) -> float:
    """Sum of squared steps of the projection profile at one angle."""
    import numpy as np

    rows = y - x * np.float32(math.tan(math.radians(angle)))
    rows -= rows.min()
    # Each point is shared between its two rows, or the curve would step with whole pixels.
    whole = rows.astype(np.int32)
    part = rows - whole
    size = int(whole.max()) + 2
    counts = np.bincount(whole, weights=1 - part, minlength=size)
    counts[1:] += np.bincount(whole, weights=part, minlength=size)[:-1]
    steps = np.diff(counts)
    return float(np.dot(steps, steps))


def _points(page: Reduced) -> tuple[Any, Any]:
    """A sample of the ink of letters, x from the middle of the page."""
    import cv2
    import numpy as np

    letters = letter_sized(page)[page.labels].astype(np.uint8)
    if not letters.any():
        return np.zeros(0, np.float32), np.zeros(0, np.float32)
    points: Any = cv2.findNonZero(letters).reshape(-1, 2)
    step = max(1, len(points) // _FINE_POINTS)
    points = points[::step].astype(np.float32)
    return points[:, 0] - np.float32(page.gray.shape[1] / 2), points[:, 1] + _jitter(len(points))


def _jitter(count: int) -> Any:
    """Even spread within a pixel; without it the angle 0.0 would win, as it alone keeps rows whole."""
    import numpy as np

    return (np.arange(count) * 0.618034 % 1.0).astype(np.float32)

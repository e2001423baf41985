"""What a road lost of the pages people see: the pictures stored in its PDF against those of the scan.

The pictures are compared as they are stored, so that no viewer's drawing is taken for a loss. One that was turned is
compared with the scan turned alike; what is left then is the loss of resampling and of encoding again.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

_PEAK = 255.0
_EDGE = 0.04
"""Share of each side left out: a turned page has corners the scan does not."""


@dataclass(frozen=True)
class Likeness:
    """Of the least like page: PSNR in dB (infinite when every pixel is the same) and SSIM, of the grey pictures."""

    psnr: float
    ssim: float

    def __str__(self) -> str:
        return "same pixels" if math.isinf(self.psnr) else f"SSIM {self.ssim:.3f}, {self.psnr:.1f} dB"


def likeness(scan: Path, made: Path) -> Likeness:
    """How like the pictures in ``made`` are to those in ``scan``, page by page; the least like page counts."""
    before, after = pictures(scan), pictures(made)
    if len(before) != len(after):
        raise SystemExit(f"{made}: {len(after)} pictures for {len(before)} pages; they cannot be compared")
    pages = [_compare(one, other) for one, other in zip(before, after, strict=True)]
    return min(pages, key=lambda page: page.ssim)


def pictures(pdf: Path) -> list[Any]:
    """The pictures of a PDF of one picture a page, decoded, uint8 (height, width) or (height, width, 3)."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(["pdfimages", "-all", pdf, f"{name}/page"], check=True)
        return [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in sorted(Path(name).iterdir())]


def _compare(before: Any, after: Any) -> Likeness:
    if np.array_equal(before, after):
        return Likeness(math.inf, 1.0)
    before, after = (_grey(picture) for picture in (before, after))
    laid = cv2.warpAffine(
        before,
        _turn(before, after),
        (after.shape[1], after.shape[0]),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    down, across = (round(_EDGE * side) for side in after.shape)
    one, other = (picture[down:-down, across:-across].astype(np.float64) for picture in (laid, after))
    error = float(np.mean((one - other) ** 2))
    return Likeness(math.inf if error == 0 else 10 * math.log10(_PEAK**2 / error), _ssim(one, other))


def _grey(picture: Any) -> Any:
    return picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)


def _turn(before: Any, after: Any) -> Any:
    """The 2 × 3 matrix from points of ``after`` to points of ``before``: coarse first, then at half the size."""
    turn = np.eye(2, 3, dtype=np.float32)
    for factor in (4, 2):
        small = [
            cv2.resize(
                picture, (picture.shape[1] // factor, picture.shape[0] // factor), interpolation=cv2.INTER_AREA
            )
            for picture in (after, before)
        ]
        turn[:, 2] /= factor
        steps = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
        _, found = cv2.findTransformECC(small[0], small[1], turn, cv2.MOTION_AFFINE, steps, None, 5)
        turn = np.asarray(found, np.float32)
        turn[:, 2] *= factor
    return turn


def _ssim(one: Any, other: Any) -> float:
    """Mean structural similarity (Wang et al. 2004): Gaussian window of 11 pixels, sigma 1.5."""
    steady, swing = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2

    def mean(picture: Any) -> Any:
        return cv2.GaussianBlur(picture, (11, 11), 1.5)

    first, second = mean(one), mean(other)
    spread, spread_other = mean(one * one) - first**2, mean(other * other) - second**2
    together = mean(one * other) - first * second
    alike = (2 * first * second + steady) * (2 * together + swing)
    return float(np.mean(alike / ((first**2 + second**2 + steady) * (spread + spread_other + swing))))

"""What time and a scanner do to a sheet: colour of paper, stains, folds, holes, skew, noise, low resolution.

One description (``Wear``), chosen by seed, and one function that applies it and says where every point of the clean
sheet went, so that boxes can follow. Points are edges of pixels: 0 is the left edge of the first one.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from manifests.text import Bbox
from sample_scans.eras import Era

Pixels = NDArray[np.uint8]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Wear:
    """Everything that happens to one sheet between the pen and the file.

    Attributes:
        paper: Colour of the sheet; texture: how uneven it is, 0 to 1.
        bleed: How strongly the back shows through, 0 to 1.
        border: Millimetres of black around the sheet (the scanner's lid).
        skew: Degrees, positive is clockwise. turned: the sheet lay 0, 90, 180 or 270 degrees clockwise in the feeder.
        scale: 1.0, or less when the scan is of lower resolution than asked.
        mode: ``color``, ``gray`` or ``bitonal``.
        quality: Of JPEG, 1 to 95.
    """

    paper: tuple[int, int, int] = (255, 255, 255)
    texture: float = 0.0
    bleed: float = 0.0
    stains: int = 0
    folds: int = 0
    holes: int = 0
    fade: float = 0.0
    border: float = 0.0
    skew: float = 0.0
    turned: int = 0
    noise: float = 0.0
    speckle: float = 0.0
    blur: float = 0.0
    scale: float = 1.0
    mode: str = "color"
    quality: int = 85

    def described(self) -> dict[str, str]:
        """What differs from an untouched sheet, as text."""
        clean = Wear()
        return {
            name: str(getattr(self, name))
            for name in self.__dataclass_fields__
            if getattr(self, name) != getattr(clean, name)
        }


CLEAN = Wear()


def choose_wear(era: Era, rng: random.Random, *, mode: str = "color") -> Wear:
    """A likely fate for a sheet of that age."""
    old = {"typed": 1.0, "dotted": 0.7, "form": 0.4, "laser": 0.12}[era.code]
    light, dark = era.paper
    mix = rng.random()
    paper = (round(light[0] + (dark[0] - light[0]) * mix), round(light[1] + (dark[1] - light[1]) * mix))
    wear = Wear(
        paper=(*paper, round(light[2] + (dark[2] - light[2]) * mix)),
        texture=round(0.08 + 0.6 * old * rng.random(), 2),
        bleed=round(rng.uniform(0.04, 0.16) * old, 3) if rng.random() < 0.5 * old + 0.1 else 0.0,
        stains=rng.randint(1, 3) if rng.random() < 0.6 * old else 0,
        folds=rng.randint(1, 2) if rng.random() < 0.6 * old + 0.05 else 0,
        holes=2 if rng.random() < 0.35 else 0,
        fade=round(0.32 * old * rng.random(), 2),
        border=round(rng.uniform(2, 8), 1) if rng.random() < 0.35 else 0.0,
        skew=round(rng.uniform(-3, 3), 2) if rng.random() < 0.6 else 0.0,
        turned=rng.choice((90, 180, 270)) if rng.random() < 0.14 else 0,
        noise=round(rng.uniform(1.5, 5.0), 1),
        speckle=round(rng.uniform(0.00002, 0.0002), 6) if rng.random() < 0.3 + 0.3 * old else 0.0,
        blur=round(rng.uniform(0.3, 0.7), 2),
        mode=mode,
        quality=rng.choice((48, 62, 75, 82, 88)),
    )
    return replace(wear, bleed=wear.bleed / 2, stains=0) if mode == "bitonal" else wear


def apply_wear(image: Image.Image, wear: Wear, dpi: int, seed: int) -> tuple[Image.Image, Matrix]:
    """Age and scan one clean sheet.

    Args:
        image: RGB, ink on white.
        seed: Of everything random in here.

    Returns:
        The delivered image (mode RGB, L or 1) and the 3×3 matrix from clean to delivered pixels.
    """
    cv2.setNumThreads(1)
    rng = np.random.default_rng(seed)
    ink: Pixels = np.asarray(image, dtype=np.uint8)
    if wear.fade:
        ink = cv2.addWeighted(ink, 1 - wear.fade, np.full_like(ink, 255), wear.fade, 0).astype(np.uint8)
    sheet = _paper(ink.shape[0], ink.shape[1], wear, dpi, rng)
    if wear.bleed:
        back = cv2.GaussianBlur(ink[:, ::-1], (0, 0), dpi / 120)
        back = cv2.addWeighted(back, wear.bleed, np.full_like(ink, 255), 1 - wear.bleed, 0)
        sheet = cv2.multiply(sheet, back, scale=1 / 255).astype(np.uint8)
    page = cv2.multiply(sheet, ink, scale=1 / 255).astype(np.uint8)
    _folds(page, wear.folds, dpi, rng)
    _holes(page, wear.holes, dpi, rng)
    page, matrix = _geometry(page, wear, dpi)
    page = _scanner(page, wear, rng)
    return _encoded(page, wear.mode), matrix


def follow(box: Bbox, matrix: Matrix, width: int, height: int) -> Bbox:
    """The box around ``box`` after ``matrix``, inside an image of that size."""
    left, top, right, bottom = box
    corners = np.array([[left, right, right, left], [top, top, bottom, bottom], [1, 1, 1, 1]], dtype=np.float64)
    moved = matrix @ corners
    return Bbox(
        max(0, int(np.floor(moved[0].min()))),
        max(0, int(np.floor(moved[1].min()))),
        min(width, int(np.ceil(moved[0].max()))),
        min(height, int(np.ceil(moved[1].max()))),
    )


def _paper(height: int, width: int, wear: Wear, dpi: int, rng: np.random.Generator) -> Pixels:
    base = np.empty((height, width, 3), dtype=np.float32)
    base[:] = wear.paper
    if wear.texture:
        for cells, depth in ((7, 9.0), (60, 3.5)):
            small = rng.normal(0, depth * wear.texture, (cells * 4 // 3, cells)).astype(np.float32)
            base += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)[:, :, None]
    for _ in range(wear.stains):
        _stain(base, dpi, rng)
    return np.clip(base, 0, 255).astype(np.uint8)


def _stain(base: NDArray[np.float32], dpi: int, rng: np.random.Generator) -> None:
    """A tide mark: a brownish blot, darker at its rim."""
    height, width = base.shape[:2]
    radius = float(rng.uniform(8, 26)) * dpi / 25.4
    x, y = float(rng.uniform(0, width)), float(rng.uniform(0, height))
    top, bottom = int(max(0, y - radius * 1.3)), int(min(height, y + radius * 1.3))
    left, right = int(max(0, x - radius * 1.3)), int(min(width, x + radius * 1.3))
    if top >= bottom or left >= right:
        return
    rows, cols = np.mgrid[top:bottom, left:right].astype(np.float32)
    angle = np.arctan2(rows - y, cols - x)
    wave = 1 + 0.12 * np.sin(3 * angle + rng.uniform(0, 6)) + 0.06 * np.sin(7 * angle + rng.uniform(0, 6))
    reach = np.hypot(rows - y, cols - x) / (radius * wave)
    depth = np.where(reach < 1, 0.35 + 0.65 * reach**6, np.clip(1 - (reach - 1) * 14, 0, 1))
    strength = float(rng.uniform(18, 42))
    base[top:bottom, left:right] -= (depth * strength)[:, :, None] * np.array([0.55, 0.8, 1.25], dtype=np.float32)


def _folds(page: Pixels, count: int, dpi: int, rng: np.random.Generator) -> None:
    height, width = page.shape[:2]
    for index in range(count):
        across = index == 0
        middle = (height if across else width) * float(rng.uniform(0.46, 0.54))
        length = width if across else height
        drift = float(rng.uniform(-0.01, 0.01))
        reach = max(3, round(1.6 * dpi / 25.4))
        offsets = np.arange(-reach, reach + 1)
        shade = (
            1
            - 0.16 * np.exp(-((offsets / (reach / 3)) ** 2))
            + 0.06 * np.exp(-(((offsets - reach / 2) / (reach / 3)) ** 2))
        )
        for at in range(length):
            spots = np.clip((middle + drift * at + offsets).astype(int), 0, (height if across else width) - 1)
            if across:
                page[spots, at] = np.clip(page[spots, at] * shade[:, None], 0, 255)
            else:
                page[at, spots] = np.clip(page[at, spots] * shade[:, None], 0, 255)


def _holes(page: Pixels, count: int, dpi: int, rng: np.random.Generator) -> None:
    """Punched at the left edge, 80 mm apart; the scanner's lid shows through."""
    lid = int(rng.integers(20, 60))
    for index in range(count):
        centre = (round(10 * dpi / 25.4), round((297 / 2 + (index - 0.5) * 80) * dpi / 25.4))
        cv2.circle(page, centre, round(2.9 * dpi / 25.4), (lid, lid, lid), -1, cv2.LINE_AA)


def _geometry(page: Pixels, wear: Wear, dpi: int) -> tuple[Pixels, Matrix]:
    height, width = page.shape[:2]
    matrix: Matrix = np.eye(3)
    frame = round(wear.border * dpi / 25.4)
    if wear.skew or frame:
        turn = np.eye(3)
        turn[:2] = cv2.getRotationMatrix2D((width / 2, height / 2), -wear.skew, 1.0)
        matrix = _moved(frame, frame) @ turn
        # boxes have edges, OpenCV's pixels have middles: half a pixel lies between them
        by_middles = _moved(-0.5, -0.5) @ matrix @ _moved(0.5, 0.5)
        lid = (18, 18, 20) if frame else wear.paper
        page = cv2.warpAffine(
            page,
            by_middles[:2],
            (width + 2 * frame, height + 2 * frame),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=lid,
        ).astype(np.uint8)
    if wear.scale != 1.0:
        before = page.shape
        size = (round(before[1] * wear.scale), round(before[0] * wear.scale))
        page = cv2.resize(page, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
        matrix = np.diag([size[0] / before[1], size[1] / before[0], 1.0]) @ matrix
    height, width = page.shape[:2]
    if wear.turned:
        page = np.ascontiguousarray(np.rot90(page, -wear.turned // 90))
        quarter = {
            90: [[0, -1, height], [1, 0, 0], [0, 0, 1]],
            180: [[-1, 0, width], [0, -1, height], [0, 0, 1]],
            270: [[0, 1, 0], [-1, 0, width], [0, 0, 1]],
        }[wear.turned]
        matrix = np.array(quarter, dtype=np.float64) @ matrix
    return page, matrix


def _moved(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float64)


def _scanner(page: Pixels, wear: Wear, rng: np.random.Generator) -> Pixels:
    if wear.blur:
        page = cv2.GaussianBlur(page, (0, 0), wear.blur).astype(np.uint8)
    if wear.noise:
        grain = rng.standard_normal(page.shape[:2], dtype=np.float32) * wear.noise
        page = np.clip(page.astype(np.int16) + grain.astype(np.int16)[:, :, None], 0, 255).astype(np.uint8)
    if wear.speckle:
        height, width = page.shape[:2]
        for _ in range(int(wear.speckle * height * width)):
            y, x = int(rng.integers(0, height - 3)), int(rng.integers(0, width - 3))
            size = int(rng.integers(1, 3))
            page[y : y + size, x : x + size] = int(rng.integers(30, 120))
    return page


def _encoded(page: Pixels, mode: str) -> Image.Image:
    if mode == "color":
        return Image.fromarray(page)
    gray = cv2.cvtColor(page, cv2.COLOR_RGB2GRAY)
    if mode == "gray":
        return Image.fromarray(gray)
    # as scanners do it: against the paper, not against the black of the lid
    return Image.fromarray(gray > 0.78 * float(np.median(gray)))

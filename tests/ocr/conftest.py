"""Pages drawn with known words at known places, for the tests of this room."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from manifests.text import Bbox, PageFacts, PageText, PageVerdict, Word
from ocr.page import CapturedPage, Encoding, GrayImage, VisibleImage
from sample_scans.fonts import FontRole, face


@dataclass(frozen=True)
class DrawnPage:
    """A white page with black print; ``words`` hold the ink's boxes."""

    image: Image.Image
    dpi: float
    words: tuple[Word, ...]

    @property
    def pixels(self) -> GrayImage:
        return np.asarray(self.image.convert("L"))

    @property
    def facts(self) -> PageFacts:
        return PageFacts(1, "scan.jpg", 1, self.image.width, self.image.height, self.dpi)

    @property
    def text(self) -> PageText:
        return PageText(self.facts, PageVerdict.READ, self.words, "drawn")

    def visible(self, encoding: Encoding = Encoding.JPEG) -> VisibleImage:
        data = io.BytesIO()
        if encoding is Encoding.JPEG:
            self.image.save(data, "JPEG", quality=80)
        else:
            self.image.convert("1" if encoding is Encoding.BITONAL else self.image.mode).save(data, "PNG")
        return VisibleImage(data.getvalue(), encoding, self.image.width, self.image.height, self.dpi)

    def captured(self, scale: float = 1.0) -> CapturedPage:
        size = (round(self.image.width * scale), round(self.image.height * scale))
        pixels = np.asarray(self.image.convert("L").resize(size))
        return CapturedPage(self.visible(), pixels, scale, self.facts)


Draw = Callable[..., DrawnPage]


@pytest.fixture(scope="session")
def draw_page() -> Draw:
    """Return ``draw(lines, size=(w, h), dpi=200, font_size=30, mode="L")``; a line is ``(left, top, text)``."""

    def draw(
        lines: Sequence[tuple[int, int, str]],
        size: tuple[int, int] = (1654, 1000),
        dpi: float = 200,
        font_size: int = 30,
        mode: str = "L",
    ) -> DrawnPage:
        image = Image.new(mode, size, "white")
        pen = ImageDraw.Draw(image)
        font = ImageFont.truetype(str(face(FontRole.SANS).path), font_size)
        words = []
        for number, (left, top, text) in enumerate(lines):
            x = float(left)
            for word in text.split():
                pen.text((x, top), word, font=font, fill="black")
                box = Bbox(*(round(side) for side in pen.textbbox((x, top), word, font=font)))
                words.append(Word(word, box, 1.0, 0, number))
                x += pen.textlength(f"{word} ", font=font)
        return DrawnPage(image, dpi, tuple(words))

    return draw


Show = Callable[[VisibleImage], Image.Image]


@pytest.fixture(scope="session")
def show() -> Show:
    """Return ``show(visible)``: the page as a viewer draws it, a pixel a pixel."""

    def shown(visible: VisibleImage) -> Image.Image:
        image = Image.open(io.BytesIO(visible.data))
        if visible.placement is None:
            return image
        a, b, c, d, e, f = visible.placement
        size = (visible.width, visible.height)
        inverse = np.linalg.inv(np.array([[a, c, e], [b, d, f], [0.0, 0.0, 1.0]]))
        laid = image.convert("L" if image.mode == "1" else image.mode)
        fill = visible.paper[0] if laid.mode == "L" else visible.paper
        return laid.transform(
            size, Image.Transform.AFFINE, tuple(inverse[:2].ravel()), Image.Resampling.BILINEAR, fillcolor=fill
        )

    return shown

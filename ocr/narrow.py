"""An engine shown narrower copies of what it is to read.

Tesseract's network walks along a line in columns, each line scaled to the same height, so what it costs is a line's
width for its height. Letters a little narrower than print sets them are read as well – 45 real and sample pages held
no fewer Vietnamese words and no more that are none – for as much less of the network's time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocr.engine import Engine, ReadWord
    from ocr.page import GrayImage


class NarrowedEngine:
    """``engine``, reading copies of ``share`` of the width; boxes come back in pixels of what was given."""

    def __init__(self, engine: Engine, share: float) -> None:
        self.name, self.language = engine.name, engine.language
        self._engine, self._share = engine, share

    def read(
        self, image: GrayImage, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        import cv2

        height, width = image.shape
        size = (max(1, round(width * self._share)), height)
        # Of the ways to resample, the mean of what a pixel covers reads best.
        narrow = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype, copy=False)
        wider = width / size[0]
        words = self._engine.read(narrow, dpi, timeout=timeout, page_number=page_number, single_block=single_block)
        return [replace(word, bbox=_widened(word.bbox, wider, width)) for word in words]

    def orientation(self, image: GrayImage, dpi: float) -> int | None:
        return self._engine.orientation(image, dpi)

    def close(self) -> None:
        self._engine.close()


def _widened(box: tuple[int, int, int, int], wider: float, most: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    return round(left * wider), top, min(most, round(right * wider)), bottom

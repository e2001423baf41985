"""Encoding the page people will see, once, and never worse than it came."""

from __future__ import annotations

import io

from ocr.page import Encoding, VisibleImage
from ocr.raw_page import JpegSettings, Pixels

_QUALITY = 90
_FEW_LEVELS = 48
_ONE_STRIP = 1 << 30
_COARSEST = 75
"""A page is not encoded worse than this quality a second time."""


def encode_visible(
    pixels: Pixels, dpi: float, *, bitonal: bool, settings: JpegSettings | None, turned: bool
) -> VisibleImage:
    """Encodes mended pixels.

    Args:
        pixels: Grey or RGB uint8.
        dpi: Resolution of ``pixels``.
        bitonal: Store 1 bit a pixel.
        settings: How the page was encoded before; its quantization is used again.
        turned: The page was turned by 90° or 270°, so tables change rows for columns.
    """
    height, width = pixels.shape[:2]
    if bitonal:
        return VisibleImage(_fax(pixels), Encoding.BITONAL, width, height, dpi)
    if settings is None and _flat(pixels):
        return VisibleImage(_png(pixels), Encoding.PNG, width, height, dpi)
    return VisibleImage(_jpeg(pixels, settings, turned), Encoding.JPEG, width, height, dpi)


def _flat(pixels: Pixels) -> bool:
    """Few distinct levels: drawn or already quantized; then lossless is small and JPEG would blur it."""
    import numpy as np

    sample = pixels[::7, ::5]
    if sample.ndim == 3:
        packed = sample.astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
        return len(np.unique(packed)) <= _FEW_LEVELS
    return len(np.unique(sample)) <= _FEW_LEVELS


def _fax(pixels: Pixels) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    # One strip: the PDF takes its code as it is.
    Image.fromarray(pixels).convert("1", dither=Image.Dither.NONE).save(
        out, "TIFF", compression="group4", strip_size=_ONE_STRIP
    )
    return out.getvalue()


def _png(pixels: Pixels) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _jpeg(pixels: Pixels, settings: JpegSettings | None, turned: bool) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    image = Image.fromarray(pixels)
    if settings is None or _coarse(settings):
        image.save(out, "JPEG", quality=_QUALITY if settings is None else _COARSEST, subsampling=2, optimize=False)
        return out.getvalue()
    tables = [list(_transposed(table) if turned else table) for table in settings.tables]
    if pixels.ndim == 2:
        image.save(out, "JPEG", qtables=tables[:1])
    else:
        image.save(out, "JPEG", qtables=tables[:2], subsampling=settings.subsampling)
    return out.getvalue()


def _coarse(settings: JpegSettings) -> bool:
    """Coarser than libjpeg's quality 75, whose luminance table sums to 1,849."""
    return len(settings.tables[0]) != 64 or sum(settings.tables[0]) > 1900


def _transposed(table: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(table[column * 8 + row] for row in range(8) for column in range(8))

"""Encoding the page people will see: at most once, never worse than it came, and in no more bytes than it needs."""

from __future__ import annotations

import io
import os
import subprocess
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from ocr.own_image import open_own
from ocr.page import Encoding, VisibleImage
from ocr.raw_page import JpegSettings, Pixels

if TYPE_CHECKING:
    from PIL import Image

_QUALITY = 90
_FEW_LEVELS = 48
_COARSEST = 75
"""A page is not encoded worse than this quality a second time."""
_ONE_STRIP = 1 << 30
_WORTH_BYTES, _WORTH_SHARE = 20_000, 0.98
_LARGEST_SQUEEZED = 60_000_000
"""Pixels; ``jpegtran`` holds the whole picture's coefficients, six bytes a pixel, and so does a viewer."""
_SQUEEZE_SECONDS = 30.0


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
        from PIL import Image

        one_bit = Image.fromarray(pixels).convert("1", dither=Image.Dither.NONE)
        return VisibleImage(fax(one_bit), Encoding.BITONAL, width, height, dpi)
    if settings is None and _flat(pixels):
        return VisibleImage(_png(pixels), Encoding.PNG, width, height, dpi)
    return VisibleImage(_jpeg(pixels, settings, turned), Encoding.JPEG, width, height, dpi)


def squeezed(visible: VisibleImage) -> VisibleImage:
    """The same picture, bit for bit when decoded, in fewer bytes where a scanner's JPEG wastes them.

    Scanners write the standard's own Huffman tables; tables made for the page, and its details sent in layers, take
    a tenth to a fifth off. Without the program ``jpegtran``, or where it finds a fault, the bytes stay as they are.
    """
    if visible.encoding is not Encoding.JPEG or len(visible.data) < _WORTH_BYTES:
        return visible
    if visible.width * visible.height > _LARGEST_SQUEEZED:
        return visible
    scans = _scans(colour=_components(visible.data) == 3)
    try:
        done = subprocess.run(
            ["jpegtran", "-copy", "icc", "-scans", f"/dev/fd/{scans}"],
            input=visible.data,
            capture_output=True,
            timeout=_SQUEEZE_SECONDS,
            check=True,
            pass_fds=(scans,),
        )
    except (OSError, subprocess.SubprocessError):
        return visible
    whole = not done.stderr and done.stdout.endswith(b"\xff\xd9")
    gained = len(done.stdout) < _WORTH_SHARE * len(visible.data)
    return replace(visible, data=done.stdout) if whole and gained else visible


@cache
def _scans(*, colour: bool) -> int:
    """An open file that tells ``jpegtran`` its layers: all averages first, then the detail of one channel at a time.

    libjpeg's own ten layers cost twice the time and give larger files on scans.
    """
    detail = "".join(f"{channel}: 1-63, 0, 0;\n" for channel in range(3 if colour else 1))
    script = ("0,1,2: 0-0, 0, 0;\n" if colour else "0: 0-0, 0, 0;\n") + detail
    number = os.memfd_create("scans")
    os.write(number, script.encode("ascii"))
    return number


def _components(jpeg: bytes) -> int:
    with open_own(jpeg) as image:
        return len(image.getbands())


def _flat(pixels: Pixels) -> bool:
    """Few distinct levels: drawn or already quantized; then lossless is small and JPEG would blur it."""
    import numpy as np

    sample = pixels[::7, ::5]
    if sample.ndim == 3:
        packed = sample.astype(np.uint32) @ np.array([1, 256, 65536], np.uint32)
        return len(np.unique(packed)) <= _FEW_LEVELS
    return len(np.unique(sample)) <= _FEW_LEVELS


def fax(image: Image.Image) -> bytes:
    """A picture of one bit as a TIFF of CCITT G4, in one strip: the PDF takes its code as it is."""
    out = io.BytesIO()
    image.save(out, "TIFF", compression="group4", strip_size=_ONE_STRIP)
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

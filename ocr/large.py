"""Pictures too large to be held whole several times over: gone through in strips, and looked at smaller.

A colour page of 192 million pixels takes 550 MiB decoded, and every step made one more of it. Nothing that is decided
about a page needs more than the engine reads at: it is looked at in as many eighths of its size as that takes
(``RawPage.scale``). What people see keeps every pixel: the scanner's own JPEG as it came, anything else encoded strip
by strip, and from there on it goes the way of a scanner's JPEG.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ocr.piped_picture import piped_picture
from ocr.raw_page import Pixels
from ocr.resolution import settle_dpi

if TYPE_CHECKING:
    from PIL import Image

_LARGE = 60_000_000
"""Pixels from which a picture is looked at smaller; A3 at 600 dpi is 70 million."""
_LOOKED_AT = 50_000_000
_LEAST_DPI = 180.0
"""The engine reads at no more (``RecognizeOptions.read_dpi``)."""
_ROWS = 64  # a whole number of eighths
_QUALITY = 90
_SECONDS = 120.0
_OPENCV_SCALES = {1: "8", 2: "4", 4: "2"}


def is_large(width: int, height: int) -> bool:
    return width * height > _LARGE and min(width, height) >= 8 * _ROWS


def eighths(width: int, height: int, dpi: tuple[float, float] | None) -> int:
    """How many eighths of its size a picture is looked at in; 8 is all of it."""
    if not is_large(width, height):
        return 8
    across, down, _ = settle_dpi(dpi, width, height)
    needed = math.ceil(8 * _LEAST_DPI / min(across, down))
    wanted = math.floor(8 * math.sqrt(_LOOKED_AT / (width * height)))
    return min(8, max(needed, wanted, 1))


def reduced_jpeg(data: bytes, part: int, *, colour: bool) -> Pixels | None:
    """A JPEG decoded in ``part`` eighths of its size, in a fraction of the time too; ``None``: not possible."""
    decode = _by_opencv if part in _OPENCV_SCALES else _by_djpeg
    return decode(data, part, colour=colour)


def _by_opencv(data: bytes, part: int, *, colour: bool) -> Pixels | None:
    import cv2
    import numpy as np

    name = f"IMREAD_REDUCED_{'COLOR' if colour else 'GRAYSCALE'}_{_OPENCV_SCALES[part]}"
    found: Pixels | None = cv2.imdecode(
        np.frombuffer(data, np.uint8), getattr(cv2, name) | cv2.IMREAD_IGNORE_ORIENTATION
    )
    if found is not None and colour:
        cv2.cvtColor(found, cv2.COLOR_BGR2RGB, dst=found)
    return found


def _by_djpeg(data: bytes, part: int, *, colour: bool) -> Pixels | None:
    """OpenCV knows halves only, and its whole picture exists twice."""
    command = ["djpeg", "-scale", f"{part}/8", "-rgb" if colour else "-grayscale", "-pnm"]
    try:
        with tempfile.TemporaryFile() as whole:
            whole.write(data)
            whole.seek(0)
            return piped_picture(command, _SECONDS, whole)
    except OSError:
        return None


Rows = Callable[[int, int], Pixels]
"""Grey or RGB of the rows from one number to another."""


def rows_of(image: Image.Image, decoded: Callable[[Image.Image], Pixels]) -> Rows:
    """The rows of an image, of which ``decoded`` makes grey or RGB."""
    return lambda top, bottom: decoded(image.crop((0, top, image.width, bottom)))


def shrunk(rows: Rows, size: tuple[int, int], part: int) -> Pixels:
    """A picture of ``size`` (width, height) in ``part`` eighths of it."""
    small = _empty(rows, size, part)
    for top, strip in _strips(rows, size[1]):
        _lay(strip, top, part, small)
    return small


def encoded_in_strips(rows: Rows, size: tuple[int, int], part: int) -> tuple[Pixels, bytes | None]:
    """The same, and the whole picture as a JPEG; ``None`` where nothing encodes it."""
    small = _empty(rows, size, part)

    def strips() -> Iterator[Pixels]:
        for top, strip in _strips(rows, size[1]):
            _lay(strip, top, part, small)
            yield strip

    return small, _encoded(strips(), *size)


def _empty(rows: Rows, size: tuple[int, int], part: int) -> Pixels:
    import numpy as np

    width, height = size
    return np.empty((-(-height // 8) * part, -(-width // 8) * part, *rows(0, 1).shape[2:]), np.uint8)


def _strips(rows: Rows, height: int) -> Iterator[tuple[int, Pixels]]:
    import numpy as np

    for top in range(0, height, _ROWS):
        yield top, np.ascontiguousarray(rows(top, min(top + _ROWS, height)))


def _lay(strip: Pixels, top: int, part: int, small: Pixels) -> None:
    """As a JPEG's decoder does it: what is left of a row or column is filled up to a whole block of eight."""
    import cv2

    height, width = strip.shape[:2]
    if height % 8 or width % 8:
        strip = cv2.copyMakeBorder(strip, 0, -height % 8, 0, -width % 8, cv2.BORDER_REPLICATE)
    rows = small[top // 8 * part : (top + strip.shape[0]) // 8 * part]
    cv2.resize(strip, (rows.shape[1], rows.shape[0]), dst=rows, interpolation=cv2.INTER_AREA)


def _encoded(rows: Iterator[Pixels], width: int, height: int) -> bytes | None:
    """By ``cjpeg``, which takes a row at a time; Pillow wants the whole picture."""
    first = next(rows)
    kind = b"P6" if first.ndim == 3 else b"P5"
    with tempfile.TemporaryFile() as out:
        command = ["cjpeg", "-quality", str(_QUALITY), "-sample", "2x2" if first.ndim == 3 else "1x1"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.DEVNULL)
        assert process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            with process.stdin as sink:
                sink.write(b"%s\n%d %d\n255\n" % (kind, width, height))
                sink.write(first.data)
                for strip in rows:
                    sink.write(strip.data)
            process.wait(_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
        out.seek(0)
        data = out.read()
    return data if process.returncode == 0 and data.endswith(b"\xff\xd9") else None

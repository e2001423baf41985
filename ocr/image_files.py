"""Pages out of JPEG, PNG and TIFF files through Pillow, one frame in memory at a time."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from ocr.errors import ImageTooLargeError, UnreadableError
from ocr.large import eighths, encoded_in_strips, reduced_jpeg, rows_of, shrunk
from ocr.limits import Limits
from ocr.raw_page import JpegSettings, Pixels, RawPage
from ocr.visible import fax

if TYPE_CHECKING:
    from PIL import Image

# EXIF orientation to (degrees clockwise, mirrored first).
_EXIF_TURNS = {1: (0, False), 2: (0, True), 3: (180, False), 4: (180, True)}
_EXIF_TURNS |= {5: (270, True), 6: (90, False), 7: (90, True), 8: (270, False)}
_EXIF_ORIENTATION = 0x0112
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)
"""What Pillow raises for broken files; its decoders do not promise one class."""


@contextmanager
def open_image(source: Path | bytes, name: str) -> Iterator[Image.Image]:
    """A lazily opened Pillow image; nothing is decoded yet.

    Raises:
        UnreadableError: Pillow finds no JPEG, PNG or TIFF (or JPEG 2000 from a PDF) in it.
    """
    # Importing a plugin registers its format; the rest of Pillow's formats stay unknown on purpose.
    from PIL import Image, Jpeg2KImagePlugin, JpegImagePlugin, PngImagePlugin, TiffImagePlugin  # noqa: F401

    # Sizes are checked by check_pixels with our own words; Pillow's own guard would only warn.
    Image.MAX_IMAGE_PIXELS = None
    # Pillow maps a named file's raw pixels into memory, and then turns them by the file's orientation wrongly.
    stream = source.open("rb") if isinstance(source, Path) else io.BytesIO(source)
    with stream, _opened(stream, name) as image:
        try:
            yield image
        finally:
            image.close()  # leaving the block closes the file alone, and keeps the decoded picture in memory


def _opened(stream: IO[bytes], name: str) -> Image.Image:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(stream, formats=("JPEG", "PNG", "TIFF", "JPEG2000"))
    except _BROKEN as error:
        raise UnreadableError(name, f"không giải mã được ảnh ({type(error).__name__}); hãy quét lại") from error


def check_pixels(width: int, height: int, name: str, limits: Limits) -> None:
    """Refuses a picture that would not fit in memory.

    Raises:
        ImageTooLargeError: More than ``limits.max_pixels``.
        UnreadableError: No pixels at all.
    """
    if width < 1 or height < 1:
        raise UnreadableError(name, "ảnh không có điểm ảnh nào; hãy quét lại")
    if width * height > limits.max_pixels:
        raise ImageTooLargeError(
            name,
            f"ảnh {width} × {height} điểm ảnh, giới hạn là {limits.max_pixels // 1_000_000} triệu điểm ảnh một trang;"
            " hãy quét lại ở 300 dpi",
        )


def count_frames(image: Image.Image, limits: Limits) -> tuple[int, bool]:
    """Readable frames of an image, and whether the chain of frames breaks off after them.

    A TIFF whose last directory is cut off still delivers the frames before it; the caller compares the count with
    what the manifest declares.
    """
    if image.format != "TIFF":
        return 1, False
    with warnings.catch_warnings():
        # Pillow warns of every odd tag; what matters is whether the frame can be read.
        warnings.simplefilter("ignore")
        for index in range(limits.max_pages + 1):
            try:
                image.seek(index)
            except EOFError:
                return index, False
            except _BROKEN:
                return index, True
            if image.width < 1 or image.height < 1:
                return index, True
    return limits.max_pages + 1, False


def read_frame(
    image: Image.Image,
    index: int,
    name: str,
    limits: Limits,
    data: bytes | None = None,
    *,
    loose: bool = True,
    stated: tuple[float, float] | None = None,
) -> RawPage:
    """Decodes one frame.

    Args:
        image: From ``open_image``.
        index: 0-based frame.
        name: File and page, for messages.
        limits: Checked before decoding.
        data: The encoded bytes, when they are a JPEG that may be passed on.
        loose: A file of its own; inside a PDF the page says how an image lies, and its EXIF counts for nothing.
        stated: Resolution the page of a PDF gives it.

    Raises:
        ImageTooLargeError, UnreadableError: As the names say.
    """
    try:
        image.seek(index)
        check_pixels(image.width, image.height, name, limits)
        dpi = _resolution(image)
        orientation = _orientation(image) if loose else 1
        settings = jpeg_settings(image)
        as_is = data is not None and image.format in ("JPEG", "MPO") and image.mode in ("L", "RGB")
        turn, mirrored = _EXIF_TURNS.get(orientation, (0, False))
        part = 8 if mirrored else eighths(image.width, image.height, stated or dpi)
        if part < 8 and (small := read_large(image, data if as_is else None, part)) is not None:
            return replace(small, dpi=dpi, turn=turn, settings=settings)
        pixels, bitonal = _decode_whole_jpeg(data, image) if as_is and data is not None else (None, False)
        if pixels is None:
            pixels, bitonal = decode(image)
    except (ImageTooLargeError, UnreadableError):
        raise
    except (EOFError, *_BROKEN) as error:
        raise UnreadableError(name, f"ảnh hỏng hoặc bị cắt cụt ({error}); hãy quét lại trang này") from error
    if mirrored:
        pixels, as_is = pixels[:, ::-1].copy(), False
    return RawPage(
        pixels=pixels,
        bitonal=bitonal,
        jpeg=data if as_is else None,
        dpi=dpi,
        turn=turn,
        settings=settings,
    )


def read_large(image: Image.Image, jpeg: bytes | None, part: int) -> RawPage | None:
    """A picture looked at in ``part`` eighths of its size; ``None``: it must be decoded whole."""
    full = (image.width, image.height)
    if jpeg is not None:
        whole = b"\xff\xd9" in jpeg[-64:]
        found = reduced_jpeg(jpeg, part, colour=image.mode == "RGB") if whole else None
        if found is None:
            return None
        return RawPage(found, False, jpeg, None, full=full, scale=part / 8)
    if image.mode == "1":
        small = shrunk(rows_of(image, strip_decoder(image)), full, part)
        return RawPage(small, False, None, None, fax=fax(image), full=full, scale=part / 8)
    pixels, jpeg = encoded_in_strips(rows_of(image, strip_decoder(image)), full, part)
    return RawPage(pixels, False, jpeg, None, full=full, scale=part / 8) if jpeg is not None else None


def strip_decoder(image: Image.Image) -> Callable[[Image.Image], Pixels]:
    """What makes grey or RGB of any piece of an image, the same for all its pieces."""
    import numpy as np

    if image.mode.startswith("I") or image.mode == "F":
        low, high = image.getextrema()
        return lambda strip: _eight_bit(np.asarray(strip), float(low), float(high))  # type: ignore[arg-type]
    if image.mode == "P" and "transparency" not in image.info:
        table, _ = _palette(image)
        return lambda strip: table[np.asarray(strip)]
    return lambda strip: decode(strip)[0]


def _decode_whole_jpeg(data: bytes, image: Image.Image) -> tuple[Pixels | None, bool]:
    """A JPEG that ends as it should, by OpenCV in half the time; Pillow tells what is cut, so the rest is its."""
    import cv2
    import numpy as np

    if b"\xff\xd9" not in data[-64:]:
        return None, False
    colour = cv2.IMREAD_GRAYSCALE if image.mode == "L" else cv2.IMREAD_COLOR_RGB
    pixels: Pixels | None = cv2.imdecode(np.frombuffer(data, np.uint8), colour | cv2.IMREAD_IGNORE_ORIENTATION)
    fits = pixels is not None and pixels.shape[:2] == (image.height, image.width)
    return (pixels if fits else None), False


def decode(image: Image.Image) -> tuple[Pixels, bool]:
    """Pixels of the current frame as grey or RGB uint8, and whether they are bitonal. Alpha goes onto white paper."""
    import numpy as np
    from PIL import Image

    mode = image.mode
    if mode == "1":
        return np.asarray(image.convert("L")), True
    if mode in ("L", "RGB"):
        return np.asarray(image), False
    if mode.startswith("I") or mode == "F":
        values = np.asarray(image)
        return _eight_bit(values, float(np.nanmin(values)), float(np.nanmax(values))), False
    if mode == "CMYK":
        # Pillow turns Adobe's inverted CMYK round while decoding.
        return np.asarray(image.convert("RGB")), False
    if mode == "P" and "transparency" not in image.info:
        table, bitonal = _palette(image)
        return table[np.asarray(image)], bitonal
    if mode in ("P", "PA", "LA", "La", "RGBA", "RGBa"):
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, (255, 255, 255, 255))
        paper.alpha_composite(rgba)
        flat = paper.convert("RGB")
        return np.asarray(flat.convert("L") if mode in ("LA", "La") else flat), False
    return np.asarray(image.convert("RGB")), False


def _palette(image: Image.Image) -> tuple[Pixels, bool]:
    """Grey or RGB of each of 256 indexes, and whether those in use are black and white alone."""
    import numpy as np

    raw = image.getpalette("RGB") or []
    palette = np.zeros((256, 3), np.uint8)
    known = np.asarray(raw[: 256 * 3], np.uint8).reshape(-1, 3)
    palette[: len(known)] = known
    used = palette[np.flatnonzero(image.histogram()[:256])]
    if bool((used == used[:, :1]).all()):
        return palette[:, 0].copy(), bool(np.isin(used, (0, 255)).all())
    return palette, False


def _eight_bit(values: Any, low: float, high: float) -> Pixels:
    """16-bit and float samples to 8 bits; 12-bit scanners fill only the low part of 16."""
    import numpy as np

    if values.dtype.kind == "f":
        span = (high - low) or 1.0
        scaled: Pixels = ((np.nan_to_num(values) - low) * (255.0 / span)).astype(np.uint8)
        return scaled
    shift = max(int(high).bit_length() - 8, 0) if high < 4096 else 8
    shifted: Pixels = np.clip(values >> shift, 0, 255).astype(np.uint8)
    return shifted


def _resolution(image: Image.Image) -> tuple[float, float] | None:
    stated = image.info.get("dpi")
    if not isinstance(stated, tuple) or len(stated) != 2:
        return None
    try:
        x, y = float(stated[0]), float(stated[1])
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return (x, y) if 20 <= x <= 10_000 and 20 <= y <= 10_000 else None


def _orientation(image: Image.Image) -> int:
    if image.format not in ("JPEG", "MPO", "TIFF", "PNG"):
        return 1
    if image.format == "TIFF":
        # Pillow applies the tag itself when the frame is loaded.
        return 1
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except _BROKEN:
        return 1


def jpeg_settings(image: Image.Image) -> JpegSettings | None:
    if image.format not in ("JPEG", "MPO"):
        return None
    from PIL import JpegImagePlugin

    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    subsampling = JpegImagePlugin.get_sampling(image)
    return JpegSettings(
        tables=tuple(tuple(int(v) for v in tables[key]) for key in sorted(tables)),
        subsampling=subsampling if subsampling in (0, 1, 2) else 2,
    )

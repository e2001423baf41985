"""Pages out of a PDF: the scanner's own image where the page is one, drawn by poppler otherwise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ocr.errors import ImageTooLargeError, OcrError, UnreadableError
from ocr.image_files import check_pixels, decode, open_image, read_frame, read_large
from ocr.large import eighths, encoded_in_strips
from ocr.limits import Limits
from ocr.pdf_drawing import Drawing, Matrix, inspect_page
from ocr.pdf_file import PdfFile
from ocr.poppler import draw_page, page_words
from ocr.raw_page import JpegSettings, LayerWord, RawPage

if TYPE_CHECKING:
    from pypdf import PageObject

_MIN_COVER = 0.85
"""Share of the page the image must fill to be the page."""
_VECTOR_DPI = 300.0
_DRAW_DPI = (100.0, 600.0)
_MOST_DRAWN = 100_000_000
"""Pixels: A0 at 250 dpi. What is drawn is held whole, and once more while it is encoded."""
_POINTS = 72.0
_GRAY_SPACES = frozenset(("/DeviceGray", "/CalGray", "/G"))
_SAMPLES = frozenset(("/FlateDecode", "/LZWDecode", "/RunLengthDecode", "/ASCII85Decode", "/ASCIIHexDecode", ""))
_SAMPLES |= {"/Fl", "/LZW", "/RL", "/A85", "/AHx"}
"""Last filters of an image whose decoded bytes are its pixels."""
_RGB_SPACES = frozenset(("/DeviceRGB", "/CalRGB", "/RGB"))


def read_pdf_page(pdf: PdfFile, number: int, limits: Limits) -> RawPage:
    """Reads page ``number`` (1-based).

    Raises:
        ImageTooLargeError, UnreadableError: The page cannot be decoded; names file and page.
        ToolMissingError: poppler is needed and not installed.
    """
    page = pdf.page(number)
    try:
        drawing = inspect_page(page, pdf.reader)
        raw = _sole_image(pdf, page, drawing, number, limits)
        return raw if raw is not None else _drawn(pdf, page, drawing, number, limits)
    except (OcrError, MemoryError):
        raise
    except Exception as error:  # what pypdf makes of a broken page has no class of its own
        raise UnreadableError(
            f"{pdf.name}, trang {number}", f"trang PDF bị hỏng ({type(error).__name__}); hãy quét lại"
        ) from error
    finally:
        del page
        pdf.release()


def _sole_image(pdf: PdfFile, page: PageObject, drawing: Drawing, number: int, limits: Limits) -> RawPage | None:
    """The page's one image, or ``None`` when the page is more than that or its encoding is for poppler."""
    if drawing.marks or len(drawing.images) != 1:
        return None
    image, matrix = drawing.images[0]
    turn = _turn(matrix)
    box = _display_box(page)
    if turn is None or not _fills(matrix, box):
        return None
    where = f"{pdf.name}, trang {number}"
    width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    check_pixels(width, height, where, limits)
    unit = _user_unit(page)
    across, down = math.hypot(matrix[0], matrix[1]) * unit, math.hypot(matrix[2], matrix[3]) * unit
    if across <= 0 or down <= 0:
        return None
    found = _decode_image(image, where, limits, (width * _POINTS / across, height * _POINTS / down))
    if found is None:
        return None
    turn = (turn + _page_rotation(page)) % 360
    pixel_width, pixel_height = found.size
    words: tuple[LayerWord, ...] = ()
    if drawing.text:
        upright = (pixel_width, pixel_height) if turn % 180 == 0 else (pixel_height, pixel_width)
        words = _words_on_image(pdf, number, limits, matrix, box, page, upright)
    dpi = (pixel_width * _POINTS / across, pixel_height * _POINTS / down)
    return replace(found, dpi=dpi, turn=turn, words=words, sized=True)


def _decode_image(image: Any, where: str, limits: Limits, dpi: tuple[float, float]) -> RawPage | None:
    """Pixels of an image XObject without placement; ``None`` leaves it to poppler."""
    from pypdf import apply_configuration

    filters = _listed(image.get("/Filter"))
    width, height = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    space, bits = _colour_space(image), int(image.get("/BitsPerComponent", 1 if image.get("/ImageMask") else 8))
    if "/SMask" in image or "/Mask" in image or ("/Decode" in image and not _plain_decode(image, space)):
        return None
    last = filters[-1] if filters else ""
    if last in ("/DCTDecode", "/DCT"):
        if space not in (1, 3) or bits != 8:
            return None
        # A JPEG that ends early is a broken page: poppler would paint the rest grey without a word.
        with open_image(image.get_data(), where) as opened:
            if (opened.width, opened.height) != (width, height) or opened.mode not in ("L", "RGB"):
                return None
            return read_frame(opened, 0, where, limits, image.get_data(), loose=False, stated=dpi)
    room = (width * max(space, 1) * max(bits, 8) // 8 + 64) * (height + 1)
    try:
        with apply_configuration(
            zlib_maximum_output_length=room,
            lzw_maximum_output_length=room,
            run_length_maximum_output_length=room,
            stream_decoding_work_maximum_length=4 * room,
        ):
            if last == "/JPXDecode":
                if not _eight_bit_jpx(image.get_data()):
                    return None
                with open_image(image.get_data(), where) as opened:
                    check_pixels(opened.width, opened.height, where, limits)
                    pixels, _ = decode(opened)
                return RawPage(pixels, False, None, None)
            if last in ("/CCITTFaxDecode", "/CCF"):
                return _decode_fax(image, where, width, height, dpi)
            if last in _SAMPLES:
                return _decode_samples(image, width, height, space, bits, dpi)
    except ImageTooLargeError:
        raise
    except Exception:  # whatever the decoder meets, poppler gets its try and reports with words if it fails too
        return None
    return None


def _eight_bit_jpx(data: bytes) -> bool:
    """Whether every component has 8 bits (ITU-T T.800, A.5.1); of more, Pillow lets white run over into black."""
    start = data.find(b"\xff\x4f\xff\x51")
    if start < 0:
        return False
    count = int.from_bytes(data[start + 40 : start + 42])
    return set(data[start + 42 : start + 42 + 3 * count : 3]) == {7}


def _decode_fax(image: Any, where: str, width: int, height: int, dpi: tuple[float, float]) -> RawPage | None:
    import numpy as np

    for settings in _listed(image.get("/DecodeParms")):
        # pypdf hands libtiff neither the two-dimensional flag nor byte alignment.
        if isinstance(settings, dict) and (int(settings.get("/K", 0)) > 0 or settings.get("/EncodedByteAlign")):
            return None
    with open_image(image.get_data(), where) as opened:
        part = eighths(width, height, dpi)
        if part < 8 and opened.size == (width, height) and opened.mode == "1" and not _inverted(image):
            return read_large(opened, None, part)
        pixels, bitonal = decode(opened)
    if pixels.shape != (height, width) or not bitonal:
        return None
    return RawPage(255 - pixels if _inverted(image) else np.ascontiguousarray(pixels), True, None, None)


def _decode_samples(
    image: Any, width: int, height: int, space: int, bits: int, dpi: tuple[float, float]
) -> RawPage | None:
    import numpy as np
    from PIL import Image

    samples = np.frombuffer(image.get_data(), np.uint8)
    part = eighths(width, height, dpi)
    if bits == 1 and space == 1 and part < 8 and not _inverted(image):
        return read_large(Image.frombytes("1", (width, height), samples.data), None, part)
    if bits == 1 and space == 1:
        row = (width + 7) // 8
        packed = samples[: row * height].reshape(height, row)
        pixels = np.unpackbits(packed, axis=1)[:, :width] * np.uint8(255)
        return RawPage(255 - pixels if _inverted(image) else pixels, True, None, None)
    if bits == 8 and space in (1, 3) and len(samples) >= width * height * space:
        shape = (height, width) if space == 1 else (height, width, 3)
        pixels = samples[: width * height * space].reshape(shape)
        if part < 8:
            small, jpeg = encoded_in_strips(lambda top, bottom: pixels[top:bottom], (width, height), part)
            if jpeg is not None:
                return RawPage(small, False, jpeg, None, full=(width, height), scale=part / 8)
        return RawPage(pixels, False, None, None)
    return None


def _drawn(pdf: PdfFile, page: PageObject, drawing: Drawing, number: int, limits: Limits) -> RawPage:
    """The page as poppler draws it, in the resolution of the scan under it where there is one."""
    import numpy as np

    where = f"{pdf.name}, trang {number}"
    for image, _ in drawing.images:
        # poppler decodes them whole, however small they are drawn.
        check_pixels(int(image.get("/Width", 0)), int(image.get("/Height", 0)), where, limits)
    left, bottom, right, top = _display_box(page)
    unit = _user_unit(page)
    width, height = abs(right - left) * unit / _POINTS, abs(top - bottom) * unit / _POINTS
    scan = _main_scan(drawing, page)
    dpi = _VECTOR_DPI if scan is None else min(max(_own_dpi(*scan, unit), _DRAW_DPI[0]), _DRAW_DPI[1])
    area = max(width * height, 1e-6)
    dpi = min(dpi, math.sqrt(min(limits.max_pixels, _MOST_DRAWN) / area))
    if dpi < _POINTS:
        raise ImageTooLargeError(where, f"khổ trang {width:.0f} × {height:.0f} inch; hãy quét lại đúng khổ giấy")
    dpi = math.floor(dpi)
    pixels = draw_page(pdf.path, number, dpi, limits)
    bitonal = False
    if bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()):
        pixels = np.ascontiguousarray(pixels[..., 0])
        if scan is not None and not drawing.marks and len(drawing.images) == 1 and _is_bitonal(scan[0]):
            pixels, bitonal = np.where(pixels < 128, np.uint8(0), np.uint8(255)), True
    words: tuple[LayerWord, ...] = ()
    if drawing.text:
        found, page_width, page_height = _layer(pdf, page, number, limits)
        if page_width > 0 and page_height > 0:
            words = _scaled(found, 0.0, 0.0, pixels.shape[1] / page_width, pixels.shape[0] / page_height)
    settings = _settings_of(scan[0], where) if scan is not None else None
    return RawPage(pixels, bitonal, None, (dpi, dpi), settings=settings, drawn=scan is None, words=words, sized=True)


def _words_on_image(
    pdf: PdfFile,
    number: int,
    limits: Limits,
    matrix: Matrix,
    box: tuple[float, float, float, float],
    page: PageObject,
    upright: tuple[int, int],
) -> tuple[LayerWord, ...]:
    """The text layer in pixels of the upright image."""
    found, page_width, page_height = _layer(pdf, page, number, limits)
    if not found or page_width <= 0 or page_height <= 0:
        return ()
    xs = [matrix[4], matrix[4] + matrix[0] + matrix[2]]
    ys = [matrix[5], matrix[5] + matrix[1] + matrix[3]]
    left, right = (min(xs) - box[0]) / (box[2] - box[0]), (max(xs) - box[0]) / (box[2] - box[0])
    top, bottom = (box[3] - max(ys)) / (box[3] - box[1]), (box[3] - min(ys)) / (box[3] - box[1])
    for _ in range(_page_rotation(page) // 90):
        left, top, right, bottom = 1 - bottom, left, 1 - top, right
    left, right, top, bottom = left * page_width, right * page_width, top * page_height, bottom * page_height
    return _scaled(found, left, top, upright[0] / (right - left), upright[1] / (bottom - top))


def _layer(pdf: PdfFile, page: PageObject, number: int, limits: Limits) -> tuple[tuple[LayerWord, ...], float, float]:
    """Words and size of the page as displayed; poppler gives the words so, but the size before ``/Rotate``."""
    found, width, height = page_words(pdf.path, number, limits)
    return (found, height, width) if _page_rotation(page) % 180 else (found, width, height)


def _scaled(
    words: tuple[LayerWord, ...], left: float, top: float, across: float, down: float
) -> tuple[LayerWord, ...]:
    return tuple(
        LayerWord(
            word.text,
            (word.left - left) * across,
            (word.top - top) * down,
            (word.right - left) * across,
            (word.bottom - top) * down,
            word.block,
            word.line,
        )
        for word in words
    )


def _turn(matrix: Matrix) -> int | None:
    """Degrees clockwise the matrix turns an image, ``None`` when it is slanted or mirrored."""
    a, b, c, d, _, _ = matrix
    size = max(abs(a), abs(b), abs(c), abs(d)) * 1e-3
    if abs(b) <= size and abs(c) <= size:
        return 0 if a > 0 and d > 0 else 180 if a < 0 and d < 0 else None
    if abs(a) <= size and abs(d) <= size:
        return 270 if b > 0 and c < 0 else 90 if b < 0 and c > 0 else None
    return None


def _fills(matrix: Matrix, box: tuple[float, float, float, float]) -> bool:
    """Whether the image covers nearly all of the page and hangs over its edge nowhere."""
    xs = sorted((matrix[4], matrix[4] + matrix[0] + matrix[2]))
    ys = sorted((matrix[5], matrix[5] + matrix[1] + matrix[3]))
    width, height = box[2] - box[0], box[3] - box[1]
    if width <= 0 or height <= 0:
        return False
    over_x, over_y = 0.02 * width, 0.02 * height
    inside = xs[0] >= box[0] - over_x and xs[1] <= box[2] + over_x
    inside = inside and ys[0] >= box[1] - over_y and ys[1] <= box[3] + over_y
    return inside and (xs[1] - xs[0]) * (ys[1] - ys[0]) >= _MIN_COVER * width * height


def _main_scan(drawing: Drawing, page: PageObject) -> tuple[Any, Matrix] | None:
    """The largest image, when it covers a good part of the page."""
    left, bottom, right, top = _display_box(page)
    best = max(drawing.images, key=lambda entry: _area(entry[1]), default=None)
    total = sum(_area(matrix) for _, matrix in drawing.images)
    return best if best is not None and total >= 0.3 * abs((right - left) * (top - bottom)) else None


def _area(matrix: Matrix) -> float:
    return abs(matrix[0] * matrix[3] - matrix[1] * matrix[2])


def _own_dpi(image: Any, matrix: Matrix, unit: float) -> float:
    across = math.hypot(matrix[0], matrix[1]) * unit
    return round(int(image.get("/Width", 0)) * _POINTS / across) if across > 0 else _VECTOR_DPI


def _settings_of(image: Any, where: str) -> JpegSettings | None:
    """How the scan under a drawn page was encoded, so that the drawn page is not made worse or larger."""
    if not set(_listed(image.get("/Filter"))) & {"/DCTDecode", "/DCT"}:
        return None
    from ocr.errors import OcrError
    from ocr.image_files import jpeg_settings

    try:
        with open_image(image.get_data(), where) as opened:
            return jpeg_settings(opened)
    except OcrError:
        return None


def _display_box(page: PageObject) -> tuple[float, float, float, float]:
    """The part of the page that is shown, in its own units, before ``/Rotate``."""
    media = _box(page, "mediabox")
    if media is None:
        raise ValueError("no MediaBox")
    crop = _box(page, "cropbox") or media
    left, bottom = max(crop[0], media[0]), max(crop[1], media[1])
    right, top = min(crop[2], media[2]), min(crop[3], media[3])
    return (left, bottom, right, top) if left < right and bottom < top else media


def _box(page: PageObject, name: str) -> tuple[float, float, float, float] | None:
    """A box of the page, lowest corner first; ``None`` where it is missing or no box, which viewers pass over."""
    try:
        left, bottom, right, top = (float(v) for v in getattr(page, name))
    except (ValueError, TypeError, AttributeError):
        return None
    box = min(left, right), min(bottom, top), max(left, right), max(bottom, top)
    return box if box[0] < box[2] and box[1] < box[3] else None


def _page_rotation(page: PageObject) -> int:
    rotation = page.rotation
    return int(rotation) % 360 if isinstance(rotation, int) and rotation % 90 == 0 else 0


def _user_unit(page: PageObject) -> float:
    unit = float(page.get("/UserUnit", 1.0))
    return unit if 0 < unit <= 1000 else 1.0


def _listed(value: Any) -> list[Any]:
    value = value.get_object() if value is not None else None
    if value is None:
        return []
    return [entry.get_object() for entry in value] if isinstance(value, list) else [value]


def _colour_space(image: Any) -> int:
    """Components of a plain grey or RGB space, 0 for everything else."""
    if image.get("/ImageMask"):
        return 1
    space = image.get("/ColorSpace")
    space = space.get_object() if space is not None else None
    if isinstance(space, list):
        family = str(space[0].get_object())
        if family == "/ICCBased":
            components = int(space[1].get_object().get("/N", 0))
            return components if components in (1, 3) else 0
        space = family
    return 1 if space in _GRAY_SPACES else 3 if space in _RGB_SPACES else 0


def _plain_decode(image: Any, space: int) -> bool:
    """Whether ``/Decode`` says nothing, or only swaps black and white of a 1-bit image."""
    values = [float(v) for v in _listed(image.get("/Decode"))]
    if values == [0.0, 1.0] * max(space, 1):
        return True
    return values == [1.0, 0.0] and space == 1 and _is_bitonal(image)


def _inverted(image: Any) -> bool:
    return [float(v) for v in _listed(image.get("/Decode"))] == [1.0, 0.0]


def _is_bitonal(image: Any) -> bool:
    return bool(image.get("/ImageMask")) or image.get("/BitsPerComponent") == 1

"""The copy the engine reads: grey, flat white paper, no seal ink, no border, at the resolution the engine likes.

It is never shown. Only red seals are taken out, told by colour, size and shape: red print (titles of certificates,
serial numbers, urgency stamps) and blue handwriting are text. Black seals stay.
"""

from __future__ import annotations

from typing import Any

from ocr.areas import connected_areas
from ocr.geometry import Change, scaled, warp
from ocr.ink import Mask, Reduced
from ocr.page import GrayImage
from ocr.raw_page import Pixels

ENGINE_DPI = 190.0
"""Tesseract's model was trained on lines 36 pixels high, which is print of 13 to 14 points at 180 to 200 dpi."""
_DOTTED_DPI = 300.0
"""For forms of dotted lines: the dots must still be told from specks and marks when they are taken out."""
_NEAR_ENOUGH = (0.9, 1.12)
_SEAL_MM = (18.0, 60.0)
"""Smallest and largest side of a seal; the law's round seals measure 32–42 mm, imprints are rarely whole."""
_SEAL_FILL = 0.08
_RED = 28
"""How much red stands above green and blue before a pixel counts as red ink."""
_INK_LEVEL = 60.0
"""Red channel of black ink as scanned, at most."""
_RING_MM = (14.0, 24.0)
_MAX_SCALE = 4.0


def engine_scale(dpi: float, *, dotted: bool = False) -> float:
    """Factor that brings a page to the resolution its reader wants; 1.0 when it is near enough."""
    factor = (_DOTTED_DPI if dotted else ENGINE_DPI) / dpi
    return 1.0 if _NEAR_ENOUGH[0] <= factor <= _NEAR_ENOUGH[1] else min(factor, _MAX_SCALE)


def clean_page(
    pixels: Pixels,
    gray: GrayImage,
    page: Reduced,
    change: Change,
    scale: float,
    *,
    remove_stamps: bool,
    clean: bool,
    bitonal: bool,
) -> GrayImage:
    """Makes the engine's copy.

    Args:
        pixels: The upright picture, grey or RGB.
        gray: The same in grey.
        page: Its reduced copy.
        change: From the picture to its page.
        scale: From ``engine_scale``.
        remove_stamps: Take red seals out.
        clean: Flatten the background, whiten borders, drop specks.
        bitonal: The page is 1 bit; it has no background to flatten.

    Returns:
        uint8 (page height × scale, page width × scale), dark on white.
    """
    copy: Pixels = gray
    if remove_stamps and pixels.ndim == 3:
        copy = remove_red_seals(pixels, gray, page)
    if clean and bitonal:
        copy = _drop_specks(copy, page.dpi / page.scale)
    size = (max(1, round(change.width * scale)), max(1, round(change.height * scale)))
    copy = _laid(copy, change, scale, size, 255 if bitonal else int(page.paper))
    if clean:
        copy = copy if bitonal else _flatten(copy, page, change)
        copy = _whiten_border(copy, page, change)
    return copy


def _laid(gray: GrayImage, change: Change, scale: float, size: tuple[int, int], paper: int) -> GrayImage:
    """The page at ``scale``, straightened and cropped, in one resampling."""
    import cv2

    copy: Pixels = gray
    if change.none and scale >= 0.8:
        if scale == 1.0:
            return gray
        # OpenCV's stubs promise less than uint8.
        laid: Pixels = cv2.resize(gray, size, interpolation=cv2.INTER_AREA if scale < 1.0 else cv2.INTER_CUBIC)
        return laid
    matrix = scaled(change, scale)
    factor = max(1, int(1.0 / scale))
    height, width = gray.shape
    if factor > 1 and min(height, width) >= 2 * factor:
        # Whole factors are ten times faster than others, and the rest is between one half and one.
        high, wide = height // factor, width // factor
        copy = cv2.resize(gray[: high * factor, : wide * factor], (wide, high), interpolation=cv2.INTER_AREA)
        scale *= factor
    matrix[:, :2] *= scale
    if scale >= 1.0:
        return warp(copy, matrix, size, paper, flags=cv2.INTER_CUBIC)
    if scale < 0.8:
        # Linear interpolation looks at two pixels, here there is more than one to a step: two are averaged first,
        # which moves the picture by half a pixel.
        copy = cv2.blur(copy, (2, 2))
        matrix[:, 2] -= matrix[:, :2].sum(axis=1) * 0.5
    return warp(copy, matrix, size, paper)


def remove_red_seals(pixels: Pixels, gray: GrayImage, page: Reduced) -> GrayImage:
    """Grey page whose red seals have gone white; dark text under a seal stays dark.

    Red ink hardly shows in the red channel, black ink does: there the seal is taken out and the text is not.
    """
    import cv2
    import numpy as np

    height, width = gray.shape
    # Every n-th pixel is enough to find an area of ink, and far cheaper than averaging.
    size = (page.gray.shape[1], page.gray.shape[0])
    seals = _find_seals(_redness(cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST)), page)
    if not seals:
        return gray
    copy = gray.copy()
    back = 1.0 / page.scale
    for left, top, right, bottom in seals:
        rows = slice(max(0, round(top * back)), min(height, round(bottom * back)))
        columns = slice(max(0, round(left * back)), min(width, round(right * back)))
        part = pixels[rows, columns]
        redness = _redness(part)
        inked = redness > _RED
        if np.count_nonzero(inked) < 100:
            continue
        red = part[..., 0]
        level = max(float(np.percentile(red[inked], 30)), _INK_LEVEL + 40.0)
        lifted = np.clip((red.astype(np.float32) - _INK_LEVEL) * (255.0 / (level - _INK_LEVEL)), 0, 255)
        weight = np.clip((redness.astype(np.float32) - 10) / (_RED - 10), 0, 1) * _disc(redness.shape)
        light = copy[rows, columns]
        copy[rows, columns] = (light + weight * np.maximum(lifted - light, 0)).astype(np.uint8)
    return copy


def _disc(shape: tuple[int, ...]) -> Any:
    """1.0 in the ellipse that fills ``shape``: red print in the corners beside a round seal is text."""
    import cv2
    import numpy as np

    height, width = shape[:2]
    disc = np.zeros((height, width), np.float32)
    cv2.ellipse(disc, ((width / 2, height / 2), (width, height), 0.0), (1.0,), -1)
    return disc


def _redness(pixels: Pixels) -> Any:
    """Red above the stronger of green and blue, as uint8."""
    import cv2

    red, green, blue = cv2.split(pixels)
    return cv2.subtract(red, cv2.max(green, blue))


def _find_seals(redness: Any, page: Reduced) -> list[tuple[int, int, int, int]]:
    """Boxes around red seals on the reduced page.

    Most stand alone as one red area of a seal's size; one that runs into red print is found by its ring.
    """
    import cv2
    import numpy as np

    mask: Mask = (redness > _RED).astype(np.uint8)
    least = page.pixels(_SEAL_MM[0])
    if np.count_nonzero(mask) < least * 2:
        return []
    size = page.pixels(1.6)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    count, _, stats, _ = connected_areas(joined)
    most = page.pixels(_SEAL_MM[1])
    width = mask.shape[1]
    margin = page.pixels(1.5)
    found = []
    for index in range(1, count):
        left, top, w, h, _ = (int(v) for v in stats[index])
        if max(w, h) < least or float(mask[top : top + h, left : left + w].mean()) < _SEAL_FILL:
            continue
        # A seal over the joint of two sheets shows only a slice at the edge.
        cut = left <= 2 or left + w >= width - 2
        if max(w, h) <= most and (0.7 <= w / h <= 1.4 or (cut and w < h)):
            found.append((left - margin, top - margin, left + w + margin, top + h + margin))
        elif min(w, h) >= least:
            found.extend(_rings(mask[top : top + h, left : left + w], left, top, page))
    return found


def _rings(mask: Mask, left: int, top: int, page: Reduced) -> list[tuple[int, int, int, int]]:
    """Boxes around circles of a round seal's size."""
    import cv2

    if max(mask.shape) > 4 * page.pixels(_SEAL_MM[1]):
        return []
    low, high = page.pixels(_RING_MM[0]), page.pixels(_RING_MM[1])
    circles = cv2.HoughCircles(
        mask * 255, cv2.HOUGH_GRADIENT, 2, 2 * low, param1=200, param2=60, minRadius=low, maxRadius=high
    )
    if circles is None:
        return []
    reach = page.pixels(1.5)
    return [
        (
            left + round(x - r) - reach,
            top + round(y - r) - reach,
            left + round(x + r) + reach,
            top + round(y + r) + reach,
        )
        for x, y, r in circles.reshape(-1, 3)[:4]
    ]


def _flatten(gray: GrayImage, page: Reduced, change: Change) -> GrayImage:
    """Divides by the paper's own shade, so that yellowed paper, shadows and bleed-through fade."""
    import cv2
    import numpy as np

    height, width = gray.shape
    quarter = (max(1, page.gray.shape[1] // 4), max(1, page.gray.shape[0] // 4))
    small = cv2.resize(page.gray, quarter, interpolation=cv2.INTER_AREA)
    size = max(3, round(5.0 * page.dpi / 4 / 25.4)) | 1
    shade = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    shade = cv2.medianBlur(shade, 5)
    shade = np.maximum(shade, np.uint8(min(60, int(page.paper))))
    if not change.none:
        part = page.scale / 4
        laid = (max(1, round(change.width * part)), max(1, round(change.height * part)))
        shade = warp(shade, scaled(change, part), laid, 255, edge=True)
    wide = cv2.resize(shade, (width, height), interpolation=cv2.INTER_LINEAR)
    # The divisor is a little below the paper, so that its grain saturates to white.
    flat: Pixels = cv2.divide(gray, wide, scale=255.0 * 1.06)
    return flat


def _drop_specks(gray: GrayImage, dpi: float) -> GrayImage:
    """Clears lone specks of a 1-bit page; a dot of a letter is larger than these."""
    import cv2
    import numpy as np

    most = max(1, round((dpi / 100.0) ** 2))
    ink = (gray < 128).astype(np.uint8)
    near = cv2.boxFilter(ink, cv2.CV_16S, (3, 3), normalize=False)
    wide = cv2.boxFilter(ink, cv2.CV_16S, (7, 7), normalize=False)
    alone = (ink > 0) & (wide <= most) & (near == wide)
    if not alone.any():
        return gray
    copy = gray.copy()
    copy[alone] = 255
    return copy


def _whiten_border(gray: GrayImage, page: Reduced, change: Change) -> GrayImage:
    import cv2
    import numpy as np

    if not page.border.any():
        return gray
    size = 2 * page.pixels(0.8) + 1
    grown = cv2.dilate(page.border, np.ones((size, size), np.uint8))
    if not change.none:
        laid = (max(1, round(change.width * page.scale)), max(1, round(change.height * page.scale)))
        grown = warp(grown, scaled(change, page.scale), laid, 255, flags=cv2.INTER_NEAREST)
    wide = cv2.resize(grown, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_NEAREST)
    copy = gray.copy()
    copy[wide > 0] = 255
    return copy

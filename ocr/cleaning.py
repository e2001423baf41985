"""The copy the engine reads: grey, flat white paper, no seal ink, no border, at the resolution the engine likes.

It is never shown. Only red seals are taken out, told by colour, size and shape: red print (titles of certificates,
serial numbers, urgency stamps) and blue handwriting are text. Black seals stay.
"""

from __future__ import annotations

from typing import Any

from ocr.ink import Mask, Reduced
from ocr.page import GrayImage
from ocr.raw_page import Pixels

ENGINE_DPI = 300.0
_SEAL_MM = (18.0, 60.0)
"""Smallest and largest side of a seal; the law's round seals measure 32–42 mm, imprints are rarely whole."""
_SEAL_FILL = 0.08
_RED = 28
"""How much red stands above green and blue before a pixel counts as red ink."""
_MAX_SCALE = 4.0


def engine_scale(dpi: float) -> float:
    """Factor that brings a page to about ``ENGINE_DPI``; 1.0 when it is near enough."""
    factor = ENGINE_DPI / dpi
    return 1.0 if 0.74 <= factor <= 1.25 else min(factor, _MAX_SCALE)


def clean_page(
    pixels: Pixels, gray: GrayImage, page: Reduced, scale: float, *, remove_stamps: bool, clean: bool, bitonal: bool
) -> GrayImage:
    """Makes the engine's copy.

    Args:
        pixels: The visible page, grey or RGB, after its geometry was mended.
        gray: The same in grey.
        page: Its reduced copy.
        scale: From ``engine_scale``.
        remove_stamps: Take red seals out.
        clean: Flatten the background, whiten borders, drop specks.
        bitonal: The page is 1 bit; it has no background to flatten.

    Returns:
        uint8 (height × scale, width × scale), dark on white.
    """
    import cv2

    copy: Pixels = gray
    if remove_stamps and pixels.ndim == 3:
        copy = remove_red_seals(pixels, gray, page)
    size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
    if scale < 1.0:
        copy = cv2.resize(copy, size, interpolation=cv2.INTER_AREA)
    if clean:
        copy = _drop_specks(copy, page.dpi / page.scale * min(scale, 1.0)) if bitonal else _flatten(copy, page)
        copy = _whiten_border(copy, page.border)
    if scale > 1.0:
        copy = cv2.resize(copy, size, interpolation=cv2.INTER_CUBIC)
    return copy


def remove_red_seals(pixels: Pixels, gray: GrayImage, page: Reduced) -> GrayImage:
    """Grey page whose red seals have gone white; dark text under a seal stays dark."""
    import cv2
    import numpy as np

    height, width = gray.shape
    small = cv2.resize(pixels, (page.gray.shape[1], page.gray.shape[0]), interpolation=cv2.INTER_AREA)
    seals = _seal_boxes(_redness(small), page)
    if not seals:
        return gray
    copy = gray.copy()
    back = 1.0 / page.scale
    margin = page.pixels(1.5)
    for left, top, right, bottom in seals:
        rows = slice(max(0, round((top - margin) * back)), min(height, round((bottom + margin) * back)))
        columns = slice(max(0, round((left - margin) * back)), min(width, round((right + margin) * back)))
        part = pixels[rows, columns]
        red = _redness(part)
        inked = red > _RED
        if not inked.any():
            continue
        light = copy[rows, columns]
        # Seal ink has one lightness; what is clearly darker lies under or over it and is text.
        level = float(np.median(light[inked]))
        lifted = np.clip((light.astype(np.float32) - 0.45 * level) * (255.0 / (0.45 * level)), 0, 255)
        weight = np.clip((red.astype(np.float32) - 10) / (_RED - 10), 0, 1)
        copy[rows, columns] = (light + weight * np.maximum(lifted - light, 0)).astype(np.uint8)
    return copy


def _redness(pixels: Pixels) -> Any:
    """Red above the stronger of green and blue, as uint8."""
    import cv2

    red, green, blue = cv2.split(pixels)
    return cv2.subtract(red, cv2.max(green, blue))


def _seal_boxes(red: Any, page: Reduced) -> list[tuple[int, int, int, int]]:
    """Boxes of red areas of a seal's size and shape on the reduced page."""
    import cv2
    import numpy as np

    mask: Mask = (red > _RED).astype(np.uint8)
    if not mask.any():
        return []
    size = page.pixels(2.0)
    joined = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    low, high = page.pixels(_SEAL_MM[0]), page.pixels(_SEAL_MM[1])
    width = mask.shape[1]
    found = []
    for index in range(1, count):
        left, top, w, h, _ = (int(v) for v in stats[index])
        # A seal over the joint of two sheets shows only a slice at the edge.
        cut = left <= 2 or left + w >= width - 2
        round_enough = 0.6 <= w / h <= 1.7 or (cut and w < h)
        inked = float(mask[top : top + h, left : left + w].mean())
        if low <= max(w, h) <= high and round_enough and inked >= _SEAL_FILL:
            found.append((left, top, left + w, top + h))
    return found


def _flatten(gray: GrayImage, page: Reduced) -> GrayImage:
    """Divides by the paper's own shade, so that yellowed paper, shadows and bleed-through fade."""
    import cv2
    import numpy as np

    height, width = gray.shape
    small = cv2.resize(page.gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    size = max(3, round(5.0 * page.dpi / 2 / 25.4)) | 1
    shade = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    shade = cv2.medianBlur(shade, min(size, 15) | 1)
    shade = np.maximum(shade, np.uint8(min(60, int(page.paper))))
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


def _whiten_border(gray: GrayImage, border: Mask) -> GrayImage:
    import cv2
    import numpy as np

    if not border.any():
        return gray
    grown = cv2.dilate(border, np.ones((5, 5), np.uint8))
    wide = cv2.resize(grown, (gray.shape[1], gray.shape[0]), interpolation=cv2.INTER_NEAREST)
    copy = gray.copy()
    copy[wide > 0] = 255
    return copy

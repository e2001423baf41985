"""``capture``: a page as its file holds it to page image and facts. Knows no files; ``ocr.scan`` opens them.

The whole path of a page can be read in ``capture_page``: turn as the file says, make pixels square, find which way is
up, judge, find skew and border, lay the image on a straight page, make the clean copy for the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from manifests.text import Bbox, PageFacts, PageText, PageVerdict, QualityFlag, Word
from ocr.border import is_negative
from ocr.cleaning import clean_page, engine_scale
from ocr.geometry import (
    MIN_SKEW,
    Affine,
    Change,
    Crop,
    find_crop,
    find_missing_corners,
    followed,
    scaled,
    straighten_reduced,
    straightening,
    turned,
)
from ocr.ink import Reduced, reduce_page
from ocr.occupied import colour_mode, occupied_boxes
from ocr.options import CaptureOptions
from ocr.orientation import Orientation, find_orientation
from ocr.page import CapturedPage, Encoding, GrayImage, VisibleImage
from ocr.quality import Quality, find_letters, judge_page
from ocr.raw_page import Pixels, RawPage
from ocr.resolution import settle_dpi
from ocr.skew import find_skew
from ocr.text_layer import covers_ink, judge_layer, place_words
from ocr.visible import encode_visible

Orienter = Callable[[GrayImage, float], int | None]
"""The engine's own view of which way is up: grey page and dpi to degrees clockwise that make it upright, or
``None`` when it cannot tell. Asked only where the cheap detector is in doubt."""

_MAX_STRETCH = 0.01
_ORIENTER_DPI = 140.0


def capture_page(
    raw: RawPage,
    number: int,
    source: str,
    source_page: int,
    options: CaptureOptions,
    orienter: Orienter | None,
    *,
    for_engine: bool,
) -> CapturedPage:
    """Captures one page, from its file's pixels to image, engine's copy and facts.

    Args:
        number: 1-based over the document.
        source, source_page: The delivered file's name and the page there, 1-based.
        orienter: See ``Orienter``.
        for_engine: Make the engine's copy; without it ``ocr_image`` is empty, for pages that were read before.
    """
    small = _look(raw, options, orienter)
    seen = _at_full_size(small, raw)
    paper = 255 - seen.page.paper if seen.negative else seen.page.paper
    visible = _visible(raw, seen.pixels, seen.dpi, paper, seen.matrix, seen.change)
    if raw.sized and raw.dpi is not None and seen.guessed:
        visible = replace(visible, sized_dpi=max(raw.dpi))
    words, junk = _layer(raw, seen.matrix, visible, seen.page, seen.change)
    scale = engine_scale(seen.dpi, dotted=seen.dotted)
    copy = (
        seen.pixels[:0, :0]
        if not for_engine or words or seen.quality.blank
        else clean_page(
            ~small.pixels if small.negative else small.pixels,
            small.gray,
            small.page,
            small.change,
            scale / raw.scale,
            remove_stamps=options.remove_stamps,
            clean=options.clean,
            bitonal=raw.bitonal,
        )
    )
    facts = _facts(raw, seen, number, source, source_page, options, junk=junk)
    if number == 1:
        boxes = occupied_boxes(small.pixels, small.dpi, small.change)
        facts = replace(facts, occupied=tuple(Bbox(*(round(side / raw.scale) for side in box)) for box in boxes))
    kept = PageText(facts, PageVerdict.KEPT, words, engine="text-layer") if words else None
    return CapturedPage(visible, copy, scale, facts, kept)


def examine_page(raw: RawPage, number: int, source: str, source_page: int, options: CaptureOptions) -> PageFacts:
    """The facts alone, as ``capture_page`` finds them, without making anything: what a look before handover needs.

    A text layer is not looked at; which way is up is told by the cheap detector only.
    """
    seen = _at_full_size(_look(raw, options, None), raw)
    return _facts(raw, seen, number, source, source_page, options, junk=False)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A page upright and judged: all that has to be found before anything is made of it.

    Attributes:
        pixels, gray, page: In colour as it came, dark on light, and reduced.
        negative: ``gray`` is the negative of ``pixels``.
        matrix: From the picture as the file asks to turn it to the page; ``change`` from ``pixels``.
        skew, skew_after: Degrees as it lay, and as it lies on the page.
    """

    pixels: Pixels
    gray: GrayImage
    page: Reduced
    negative: bool
    dpi: float
    guessed: bool
    rotation: int
    dotted: bool
    quality: Quality
    skew: float
    skew_after: float
    corner: bool
    matrix: Affine
    change: Change


def _at_full_size(seen: _Seen, raw: RawPage) -> _Seen:
    """What was found on a smaller copy, said of the whole picture; ``pixels`` and ``gray`` stay the copy."""
    import numpy as np

    scale = raw.scale
    if scale == 1.0:
        return seen
    matrix = seen.matrix.copy()
    matrix[:, 2] /= scale
    # A copy's last row and column may hang over the picture, which is the page where nothing moves it.
    whole = seen.change.none and np.array_equal(matrix, np.eye(2, 3))
    size = raw.size if whole else (round(seen.change.width / scale), round(seen.change.height / scale))
    change = replace(seen.change, matrix=scaled(seen.change, 1 / scale), width=size[0], height=size[1])
    page = replace(seen.page, scale=seen.page.scale * scale)
    return replace(seen, page=page, dpi=round(seen.dpi / scale, 2), matrix=matrix, change=change)


def _look(raw: RawPage, options: CaptureOptions, orienter: Orienter | None) -> _Seen:
    pixels, dpi, guessed, matrix = _upright(raw)
    gray, page, negative = _dark_on_light(pixels, dpi)
    cheap = find_orientation(page)
    rotation = _rotation(cheap, gray, dpi, orienter) if options.orient else 0
    if rotation:
        matrix = turned(matrix, rotation, gray.shape[1], gray.shape[0])
        pixels = _turned(pixels, rotation)
        gray, page, negative = _dark_on_light(pixels, dpi)

    letters, marks = find_letters(page)
    quality = judge_page(gray, page, letters, marks, bitonal=raw.bitonal)
    skew, remaining = find_skew(page) if options.deskew and not quality.blank else (0.0, 0.0)
    applied = skew if abs(skew) >= MIN_SKEW else 0.0
    # What was drawn from a description never lay on a scanner's bed.
    crop = find_crop(page, applied) if options.crop and not raw.drawn and not negative else Crop()
    corner = not raw.drawn and not negative and find_missing_corners(page, applied) > 0
    change = straightening(gray.shape[1], gray.shape[0], applied, crop)
    return _Seen(
        pixels=pixels,
        gray=gray,
        page=page,
        negative=negative,
        dpi=dpi,
        guessed=guessed,
        rotation=rotation,
        dotted=cheap.dotted,
        quality=quality,
        skew=skew,
        skew_after=remaining if applied else skew,
        corner=corner,
        matrix=followed(matrix, change.matrix),
        change=change,
    )


def _facts(
    raw: RawPage, seen: _Seen, number: int, source: str, source_page: int, options: CaptureOptions, *, junk: bool
) -> PageFacts:
    return PageFacts(
        page_number=number,
        source=source,
        source_page=source_page,
        width=seen.change.width,
        height=seen.change.height,
        dpi=seen.dpi,
        rotation=seen.rotation,
        skew_before=seen.skew,
        skew_after=seen.skew_after,
        sharpness=seen.quality.sharpness,
        contrast=round(seen.quality.contrast, 3),
        ink_share=round(seen.quality.ink_share, 5),
        blank=seen.quality.blank,
        flags=_flags(seen, options, junk=junk),
        colour=None if raw.drawn else colour_mode(seen.pixels, bitonal=raw.bitonal or raw.fax is not None),
    )


def _upright(raw: RawPage) -> tuple[Pixels, float, bool, Affine]:
    """Turned as the file says and with square pixels: pixels, dpi, whether dpi is a guess, and the word matrix."""
    import cv2
    import numpy as np

    pixels = _turned(raw.pixels, raw.turn)
    height, width = pixels.shape[:2]
    upright = raw.turn % 180 == 0
    stated = raw.dpi if raw.dpi is None or upright else (raw.dpi[1], raw.dpi[0])
    across, down, guessed = settle_dpi(stated, *(raw.size if upright else raw.size[::-1]))
    across, down = across * raw.scale, down * raw.scale
    if abs(across / down - 1) <= _MAX_STRETCH:
        return pixels, across, guessed, np.eye(2, 3)
    dpi = max(across, down)
    size = (max(1, round(width * dpi / across)), max(1, round(height * dpi / down)))
    stretched = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST if raw.bitonal else cv2.INTER_CUBIC)
    return stretched, dpi, guessed, np.array([[size[0] / width, 0.0, 0.0], [0.0, size[1] / height, 0.0]])


def _rotation(cheap: Orientation, gray: GrayImage, dpi: float, orienter: Orienter | None) -> int:
    """Degrees clockwise to turn the page: the cheap verdict where it is sure, the engine's where it is not."""
    if cheap.sure and cheap.turn == 0:
        return 0
    answer = orienter(*_smaller(gray, dpi)) if orienter is not None else None
    if answer is not None:
        return answer % 360 // 90 * 90
    return cheap.turn if cheap.sure else 0


def _smaller(gray: GrayImage, dpi: float) -> tuple[GrayImage, float]:
    """A copy that still shows letters: the engine takes a second to find which way up a page of 300 dpi stands."""
    import cv2

    factor = int(dpi / _ORIENTER_DPI)
    height, width = gray.shape
    if factor < 2 or min(height, width) < 16 * factor:
        return gray, dpi
    high, wide = height // factor, width // factor
    small: Pixels = cv2.resize(gray[: high * factor, : wide * factor], (wide, high), interpolation=cv2.INTER_AREA)
    return small, dpi / factor


def _visible(raw: RawPage, pixels: Pixels, dpi: float, paper: float, matrix: Affine, change: Change) -> VisibleImage:
    """The scanner's own bytes where the file has them, however they lie; else the upright picture, encoded once.

    Args:
        paper: Grey level of the paper.
        matrix: From the picture as the file asks to turn it to the page.
        change: From ``pixels`` to the page.
    """
    import numpy as np

    if (stored := raw.jpeg or raw.fax) is not None:
        width, height = raw.size
        image = VisibleImage(stored, Encoding.JPEG if raw.jpeg else Encoding.BITONAL, width, height, dpi)
        matrix = followed(turned(np.eye(2, 3), raw.turn, width, height), matrix)
    else:
        turned_over = pixels.shape[:2] != raw.pixels.shape[:2]
        image = encode_visible(pixels, dpi, bitonal=raw.bitonal, settings=raw.settings, turned=turned_over)
        matrix = change.matrix
    if not change.trimmed and np.array_equal(matrix, np.eye(2, 3)):
        return image
    a, c, e, b, d, f = (round(float(value), 6) for value in matrix.ravel())
    return replace(
        image,
        width=change.width,
        height=change.height,
        placement=(a, b, c, d, e, f),
        paper=_paper(pixels, int(paper)),
    )


def _paper(pixels: Pixels, grey: int) -> tuple[int, int, int]:
    """The colour of the paper, whose grey level is known."""
    import numpy as np

    if pixels.ndim == 3:
        sample = pixels[::16, ::16].reshape(-1, 3)
        light = sample[np.abs(sample.mean(axis=1) - grey) <= 12]
        if len(light):
            red, green, blue = (int(value) for value in np.median(light, axis=0))
            return red, green, blue
    return grey, grey, grey


def _layer(
    raw: RawPage, matrix: Affine, visible: VisibleImage, page: Reduced, change: Change
) -> tuple[tuple[Word, ...], bool]:
    """Words of the file's own text layer worth keeping, and whether the layer is junk."""
    if not raw.words:
        return (), False
    layer, judgement = judge_layer(raw.words)
    if not judgement.vietnamese:
        return (), judgement.junk
    words = place_words(layer, matrix, visible.width, visible.height)
    page = page if change.none else straighten_reduced(page, change)
    return (words if covers_ink(words, page, find_letters(page)[0]) else ()), False


def _flags(seen: _Seen, options: CaptureOptions, *, junk: bool) -> tuple[QualityFlag, ...]:
    found = (
        (QualityFlag.LOW_DPI, seen.dpi < 0.97 * options.min_dpi),
        (QualityFlag.UNKNOWN_DPI, seen.guessed),
        (QualityFlag.BLUR, seen.quality.blurred),
        (QualityFlag.SKEW, abs(seen.skew_after) >= 0.5),
        (QualityFlag.LOW_CONTRAST, seen.quality.pale),
        (QualityFlag.CROPPED_TEXT, seen.quality.cut),
        (QualityFlag.MISSING_CORNER, seen.corner),
        (QualityFlag.ROTATED, seen.rotation != 0),
        (QualityFlag.JUNK_TEXT_LAYER, junk),
    )
    return tuple(flag for flag, present in found if present)


def _dark_on_light(pixels: Pixels, dpi: float) -> tuple[GrayImage, Reduced, bool]:
    """Grey and reduced page as they are read, dark on light, and whether the picture is the negative of that."""
    gray = _gray(pixels)
    page = reduce_page(gray, dpi)
    if not is_negative(page.gray, page.border):
        return gray, page, False
    return ~gray, reduce_page(~gray, dpi), True


def _gray(pixels: Pixels) -> GrayImage:
    import cv2

    if pixels.ndim == 2:
        return pixels
    gray: Pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return gray


def _turned(pixels: Pixels, degrees: int) -> Pixels:
    """Turned clockwise; the very same array when there is nothing to turn."""
    import numpy as np

    return np.ascontiguousarray(np.rot90(pixels, -degrees // 90)) if degrees % 360 else pixels

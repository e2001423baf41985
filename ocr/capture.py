"""``capture``: original files to page images with their facts, one page in memory at a time.

The whole path of a page can be read in ``_capture``: turn as the file says, make pixels square, find which way is
up, straighten and crop, judge, encode for people, clean for the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from manifests.text import PageFacts, PageText, PageVerdict, QualityFlag, Word
from ocr.cleaning import clean_page, engine_scale
from ocr.errors import EmptyFileError, TooManyPagesError, UnreadableError, UnsupportedFormatError
from ocr.geometry import MIN_SKEW, Affine, Crop, find_crop, straighten, straighten_reduced
from ocr.image_files import count_frames, open_image, read_frame
from ocr.ink import Reduced, reduce_page
from ocr.limits import DEFAULT_LIMITS, Limits
from ocr.media import JPEG, PDF, UNKNOWN, sniff
from ocr.orientation import find_orientation
from ocr.page import CapturedPage, Encoding, GrayImage, VisibleImage
from ocr.pdf_file import open_pdf
from ocr.pdf_pages import read_pdf_page
from ocr.quality import Quality, find_letters, judge_page
from ocr.raw_page import Pixels, RawPage
from ocr.resolution import settle_dpi
from ocr.skew import find_skew, remaining_skew
from ocr.text_layer import covers_ink, judge_layer, place_words
from ocr.visible import encode_visible

Orienter = Callable[[GrayImage, float], int | None]
"""The engine's own view of which way is up: grey page and dpi to degrees clockwise that make it upright, or
``None`` when it cannot tell. Asked only where the cheap detector is in doubt."""

_MAX_STRETCH = 0.01


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """Options of ``capture`` that matter to its result.

    Attributes:
        min_dpi: Below it a page is flagged ``LOW_DPI`` (NĐ 30/2020: 200; TT 05/2025/TT-BNV: 300).
        deskew: Straighten pages that lie askew by 0.1° or more.
        orient: Turn pages that lie on their side or on their head.
        crop: Leave black scanner border out.
        remove_stamps: Take red seals out of the engine's copy.
        clean: Flatten background and drop specks in the engine's copy.
        max_pixels, max_pages: See ``ocr.limits.Limits``.
    """

    min_dpi: int = 200
    deskew: bool = True
    orient: bool = True
    crop: bool = True
    remove_stamps: bool = True
    clean: bool = True
    max_pixels: int = DEFAULT_LIMITS.max_pixels
    max_pages: int = DEFAULT_LIMITS.max_pages

    def limits(self) -> Limits:
        return Limits(max_pixels=self.max_pixels, max_pages=self.max_pages)


def count_pages(files: Sequence[Path], options: CaptureOptions | None = None) -> int:
    """Pages of a document, without decoding any.

    Raises:
        ScanError: A file cannot be digitized.
    """
    limits = (options or CaptureOptions()).limits()
    return sum(_count(file, limits) for file in files)


def capture_pages(
    files: Sequence[Path],
    options: CaptureOptions,
    *,
    only: Callable[[int], bool] | None = None,
    orienter: Orienter | None = None,
) -> Iterator[CapturedPage]:
    """Captures the pages of a document in order, lazily.

    Args:
        files: The delivered files in page order.
        options: See ``CaptureOptions``.
        only: Page numbers (1-based, over all files) to capture; the others are skipped without being decoded.
        orienter: See ``Orienter``.

    Raises:
        ScanError: A file, or one page of it, cannot be digitized; the message names file and page.
    """
    limits = options.limits()
    number = 0
    for file in files:
        for source_page, load in _pages(file, limits):
            number += 1
            if number > limits.max_pages:
                raise TooManyPagesError(file.name, f"hồ sơ có hơn {limits.max_pages} trang; hãy tách hồ sơ")
            if only is None or only(number):
                yield _capture(load(), number, file.name, source_page, options, orienter)


def _count(file: Path, limits: Limits) -> int:
    kind = _kind(file)
    if kind == PDF:
        with open_pdf(file, limits) as pdf:
            return pdf.pages
    with open_image(file, file.name) as image:
        frames, _ = count_frames(image, limits)
    if frames > limits.max_pages:
        raise TooManyPagesError(file.name, f"hơn {limits.max_pages} trang; hãy tách hồ sơ")
    return frames


def _kind(file: Path) -> str:
    if file.stat().st_size == 0:
        raise EmptyFileError(file.name, "tệp không có byte nào; hãy quét lại")
    kind = sniff(file)
    if kind == UNKNOWN:
        raise UnsupportedFormatError(
            file.name, "không phải PDF, TIFF, JPEG hay PNG; hãy giao một trong các định dạng đó"
        )
    return kind


def _pages(file: Path, limits: Limits) -> Iterator[tuple[int, Callable[[], RawPage]]]:
    """Page numbers within one file, each with what decodes that page when it is wanted."""
    kind = _kind(file)
    if kind == PDF:
        with open_pdf(file, limits) as pdf:
            for number in range(1, pdf.pages + 1):
                yield number, lambda number=number: read_pdf_page(pdf, number, limits)  # type: ignore[misc]
        return
    with open_image(file, file.name) as image:
        frames, _ = count_frames(image, limits)
        if frames == 0:
            raise UnreadableError(file.name, "không có trang nào đọc được; hãy quét lại")
        data = file.read_bytes() if kind == JPEG else None
        for index in range(frames):
            name = f"{file.name}, trang {index + 1}" if frames > 1 else file.name
            yield index + 1, lambda index=index, name=name: read_frame(image, index, name, limits, data)  # type: ignore[misc]


def _capture(
    raw: RawPage, number: int, source: str, source_page: int, options: CaptureOptions, orienter: Orienter | None
) -> CapturedPage:
    """One page, from its file's pixels to image, engine's copy and facts."""
    pixels, dpi, guessed, matrix = _upright(raw)
    gray = _gray(pixels)
    page = reduce_page(gray, dpi)
    rotation = _rotation(page, gray, dpi, options, orienter)
    if rotation:
        matrix = _after_turn(matrix, rotation, gray.shape[1], gray.shape[0])
        pixels = _turned(pixels, rotation)
        gray = _gray(pixels)
        page = reduce_page(gray, dpi)

    letters, marks = find_letters(page)
    quality = judge_page(gray, page, letters, marks, bitonal=raw.bitonal)
    skew = find_skew(page) if options.deskew and not quality.blank else 0.0
    applied = skew if abs(skew) >= MIN_SKEW else 0.0
    crop = find_crop(page, applied) if options.crop else Crop()
    skew_after = skew
    if applied or not crop.empty:
        pixels, gray, page, matrix = _straightened(pixels, dpi, page, applied, crop, matrix, bitonal=raw.bitonal)
        skew_after = remaining_skew(page)
    visible = _visible(raw, pixels, dpi, rotation)
    scale = engine_scale(dpi)
    copy = clean_page(
        pixels,
        gray,
        page,
        scale,
        remove_stamps=options.remove_stamps,
        clean=options.clean,
        bitonal=raw.bitonal,
    )
    words, junk = _layer(raw, matrix, visible, page)
    facts = PageFacts(
        page_number=number,
        source=source,
        source_page=source_page,
        width=visible.width,
        height=visible.height,
        dpi=dpi,
        rotation=rotation,
        skew_before=skew,
        skew_after=skew_after,
        sharpness=quality.sharpness,
        contrast=round(quality.contrast, 3),
        ink_share=round(quality.ink_share, 5),
        blank=quality.blank,
        flags=_flags(quality, dpi, skew_after, rotation, options, guessed=guessed, junk=junk),
    )
    kept = PageText(facts, PageVerdict.KEPT, words, engine="text-layer") if words else None
    return CapturedPage(visible, copy, scale, facts, kept)


def _upright(raw: RawPage) -> tuple[Pixels, float, bool, Affine]:
    """Turned as the file says and with square pixels: pixels, dpi, whether dpi is a guess, and the word matrix."""
    import cv2
    import numpy as np

    pixels = _turned(raw.pixels, raw.turn)
    height, width = pixels.shape[:2]
    stated = raw.dpi if raw.dpi is None or raw.turn % 180 == 0 else (raw.dpi[1], raw.dpi[0])
    across, down, guessed = settle_dpi(stated, width, height)
    if abs(across / down - 1) <= _MAX_STRETCH:
        return pixels, across, guessed, np.eye(2, 3)
    dpi = max(across, down)
    size = (max(1, round(width * dpi / across)), max(1, round(height * dpi / down)))
    stretched = cv2.resize(pixels, size, interpolation=cv2.INTER_NEAREST if raw.bitonal else cv2.INTER_CUBIC)
    return stretched, dpi, guessed, np.array([[size[0] / width, 0.0, 0.0], [0.0, size[1] / height, 0.0]])


def _rotation(page: Reduced, gray: GrayImage, dpi: float, options: CaptureOptions, orienter: Orienter | None) -> int:
    """Degrees clockwise to turn the page: the cheap verdict where it is sure, the engine's where it is not."""
    if not options.orient:
        return 0
    cheap = find_orientation(page)
    if cheap.sure and cheap.turn == 0:
        return 0
    answer = orienter(gray, dpi) if orienter is not None else None
    if answer is not None:
        return answer % 360 // 90 * 90
    return cheap.turn if cheap.sure else 0


def _straightened(
    pixels: Pixels, dpi: float, page: Reduced, skew: float, crop: Crop, matrix: Affine, *, bitonal: bool
) -> tuple[Pixels, GrayImage, Reduced, Affine]:
    import numpy as np

    fill = 0 if page.border.any() else 255 if bitonal else int(page.paper)
    pixels, change = straighten(pixels, dpi, skew, crop, fill)
    if bitonal:
        pixels = np.where(pixels < 128, np.uint8(0), np.uint8(255))
    page = straighten_reduced(page, skew, crop, fill)
    total = np.vstack([change, [0.0, 0.0, 1.0]]) @ np.vstack([matrix, [0.0, 0.0, 1.0]])
    return pixels, _gray(pixels), page, total[:2]


def _visible(raw: RawPage, pixels: Pixels, dpi: float, rotation: int) -> VisibleImage:
    height, width = pixels.shape[:2]
    if raw.jpeg is not None and pixels is raw.pixels:
        return VisibleImage(raw.jpeg, Encoding.JPEG, width, height, dpi)
    turned = (raw.turn + rotation) % 180 != 0
    return encode_visible(pixels, dpi, bitonal=raw.bitonal, settings=raw.settings, turned=turned)


def _layer(raw: RawPage, matrix: Affine, visible: VisibleImage, page: Reduced) -> tuple[tuple[Word, ...], bool]:
    """Words of the file's own text layer worth keeping, and whether the layer is junk."""
    if not raw.words:
        return (), False
    judgement = judge_layer(raw.words)
    if not judgement.vietnamese:
        return (), judgement.junk
    words = place_words(raw.words, matrix, visible.width, visible.height)
    return (words if covers_ink(words, page, find_letters(page)[0]) else ()), False


def _flags(
    quality: Quality,
    dpi: float,
    skew: float,
    rotation: int,
    options: CaptureOptions,
    *,
    guessed: bool,
    junk: bool,
) -> tuple[QualityFlag, ...]:
    found = (
        (QualityFlag.LOW_DPI, dpi < 0.97 * options.min_dpi),
        (QualityFlag.UNKNOWN_DPI, guessed),
        (QualityFlag.BLUR, quality.blurred),
        (QualityFlag.SKEW, abs(skew) >= 0.5),
        (QualityFlag.LOW_CONTRAST, quality.pale),
        (QualityFlag.CROPPED_TEXT, quality.cut),
        (QualityFlag.ROTATED, rotation != 0),
        (QualityFlag.JUNK_TEXT_LAYER, junk),
    )
    return tuple(flag for flag, present in found if present)


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


def _after_turn(matrix: Affine, degrees: int, width: int, height: int) -> Affine:
    """``matrix`` followed by a clockwise turn of a width × height page."""
    import numpy as np

    turns = {
        90: [[0.0, -1.0, height], [1.0, 0.0, 0.0]],
        180: [[-1.0, 0.0, width], [0.0, -1.0, height]],
        270: [[0.0, 1.0, 0.0], [-1.0, 0.0, width]],
    }
    turn = np.array([*turns[degrees], [0.0, 0.0, 1.0]])
    total: Affine = (turn @ np.vstack([matrix, [0.0, 0.0, 1.0]]))[:2]
    return total

"""Stage 3: the words of a captured page. Knows engines and reading order; never touches the visible image."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from manifests.text import Bbox, PageText, PageVerdict, Word
from ocr.boxes import fit_boxes
from ocr.choices import Choices
from ocr.codes import repair_codes
from ocr.engine import MAX_SIDE, Engine, NullEngine, ReadWord
from ocr.errors import PageTimeoutError
from ocr.layout import order_words
from ocr.leaders import remove_leaders, without_leaders
from ocr.lone import lone_places
from ocr.narrow import NarrowedEngine
from ocr.options import RecognizeOptions
from ocr.page import Encoding
from ocr.penned import doubt_penned
from ocr.second_look import look_again, look_at_areas
from ocr.slivers import drop_slivers
from ocr.strokes import drop_strokes
from ocr.tables import Table, find_tables
from ocr.tick_boxes import remove_tick_boxes
from ocr.tones import correct_tones
from ocr.twins import settle_twins
from ocr.unread import Writing, find_writing, measure_unread, unread_areas

if TYPE_CHECKING:
    from ocr.page import CapturedPage, GrayImage

_NEAR = 1.1


def recognize_page(page: CapturedPage, engine: Engine, options: RecognizeOptions | None = None) -> PageText:
    """Read one page.

    Returns:
        The page's words in reading order, boxes in pixels of the visible image. The verdict says why there are
        none or too few: ``blank``, or ``unread`` (most of the ink no word stands for, or the time was up).
    """
    options = options or RecognizeOptions()
    if page.facts.blank:
        return PageText(page.facts, PageVerdict.BLANK, (), engine.name, engine.language)
    if page.kept_text is not None:
        kept = page.kept_text
        return PageText(page.facts, PageVerdict.KEPT, kept.words, kept.engine, kept.language)
    if options.narrow < 1.0 and page.visible.encoding is not Encoding.BITONAL:
        engine = NarrowedEngine(engine, options.narrow)
    full, image, scale, dotted = _prepared(page, options)
    writing = find_writing(image, page.visible.dpi * scale)
    words: list[Word] = []
    alternatives: dict[tuple[str, Bbox], Choices] = {}
    credible: list[Bbox] = []
    tables = find_tables(image, writing.dpi)
    read = drop_slivers(_read(page, full, image, writing, tables, engine, options), tables)
    if dotted:
        read = without_leaders(read)
    for found in fit_boxes(read, image):
        word = _on_visible(found, scale, page.visible.width, page.visible.height)
        if word is not None and not _is_noise(found, options.min_confidence):
            words.append(word)
            alternatives[word.text, word.bbox] = found.choices
            if _is_credible(word.text, word.confidence, options):
                credible.append(Bbox(*found.bbox))
    unread = measure_unread(writing, credible)
    shares = {"unread_share": unread.share, "handwritten_share": unread.handwritten}
    if not credible:
        return PageText(page.facts, PageVerdict.UNREAD, (), engine.name, engine.language, **shares)
    ordered = drop_strokes(order_words(words, [table.scaled(1 / scale) for table in tables]))
    ordered = doubt_penned(ordered, full, page.ocr_scale, page.visible.height)
    if options.repair_codes:
        ordered = repair_codes(ordered)
    if options.correct_tones:
        ordered = settle_twins(correct_tones(ordered, alternatives), alternatives)
    verdict = PageVerdict.UNREAD if unread.share > options.max_unread else PageVerdict.READ
    return PageText(page.facts, verdict, ordered, engine.name, engine.language, **shares)


def leave_unread(page: CapturedPage, language: str) -> PageText:
    """The text of a page that no engine is to look at, because it killed or held up who read it.

    Its image is kept, and its own text where it is worth keeping; ``engine`` says that none was asked.
    """
    verdict = PageVerdict.BLANK if page.facts.blank else PageVerdict.UNREAD
    return page.kept_text or PageText(page.facts, verdict, (), NullEngine.name, language)


def _read(
    page: CapturedPage,
    full: GrayImage,
    image: GrayImage,
    writing: Writing,
    tables: Sequence[Table],
    engine: Engine,
    options: RecognizeOptions,
) -> list[ReadWord]:
    """What the engine reads, the unsure words at second look; nothing when the time was up."""
    number = page.facts.page_number
    dpi = writing.dpi
    started = time.monotonic()
    try:
        words = engine.read(image, dpi, timeout=options.page_timeout, page_number=number)
    except PageTimeoutError:
        return []
    left = options.page_timeout - (time.monotonic() - started)
    if options.second_look <= 0 or not words or (options.page_timeout and left <= 0):
        return words
    credible = [Bbox(*word.bbox) for word in words if _is_credible(word.text, word.confidence, options)]
    areas = unread_areas(writing, credible)
    if areas:
        words = look_at_areas(words, image, dpi, areas, engine, timeout=left if options.page_timeout else 0)
    return look_again(
        words,
        full,
        full.shape[1] / image.shape[1],
        page.visible.dpi * page.ocr_scale,
        engine,
        read_dpi=options.second_dpi,
        most=options.second_look,
        places=lone_places(words, image, dpi, tables),
        timeout=left if options.page_timeout else 0,
    )


def _prepared(page: CapturedPage, options: RecognizeOptions) -> tuple[GrayImage, GrayImage, float, bool]:
    """The copy without dotted lines and squares to tick; the page as the engine reads it best, no larger than it
    takes; the scale of the latter to the visible image; and whether there were dotted lines."""
    image, scale = page.ocr_image, page.ocr_scale
    dpi = page.visible.dpi * scale
    if options.remove_leaders:
        # Before it is made smaller: dots of two pixels are lost among specks.
        image = remove_leaders(image, dpi)
    dotted = image is not page.ocr_image
    image = remove_tick_boxes(image, dpi)
    factor = min(1.0, MAX_SIDE / max(image.shape))
    if dpi > _NEAR * options.read_dpi:
        factor = min(factor, options.read_dpi / dpi)
    if factor == 1.0:
        return image, image, scale, dotted
    import cv2

    height, width = image.shape
    size = (max(1, int(width * factor)), max(1, int(height * factor)))
    smaller = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return image, smaller.astype(image.dtype, copy=False), scale * factor, dotted


def _is_credible(text: str, confidence: float, options: RecognizeOptions) -> bool:
    return confidence >= options.credible_confidence and _has_text(text)


def _has_text(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _is_noise(word: ReadWord, min_confidence: float) -> bool:
    return word.confidence < min_confidence and not _has_text(word.text)


def _on_visible(word: ReadWord, scale: float, width: int, height: int) -> Word | None:
    """The word with its box on the visible image, ``None`` when nothing of the box is on it."""
    left, top, right, bottom = (side / scale for side in word.bbox)
    box = Bbox(max(0, int(left)), max(0, int(top)), min(width, round(right)), min(height, round(bottom)))
    if box.right <= box.left or box.bottom <= box.top:
        return None
    confidence = min(max(word.confidence, 0.0), 1.0)
    return Word(word.text, box, round(confidence, 4), word.block, word.line)

"""The pages of a document as values: boxes, words, facts and verdicts.

These types cross rooms (``ocr`` makes them, ``pipeline`` stores them, ``warehouse`` loads them), so they live in
the leaf everybody may import. They hold no pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Bbox(NamedTuple):
    """A box in pixels of the visible page image, from its top left corner; right and bottom are exclusive."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was read.

    Attributes:
        text: NFC text, never empty and without white space.
        bbox: Where it stands on the visible page image.
        confidence: 0.0–1.0, as the engine says.
        block, line: 0-based running numbers on the page, in reading order.
        raw: The engine's own reading when ``text`` was corrected, else ``None``.
    """

    text: str
    bbox: Bbox
    confidence: float
    block: int
    line: int
    raw: str | None = None


class ColourMode(StrEnum):
    """How a page was scanned."""

    COLOUR = "colour"
    GREY = "grey"
    BITONAL = "bitonal"


class PageVerdict(StrEnum):
    """What a page of a finished document is; a page without text is never silent."""

    READ = "read"
    """Words were found."""
    BLANK = "blank"
    """No ink worth reading: a result, not an error."""
    UNREAD = "unread"
    """Ink, but the engine found nothing for most of it (handwriting, photograph, time-out); words it found stay."""
    KEPT = "kept"
    """The text layer that came with the file was Vietnamese and was kept."""


class QualityFlag(StrEnum):
    """Why a page belongs on the rescan list, or what was mended on the way."""

    LOW_DPI = "low_dpi"
    UNKNOWN_DPI = "unknown_dpi"
    BLUR = "blur"
    SKEW = "skew"
    LOW_CONTRAST = "low_contrast"
    CROPPED_TEXT = "cropped_text"
    MISSING_CORNER = "missing_corner"
    ROTATED = "rotated"
    JUNK_TEXT_LAYER = "junk_text_layer"
    NOT_IN_COLOUR = "not_in_colour"
    """Where the legal profile asks for colour."""


RESCAN_FLAGS = (
    QualityFlag.LOW_DPI,
    QualityFlag.BLUR,
    QualityFlag.LOW_CONTRAST,
    QualityFlag.CROPPED_TEXT,
    QualityFlag.MISSING_CORNER,
)
"""Findings only the scanner can mend; a skewed or turned page was mended on the way."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Facts of one captured page.

    Attributes:
        page_number: 1-based, in the order of the document.
        source: Name of the delivered file it came from, and ``source_page`` its 1-based page there.
        width, height: Size in pixels of the visible page image, after geometry was mended.
        dpi: Resolution of the visible image; 0 when nothing said it.
        rotation: Degrees (0, 90, 180, 270) the page was turned clockwise to stand upright.
        skew_before, skew_after: Degrees; positive is clockwise.
        sharpness, contrast, ink_share: Measures behind the verdict; ink_share is a share of the page 0.0–1.0.
        blank: True when the page holds no ink worth reading.
        flags: Findings, in no order.
        colour: How it was scanned; ``None`` for a page that was drawn, and for facts older than this one.
        occupied: Of page 1, where visible signatures stand: what holds ink of any kind (print, handwriting, seals),
            as at most 200 boxes that do not overlap.
    """

    page_number: int
    source: str
    source_page: int
    width: int
    height: int
    dpi: float
    rotation: int = 0
    skew_before: float = 0.0
    skew_after: float = 0.0
    sharpness: float = 0.0
    contrast: float = 0.0
    ink_share: float = 0.0
    blank: bool = False
    flags: tuple[QualityFlag, ...] = ()
    colour: ColourMode | None = None
    occupied: tuple[Bbox, ...] = ()


@dataclass(frozen=True, slots=True)
class PageText:
    """One recognized page: what is durable, so that a killed run resumes at the page it was on.

    Attributes:
        unread_share: Share of the page's ink (rulings left out) that no credible word stands for, 0.0–1.0.
        handwritten_share: Share of the ink that was not read and looks written by hand; part of ``unread_share``.
    """

    facts: PageFacts
    verdict: PageVerdict
    words: tuple[Word, ...]
    engine: str
    language: str = "vie"
    unread_share: float = 0.0
    handwritten_share: float = 0.0

    @property
    def page_number(self) -> int:
        return self.facts.page_number

    @property
    def mean_confidence(self) -> float:
        """Mean of the words' confidence, 0.0–1.0; 0.0 for a page without words."""
        return sum(w.confidence for w in self.words) / len(self.words) if self.words else 0.0

    def lines(self) -> list[list[Word]]:
        """The words grouped by printed line, in reading order."""
        grouped: dict[tuple[int, int], list[Word]] = {}
        for word in self.words:
            grouped.setdefault((word.block, word.line), []).append(word)
        return [sorted(words, key=lambda w: w.bbox.left) for _, words in sorted(grouped.items())]

    def plain_text(self) -> str:
        """The page as text, a printed line a line."""
        return "\n".join(" ".join(word.text for word in line) for line in self.lines())

"""How pages are taken out and read. Imports nothing slow: who only passes the options on needs no OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

from ocr.limits import DEFAULT_LIMITS, Limits


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


@dataclass(frozen=True, slots=True)
class RecognizeOptions:
    """How pages are read.

    Attributes:
        engine: A name of ``ocr.engine.ENGINES``.
        language: Tesseract language, several joined by ``+``.
        read_dpi: Pages of more are read at this resolution. Tesseract's model was trained on lines 36 pixels high,
            which is print of 13–14 points at 180 dpi; at 300 dpi it takes half as long again and reads worse.
        narrow: Share of its width at which the engine is shown a page, which saves as much of its network's time;
            a page of one bit, whose spaces would be lost, is shown as it is.
        remove_leaders: Take dotted lines of forms out of the engine's copy.
        second_look: Share of a page's words, the least sure ones, that may be read again (``ocr.second_look``).
        second_dpi: Resolution of the second look; it must differ from the first to see anything new.
        max_unread: A page more of whose ink no credible word stands for is ``unread``.
        repair_codes: Mend numbers of documents, dates and split words by their form (``ocr.codes``).
        correct_tones: Put tone marks right where neighbours and the engine's doubt agree (``ocr.tones``).
        page_timeout: Seconds for one page; a page that takes longer is ``unread``. 0 waits for ever.
        min_confidence: A word below it is dropped when it holds no letter and no digit: specks and rulings.
        credible_confidence: A page none of whose words with a letter or digit reaches it is ``unread``.
    """

    engine: str = "auto"
    language: str = "vie"
    read_dpi: float = 180.0
    narrow: float = 0.92
    remove_leaders: bool = True
    second_look: float = 0.03
    second_dpi: float = 200.0
    max_unread: float = 0.50
    repair_codes: bool = True
    correct_tones: bool = True
    page_timeout: float = 120.0
    min_confidence: float = 0.30
    credible_confidence: float = 0.40

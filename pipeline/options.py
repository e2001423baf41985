"""How the settings are told to the rooms that read pages. Imports nothing slow: ``sohoa convert`` begins here."""

from __future__ import annotations

from manifests.text import PageText
from ocr.limits import Limits
from ocr.options import CaptureOptions, RecognizeOptions
from pipeline.settings import Settings
from signing.profiles import LegalProfile


def limits(settings: Settings) -> Limits:
    """What one delivered file may claim of the machine."""
    return Limits(max_pages=settings.max_pages, max_pixels=int(settings.max_megapixels * 1e6))


def capture_options(settings: Settings, profile: LegalProfile) -> CaptureOptions:
    """How pages are taken out, with the resolution the legal profile asks for."""
    bounds = limits(settings)
    return CaptureOptions(min_dpi=profile.min_dpi, max_pages=bounds.max_pages, max_pixels=bounds.max_pixels)


def recognize_options(settings: Settings) -> RecognizeOptions:
    """How pages are read."""
    return RecognizeOptions(
        engine=settings.ocr_engine, language=settings.language, page_timeout=settings.page_timeout
    )


def taken_shares(page: PageText) -> tuple[tuple[float, float, float, float], ...]:
    """Boxes of a page's words and of its ink as shares of the page, which what is drawn on it keeps off.

    Words lie in both, so that where something must be covered it is rather a line or a frame than a word.
    """
    width, height = page.facts.width, page.facts.height
    boxes = (*(word.bbox for word in page.words), *page.facts.occupied)
    return tuple((b.left / width, b.top / height, b.right / width, b.bottom / height) for b in boxes)

"""A cheap, safe look into a delivered file: what it is, how many pages, signed, readable at all.

Never raises for bad content: what is wrong with a file is the answer, not an error.
"""

from __future__ import annotations

from pathlib import Path

from manifests.delivery import ScanFacts
from manifests.text import QualityFlag
from ocr.errors import OcrError, ScanError
from ocr.image_files import check_pixels, count_frames, open_image
from ocr.legacy_text import in_unicode
from ocr.limits import DEFAULT_LIMITS, Limits
from ocr.media import PDF, UNKNOWN, sniff
from ocr.pdf_file import PdfFile, open_pdf
from ocr.poppler import plain_text
from ocr.syllables import judge_text

_TEXT_PAGES = 5
_MIN_DPI = 200.0
_COLOURLESS = ("1", "L", "LA", "I;16")
"""Pillow's modes of bitonal and grey pictures."""


def probe(path: Path, limits: Limits = DEFAULT_LIMITS, *, colour: bool = False) -> ScanFacts:
    """Looks into one scan.

    Args:
        colour: Flag images that were not scanned in colour; what a PDF holds is seen when its pages are captured.

    Raises:
        OSError: The file itself cannot be read (gone, no permission); that says nothing about the scan.
    """
    if path.stat().st_size == 0:
        return ScanFacts(UNKNOWN, 0, problem="file_empty", detail="tệp không có byte nào")
    kind = sniff(path)
    if kind == UNKNOWN:
        return ScanFacts(kind, 0, problem="unsupported_format", detail="nội dung không phải PDF, TIFF, JPEG hay PNG")
    try:
        return _probe_pdf(path, limits) if kind == PDF else _probe_image(path, kind, limits, colour)
    except ScanError as error:
        return ScanFacts(kind, 0, problem=error.code, detail=error.detail)
    except OcrError as error:
        return ScanFacts(kind, 0, problem=error.code, detail=str(error))


def _probe_pdf(path: Path, limits: Limits) -> ScanFacts:
    with open_pdf(path, limits) as pdf:
        pages, signed = pdf.pages, pdf.signed()
        detail = "tệp có mật khẩu chủ sở hữu, nhưng mở được không cần mật khẩu" if pdf.locked else ""
        flags = (QualityFlag.JUNK_TEXT_LAYER,) if _has_junk_text(pdf, limits) else ()
    return ScanFacts(PDF, pages, signed=signed, detail=detail, flags=flags)


def _has_junk_text(pdf: PdfFile, limits: Limits) -> bool:
    if not pdf.has_fonts(_TEXT_PAGES):
        return False
    words = plain_text(pdf.path, 1, min(pdf.pages, _TEXT_PAGES), limits).split()
    return judge_text(words).junk and in_unicode(words) is None


def _probe_image(path: Path, kind: str, limits: Limits, colour: bool) -> ScanFacts:
    with open_image(path, path.name) as image:
        frames, broken = count_frames(image, limits)
        if frames == 0:
            return ScanFacts(kind, 0, problem="unreadable", detail="không có trang nào đọc được")
        if frames > limits.max_pages:
            return ScanFacts(kind, 0, problem="too_many_pages", detail=f"hơn {limits.max_pages} trang")
        low = colourless = False
        for index in range(frames):
            image.seek(index)
            check_pixels(image.width, image.height, path.name, limits)
            colourless = colourless or (colour and image.mode in _COLOURLESS)
            stated = image.info.get("dpi")
            low = low or (stated is not None and 20 <= float(min(stated)) < _MIN_DPI * 0.97)
    detail = f"trang {frames + 1} của tệp TIFF bị hỏng; đọc được {frames} trang" if broken else ""
    found = ((QualityFlag.LOW_DPI, low), (QualityFlag.NOT_IN_COLOUR, colourless))
    return ScanFacts(kind, frames, detail=detail, flags=tuple(flag for flag, present in found if present))

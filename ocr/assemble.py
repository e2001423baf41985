"""Stage 4: page images and words become one PDF/A with invisible text exactly over the image ("PDF hai lớp").

Knows pages, words and metadata; knows no engine and no signature. The image people see goes in as it came: JPEG
bytes unchanged, one-bit pages as CCITT G4. No encryption and no permissions, so that the file can be signed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from fpdf.enums import TextMode

from manifests.text import PageText, Word
from ocr.page import VisibleImage
from ocr.pdf_writer import PdfaDocument
from ocr.xmp import DocumentMetadata, xmp_packet

__all__ = ["Assembled", "DocumentMetadata", "assemble"]

_TALL = 1.7


@dataclass(frozen=True, slots=True)
class Assembled:
    """The finished file: ``size`` in bytes, ``sha256`` lower-case hex."""

    path: Path
    pages: int
    size: int
    sha256: str


def assemble(
    pages: Iterable[tuple[VisibleImage, PageText]],
    metadata: DocumentMetadata,
    out: Path,
    *,
    show_text: bool = False,
) -> Assembled:
    """Write ``pages`` to ``out`` as PDF/A-2u.

    Pages are taken one at a time and none is kept; the same pages and metadata give the same bytes. ``out`` appears
    only when it is complete; beside it a spool file of about its size lives meanwhile.

    Args:
        show_text: Draw the text visibly, to check with the eye where it stands.

    Raises:
        ToolMissingError: No font with Vietnamese letters is installed.
        ValueError: There are no pages.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as sink, tempfile.TemporaryFile(dir=out.parent) as spool:
            document = PdfaDocument(sink, spool, xmp_packet(metadata), metadata.language)
            document.text_mode = TextMode.FILL if show_text else TextMode.INVISIBLE
            count = 0
            for visible, text in pages:
                scale = document.add_image_page(visible.data, visible.width, visible.height, visible.dpi)
                for line in text.lines():
                    _write_line(document, line, scale)
                count += 1
            if not count:
                raise ValueError("a document needs at least one page")
            size, sha256 = document.finish()
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return Assembled(out, count, size, sha256)


def _write_line(document: PdfaDocument, line: list[Word], scale: float) -> None:
    """Write each word as wide as its box and as tall as its line, a space after all but the last.

    One height and one base line for the words of a line: with each word's own, ``pdftotext`` and the viewers'
    search break the line at every word with a hook above or a dot below.
    """
    usual = median(word.bbox.bottom - word.bbox.top for word in line)
    # A word read together with a stamp or a ruling is far too tall and says nothing about its line.
    boxes = [word.bbox for word in line if word.bbox.bottom - word.bbox.top <= _TALL * usual]
    top, bottom = min(box.top for box in boxes), max(box.bottom for box in boxes)
    for word in line:
        document.write_in_box(
            word.text,
            word.bbox.left * scale,
            top * scale,
            word.bbox.right * scale,
            bottom * scale,
            space_after=word is not line[-1],
        )

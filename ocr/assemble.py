"""Stage 4: page images and words become one PDF/A with invisible text exactly over the image ("PDF hai lớp").

Knows pages, words and metadata; knows no engine and no signature. The image people see goes in as it came: JPEG
bytes unchanged, one-bit pages as CCITT G4. No encryption and no permissions, so that the file can be signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from manifests.text import PageText
from ocr.page import VisibleImage
from ocr.pdf_writer import PdfaWriter
from ocr.xmp import DocumentMetadata, xmp_packet

__all__ = ["Assembled", "DocumentMetadata", "assemble", "describe"]


@dataclass(frozen=True, slots=True)
class Assembled:
    """The finished file: ``size`` in bytes, ``sha256`` lower-case hex."""

    path: Path
    pages: int
    size: int
    sha256: str


def assemble(pages: Iterable[tuple[VisibleImage, PageText]], metadata: DocumentMetadata, out: Path) -> Assembled:
    """Write ``pages`` to ``out`` as PDF/A-2u.

    Pages are taken one at a time and none is kept; the same pages and metadata give the same bytes. ``out`` appears
    only when it is complete.

    Raises:
        ValueError: There are no pages.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as sink:
            writer = PdfaWriter(sink)
            written = [writer.add_page(visible, text) for visible, text in pages]
            if not written:
                raise ValueError("a document needs at least one page")
            writer.finish(written, xmp_packet(metadata), metadata.language)
        made = describe(part, len(written))
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return Assembled(out, made.pages, made.size, made.sha256)


def describe(path: Path, pages: int) -> Assembled:
    """A finished file with its size and digest."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Assembled(path, pages, path.stat().st_size, sha256)

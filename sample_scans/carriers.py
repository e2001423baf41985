"""The files people deliver: scanned pages into PDF, TIFF, JPEG or PNG, byte for byte the same for the same pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import random
import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

_SCANNED = dt.datetime(2025, 3, 3, 2, 0, tzinfo=dt.UTC)

CARRIERS: dict[str, str] = {
    "pdf": "color",
    "pdf-gray": "gray",
    "pdf-bitonal": "bitonal",
    "tiff": "gray",
    "tiff-bitonal": "bitonal",
    "jpeg": "color",
    "png": "gray",
}
"""How a document travels, and the colour mode its scanner was set to. JPEG and PNG: one file a page."""


def write_scan(
    pages: Sequence[Image.Image], carrier: str, folder: Path, stem: str, dpi: int, quality: int
) -> list[Path]:
    """Write pages as ``carrier`` says; returns the files in page order."""
    if carrier.startswith("pdf"):
        target = folder / f"{stem}.pdf"
        target.write_bytes(pdf_bytes(pages, dpi, quality))
        return [target]
    if carrier.startswith("tiff"):
        target = folder / f"{stem}.tif"
        compression = "group4" if pages[0].mode == "1" else "tiff_adobe_deflate"
        pages[0].save(
            target, "TIFF", save_all=True, append_images=list(pages[1:]), compression=compression, dpi=(dpi, dpi)
        )
        return [target]
    targets: list[Path] = []
    for number, page in enumerate(pages, start=1):
        name = f"{stem}_{number:02d}" if len(pages) > 1 else stem
        if carrier == "png":
            targets.append(folder / f"{name}.png")
            page.save(targets[-1], "PNG", dpi=(dpi, dpi))
        else:
            targets.append(folder / f"{name}.jpg")
            page.save(targets[-1], "JPEG", quality=quality, dpi=(dpi, dpi))
    return targets


def pdf_bytes(pages: Sequence[Image.Image], dpi: int, quality: int) -> bytes:
    """A PDF as a scanner writes it: one image a page at its physical size, JPEG or (1 bit) CCITT G4."""
    out = io.BytesIO()
    stamp = time.gmtime(_SCANNED.timestamp())
    # 1-bit pages go in as CCITT G4, which knows no quality
    lossy: dict[str, int] = {} if pages[0].mode == "1" else {"quality": quality}
    pages[0].save(
        out,
        "PDF",
        save_all=True,
        append_images=list(pages[1:]),
        resolution=float(dpi),
        **lossy,
        title="",
        creationDate=stamp,
        modDate=stamp,
        producer="Trinh quet mau",
    )
    return out.getvalue()


def pdf_with_junk_text(
    pages: Sequence[Image.Image], texts: Sequence[str], dpi: int, quality: int, seed: int
) -> bytes:
    """A PDF whose hidden text was made by an OCR that knows no Vietnamese."""
    from fpdf import FPDF
    from fpdf.enums import TextMode

    rng = random.Random(seed)
    pdf = FPDF(unit="pt")
    pdf.set_creation_date(_SCANNED)
    pdf.set_margin(0)
    pdf.set_auto_page_break(False)
    for page, text in zip(pages, texts, strict=True):
        width, height = page.width * 72 / dpi, page.height * 72 / dpi
        pdf.add_page(format=(width, height))
        jpeg = io.BytesIO()
        page.convert("RGB").save(jpeg, "JPEG", quality=quality)
        jpeg.seek(0)
        pdf.image(jpeg, 0, 0, width, height)
        pdf.set_font("Helvetica", size=10)
        with pdf.local_context(text_mode=TextMode.INVISIBLE):
            for index, line in enumerate(text.splitlines()):
                pdf.text(40, 50 + index * height / 60, junk(line, rng))
    return bytes(pdf.output())


def junk(line: str, rng: random.Random) -> str:
    """The line as an English OCR reads it: marks gone or turned into other signs, letters mistaken."""
    plain = unicodedata.normalize("NFD", line.replace("đ", "d").replace("Đ", "D"))
    letters: list[str] = []
    for letter in plain:
        if unicodedata.combining(letter):
            if rng.random() < 0.2:
                letters.append(rng.choice("'^~*`"))
        elif letter.isalpha() and rng.random() < 0.12:
            letters.append(rng.choice("iljtfe1|!£§"))
        else:
            letters.append(letter if ord(letter) < 256 else "?")
    return "".join(letters)


def encrypted(pdf: bytes, password: str) -> bytes:
    """The PDF behind a password; RC4, because AES would bring randomness into the sample."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.generic import ArrayObject, ByteStringObject

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    name = ByteStringObject(hashlib.md5(pdf, usedforsecurity=False).digest())
    writer._ID = ArrayObject([name, name])
    writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def not_a_scan(seed: int) -> bytes:
    """A word processor's file in the shape of a zip archive, as it is handed in by mistake."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "word/document.xml"):
            entry = zipfile.ZipInfo(name, date_time=(2025, 3, 3, 9, 0, 0))
            archive.writestr(entry, f"<w:document>{seed}</w:document>")
    return out.getvalue()

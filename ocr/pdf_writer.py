"""Writing a PDF/A-2u page by page, each page whole on disk before the next: what is written can be carried on with.

A scan's document is three kinds of object – an image, a line of hidden text, a page – and nothing of it comes from
outside but image bytes, so its syntax is written here. A PDF library holds the document in memory until the end (850
pages took a gigabyte), needs a second copy of every image on disk, cannot go on after a kill, and took a second of
start-up, which is a page and a half of reading.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO

from manifests.text import PageText
from ocr.glyphless import ADVANCE, ASCENT, DESCENT, NAME, font_program, to_unicode
from ocr.own_image import open_own
from ocr.page import VisibleImage
from ocr.pdf_image import PdfImage, deflated, pdf_image
from ocr.text_lines import PlacedLine, place_lines

UNKNOWN = "\ufffd"
_CATALOG, _PAGES, _FONT, _FIRST_FREE = 1, 2, 3, 4
_SRGB = Path(__file__).with_name("data") / "srgb.icc"
_HEADER = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_LEAST_FONT_SIZE = 0.5  # points; rounds to something above nothing
_LEAST_SIDE, _LARGEST_SIDE = 3.0, 14_400.0  # points; ISO 19005-2, 6.1.13


@dataclass(frozen=True, slots=True)
class WrittenPage:
    """A page that lies in the file.

    Attributes:
        page: Number of its page object.
        offsets: Where each object written for it begins, by number.
        end: Size of the file after it.
        images: Numbers of the images written for it, by digest of their bytes.
        digest: Of image and text, hex.
    """

    page: int
    offsets: dict[int, int]
    end: int
    images: dict[str, int]
    digest: str


@dataclass
class PdfaWriter:
    """A PDF/A-2u being written to ``sink``, which stands at its end.

    Args:
        sink: Empty, or holding ``written`` whole and nothing after.
        written: Pages an earlier writer left in it.
    """

    sink: IO[bytes]
    written: Sequence[WrittenPage] = ()
    _offsets: dict[int, int] = field(default_factory=dict)
    _images: dict[str, int] = field(default_factory=dict)
    _profiles: dict[bytes, int] = field(default_factory=dict)
    _free: int = _FIRST_FREE
    _at: int = 0

    def __post_init__(self) -> None:
        if not self.written:
            self._put(_HEADER)
        for page in self.written:
            self._offsets |= page.offsets
            self._images |= page.images
            self._free = max(self._free, *(number + 1 for number in page.offsets))
            self._at = max(self._at, page.end)

    def add_page(self, visible: VisibleImage, text: PageText) -> WrittenPage:
        """Write one page, as large as it was on paper; the order of pages is settled by ``finish``."""
        before = set(self._offsets)
        image_digest = hashlib.sha256(visible.data).hexdigest()
        images = {}
        if image_digest not in self._images:
            images = {image_digest: self._image(pdf_image(visible))}
            self._images |= images
        scale = _points_per_pixel(visible)
        # A picture thinner than a page may be gets a wider page, not a page nobody can open.
        width, height = max(visible.width * scale, _LEAST_SIDE), max(visible.height * scale, _LEAST_SIDE)
        drawing = _drawing(visible, scale, height) + _hidden_text(text, scale, height)
        stream = deflated(drawing.encode("ascii"))
        content = self._stream("/Filter /FlateDecode", stream)
        page = self._object(
            f"<< /Type /Page /Parent {_PAGES} 0 R /MediaBox [0 0 {_number(width)} {_number(height)}]"
            f" /Resources << /Font << /T {_FONT} 0 R >> /XObject << /I {self._images[image_digest]} 0 R >> >>"
            f" /Contents {content} 0 R >>"
        )
        offsets = {number: offset for number, offset in self._offsets.items() if number not in before}
        digest = hashlib.sha256(f"{image_digest} {width} {height} {drawing}".encode()).hexdigest()
        return WrittenPage(page, offsets, self._at, images, digest)

    def finish(self, pages: Iterable[WrittenPage], xmp: str, language: str) -> int:
        """Write what binds ``pages``, in this order, into a document.

        Returns:
            The size of the file.
        """
        ordered = list(pages)
        packet = f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n{xmp}\n<?xpacket end="w"?>'.encode()
        metadata = self._stream("/Type /Metadata /Subtype /XML", packet)
        profile = self._stream("/N 3 /Filter /FlateDecode", deflated(_srgb()))
        kids = " ".join(f"{page.page} 0 R" for page in ordered)
        self._write_font()
        self._object(f"<< /Type /Pages /Count {len(ordered)} /Kids [{kids}] >>", _PAGES)
        self._object(
            f"<< /Type /Catalog /Pages {_PAGES} 0 R /Metadata {metadata} 0 R /Lang {_string(language)}"
            " /OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB)"
            f" /Info (sRGB IEC61966-2.1) /DestOutputProfile {profile} 0 R >>] >>",
            _CATALOG,
        )
        known = hashlib.sha256(packet)
        for page in ordered:
            known.update(page.digest.encode())
        self._write_end(known.hexdigest()[:32].upper())
        return self._at

    def _image(self, image: PdfImage) -> int:
        space = "/DeviceGray" if image.channels == 1 else "/DeviceRGB"
        if image.profile is not None:
            if image.profile not in self._profiles:
                entries = f"/N {image.channels} /Filter /FlateDecode"
                self._profiles[image.profile] = self._stream(entries, deflated(image.profile))
            space = f"[/ICCBased {self._profiles[image.profile]} 0 R]"
        return self._stream(f"/Type /XObject /Subtype /Image /ColorSpace {space} {image.entries}", image.data)

    def _write_font(self) -> None:
        program = font_program()
        file = self._stream(f"/Length1 {len(program)} /Filter /FlateDecode", deflated(program))
        descriptor = self._object(
            f"<< /Type /FontDescriptor /FontName /{NAME} /Flags 5 /FontBBox [0 {DESCENT} {ADVANCE} {ASCENT}]"
            f" /ItalicAngle 0 /Ascent {ASCENT} /Descent {DESCENT} /CapHeight {ASCENT} /StemV 80"
            f" /FontFile2 {file} 0 R >>"
        )
        # Every code is drawn by glyph 1.
        glyphs = self._stream("/Filter /FlateDecode", deflated(b"\x00\x01" * 65536))
        letters = self._object(
            f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{NAME} /DW {ADVANCE}"
            " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
            f" /CIDToGIDMap {glyphs} 0 R /FontDescriptor {descriptor} 0 R >>"
        )
        unicode = self._stream("/Filter /FlateDecode", deflated(to_unicode()))
        self._object(
            f"<< /Type /Font /Subtype /Type0 /BaseFont /{NAME} /Encoding /Identity-H"
            f" /DescendantFonts [{letters} 0 R] /ToUnicode {unicode} 0 R >>",
            _FONT,
        )

    def _write_end(self, identity: str) -> None:
        start, size = self._at, max(self._offsets) + 1
        # Numbers of a page that was begun and never finished stay free.
        rows = [
            f"{self._offsets[number]:010d} 00000 n \n" if number in self._offsets else f"{0:010d} 65535 f \n"
            for number in range(size)
        ]
        self._put(f"xref\n0 {size}\n{''.join(rows)}".encode("ascii"))
        self._put(
            f"trailer\n<< /Size {size} /Root {_CATALOG} 0 R /ID [<{identity}> <{identity}>] >>\n"
            f"startxref\n{start}\n%%EOF\n".encode("ascii")
        )

    def _object(self, body: str, number: int | None = None) -> int:
        number = self._begin(number)
        self._put(f"{body}\nendobj\n".encode("ascii"))
        return number

    def _stream(self, entries: str, data: bytes) -> int:
        number = self._begin(None)
        self._put(f"<< {entries} /Length {len(data)} >>\nstream\n".encode("ascii"))
        self._put(data)
        self._put(b"\nendstream\nendobj\n")
        return number

    def _begin(self, number: int | None) -> int:
        if number is None:
            number = self._free
            self._free += 1
        self._offsets[number] = self._at
        self._put(f"{number} 0 obj\n".encode("ascii"))
        return number

    def _put(self, data: bytes) -> None:
        self.sink.write(data)
        self._at += len(data)


def _points_per_pixel(visible: VisibleImage) -> float:
    """As the file or the dpi says; a wrong dpi must not make an invalid page."""
    scale = 72 / (visible.sized_dpi or visible.dpi)
    largest, least = max(visible.width, visible.height) * scale, min(visible.width, visible.height) * scale
    if least < _LEAST_SIDE:
        scale, largest = scale * _LEAST_SIDE / least, largest * _LEAST_SIDE / least
    return scale * min(1.0, _LARGEST_SIDE / largest)


def _drawing(visible: VisibleImage, scale: float, height: float) -> str:
    """The image on its page; PDF's axis points up, ours down."""
    if visible.placement is None:
        across, down = visible.width * scale, visible.height * scale
        return f"q {_number(across)} 0 0 {_number(down)} 0 {_number(height - down)} cm /I Do Q\n"
    a, b, c, d, e, f = visible.placement
    wide, high = image_size(visible)
    # The unit square of a PDF image has its first row at the top.
    right = (a * wide * scale, -b * wide * scale)
    up = (-c * high * scale, d * high * scale)
    corner = ((c * high + e) * scale, height - (d * high + f) * scale)
    matrix = " ".join(_number(value) for value in (*right, *up, *corner))
    paper = " ".join(_number(value / 255) for value in visible.paper)
    page = f"{_number(visible.width * scale)} {_number(height)}"
    return f"q {paper} rg 0 0 {page} re f Q\nq {matrix} cm /I Do Q\n"


def image_size(visible: VisibleImage) -> tuple[int, int]:
    """Pixels across and down of the image itself."""
    with open_own(visible.data) as image:
        return image.size


def _hidden_text(text: PageText, scale: float, height: float) -> str:
    lines = [part for line in place_lines(text.lines()) for part in _line(line, scale, height)]
    return "\n".join(["BT 3 Tr", *lines, "ET\n"]) if lines else ""


def _line(line: PlacedLine, scale: float, height: float) -> list[str]:
    """Each word as wide as its span, a space after all but the last."""
    size = max(round(line.size * scale, 2), _LEAST_FONT_SIZE)
    base = height - line.base * scale
    shown = [f"/T {_number(size)} Tf"]
    for index, (word, (left, right)) in enumerate(zip(line.words, line.spans, strict=True), start=1):
        letters = written(word.text)
        natural = len(letters) * ADVANCE / 1000 * size
        stretch = max(100 * (right - left) * scale / natural, 0.01)
        code = (letters if index == len(line.words) else f"{letters} ").encode("utf-16-be").hex().upper()
        shown.append(f"{_number(stretch)} Tz 1 0 0 1 {_number(left * scale)} {_number(base)} Tm <{code}> Tj")
    return shown


def written(text: str) -> str:
    """``text`` with every sign the layer cannot hold replaced: controls, private and supplementary signs.

    A byte order mark or a code without meaning is not allowed even in invisible text (ISO 19005-2, 6.2.11.7).
    """
    kept = (c if c.isprintable() and ord(c) < 0xFFF0 and not 0xE000 <= ord(c) < 0xF900 else UNKNOWN for c in text)
    return "".join(kept)


def _number(value: float) -> str:
    """A number as PDF writes it: no exponent, no more digits than matter."""
    return f"{value:.4f}".rstrip("0").rstrip(".") or "0"


def _string(text: str) -> str:
    """A PDF string in hex."""
    return f"<{text.encode('ascii', 'replace').hex()}>"


@cache
def _srgb() -> bytes:
    """The sRGB profile of the output intent, made by ``scripts/pdf-parts``."""
    return _SRGB.read_bytes()

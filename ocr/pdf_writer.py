"""fpdf2 writing PDF/A page by page, without keeping the images of all pages in memory.

fpdf2 collects every image and then the whole file in memory: 850 pages of 600 kB took over a gigabyte. Here image
bytes wait in a spool file next to the output and the output goes to disk as it is made. All PDF syntax is fpdf2's.
"""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import IO, Any, cast

from fpdf import FPDF
from fpdf.fonts import TTFFont
from fpdf.output import OutputProducer
from PIL import Image

from ocr.errors import ToolMissingError

FONTS = ("DejaVu Sans", "Liberation Sans", "Noto Sans")
"""Fonts with every Vietnamese letter, the one with most other signs first."""
UNKNOWN_GLYPH = "\ufffd"
_FONT = "text"
_LEAST_FONT_SIZE = 0.5  # points; rounds to something above nothing
_COLOUR_SPACES = {1: b"GRAY", 3: b"RGB "}
_PROFILE_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")  # ISO 19005-2, 6.2.4.2
_LEAST_SIDE, _LARGEST_SIDE = 3.0, 14_400.0  # points; ISO 19005-2, 6.1.13


@dataclass(frozen=True, slots=True)
class _Spooled:
    """Where an image's bytes wait."""

    offset: int
    size: int


class _FileBuffer:
    """Stands in for fpdf2's ``bytearray``: grows on disk and knows its digest."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._size = 0
        self.digest = hashlib.sha256()

    def __len__(self) -> int:
        return self._size

    def __iadd__(self, data: bytes) -> _FileBuffer:
        self._sink.write(data)
        self.digest.update(data)
        self._size += len(data)
        return self


class _Producer(OutputProducer):
    """Writes to the document's sink and fetches each image from the spool when its turn comes."""

    def __init__(self, document: PdfaDocument) -> None:
        super().__init__(document)
        self.document = document
        self.buffer = cast(bytearray, document.sink)

    def _add_image(self, info: dict[str, Any]) -> Any:
        place = info["data"]
        if not isinstance(place, _Spooled):
            return super()._add_image(info)
        image = super()._add_image({**info, "data": b""})
        info["obj_id"] = image.id
        image.length = place.size
        cast(Any, image).content_stream = lambda: self.document.fetch(place)
        return image


class PdfaDocument(FPDF):
    """A PDF/A-2u being written. Units are points; the origin is the top left corner.

    Args:
        sink: Where the finished bytes go.
        spool: A seekable file for image bytes until then.
        xmp: Metadata, an ``x:xmpmeta`` element.
    """

    def __init__(self, sink: IO[bytes], spool: IO[bytes], xmp: str, language: str) -> None:
        super().__init__(unit="pt", enforce_compliance="PDF/A-2U")
        self.sink = _FileBuffer(sink)
        self._spool = spool
        self.set_margin(0)
        self.set_auto_page_break(False)
        # The alias would be searched for, and replaced, in the words of the page.
        self.str_alias_nb_pages = ""
        self.set_lang(language)
        self.set_xmp_metadata(xmp)
        self.add_font(_FONT, fname=font_file())

    def file_id(self) -> str:
        """The file identifier, from the bytes written so far: same document, same identifier."""
        half = self.sink.digest.hexdigest()[:32].upper()
        return f"<{half}><{half}>"

    def add_image_page(self, data: bytes, width: int, height: int, dpi: float) -> float:
        """Add a page as large as the image was on paper, with the image on it.

        Returns:
            Points per pixel.
        """
        scale = 72 / dpi
        largest, least = max(width, height) * scale, min(width, height) * scale
        # A wrong dpi must not make an invalid page.
        scale *= min(1.0, _LARGEST_SIDE / largest) if largest > _LARGEST_SIDE else max(1.0, _LEAST_SIDE / least)
        size = (width * scale, height * scale)
        self.add_page(format=size)
        info = cast(dict[str, Any], self.image(data, x=0, y=0, w=size[0], h=size[1]))
        if not isinstance(info["data"], _Spooled):
            if not _profile_fits(data, info["dpn"]):
                info["iccp_i"] = None
            info["data"] = self._keep(info["data"])
        return scale

    def write_in_box(
        self, text: str, left: float, top: float, right: float, bottom: float, *, space_after: bool
    ) -> None:
        """Write ``text`` so that its letters fill the box exactly, from the font's descent to its ascent."""
        font = cast(TTFFont, self.fonts[_FONT])
        # Neither a missing glyph nor a byte order mark is allowed, even in invisible text (ISO 19005-2, 6.2.11.7–8).
        text = "".join(c if c.isprintable() and ord(c) in font.cmap else UNKNOWN_GLYPH for c in text)
        ascent, descent = font.desc.ascent / 1000, font.desc.descent / 1000
        size = max(round((bottom - top) / (ascent - descent), 2), _LEAST_FONT_SIZE)
        self.set_font(_FONT, size=size)
        natural = font.get_text_width(text, size, None)[1]
        if natural > 0:
            self.set_stretching(round(100 * (right - left) / natural, 2))
        self.text(left, bottom + descent * size, f"{text} " if space_after else text)

    def _keep(self, data: bytes) -> _Spooled:
        offset = self._spool.seek(0, 2)
        self._spool.write(data)
        return _Spooled(offset, len(data))

    def fetch(self, place: _Spooled) -> bytes:
        """Image bytes back from the spool."""
        self._spool.seek(place.offset)
        return self._spool.read(place.size)

    def finish(self) -> tuple[int, str]:
        """Write the file.

        Returns:
            Its size in bytes and its SHA-256.
        """
        self.output(output_producer_class=_Producer)
        return len(self.sink), self.sink.digest.hexdigest()


def _profile_fits(data: bytes, channels: int) -> bool:
    """Whether the image's colour profile is one PDF/A allows for its channels; a scanner's need not be."""
    with Image.open(BytesIO(data)) as image:
        profile = image.info.get("icc_profile") or b""
    return (
        len(profile) >= 128
        and profile[8] < 5
        and profile[12:16] in _PROFILE_CLASSES
        and profile[16:20] == _COLOUR_SPACES.get(channels)
    )


@cache
def font_file() -> Path:
    """A TrueType font with every Vietnamese letter, as fontconfig finds it.

    Raises:
        ToolMissingError: None of ``FONTS`` is installed, or fontconfig is not.
    """
    advice = "install fonts with 'apt-get install fontconfig fonts-dejavu-core'"
    for family in FONTS:
        try:
            answer = subprocess.run(
                ["fc-match", "--format", "%{family}\n%{file}", f"{family}:style=Book,Regular:lang=vi"],
                capture_output=True,
                text=True,
                timeout=30,
                check=True,
            ).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise ToolMissingError("fontconfig (fc-match)", advice) from error
        found, _, file = answer.partition("\n")
        # fc-match always answers with something; only the family asked for is known to be complete.
        if family in found.split(",") and file.endswith(".ttf"):
            return Path(file)
    raise ToolMissingError("a font with Vietnamese letters", advice)

"""What is drawn on page 1: text, and beside or above it a seal and a QR code, as a PDF form."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.images import pil_image
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.stamp.base import BaseStamp, BaseStampStyle

from signing.codes import Code
from signing.fonts import Font
from signing.placement import Frame, Rect
from signing.seals import Seal

_LEADING = 1.2
_DESCENT = 0.25
_PADDING = 2.0


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines set in a font; a seal and a QR code stand to the left of them, or ``stacked`` above.

    ``size`` is what all of it needs, in points.
    """

    lines: tuple[str, ...]
    font: Font
    font_size: int
    seal: Seal | None = None
    code: Code | None = None
    stacked: bool = False

    @property
    def pictures(self) -> tuple[tuple[float, float], ...]:
        """Sizes of the seal and the code, as far as there are."""
        seal = (self.seal.size,) if self.seal else ()
        return (*seal, (self.code.side, self.code.side)) if self.code else seal

    @property
    def pictured(self) -> tuple[float, float]:
        """Width and height the pictures take in a row, padding after each."""
        sizes = self.pictures
        return sum(size[0] + _PADDING for size in sizes), max((size[1] for size in sizes), default=0.0)

    @property
    def text_left(self) -> float:
        return _PADDING + (0.0 if self.stacked else self.pictured[0])

    @property
    def text_drop(self) -> float:
        """How far below the top the text begins."""
        return self.pictured[1] + _PADDING if self.stacked and self.pictures else 0.0

    @property
    def size(self) -> tuple[float, float]:
        width = max(self.font.width(line, self.font_size) for line in self.lines)
        height = self.text_drop + len(self.lines) * self.font_size * _LEADING
        wide = max(self.text_left + width, self.pictured[0]) + _PADDING
        return wide, max(height, self.pictured[1]) + 2 * _PADDING


@dataclass(frozen=True)
class BlockStyle(BaseStampStyle):
    """Draws a ``TextBlock`` at its own size; the viewer fits it into the field, turned by ``matrix``.

    ``engine`` is the font as ``embed_font`` put it into the file: once for all that is drawn in one revision.
    """

    border_width: int = 0
    block: TextBlock | None = None
    engine: GlyphAccumulator | None = None
    matrix: tuple[int, ...] = (1, 0, 0, 1, 0, 0)

    def create_stamp(self, writer: Any, box: BoxConstraints, text_params: dict[str, Any]) -> BaseStamp:
        assert self.block is not None  # noqa: S101
        width, height = self.block.size
        box = BoxConstraints(width=width, height=height)
        return _BlockStamp(writer, self, self.block, box)


class _BlockStamp(BaseStamp):
    def __init__(self, writer: Any, style: BlockStyle, block: TextBlock, box: BoxConstraints) -> None:
        super().__init__(writer, style, box)
        self.block = block
        self.matrix = style.matrix

    def render(self) -> bytes:
        block = self.block
        engine = self.style.engine or embed_font(self._ensure_writer, block.font)
        engine.font_size = block.font_size
        leading = block.font_size * _LEADING
        top = block.size[1] - _PADDING - block.text_drop - leading + block.font_size * _DESCENT
        # Black in DeviceGray: PDF/A-2 takes it with any output intent.
        commands = [b"/Tx BMC q", *self._draw_pictures(), b"BT 0 g /F1 %d Tf" % block.font_size]
        for number, line in enumerate(block.lines):
            shaped = engine.shape(unicodedata.normalize("NFC", line))
            commands.append(b"1 0 0 1 %g %g Tm" % (block.text_left, top - number * leading))
            commands.append(shaped.graphics_ops)
        commands.append(b"ET Q EMC")
        self.set_resource(ResourceType.FONT, generic.pdf_name("/F1"), engine.as_resource())
        return b" ".join(commands)

    def _draw_pictures(self) -> list[bytes]:
        block, left, commands = self.block, _PADDING, []
        if block.seal is not None:
            reference = pil_image(block.seal.image, self._ensure_writer)
            self.set_resource(ResourceType.XOBJECT, generic.pdf_name("/Seal"), reference)
            low = block.size[1] - _PADDING - block.seal.size[1]
            commands.append(b"q %g 0 0 %g %g %g cm /Seal Do Q" % (*block.seal.size, left, low))
            left += block.seal.size[0] + _PADDING
        if block.code is not None:
            commands.append(block.code.draw(left, block.size[1] - _PADDING - block.code.side))
        return commands

    def as_form_xobject(self) -> generic.StreamObject:
        form = super().as_form_xobject()
        form[generic.pdf_name("/Matrix")] = generic.ArrayObject(map(generic.FloatObject, self.matrix))
        return form


def embed_font(writer: Any, font: Font) -> GlyphAccumulator:
    """``font`` in the file that is written, as far as its letters are used."""
    return GlyphAccumulator(writer, BytesIO(font.data), 10)


def draw_on_page(writer: Any, block: TextBlock, frame: Frame, rect: Rect, engine: GlyphAccumulator) -> None:
    """Draw ``block`` on page 1 itself, into the page-space ``rect``; the page's own drawing is kept as it is."""
    width, height = block.size
    stamp = _BlockStamp(
        writer, BlockStyle(block=block, engine=engine), block, BoxConstraints(width=width, height=height)
    )
    form = generic.DictionaryObject({generic.pdf_name("/SohoaMark"): stamp.register()})  # type: ignore[no-untyped-call]
    place = b"%g %g %g %g %g %g cm" % frame.transform(block.size, rect)

    def stream(data: bytes) -> Any:
        return writer.add_object(generic.StreamObject(stream_data=data))

    # The page's drawing may end with a changed coordinate system: it is put between q and Q.
    writer.add_stream_to_page(0, stream(b"q"), prepend=True)
    resources = generic.DictionaryObject({generic.pdf_name("/XObject"): form})  # type: ignore[no-untyped-call]
    drawing = stream(b"Q /Artifact BMC q %s /SohoaMark Do Q EMC" % place)
    writer.add_stream_to_page(0, drawing, resources=resources)

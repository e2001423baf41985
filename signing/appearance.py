"""The visible signature: the profile's text as a PDF appearance, with the font embedded."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.stamp.base import BaseStamp, BaseStampStyle

from signing.fonts import Font

_LEADING = 1.2
_DESCENT = 0.25
_PADDING = 2.0


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines set in a font; its size is what the widest line and their number need, in points."""

    lines: tuple[str, ...]
    font: Font
    font_size: int

    @property
    def size(self) -> tuple[float, float]:
        width = max(self.font.width(line, self.font_size) for line in self.lines)
        return width + 2 * _PADDING, len(self.lines) * self.font_size * _LEADING + 2 * _PADDING


@dataclass(frozen=True)
class BlockStyle(BaseStampStyle):
    """Draws a ``TextBlock`` at its own size; the viewer fits it into the field, turned by ``matrix``."""

    border_width: int = 0
    block: TextBlock | None = None
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
        engine = GlyphAccumulator(self._ensure_writer, BytesIO(block.font.data), block.font_size)
        leading = block.font_size * _LEADING
        top = block.size[1] - _PADDING - leading + block.font_size * _DESCENT
        # Black in DeviceGray: PDF/A-2 takes it with any output intent.
        commands = [b"/Tx BMC q BT 0 g /F1 %d Tf" % block.font_size]
        for number, line in enumerate(block.lines):
            shaped = engine.shape(unicodedata.normalize("NFC", line))
            commands.append(b"1 0 0 1 %g %g Tm" % (_PADDING, top - number * leading))
            commands.append(shaped.graphics_ops)
        commands.append(b"ET Q EMC")
        self.set_resource(ResourceType.FONT, generic.pdf_name("/F1"), engine.as_resource())
        return b" ".join(commands)

    def as_form_xobject(self) -> generic.StreamObject:
        form = super().as_form_xobject()
        form[generic.pdf_name("/Matrix")] = generic.ArrayObject(map(generic.FloatObject, self.matrix))
        return form

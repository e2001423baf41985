"""The visible signature: the profile's text, and a seal where it asks for one, as a PDF appearance."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import ResourceType
from pyhanko.pdf_utils.font.opentype import GlyphAccumulator
from pyhanko.pdf_utils.images import pil_image
from pyhanko.pdf_utils.layout import BoxConstraints
from pyhanko.stamp.base import BaseStamp, BaseStampStyle

from signing.errors import SettingsError
from signing.fonts import Font

if TYPE_CHECKING:
    from PIL.Image import Image

_LEADING = 1.2
_DESCENT = 0.25
_PADDING = 2.0
_LARGEST_SEAL = 2000


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal image at its real size: pixels in RGB with transparency, width and height in points."""

    image: Image
    size: tuple[float, float]


@dataclass(frozen=True, slots=True)
class TextBlock:
    """Lines set in a font, to the right of a seal when there is one; ``size`` is what they need, in points."""

    lines: tuple[str, ...]
    font: Font
    font_size: int
    seal: Seal | None = None

    @property
    def text_left(self) -> float:
        return _PADDING + (self.seal.size[0] + _PADDING if self.seal else 0.0)

    @property
    def size(self) -> tuple[float, float]:
        width = max(self.font.width(line, self.font_size) for line in self.lines)
        height = len(self.lines) * self.font_size * _LEADING
        return self.text_left + width + _PADDING, max(height, self.seal.size[1] if self.seal else 0) + 2 * _PADDING


def read_seal(path: Path) -> Seal:
    """The seal image of an agency (PNG, red on transparent, TT 02/2019/TT-BNV Art 5).

    Its real size follows from the resolution the file states.

    Raises:
        SettingsError: Not a small image with a resolution.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path, formats=("PNG",)) as opened:
            dpi = opened.info.get("dpi")
            if not dpi or min(dpi) < 1 or max(opened.size) > _LARGEST_SEAL:
                detail = f"{path.name} states no resolution or is larger than {_LARGEST_SEAL} pixels; scan it anew"
                raise SettingsError("seal", detail)
            points = opened.width * 72 / float(dpi[0]), opened.height * 72 / float(dpi[1])
            return Seal(opened.convert("RGBA"), points)
    except (OSError, UnidentifiedImageError, ValueError):
        raise SettingsError("seal", f"{path.name} is not a readable PNG; give the agency's seal image") from None


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
        commands = [b"/Tx BMC q", *self._draw_seal(), b"BT 0 g /F1 %d Tf" % block.font_size]
        for number, line in enumerate(block.lines):
            shaped = engine.shape(unicodedata.normalize("NFC", line))
            commands.append(b"1 0 0 1 %g %g Tm" % (block.text_left, top - number * leading))
            commands.append(shaped.graphics_ops)
        commands.append(b"ET Q EMC")
        self.set_resource(ResourceType.FONT, generic.pdf_name("/F1"), engine.as_resource())
        return b" ".join(commands)

    def _draw_seal(self) -> list[bytes]:
        seal = self.block.seal
        if seal is None:
            return []
        reference = pil_image(seal.image, self._ensure_writer)
        self.set_resource(ResourceType.XOBJECT, generic.pdf_name("/Seal"), reference)
        bottom = self.block.size[1] - _PADDING - seal.size[1]
        return [b"q %g 0 0 %g %g %g cm /Seal Do Q" % (*seal.size, _PADDING, bottom)]

    def as_form_xobject(self) -> generic.StreamObject:
        form = super().as_form_xobject()
        form[generic.pdf_name("/Matrix")] = generic.ArrayObject(map(generic.FloatObject, self.matrix))
        return form

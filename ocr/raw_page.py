"""A page as its file holds it, before anything is mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    # uint8 throughout; OpenCV's stubs promise less.
    Pixels = NDArray[Any]
else:
    # uint8 throughout; OpenCV's stubs promise less.
    Pixels = Any


@dataclass(frozen=True, slots=True)
class JpegSettings:
    """How a JPEG was made, so that a page whose geometry is mended is encoded at its own quality again.

    ``tables`` are the quantization tables in natural order, ``subsampling`` Pillow's number (0, 1 or 2).
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int


@dataclass(frozen=True, slots=True)
class LayerWord:
    """A word of a PDF's own text layer; box in pixels of the page turned upright by ``RawPage.turn``."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    block: int
    line: int


@dataclass(frozen=True, slots=True)
class RawPage:
    """One page out of a file.

    Attributes:
        pixels: uint8, (height, width) grey or (height, width, 3) RGB, as stored: ``turn`` is not yet applied.
        bitonal: Every pixel is 0 or 255 and the page stays 1 bit a pixel.
        jpeg: Bytes of the very same picture that may go into the PDF as they are.
        dpi: Horizontal and vertical resolution of ``pixels``; ``None`` when the file does not say it.
        turn: Degrees clockwise (0, 90, 180, 270) the file asks to turn ``pixels`` for display.
        settings: How ``jpeg``, or the JPEG the pixels came from, was encoded.
        drawn: The pixels were drawn from vectors and text, not scanned.
        words: The file's own text layer, when it has one.
        fax: The same as ``jpeg``, where it is a TIFF of CCITT G4.
        full: Width and height of the picture, where ``pixels`` are a smaller copy of it (``ocr.large``): then
            ``jpeg`` or ``fax`` holds the whole, and ``dpi`` and ``words`` are said of that.
        scale: Pixels of ``pixels`` for each pixel of the picture, along one side; the last one may hang over.
        sized: The file says how large the page is, and the page stays so; ``dpi`` follows from that.
    """

    pixels: Pixels
    bitonal: bool
    jpeg: bytes | None
    dpi: tuple[float, float] | None
    turn: int = 0
    settings: JpegSettings | None = None
    drawn: bool = False
    words: tuple[LayerWord, ...] = ()
    sized: bool = False
    fax: bytes | None = None
    full: tuple[int, int] | None = None
    scale: float = 1.0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture."""
        return self.full or (self.pixels.shape[1], self.pixels.shape[0])

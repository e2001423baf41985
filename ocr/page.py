"""A captured page: the image people will see, the copy the engine reads, and the facts about both."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from manifests.text import PageFacts, PageText

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    GrayImage = NDArray[np.uint8]
else:
    GrayImage = Any


class Encoding(StrEnum):
    """How the visible image is encoded; the bytes go into the PDF as they are."""

    JPEG = "jpeg"
    """The scanner's own JPEG where there is one, else encoded once."""
    PNG = "png"
    """Lossless grey, colour or palette."""
    BITONAL = "bitonal"
    """1 bit a pixel, as a TIFF of CCITT G4 (or any 1-bit picture); the PDF holds it as CCITT G4."""


@dataclass(frozen=True, slots=True)
class VisibleImage:
    """What people see: encoded bytes, never a cleaned copy, and how they lie on the page.

    A scan is straightened, turned and cropped by the way it is laid on its page; its bytes stay what the scanner
    wrote. All boxes are in pixels of the page.

    Attributes:
        width, height: Of the page, in its pixels; of the image as well where ``placement`` is ``None``.
        dpi: Of the page, > 0 always (a guess from the paper size when the file said nothing; then the facts carry
            ``UNKNOWN_DPI``).
        placement: ``(a, b, c, d, e, f)``: the image's point (x, y) lies at (ax + cy + e, bx + dy + f) of the page,
            both from the top left corner in pixels. ``None``: the image is the page.
        paper: Red, green, blue of the paper, shown where the image leaves the page bare.
        sized_dpi: What the page's size in its file makes of ``width`` and ``height``, where that is no paper's and
            ``dpi`` a guess: the page keeps its size, and is read as what it must have been.
    """

    data: bytes
    encoding: Encoding
    width: int
    height: int
    dpi: float
    placement: tuple[float, float, float, float, float, float] | None = None
    paper: tuple[int, int, int] = (255, 255, 255)
    sized_dpi: float | None = None


@dataclass(frozen=True, slots=True)
class CapturedPage:
    """What ``capture`` hands to ``recognize``.

    Attributes:
        ocr_image: uint8 array (height, width), dark ink on white, same geometry as the visible image times
            ``ocr_scale`` (word boxes are divided by it). Stamp ink is removed here and only here. Empty where nothing
            is to be read: the page is blank, its own text is kept, or it was read before.
        kept_text: The page's own text layer, when it is Vietnamese, covers the page and is worth keeping.
    """

    visible: VisibleImage
    ocr_image: GrayImage
    ocr_scale: float
    facts: PageFacts
    kept_text: PageText | None = None

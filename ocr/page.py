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
    """Original JPEG bytes when geometry was not changed, else encoded once."""
    PNG = "png"
    """Lossless grey, colour or palette."""
    BITONAL = "bitonal"
    """1 bit a pixel, as a 1-bit PNG; the PDF writer stores it as CCITT G4."""


@dataclass(frozen=True, slots=True)
class VisibleImage:
    """What people see: encoded bytes, never a cleaned copy.

    ``width``/``height`` in pixels as decoded; ``dpi`` > 0 always (a guess from the paper size when the file said
    nothing; then the facts carry ``UNKNOWN_DPI``).
    """

    data: bytes
    encoding: Encoding
    width: int
    height: int
    dpi: float


@dataclass(frozen=True, slots=True)
class CapturedPage:
    """What ``capture`` hands to ``recognize``.

    Attributes:
        ocr_image: uint8 array (height, width), dark ink on white, same geometry as the visible image times
            ``ocr_scale`` (word boxes are divided by it). Stamp ink is removed here and only here.
        kept_text: The page's own text layer, when it is Vietnamese, covers the page and is worth keeping.
    """

    visible: VisibleImage
    ocr_image: GrayImage
    ocr_scale: float
    facts: PageFacts
    kept_text: PageText | None = None

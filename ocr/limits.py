"""How much of a machine one delivered file may claim; checked before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one file.

    Attributes:
        max_pixels: Pixels of one page (200 million is A0 at 400 dpi, or 600 MB decoded in colour).
        max_pages: Pages of one file.
        max_stream: Bytes a compressed stream of a PDF may unfold to, besides its images.
        tool_seconds: Time an outside program may take for one page.
    """

    max_pixels: int = 200_000_000
    max_pages: int = 5_000
    max_stream: int = 32_000_000
    tool_seconds: float = 60.0


DEFAULT_LIMITS = Limits()

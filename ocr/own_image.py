"""Opening again, in any process, a picture this house has encoded or let through."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image


def make_ready() -> None:
    """Load what opens a picture."""
    # Only the formats a visible image has: a plug-in opens files of strangers no other way.
    from PIL import Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin  # noqa: F401

    Image.MAX_IMAGE_PIXELS = None


@contextmanager
def open_own(data: bytes) -> Iterator[Image.Image]:
    """The bytes of a visible image as a lazily opened Pillow image.

    Its size was checked when its file was read (``ocr.image_files.check_pixels``). Pillow's own guard is lower than
    our limit, and would end the whole command over a page that was read.
    """
    make_ready()
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "TIFF")) as image:
        yield image

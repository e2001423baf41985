"""A page of a finished PDF as a picture for a screen, and a piece of it; bounded, whatever size the file claims."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from ocr.errors import ToolMissingError, UnreadableError

MEDIA_TYPE = "image/jpeg"
_SECONDS = 30.0
_MAX_BYTES = 40_000_000
_MARGIN = 0.012  # of the page's longer side, around a piece: letters at its edge are then seen whole


def page_image(path: Path, page_number: int, *, longest: int) -> bytes:
    """The page as people see it, as JPEG of at most ``longest`` pixels either way.

    Raises:
        UnreadableError: There is no such page, or poppler cannot draw it in time.
        ToolMissingError: poppler is not installed.
    """
    where = f"trang {page_number}"
    command = ["pdftoppm", "-q", "-f", str(page_number), "-l", str(page_number), "-cropbox", "-singlefile"]
    # The bound is one of pixels, not of dpi: a page may claim to be as large as a field.
    command += ["-scale-to", str(longest), "-jpeg", "-jpegopt", "quality=85", str(path.absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except FileNotFoundError as error:
        raise ToolMissingError("pdftoppm", "install the Debian package poppler-utils") from error
    except subprocess.TimeoutExpired as error:
        raise UnreadableError(where, "poppler vẽ quá lâu; tải tệp PDF để xem") from error
    if done.returncode != 0 or not done.stdout.startswith(b"\xff\xd8") or len(done.stdout) > _MAX_BYTES:
        raise UnreadableError(where, "poppler không vẽ được trang; tải tệp PDF để xem")
    return done.stdout


def piece_of(picture: bytes, share: tuple[float, float, float, float]) -> bytes:
    """A piece of ``page_image`` as JPEG, with a little of what stands around it.

    Args:
        picture: What ``page_image`` drew.
        share: Left, top, right, bottom as shares of the page, 0.0–1.0; what lies outside is cut off.

    Raises:
        UnreadableError: The piece is empty.
    """
    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        margin = _MARGIN * max(image.size)
        left, top, right, bottom = (
            min(max(value, 0.0), 1.0) * length
            for value, length in zip(share, (image.width, image.height) * 2, strict=True)
        )
        box = (
            max(0, int(left - margin)),
            max(0, int(top - margin)),
            min(image.width, int(right + margin) + 1),
            min(image.height, int(bottom + margin) + 1),
        )
        if not (share[0] < share[2] and share[1] < share[3]) or box[0] >= box[2] or box[1] >= box[3]:
            raise UnreadableError("ảnh cắt", "vị trí của trường không nằm trong trang; xem cả trang")
        stream = io.BytesIO()
        image.crop(box).convert("RGB").save(stream, "JPEG", quality=88)
    return stream.getvalue()

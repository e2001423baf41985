"""What a delivered file is, told from its bytes; names and extensions lie."""

from __future__ import annotations

from pathlib import Path

PDF = "application/pdf"
TIFF = "image/tiff"
JPEG = "image/jpeg"
PNG = "image/png"
UNKNOWN = "application/octet-stream"

_HEAD = 1024
_IMAGES = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00", TIFF),
    (b"MM\x00+", TIFF),
)


def sniff(path: Path) -> str:
    """Media type of a file; ``UNKNOWN`` for what this house does not digitize, also for an empty file.

    Raises:
        OSError: The file cannot be read at all.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    for magic, kind in _IMAGES:
        if head.startswith(magic):
            return kind
    # Readers accept a PDF whose header starts within the first kilobyte (ISO 32000-1, implementation note 13).
    return PDF if b"%PDF-" in head else UNKNOWN

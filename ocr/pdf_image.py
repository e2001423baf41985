"""A visible image as a PDF holds it: its bytes as they came wherever the format allows, and what describes them."""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocr.own_image import open_own
from ocr.page import Encoding, VisibleImage

if TYPE_CHECKING:
    from PIL import Image

_COLOUR_SPACES = {1: b"GRAY", 3: b"RGB "}
_PROFILE_CLASSES = (b"scnr", b"mntr", b"prtr", b"spac")  # ISO 19005-2, 6.2.4.2


@dataclass(frozen=True, slots=True)
class PdfImage:
    """One image XObject.

    Attributes:
        data: The stream.
        entries: Its dictionary, without length, colour space and what every image has.
        channels: 1 or 3.
        profile: ICC profile of the colours, when the image brings one that PDF/A allows.
    """

    data: bytes
    entries: str
    channels: int
    profile: bytes | None = None


def pdf_image(visible: VisibleImage) -> PdfImage:
    """The image object of ``visible``."""
    with open_own(visible.data) as image:
        if visible.encoding is Encoding.BITONAL:
            return _bitonal(image)
        size = f"/Width {image.width} /Height {image.height} /BitsPerComponent 8"
        if visible.encoding is Encoding.JPEG and image.mode in ("L", "RGB"):
            channels = 1 if image.mode == "L" else 3
            profile = _fitting(image.info.get("icc_profile") or b"", channels)
            return PdfImage(visible.data, f"{size} /Filter /DCTDecode", channels, profile)
        return _lossless(image, size)


def _bitonal(image: Image.Image) -> PdfImage:
    """CCITT G4; a TIFF of one strip is taken as it is."""
    data, black_is_one = _group4(image)
    parameters = f"<< /K -1 /Columns {image.width} /Rows {image.height} /BlackIs1 {black_is_one} >>"
    size = f"/Width {image.width} /Height {image.height} /BitsPerComponent 1"
    return PdfImage(data, f"{size} /Filter /CCITTFaxDecode /DecodeParms {parameters}", 1)


def _group4(image: Image.Image) -> tuple[bytes, str]:
    """The bare G4 code of a 1-bit picture, and whether its black runs stand for ones."""
    from PIL import Image

    tags = getattr(image, "tag_v2", {})
    if image.format == "TIFF" and tags.get(259) == 4 and len(tags.get(273, ())) == 1 and tags.get(266, 1) == 1:
        stream = image.fp  # type: ignore[attr-defined]
        stream.seek(0)
        return _strip(stream.read(), image)
    out = io.BytesIO()
    # One strip, or they would have to be put together again.
    one_bit = image.convert("1", dither=Image.Dither.NONE)
    one_bit.save(out, "TIFF", compression="group4", strip_size=1 << 30)
    with open_own(out.getvalue()) as made:
        return _strip(out.getvalue(), made)


def _strip(data: bytes, image: Image.Image) -> tuple[bytes, str]:
    tags = image.tag_v2  # type: ignore[attr-defined]
    (offset,), (length,) = tags[273], tags[279]
    # TIFF says what its zeros are, PDF what its ones are: white by default.
    return data[offset : offset + length], "true" if tags[262] == 1 else "false"


def _lossless(image: Image.Image, size: str) -> PdfImage:
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or (image.mode == "P" and "transparency" in image.info):
        rgba = image.convert("RGBA")
        flat = Image.new("RGBA", image.size, (255, 255, 255, 255))
        flat.alpha_composite(rgba)
        image = flat.convert("RGB")
    profile = image.info.get("icc_profile") or b""
    image = image if image.mode in ("L", "RGB") else image.convert("L" if image.mode == "1" else "RGB")
    channels = 1 if image.mode == "L" else 3
    # PNG's own filters, chosen row by row, are what makes a drawing small; the PDF reads them as they are.
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6)
    data = b"".join(_chunks(out.getvalue()))
    parameters = f"<< /Predictor 15 /Colors {channels} /BitsPerComponent 8 /Columns {image.width} >>"
    entries = f"{size} /Filter /FlateDecode /DecodeParms {parameters}"
    return PdfImage(data, entries, channels, _fitting(profile, channels))


def _chunks(png: bytes) -> list[bytes]:
    """The image data of a PNG just made."""
    found, at = [], 8
    while at + 8 <= len(png):
        length = int.from_bytes(png[at : at + 4])
        if png[at + 4 : at + 8] == b"IDAT":
            found.append(png[at + 8 : at + 8 + length])
        at += 12 + length
    return found


def _fitting(profile: bytes, channels: int) -> bytes | None:
    """The profile, when it is one PDF/A allows for these channels; a scanner's need not be."""
    fits = (
        len(profile) >= 128
        and profile[8] < 5
        and profile[12:16] in _PROFILE_CLASSES
        and profile[16:20] == _COLOUR_SPACES.get(channels)
    )
    return profile if fits else None


def deflated(data: bytes) -> bytes:
    """``data`` as a stream with ``/FlateDecode`` holds it."""
    return zlib.compress(data, 6)

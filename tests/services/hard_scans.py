"""Scans that are hard to take apart, made on the spot: every coding, colour and geometry a delivery has had.

Each says what it must come to: pages of which size, looking like which picture, or the reason why it is refused.
"""

from __future__ import annotations

import base64
import io
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject

from sample_scans.document import render_document

DPI = 100
A4 = (595.0, 842.0)
Size = tuple[float, float]


@dataclass(frozen=True)
class HardScan:
    """One file and what becomes of it.

    Attributes:
        sizes: Of its pages in points.
        reason: Code of the refusal; then it has no pages.
        like: What its first page shows.
    """

    name: str
    data: bytes
    sizes: tuple[Size, ...] = (A4,)
    reason: str = ""
    like: Image.Image | None = field(default=None, repr=False)


@cache
def sheet() -> Image.Image:
    """A clean page of A4 at 100 dpi, in colour."""
    return render_document("birth", "form", 4, DPI, clean=True, fill="printed").pages[0].resize((827, 1169))


@cache
def grey() -> Image.Image:
    return sheet().convert("L")


@cache
def bitonal() -> Image.Image:
    return grey().point(lambda value: 255 * (value > 127)).convert("1")


def hard_scans() -> Iterator[HardScan]:
    for name, entries, data, like in _images():
        yield HardScan(f"{name}.pdf", pdf([Sheet(entries, data)]), like=like)
    yield from _geometries()
    yield from _pictures()
    yield from _files()


# --- pages whose image is coded in a way of its own


@dataclass(frozen=True)
class Sheet:
    """A page that is one image: its dictionary's entries, its stream, and how it lies on the page."""

    entries: str
    data: bytes
    box: tuple[float, ...] = (0, 0, *A4)
    rest: str = ""
    matrix: tuple[float, ...] | None = None
    mask: tuple[str, bytes] | None = None


def pdf_of(*objects: bytes) -> bytes:
    """Objects 1, 2, 3 … of which 1 is the catalogue."""
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer <</Size %d /Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, start))


def pdf(sheets: list[Sheet]) -> bytes:
    """A PDF of ``sheets`` as a scanner writes it."""
    bodies: list[bytes] = [b"<</Type /Catalog /Pages 2 0 R>>", b""]
    kids = []
    for page in sheets:
        left, bottom, right, top = page.box
        matrix = page.matrix or (right - left, 0, 0, top - bottom, left, bottom)
        number = len(bodies) + 1
        kids.append(f"{number} 0 R")
        bodies.append(
            f"<</Type /Page /Parent 2 0 R /MediaBox [{_list(page.box)}] {page.rest} /Contents {number + 1} 0 R"
            f" /Resources <</XObject <</I {number + 2} 0 R>>>>>>".encode()
        )
        bodies.append(_stream(f"q {_list(matrix)} cm /I Do Q".encode()))
        mask = f"/SMask {number + 3} 0 R" if page.mask else ""
        bodies.append(_stream(page.data, f"/Type /XObject /Subtype /Image {page.entries} {mask}"))
        if page.mask:
            bodies.append(_stream(page.mask[1], f"/Type /XObject /Subtype /Image {page.mask[0]}"))
    bodies[1] = f"<</Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)}>>".encode()
    return pdf_of(*bodies)


def _list(values: tuple[float, ...]) -> str:
    return " ".join(f"{value:g}" for value in values)


def _stream(data: bytes, entries: str = "") -> bytes:
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(data), entries.encode(), data)


def _sized(image: Image.Image, rest: str) -> str:
    return f"/Width {image.width} /Height {image.height} {rest}"


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def _fax(image: Image.Image, compression: str) -> bytes:
    """The bare code of a 1-bit picture, its black as the code's black."""
    # The library codes ones as black, and Pillow's ones are white.
    made = _saved(ImageOps.invert(image), "TIFF", compression=compression, strip_size=1 << 30)
    with Image.open(io.BytesIO(made)) as opened:
        tags = opened.tag_v2  # type: ignore[attr-defined]
        return made[tags[273][0] : tags[273][0] + tags[279][0]]


def jbig2(image: Image.Image) -> bytes:
    """An embedded JBIG2 stream (ITU-T T.88): page information and one generic region, coded by MMR, which is G4."""
    width, height = image.size
    page = struct.pack(">IIIIBH", width, height, 0, 0, 0, 0)
    region = struct.pack(">IIIIBB", width, height, 0, 0, 0, 1) + _fax(image, "group4")

    def segment(number: int, kind: int, data: bytes) -> bytes:
        return struct.pack(">IBBBI", number, kind, 0, 1, len(data)) + data

    return segment(0, 48, page) + segment(1, 38, region)


def _images() -> Iterator[tuple[str, str, bytes, Image.Image]]:
    colour, levels, lines = sheet(), grey(), bitonal()
    rgb, one = "/ColorSpace /DeviceRGB /BitsPerComponent 8", "/ColorSpace /DeviceGray /BitsPerComponent 1"
    yield "jpx", _sized(colour, f"{rgb} /Filter /JPXDecode"), _saved(colour, "JPEG2000"), colour
    # The colours of JPEG 2000 may stand in its own header only (ISO 32000-1, 7.4.9).
    yield "jpx-plain", _sized(levels, "/Filter /JPXDecode"), _saved(levels, "JPEG2000"), levels
    deep = cv2.imencode(".jp2", cv2.cvtColor(np.asarray(colour, np.uint16) * 257, cv2.COLOR_RGB2BGR))[1].tobytes()
    yield "jpx-deep", _sized(colour, "/ColorSpace /DeviceRGB /BitsPerComponent 16 /Filter /JPXDecode"), deep, colour
    yield "jbig2", _sized(lines, f"{one} /Filter /JBIG2Decode"), jbig2(lines), lines
    for name, compression, k in (("fax3", "group3", 0), ("fax4", "group4", -1)):
        parameters = f"/DecodeParms <</K {k} /Columns {lines.width} /Rows {lines.height}>>"
        yield name, _sized(lines, f"{one} /Filter /CCITTFaxDecode {parameters}"), _fax(lines, compression), lines
    process = colour.convert("CMYK")
    four = "/ColorSpace /DeviceCMYK /BitsPerComponent 8"
    swapped = f"{four} /Filter /DCTDecode /Decode [1 0 1 0 1 0 1 0]"
    yield "cmyk-jpeg", _sized(process, swapped), _saved(process, "JPEG", quality=90), colour
    yield "cmyk", _sized(process, f"{four} /Filter /FlateDecode"), zlib.compress(process.tobytes()), colour
    deep = (np.asarray(levels, ">u2") * 257).tobytes()
    sixteen = "/ColorSpace /DeviceGray /BitsPerComponent 16 /Filter /FlateDecode"
    yield "sixteen", _sized(levels, sixteen), zlib.compress(deep), levels
    few = colour.quantize(32)
    table = bytes(few.getpalette("RGB") or b"")[: 32 * 3].hex()
    indexed = f"/ColorSpace [/Indexed /DeviceRGB 31 <{table}>] /BitsPerComponent 8 /Filter /FlateDecode"
    yield "palette", _sized(few, indexed), zlib.compress(few.tobytes()), colour
    two = np.asarray(levels) >> 6
    packed = np.packbits(np.unpackbits(np.pad(two, ((0, 0), (0, 1)))[..., None], axis=2)[..., 6:].reshape(1169, -1))
    four_levels = levels.point(lambda value: (value >> 6) * 85)
    shades = "/ColorSpace /DeviceGray /BitsPerComponent 2 /Filter /FlateDecode"
    yield "two-bits", _sized(levels, shades), zlib.compress(packed.tobytes()), four_levels
    chained = base64.a85encode(zlib.compress(levels.tobytes())) + b"~>"
    filters = "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter [/ASCII85Decode /FlateDecode]"
    yield "chained", _sized(levels, filters), chained, levels


# --- pages that lie in a way of their own


def _geometries() -> Iterator[HardScan]:
    levels = grey()
    entries = _sized(levels, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode")
    jpeg = _saved(levels, "JPEG", quality=80)
    a3, a0, a5, stamp = (842.0, 1190.0), (2384.0, 3370.0), (595.0, 420.0), (49.6, 70.1)
    yield HardScan("a3.pdf", pdf([Sheet(entries, jpeg, (0, 0, *a3))]), (a3,), like=levels)
    yield HardScan("a0.pdf", pdf([Sheet(entries, jpeg, (0, 0, *a0))]), (a0,), like=levels)
    # As what lies on a stamp nothing can be read; the page keeps that size all the same.
    yield HardScan("stamp.pdf", pdf([Sheet(entries, jpeg, (0, 0, *stamp))]), (stamp,), like=levels)
    top = levels.crop((0, 0, 827, 584))
    half = _sized(top, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode")
    wide, turned = _saved(top, "JPEG", quality=80), _saved(top.rotate(90, expand=True), "JPEG", quality=80)
    lying = _sized(top.rotate(90, expand=True), "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode")
    mixed = [
        Sheet(entries, jpeg),
        Sheet(half, wide, (0, 0, *a5)),
        Sheet(lying, turned, (0, 0, *a5[::-1]), "/Rotate 90"),
        Sheet(entries, jpeg, (0, 0, *a3)),
        Sheet(half, wide, (-100, 50, a5[0] - 100, a5[1] + 50)),
    ]
    yield HardScan("mixed.pdf", pdf(mixed), (A4, a5, a5, a3, a5), like=levels)
    # One unit is half an inch's seventy-second part more; the sheet lies in the middle of what is never shown.
    unit = 2.5
    shown = (100.0, 50.0, 100 + A4[0] / unit, 50 + A4[1] / unit)
    cropped = f"/UserUnit {unit} /CropBox [{_list(shown)}]"
    matrix = (shown[2] - shown[0], 0, 0, shown[3] - shown[1], shown[0], shown[1])
    yield HardScan("unit.pdf", pdf([Sheet(entries, jpeg, (0, 0, 700, 800), cropped, matrix)]), like=levels)
    inked = ImageOps.invert(levels)
    black = _sized(levels, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode")
    mask = (black, zlib.compress(inked.tobytes()))
    dark = Sheet(black, zlib.compress(bytes(827 * 1169)), mask=mask)
    yield HardScan("mask.pdf", pdf([dark]), like=levels)
    fine = levels.crop((40, 40, 340, 220)).resize((7200, 4320)).point(lambda value: 255 * (value > 127)).convert("1")
    card = (216.0, 129.6)
    code = _sized(fine, f"/ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /CCITTFaxDecode {_parameters(fine)}")
    yield HardScan("2400dpi.pdf", pdf([Sheet(code, _fax(fine, "group4"), (0, 0, *card))]), (card,), like=fine)


def _parameters(image: Image.Image) -> str:
    return f"/DecodeParms <</K -1 /Columns {image.width} /Rows {image.height}>>"


# --- loose pictures


def _pictures() -> Iterator[HardScan]:
    colour, levels, dpi = sheet(), grey(), (DPI, DPI)
    yield HardScan("big.tif", _saved(colour, "TIFF", big_tiff=True, dpi=dpi), like=colour)
    yield HardScan(
        "turned.tif", _saved(levels.rotate(90, expand=True), "TIFF", dpi=dpi, tiffinfo={274: 6}), like=levels
    )
    exif = Image.Exif()
    exif[0x0112] = 6
    yield HardScan("turned.jpg", _saved(colour.rotate(90, expand=True), "JPEG", dpi=dpi, exif=exif), like=colour)
    yield HardScan("progressive.jpg", _saved(colour, "JPEG", progressive=True, dpi=dpi), like=colour)
    yield HardScan("cmyk.jpg", _saved(colour.convert("CMYK"), "JPEG", quality=90, dpi=dpi), like=colour)
    yield HardScan("cmyk.tif", _saved(colour.convert("CMYK"), "TIFF", compression="tiff_lzw", dpi=dpi), like=colour)
    yield HardScan("palette.png", _saved(colour.quantize(32), "PNG", dpi=dpi), like=colour)
    clear = Image.merge("LA", [levels.point(lambda value: 0), ImageOps.invert(levels)])
    yield HardScan("alpha.png", _saved(clear, "PNG", dpi=dpi), like=levels)
    deep = cv2.cvtColor(np.asarray(colour, np.uint16) * 257, cv2.COLOR_RGB2BGR)
    for kind in ("png", "tif"):
        # Neither says a resolution: the paper is taken for A4.
        yield HardScan(f"deep.{kind}", cv2.imencode(f".{kind}", deep)[1].tobytes(), like=colour)
    squeezed = levels.resize((827, 562))
    yield HardScan("fax.tif", _saved(squeezed, "TIFF", dpi=(100, 48)), ((595.4, 843.0),), like=levels)
    strip = Image.new("1", (35_000, 400), 1)
    strip.paste(bitonal().crop((0, 100, 827, 500)), (300, 0))
    yield HardScan("35000.tif", _saved(strip, "TIFF", compression="group4", dpi=(300, 300)), ((8400.0, 96.0),))
    yield HardScan("named.pdf", _saved(colour, "JPEG", dpi=dpi), like=colour)


# --- files that are broken, locked, armed or something else


def _broken_chain() -> bytes:
    data = bytearray(
        _saved(grey(), "TIFF", save_all=True, append_images=[grey()], dpi=(DPI, DPI), compression="tiff_lzw")
    )
    first = struct.unpack_from("<L", data, 4)[0]
    entries = struct.unpack_from("<H", data, first)[0]
    second = struct.unpack_from("<L", data, first + 2 + 12 * entries)[0]
    return bytes(data[: second + 6])


def _files() -> Iterator[HardScan]:
    levels = grey()
    entries = _sized(levels, "/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /DCTDecode")
    plain = pdf([Sheet(entries, _saved(levels, "JPEG", quality=80))])

    def edited(edit: Callable[[PdfWriter], object]) -> bytes:
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(plain)))
        edit(writer)
        out = io.BytesIO()
        writer.write(out)
        return out.getvalue()

    def arm(writer: PdfWriter) -> None:
        script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert('x');")}
        writer.root_object[NameObject("/OpenAction")] = DictionaryObject(script)
        writer.add_attachment("la.exe", b"MZ")

    yield HardScan("broken-chain.tif", _broken_chain(), like=levels)
    yield HardScan("armed.pdf", edited(arm), like=levels)
    yield HardScan("owner.pdf", edited(lambda w: w.encrypt("", "chủ", algorithm="AES-256")), like=levels)
    yield HardScan("padded.pdf", plain + bytes(100_000), like=levels)
    boxless = plain.replace(b"/MediaBox", b"/NoneBoxx")
    yield HardScan("boxless.pdf", boxless, (), "unreadable")
    yield HardScan("user.pdf", edited(lambda w: w.encrypt("bí mật", algorithm="AES-256")), (), "encrypted")
    yield HardScan("cut.pdf", plain[: len(plain) * 2 // 3], (), "unreadable")
    yield HardScan("cut.jpg", _saved(levels, "JPEG")[:9000], (), "unreadable")
    yield HardScan("cut.png", _saved(levels, "PNG")[:9000], (), "unreadable")
    yield HardScan("empty.pdf", b"", (), "file_empty")
    yield HardScan("word.pdf", b"PK\x03\x04 a word processor's file", (), "unsupported_format")
    yield HardScan("moving.gif", _saved(levels, "GIF"), (), "unsupported_format")

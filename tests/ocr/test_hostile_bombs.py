"""Small files that ask for a whole machine: each ends in a page or in a named reason, within memory and time.

They are opened in a process of their own, whose memory is measured; the time limit only keeps a hang from hanging
the tests.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hard_scans import pdf_of as pdf
from PIL import Image

from manifests.reasons import REASONS
from ocr.limits import DEFAULT_LIMITS
from ocr.pdf_drawing import inspect_page
from ocr.pdf_file import open_pdf

MEGABYTE = 1_000_000
UNFOLDED = 100 * MEGABYTE
"""More than the process may use; a bomb that unfolds is seen."""
MOST = 190 * MEGABYTE

LOOK = """
import json, re, resource, sys
from pathlib import Path
from ocr.options import CaptureOptions
from ocr.scan import capture_pages
from ocr.errors import OcrError
from ocr.probe import probe
found = {}
for name in sys.argv[1:]:
    path = Path(name)
    facts = probe(path)
    try:
        end = f"pages:{sum(1 for _ in capture_pages([path], CaptureOptions()))}"
    except OcrError as error:
        end = error.code
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))
    found[path.name] = [facts.problem, end, peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps(found))
"""


def zeros(size: int, times: int = 1) -> bytes:
    """``size`` bytes of spaces, deflated ``times`` times."""
    pump = zlib.compressobj(9)
    block = b" " * MEGABYTE
    data = b"".join(pump.compress(block) for _ in range(size // MEGABYTE)) + pump.flush()
    for _ in range(times - 1):
        data = zlib.compress(data, 9)
    return data


def lzw(size: int) -> bytes:
    """LZW that unfolds to ``size`` zero bytes: every code stands for one byte more than the one before."""
    bits: list[str] = []
    out = 0
    while out < size:
        bits += ["100000000", "000000000"]
        out += 1
        code, length = 258, 2
        while code < 4094 and out < size:
            width = 9 if code < 511 else 10 if code < 1023 else 11 if code < 2047 else 12
            bits.append(format(code, f"0{width}b"))
            out, code, length = out + length, code + 1, length + 1
    packed = "".join(bits)
    packed += "0" * (-len(packed) % 8)
    return int(packed, 2).to_bytes(len(packed) // 8, "big")


def stream(data: bytes, entries: bytes = b"") -> bytes:
    return b"<</Length %d %s>>\nstream\n%s\nendstream" % (len(data), entries, data)


CATALOGUE = b"<</Type /Catalog /Pages 2 0 R>>"
TREE = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
SMALL = b"/MediaBox [0 0 200 200]"


def page_with(content: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    page = b"<</Type /Page /Parent 2 0 R %s /Contents 4 0 R /Resources <<%s>>>>" % (SMALL, resources)
    return pdf(CATALOGUE, TREE, page, content, *more)


def image_entries(width: int, height: int, rest: bytes) -> bytes:
    return b"/Type /XObject /Subtype /Image /Width %d /Height %d %s" % (width, height, rest)


def jpx(width: int, height: int) -> bytes:
    """A JPEG 2000 codestream of a few bytes whose header claims width × height."""
    out = io.BytesIO()
    Image.new("L", (32, 32), 128).save(out, "JPEG2000")
    data = bytearray(out.getvalue())
    for mark, at in ((b"ihdr", 4), (b"\xff\x51", 6)):
        place = data.find(mark)
        if place >= 0:
            sides = (height, width) if mark == b"ihdr" else (width, height)
            struct.pack_into(">LL", data, place + at, *sides)
    return bytes(data)


def content_of_forms() -> bytes:
    """Forms that draw the next form a hundred times, five deep: ten thousand million operations."""
    forms = [
        stream(
            b"/F Do " * 100,
            b"/Type /XObject /Subtype /Form /BBox [0 0 1 1] /Resources <</XObject <</F %d 0 R>>>>" % (number + 1),
        )
        for number in range(5, 10)
    ]
    last = stream(b"0 0 m", b"/Type /XObject /Subtype /Form /BBox [0 0 1 1]")
    return page_with(stream(b"/F Do " * 100), b"/XObject <</F 5 0 R>>", *forms, last)


def object_stream() -> bytes:
    """The catalogue lies in an object stream that unfolds to more than the machine has."""
    packed = zeros(UNFOLDED)
    head = b"%PDF-1.7\n"
    first = b"1 0 obj\n" + stream(packed, b"/Type /ObjStm /N 1000000 /First 10 /Filter /FlateDecode") + b"\nendobj\n"
    rows = zlib.compress(bytes([0, 0, 0, 0, 0, 1, 0, 0, 9, 0, 2, 0, 0, 1, 0]))
    start = len(head) + len(first)
    table = b"3 0 obj\n" + stream(rows, b"/Type /XRef /Size 3 /W [1 3 1] /Root 2 0 R /Filter /FlateDecode")
    return head + first + table + b"\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def png(chunks: bytes, width: int = 200, height: int = 200) -> bytes:
    out = io.BytesIO()
    Image.new("L", (200, 200), 255).save(out, "PNG")
    data = bytearray(out.getvalue())
    struct.pack_into(">LL", data, 16, width, height)
    struct.pack_into(">L", data, 29, zlib.crc32(data[12:29]))
    return bytes(data[:33]) + chunks + bytes(data[33:])


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))


def tiff(edit: Callable[[bytearray, int, int], None], frames: int = 1) -> bytes:
    """A TIFF of small frames; ``edit`` gets its bytes, where its first directory is and how many entries that has."""
    out = io.BytesIO()
    page = Image.new("L", (200, 200), 255)
    page.save(out, "TIFF", save_all=True, append_images=[page] * (frames - 1), compression="tiff_lzw")
    data = bytearray(out.getvalue())
    first = struct.unpack_from("<L", data, 4)[0]
    edit(data, first, struct.unpack_from("<H", data, first)[0])
    return bytes(data)


def loop(data: bytearray, first: int, entries: int) -> None:
    struct.pack_into("<L", data, first + 2 + 12 * entries, first)


def huge(data: bytearray, first: int, entries: int) -> None:
    for index in range(entries):
        place = first + 2 + 12 * index
        if struct.unpack_from("<H", data, place)[0] in (256, 257):
            struct.pack_into("<HLL", data, place + 2, 4, 1, 100_000)


def bombs() -> Iterator[tuple[str, bytes, set[str]]]:
    """Name, content, and the ends it may come to."""
    drawn = {"pages:1", "unreadable"}
    yield "flate.pdf", page_with(stream(zeros(UNFOLDED), b"/Filter /FlateDecode")), drawn
    twice = zeros(UNFOLDED, 2)
    yield "nested.pdf", page_with(stream(twice, b"/Filter [/FlateDecode /FlateDecode]")), drawn
    yield "lzw.pdf", page_with(stream(lzw(60 * MEGABYTE), b"/Filter /LZWDecode")), drawn
    picture = image_entries(64, 64, b"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode")
    show = stream(b"200 0 0 200 0 0 cm /I Do")
    yield "image.pdf", page_with(show, b"/XObject <</I 5 0 R>>", stream(zeros(UNFOLDED), picture)), drawn
    lying = image_entries(64, 64, b"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /JPXDecode")
    claim = stream(jpx(60_000, 60_000), lying)
    yield "jpx.pdf", page_with(show, b"/XObject <</I 5 0 R>>", claim), {"image_too_large", *drawn}
    over = stream(b"200 0 0 200 0 0 cm /I Do 0 0 1 1 re f")
    wide = image_entries(60_000, 60_000, b"/ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode")
    yield "under.pdf", page_with(over, b"/XObject <</I 5 0 R>>", stream(zeros(MEGABYTE), wide)), {"image_too_large"}
    yield "objects.pdf", object_stream(), {"unreadable"}
    yield "many.pdf", page_with(stream(b"0 0 m 9 9 l S " * 40_000)), drawn
    kids = b"<</Type /Pages /Kids [2 0 R 2 0 R] /Count 2000000000>>"
    yield "tree.pdf", pdf(CATALOGUE, kids), {"unreadable", "too_many_pages"}
    deep = [b"<</Type /Pages /Kids [%d 0 R] /Count 1>>" % number for number in range(3, 5003)]
    leaf = b"<</Type /Page /Parent 2 0 R %s>>" % SMALL
    yield "deep.pdf", pdf(CATALOGUE, *deep, leaf), {"pages:1", "unreadable"}
    yield "ztxt.png", png(chunk(b"zTXt", b"a\0\0" + zeros(UNFOLDED))), {"pages:1", "unreadable"}
    yield "iccp.png", png(chunk(b"iCCP", b"a\0\0" + zeros(UNFOLDED))), {"pages:1", "unreadable"}
    yield "wide.png", png(b"", 2_000_000, 2_000_000), {"image_too_large"}
    yield "huge.tif", tiff(huge), {"image_too_large"}
    yield "loop.tif", tiff(loop, 2), {"pages:1", "pages:2", "unreadable", "too_many_pages"}


def test_forms_within_forms_are_not_walked_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "forms.pdf"
    path.write_bytes(content_of_forms())
    with open_pdf(path, DEFAULT_LIMITS) as opened:
        drawing = inspect_page(opened.page(1), opened.reader)
    assert drawing.marks and drawing.steps < 200_000


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    folder = tmp_path_factory.mktemp("bombs")
    paths = []
    for name, data, _ in bombs():
        assert len(data) < 3 * MEGABYTE
        paths.append(folder / name)
        paths[-1].write_bytes(data)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", LOOK, *map(str, paths)],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, list[object]] = json.loads(done.stdout)
    return found


def test_every_bomb_ends_in_a_page_or_a_named_reason(ends: dict[str, list[object]]) -> None:
    wrong = {name: ends[name] for name, _, allowed in bombs() if ends[name][1] not in allowed}
    assert wrong == {}
    assert {problem for problem, *_ in ends.values()} - set(REASONS) <= {None}


def test_no_bomb_unfolds(ends: dict[str, list[object]]) -> None:
    peaks = {name: (own // 1000, tools // 1000) for name, (_, _, own, tools) in ends.items()}  # type: ignore[operator]
    assert max(own for own, _ in peaks.values()) * MEGABYTE < MOST, peaks
    assert max(tools for _, tools in peaks.values()) * MEGABYTE < MOST, peaks

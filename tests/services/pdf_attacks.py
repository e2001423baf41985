"""Ways to tamper with a signed PDF, as found in the literature (Incremental Saving, Signature Wrapping, Universal
Signature Forgery, Shadow Attacks, Evil Annotation, Sneaky Signature). Each takes the signed bytes, gives others."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

name = generic.pdf_name


def numbers(*values: float) -> generic.ArrayObject:
    return generic.ArrayObject([generic.FloatObject(value) for value in values])


def update(data: bytes, change: Callable[[Any], None]) -> bytes:
    """``data`` with one incremental update."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def byte_range(data: bytes) -> tuple[re.Match[bytes], list[int]]:
    found = list(re.finditer(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data))[-1]
    return found, [int(value) for value in found.groups()]


def look(writer: Any, content: bytes, size: tuple[float, float] = (600, 900)) -> Any:
    form = {name("/Type"): name("/XObject"), name("/Subtype"): name("/Form"), name("/BBox"): numbers(0, 0, *size)}
    return writer.add_object(generic.StreamObject(form, stream_data=content))


def flip_a_byte(data: bytes) -> bytes:
    place = data.index(b"stream\n") + 40
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def flip_a_byte_of_the_signature(data: bytes) -> bytes:
    """In the signature's value, deep inside the container."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    value = PdfFileReader(io.BytesIO(data)).embedded_signatures[-1].signer_info["signature"].native.hex()
    place = data.lower().index(value.encode()) + 20
    return data[:place] + (b"0" if data[place : place + 1] != b"0" else b"1") + data[place + 1 :]


def shorten_the_signed_range(data: bytes) -> bytes:
    found, (first, size, second, rest) = byte_range(data)
    return data.replace(
        found[0], (b"/ByteRange [%d %d %d %d]" % (first, size, second, rest - 100)).ljust(len(found[0]))
    )


def blank_the_container(data: bytes) -> bytes:
    place = data.index(b"/Contents <") + len(b"/Contents <")
    return data[:place] + b"0" * 400 + data[place + 400 :]


def append_a_comment(data: bytes) -> bytes:
    return data + b"% something else\n"


def append_a_whole_document(data: bytes) -> bytes:
    """A second PDF behind the first: its last table knows nothing of the signature."""
    body = (
        b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"
        b"2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"
        b"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>\nendobj\n"
    )
    start = len(data)
    offsets = [start + body.index(b"%d 0 obj" % number) for number in (1, 2, 3)]
    table = b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (start + len(body))
    return data + body + table + trailer


def paint_over(data: bytes) -> bytes:
    """An update that adds a black page over page 1."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        cover = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 900 re f"))
        page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), cover])
        writer.update_container(page)

    return update(data, change)


def replace_the_content(data: bytes) -> bytes:
    """Shadow attack, replace: the very content stream gets other words."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        content = page["/Contents"]
        content = content[0].get_object() if isinstance(content, generic.ArrayObject) else content
        content._data = b"BT ET"
        content._encoded_data = None
        writer.update_container(content)

    return update(data, change)


def replace_the_font(data: bytes) -> bytes:
    """Shadow attack, replace: the glyphs behind the same codes change."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        fonts = page["/Resources"]["/Font"]
        font = fonts[next(iter(fonts))]
        font["/BaseFont"] = name("/Courier")
        writer.update_container(font)

    return update(data, change)


def swap_the_pages(data: bytes) -> bytes:
    """Shadow attack, hide and replace: the catalogue points to other pages."""

    def change(writer: Any) -> None:
        pages = generic.DictionaryObject(
            {
                name("/Type"): name("/Pages"),
                name("/Kids"): generic.ArrayObject(),
                name("/Count"): generic.NumberObject(0),
            }
        )
        writer.root["/Pages"] = writer.add_object(pages)
        writer.update_root()

    return update(data, change)


def free_an_object(data: bytes) -> bytes:
    """Shadow attack, hide: an overlay that was there when it was signed is marked free."""
    found = re.search(rb"(\d+) 0 obj\s*<<[^>]*/Length", data)
    assert found is not None
    number, previous = int(found[1]), int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    root = re.findall(rb"/Root (\d+ \d+ R)", data)[-1]
    size = re.findall(rb"/Size (\d+)", data)[-1]
    start = len(data)
    return (
        data
        + b"xref\n%d 1\n0000000000 00001 f \ntrailer\n<</Size %s/Root %s/Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
        % (number, size, root, previous, start)
    )


def overlay_an_annotation(data: bytes) -> bytes:
    """Evil annotation: the page stays, a stamp hides it."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        note = {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/Stamp"),
            name("/Rect"): numbers(0, 0, 600, 900),
            name("/AP"): generic.DictionaryObject({name("/N"): look(writer, b"0 0 600 900 re f")}),
        }
        page["/Annots"].append(writer.add_object(generic.DictionaryObject(note)))
        writer.update_container(page["/Annots"])

    return update(data, change)


def change_the_look_of_the_signature(data: bytes) -> bytes:
    """The words of the visible signature become others."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0].get_object()
        widget = page["/Annots"][0]
        widget["/AP"] = generic.DictionaryObject({name("/N"): look(writer, b"0 0 99 99 re f")})
        writer.update_container(widget)

    return update(data, change)


def add_an_unsigned_field_with_a_look(data: bytes) -> bytes:
    """Sneaky signature: a signature field nobody signed, drawn over the text."""

    def change(writer: Any) -> None:
        from pyhanko.sign.fields import SigFieldSpec, append_signature_field

        append_signature_field(writer, SigFieldSpec("Sneaky", on_page=0, box=(50, 600, 300, 760)))
        field = writer.root["/AcroForm"]["/Fields"][-1]
        field["/AP"] = generic.DictionaryObject({name("/N"): look(writer, b"1 1 1 rg 0 0 250 160 re f", (250, 160))})
        writer.update_container(field)

    return update(data, change)


def drop_the_signature_field(data: bytes) -> bytes:
    """Universal forgery in reverse: the form is emptied, the page keeps the look of the signature."""

    def change(writer: Any) -> None:
        writer.root["/AcroForm"]["/Fields"] = generic.ArrayObject()
        writer.update_container(writer.root["/AcroForm"])

    return update(data, change)


def take_out_the_range(data: bytes) -> bytes:
    """Universal forgery: the signature dictionary loses what it signs."""
    found, _ = byte_range(data)
    return data.replace(found[0], b"/ByteRange null".ljust(len(found[0])))


def wrap_the_signature(data: bytes) -> bytes:
    """Signature wrapping: the second signed part moves back as it is; what is shown comes from the gap before it.

    The bytes that were signed are all there, so their digest holds: a signature dictionary in the gap says where they
    are now, and a table in the gap, at the place the old one had, leads to it.
    """
    _, (_, size, second, rest) = byte_range(data)
    table_at = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
    number = re.findall(rb"(\d+) 0 obj\s*<<", data[:size])[-1]
    padding = 4096
    forged = b" " * (table_at - second)
    head = b"%s 0 obj\n<<\n/Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/Contents " % number
    table = data[table_at:]
    moved = len(forged) + len(table) + len(head) + (second - size) + padding
    dictionary = head + data[size:second] + b"\n/ByteRange [0 %d %d %d]\n>>\nendobj\n" % (size, second + moved, rest)
    place = table_at + len(table)

    def shift(entry: re.Match[bytes]) -> bytes:
        offset = int(entry[1])
        return b"%010d %s n" % (offset + moved if offset >= second else offset, entry[2])

    table = re.sub(rb"(\d{10}) (\d{5}) n", shift, table)
    old = b"%010d" % data.rindex(b"%s 0 obj" % number, 0, size)
    table = table.replace(old, b"%010d" % place)
    gap = (forged + table + dictionary).ljust(moved)
    return data[:second] + gap + data[second:]


def add_a_text_field(data: bytes) -> bytes:
    """Not an attack: an open form field, before signing."""

    def change(writer: Any) -> None:
        page = writer.find_page_for_modification(0)[0]
        box = generic.DictionaryObject(
            {
                name("/Type"): name("/Annot"),
                name("/Subtype"): name("/Widget"),
                name("/FT"): name("/Tx"),
                name("/T"): generic.TextStringObject("Note"),
                name("/F"): generic.NumberObject(4),
                name("/Rect"): numbers(50, 50, 200, 70),
                name("/AP"): generic.DictionaryObject({name("/N"): look(writer, b"", (150, 20))}),
                name("/P"): page,
            }
        )
        reference = writer.add_object(box)
        page.get_object()["/Annots"] = generic.ArrayObject([reference])
        writer.update_container(page.get_object())
        form = generic.DictionaryObject({name("/Fields"): generic.ArrayObject([reference])})
        writer.root["/AcroForm"] = writer.add_object(form)
        writer.update_root()

    return update(data, change)


def fill_the_text_field(data: bytes) -> bytes:
    """What a form is for: its field gets a value and a look."""

    def change(writer: Any) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field["/V"] = generic.TextStringObject("filled in")
        field["/AP"] = generic.DictionaryObject({name("/N"): look(writer, b"0 0 9 9 re f", (150, 20))})
        writer.update_container(field)

    return update(data, change)


def add_an_empty_field(data: bytes) -> bytes:
    """A further signature field without a look: allowed by an ordinary signature, not by one that locks the file."""

    def change(writer: Any) -> None:
        from pyhanko.sign.fields import SigFieldSpec, append_signature_field

        append_signature_field(writer, SigFieldSpec("Later", on_page=0, box=(50, 600, 300, 640)))

    return update(data, change)


NOT_INTACT = (
    flip_a_byte,
    flip_a_byte_of_the_signature,
    shorten_the_signed_range,
    blank_the_container,
    take_out_the_range,
)
CHANGED = (
    append_a_comment,
    wrap_the_signature,
    paint_over,
    replace_the_content,
    replace_the_font,
    swap_the_pages,
    free_an_object,
    overlay_an_annotation,
    change_the_look_of_the_signature,
    add_an_unsigned_field_with_a_look,
    drop_the_signature_field,
)
HIDDEN = (append_a_whole_document,)

"""What a PDF can do besides showing pages does not survive: scripts, forms, attachments, actions, films."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from manifests.text import PageText, PageVerdict
from ocr.assemble import DocumentMetadata, assemble
from ocr.errors import EncryptedError
from ocr.options import CaptureOptions
from ocr.scan import capture_pages
from sample_scans.carriers import pdf_bytes
from sample_scans.document import render_document

ACTIVE = frozenset(
    ("/JavaScript", "/JS", "/AcroForm", "/XFA", "/EmbeddedFiles", "/EmbeddedFile", "/Filespec", "/Launch", "/URI")
) | frozenset(("/OpenAction", "/AA", "/A", "/Annots", "/RichMedia", "/Screen", "/Movie", "/Sound", "/Rendition"))


def scan() -> bytes:
    page = render_document("decision", "laser", 3, 75, clean=True).pages[0]
    return pdf_bytes([page], 75, 80)


def named(**entries: Any) -> DictionaryObject:
    return DictionaryObject({NameObject(f"/{key}"): value for key, value in entries.items()})


def armed() -> bytes:
    """A scan with everything that acts, opens or runs hung onto it."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan())))
    writer.add_attachment("la.exe", b"MZ")
    script = named(S=NameObject("/JavaScript"), JS=TextStringObject("app.alert(1);"))
    launch = named(Next=script, S=NameObject("/Launch"), F=TextStringObject("cmd.exe"))
    form = StreamObject()
    form.set_data(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>")
    film = StreamObject()
    film.set_data(b"film")
    rectangle = ArrayObject([NumberObject(value) for value in (10, 10, 60, 60)])
    annotations = [
        named(Type=NameObject("/Annot"), Subtype=NameObject("/Link"), Rect=rectangle, A=launch),
        named(
            Type=NameObject("/Annot"), Subtype=NameObject("/Screen"), Rect=rectangle, AA=named(PO=launch), MK=named()
        ),
        named(
            Type=NameObject("/Annot"),
            Subtype=NameObject("/RichMedia"),
            Rect=rectangle,
            RichMediaContent=named(Assets=writer._add_object(film)),
        ),
        named(
            Type=NameObject("/Annot"),
            Subtype=NameObject("/Widget"),
            FT=NameObject("/Tx"),
            T=TextStringObject("ten"),
            Rect=rectangle,
        ),
    ]
    references = ArrayObject([writer._add_object(annotation) for annotation in annotations])
    writer.pages[0][NameObject("/Annots")] = references
    writer.pages[0][NameObject("/AA")] = named(O=launch)
    root = writer.root_object
    root[NameObject("/OpenAction")] = writer._add_object(launch)
    root[NameObject("/AcroForm")] = named(
        Fields=ArrayObject([references[-1]]), XFA=writer._add_object(form), NeedAppearances=NumberObject(1)
    )
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def words_in(value: Any) -> Iterator[str]:
    """Every name and key of one object, not following references."""
    if isinstance(value, dict):
        for key, entry in value.items():
            yield str(key)
            yield from words_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from words_in(entry)
    elif isinstance(value, NameObject):
        yield str(value)


def every_word(data: bytes) -> set[str]:
    """Names and keys of all objects of a PDF, also of those nothing refers to."""
    reader = PdfReader(io.BytesIO(data))
    numbers = {number for table in reader.xref.values() for number in table} | set(reader.xref_objStm)
    found = set(words_in(reader.trailer))
    for number in numbers - {0}:
        found |= set(words_in(IndirectObject(number, 0, reader).get_object()))
    return found


def archived(source: Path, folder: Path) -> Path:
    made = (
        (page.visible, PageText(page.facts, PageVerdict.UNREAD, (), "none"))
        for page in capture_pages([source], CaptureOptions(), for_engine=lambda number: False)
    )
    metadata = DocumentMetadata("Bản quét", "HS-1", dt.datetime(2025, 1, 2, tzinfo=dt.UTC))
    return assemble(made, metadata, folder / "out.pdf").path


def test_nothing_that_acts_survives(tmp_path: Path) -> None:
    source = tmp_path / "armed.pdf"
    source.write_bytes(armed())
    assert len(every_word(source.read_bytes()) & ACTIVE) >= 9
    out = archived(source, tmp_path).read_bytes()
    assert every_word(out) & ACTIVE == set()
    assert b"JavaScript" not in out and b"cmd.exe" not in out and b"la.exe" not in out


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_owners_password_stays_behind_and_a_users_password_is_told(tmp_path: Path, algorithm: str) -> None:
    for name, user in (("owner.pdf", ""), ("user.pdf", "bí mật")):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(scan())))
        writer.encrypt(user_password=user, owner_password="chủ", algorithm=algorithm, permissions_flag=0)  # type: ignore[arg-type]
        writer.write(tmp_path / name)
    out = archived(tmp_path / "owner.pdf", tmp_path)
    reader = PdfReader(out)
    assert not reader.is_encrypted and len(reader.pages) == 1
    with pytest.raises(EncryptedError):
        archived(tmp_path / "user.pdf", tmp_path / "..")

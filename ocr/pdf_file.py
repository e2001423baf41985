"""A delivered PDF, opened guardedly: what it is, and its pages one at a time.

pypdf reads structure, poppler draws; this module knows pypdf only. Content is hostile: page trees loop, counts lie,
streams unfold to gigabytes. pypdf's own limits are lowered and whatever it raises becomes an error of this room.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocr.errors import EncryptedError, TooManyPagesError, UnreadableError
from ocr.limits import Limits

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

_TAIL, _CHUNK = 8192, 1 << 16
_PADDING = b"\0 \t\r\n\x1a"
_FIELD_LIMIT = 5000
_PDF_ERRORS = (Exception, RecursionError)
"""pypdf promises no class for broken input: AttributeError, KeyError, RecursionError … all mean a broken file."""


class PdfFile:
    """An open PDF. Use ``open_pdf``; pages are parsed as they are asked for and dropped after."""

    def __init__(self, path: Path, reader: PdfReader, pages: int) -> None:
        self.path = path
        self.name = path.name
        self.pages = pages
        self._reader = reader

    @property
    def locked(self) -> bool:
        """Encrypted, though it opens without a password (only the owner's password is set)."""
        return bool(self._reader.is_encrypted)

    @property
    def reader(self) -> PdfReader:
        return self._reader

    def page(self, number: int) -> PageObject:
        """Page ``number``, 1-based.

        Raises:
            UnreadableError: The page's entry is broken.
        """
        try:
            return self._reader.pages[number - 1]
        except _PDF_ERRORS as error:
            raise UnreadableError(
                f"{self.name}, trang {number}", "mục của trang trong tệp PDF bị hỏng; hãy quét lại"
            ) from error

    def release(self) -> None:
        """Forgets parsed objects, so that a long file never stands in memory as a whole."""
        self._reader.resolved_objects.clear()

    def has_fonts(self, first: int) -> bool:
        """Whether one of the ``first`` pages names a font or a form that may; without one there is no text."""
        for number in range(1, min(self.pages, first) + 1):
            try:
                resources = _resolve(self.page(number).get("/Resources")) or {}
                if _resolve(resources.get("/Font")):
                    return True
                drawn = _resolve(resources.get("/XObject")) or {}
                if any(_resolve(entry).get("/Subtype") == "/Form" for entry in drawn.values()):
                    return True
            except _PDF_ERRORS:
                return True
        return False

    def signed(self) -> bool:
        """Whether a signature field holds a signature (``/ByteRange``)."""
        try:
            return self._find_signature()
        except _PDF_ERRORS:
            # A form too broken to walk may still be signed; then it is safer to treat it so.
            return b"/ByteRange" in self.path.read_bytes()

    def _find_signature(self) -> bool:
        form = _resolve(self._reader.root_object.get("/AcroForm"))
        if not isinstance(form, dict):
            return False
        waiting = [_resolve(field) for field in _resolve(form.get("/Fields")) or []]
        for _ in range(_FIELD_LIMIT):
            if not waiting:
                return False
            field = waiting.pop()
            if not isinstance(field, dict):
                continue
            value = _resolve(field.get("/V"))
            if isinstance(value, dict) and "/ByteRange" in value:
                return True
            waiting.extend(_resolve(kid) for kid in _resolve(field.get("/Kids")) or [])
        return False


@contextmanager
def open_pdf(path: Path, limits: Limits) -> Iterator[PdfFile]:
    """Opens a PDF for reading; the file stays open meanwhile.

    Raises:
        EncryptedError: A password is needed.
        TooManyPagesError: More than ``limits.max_pages``.
        UnreadableError: Broken, cut short, or without pages.
    """
    import pypdf
    from pypdf.errors import DependencyError, FileNotDecryptedError

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    pypdf.overwrite_configuration(
        zlib_maximum_output_length=limits.max_stream,
        lzw_maximum_output_length=limits.max_stream,
        run_length_maximum_output_length=limits.max_stream,
        array_based_stream_maximum_output_length=limits.max_stream,
        maximum_declared_stream_length=1_000_000_000,
        disable_legacy_handling=True,
    )
    with path.open("rb") as stream:
        try:
            reader = pypdf.PdfReader(stream, strict=False)
            pages = len(reader.pages)
        except (FileNotDecryptedError, DependencyError) as error:
            raise EncryptedError(path.name, "cần mật khẩu mới mở được; hãy bỏ mật khẩu rồi giao lại") from error
        except _PDF_ERRORS as error:
            raise UnreadableError(path.name, _why_broken(path)) from error
        if pages == 0:
            raise UnreadableError(path.name, "tệp PDF không có trang nào; hãy quét lại hoặc chép lại tệp gốc")
        if pages > limits.max_pages:
            raise TooManyPagesError(path.name, f"{pages} trang, giới hạn là {limits.max_pages}; hãy tách hồ sơ")
        if _cut_short(path):
            raise UnreadableError(path.name, _why_broken(path))
        yield PdfFile(path, reader, pages)


def _cut_short(path: Path) -> bool:
    """Whether the end of the file is missing; every whole PDF ends with ``%%EOF``, give or take some padding."""
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        while end > 0:
            start = max(0, end - _CHUNK)
            stream.seek(start)
            tail = stream.read(end - start).rstrip(_PADDING)
            if tail:
                # What follows the mark may be some lines of a mail program or a web server.
                stream.seek(max(0, start + len(tail) - _TAIL))
                return b"%%EOF" not in stream.read(_TAIL)
            end = start
    return True


def _why_broken(path: Path) -> str:
    if _cut_short(path):
        return "tệp PDF bị cắt cụt (thiếu phần cuối); hãy chép lại tệp gốc"
    return "cấu trúc tệp PDF bị hỏng; hãy quét lại hoặc chép lại tệp gốc"


def _resolve(value: Any) -> Any:
    return value.get_object() if value is not None else None

"""The poppler programs: draw a page (through pdf2image) and tell where its text stands."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from ocr.errors import ToolMissingError, UnreadableError
from ocr.limits import Limits
from ocr.piped_picture import read_picture
from ocr.raw_page import LayerWord, Pixels
from ocr.work_folder import work_folder

_INSTALL = "install the Debian package poppler-utils"
_MAX_TEXT = 16_000_000


def draw_page(path: Path, number: int, dpi: int, limits: Limits) -> Pixels:
    """Draws one page as people see it, annotations included.

    Args:
        path: The PDF.
        number: 1-based page.
        dpi: Pixels an inch of the result.
        limits: Time.

    Returns:
        RGB.

    Raises:
        UnreadableError: poppler cannot draw it in time or at all.
        ToolMissingError: poppler is not installed.
    """
    from pdf2image import convert_from_path
    from pdf2image.exceptions import PDFInfoNotInstalledError

    where = f"{path.name}, trang {number}"
    with work_folder() as folder:
        try:
            # By way of a file: what comes through the library's pipe is held in memory four times.
            drawn: list[Any] = convert_from_path(
                path,
                dpi=dpi,
                first_page=number,
                last_page=number,
                single_file=True,
                use_cropbox=True,
                output_folder=folder,
                paths_only=True,
                timeout=int(limits.tool_seconds),
            )
        except PDFInfoNotInstalledError as error:
            raise ToolMissingError("pdftoppm", _INSTALL) from error
        except Exception as error:  # pdf2image names no common class
            raise UnreadableError(
                where, f"poppler không vẽ được trang ({type(error).__name__}); hãy quét lại trang này"
            ) from error
        pixels = None
        if drawn:
            with Path(drawn[0]).open("rb") as picture:
                pixels = read_picture(picture)
    if pixels is None:
        raise UnreadableError(where, "poppler không vẽ được trang; hãy quét lại trang này")
    return pixels


def page_words(path: Path, number: int, limits: Limits) -> tuple[tuple[LayerWord, ...], float, float]:
    """Words of a page's text layer with their boxes in points from the top left, and the page's size in points.

    Empty when poppler cannot read the text; then the page is simply recognized.

    Raises:
        ToolMissingError: poppler is not installed.
    """
    text = _run_pdftotext(path, number, number, limits, "-bbox-layout")
    return _parse_words(text) if text else ((), 0.0, 0.0)


def plain_text(path: Path, first: int, last: int, limits: Limits) -> str:
    """Text of some pages, empty when poppler cannot read it.

    Raises:
        ToolMissingError: poppler is not installed.
    """
    return _run_pdftotext(path, first, last, limits).decode("utf-8", "replace")


def _run_pdftotext(path: Path, first: int, last: int, limits: Limits, *options: str) -> bytes:
    command = ["pdftotext", "-q", "-f", str(first), "-l", str(last), "-cropbox", "-enc", "UTF-8", *options]
    try:
        done = subprocess.run(
            [*command, str(path.absolute()), "-"], capture_output=True, timeout=limits.tool_seconds, check=False
        )
    except FileNotFoundError as error:
        raise ToolMissingError("pdftotext", _INSTALL) from error
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 and len(done.stdout) <= _MAX_TEXT else b""


def _parse_words(text: bytes) -> tuple[tuple[LayerWord, ...], float, float]:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    # XML 1.0 forbids the control characters that junk layers are full of.
    clean = text.translate(None, bytes(c for c in range(32) if c not in (9, 10, 13)))
    try:
        root = fromstring(clean)
    except (ParseError, DefusedXmlException):
        return (), 0.0, 0.0
    words: list[LayerWord] = []
    width = height = 0.0
    block = line = -1
    for element in root.iter():
        kind = element.tag.rpartition("}")[2]
        if kind == "page":
            width, height = float(element.get("width", 0)), float(element.get("height", 0))
        elif kind == "block":
            block += 1
        elif kind == "line":
            line += 1
        elif kind == "word" and element.text and element.text.strip():
            left, top, right, bottom = (float(element.get(name, 0)) for name in ("xMin", "yMin", "xMax", "yMax"))
            words.append(LayerWord(element.text.strip(), left, top, right, bottom, max(block, 0), max(line, 0)))
    return tuple(words), width, height

"""The OCR engine behind a seam: libtesseract in process, the tesseract program, or none.

Knows images and words; knows neither pages of documents nor what the words mean. One engine per process, loaded
once (``engine_of_process``): loading costs 60–80 ms and the model stays in memory.
"""

from __future__ import annotations

import os
import shutil
import time
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from ocr.choices import Choices, align_choices
from ocr.errors import PageTimeoutError, ToolMissingError
from ocr.page import GrayImage

ENGINES = ("auto", "tesserocr", "pytesseract", "null")
MAX_SIDE = 32_000
"""Pixels; libtesseract refuses a side of 32,768 or more."""

_TESSDATA_FOLDERS = (
    "/usr/share/tesseract-ocr/5/tessdata",
    "/usr/share/tesseract-ocr/4.00/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
)
_TWINS = str.maketrans({"\u00d0": "\u0110", "\u0189": "\u0110", "\u00f0": "\u0111", "\u2044": "/", "\u2215": "/"})
"""The Icelandic and African Đ and the slashes of fractions look the same and no Vietnamese paper means them."""
_CREDIBLE_DPI = (70, 2400)  # outside it libtesseract guesses for itself
_TELL_CHOICES = "2"
_CHOICES = "2"
"""Rounds in which the engine looks for other letters, five by itself; each costs 2–3 % of a page's time. Of 6,500
typed words of 18 real pages two rounds put four fewer right than four do, of 36 sample pages none; with one, a sample
page fell below plain Tesseract by a word."""
_NO_PITCH = "1"
"""Looking for letters of one width took 3 % of the engine's instructions and changed no word and no box of 89 images
of real, printed and typewritten pages: the recurrent network finds spaces by itself."""
_OSD_SURE = 2.0  # OCRmyPDF turns pages from here on with --rotate-pages-threshold 2


@dataclass(frozen=True, slots=True)
class ReadWord:
    """One word as an engine reads it.

    Attributes:
        text: NFC, without white space, never empty.
        bbox: ``(left, top, right, bottom)`` in pixels of the image given to the engine.
        confidence: 0.0–1.0.
        block, line: 0-based running numbers in the engine's own order.
        choices: What else each character could have been; empty when the engine does not tell.
    """

    text: str
    bbox: tuple[int, int, int, int]
    confidence: float
    block: int
    line: int
    choices: Choices = ()


class Engine(Protocol):
    """What every engine does. Two engines are *equal* when, on clean print, they read the same words in the same
    order, with boxes at most 3 pixels and confidences at most 0.05 apart (libtesseract 5.3 and 5.5 differ that much).
    """

    name: str
    language: str

    def read(
        self, image: GrayImage, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        """Words of ``image`` (uint8, height × width, dark ink on white).

        Args:
            dpi: Resolution of ``image``; decides what counts as noise and as a line.
            timeout: Seconds; 0 waits for ever.
            page_number: Only for the error's message.
            single_block: The image is lines under one another, not a page with columns, tables and pictures.

        Raises:
            PageTimeoutError: It took longer than ``timeout``; the engine can be used again.
        """
        ...

    def orientation(self, image: GrayImage, dpi: float) -> int | None:
        """Degrees (0, 90, 180, 270) that turn ``image`` clockwise upright; ``None`` when the engine cannot tell."""
        ...

    def close(self) -> None:
        """Give the model's memory back."""
        ...


def open_engine(name: str = "auto", language: str = "vie") -> Engine:
    """A new engine.

    Args:
        name: One of ``ENGINES``. ``auto`` takes ``tesserocr``, and ``pytesseract`` where that cannot be imported.
        language: Tesseract language, several joined by ``+``.

    Raises:
        ToolMissingError: The engine or the language model is not installed; says how to install it.
        ValueError: ``name`` is no engine.
    """
    # OpenMP reads this when the library is loaded; its threads cost more than they bring (tesseract #3109).
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    if name == "auto":
        try:
            import tesserocr  # noqa: F401
        except ImportError:
            name = "pytesseract"
        else:
            name = "tesserocr"
    makers: dict[str, Callable[[str], Engine]] = {
        "tesserocr": InProcessEngine,
        "pytesseract": ProgramEngine,
        "null": NullEngine,
    }
    if name not in makers:
        raise ValueError(f"no OCR engine is called {name!r}; use one of {', '.join(ENGINES)}")
    return makers[name](language)


@cache
def engine_of_process(name: str = "auto", language: str = "vie") -> Engine:
    """The engine of this process, opened at the first call and kept."""
    return open_engine(name, language)


def tessdata_folder(language: str) -> Path:
    """The folder holding every model of ``language``: ``TESSDATA_PREFIX`` first, then where systems keep them.

    Raises:
        ToolMissingError: No folder has them all.
    """
    wanted = [part.removeprefix("~") for part in language.split("+")]
    prefix = os.environ.get("TESSDATA_PREFIX")
    folders = [Path(prefix), Path(prefix) / "tessdata"] if prefix else []
    for folder in [*folders, *map(Path, _TESSDATA_FOLDERS)]:
        if all((folder / f"{part}.traineddata").is_file() for part in wanted):
            return folder
    packages = " ".join(f"tesseract-ocr-{part.replace('_', '-')}" for part in wanted)
    raise ToolMissingError(
        f"the Tesseract model for {language!r}",
        f"install it with 'apt-get install {packages}', or set TESSDATA_PREFIX to the folder that holds it",
    )


class NullEngine:
    """Reads nothing: for runs that only need the images."""

    name = "null"

    def __init__(self, language: str = "vie") -> None:
        self.language = language

    def read(
        self, image: GrayImage, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        return []

    def orientation(self, image: GrayImage, dpi: float) -> int | None:
        return None

    def close(self) -> None:
        return


class InProcessEngine:
    """libtesseract through tesserocr: no process start and no image file per page."""

    name = "tesserocr"

    def __init__(self, language: str = "vie") -> None:
        try:
            import tesserocr
        except ImportError as error:
            raise ToolMissingError("tesserocr", "install it with 'pip install tesserocr'") from error
        self.language = language
        self._library: Any = tesserocr
        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
        self._api = self._open(language, tesserocr.PSM.AUTO)
        self._osd: Any = None

    def _open(self, language: str, mode: int) -> Any:
        # The library wants the trailing slash.
        folder = f"{tessdata_folder(language)}/"
        variables = {
            "debug_file": os.devnull,
            "lstm_choice_mode": _TELL_CHOICES,
            "lstm_choice_iterations": _CHOICES,
            "textord_disable_pitch_test": _NO_PITCH,
        }
        return self._library.PyTessBaseAPI(path=folder, lang=language, psm=mode, variables=variables)

    def read(
        self, image: GrayImage, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        height, width = image.shape
        mode = self._library.PSM.SINGLE_BLOCK if single_block else self._library.PSM.AUTO
        self._api.SetPageSegMode(mode)
        self._api.SetImageBytes(image.tobytes(), width, height, 1, width)
        self._api.SetSourceResolution(_credible(dpi))
        started = time.monotonic()
        finished = self._api.Recognize(int(timeout * 1000))
        try:
            if not finished:
                if timeout and time.monotonic() - started >= timeout:
                    raise PageTimeoutError(page_number, timeout)
                return []
            return list(self._words())
        finally:
            self._api.Clear()

    def _words(self) -> Iterator[ReadWord]:
        level = self._library.RIL
        iterator = self._api.GetIterator()
        if iterator is None or iterator.Empty(level.WORD):
            return
        block = line = -1
        new_block = new_line = True
        for word in self._library.iterate_level(iterator, level.WORD):
            # A block of ruling or picture holds one empty word; it must not count.
            new_block = new_block or word.IsAtBeginningOf(level.BLOCK)
            new_line = new_line or word.IsAtBeginningOf(level.TEXTLINE)
            if word.Empty(level.SYMBOL):
                continue
            text = clean_text(word.GetUTF8Text(level.WORD))
            left, top, right, bottom = word.BoundingBox(level.WORD)
            if not text:
                continue
            block, line = block + new_block, line + new_line
            new_block = new_line = False
            choices = align_choices(text, word.GetBestLSTMSymbolChoices() or ())
            yield ReadWord(text, (left, top, right, bottom), word.Confidence(level.WORD) / 100, block, line, choices)

    def orientation(self, image: GrayImage, dpi: float) -> int | None:
        if self._osd is None:
            self._osd = self._open("osd", self._library.PSM.OSD_ONLY)
        height, width = image.shape
        self._osd.SetImageBytes(image.tobytes(), width, height, 1, width)
        self._osd.SetSourceResolution(_credible(dpi))
        found = self._osd.DetectOrientationScript()
        self._osd.Clear()
        if not found or found["orient_conf"] < _OSD_SURE:
            return None
        return -int(found["orient_deg"]) % 360

    def close(self) -> None:
        for api in (self._api, self._osd):
            if api is not None:
                api.End()


class ProgramEngine:
    """The tesseract program through pytesseract, a process per page: where tesserocr has no wheel."""

    name = "pytesseract"

    def __init__(self, language: str = "vie") -> None:
        if shutil.which("tesseract") is None:
            raise ToolMissingError("tesseract", "install it with 'apt-get install tesseract-ocr tesseract-ocr-vie'")
        try:
            import pytesseract
        except ImportError as error:
            raise ToolMissingError("pytesseract", "install it with 'pip install pytesseract'") from error
        self.language = language
        self._library: Any = pytesseract
        self._folder = tessdata_folder(language)

    def read(
        self, image: GrayImage, dpi: float, *, timeout: float = 0, page_number: int = 0, single_block: bool = False
    ) -> list[ReadWord]:
        try:
            table = self._library.image_to_data(
                image,
                lang=self.language,
                config=f'--tessdata-dir "{self._folder}" --psm {6 if single_block else 3} --dpi {_credible(dpi)}',
                output_type=self._library.Output.DICT,
                timeout=timeout,
            )
        except self._library.TesseractError:
            # Refused by the program (too small, no ink): nothing was read, which the verdict says.
            return []
        except RuntimeError as error:
            # pytesseract tells a time-out from the rest only by its type and words.
            if "timeout" not in str(error):
                raise
            raise PageTimeoutError(page_number, timeout) from error
        return list(self._words(table))

    def _words(self, table: dict[str, list[Any]]) -> Iterator[ReadWord]:
        lines: dict[tuple[int, int, int], int] = {}
        blocks: dict[int, int] = {}
        for i, level in enumerate(table["level"]):
            text = clean_text(table["text"][i])
            confidence = float(table["conf"][i])
            if level != 5 or not text or confidence < 0:
                continue
            block = blocks.setdefault(table["block_num"][i], len(blocks))
            key = (table["block_num"][i], table["par_num"][i], table["line_num"][i])
            line = lines.setdefault(key, len(lines))
            left, top = table["left"][i], table["top"][i]
            box = (left, top, left + table["width"][i], top + table["height"][i])
            yield ReadWord(text, box, confidence / 100, block, line)

    def orientation(self, image: GrayImage, dpi: float) -> int | None:
        folder = tessdata_folder("osd")
        try:
            found = self._library.image_to_osd(
                image,
                config=f'--tessdata-dir "{folder}" --psm 0 --dpi {_credible(dpi)}',
                output_type=self._library.Output.DICT,
            )
        except self._library.TesseractError:
            # The program fails on a page with too few characters: that is doubt, not an error.
            return None
        return int(found["rotate"]) % 360 if found["orientation_conf"] >= _OSD_SURE else None

    def close(self) -> None:
        return


def clean_text(text: str) -> str:
    """``text`` as a word may hold it: NFC, no white space, no control characters, no twins of Vietnamese letters."""
    composed = unicodedata.normalize("NFC", text).translate(_TWINS)
    return "".join(c for c in composed if not c.isspace() and unicodedata.category(c) not in ("Cc", "Cf", "Cs"))


def _credible(dpi: float) -> int:
    low, high = _CREDIBLE_DPI
    return int(min(max(round(dpi), low), high))

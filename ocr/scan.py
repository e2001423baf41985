"""The files of a document, open: their pages in any order, one page in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from manifests.text import PageFacts
from ocr.capture import Orienter, capture_page, examine_page
from ocr.errors import EmptyFileError, TooManyPagesError, UnreadableError, UnsupportedFormatError
from ocr.image_files import count_frames, open_image, read_frame
from ocr.large import is_large
from ocr.limits import Limits
from ocr.media import JPEG, PDF, UNKNOWN, sniff
from ocr.options import CaptureOptions
from ocr.page import CapturedPage
from ocr.pdf_file import open_pdf
from ocr.pdf_pages import read_pdf_page
from ocr.raw_page import RawPage
from ocr.threads import give_back_memory


@dataclass(frozen=True, slots=True)
class _Opened:
    """One file: how many pages, what decodes one of them (1-based), whether it is signed, and what of it is lost."""

    pages: int
    load: Callable[[int], RawPage]
    signed: Callable[[], bool]
    damage: str = ""


class Scan:
    """The files of a document, open: their pages in any order. Use ``open_scan``."""

    def __init__(self, files: Sequence[Path], options: CaptureOptions, stack: ExitStack) -> None:
        self.options = options
        self._files: list[tuple[Path, _Opened]] = []
        limits = options.limits()
        for file in files:
            self._files.append((file, stack.enter_context(_opened(file, limits))))
            if self.pages > limits.max_pages:
                raise TooManyPagesError(file.name, f"hồ sơ có hơn {limits.max_pages} trang; hãy tách hồ sơ")

    @property
    def pages(self) -> int:
        return sum(opened.pages for _, opened in self._files)

    def signed(self) -> tuple[Path, ...]:
        """The files that carry a signature."""
        return tuple(file for file, opened in self._files if opened.signed())

    def damage(self) -> tuple[str, ...]:
        """What of the files cannot be had, in sentences; the pages before it can."""
        return tuple(f"{file.name}: {opened.damage}" for file, opened in self._files if opened.damage)

    def capture(self, number: int, orienter: Orienter | None = None, *, for_engine: bool = True) -> CapturedPage:
        """Captures page ``number``, 1-based over all files.

        Args:
            for_engine: Make the engine's copy; without it ``ocr_image`` is empty, for pages that were read before.

        Raises:
            ScanError: The page cannot be digitized; the message names file and page.
            IndexError: There is no such page.
        """
        file, own, raw = self._raw(number)
        return capture_page(raw, number, file, own, self.options, orienter, for_engine=for_engine)

    def examine(self, number: int) -> PageFacts:
        """The facts of page ``number``; errors as with ``capture``, which takes several times as long."""
        file, own, raw = self._raw(number)
        return examine_page(raw, number, file, own, self.options)

    def _raw(self, number: int) -> tuple[str, int, RawPage]:
        before = 0
        for file, opened in self._files:
            own = number - before
            if own <= opened.pages:
                return file.name, own, opened.load(own)
            before += opened.pages
        raise IndexError(f"page {number} of {before}")


@contextmanager
def open_scan(files: Sequence[Path], options: CaptureOptions | None = None) -> Iterator[Scan]:
    """Opens the files of a document, in page order, and keeps them open meanwhile.

    Raises:
        ScanError: A file cannot be digitized.
    """
    with ExitStack() as stack:
        yield Scan(files, options or CaptureOptions(), stack)


def capture_pages(
    files: Sequence[Path],
    options: CaptureOptions,
    *,
    only: Callable[[int], bool] | None = None,
    orienter: Orienter | None = None,
    for_engine: Callable[[int], bool] | None = None,
) -> Iterator[CapturedPage]:
    """Captures the pages of a document in order, lazily.

    Args:
        files: The delivered files in page order.
        options: See ``CaptureOptions``.
        only: Page numbers (1-based, over all files) to capture; the others are skipped without being decoded.
        orienter: See ``Orienter``.
        for_engine: Page numbers that will be read; the engine's copy of others is left out.

    Raises:
        ScanError: A file, or one page of it, cannot be digitized; the message names file and page.
    """
    with open_scan(files, options) as scan:
        for number in range(1, scan.pages + 1):
            if only is None or only(number):
                wanted = for_engine is None or for_engine(number)
                yield scan.capture(number, orienter, for_engine=wanted)


def _kind(file: Path) -> str:
    if file.stat().st_size == 0:
        raise EmptyFileError(file.name, "tệp không có byte nào; hãy quét lại")
    kind = sniff(file)
    if kind == UNKNOWN:
        raise UnsupportedFormatError(
            file.name, "không phải PDF, TIFF, JPEG hay PNG; hãy giao một trong các định dạng đó"
        )
    return kind


@contextmanager
def _opened(file: Path, limits: Limits) -> Iterator[_Opened]:
    kind = _kind(file)
    if kind == PDF:
        with open_pdf(file, limits) as pdf:
            yield _Opened(pdf.pages, partial(read_pdf_page, pdf, limits=limits), pdf.signed)
        return
    with open_image(file, file.name) as image:
        frames, broken = count_frames(image, limits)
        if frames == 0:
            raise UnreadableError(file.name, "không có trang nào đọc được; hãy quét lại")
        if frames > limits.max_pages:
            raise TooManyPagesError(file.name, f"hơn {limits.max_pages} trang; hãy tách hồ sơ")
        data = file.read_bytes() if kind == JPEG else None

        def load(number: int) -> RawPage:
            name = f"{file.name}, trang {number}" if frames > 1 else file.name
            image.seek(number - 1)
            if not is_large(image.width, image.height):
                return read_frame(image, number - 1, name, limits, data)
            # Pillow keeps what it has decoded as long as a file is open.
            with open_image(file, name) as own:
                raw = read_frame(own, number - 1, name, limits, data)
            give_back_memory()
            return raw

        damage = f"trang {frames + 1} bị hỏng, chỉ đọc được {frames} trang; hãy quét lại" if broken else ""
        yield _Opened(frames, load, lambda: False, damage)

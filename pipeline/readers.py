"""Processes that read the pages of one document at the same time, and what becomes of a page that kills its reader.

A reader is given one page at a time and the next only when its page has been taken: what is under way is never more
than one page a reader, so memory stays flat, and a kill costs no more than those.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pebble import CONSTS, ProcessExpired, ProcessPool

from manifests.text import PageFacts, PageText
from ocr.options import CaptureOptions, RecognizeOptions
from ocr.page import VisibleImage
from pipeline import reading
from pipeline.clean_spawn import READER_IMPORTS, CleanForkServerContext
from pipeline.options import capture_options, recognize_options
from pipeline.reading import Failed, Survey
from pipeline.settings import Settings
from signing.profiles import find_profile

if TYPE_CHECKING:
    from pipeline.errors import WorkerCrashedError

_OPENING_SECONDS = 600.0
CONSTS.sleep_unit = 0.02
"""Seconds between two looks at the readers, a tenth by itself: the command waits so long at its end."""
_PAGES_PER_READER = 2_000
"""A reader is replaced after so many pages, so that no leak of a native library can grow for ever."""


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as it left its reader."""

    number: int
    visible: VisibleImage
    text: PageText


class Readers:
    """Reader processes, started at once and shared by the documents that follow; use it in a ``with`` block."""

    def __init__(self, capture: CaptureOptions, recognize: RecognizeOptions, workers: int) -> None:
        self._workers = workers
        self._seconds = reading.page_seconds(recognize)
        self._pool = ProcessPool(
            max_workers=workers,
            max_tasks=_PAGES_PER_READER,
            initializer=reading.start,
            initargs=(capture, recognize),
            context=CleanForkServerContext(*READER_IMPORTS),
        )
        # Models are loaded while the document is looked at; the first reader that is free does that.
        self._warm = [self._pool.schedule(reading.load_engine) for _ in range(workers - 1)]

    def __enter__(self) -> Readers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # Whatever they do now, nobody waits for it.
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()

    def survey(self, files: Sequence[Path]) -> Survey:
        """What the document is.

        Raises:
            WorkerError: It cannot be opened; holds the code of the reason.
            WorkerCrashedError: Opening it killed a reader, twice.
        """
        for _ in range(2):
            try:
                found: Survey = _proven(
                    self._pool.schedule(reading.survey, args=(tuple(files),), timeout=600).result()
                )
                return found
            except (ProcessExpired, MemoryError, FutureTimeoutError):
                continue
        raise _crashed(files[0].name)

    def read(self, files: Sequence[Path], numbers: Iterable[int]) -> Iterator[ReadPage]:
        """Read pages, the first of them from now on; yields each when it is ready, in no order.

        A page whose reader died, or took far too long, is tried once more without recognition: its image is kept
        and its verdict is ``unread``.

        Raises:
            WorkerError: A page cannot be captured, or the machine lacks something.
            WorkerCrashedError: A page killed its reader twice.
        """
        todo = iter(numbers)
        under_way = dict(self._give(files, number, True) for number in islice(todo, self._workers))
        return self._taken(files, todo, under_way)

    def _give(self, files: Sequence[Path], number: int, with_text: bool) -> tuple[Future[Any], tuple[int, bool]]:
        arguments = (tuple(files), number, with_text)
        seconds = self._seconds if with_text else reading.CAPTURE_SECONDS
        return self._pool.schedule(reading.read_page, args=arguments, timeout=seconds), (number, with_text)

    def _taken(
        self, files: Sequence[Path], todo: Iterator[int], under_way: dict[Future[Any], tuple[int, bool]]
    ) -> Iterator[ReadPage]:
        while under_way:
            ready, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ready:
                number, with_text = under_way.pop(future)
                try:
                    visible, text = _proven(future.result())
                except (ProcessExpired, MemoryError, FutureTimeoutError):
                    if not with_text:
                        raise _crashed(f"{files[0].name}, trang {number}") from None
                    under_way.update([self._give(files, number, False)])
                    continue
                yield ReadPage(number, visible, text)
                under_way.update(self._give(files, following, True) for following in islice(todo, 1))

    def examine(self, pages: Iterable[tuple[Path, int]]) -> Iterator[tuple[Path, int, PageFacts | Failed]]:
        """Judge pages (file and 1-based number) without reading them; yields each when it is judged, in no order.

        A page that cannot be captured, or that killed who looked at it, is an answer and stops nothing.
        """
        todo = iter(pages)
        under_way: dict[Future[Any], tuple[Path, int]] = {}

        def give(page: tuple[Path, int]) -> None:
            future = self._pool.schedule(reading.examine_page, args=page, timeout=reading.CAPTURE_SECONDS)
            under_way[future] = page

        for page in islice(todo, 2 * self._workers):
            give(page)
        while under_way:
            ready, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ready:
                file, number = under_way.pop(future)
                try:
                    found = future.result()
                except (ProcessExpired, MemoryError, FutureTimeoutError):
                    error = _crashed(f"{file.name}, trang {number}")
                    found = Failed(type(error).__name__, error.code, str(error), "quarantine")
                yield file, number, found
                for following in islice(todo, 1):
                    give(following)


def open_readers(settings: Settings, most: int | None = None) -> Readers:
    """Reader processes for ``sohoa convert``, as many as the settings say, but no more than ``most``."""
    profile = find_profile(settings.legal_profile, settings.profiles_folder)
    workers = min(settings.workers, most) if most else settings.workers
    return Readers(capture_options(settings, profile), recognize_options(settings), workers)


def _proven(result: Any) -> Any:
    if isinstance(result, Failed):
        from pipeline.errors import Disposition, WorkerError

        raise WorkerError(result.kind, result.code, result.message, Disposition(result.disposition))
    return result


def _crashed(name: str) -> WorkerCrashedError:
    from pipeline.errors import WorkerCrashedError

    return WorkerCrashedError(name)

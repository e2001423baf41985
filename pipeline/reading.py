"""Inside a worker process: one page at a time, from the scan's file to image and words.

Imports no settings, no stores, no database: a worker starts in a fraction of a second and knows nothing but pages.
What is slow to import is imported inside: the process that gives pages out needs this module's names alone.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from manifests.text import PageFacts, PageText
from ocr.options import CaptureOptions, RecognizeOptions
from ocr.page import VisibleImage
from ocr.threads import keep_freed_memory, use_one_thread
from pipeline.worker_life import end_with_parent, forget_secrets

if TYPE_CHECKING:
    from ocr.scan import Scan


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a document before a page of it is read.

    Attributes:
        pages: How many it has.
        signed: Its files that carry a signature.
        damage: What of its files is lost, in sentences.
    """

    pages: int
    signed: tuple[Path, ...]
    damage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """An error as values: exceptions do not travel well between processes."""

    kind: str
    code: str
    message: str
    disposition: str


@dataclass
class _Worker:
    """What this process keeps between pages."""

    capture: CaptureOptions
    recognize: RecognizeOptions
    files: tuple[Path, ...] = ()
    scan: Scan | None = None
    stack: ExitStack | None = None

    def open(self, files: Sequence[Path]) -> Scan:
        """The document's files, open since its first page here."""
        from ocr.scan import open_scan

        if self.scan is None or self.files != tuple(files):
            if self.stack is not None:
                self.stack.close()
            self.scan, self.stack = None, ExitStack()
            self.scan = self.stack.enter_context(open_scan(files, self.capture))
            self.files = tuple(files)
        return self.scan


CAPTURE_SECONDS = 180.0
"""What a page may take besides its recognition: poppler draws some of them, the second look crops others."""

_worker: _Worker | None = None


def page_seconds(options: RecognizeOptions) -> float | None:
    """After how long a page is taken for one that never ends; ``None`` waits for ever."""
    return 2 * options.page_timeout + CAPTURE_SECONDS if options.page_timeout else None


def start(capture: CaptureOptions, recognize: RecognizeOptions) -> None:
    """Begin a worker process: one thread for each native library, the engine loaded, no secret in reach."""
    global _worker
    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    forget_secrets()
    use_one_thread()
    keep_freed_memory()
    _worker = _Worker(capture, recognize)


def survey(files: tuple[Path, ...]) -> Survey | Failed:
    """Open the files of a document and look what they are."""
    assert _worker is not None  # noqa: S101 - the initializer ran
    try:
        scan = _worker.open(files)
        return Survey(scan.pages, scan.signed(), scan.damage())
    except Exception as error:
        return _failed(error)


def read_page(files: tuple[Path, ...], number: int, with_text: bool) -> tuple[VisibleImage, PageText] | Failed:
    """Capture and recognize one page.

    Args:
        with_text: Without it the page keeps its image and is ``unread``: a reading that never ends, or that kills
            its worker, must not cost the document.
    """
    from ocr.engine import engine_of_process
    from ocr.recognize import leave_unread, recognize_page
    from ocr.visible import squeezed

    assert _worker is not None  # noqa: S101 - the initializer ran
    options = _worker.recognize
    try:
        scan = _worker.open(files)
        if not with_text:
            page = scan.capture(number, for_engine=False)
            return squeezed(page.visible), leave_unread(page, options.language)
        engine = engine_of_process(options.engine, options.language)
        page = scan.capture(number, engine.orientation)
        return squeezed(page.visible), recognize_page(page, engine, options)
    except Exception as error:
        return _failed(error)


def examine_page(file: Path, number: int) -> PageFacts | Failed:
    """Judge one page of a file and make nothing of it."""
    assert _worker is not None  # noqa: S101 - the initializer ran
    try:
        return _worker.open((file,)).examine(number)
    except Exception as error:
        return _failed(error)


def load_engine() -> None:
    """Have the model in memory before the first page comes."""
    from ocr.engine import engine_of_process

    assert _worker is not None  # noqa: S101 - the initializer ran
    engine_of_process(_worker.recognize.engine, _worker.recognize.language)


def _failed(error: Exception) -> Failed:
    from pipeline.errors import disposition, reason_code, safe_message

    if isinstance(error, MemoryError):
        raise error
    return Failed(type(error).__name__, reason_code(error), safe_message(error), disposition(error))

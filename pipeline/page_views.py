"""Pictures of archived pages for people at a screen: drawn once, kept for a short while, a few at a time."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from ocr.errors import OcrError
from ocr.page_image import page_image, piece_of
from pipeline.context import Context
from pipeline.stores import NoSuchObjectError, StoreError

SCREEN = 2400
"""Pixels of a page's longer side: what a small hand can still be read at."""
_KEPT_SECONDS = 120.0
_KEPT_PICTURES = 12
_AT_ONCE = 2


class PageViews:
    """Safe to use from many threads. Keeps pictures in memory only, because they are personal data."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._kept: OrderedDict[tuple[str, int], tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()
        self._drawing = threading.Semaphore(_AT_ONCE)
        self._one: dict[tuple[str, int], threading.Lock] = {}

    def page(self, key: str, sha256: str, page_number: int) -> bytes:
        """A page of a stored PDF as JPEG.

        Raises:
            LookupError: There is no such file or page.
            OSError: The store does not answer, or what it holds is not what was put there.
        """
        wanted = (sha256, page_number)
        with self._lock:
            found = self._fresh(wanted)
            lock = self._one.setdefault(wanted, threading.Lock())
        if found is not None:
            return found
        # A record's page asks for all its pieces at once: the first draws, the others wait for it.
        with lock:
            with self._lock:
                found = self._fresh(wanted)
            if found is None:
                with self._drawing:
                    found = self._draw(key, sha256, page_number)
                with self._lock:
                    self._kept[wanted] = (time.monotonic(), found)
                    while len(self._kept) > _KEPT_PICTURES:
                        self._kept.popitem(last=False)
        with self._lock:
            self._one.pop(wanted, None)
        return found

    def piece(self, key: str, sha256: str, page_number: int, share: tuple[float, float, float, float]) -> bytes:
        """A piece of a page as JPEG; ``share`` as for ``ocr.page_image.piece_of``. Raises as ``page``."""
        try:
            return piece_of(self.page(key, sha256, page_number), share)
        except OcrError as error:
            raise LookupError(str(error)) from error

    def _fresh(self, wanted: tuple[str, int]) -> bytes | None:
        now = time.monotonic()
        for key in [key for key, (at, _) in self._kept.items() if now - at > _KEPT_SECONDS]:
            del self._kept[key]
        found = self._kept.get(wanted)
        return found[1] if found else None

    def _draw(self, key: str, sha256: str, page_number: int) -> bytes:
        with self._context.folder() as folder:
            path = folder / "page.pdf"
            try:
                self._context.archive.get_file(key, path, sha256=sha256)
                return page_image(path, page_number, longest=SCREEN)
            except (NoSuchObjectError, OcrError) as error:
                raise LookupError(str(error)) from error
            except StoreError as error:
                raise OSError(str(error)) from error


def stored_bytes(context: Context, key: str, sha256: str) -> bytes:
    """A stored file, proven to be what was put there.

    Raises:
        LookupError: There is no such file.
        OSError: The store does not answer, or the file is damaged.
    """
    try:
        return context.archive.get_bytes(key, sha256=sha256)
    except NoSuchObjectError as error:
        raise LookupError(key) from error
    except StoreError as error:
        raise OSError(str(error)) from error

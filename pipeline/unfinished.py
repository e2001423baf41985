"""A document being converted, on disk beside its output: pages that were read stay read when the run is killed.

``.NAME.work/`` holds the PDF as far as it is written – it becomes the output, so nothing is stored twice – and a
journal with a line for each page in it. A run with the same input and options carries on; any other starts anew.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from manifests import serial
from manifests.serial import from_json, to_json
from manifests.text import PageFacts, PageText, PageVerdict
from ocr import own_image
from ocr.page import VisibleImage
from ocr.pdf_writer import PdfaWriter, WrittenPage
from pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class PageNote:
    """What is remembered of a page once it is written: all but its words."""

    facts: PageFacts
    verdict: PageVerdict
    words: int
    confidence: float

    @property
    def page_number(self) -> int:
        return self.facts.page_number


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of the journal; ``text`` only of page 1, whose words a visible signature keeps off."""

    note: PageNote
    written: WrittenPage
    text: PageText | None


@dataclass
class UnfinishedDocument:
    """The pages of one document written so far."""

    folder: Path
    _sink: IO[bytes]
    _journal: IO[bytes]
    _entries: dict[int, _Entry] = field(default_factory=dict)
    _writer: PdfaWriter | None = None

    @property
    def known(self) -> frozenset[int]:
        """Numbers of the pages that need not be read again."""
        return frozenset(self._entries)

    @property
    def notes(self) -> tuple[PageNote, ...]:
        return tuple(self._entries[number].note for number in sorted(self._entries))

    @property
    def first(self) -> PageText:
        """Page 1 with its words."""
        text = self._entries[1].text
        assert text is not None  # noqa: S101 - add() keeps it
        return text

    def make_ready(self) -> None:
        """Load what ``add`` needs, while the readers are busy: one that waits for its page to be taken is not."""
        own_image.make_ready()
        serial.make_ready(_Entry)
        self._write()

    def add(self, number: int, visible: VisibleImage, text: PageText) -> PageNote:
        """Write a page; once this returns, a kill does not lose it."""
        writer = self._write()
        written = writer.add_page(visible, text)
        self._sink.flush()
        note = PageNote(text.facts, text.verdict, len(text.words), text.mean_confidence)
        entry = _Entry(note, written, text if number == 1 else None)
        self._journal.write(to_json(entry))
        self._journal.flush()
        self._entries[number] = entry
        return note

    def finish(self, xmp: str, language: str) -> Path:
        """Bind the pages, in their order, into a PDF/A; returns where it lies."""
        pages = [self._entries[number].written for number in sorted(self._entries)]
        self._write().finish(pages, xmp, language)
        self._sink.flush()
        os.fsync(self._sink.fileno())
        return self.folder / _PDF

    def _write(self) -> PdfaWriter:
        if self._writer is None:
            self._writer = PdfaWriter(self._sink, [entry.written for entry in self._entries.values()])
        return self._writer


_PDF, _JOURNAL, _KEY, _LOCK = "document.pdf", "pages.jsonl", "key", "lock"


def work_folder(out: Path) -> Path:
    """Where the pages of ``out`` wait until all are there."""
    return out.with_name(f".{out.name}.work")


@contextmanager
def unfinished(out: Path, key: str) -> Iterator[UnfinishedDocument]:
    """What an earlier run of the same work left of ``out``, or nothing, to be carried on with.

    Args:
        key: Fingerprint of input and options.

    Raises:
        ConfigurationError: Another process makes the same file now.
    """
    folder = work_folder(out)
    folder.mkdir(exist_ok=True)
    with (folder / _LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigurationError(f"{out}: another process is making this file; wait for it") from error
        kept = folder / _KEY
        if not kept.is_file() or kept.read_text(encoding="ascii") != key:
            for name in (_PDF, _JOURNAL):
                (folder / name).unlink(missing_ok=True)
            kept.write_text(key, encoding="ascii")
        with (folder / _PDF).open("ab") as sink, (folder / _JOURNAL).open("ab") as journal:
            entries = _read_journal(folder / _JOURNAL, (folder / _PDF).stat().st_size)
            whole = b"".join(to_json(entry) for entry in entries.values())
            # A kill in the middle of a line or a page leaves a piece after what is whole.
            journal.truncate(len(whole))
            sink.truncate(max((entry.written.end for entry in entries.values()), default=0))
            yield UnfinishedDocument(folder, sink, journal, entries)


def forget(out: Path) -> None:
    """Take the work folder of ``out`` away."""
    shutil.rmtree(work_folder(out), ignore_errors=True)


def _read_journal(path: Path, size: int) -> dict[int, _Entry]:
    """Pages whose line and whose bytes are whole, by number."""
    from pydantic import ValidationError

    entries: dict[int, _Entry] = {}
    with path.open("rb") as lines:
        for line in lines:
            try:
                entry = from_json(_Entry, line)
            except ValidationError:
                break
            if not line.endswith(b"\n") or entry.written.end > size:
                break
            entries[entry.note.page_number] = entry
    return entries

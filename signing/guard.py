"""Examining files of strangers in a process of its own: one that keeps its reader busy is told, not waited for.

pyHanko reads a PDF character by character, so a file of some megabytes that is made for it can take minutes. Files of
our own making are examined in place (``signing.verify``).
"""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from signing.errors import EncryptedPdfError, SettingsError, VerificationError
from signing.settings import RevocationSettings, TrustSettings
from signing.verify import Examination

_Question = tuple[Path, TrustSettings, RevocationSettings | None]
_Answer = Examination | tuple[str, str, str]
"""The verdict, or class, subject and detail of the error: our exceptions do not travel between processes."""
_ERRORS = {"encrypted": EncryptedPdfError, "unreadable": VerificationError, "configuration_invalid": SettingsError}


class Examiner:
    """Examines files one after the other, each for at most ``seconds``; a context, not for many threads at once."""

    def __init__(self, seconds: float = 120.0) -> None:
        self._seconds = seconds
        self._worker: tuple[BaseProcess, Connection] | None = None

    def __enter__(self) -> Examiner:
        return self

    def __exit__(self, *exception: object) -> None:
        self._stop()

    def examine(
        self, path: Path, *, trust: TrustSettings, revocation: RevocationSettings | None = None
    ) -> Examination:
        """As ``signing.verify.examine_pdf``; with ``revocation`` the authorities are asked.

        Raises:
            VerificationError: As there, and when the file takes too long or kills its reader.
        """
        _, pipe = self._worker = self._worker or _start()
        try:
            pipe.send((path, trust, revocation))
            answer: _Answer | None = pipe.recv() if pipe.poll(self._seconds) else None
        except (EOFError, OSError):
            self._stop()
            raise VerificationError(path.name, "its reader died over it") from None
        if answer is None:
            self._stop()
            raise VerificationError(path.name, f"not examined within {self._seconds:g} s")
        if isinstance(answer, Examination):
            return answer
        code, subject, detail = answer
        raise _ERRORS[code](subject, detail)

    def _stop(self) -> None:
        if self._worker is not None:
            process, pipe = self._worker
            pipe.close()
            process.kill()
            process.join()
            self._worker = None


def _start() -> tuple[BaseProcess, Connection]:
    # "spawn": the parent may have threads, and may hold an opened key, which is no business of this process.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), name="signature-examiner", daemon=True)
    process.start()
    theirs.close()
    return process, ours


def _work(pipe: Connection) -> None:
    from signing.fetch import RevocationSource
    from signing.verify import examine_pdf

    sources: dict[RevocationSettings, RevocationSource] = {}
    while True:
        try:
            question: _Question = pipe.recv()
        except EOFError:
            return
        path, trust, revocation = question
        source = None if revocation is None else sources.setdefault(revocation, RevocationSource(revocation))
        try:
            answer: _Answer = examine_pdf(path, trust=trust, source=source)
        except VerificationError as fault:
            answer = (fault.code, fault.file, fault.detail)
        except SettingsError as fault:
            answer = (fault.code, fault.setting, fault.detail)
        pipe.send(answer)

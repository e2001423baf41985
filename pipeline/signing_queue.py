"""The queue of documents that wait to be signed, beside the reading of others.

The state's timestamp authority answers in 2–131 s and stands four requests at once, so signing is mostly waiting: a
few threads wait, the keys sign one document at a time, and a run signs what is assembled while it reads the next
scans.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

from pipeline.context import Context
from pipeline.errors import Disposition, disposition, reason_code, safe_message
from pipeline.outcomes import Outcome
from pipeline.work.desk import SigningDesk
from pipeline.work.sign import Candidate, Job, keep, sign
from signing.pdfa import PdfaValidator, PdfaVerdict

log = logging.getLogger(__name__)

Guard = Callable[[Job, str, str, Callable[[], Outcome | None]], Outcome | None]
"""The runner's way of calling work: job, stage, run key, work → outcome, errors classified."""

LONGEST_WAIT = 120.0
"""Seconds a signed file may wait for others to be proven with; starting veraPDF takes seconds of every core."""


class SigningQueue:
    """Signs what is put into it; use it as a context manager: leaving it waits for everything and raises what failed.

    When the world fails (timestamp authority, store) the documents are set aside and tried once more at the end; the
    reading goes on meanwhile. What needs a change (a wrong PIN, an expired certificate) stops everything at once.

    Args:
        guard: Classifies errors: see ``Guard``.
        record: Called with each ending, from any thread.
    """

    def __init__(self, context: Context, guard: Guard, record: Callable[[Job, Outcome], None]) -> None:
        self._context = context
        self._guard = guard
        self._record = record
        self._stack = ExitStack()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._futures: set[Future[None]] = set()
        self._candidates: list[Candidate] = []
        self._oldest = 0.0
        self._aside: list[Job] = []
        self._error: BaseException | None = None
        self._over = False

    def __enter__(self) -> SigningQueue:
        self._folder = self._stack.enter_context(self._context.folder())
        self._desk = self._stack.enter_context(SigningDesk(self._context))
        # twice as many threads as places at the authority: while some wait there, the others prepare and judge
        count = 2 * self._context.settings.tsa_slots
        self._pool = ThreadPoolExecutor(max_workers=count, thread_name_prefix="sign")
        self._context.archive  # noqa: B018 - opened once, not by each thread
        return self

    def put(self, job: Job) -> None:
        """Have ``job`` signed soon.

        Raises:
            Exception: Signing cannot go on without a change; the caller should stop as well.
        """
        if self._error and disposition(self._error) is Disposition.HALT:
            raise self._error
        future = self._pool.submit(self._work, job)
        with self._lock:
            self._futures.add(future)
        future.add_done_callback(self._forget)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._stack:
            self._over = error is not None
            self._wait()
            if error is None:
                self._try_again()
            self._pool.shutdown(wait=True, cancel_futures=True)
            if not isinstance(error, KeyboardInterrupt):
                self._prove(self._due(everything=True))  # also when a run stops: what is signed is signed
        if error is None and self._error:
            raise self._error

    def _wait(self) -> None:
        while self._futures:
            wait(set(self._futures))

    def _try_again(self) -> None:
        """Once more for those the world failed, when it may have mended."""
        if self._aside and self._error and disposition(self._error) is Disposition.RETRY:
            jobs, self._aside, self._error = self._aside, [], None
            for job in jobs:
                self.put(job)
            self._wait()

    def _forget(self, future: Future[None]) -> None:
        with self._lock:
            self._futures.discard(future)

    def _work(self, job: Job) -> None:
        """In a thread: one document."""
        if self._over or (self._error and disposition(self._error) is Disposition.HALT):
            return
        path = self._folder / f"{next(self._numbers)}.pdf"
        try:
            self._end(job, lambda: self._sign(job, path))
            self._prove(self._due())
        except BaseException as error:
            log.warning("%s: %s: %s", job[0].key, reason_code(error), safe_message(error))
            with self._lock:
                self._aside.append(job)
                if self._error is None or disposition(error) is Disposition.HALT:
                    self._error = error

    def _sign(self, job: Job, path: Path) -> Outcome | None:
        made = sign(self._context, self._desk, job, path)
        if isinstance(made, Candidate):
            with self._lock:
                self._oldest = self._oldest if self._candidates else time.monotonic()
                self._candidates.append(made)
            return None
        return made

    def _due(self, everything: bool = False) -> list[Candidate]:
        """The signed files to be proven now, taken off the list."""
        with self._lock:
            count = len(self._candidates)
            late = bool(count) and time.monotonic() - self._oldest > LONGEST_WAIT
            if not (everything or late or count >= self._context.settings.chunk_size):
                return []
            found, self._candidates = self._candidates, []
            return found

    def _prove(self, candidates: list[Candidate]) -> None:
        if not candidates:
            return
        verdicts = PdfaValidator(self._context.settings.verapdf).validate([c.path for c in candidates])
        for candidate in candidates:
            proven = verdicts[candidate.path]

            def work(candidate: Candidate = candidate, proven: PdfaVerdict = proven) -> Outcome | None:
                return keep(self._context, candidate, proven)

            self._end(candidate.job, work)

    def _end(self, job: Job, work: Callable[[], Outcome | None]) -> None:
        outcome = self._guard(job, "sign", job[1].keys["sign"], work)
        if outcome:
            self._record(job, outcome)

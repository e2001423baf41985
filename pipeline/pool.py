"""Worker processes that read pages. A hostile scan may crash or hang one of them, and nothing else.

Each worker holds one OCR engine on one thread; the processes are spread over the cores. A worker never touches the
ledger or a key: it takes originals from the archive and leaves pages and PDF/A there.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from pipeline.attempts import guarded, patiently, quarantined
from pipeline.clean_spawn import CleanSpawnContext
from pipeline.context import Context
from pipeline.errors import (
    Disposition,
    DocumentTimeoutError,
    PipelineError,
    WorkerCrashedError,
    WorkerError,
    disposition,
    reason_code,
    safe_message,
)
from pipeline.outcomes import Outcome
from pipeline.plan import Plan
from pipeline.reading import page_seconds
from pipeline.results import ReceivedDocument
from pipeline.settings import Settings
from pipeline.worker_life import HUNG, at_most, end_with_parent, forget_secrets, without_secrets

if TYPE_CHECKING:
    from pipeline.work.digitize import Guard

Job = tuple[ReceivedDocument, Plan]
LONG_DOCUMENT = 40
"""Pages from which on a document is read by all processes together."""
STEPPING_BACK = 5
"""How far readers step back (``nice``): they take all a machine gives, signing beside them little, but at once."""
DOCUMENTS_PER_WORKER = 500
"""A worker is replaced after this many documents, so that no leak of a native library can grow for ever."""

EVERY = 1_000_000
"""So many pages no document has."""

_context: Context | None = None


@dataclass(frozen=True, slots=True)
class _Died:
    """A worker died over a document.

    Attributes:
        error: What the document stops with when nothing helps.
        rounds: How often to try again, and how many of the pages not read yet are spared the engine each time.
    """

    error: PipelineError
    rounds: tuple[int, ...]

    @classmethod
    def crashed(cls, key: str, exit_code: int | None = None) -> _Died:
        """Once more as it was, for the machine may have been out of memory for another's sake; then without the page
        it died over, three times; then without reading at all."""
        again = () if exit_code == HUNG else (0,)
        return cls(WorkerCrashedError(key), (*again, 1, 1, 1, EVERY))

    @classmethod
    def late(cls, key: str, seconds: float) -> _Died:
        return cls(DocumentTimeoutError(key, seconds), (1,))


@dataclass(frozen=True, slots=True)
class Stopped:
    """An error that is not the document's, as values."""

    kind: str
    code: str
    message: str
    disposition: Disposition

    def error(self) -> WorkerError:
        return WorkerError(self.kind, self.code, self.message, self.disposition)


def digitize_in_pool(settings: Settings, jobs: Sequence[Job], workers: int) -> Iterator[tuple[Job, Outcome]]:
    """Digitize documents over ``workers`` processes; yields each as it ends.

    Raises:
        WorkerError: The first error that is not a document's; the rest of the work is stopped.
    """
    if not jobs:
        return
    crashed: list[tuple[Job, _Died]] = []
    shares = [(job, share) for job in jobs if workers > 1 and _is_long(job) for share in range(workers)]
    long = {job[0].key: number for number, (job, share) in enumerate(shares) if share == 0}
    with Context(settings).folder() as folder, _pool(settings, min(workers, len(jobs) + len(shares))) as pool:
        desks = {key: folder / str(number) for key, number in long.items()}
        for desk in desks.values():
            desk.mkdir()
        # Long documents first: whoever comes last would leave the other processes without work.
        reading: dict[Future[Any], Job] = {
            pool.schedule(
                _read_share, args=(job, share, workers, desks[job[0].key]), timeout=settings.document_timeout
            ): job
            for job, share in shares
        }
        left = Counter(job[0].key for job in reading.values())
        futures = {_schedule(pool, settings, job): job for job in jobs if job[0].key not in left}
        try:
            while reading or futures:
                for future in wait([*reading, *futures], return_when=FIRST_COMPLETED).done:
                    if future in reading:
                        job = reading.pop(future)
                        _share_ended(future)
                        left[job[0].key] -= 1
                        if not left[job[0].key]:
                            futures[_schedule(pool, settings, job, desks[job[0].key])] = job
                        continue
                    job = futures.pop(future)
                    ended = _ended(future, job, settings)
                    if job[0].key in desks:
                        shutil.rmtree(desks[job[0].key], ignore_errors=True)
                    if isinstance(ended, _Died):
                        crashed.append((job, ended))
                    else:
                        yield job, ended
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
    for job, died in crashed:
        yield job, _alone(settings, job, died)


def _alone(settings: Settings, job: Job, died: _Died) -> Outcome:
    """A document in a process of its own: a page that cannot be read must not cost the others, nor its own image."""
    for spared in died.rounds:
        with _pool(settings, 1) as pool:
            ended = _ended(_schedule(pool, settings, job, spared=spared), job, settings)
        if not isinstance(ended, _Died):
            return ended
    return quarantined(job[0].key, "assemble", job[1].keys["assemble"], died.error)


def _is_long(job: Job) -> bool:
    """Whether a document is worth several processes: each opens it anew and fetches it from the store."""
    return sum(facts.pages for facts in job[0].facts) >= LONG_DOCUMENT


def _share_ended(future: Future[Any]) -> None:
    """Let through what stops the run. What a share met in the document, its assembly meets again and judges."""
    try:
        result = future.result()
    except (FutureTimeoutError, ProcessExpired):
        return
    if isinstance(result, Stopped) and result.disposition is not Disposition.QUARANTINE:
        raise result.error()


def _pool(settings: Settings, workers: int) -> ProcessPool:
    return ProcessPool(
        max_workers=workers,
        max_tasks=DOCUMENTS_PER_WORKER,
        initializer=_start,
        initargs=(without_secrets(settings),),
        context=CleanSpawnContext(),
    )


def _schedule(
    pool: ProcessPool, settings: Settings, job: Job, desk: Path | None = None, *, spared: int = 0
) -> Future[Any]:
    return pool.schedule(_work, args=(job, desk, spared), timeout=settings.document_timeout)


def _ended(future: Future[Any], job: Job, settings: Settings) -> Outcome | _Died:
    """How a job ended: in an outcome, or with the death of its worker, which is what lack of memory comes to."""
    try:
        result: Outcome | Stopped | None = future.result()
    except FutureTimeoutError:
        return _Died.late(job[0].key, settings.document_timeout)
    except ProcessExpired as error:
        return _Died.crashed(job[0].key, error.exitcode)
    if isinstance(result, Stopped):
        raise result.error()
    return result or _Died.crashed(job[0].key)


def _start(settings: Settings) -> None:
    """Begin a worker process: one thread for each native library, one context, no secret in reach."""
    global _context
    from ocr.threads import keep_freed_memory, use_one_thread

    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    forget_secrets()
    use_one_thread()
    keep_freed_memory()
    os.nice(STEPPING_BACK)
    _context = Context(settings)


def _read_share(job: Job, share: int, shares: int, desk: Path) -> int | Stopped | None:
    from pipeline.work.digitize import read_share

    document, plan = job
    assert _context is not None  # noqa: S101 - the initializer ran, or pebble would not have called us
    context = _context
    try:
        return patiently(
            lambda: read_share(context, document, plan, share, shares, desk, _guard(plan)), context.settings.retries
        )
    except MemoryError:
        return None
    except Exception as error:
        return Stopped(type(error).__name__, reason_code(error), safe_message(error), disposition(error))


def _guard(plan: Plan) -> Guard:
    seconds = page_seconds(plan.recognize)
    return partial(at_most, seconds) if seconds else nullcontext


def _work(job: Job, desk: Path | None, spared: int) -> Outcome | Stopped | None:
    from pipeline.work.digitize import digitize

    document, plan = job
    assert _context is not None  # noqa: S101 - the initializer ran, or pebble would not have called us
    context = _context
    try:
        outcome = guarded(
            document.key,
            "assemble",
            plan.keys["assemble"],
            context.settings.retries,
            lambda: digitize(context, document, plan, desk, spared=spared, guard=_guard(plan)),
        )
    except MemoryError:
        return None  # as if its worker had died: once more alone, then the document is stopped, not the batch
    except Exception as error:
        return Stopped(type(error).__name__, reason_code(error), safe_message(error), disposition(error))
    assert outcome is not None  # noqa: S101 - digitize always ends in an outcome
    return outcome

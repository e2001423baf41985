"""Worker processes that read pages. A hostile scan may crash or hang one of them, and nothing else.

Each worker holds one OCR engine on one thread; the processes are spread over the cores. A worker never touches the
ledger or a key: it takes originals from the archive and leaves pages and PDF/A there.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pebble import ProcessExpired, ProcessPool

from pipeline.attempts import guarded, patiently, quarantined
from pipeline.clean_spawn import CleanSpawnContext
from pipeline.errors import (
    Disposition,
    DocumentTimeoutError,
    WorkerCrashedError,
    WorkerError,
    disposition,
    reason_code,
    safe_message,
)
from pipeline.outcomes import Outcome
from pipeline.plan import Plan
from pipeline.results import ReceivedDocument
from pipeline.settings import Settings
from pipeline.worker_life import end_with_parent, forget_secrets, without_secrets

if TYPE_CHECKING:
    from pipeline.context import Context

Job = tuple[ReceivedDocument, Plan]
LONG_DOCUMENT = 40
"""Pages from which on a document is read by all processes together."""
STEPPING_BACK = 5
"""How far readers step back (``nice``): they take all a machine gives, signing beside them little, but at once."""
DOCUMENTS_PER_WORKER = 500
"""A worker is replaced after this many documents, so that no leak of a native library can grow for ever."""

_context: Context | None = None


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
    crashed: list[Job] = []
    shares = [(job, share) for job in jobs if workers > 1 and _is_long(job) for share in range(workers)]
    with _pool(settings, min(workers, len(jobs) + len(shares))) as pool:
        # Long documents first: whoever comes last would leave the other processes without work.
        reading: dict[Future[Any], Job] = {
            pool.schedule(_read_share, args=(job, share, workers), timeout=settings.document_timeout): job
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
                            futures[_schedule(pool, settings, job)] = job
                        continue
                    job = futures.pop(future)
                    ended = _ended(future, job, settings)
                    if ended is None:
                        crashed.append(job)
                    else:
                        yield job, ended
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise
    for job in crashed:  # once more, alone: the machine may have been out of memory for another's sake
        with _pool(settings, 1) as pool:
            ended = _ended(_schedule(pool, settings, job), job, settings)
        yield (
            job,
            ended or quarantined(job[0].key, "assemble", job[1].keys["assemble"], WorkerCrashedError(job[0].key)),
        )


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


def _schedule(pool: ProcessPool, settings: Settings, job: Job) -> Future[Any]:
    return pool.schedule(_work, args=(job,), timeout=settings.document_timeout)


def _ended(future: Future[Any], job: Job, settings: Settings) -> Outcome | None:
    """How a job ended; ``None`` when its worker died or had no memory left."""
    try:
        result: Outcome | Stopped | None = future.result()
    except FutureTimeoutError:
        error = DocumentTimeoutError(job[0].key, settings.document_timeout)
        return quarantined(job[0].key, "assemble", job[1].keys["assemble"], error)
    except ProcessExpired:
        return None
    if isinstance(result, Stopped):
        raise result.error()
    return result


def _start(settings: Settings) -> None:
    """Begin a worker process: one thread for each native library, one context, no secret in reach."""
    global _context
    from ocr.threads import use_one_thread
    from pipeline.context import Context

    threading.Thread(target=end_with_parent, name="end-with-parent", daemon=True).start()
    forget_secrets()
    use_one_thread()
    os.nice(STEPPING_BACK)
    _context = Context(settings)


def _read_share(job: Job, share: int, shares: int) -> int | Stopped | None:
    from pipeline.work.digitize import read_share

    document, plan = job
    assert _context is not None  # noqa: S101 - the initializer ran, or pebble would not have called us
    context = _context
    try:
        return patiently(lambda: read_share(context, document, plan, share, shares), context.settings.retries)
    except MemoryError:
        return None
    except Exception as error:
        return Stopped(type(error).__name__, reason_code(error), safe_message(error), disposition(error))


def _work(job: Job) -> Outcome | Stopped | None:
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
            lambda: digitize(context, document, plan),
        )
    except MemoryError:
        return None  # as if its worker had died: once more alone, then the document is stopped, not the batch
    except Exception as error:
        return Stopped(type(error).__name__, reason_code(error), safe_message(error), disposition(error))
    assert outcome is not None  # noqa: S101 - digitize always ends in an outcome
    return outcome

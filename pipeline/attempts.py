"""Trying a piece of work: again and again while the world fails, never again when the document does."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from pipeline.errors import Disposition, disposition, reason_code, safe_message
from pipeline.outcomes import Ending, Outcome
from signing.errors import TsaUnavailableError

T = TypeVar("T")
log = logging.getLogger(__name__)

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
"""Seconds between two tries: doubled each time, with jitter."""


def patiently(work: Callable[[], T], tries: int) -> T:
    """Do ``work``, again while its errors are of the kind RETRY; the last error comes through.

    The timestamp client has its own tries, each up to minutes long: they are not multiplied here.
    """
    retrying = Retrying(
        retry=retry_if_exception(_worth_another_try),
        stop=stop_after_attempt(tries),
        wait=wait_exponential_jitter(initial=FIRST_WAIT, max=LONGEST_WAIT),
        before_sleep=_tell,
        reraise=True,
    )
    return retrying(work)


def _worth_another_try(error: BaseException) -> bool:
    return disposition(error) is Disposition.RETRY and not isinstance(error, TsaUnavailableError)


def _tell(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    if error is not None and state.next_action is not None:
        told = f"{reason_code(error)}: {safe_message(error)}"
        log.warning("%s; try %d failed, waiting %.0f s", told, state.attempt_number, state.next_action.sleep)


def guarded(
    document_key: str, stage: str, run_key: str, tries: int, work: Callable[[], Outcome | None]
) -> Outcome | None:
    """Do a piece of work on a document; what the document did becomes a quarantine, the rest comes through.

    Raises:
        Exception: Of disposition RETRY (after ``tries``) or HALT.
    """
    started = time.monotonic()
    try:
        outcome = patiently(work, tries)
    except Exception as error:
        if disposition(error) is not Disposition.QUARANTINE:
            raise
        outcome = quarantined(document_key, stage, run_key, error)
    if outcome is None or outcome.seconds:
        return outcome
    return replace(outcome, seconds=round(time.monotonic() - started, 3))


def quarantined(document_key: str, stage: str, run_key: str, error: BaseException) -> Outcome:
    """The outcome of a document that cannot go on because of ``error``."""
    return Outcome(
        document_key=document_key,
        stage=stage,
        status=Ending.QUARANTINED,
        run_key=run_key,
        reason_code=reason_code(error),
        detail=safe_message(error),
    )

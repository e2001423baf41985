"""Leaving an authority alone for a while after many failures in a row, instead of waiting out every time-out again.

One breaker is shared by all threads that ask the same authority.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Breaker:
    """Counts failures in a row; after ``limit`` of them nobody may ask for ``rest`` seconds, then one may try.

    That one decides: its success lets everybody ask again, its failure begins another rest.
    """

    def __init__(self, limit: int, rest: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._rest = rest
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._until = 0.0

    @property
    def failures(self) -> int:
        """Failures in a row so far."""
        return self._failures

    def wait(self) -> float:
        """Seconds to leave the authority alone; 0.0 when the caller may ask now."""
        with self._lock:
            if self._failures < self._limit:
                return 0.0
            now = self._clock()
            if now < self._until:
                return self._until - now
            self._until = now + self._rest  # this caller tries; the others wait for what comes of it
            return 0.0

    def succeeded(self) -> None:
        """An answer came."""
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        """No answer came, or none that can be used."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._limit:
                self._until = self._clock() + self._rest

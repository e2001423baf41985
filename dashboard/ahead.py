"""Counting before anybody asks: at the server's start, when a day or an inventory begins, after each batch.

A big city takes seconds to be counted whole. Who opens the first page of the day, or the first after a new inventory,
should not be the one who waits for it. Nor should who searches first wait for the statements to be put together.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from dashboard.desk import Desk
from dashboard.progressing import ProgressFilter, progress_page
from warehouse.errors import WarehouseError
from warehouse.hits import SearchQuery
from warehouse.search import search_records
from warehouse.watched import watched

_LAST_WORD = 5.0
"""Seconds that the end of a server waits for a count."""

log = logging.getLogger(__name__)

_REHEARSED = (SearchQuery(name="nguyễn văn an"), SearchQuery(anything="nguyễn thị hương 1990"))


def rehearse(engine: Any) -> None:
    """Search what somebody will ask: the next search of this process finds its statements ready."""
    for query in _REHEARSED:
        search_records(engine, query)


class CountingAhead:
    """Looks at the state of the facts as often as readers may, and counts the city where it differs.

    Only of use to a desk whose figures have an age (``Options.figures_age``): others are counted as they are asked.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._over = threading.Event()
        self._epoch: int | None = None
        self._rehearsed = False
        self._thread = threading.Thread(target=self._run, name="counting-ahead", daemon=True)

    def start(self) -> None:
        """From now on, beside the server."""
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it looks at the facts by itself."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Begin nothing any more; what is being counted may come to its end, if that is soon."""
        self._over.set()
        self._thread.join(timeout=_LAST_WORD)

    def look(self) -> bool:
        """Count the city if the facts differ from when it was counted last; whether they did."""
        seen = watched(self._desk.engine)
        if seen is None or seen.epoch == self._epoch:
            return False
        progress_page(self._desk.engine, ProgressFilter(), self._desk.options.targets)
        self._epoch = seen.epoch
        return True

    def _run(self) -> None:
        while True:
            try:
                if not self._rehearsed:
                    rehearse(self._desk.engine)
                    self._rehearsed = True
                self.look()
            except WarehouseError:
                pass  # no database yet, or not now: whoever reads is told so
            except Exception:  # the pages still count for themselves, and their readers are told of it
                log.exception("could not count ahead")
            if self._over.wait(self._desk.options.figures_age):
                return

"""Figures that were counted already and still hold: asked by fifty people, counted once.

What is remembered is kept together with the state of the facts it was counted from (``facts_state``), and is used
only as long as the database says that this is its state; see ``FIGURES_AGE`` for the one exception.
"""

from __future__ import annotations

import functools
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from warehouse.database import reading
from warehouse.facts_state import facts_state
from warehouse.reference import today

FIGURES_AGE = "sohoa_figures_age"
"""Execution option of an engine: seconds that figures which are costly to count may be old; 0 where it is not set.

While one batch after the other is loaded in a big city, the figures change every second and nobody could read them
that fast: the dashboard sets some seconds, so that its readers do not slow the loading. Reports never set it.
"""
_COSTLY, _WORTH = 0.2, 20.0  # seconds of counting, and how many times that long the answer may then be told

MOST = 256
"""Answers that are remembered by one process; the one that was not asked for longest is forgotten first."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known:
    state: tuple[Any, ...]
    value: Any
    counted_at: float
    took: float

    def fresh(self, seconds: float) -> bool:
        """Whether it may be told without asking for the state of the facts; never where counting costs little."""
        age = min(seconds, _WORTH * self.took) if self.took >= _COSTLY else 0.0
        return time.monotonic() - self.counted_at < age


_known: OrderedDict[Any, _Known] = OrderedDict()
_lock = threading.Lock()
_counting: dict[Any, threading.Lock] = {}


def remembered(count: Callable[Concatenate[sa.Engine, P], T]) -> Callable[Concatenate[sa.Engine, P], T]:
    """Let a question be counted once for each state of the facts and each scope.

    For functions that take an engine, answer with frozen values or a list of them, and depend on ``facts_state``
    alone beside their arguments. A question about a past day is always counted: it depends on more.
    """

    @functools.wraps(count)
    def answer(engine: sa.Engine, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = _key(count.__qualname__, engine, args, kwargs)
        if key is None or kwargs.get("on") not in (None, today()):
            return count(engine, *args, **kwargs)
        with _lock:
            known = _known.get(key)
        seconds = engine.get_execution_options().get(FIGURES_AGE, 0.0)
        if known is None or not known.fresh(seconds):
            known = _counted_by_one(key, engine, known, seconds, lambda: count(engine, *args, **kwargs))
        value: Any = known.value
        return list(value) if isinstance(value, list) else value  # type: ignore[return-value]

    return answer


def _counted_by_one(
    key: Any, engine: sa.Engine, known: _Known | None, seconds: float, count: Callable[[], Any]
) -> _Known:
    """One counts. The others wait for it, unless what is known is hardly older than they accept."""
    with _lock:
        counting = _counting.setdefault(key, threading.Lock())
    if known is not None and not counting.acquire(blocking=not known.fresh(2 * seconds)):
        return known
    if known is None:
        counting.acquire()
    try:
        return _counted_now(key, engine, count)
    finally:
        counting.release()


def _counted_now(key: Any, engine: sa.Engine, count: Callable[[], Any]) -> _Known:
    with reading(engine) as connection:
        state = facts_state(connection)
    with _lock:
        known = _known.get(key)
    if known is None or known.state != state:
        start = time.monotonic()
        value = count()
        known = _Known(state, value, start, time.monotonic() - start)
        _remember(key, known)
    return known


def _key(question: str, engine: sa.Engine, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What an answer is remembered under; ``None`` for arguments that cannot be compared."""
    scope = engine.get_execution_options().get("sohoa_scope")
    key = (question, engine.url, scope, args, tuple(sorted(kwargs.items())))
    try:
        hash(key)
    except TypeError:
        return None
    return key


def _remember(key: Any, known: _Known) -> None:
    with _lock:
        _known[key] = known
        _known.move_to_end(key)
        while len(_known) > MOST:
            forgotten, _ = _known.popitem(last=False)
            _counting.pop(forgotten, None)

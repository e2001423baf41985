"""Figures that were counted already and still hold: asked by fifty people, counted once.

What is remembered is kept together with the state of the facts it was counted from, and is used only as long as this
is their state: as the database says, or as it was looked at some seconds ago (``warehouse.watched``).
"""

from __future__ import annotations

import functools
import inspect
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa

from warehouse.database import reading
from warehouse.facts_state import facts_state
from warehouse.reference import today
from warehouse.watched import watched

MOST = 512
"""Answers that are remembered by one process; the one that was not asked for longest is forgotten first."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Known:
    state: Any
    value: Any


_known: OrderedDict[Any, _Known] = OrderedDict()
_lock = threading.Lock()
_counting: dict[Any, threading.Lock] = {}


def remembered(count: Callable[Concatenate[sa.Engine, P], T]) -> Callable[Concatenate[sa.Engine, P], T]:
    """Let a question be counted once for each state of the facts and each scope.

    For functions that take an engine, answer with frozen values or a list of them, and depend on ``facts_state``
    alone beside their arguments. A question about a past day is always counted: it depends on more.
    """

    signature = inspect.signature(count)

    @functools.wraps(count)
    def answer(engine: sa.Engine, /, *args: P.args, **kwargs: P.kwargs) -> T:
        asked = signature.bind(engine, *args, **kwargs)
        asked.apply_defaults()  # the same question, whether somebody spells them out or not
        key = _key(count.__qualname__, engine, asked.arguments)
        if key is None or kwargs.get("on") not in (None, today()):
            return count(engine, *args, **kwargs)
        value = _told(key, engine, lambda: count(engine, *args, **kwargs))
        return list(value) if isinstance(value, list) else value  # type: ignore[return-value]

    return answer


def _told(key: Any, engine: sa.Engine, count: Callable[[], Any]) -> Any:
    """One counts, the others wait for it."""
    seen = watched(engine)
    with _lock:
        counting = _counting.setdefault(key, threading.Lock())
        known = _known.get(key)
    if seen is not None and known is not None and known.state == seen.epoch:
        return known.value
    with counting:
        state = _state(engine) if seen is None else seen.epoch
        with _lock:
            known = _known.get(key)
        if known is None or known.state != state:
            known = _Known(state, count())
            _remember(key, known)
    return known.value


def _state(engine: sa.Engine) -> Any:
    with reading(engine) as connection:
        return facts_state(connection)


def _key(question: str, engine: sa.Engine, arguments: Mapping[str, Any]) -> Any:
    """What an answer is remembered under; ``None`` for arguments that cannot be compared."""
    scope = engine.get_execution_options().get("sohoa_scope")
    told = tuple((name, value) for name, value in arguments.items() if value is not engine)
    key = (question, engine.url, scope, told)
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

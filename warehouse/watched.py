"""How the dashboard watches the facts: it looks at their state every few seconds, and tells figures of that state.

While one batch after the other is loaded the figures change every second. Nobody could read them that fast, and
counting them for each page would slow the loading. An engine with ``FIGURES_AGE`` tells figures that are at most some
seconds old instead, and says of which moment they are. Commands, reports and the feed never set it.

A load marks the cells it changes at once and counts them when a batch is through. In between the figures from before
are told, for at most twice ``FIGURES_AGE``: whoever loads may have been killed, and then they are counted from the
facts, as anybody else counts them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from warehouse.database import reading
from warehouse.directory import Directory, read_directory
from warehouse.facts_state import frame_state
from warehouse.reference import Approvals, inventory_approvals, today
from warehouse.schema_totals import cell_stale, unit_refresh
from warehouse.scoped_engine import WHOLE

FIGURES_AGE = "sohoa_figures_age"
"""Execution option of an engine: seconds after which the facts are looked at anew; 0 where it is not set."""

_PATIENCE = 2  # times FIGURES_AGE that marks may stand before their cells are counted from the facts

_MOST_DIRECTORIES = 8  # of scopes that are asked without being watched: each holds all units

UnitState = tuple[Any, ...]
"""Of one unit: a token of when its figures were counted last; where cells are marked also how many, and the last."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The facts as they were looked at last.

    Attributes:
        epoch: Another number as soon as anything differs that figures depend on.
        as_of: The figures are those of this moment or a later one.
        frame: What all figures depend on beside the documents (``facts_state.frame_state``).
        units: State of each unit by code, marks only where its figures are counted from the facts.
        marked: The same with every mark.
        late: Units whose marked cells are counted from the facts.
    """

    epoch: int
    looked_at: float
    as_of: dt.datetime
    frame: tuple[Any, ...]
    approvals: Approvals
    directory: Directory
    units: dict[str, UnitState]
    marked: dict[str, UnitState]
    late: frozenset[str]
    since: dict[str, float]


_epochs = itertools.count(1)
_known: dict[sa.URL, Watched] = {}
_directories: OrderedDict[Any, tuple[tuple[Any, ...], Directory]] = OrderedDict()
_looking: dict[sa.URL, threading.Lock] = {}
_lock = threading.Lock()


def whole_of(engine: sa.Engine) -> sa.Engine:
    """The engine of the whole city behind one of a scope. What is read through it has to be held within the scope."""
    found: sa.Engine = engine.get_execution_options().get(WHOLE, engine)
    return found


def watched(engine: sa.Engine) -> Watched | None:
    """The state figures are told of; ``None`` for an engine that asks for the facts of this very moment."""
    age = engine.get_execution_options().get(FIGURES_AGE, 0.0)
    if not age:
        return None
    known = _known.get(engine.url)
    if known is not None and _holds(known, age):
        return known
    with _lock:
        looking = _looking.setdefault(engine.url, threading.Lock())
    with looking:
        known = _known.get(engine.url)
        if known is None or not _holds(known, age):
            known = _known[engine.url] = _look(whole_of(engine), known, age)
    return known


class Asking:
    """Questions that are answered together: of one state of the facts, in one transaction where one is needed."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self.seen = watched(engine)
        self._open = ExitStack()
        self._connection: sa.Connection | None = None
        self._frame: tuple[Any, ...] | None = None

    @property
    def connection(self) -> sa.Connection:
        """Of ``reading``. Nobody may hold it while waiting for another thread that wants one too."""
        if self._connection is None:
            self._connection = self._open.enter_context(reading(self.engine))
        return self._connection

    @property
    def frame(self) -> tuple[Any, ...]:
        """``facts_state.frame_state`` of the connection."""
        if self._frame is None:  # one transaction sees one state
            self._frame = frame_state(self.connection)
        return self._frame

    @property
    def approvals(self) -> Approvals:
        """The inventory versions."""
        return inventory_approvals(self.connection) if self.seen is None else self.seen.approvals

    @property
    def directory(self) -> Directory:
        """The units."""
        return self._read_directory() if self.seen is None else self.seen.directory

    def _read_directory(self) -> Directory:
        # Through a scope other assignments are seen.
        key = self.engine.url, self.engine.get_execution_options().get("sohoa_scope")
        known = _directories.get(key)
        if known is None or known[0] != self.frame:
            known = self.frame, read_directory(self.connection, today())
            with _lock:
                _directories[key] = known
                _directories.move_to_end(key)
                while len(_directories) > _MOST_DIRECTORIES:
                    _directories.popitem(last=False)
        return known[1]

    def __enter__(self) -> Asking:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def at_once(engine: sa.Engine) -> sa.Engine:
    """The same engine, the same scope too, for who has to be told of this very moment."""
    return engine.execution_options(**{FIGURES_AGE: 0.0})


def unit_states(connection: sa.Connection, codes: set[str] | None = None) -> dict[str, UnitState]:
    """Of these units, of all when ``None``."""
    token, stale = unit_refresh.c, cell_stale.c
    tokens = sa.select(token.unit_code, token.token)
    marks = sa.select(stale.unit_code, sa.func.count(), sa.func.max(stale.id)).group_by(stale.unit_code)
    if codes is not None:
        tokens = tokens.where(token.unit_code.in_(sorted(codes)))
        marks = marks.where(stale.unit_code.in_(sorted(codes)))
    states: dict[str, UnitState] = {code: (it,) for code, it in connection.execute(tokens)}
    for code, *marked in connection.execute(marks):
        states[code] = (*states.get(code, (None,)), *marked)
    return states


def forget() -> None:
    """As after a start."""
    _known.clear()
    _directories.clear()


def _holds(known: Watched, age: float) -> bool:
    return time.monotonic() - known.looked_at < age and known.frame[0] == today()


def _look(engine: sa.Engine, known: Watched | None, age: float) -> Watched:
    now, moment = time.monotonic(), dt.datetime.now(dt.UTC)
    with reading(engine) as connection:
        frame, marked = frame_state(connection), unit_states(connection)
        approvals = inventory_approvals(connection)
        if known is not None and known.frame == frame:
            directory = known.directory
        else:
            directory = read_directory(connection, today())
    if known is not None and now - known.looked_at > (_PATIENCE + 1) * age:
        known = None  # nobody asked for long: nothing is known of when the marks were made
    since = {code: _since(code, state, known) for code, state in marked.items() if len(state) > 1}
    late = {code for code, at in since.items() if at is None or now - at > _PATIENCE * age}
    kept = {code: at for code, at in since.items() if at is not None}
    units = {code: state if code in late else state[:1] for code, state in marked.items()}
    oldest = min((at for code, at in kept.items() if code not in late), default=now)
    same = known is not None and (known.frame, known.units) == (frame, units)
    return Watched(
        epoch=known.epoch if same and known is not None else next(_epochs),
        looked_at=now,
        as_of=moment - dt.timedelta(seconds=now - oldest),
        frame=frame,
        approvals=approvals,
        directory=directory,
        units=units,
        marked=marked,
        late=frozenset(late),
        since=kept,
    )


def _since(code: str, state: UnitState, known: Watched | None) -> float | None:
    """Since when at the earliest a unit is marked; ``None`` where no kept figures are known to stand for it."""
    if known is None or state[0] is None:
        return None
    before = known.marked.get(code)
    if before is not None and len(before) > 1 and before[0] == state[0]:
        return known.since.get(code)
    return known.looked_at  # it was not marked then, or was counted since

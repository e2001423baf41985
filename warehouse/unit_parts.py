"""What each unit gives to a figure, kept in the process: a load into one ward counts that ward anew, not the city.

A part holds as long as the state of its unit does (``unit_refresh`` and the marks in ``cell_stale``); what all parts
depend on (the day, the inventory, the units, who holds what) is their frame. Both are read in the transaction that
counts, so the parts that are told together belong to one moment. Only for figures of today.

The dashboard's readers look at the same units through scopes of their own. Where figures may be some seconds old
(``warehouse.watched``) a part is counted once for all of them, and each is told the rows of the units that lie wholly
within the scope. Units of which only some books are within are counted through the scope itself.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol, TypeVar

import sqlalchemy as sa

from warehouse.cells import Selection
from warehouse.database import reading
from warehouse.directory import Shown
from warehouse.scope import Scope, partly_held, whole_units
from warehouse.views import View
from warehouse.watched import Asking, UnitState, Watched, unit_states, whole_of

MOST_QUESTIONS = 64
"""Questions whose parts are kept; the one that was not asked for longest is forgotten first."""

_MOST_CHANGED = 50  # units; the whole city is counted at once from there on


class PartRow(Protocol):
    """What some papers of a unit give. ``held``: where they are shown, of papers that were looked at book by book."""

    @property
    def unit_code(self) -> str: ...
    @property
    def unit_id(self) -> str | None: ...
    @property
    def record_type(self) -> str: ...
    @property
    def held(self) -> Shown | None: ...


R = TypeVar("R", bound=PartRow)
Parts = dict[str, list[R]]
Count = Callable[[sa.Connection, Selection], Parts[R]]
CountPlaced = Callable[[sa.Connection, Selection, bool], Parts[R]]


@dataclass(frozen=True, slots=True)
class _Kept:
    frame: tuple[object, ...]
    states: dict[str, UnitState]
    values: Parts[PartRow]


_kept: OrderedDict[Hashable, _Kept] = OrderedDict()
_counting: dict[Hashable, threading.Lock] = {}
_lock = threading.Lock()


def unit_parts(
    asking: Asking, question: Hashable, wanted: Selection, count: Count[R], *, narrow: bool = False
) -> list[R]:
    """The rows of all units that have any.

    Args:
        asking: Of which engine.
        question: What is counted of ``wanted``; two that are equal count the same.
        wanted: Of which documents.
        count: Counts the rows of a selection, by unit code.
        narrow: Of a unit that is asked for alone nothing is counted of others, however many will be asked for next.
    """
    engine, seen = asking.engine, asking.seen
    scope: Scope | None = engine.get_execution_options().get("sohoa_scope")
    if seen is None or wanted.on is not None:
        connection = asking.connection
        codes = None if scope is None else {it.code for it in scope.reach}
        if wanted.unit_code is not None:
            codes = {wanted.unit_code} if codes is None else codes & {wanted.unit_code}
        frame, states = asking.frame, unit_states(connection, codes)
        key = (engine.url, scope, question, wanted)
        return _all(_parts(key, frame, states, _marked(states), wanted, lambda some: count(connection, some)))
    base = replace(wanted, unit_code=wanted.unit_code if narrow else None, record_type=None)
    rows = _shared(whole_of(engine), seen, question, base, count, wanted.unit_code)
    if scope is not None:
        rows = [it for it in rows if it.unit_id in _whole(scope)]
        rows += _partly(engine, scope, seen, question, base, count, wanted.unit_code)
    return [it for it in rows if wanted.record_type in (None, it.record_type)]


def shown_parts(
    asking: Asking, question: Hashable, wanted: Selection, view: View, count: CountPlaced[R]
) -> list[tuple[Shown, R]]:
    """The rows of all units and where a view shows them.

    Args:
        asking, question, wanted: As in ``unit_parts``.
        count: Counts the rows of a selection by unit code, and with ``True`` book by book as they are held.
    """
    directory = asking.directory
    rows = unit_parts(asking, question, wanted, lambda connection, some: count(connection, some, False))
    if view is not View.CUSTODIAN or not directory.given:
        return [(directory.shown(it.unit_code, it.unit_id, view), it) for it in rows]

    def of_given(connection: sa.Connection, some: Selection) -> Parts[R]:
        codes = directory.given if some.unit_codes is None else directory.given & set(some.unit_codes)
        return count(connection, replace(some, unit_codes=tuple(sorted(codes))), True) if codes else {}

    told = [
        (directory.shown(it.unit_code, it.unit_id, view), it) for it in rows if it.unit_code not in directory.given
    ]
    by_place = unit_parts(asking, ("by place", question), wanted, of_given)
    return told + [(it.held, it) for it in by_place if it.held is not None]


def _shared(
    engine: sa.Engine, seen: Watched, question: Hashable, base: Selection, count: Count[R], code: str | None
) -> list[R]:
    """Rows of the whole city, or of one unit code; counted once for all scopes."""

    def counted(some: Selection) -> Parts[R]:
        with reading(engine) as connection:
            return count(connection, some)

    states = seen.units
    if base.unit_code is not None:
        states = {it: state for it, state in states.items() if it == base.unit_code}
    key = (engine.url, None, question, base, "shared")
    parts = _parts(key, seen.frame, states, set(seen.late & states.keys()), base, counted)
    return _all(parts) if code is None else parts.get(code, [])


def _partly(
    engine: sa.Engine,
    scope: Scope,
    seen: Watched,
    question: Hashable,
    base: Selection,
    count: Count[R],
    code: str | None,
) -> list[R]:
    """Rows of the units of which only some papers are within the scope."""
    held = {it.unit.unit_id: it.unit.code for it in partly_held(scope) if code in (None, it.unit.code)}
    if not held:
        return []
    codes = tuple(sorted(set(held.values())))
    states = {it: seen.marked[it] for it in codes if it in seen.marked}

    def counted(some: Selection) -> Parts[R]:
        with reading(engine) as connection:
            return count(connection, some)

    key = (engine.url, scope, question, base, codes, "partly")
    # Through the scope all their cells are counted from the documents that are seen.
    parts = _parts(key, seen.frame, states, set(codes), replace(base, unit_codes=codes), counted)
    return [it for it in _all(parts) if it.unit_id in held]


@lru_cache(maxsize=256)
def _whole(scope: Scope) -> frozenset[str]:
    return frozenset(whole_units(scope))


def _marked(states: dict[str, UnitState]) -> set[str]:
    return {code for code, state in states.items() if len(state) > 1}


def _all(parts: Parts[R]) -> list[R]:
    return [row for rows in parts.values() for row in rows]


def _parts(
    key: Hashable,
    frame: tuple[object, ...],
    states: dict[str, UnitState],
    stale: set[str],
    wanted: Selection,
    count: Callable[[Selection], Parts[R]],
) -> Parts[R]:
    with _lock:
        counting = _counting.setdefault(key, threading.Lock())
    with counting:  # one counts, the others wait and are told the same
        with _lock:
            known = _kept.get(key)
            if known is not None:
                _kept.move_to_end(key)  # the city's parts are never forgotten for those of many single wards
        if known is not None and known.frame == frame:
            if known.states == states:
                return known.values  # type: ignore[return-value]  # of this question, so of its rows
            changed = {it for it in states.keys() | known.states.keys() if states.get(it) != known.states.get(it)}
        else:
            known, changed = None, set()
        if known is None or len(changed) > _MOST_CHANGED:
            values = _counted(wanted, stale, count)
        else:
            values = {code: rows for code, rows in known.values.items() if code not in changed}  # type: ignore[misc]
            values |= _counted(replace(wanted, unit_codes=tuple(sorted(changed))), stale & changed, count)
        _keep(key, _Kept(frame, states, values))  # type: ignore[arg-type]
    return values


def _keep(key: Hashable, parts: _Kept) -> None:
    with _lock:
        _kept[key] = parts
        _kept.move_to_end(key)
        while len(_kept) > MOST_QUESTIONS:
            forgotten, _ = _kept.popitem(last=False)
            _counting.pop(forgotten, None)


def _counted(wanted: Selection, stale: Iterable[str], count: Callable[[Selection], Parts[R]]) -> Parts[R]:
    """Units without a stale cell from the kept figures alone: told so, the database need not look at any document."""
    values = count(replace(wanted, settled=True))
    if stale:
        values = {code: rows for code, rows in values.items() if code not in stale}
        values |= count(replace(wanted, unit_codes=tuple(sorted(stale))))
    return values

"""What each unit gives to a figure, kept in the process: a load into one ward counts that ward anew, not the city.

A part holds as long as the state of its unit does (``unit_refresh`` and the marks in ``cell_stale``); what all parts
depend on (the day, the inventory, the units, who holds what) is their frame. Both are read in the transaction that
counts, so the parts that are told together belong to one moment. Only for figures of today.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import sqlalchemy as sa

from warehouse.cells import Selection
from warehouse.facts_state import frame_state
from warehouse.schema_totals import cell_stale, unit_refresh

MOST_QUESTIONS = 64
"""Questions whose parts are kept; the one that was not asked for longest is forgotten first."""

_MOST_CHANGED = 50  # units; the whole city is counted at once from there on

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class _Parts:
    frame: tuple[Any, ...]
    states: dict[str, tuple[Any, ...]]
    values: dict[str, Any]


_kept: OrderedDict[Hashable, _Parts] = OrderedDict()
_lock = threading.Lock()


def unit_parts(
    connection: sa.Connection, question: Hashable, wanted: Selection, count: Callable[[Selection], dict[str, P]]
) -> dict[str, P]:
    """The parts of all units that have any, by unit code.

    Args:
        connection: Of ``reading``.
        question: What is counted of ``wanted``; two that are equal count the same.
        wanted: Of which documents.
        count: Counts the parts of a selection.
    """
    key = (connection.engine.url, connection.get_execution_options().get("sohoa_scope"), question, wanted)
    frame, states = frame_state(connection), _unit_states(connection, wanted)
    with _lock:
        known = _kept.get(key)
    if known is not None and known.frame == frame:
        changed = {code for code in states.keys() | known.states.keys() if states.get(code) != known.states.get(code)}
    else:
        known, changed = None, set()
    stale = {code for code, state in states.items() if len(state) > 1}
    if known is None or len(changed) > _MOST_CHANGED:
        values = _counted(wanted, stale, count)
    elif changed:
        values = {code: value for code, value in known.values.items() if code not in changed}
        values |= _counted(replace(wanted, unit_codes=tuple(sorted(changed))), stale & changed, count)
    else:
        return known.values
    with _lock:
        _kept[key] = _Parts(frame, states, values)
        _kept.move_to_end(key)
        while len(_kept) > MOST_QUESTIONS:
            _kept.popitem(last=False)
    return values


def _counted(wanted: Selection, stale: set[str], count: Callable[[Selection], dict[str, P]]) -> dict[str, P]:
    """Units without a stale cell from the kept figures alone: told so, the database need not look at any document."""
    values = count(replace(wanted, settled=True))
    if stale:
        values = {code: value for code, value in values.items() if code not in stale}
        values |= count(replace(wanted, unit_codes=tuple(sorted(stale))))
    return values


def _unit_states(connection: sa.Connection, wanted: Selection) -> dict[str, tuple[Any, ...]]:
    """Of the units that are asked for and within the scope: what others load changes nothing here."""
    token, stale = unit_refresh.c, cell_stale.c
    scope = connection.get_execution_options().get("sohoa_scope")
    codes = None if scope is None else {it.code for it in scope.reach}
    if wanted.unit_code is not None:
        codes = {wanted.unit_code} if codes is None else codes & {wanted.unit_code}
    tokens = sa.select(token.unit_code, token.token)
    marks = sa.select(stale.unit_code, sa.func.count(), sa.func.max(stale.id)).group_by(stale.unit_code)
    if codes is not None:
        tokens = tokens.where(token.unit_code.in_(sorted(codes)))
        marks = marks.where(stale.unit_code.in_(sorted(codes)))
    states: dict[str, tuple[Any, ...]] = {code: (it,) for code, it in connection.execute(tokens)}
    for code, *marked in connection.execute(marks):
        states[code] = (*states.get(code, (None,)), *marked)
    return states

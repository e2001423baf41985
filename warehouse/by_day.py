"""What the inventory lists and how much of it was done by the end of each of some days.

Counted from the days on which documents were digitized and accepted (``warehouse.days``), which are kept ready: a day
of last month then costs a city no more than today. The database adds up what was done between two of the days, cell
by cell; here it is added up over the days and compared with what the cell lists. One statement that does all of it
for half a year of weeks is so wide that reading and planning it takes longer than answering it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from operator import add
from typing import Any, NamedTuple

import sqlalchemy as sa

from manifests.record_types import last_lapsed_year, record_types
from warehouse.cells import CELL, PLACE, Selection, inventory_lines
from warehouse.days import DAYS, documents_by_day
from warehouse.directory import Shown
from warehouse.views import SHOWN, View, placed

Asked = tuple[int | None, dt.date]
"""The inventory version that counts, and the day."""


class DoneByDay(NamedTuple):
    """Papers of one unit and type: listed, and of them digitized and accepted, by each day."""

    held: Shown | None
    unit_code: str
    unit_id: str | None
    record_type: str
    inventory: tuple[int, ...]
    digitized: tuple[int, ...]
    indexed: tuple[int, ...]


def done_by_day(
    connection: sa.Connection, wanted: Selection, asked: Sequence[Asked], *, by_place: bool
) -> dict[str, list[DoneByDay]]:
    """By unit code, one row for each unit and record type; with ``by_place`` for each unit that holds some of them.

    What is done beyond what a cell lists is left out, and so are cells that list nothing. Papers are placed with who
    was given them by ``wanted.day``: that a book changed hands is no work done.
    """
    days = sorted({day for _, day in asked})
    at = [days.index(day) for _, day in asked]
    listed = _listed(connection, wanted, asked, by_place=by_place)
    done = _done(connection, wanted, days, by_place=by_place)
    nothing = [0] * len(asked)
    sums: dict[tuple[Any, ...], list[list[int]]] = {}
    for cell, inventory in listed.items():
        year_left_out = (*cell[:3], *cell[4:])
        parts = sums.setdefault(year_left_out, [nothing, nothing, nothing])
        parts[0] = list(map(add, parts[0], inventory))
        for which, changes in enumerate(done.get(cell, ()), 1):
            by_day = list(accumulate(changes))
            parts[which] = list(map(add, parts[which], map(min, (by_day[index] for index in at), inventory)))
    found: dict[str, list[DoneByDay]] = defaultdict(list)
    for (code, unit, kind, *shown), parts in sums.items():
        found[code].append(DoneByDay._make((tuple(shown) or None, code, unit, kind, *map(tuple, parts))))
    return dict(found)


def _listed(
    connection: sa.Connection, wanted: Selection, asked: Sequence[Asked], *, by_place: bool
) -> dict[tuple[Any, ...], list[int]]:
    """What each cell lists on each of the days; cells that list nothing are not told."""
    versions = sorted({version for version, _ in asked if version is not None})
    if not versions:
        return {}
    lines = _summed(
        inventory_lines(wanted, versions, by_place=by_place), wanted, "records", ("version_id",), by_place
    )
    query = sa.select(*lines.c)
    found: dict[tuple[Any, ...], list[int]] = {}
    for *cell, version, records in connection.execute(query):
        last = _last_lapsed(cell[2], tuple(day for _, day in asked))
        counts = [
            int(records) if version == counted and (lapsed is None or cell[3] > lapsed) else 0
            for (counted, _), lapsed in zip(asked, last, strict=True)
        ]
        if any(counts):
            key = tuple(cell)
            found[key] = list(map(add, found[key], counts)) if key in found else counts
    return found


@lru_cache(maxsize=256)
def _last_lapsed(record_type: str, days: tuple[dt.date, ...]) -> tuple[int | None, ...]:
    kind = record_types().get(record_type)
    return tuple(last_lapsed_year(kind, day) if kind else None for day in days)


def _done(
    connection: sa.Connection, wanted: Selection, days: Sequence[dt.date], *, by_place: bool
) -> dict[tuple[Any, ...], tuple[list[int], list[int]]]:
    """How many documents of each cell were digitized, and accepted, by each of the days and after the one before."""
    by_day = documents_by_day(wanted, by_place=by_place)
    steps = [_step(by_day.c[name], days).label(name) for name in DAYS]
    cell = [by_day.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
    counts = sa.select(*cell, *steps, by_day.c.documents).subquery()
    query = sa.select(*_summed(counts, wanted, "documents", DAYS, by_place).c)
    found: dict[tuple[Any, ...], tuple[list[int], list[int]]] = {}
    for *key, digitized, indexed, documents in connection.execute(query):
        cell_key = tuple(key)
        if cell_key not in found:
            found[cell_key] = ([0] * len(days), [0] * len(days))
        for changes, step in zip(found[cell_key], (digitized, indexed), strict=True):
            if step is not None:
                changes[step] += int(documents)
    return found


def _step(day: sa.ColumnElement[str], days: Sequence[dt.date]) -> sa.ColumnElement[Any]:
    """The first of ``days`` by which it was; null where it was later, or never."""
    texts = (it.isoformat() for it in days)
    return sa.case(*((day <= text, sa.literal_column(str(at))) for at, text in enumerate(texts)))


def _summed(cell: sa.Subquery, wanted: Selection, what: str, more: Sequence[str], by_place: bool) -> sa.Subquery:
    """``CELL``, with ``by_place`` also ``SHOWN``, then ``more`` and the sum of ``what``."""
    if by_place:
        cell = placed(cell, View.CUSTODIAN, wanted.day, (what,), more)
    keys = [cell.c[name] for name in (*CELL, *(SHOWN if by_place else ()), *more)]
    return sa.select(*keys, sa.func.sum(cell.c[what]).label(what)).group_by(*keys).subquery()

"""What the inventory lists and how much of it was done by the end of each of some days.

Counted from the days on which documents were digitized and accepted (``warehouse.days``), which are kept ready: a day
of last month then costs a city no more than today. The database adds up what was done between two of the days, cell
by cell; here it is added up over the days and compared with what the cell lists, in whole columns: a city has some
hundred thousand cells. One statement that does all of it
for half a year of weeks is so wide that reading and planning it takes longer than answering it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sqlalchemy as sa

from manifests.record_types import last_lapsed_year, record_types
from warehouse.cells import CELL, PLACE, Selection, inventory_lines
from warehouse.days import DAYS, documents_by_day
from warehouse.directory import Shown
from warehouse.views import SHOWN, View, placed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts: TypeAlias = NDArray[np.int64]

_NONE = -1
"""No version, no year, no day, no cell."""

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
    import numpy as np

    days = sorted({day for _, day in asked})
    at = [days.index(day) for _, day in asked]
    cells, listed = _listed(connection, wanted, asked, by_place=by_place)
    done = _done(connection, wanted, days, cells, by_place=by_place)
    parts = [listed, *(np.minimum(changes.cumsum(axis=1)[:, at], listed) for changes in done)]
    groups: dict[tuple[Any, ...], int] = {}
    of_cell = np.fromiter((groups.setdefault((*it[:3], *it[4:]), len(groups)) for it in cells), int, len(cells))
    sums = [np.zeros((len(groups), len(asked)), np.int64) for _ in parts]
    for total, part in zip(sums, parts, strict=True):
        np.add.at(total, of_cell, part)
    told = (map(tuple, total.tolist()) for total in sums)
    found: dict[str, list[DoneByDay]] = defaultdict(list)
    for (code, unit, kind, *shown), *counts in zip(groups, *told, strict=True):
        found[code].append(DoneByDay._make((tuple(shown) or None, code, unit, kind, *counts)))
    return dict(found)


def _listed(
    connection: sa.Connection, wanted: Selection, asked: Sequence[Asked], *, by_place: bool
) -> tuple[dict[tuple[Any, ...], int], Counts]:
    """What each cell lists (its row) on each of the days (columns); cells that list nothing are not told."""
    import numpy as np

    versions = sorted({version for version, _ in asked if version is not None})
    if not versions:
        return {}, np.zeros((0, len(asked)), np.int64)
    lines = _summed(
        inventory_lines(wanted, versions, by_place=by_place), wanted, "records", ("version_id",), by_place
    )
    rows = connection.execute(sa.select(*lines.c)).all()
    *keys, version, records = _columns(rows, len(lines.c))
    kinds = {kind: at for at, kind in enumerate(dict.fromkeys(keys[2]))}
    last = np.array([_last_lapsed(kind, tuple(day for _, day in asked)) for kind in kinds], np.int64)
    in_force = np.array(version)[:, None] == np.array([counted or _NONE for counted, _ in asked])
    in_force &= np.array(keys[3])[:, None] > last.reshape(-1, len(asked))[[kinds[kind] for kind in keys[2]]]
    counts = np.where(in_force, np.array([int(it) for it in records], np.int64)[:, None], 0)
    lists = np.flatnonzero(counts.max(axis=1, initial=0))
    of_line = list(zip(*keys, strict=True))
    cells: dict[tuple[Any, ...], int] = {}
    which = np.fromiter((cells.setdefault(of_line[at], len(cells)) for at in lists.tolist()), int, len(lists))
    found = np.zeros((len(cells), len(asked)), np.int64)
    np.add.at(found, which, counts[lists])
    return cells, found


@lru_cache(maxsize=256)
def _last_lapsed(record_type: str, days: tuple[dt.date, ...]) -> tuple[int, ...]:
    """Papers of this year and of those before have lapsed, by each day."""
    kind = record_types().get(record_type)
    found = (last_lapsed_year(kind, day) if kind else None for day in days)
    return tuple(_NONE if it is None else it for it in found)


def _done(
    connection: sa.Connection,
    wanted: Selection,
    days: Sequence[dt.date],
    cells: Mapping[tuple[Any, ...], int],
    *,
    by_place: bool,
) -> tuple[Counts, Counts]:
    """How many documents of each of ``cells`` were digitized, and accepted, by each day and after the one before."""
    import numpy as np

    by_day = documents_by_day(wanted, by_place=by_place)
    steps = [_step(by_day.c[name], days).label(name) for name in DAYS]
    cell = [by_day.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
    summed = _summed(sa.select(*cell, *steps, by_day.c.documents).subquery(), wanted, "documents", DAYS, by_place)
    rows = connection.execute(sa.select(*summed.c)).all()
    *keys, digitized, indexed, documents = _columns(rows, len(summed.c))
    which = np.fromiter((cells.get(key, _NONE) for key in zip(*keys, strict=True)), int, len(rows))
    count = np.array([int(it) for it in documents], np.int64)
    found = []
    for step in (digitized, indexed):
        when = np.array([_NONE if it is None else int(it) for it in step], np.int64)
        counts = (which != _NONE) & (when != _NONE)
        changes = np.zeros((len(cells), len(days)), np.int64)
        np.add.at(changes, (which[counts], when[counts]), count[counts])
        found.append(changes)
    return found[0], found[1]


def _columns(rows: Sequence[sa.Row[Any]], count: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) if rows else [()] * count


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

"""What the inventory lists and how much of it was done by the end of each of some days, cell by cell.

Counted from the days on which documents were digitized and accepted (``warehouse.days``), which are kept ready: a day
of last month then costs a city no more than today.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from warehouse.cells import CELL, PLACE, Selection, inventory_by_day, least
from warehouse.days import documents_by_day
from warehouse.views import SHOWN, View, placed

_DONE = ("digitized", "indexed")


def listed_by_day(wanted: Selection, days: Sequence[dt.date], view: View) -> sa.Subquery:
    """``inventory_0``, ``digitized_0``, ``indexed_0`` … of each of ``days``, per ``CELL`` and ``SHOWN``.

    What is done beyond what a cell lists is left out, and so are cells that list nothing. Papers are placed with who
    was given them by ``wanted.day``: that a book changed hands is no work done.
    """
    by_place = view is View.CUSTODIAN
    by_day = documents_by_day(wanted, by_place=by_place)
    cell = [by_day.c[name] for name in (*CELL, *(PLACE if by_place else ()))]
    names = [f"{what}_{index}" for index in range(len(days)) for what in _DONE]
    facts = (
        sa.select(
            *cell,
            *(
                sa.func.sum(sa.case((by_day.c[f"{what}_on"] <= day.isoformat(), by_day.c.documents), else_=0)).label(
                    f"{what}_{index}"
                )
                for index, day in enumerate(days)
                for what in _DONE
            ),
        )
        .group_by(*cell)
        .subquery()
    )
    zero: sa.ColumnElement[int] = sa.literal_column("0")
    lines = [f"inventory_{index}" for index in range(len(days))]
    on_list = placed(inventory_by_day(wanted, days, by_place=by_place), view, wanted.day, lines)
    # Where a whole cell is shown under one unit, its facts need not be placed and added up once more.
    counted = placed(facts, view, wanted.day, names) if by_place else facts
    same = sa.and_(
        on_list.c.unit_code == counted.c.unit_code,
        sa.func.coalesce(on_list.c.unit_id, "") == sa.func.coalesce(counted.c.unit_id, ""),
        on_list.c.record_type == counted.c.record_type,
        on_list.c.year == counted.c.year,
        *((on_list.c[name] == counted.c[name] for name in ("shown_code", "assigned")) if by_place else ()),
    )
    return (
        sa.select(
            *(on_list.c[name] for name in (*CELL, *SHOWN)),
            *(on_list.c[name] for name in lines),
            *(
                least(
                    sa.func.coalesce(counted.c[name], zero), on_list.c[f"inventory_{name.rpartition('_')[2]}"]
                ).label(name)
                for name in names
            ),
        )
        .select_from(on_list.outerjoin(counted, same))
        .subquery()
    )

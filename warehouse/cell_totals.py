"""Counting stale cells anew, and proving that the kept figures are those of the facts."""

from __future__ import annotations

import secrets
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import counted_cells, counted_from_facts
from warehouse.database import reading, writing
from warehouse.merge import hold, upsert
from warehouse.schema_totals import COUNTED, cell_refresh, cell_stale, cell_total

_CELL = ("unit_code", "record_type", "year")


def refresh_totals(engine: sa.Engine) -> int:
    """Count every stale cell anew; how many there were. Nothing is written when none is."""
    with reading(engine) as connection:
        if connection.execute(sa.select(cell_stale.c.id).limit(1)).first() is None:
            return 0
    with writing(engine) as connection:
        hold(connection, "cell totals")
        # A change that is committed after this leaves its own marks, so nothing is lost between the two statements.
        stale = sorted(
            {
                tuple(row)
                for row in connection.execute(
                    sa.delete(cell_stale).returning(*(cell_stale.c[name] for name in _CELL))
                )
            }
        )
        _count(connection, stale)
        upsert(connection, cell_refresh, [{"id": 1, "token": secrets.randbits(62)}], update=("token",))
    return len(stale)


def rebuild_totals(engine: sa.Engine) -> None:
    """Forget every kept figure and count all cells from the facts."""
    with writing(engine) as connection:
        hold(connection, "cell totals")
        mark_all(connection)
    refresh_totals(engine)


def mark_all(connection: sa.Connection) -> None:
    """Let no kept figure count any more; each cell is counted from the facts until it is refreshed."""
    document = schema.document.c
    connection.execute(sa.delete(cell_total))
    cells = sa.select(*(document[name] for name in _CELL)).distinct()
    connection.execute(sa.insert(cell_stale).from_select(list(_CELL), cells))


def wrong_totals(engine: sa.Engine) -> list[dict[str, Any]]:
    """Cells whose figures, as told, are not those of the facts; empty, or the program is at fault."""
    names = ("unit_code", "unit_id", "record_type", "year", *COUNTED)
    with reading(engine) as connection:
        told, counted = (
            {tuple(row[name] for name in names) for row in connection.execute(query).mappings()}
            for query in (sa.select(counted_cells()), sa.select(counted_from_facts().subquery()))
        )
    empty = (0,) * len(COUNTED)
    return [
        dict(zip(names, row, strict=True)) for row in sorted(told ^ counted, key=str) if row[-len(empty) :] != empty
    ]


def _count(connection: sa.Connection, cells: list[tuple[str, ...]]) -> None:
    total = cell_total.c
    names = ("unit_code", "record_type", "year", "unit_id", *COUNTED)
    for start in range(0, len(cells), 300):
        some = cells[start : start + 300]
        key = sa.tuple_(*(total[name] for name in _CELL))
        connection.execute(sa.delete(cell_total).where(key.in_(some)))
        of_document = sa.tuple_(*(schema.document.c[name] for name in _CELL))
        counted = counted_from_facts(of_document.in_(some)).subquery()
        columns = {name: counted.c[name] for name in names} | {"unit_id": sa.func.coalesce(counted.c.unit_id, "")}
        connection.execute(sa.insert(cell_total).from_select(list(names), sa.select(*columns.values())))

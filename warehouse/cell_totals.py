"""Counting stale cells anew, and proving that the kept figures are those of the facts."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import Selection, counted_cells, counted_from_facts
from warehouse.database import reading, writing
from warehouse.days import days_from_facts, documents_by_day
from warehouse.merge import chunks, hold, upsert
from warehouse.schema_totals import (
    COUNTED,
    cell_day,
    cell_day_part,
    cell_refresh,
    cell_stale,
    cell_total,
    cell_total_part,
    unit_refresh,
)

_CELL = ("unit_code", "record_type", "year")
_NULLABLE = ("unit_id", "digitized_on", "indexed_on")
_AT_ONCE = 300


def refresh_totals(engine: sa.Engine) -> int:
    """Count every stale cell anew; how many there were. Nothing is written when none is."""
    with reading(engine) as connection:
        if connection.execute(sa.select(cell_stale.c.id).limit(1)).first() is None:
            return 0
    with writing(engine) as connection:
        hold(connection, "cell totals")
        # A change that is committed after this leaves its own marks, so nothing is lost between the statements.
        marked = sa.delete(cell_stale).returning(cell_stale.c.batch_key, *(cell_stale.c[name] for name in _CELL))
        rows = {tuple(row) for row in connection.execute(marked)}
        cells = sorted({row[1:] for row in rows})
        _count(connection, sorted({row[0] for row in rows}), cells)
        token = secrets.randbits(62)
        upsert(connection, cell_refresh, [{"id": 1, "token": token}], update=("token",))
        units = [{"unit_code": code, "token": token} for code in sorted({cell[0] for cell in cells})]
        upsert(connection, unit_refresh, units, update=("token",))
    return len(cells)


def rebuild_totals(engine: sa.Engine) -> None:
    """Forget every kept figure and count all cells from the facts."""
    with writing(engine) as connection:
        hold(connection, "cell totals")
        mark_all(connection)
    refresh_totals(engine)


def mark_all(connection: sa.Connection) -> None:
    """Let no kept figure count any more; each cell is counted from the facts until it is refreshed."""
    document = schema.document.c
    for table in (cell_total, cell_total_part, cell_day, cell_day_part, unit_refresh):
        connection.execute(sa.delete(table))
    cells = sa.select(document.batch_key, *(document[name] for name in _CELL)).distinct()
    connection.execute(sa.insert(cell_stale).from_select(["batch_key", *_CELL], cells))


def wrong_totals(engine: sa.Engine) -> list[dict[str, Any]]:
    """Figures of cells and of their days that are not, as told, those of the facts; empty, or there is a fault."""
    anything = Selection(None)
    pairs = [
        (counted_cells(), counted_from_facts().subquery(), COUNTED),
        (documents_by_day(anything, by_place=False), days_from_facts().subquery(), ("documents",)),
    ]
    wrong = []
    with reading(engine) as connection:
        for told, counted, figures in pairs:
            names = [name for name in told.c.keys() if name not in figures] + list(figures)  # noqa: SIM118
            both = [
                {tuple(row[name] for name in names) for row in connection.execute(sa.select(it)).mappings()}
                for it in (told, counted)
            ]
            zeros = (0,) * len(figures)
            differing = [row for row in both[0] ^ both[1] if row[-len(figures) :] != zeros]
            wrong += [dict(zip(names, row, strict=True)) for row in sorted(differing, key=str)]
    return wrong


def _count(connection: sa.Connection, batches: Sequence[str], cells: Sequence[tuple[str, ...]]) -> None:
    for table, part, counted in (
        (cell_total, cell_total_part, counted_from_facts),
        (cell_day, cell_day_part, days_from_facts),
    ):
        for some in chunks(batches):
            connection.execute(sa.delete(part).where(part.c.batch_key.in_(some)))
            _fill(connection, part, counted(schema.document.c.batch_key.in_(some), by_batch=True))
        keys = [column for column in table.c if column.primary_key]
        sums = [column for column in table.c if not column.primary_key]
        for start in range(0, len(cells), _AT_ONCE):
            some_cells = cells[start : start + _AT_ONCE]
            connection.execute(sa.delete(table).where(_among(table, some_cells)))
            summed = sa.select(
                *(part.c[column.name] for column in keys),
                *(sa.func.sum(part.c[column.name]).label(column.name) for column in sums),
            )
            grouped = summed.where(_among(part, some_cells)).group_by(*(part.c[column.name] for column in keys))
            _fill(connection, table, grouped)


def _fill(connection: sa.Connection, table: sa.Table, counted: sa.Select[Any]) -> None:
    found = counted.subquery().c
    # What is part of the key may not be null: no unit, no day.
    values = [
        sa.func.coalesce(found[column.name], "")
        if column.primary_key and column.name in _NULLABLE
        else found[column.name]
        for column in table.c
    ]
    connection.execute(sa.insert(table).from_select([column.name for column in table.c], sa.select(*values)))


def _among(table: sa.Table, cells: Sequence[tuple[str, ...]]) -> sa.ColumnElement[bool]:
    return sa.tuple_(*(table.c[name] for name in _CELL)).in_(cells)

"""What tells two states of the facts apart, so that nothing is counted twice that did not change."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.reference import today
from warehouse.schema_progress import custody, unit_heir
from warehouse.schema_totals import cell_refresh, cell_stale

_FRAME = (
    (schema.inventory_version, schema.inventory_version.c.imported_at),
    (custody, custody.c.imported_at),
    (schema.unit, schema.unit.c.unit_id),
    (unit_heir, unit_heir.c.unit_id),
)


def facts_state(connection: sa.Connection) -> tuple[Any, ...]:
    """What every figure of today depends on: another one as soon as a fact, an inventory or a custodian changes."""
    marks = (sa.select(sa.func.count()).select_from(cell_stale), sa.select(sa.func.max(cell_stale.c.id)))
    return _asked(connection, sa.select(sa.func.max(cell_refresh.c.token)), *marks)


def frame_state(connection: sa.Connection) -> tuple[Any, ...]:
    """The same but for the facts of the documents."""
    return _asked(connection)


def _asked(connection: sa.Connection, *more: sa.Select[Any]) -> tuple[Any, ...]:
    asked = list(more)
    for table, column in _FRAME:
        asked += [sa.select(sa.func.count()).select_from(table), sa.select(sa.func.max(column))]
    return (today(), *connection.execute(sa.select(*(it.scalar_subquery() for it in asked))).one())

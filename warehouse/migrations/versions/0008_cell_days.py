"""Days of cells kept ready"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from warehouse.schema_totals import COUNTED, STALE_TRIGGERS

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


_CELL = ("unit_code", "record_type", "year", "unit_id")
_DAYS = ("digitized_on", "indexed_on")
_BATCH = "what the documents of one batch give to the cell"


def _key(names: tuple[str, ...]) -> list[sa.Column[Any]]:
    comments = {
        "unit_id": "empty for a code nobody knows",
        "digitized_on": "day in Hanoi; empty while it is not",
        "indexed_on": "day in Hanoi; empty while it is not",
    }
    return [
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False)
        if name == "year"
        else sa.Column(name, sa.Text(), nullable=False, comment=comments.get(name))
        for name in names
    ]


def upgrade() -> None:
    for table, key, counts, comment in (
        ("cell_day", (*_CELL, *_DAYS), ("documents",), None),
        ("cell_total_part", ("batch_key", *_CELL), COUNTED, _BATCH),
        ("cell_day_part", ("batch_key", *_CELL, *_DAYS), ("documents",), _BATCH),
    ):
        op.create_table(
            table,
            *_key(key),
            *(sa.Column(name, sa.Integer(), nullable=False) for name in counts),
            sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{table}")),
            comment=comment,
        )
        if comment:
            index = op.f(f"ix_{table}_unit_code_record_type_year")
            op.create_index(index, table, ["unit_code", "record_type", "year"])
    op.add_column("cell_stale", sa.Column("batch_key", sa.Text(), server_default=sa.text("''"), nullable=False))
    _marks(STALE_TRIGGERS[op.get_bind().dialect.name])
    for table in ("cell_total", "cell_stale"):
        op.execute(f"DELETE FROM {table}")
    op.execute(
        "INSERT INTO cell_stale (batch_key, unit_code, record_type, year)"
        " SELECT DISTINCT batch_key, unit_code, record_type, year FROM document"
    )


def _marks(statements: tuple[str, ...]) -> None:
    for statement in statements:
        if "CREATE TRIGGER IF NOT EXISTS " in statement:  # SQLite cannot replace one
            op.execute(f"DROP TRIGGER IF EXISTS {statement.split('IF NOT EXISTS ')[1].split(' ')[0]}")
        op.execute(statement)


def downgrade() -> None:
    for table in ("cell_day_part", "cell_total_part", "cell_day"):
        op.drop_table(table)

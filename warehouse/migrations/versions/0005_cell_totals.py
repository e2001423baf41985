"""Figures of cells kept ready, and which of them no longer hold"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.schema_totals import COUNTED, STALE_TRIGGERS

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cell_total",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="empty for a code nobody knows"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTED),
        sa.PrimaryKeyConstraint("unit_code", "record_type", "year", "unit_id", name=op.f("pk_cell_total")),
    )
    op.create_table(
        "cell_stale",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell_stale")),
    )
    op.create_index(
        op.f("ix_cell_stale_unit_code_record_type_year"), "cell_stale", ["unit_code", "record_type", "year"]
    )
    for statement in STALE_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(
        "INSERT INTO cell_stale (unit_code, record_type, year) SELECT DISTINCT unit_code, record_type, year FROM document"
    )


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in STALE_TRIGGERS[op.get_bind().dialect.name]:
        if postgresql and " FUNCTION " in statement:
            op.execute(f"DROP FUNCTION {statement.partition(' FUNCTION ')[2].partition('(')[0]}() CASCADE")
        elif not postgresql:
            op.execute(f"DROP TRIGGER {statement.partition('IF NOT EXISTS ')[2].partition(' ')[0]}")
    op.drop_table("cell_stale")
    op.drop_table("cell_total")

"""The state of the kept figures"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from warehouse.schema_totals import STALE_TRIGGERS

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cell_refresh",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column(
            "token",
            sa.BigInteger(),
            nullable=False,
            comment="another one each time stale cells are counted anew",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell_refresh")),
    )
    if op.get_bind().dialect.name == "sqlite":  # each change leaves its own mark now
        for statement in STALE_TRIGGERS["sqlite"]:
            op.execute(f"DROP TRIGGER {statement.partition('IF NOT EXISTS ')[2].partition(' ')[0]}")
            op.execute(statement)


def downgrade() -> None:
    op.drop_table("cell_refresh")

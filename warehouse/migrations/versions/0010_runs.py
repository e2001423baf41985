"""Which run of Airflow took a batch up last"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "batch",
        sa.Column(
            "airflow_run",
            sa.Text(),
            comment="the run of digitize_batch that took it up last; null without Airflow",
        ),
    )


def downgrade() -> None:
    op.drop_column("batch", "airflow_run")

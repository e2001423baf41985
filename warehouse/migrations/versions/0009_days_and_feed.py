"""Days of files that stand on their own signature; states of units; the feed along an index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "INSERT INTO cell_stale (batch_key, unit_code, record_type, year)"
        " SELECT DISTINCT d.batch_key, d.unit_code, d.record_type, d.year FROM document d"
        " JOIN signature s ON s.document_key = d.document_key"
        " WHERE s.of = 'input' AND s.intact AND s.valid AND s.trusted AND s.legally_valid"
    )
    op.create_table(
        "unit_refresh",
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column(
            "token", sa.BigInteger(), nullable=False, comment="another one each time a cell of the unit is counted"
        ),
        sa.PrimaryKeyConstraint("unit_code", name=op.f("pk_unit_refresh")),
    )
    op.create_index(op.f("ix_record_loaded_at_document_key"), "record", ["loaded_at", "document_key"])


def downgrade() -> None:
    op.drop_table("unit_refresh")
    op.drop_index(op.f("ix_record_loaded_at_document_key"), "record")

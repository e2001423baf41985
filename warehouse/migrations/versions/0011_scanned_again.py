"""A version of a document's code for each time it was scanned"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SCAN = "digest of the delivered files it was given for; empty where that was not kept"


def upgrade() -> None:
    with op.batch_alter_table("document_code") as table:
        table.add_column(
            sa.Column(
                "version", sa.Integer(), nullable=False, server_default="1", comment="1 is the first scan: V1, V2 …"
            )
        )
        table.add_column(sa.Column("scan", sa.Text(), nullable=False, server_default=sa.text("''"), comment=_SCAN))
        table.drop_constraint(op.f("pk_document_code"), type_="primary")
        table.create_primary_key(op.f("pk_document_code"), ["document_key", "version"])
        table.drop_index(op.f("ix_document_code_series_serial"))
        table.create_index(
            op.f("ix_document_code_series_serial_version"), ["series", "serial", "version"], unique=True
        )


def downgrade() -> None:
    op.execute("DELETE FROM document_code WHERE version > 1")
    with op.batch_alter_table("document_code") as table:
        table.drop_index(op.f("ix_document_code_series_serial_version"))
        table.create_index(op.f("ix_document_code_series_serial"), ["series", "serial"], unique=True)
        table.drop_constraint(op.f("pk_document_code"), type_="primary")
        table.create_primary_key(op.f("pk_document_code"), ["document_key"])
        table.drop_column("scan")
        table.drop_column("version")

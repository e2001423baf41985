"""Digests of originals alone, and no index of records that nobody asks"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ORIGINAL = sa.text("kind = 'original'")
_OF_RECORDS = "ix_record_unit_code_record_type_year"


def upgrade() -> None:
    op.create_index(
        "ix_artefact_original", "artefact", ["sha256"], postgresql_where=_ORIGINAL, sqlite_where=_ORIGINAL
    )
    op.drop_index("ix_artefact_sha256", "artefact")
    op.drop_index(_OF_RECORDS, "record")


def downgrade() -> None:
    op.create_index(_OF_RECORDS, "record", ["unit_code", "record_type", "year"])
    op.create_index("ix_artefact_sha256", "artefact", ["sha256"])
    op.drop_index("ix_artefact_original", "artefact")

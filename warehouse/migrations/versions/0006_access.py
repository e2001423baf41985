"""Who read which record and why; machines' tokens; documents exchanged with other systems"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.schema_access import APPEND_ONLY

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_use",
        sa.Column("who", sa.Text(), nullable=False, comment="a token or an account"),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False, comment="since 1970"),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("who", "minute", name=op.f("pk_api_use")),
    )
    op.create_index(op.f("ix_api_use_minute"), "api_use", ["minute"], unique=False)
    op.create_table(
        "document_code",
        sa.Column(
            "document_key", sa.Text(), nullable=False, comment="no foreign key: a code once given is never reused"
        ),
        sa.Column("code", sa.Text(), nullable=False, comment="DocCode, CV 7197/BKHCN-CĐSQG"),
        sa.Column("series", sa.Text(), nullable=False, comment="the code's part before the serial"),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("document_key", name=op.f("pk_document_code")),
        sa.UniqueConstraint("code", name=op.f("uq_document_code_code")),
    )
    op.create_index(op.f("ix_document_code_series_serial"), "document_code", ["series", "serial"], unique=True)
    op.create_table(
        "outside_document",
        sa.Column("system", sa.Text(), nullable=False, comment="account that sent it"),
        sa.Column("code", sa.Text(), nullable=False, comment="the other system's DocCode"),
        sa.Column("sha256", sa.Text(), nullable=False, comment="of the metadata as it was sent, canonical"),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="empty when it could not be told"),
        sa.Column("record_type", sa.Text(), nullable=False, comment="empty when it could not be told"),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_name", sa.Text(), nullable=True),
        sa.Column(
            "described",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="as it was sent",
        ),
        sa.PrimaryKeyConstraint("system", "code", name=op.f("pk_outside_document")),
    )
    op.create_index(
        op.f("ix_outside_document_system_unit_code_record_type_year"),
        "outside_document",
        ["system", "unit_code", "record_type", "year"],
        unique=False,
    )
    op.create_table(
        "record_access",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("full_name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column(
            "token_label", sa.Text(), nullable=True, comment="of a machine's token; null for a person at a browser"
        ),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False, comment="warehouse.access_log.Action"),
        sa.Column("document_key", sa.Text(), nullable=True, comment="null for a search"),
        sa.Column("purpose", sa.Text(), nullable=False, comment="warehouse.access_log.Purpose"),
        sa.Column("reason", sa.Text(), nullable=False, comment="in the person's own words"),
        sa.Column("detail", sa.Text(), nullable=False, comment="which page, field or file"),
        sa.Column("search_id", sa.Text(), nullable=True, comment="of a search; known to who searched only"),
        sa.Column(
            "query",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
            comment="what was searched for",
        ),
        sa.Column("hits", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_record_access")),
        sa.UniqueConstraint("search_id", name=op.f("uq_record_access_search_id")),
    )
    op.create_index(op.f("ix_record_access_account_name_at"), "record_access", ["account_name", "at"], unique=False)
    op.create_index(op.f("ix_record_access_at"), "record_access", ["at"], unique=False)
    op.create_index(op.f("ix_record_access_document_key_at"), "record_access", ["document_key", "at"], unique=False)
    op.create_table(
        "account_token",
        sa.Column("token_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("token_sha256", sa.Text(), nullable=False, comment="the token itself is kept nowhere"),
        sa.Column(
            "allowed",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=False,
            comment="warehouse.tokens.TokenScope",
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["account.account_id"],
            name=op.f("fk_account_token_account_id_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_account_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_account_token_token_sha256")),
    )
    op.create_index(op.f("ix_account_token_account_id"), "account_token", ["account_id"], unique=False)
    op.create_table(
        "access_purpose",
        sa.Column("token_sha256", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["token_sha256"],
            ["account_session.token_sha256"],
            name=op.f("fk_access_purpose_token_sha256_account_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_sha256", name=op.f("pk_access_purpose")),
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("access_purpose")
    op.drop_index(op.f("ix_account_token_account_id"), table_name="account_token")
    op.drop_table("account_token")
    op.drop_index(op.f("ix_record_access_document_key_at"), table_name="record_access")
    op.drop_index(op.f("ix_record_access_at"), table_name="record_access")
    op.drop_index(op.f("ix_record_access_account_name_at"), table_name="record_access")
    op.drop_table("record_access")
    op.drop_index(op.f("ix_outside_document_system_unit_code_record_type_year"), table_name="outside_document")
    op.drop_table("outside_document")
    op.drop_index(op.f("ix_document_code_series_serial"), table_name="document_code")
    op.drop_table("document_code")
    op.drop_index(op.f("ix_api_use_minute"), table_name="api_use")
    op.drop_table("api_use")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS refuse_change()")

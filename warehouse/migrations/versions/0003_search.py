"""Search: entries, words of names, full text; what proves a signature, and until when"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from warehouse.schema_search import PAGE_WORDS

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    bytewise = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "search_entry",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="never given twice: full text is kept under it",
        ),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="as in document, like record_type and year"),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "number", bytewise, nullable=False, comment="warehouse.names.search_number; empty without one"
        ),
        sa.Column("book", bytewise, nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["record.document_key"],
            name=op.f("fk_search_entry_document_key_record"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entry")),
        sa.UniqueConstraint("document_key", name=op.f("uq_search_entry_document_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_search_entry_number_unit_code_year"), "search_entry", ["number", "unit_code", "year"])
    op.create_index(
        op.f("ix_search_entry_unit_code_year_record_type"), "search_entry", ["unit_code", "year", "record_type"]
    )
    op.create_table(
        "name_word",
        sa.Column("variant", bytewise, nullable=False, comment="the word, or the word without one letter"),
        sa.Column("word", bytewise, nullable=False),
        sa.PrimaryKeyConstraint("variant", "word", name=op.f("pk_name_word")),
    )
    op.create_table(
        "name_posting",
        sa.Column("word", bytewise, nullable=False),
        sa.Column("name", bytewise, nullable=False, comment="a party.name_folded that holds the word"),
        sa.PrimaryKeyConstraint("word", "name", name=op.f("pk_name_posting")),
    )
    for statement in PAGE_WORDS[op.get_bind().dialect.name]:
        op.execute(statement)

    op.add_column(
        "party",
        sa.Column("name_spelled", sa.Text(), server_default="", nullable=False, comment="warehouse.names.spelled_name"),
    )
    op.add_column(
        "party",
        sa.Column("unit_code", sa.Text(), server_default="", nullable=False, comment="as in document, like year"),
    )
    op.add_column("party", sa.Column("year", sa.Integer(), server_default="0", nullable=False))
    for name in ("time_source", "revocation", "evidence_ends_with"):
        op.add_column("signature", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("signature", sa.Column("evidence_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "signature",
        sa.Column(
            "changes",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
            comment="kinds of what was added to the file after it",
        ),
    )
    op.drop_index(op.f("ix_party_name_folded"), table_name="party")
    op.create_index(
        "ix_party_search", "party", ["name_folded", "unit_code", "year", "document_key", "name_spelled"]
    )
    op.create_index("ix_party_birth_date", "party", ["birth_date", "name_folded"])
    op.drop_index(op.f("ix_record_unit_code_record_type_year_number"), table_name="record")
    op.create_index(op.f("ix_record_unit_code_record_type_year"), "record", ["unit_code", "record_type", "year"])

    from warehouse.search_index import refill  # nothing to do in a new database; an old one becomes searchable

    refill(op.get_bind())


def downgrade() -> None:
    op.drop_index(op.f("ix_record_unit_code_record_type_year"), table_name="record")
    op.create_index(
        op.f("ix_record_unit_code_record_type_year_number"), "record", ["unit_code", "record_type", "year", "number"]
    )
    op.drop_index("ix_party_birth_date", table_name="party")
    op.drop_index("ix_party_search", table_name="party")
    op.create_index(op.f("ix_party_name_folded"), "party", ["name_folded"])
    for name in ("changes", "evidence_until", "evidence_ends_with", "revocation", "time_source"):
        op.drop_column("signature", name)
    for name in ("year", "unit_code", "name_spelled"):
        op.drop_column("party", name)
    for table in ("page_words", "name_posting", "name_word", "search_entry"):
        op.drop_table(table)

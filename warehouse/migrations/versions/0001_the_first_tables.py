"""The first tables"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batch",
        sa.Column("batch_key", sa.Text(), nullable=False, comment="unit code/batch id"),
        sa.Column("unit_code", sa.Text(), nullable=False, comment="the unit that delivered it"),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("manifest_sha256", sa.Text(), nullable=True),
        sa.Column("document_count", sa.Integer(), server_default="0", nullable=False, comment="as its manifest says"),
        sa.Column("page_count", sa.Integer(), server_default="0", nullable=False, comment="as its manifest says"),
        sa.Column("accepted_count", sa.Integer(), server_default="0", nullable=False, comment="by its last check"),
        sa.Column("refused_count", sa.Integer(), server_default="0", nullable=False, comment="by its last check"),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("batch_key", name=op.f("pk_batch")),
    )
    op.create_index(op.f("ix_batch_first_seen_at"), "batch", ["first_seen_at"], unique=False)
    op.create_index(op.f("ix_batch_unit_code"), "batch", ["unit_code"], unique=False)
    op.create_table(
        "inventory_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("source_sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inventory_version")),
        sa.UniqueConstraint("source_sha256", name=op.f("uq_inventory_version_source_sha256")),
    )
    op.create_table(
        "record_type",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("short", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_record_type")),
    )
    op.create_table(
        "stage",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("per", sa.Text(), nullable=False, comment="batch, document or page"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stage")),
    )
    op.create_table(
        "unit",
        sa.Column(
            "unit_id", sa.Text(), nullable=False, comment="code@valid_from, or code@- when it was always there"
        ),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True, comment="last day, inclusive"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("parent_code", sa.Text(), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False, comment="years whose papers count to this unit ..."),
        sa.Column(
            "last_year", sa.Integer(), nullable=False, comment="... a code's units share all years out, none twice"
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_code_first_year"), "unit", ["code", "first_year"], unique=False)
    op.create_table(
        "unit_succession",
        sa.Column("predecessor_code", sa.Text(), nullable=False),
        sa.Column("successor_code", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False, comment="first day of the successor"),
        sa.Column("extent", sa.Text(), nullable=False, comment="full or partial"),
        sa.PrimaryKeyConstraint(
            "predecessor_code", "successor_code", "effective_on", name=op.f("pk_unit_succession")
        ),
    )
    op.create_index(op.f("ix_unit_succession_successor_code"), "unit_succession", ["successor_code"], unique=False)
    op.create_table(
        "document",
        sa.Column("document_key", sa.Text(), nullable=False, comment="unit code/batch id/document id"),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=False),
        sa.Column(
            "unit_code", sa.Text(), nullable=False, comment="the unit that issued the result, as of its own date"
        ),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False, comment="as the manifest declares"),
        sa.Column("medium", sa.String(20), nullable=True),
        sa.Column("book", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("stage", sa.Text(), nullable=True, comment="the last stage it entered"),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("reason_detail", sa.Text(), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_key"], ["batch.batch_key"], name=op.f("fk_document_batch_key_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_key", name=op.f("pk_document")),
    )
    op.create_index(op.f("ix_document_batch_key_status"), "document", ["batch_key", "status"], unique=False)
    op.create_index(
        op.f("ix_document_unit_code_record_type_year"), "document", ["unit_code", "record_type", "year"], unique=False
    )
    op.create_table(
        "fault",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.Column("document_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False, comment="key of manifests.reasons.REASONS"),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("row", sa.Integer(), nullable=True, comment="1-based row of the manifest"),
        sa.Column("column_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_key"], ["batch.batch_key"], name=op.f("fk_fault_batch_key_batch"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault")),
    )
    op.create_index(op.f("ix_fault_batch_key"), "fault", ["batch_key"], unique=False)
    op.create_table(
        "inventory_line",
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=True, comment="null when the list does not count them"),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["inventory_version.id"],
            name=op.f("fk_inventory_line_version_id_inventory_version"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("version_id", "unit_code", "record_type", "year", name=op.f("pk_inventory_line")),
    )
    op.create_table(
        "artefact",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="in the archive store"),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "current",
            sa.Boolean(),
            server_default=sa.true(),
            nullable=False,
            comment="false once a later run replaced it",
        ),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["document.document_key"],
            name=op.f("fk_artefact_document_key_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "kind", "key", name=op.f("pk_artefact")),
    )
    op.create_index(op.f("ix_artefact_sha256"), "artefact", ["sha256"], unique=False)
    op.create_table(
        "record",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("book", sa.Text(), nullable=True),
        sa.Column("issue_date", sa.Text(), nullable=True, comment="ISO date as far as it could be told"),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("review_reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("pdfa_verdict", sa.Text(), nullable=False),
        sa.Column("legal_profile", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["document.document_key"],
            name=op.f("fk_record_document_key_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", name=op.f("pk_record")),
    )
    op.create_index(op.f("ix_record_status"), "record", ["status"], unique=False)
    op.create_index(
        op.f("ix_record_unit_code_record_type_year_number"),
        "record",
        ["unit_code", "record_type", "year", "number"],
        unique=False,
    )
    op.create_table(
        "stage_run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=True),
        sa.Column("batch_key", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("run_key", sa.Text(), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="1", nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_key"], ["batch.batch_key"], name=op.f("fk_stage_run_batch_key_batch"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["document.document_key"],
            name=op.f("fk_stage_run_document_key_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_run")),
    )
    op.create_index(op.f("ix_stage_run_batch_key_stage"), "stage_run", ["batch_key", "stage"], unique=False)
    op.create_index(
        op.f("ix_stage_run_document_key_stage_run_key"),
        "stage_run",
        ["document_key", "stage", "run_key"],
        unique=False,
    )
    op.create_table(
        "event",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False, comment="PREMIS event type"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"], ["record.document_key"], name=op.f("fk_event_document_key_record"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_key", "position", name=op.f("pk_event")),
    )
    op.create_table(
        "field_value",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("transcription", sa.Text(), nullable=False),
        sa.Column("normalized", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("keyed", sa.Text(), nullable=True),
        sa.Column("agrees", sa.Boolean(), nullable=True),
        sa.Column("page_number", sa.Integer(), nullable=True),
        sa.Column(
            "bbox",
            sa.JSON().with_variant(postgresql.JSONB(), "postgresql"),
            nullable=True,
            comment="[left, top, right, bottom] in pixels of the visible page image",
        ),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["record.document_key"],
            name=op.f("fk_field_value_document_key_record"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "position", name=op.f("pk_field_value")),
    )
    op.create_table(
        "page",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("page_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_page", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("dpi", sa.Float(), nullable=False),
        sa.Column("rotation", sa.Integer(), nullable=False),
        sa.Column("skew_before", sa.Float(), nullable=False),
        sa.Column("skew_after", sa.Float(), nullable=False),
        sa.Column("sharpness", sa.Float(), nullable=False),
        sa.Column("contrast", sa.Float(), nullable=False),
        sa.Column("ink_share", sa.Float(), nullable=False),
        sa.Column("blank", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("mean_confidence", sa.Float(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"], ["record.document_key"], name=op.f("fk_page_document_key_record"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_key", "page_number", name=op.f("pk_page")),
    )
    op.create_table(
        "page_flag",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("page_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("flag", sa.Text(), nullable=False, comment="manifests.text.QualityFlag"),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["record.document_key"],
            name=op.f("fk_page_flag_document_key_record"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "page_number", "flag", name=op.f("pk_page_flag")),
    )
    op.create_table(
        "party",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_folded", sa.Text(), nullable=False, comment="lower case without diacritics"),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("personal_id", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_key"], ["record.document_key"], name=op.f("fk_party_document_key_record"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_key", "position", name=op.f("pk_party")),
    )
    op.create_index(op.f("ix_party_name_folded"), "party", ["name_folded"], unique=False)
    op.create_index(op.f("ix_party_personal_id"), "party", ["personal_id"], unique=False)
    op.create_table(
        "signature",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("of", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field_name", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("intact", sa.Boolean(), nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.Column("trusted", sa.Boolean(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("timestamp_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("covers_whole_file", sa.Boolean(), nullable=False),
        sa.Column("legally_valid", sa.Boolean(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["record.document_key"],
            name=op.f("fk_signature_document_key_record"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "of", "position", name=op.f("pk_signature")),
    )


def downgrade() -> None:
    op.drop_table("signature")
    op.drop_index(op.f("ix_party_personal_id"), table_name="party")
    op.drop_index(op.f("ix_party_name_folded"), table_name="party")
    op.drop_table("party")
    op.drop_table("page_flag")
    op.drop_table("page")
    op.drop_table("field_value")
    op.drop_table("event")
    op.drop_index(op.f("ix_stage_run_document_key_stage_run_key"), table_name="stage_run")
    op.drop_index(op.f("ix_stage_run_batch_key_stage"), table_name="stage_run")
    op.drop_table("stage_run")
    op.drop_index(op.f("ix_record_unit_code_record_type_year_number"), table_name="record")
    op.drop_index(op.f("ix_record_status"), table_name="record")
    op.drop_table("record")
    op.drop_index(op.f("ix_artefact_sha256"), table_name="artefact")
    op.drop_table("artefact")
    op.drop_table("inventory_line")
    op.drop_index(op.f("ix_fault_batch_key"), table_name="fault")
    op.drop_table("fault")
    op.drop_index(op.f("ix_document_unit_code_record_type_year"), table_name="document")
    op.drop_index(op.f("ix_document_batch_key_status"), table_name="document")
    op.drop_table("document")
    op.drop_index(op.f("ix_unit_succession_successor_code"), table_name="unit_succession")
    op.drop_table("unit_succession")
    op.drop_index(op.f("ix_unit_code_first_year"), table_name="unit")
    op.drop_table("unit")
    op.drop_table("stage")
    op.drop_table("record_type")
    op.drop_table("inventory_version")
    op.drop_index(op.f("ix_batch_unit_code"), table_name="batch")
    op.drop_index(op.f("ix_batch_first_seen_at"), table_name="batch")
    op.drop_table("batch")

"""Units with time in the inventory, custodians, the standing of records, reconciliation, alerts"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_LINE = ["version_id", "unit_code", "record_type", "year"]
_NEW = {
    "unit_id": "empty: the unit of the year",
    "book": "empty: the list tells no books",
    "box": "empty: the list tells no boxes",
}
_SQLITE_INSERTED = """
CREATE TRIGGER IF NOT EXISTS record_standing_inserted AFTER INSERT ON record BEGIN
  INSERT INTO record_standing (document_key, at, status)
  VALUES (NEW.document_key, NEW.finished_at, NEW.status) ON CONFLICT DO NOTHING;
END"""
_SQLITE_CHANGED = """
CREATE TRIGGER IF NOT EXISTS record_standing_changed AFTER UPDATE OF status ON record
WHEN NEW.status <> OLD.status BEGIN
  INSERT INTO record_standing (document_key, at, status)
  VALUES (NEW.document_key, max(strftime('%Y-%m-%d %H:%M:%f000', 'now'), NEW.finished_at), NEW.status)
  ON CONFLICT (document_key, at) DO UPDATE SET status = excluded.status;
END"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION keep_record_standing() RETURNS trigger AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO record_standing (document_key, at, status)
    VALUES (NEW.document_key, NEW.finished_at, NEW.status) ON CONFLICT DO NOTHING;
  ELSE
    INSERT INTO record_standing (document_key, at, status)
    VALUES (NEW.document_key, greatest(clock_timestamp(), NEW.finished_at), NEW.status)
    ON CONFLICT (document_key, at) DO UPDATE SET status = excluded.status;
  END IF;
  RETURN NULL;
END $$ LANGUAGE plpgsql"""
_POSTGRES_INSERTED = """
CREATE OR REPLACE TRIGGER record_standing_inserted AFTER INSERT ON record
FOR EACH ROW EXECUTE FUNCTION keep_record_standing()"""
_POSTGRES_CHANGED = """
CREATE OR REPLACE TRIGGER record_standing_changed AFTER UPDATE OF status ON record
FOR EACH ROW WHEN (NEW.status IS DISTINCT FROM OLD.status) EXECUTE FUNCTION keep_record_standing()"""

_TRIGGERS = {
    "sqlite": (_SQLITE_INSERTED, _SQLITE_CHANGED),
    "postgresql": (_POSTGRES_FUNCTION, _POSTGRES_INSERTED, _POSTGRES_CHANGED),
}


def upgrade() -> None:
    with op.batch_alter_table("inventory_line") as table:
        for name, comment in _NEW.items():
            table.add_column(sa.Column(name, sa.Text(), server_default="", nullable=False, comment=comment))
        table.drop_constraint("pk_inventory_line", type_="primary")
        table.create_primary_key("pk_inventory_line", [*_LINE, *_NEW])
    with op.batch_alter_table("inventory_line") as table:
        for name in _NEW:
            table.alter_column(name, server_default=None)
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column("area", sa.Text(), nullable=False, comment="field of work"),
        sa.Column("kinds", sa.Text(), nullable=False, comment="what is wrong, sorted, parted by commas"),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=True, comment="when the last message about it went out"),
        sa.Column("closed_on", sa.Date(), nullable=True, comment="the day it was no longer so"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_unit_id_area"), "alert", ["unit_id", "area"], unique=False)
    op.create_table(
        "custody",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Text(), nullable=False, comment="unit that issued the papers; as in unit.unit_id"),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False, comment="empty: every type"),
        sa.Column(
            "book", sa.Text(), nullable=False, comment="folded (manifests.custody.fold_book); empty: every book"
        ),
        sa.Column("box", sa.Text(), nullable=False, comment="folded id of the batch a box came in; empty: every box"),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("custodian_code", sa.Text(), nullable=False, comment="unit that holds the papers now"),
        sa.Column(
            "decided_on", sa.Date(), nullable=False, comment="counts from this day; of two the later one counts"
        ),
        sa.Column("decision", sa.Text(), nullable=True, comment="number of the decision, as the list gives it"),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custody")),
        sa.UniqueConstraint(
            "unit_id",
            "record_type",
            "book",
            "box",
            "first_year",
            "last_year",
            "decided_on",
            name=op.f("uq_custody_unit_id_record_type_book_box_first_year_last_year_decided_on"),
        ),
    )
    op.create_table(
        "reconciliation_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("system", sa.Text(), nullable=False, comment="internal, or the name of the outside system"),
        sa.Column("source_name", sa.Text(), nullable=True, comment="the outside system's export"),
        sa.Column("source_sha256", sa.Text(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True, comment="null: every unit"),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_run")),
    )
    op.create_index(op.f("ix_reconciliation_run_system_at"), "reconciliation_run", ["system", "at"], unique=False)
    op.create_table(
        "unit_heir",
        sa.Column("unit_id", sa.Text(), nullable=False),
        sa.Column(
            "custodian_code", sa.Text(), nullable=False, comment="itself, or the only unit it went to as a whole"
        ),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit_heir")),
    )
    op.create_table(
        "outside_record",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("row", sa.Integer(), autoincrement=False, nullable=False, comment="1-based row of the export"),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("record_type", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False, comment="as the export spells it"),
        sa.Column(
            "number_value",
            sa.BigInteger(),
            nullable=True,
            comment="as warehouse.numbers reads it; null when it is no number",
        ),
        sa.Column("notation", sa.Text(), nullable=True),
        sa.Column("name_folded", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True, comment="the outside system's own code"),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["reconciliation_run.id"],
            name=op.f("fk_outside_record_run_id_reconciliation_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "row", name=op.f("pk_outside_record")),
    )
    op.create_index(
        op.f("ix_outside_record_run_id_unit_code_record_type_year_number_value"),
        "outside_record",
        ["run_id", "unit_code", "record_type", "year", "number_value"],
        unique=False,
    )
    op.create_table(
        "reconciliation_finding",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="key of warehouse.reconciliation.FINDINGS"),
        sa.Column("batch_key", sa.Text(), nullable=True),
        sa.Column("document_key", sa.Text(), nullable=True),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("record_type", sa.Text(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["reconciliation_run.id"],
            name=op.f("fk_reconciliation_finding_run_id_reconciliation_run"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation_finding")),
    )
    op.create_index(
        op.f("ix_reconciliation_finding_run_id_code"), "reconciliation_finding", ["run_id", "code"], unique=False
    )
    op.create_table(
        "reconciliation_match",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "lost_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="a later export of the system no longer held it",
        ),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["document.document_key"],
            name=op.f("fk_reconciliation_match_document_key_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "system", name=op.f("pk_reconciliation_match")),
    )
    op.create_table(
        "record_standing",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["document.document_key"],
            name=op.f("fk_record_standing_document_key_document"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("document_key", "at", name=op.f("pk_record_standing")),
    )
    op.execute(
        "INSERT INTO record_standing (document_key, at, status) SELECT document_key, finished_at, status FROM record"
    )
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    raise RuntimeError("the warehouse is not taken back; restore the database from its backup")

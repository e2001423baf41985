"""Tables behind progress that a person or a check fills: custodians, standing of records, reconciliation, alerts.

``record_standing`` is filled by triggers on ``record``: whoever writes a record's status, be it a load, a review or a
rebuild, leaves its trace, and a past month can be told as it was.
"""

from __future__ import annotations

import sqlalchemy as sa

from manifests.documents import RecordStatus
from warehouse.schema import UtcDateTime, _json, _row_id, _words, metadata

custody = sa.Table(
    "custody",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("unit_id", sa.Text, nullable=False, comment="unit that issued the papers; as in unit.unit_id"),
    sa.Column("unit_code", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False, comment="empty: every type"),
    sa.Column("book", sa.Text, nullable=False, comment="folded (manifests.custody.fold_book); empty: every book"),
    sa.Column("box", sa.Text, nullable=False, comment="folded id of the batch a box came in; empty: every box"),
    sa.Column("first_year", sa.Integer, nullable=False),
    sa.Column("last_year", sa.Integer, nullable=False),
    sa.Column("custodian_code", sa.Text, nullable=False, comment="unit that holds the papers now"),
    sa.Column("decided_on", sa.Date, nullable=False, comment="counts from this day; of two the later one counts"),
    sa.Column("decision", sa.Text, comment="number of the decision, as the list gives it"),
    sa.Column("source_name", sa.Text, nullable=False),
    sa.Column("imported_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("unit_id", "record_type", "book", "box", "first_year", "last_year", "decided_on"),
)

unit_heir = sa.Table(
    "unit_heir",
    metadata,
    sa.Column("unit_id", sa.Text, primary_key=True),
    sa.Column("custodian_code", sa.Text, nullable=False, comment="itself, or the only unit it went to as a whole"),
)

record_standing = sa.Table(
    "record_standing",
    metadata,
    # no foreign key to the record: its row is replaced when a newer one is loaded, its history stays
    sa.Column(
        "document_key",
        sa.Text,
        sa.ForeignKey("document.document_key", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    sa.Column("at", UtcDateTime, primary_key=True, nullable=False),
    sa.Column("status", _words(RecordStatus), nullable=False),
)

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

STANDING_TRIGGERS = {
    "sqlite": (_SQLITE_INSERTED, _SQLITE_CHANGED),
    "postgresql": (_POSTGRES_FUNCTION, _POSTGRES_INSERTED, _POSTGRES_CHANGED),
}
"""Statements that make the triggers, by dialect; migration 0002 runs the same ones."""


def _make_triggers(_metadata: object, connection: sa.Connection, **_options: object) -> None:
    for statement in STANDING_TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)


sa.event.listen(metadata, "after_create", _make_triggers)

reconciliation_run = sa.Table(
    "reconciliation_run",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("system", sa.Text, nullable=False, comment="internal, or the name of the outside system"),
    sa.Column("source_name", sa.Text, comment="the outside system's export"),
    sa.Column("source_sha256", sa.Text),
    sa.Column("unit_code", sa.Text, comment="null: every unit"),
    sa.Column("counts", _json(), nullable=False),
    sa.Index(None, "system", "at"),
)

reconciliation_finding = sa.Table(
    "reconciliation_finding",
    metadata,
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("run_id", sa.Integer, sa.ForeignKey("reconciliation_run.id", ondelete="CASCADE"), nullable=False),
    sa.Column("code", sa.Text, nullable=False, comment="key of warehouse.reconciliation.FINDINGS"),
    sa.Column("batch_key", sa.Text),
    sa.Column("document_key", sa.Text),
    sa.Column("unit_code", sa.Text),
    sa.Column("record_type", sa.Text),
    sa.Column("year", sa.Integer),
    sa.Column("number", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index(None, "run_id", "code"),
)

reconciliation_match = sa.Table(
    "reconciliation_match",
    metadata,
    sa.Column(
        "document_key",
        sa.Text,
        sa.ForeignKey("document.document_key", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    sa.Column("system", sa.Text, primary_key=True, nullable=False),
    sa.Column("matched_at", UtcDateTime, nullable=False),
    sa.Column("lost_at", UtcDateTime, comment="a later export of the system no longer held it"),
)

outside_record = sa.Table(
    "outside_record",
    metadata,
    sa.Column(
        "run_id",
        sa.Integer,
        sa.ForeignKey("reconciliation_run.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("row", sa.Integer, primary_key=True, autoincrement=False, comment="1-based row of the export"),
    sa.Column("unit_code", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", sa.Text, nullable=False, comment="as the export spells it"),
    sa.Column("number_value", sa.BigInteger, comment="as warehouse.numbers reads it; null when it is no number"),
    sa.Column("notation", sa.Text),
    sa.Column("name_folded", sa.Text),
    sa.Column("code", sa.Text, comment="the outside system's own code"),
    sa.Index(None, "run_id", "unit_code", "record_type", "year", "number_value"),
)

alert = sa.Table(
    "alert",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("unit_id", sa.Text, nullable=False),
    sa.Column("area", sa.Text, nullable=False, comment="field of work"),
    sa.Column("kinds", sa.Text, nullable=False, comment="what is wrong, sorted, parted by commas"),
    sa.Column("opened_on", sa.Date, nullable=False),
    sa.Column("sent_on", sa.Date, comment="when the last message about it went out"),
    sa.Column("closed_on", sa.Date, comment="the day it was no longer so"),
    sa.Index(None, "unit_id", "area"),
)

"""Tables of who read which record, when and why, of machines' tokens, and of what is exchanged with other systems.

``record_access`` is only ever added to: the database itself refuses to change or remove a row of it.
"""

from __future__ import annotations

import sqlalchemy as sa

from warehouse import schema_accounts  # noqa: F401 - accounts own tokens and sessions
from warehouse.schema import UtcDateTime, _json, _row_id, metadata

record_access = sa.Table(
    "record_access",
    metadata,
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    # As they were at the time, and no foreign keys: what was done stays written when accounts and papers go.
    sa.Column("account_id", sa.BigInteger, nullable=False),
    sa.Column("account_name", sa.Text, nullable=False),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("token_label", sa.Text, comment="of a machine's token; null for a person at a browser"),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False, comment="warehouse.access_log.Action"),
    sa.Column("document_key", sa.Text, comment="null for a search"),
    sa.Column("purpose", sa.Text, nullable=False, comment="warehouse.access_log.Purpose"),
    sa.Column("reason", sa.Text, nullable=False, comment="in the person's own words"),
    sa.Column("detail", sa.Text, nullable=False, comment="which page, field or file"),
    sa.Column("search_id", sa.Text, unique=True, comment="of a search; known to who searched only"),
    sa.Column("query", _json(), comment="what was searched for"),
    sa.Column("hits", sa.Integer),
    sa.Index(None, "at"),
    sa.Index(None, "document_key", "at"),
    sa.Index(None, "account_name", "at"),
)

access_purpose = sa.Table(
    "access_purpose",
    metadata,
    sa.Column("token_sha256", sa.ForeignKey("account_session.token_sha256", ondelete="CASCADE"), primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)

account_token = sa.Table(
    "account_token",
    metadata,
    sa.Column("token_id", _row_id(), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("account.account_id", ondelete="CASCADE"), nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("token_sha256", sa.Text, nullable=False, unique=True, comment="the token itself is kept nowhere"),
    sa.Column("allowed", _json(), nullable=False, comment="warehouse.tokens.TokenScope"),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime),
    sa.Index(None, "account_id"),
)

api_use = sa.Table(
    "api_use",
    metadata,
    sa.Column("who", sa.Text, primary_key=True, comment="a token or an account"),
    sa.Column("minute", sa.BigInteger, primary_key=True, autoincrement=False, comment="since 1970"),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Index(None, "minute"),
)

document_code = sa.Table(
    "document_code",
    metadata,
    sa.Column("document_key", sa.Text, primary_key=True, comment="no foreign key: a code once given is never reused"),
    sa.Column(
        "version",
        sa.Integer,
        primary_key=True,
        autoincrement=False,
        server_default=sa.text("1"),
        comment="1 is the first scan: V1, V2 …",
    ),
    sa.Column("code", sa.Text, nullable=False, unique=True, comment="DocCode, CV 7197/BKHCN-CĐSQG"),
    sa.Column("series", sa.Text, nullable=False, comment="the code's part before the serial"),
    sa.Column("serial", sa.Integer, nullable=False),
    sa.Column(
        "scan",
        sa.Text,
        nullable=False,
        server_default=sa.text("''"),
        comment="digest of the delivered files it was given for; empty where that was not kept",
    ),
    sa.Column("given_at", UtcDateTime, nullable=False),
    sa.Index(None, "series", "serial", "version", unique=True),
)

outside_document = sa.Table(
    "outside_document",
    metadata,
    sa.Column("system", sa.Text, primary_key=True, comment="account that sent it"),
    sa.Column("code", sa.Text, primary_key=True, comment="the other system's DocCode"),
    sa.Column("sha256", sa.Text, nullable=False, comment="of the metadata as it was sent, canonical"),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False),
    sa.Column("unit_code", sa.Text, nullable=False, comment="empty when it could not be told"),
    sa.Column("record_type", sa.Text, nullable=False, comment="empty when it could not be told"),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("person_name", sa.Text),
    sa.Column("described", _json(), nullable=False, comment="as it was sent"),
    sa.Index(None, "system", "unit_code", "record_type", "year"),
)

_SQLITE = tuple(
    f"CREATE TRIGGER IF NOT EXISTS record_access_no_{word.lower()} BEFORE {word} ON record_access "
    "BEGIN SELECT RAISE(ABORT, 'record_access is only ever added to'); END"
    for word in ("UPDATE", "DELETE")
)
_POSTGRES = (
    """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger AS $$ BEGIN
  RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME;
END $$ LANGUAGE plpgsql""",
    """
CREATE OR REPLACE TRIGGER record_access_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON record_access
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)

APPEND_ONLY = {"sqlite": _SQLITE, "postgresql": _POSTGRES}
"""Statements that make the triggers, by dialect; the migration runs the same ones."""


def _make_triggers(_metadata: object, connection: sa.Connection, **_options: object) -> None:
    for statement in APPEND_ONLY[connection.dialect.name]:
        connection.exec_driver_sql(statement)


sa.event.listen(metadata, "after_create", _make_triggers)

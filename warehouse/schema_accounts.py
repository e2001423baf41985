"""Tables of accounts, their sessions and what happened to them: who may look, who looked in, who was turned away."""

from __future__ import annotations

import sqlalchemy as sa

from warehouse.roles import Role
from warehouse.schema import UtcDateTime, _row_id, _words, metadata

account = sa.Table(
    "account",
    metadata,
    sa.Column("account_id", _row_id(), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True, comment="lower case; what people type to sign in"),
    sa.Column("full_name", sa.Text, nullable=False),
    sa.Column("role", _words(Role), nullable=False),
    sa.Column("password_hash", sa.Text, comment="Argon2id; null for an account that signs in through OIDC alone"),
    sa.Column("must_change", sa.Boolean, nullable=False, server_default=sa.true()),
    sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("password_set_at", UtcDateTime),
)

account_unit = sa.Table(
    "account_unit",
    metadata,
    sa.Column("account_id", sa.ForeignKey("account.account_id", ondelete="CASCADE"), primary_key=True),
    sa.Column("unit", sa.Text, primary_key=True, comment="a unit code, or one unit_id; what follows is derived"),
)

account_session = sa.Table(
    "account_session",
    metadata,
    sa.Column("token_sha256", sa.Text, primary_key=True, comment="the token itself is only in the browser"),
    sa.Column("account_id", sa.ForeignKey("account.account_id", ondelete="CASCADE"), nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("address", sa.Text, nullable=False),
    sa.Index(None, "account_id"),
    sa.Index(None, "expires_at"),
)

account_event = sa.Table(
    "account_event",
    metadata,
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="warehouse.accounts.EventKind"),
    sa.Column("subject", sa.Text, nullable=False, comment="SHA-256 of the name typed: it may be a password"),
    sa.Column("address", sa.Text, nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.account_id", ondelete="SET NULL")),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Index(None, "subject", "at"),
    sa.Index(None, "address", "at"),
    sa.Index(None, "account_id", "at"),
)

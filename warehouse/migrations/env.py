"""Alembic's entry: runs the migrations on the connection ``warehouse.database.migrate`` hands over."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

import warehouse.schema_access
import warehouse.schema_accounts
import warehouse.schema_progress
import warehouse.schema_search
import warehouse.schema_totals  # noqa: F401
from warehouse.schema import UtcDateTime, metadata


def _plain(kind: str, item: Any, autogen: AutogenContext) -> str | Literal[False]:
    # A migration must keep its meaning when schema.py moves on, so it names no type of ours.
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.Enum):
        return f"sa.String({item.length})"
    if kind == "type" and isinstance(item, sa.JSON):
        autogen.imports.add("from sqlalchemy.dialects import postgresql")
        return "sa.JSON().with_variant(postgresql.JSONB(), 'postgresql')"
    return False


def _shared(name: str | None, kind: str, parents: Any) -> bool:
    # The full text is each database's own: see warehouse.schema_search.PAGE_WORDS.
    return not (kind == "table" and name is not None and name.startswith("page_words"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=_plain,
    compare_server_default=True,
    include_name=_shared,
)
with context.begin_transaction():
    context.run_migrations()

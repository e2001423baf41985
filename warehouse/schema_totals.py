"""Figures of cells kept ready, and which of them no longer hold: so that a city is counted as quickly as a ward.

Nothing here counts up or down. Triggers write into ``cell_stale`` which cells of which batch a change of the facts
touches, in the transaction that changes them; a stale cell is counted from the facts whenever it is asked for, until
``warehouse.cell_totals.refresh_totals`` has counted it anew: first what its batches give to it (``…_part``), then the
sum of all batches, so that the work is that of the batches that changed, however big their cells are. So the figures
are those of the facts at every moment, and losing these tables loses nothing.
"""

# ruff: noqa: S608 - made of the names of our own tables
from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from warehouse.schema import _row_id, metadata

COUNTED = (
    "received",
    "digitized",
    "digitized_pages",
    "signed",
    "own_signed",
    "indexed",
    "needs_review",
    "reconciled",
    "quarantined",
    "refused",
)
DOCUMENTS = ("documents",)


def _cell() -> tuple[sa.Column[str], ...]:
    columns: tuple[sa.Column[Any], ...] = (
        sa.Column("unit_code", sa.Text, primary_key=True),
        sa.Column("record_type", sa.Text, primary_key=True),
        sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("unit_id", sa.Text, primary_key=True, comment="empty for a code nobody knows"),
    )
    return columns


def _days() -> tuple[sa.Column[str], ...]:
    return (
        sa.Column("digitized_on", sa.Text, primary_key=True, comment="day in Hanoi; empty while it is not"),
        sa.Column("indexed_on", sa.Text, primary_key=True, comment="day in Hanoi; empty while it is not"),
    )


def _counts(names: tuple[str, ...]) -> tuple[sa.Column[int], ...]:
    return tuple(sa.Column(name, sa.Integer, nullable=False) for name in names)


cell_total = sa.Table("cell_total", metadata, *_cell(), *_counts(COUNTED))
cell_day = sa.Table("cell_day", metadata, *_cell(), *_days(), *_counts(DOCUMENTS))

_BATCH = "what the documents of one batch give to the cell"
cell_total_part = sa.Table(
    "cell_total_part",
    metadata,
    sa.Column("batch_key", sa.Text, primary_key=True),
    *_cell(),
    *_counts(COUNTED),
    sa.Index(None, "unit_code", "record_type", "year"),
    comment=_BATCH,
)
cell_day_part = sa.Table(
    "cell_day_part",
    metadata,
    sa.Column("batch_key", sa.Text, primary_key=True),
    *_cell(),
    *_days(),
    *_counts(DOCUMENTS),
    sa.Index(None, "unit_code", "record_type", "year"),
    comment=_BATCH,
)

cell_stale = sa.Table(
    "cell_stale",
    metadata,
    # Never one row for each cell: who marks a cell must not wait for who marked it before and has not ended yet.
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("unit_code", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("batch_key", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Index(None, "unit_code", "record_type", "year"),
)

cell_refresh = sa.Table(
    "cell_refresh",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, comment="always 1"),
    sa.Column("token", sa.BigInteger, nullable=False, comment="another one each time stale cells are counted anew"),
)
"""Between two refreshes marks are only added: the token and the number of marks tell any two states apart."""

unit_refresh = sa.Table(
    "unit_refresh",
    metadata,
    sa.Column("unit_code", sa.Text, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False, comment="another one each time a cell of the unit is counted"),
)
"""The same for the cells of each unit."""

_CELL = "unit_code, record_type, year, batch_key"
_FILES = "kind IN ('signed_pdf', 'pdfa')"
_STOPPED = "{0}.status IN ('refused', 'quarantined')"
_OTHER_DOCUMENT = (
    "{old}.pages <> {new}.pages OR {old}.unit_code <> {new}.unit_code OR {old}.record_type <> {new}.record_type"
    " OR {old}.year <> {new}.year"
    f" OR ({{old}}.status <> {{new}}.status AND ({_STOPPED.format('{old}')} OR {_STOPPED.format('{new}')}))"
)


def _sqlite() -> tuple[str, ...]:
    def trigger(name: str, event: str, table: str, when: str, *rows: str) -> str:
        mark = "; ".join(f"INSERT INTO cell_stale ({_CELL}) {cells}" for cells in rows)
        guard = f"WHEN {when} " if when else ""
        return f"CREATE TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} {guard}BEGIN {mark}; END"

    def own(row: str) -> str:
        return f"VALUES ({row}.unit_code, {row}.record_type, {row}.year, {row}.batch_key)"

    def of_document(row: str) -> str:
        return f"SELECT {_CELL} FROM document WHERE document_key = {row}.document_key"

    changed = _OTHER_DOCUMENT.format(old="OLD", new="NEW")
    made = [
        trigger("stale_document_insert", "INSERT", "document", "", own("NEW")),
        trigger("stale_document_delete", "DELETE", "document", "", own("OLD")),
        trigger("stale_document_update", "UPDATE", "document", changed, own("OLD"), own("NEW")),
        trigger(
            "stale_unit",
            "INSERT",
            "unit",
            "",
            f"SELECT DISTINCT {_CELL} FROM document WHERE unit_code = NEW.code",
        ),
        trigger(
            "stale_unit_delete",
            "DELETE",
            "unit",
            "",
            f"SELECT DISTINCT {_CELL} FROM document WHERE unit_code = OLD.code",
        ),
    ]
    for table, when in (("record", ""), ("reconciliation_match", ""), ("artefact", _FILES)):
        for event, row in (("INSERT", "NEW"), ("DELETE", "OLD"), ("UPDATE", "NEW")):
            guard = f"{row}.{when}" if when else ""
            made.append(trigger(f"stale_{table}_{event.lower()}", event, table, guard, of_document(row)))
    return tuple(made)


def _postgresql() -> tuple[str, ...]:
    own = f"SELECT {_CELL} FROM changed"
    document = "SELECT d.unit_code, d.record_type, d.year, d.batch_key FROM changed JOIN document d"
    through = f"{document} USING (document_key)"
    unit = f"{document} ON d.unit_code = changed.code"
    other = _OTHER_DOCUMENT.format(old="was", new="now_is")
    both = (
        "SELECT it.* FROM before was JOIN changed now_is USING (document_key), LATERAL (VALUES"
        " (was.unit_code, was.record_type, was.year, was.batch_key),"
        " (now_is.unit_code, now_is.record_type, now_is.year, now_is.batch_key)) it"
        f" WHERE {other}"
    )
    made = []

    def trigger(table: str, event: str, rows: str, tables: str = "") -> None:
        name = f"stale_{table}_{event.lower()}"
        side = tables or f"REFERENCING {'OLD' if event == 'DELETE' else 'NEW'} TABLE AS changed"
        made.append(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger AS $$ BEGIN INSERT INTO cell_stale ({_CELL})"
            f" SELECT DISTINCT * FROM ({rows}) it; RETURN NULL; END $$ LANGUAGE plpgsql"
        )
        made.append(
            f"CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} {side}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
        )

    trigger("document", "INSERT", own)
    trigger("document", "DELETE", own)
    trigger("document", "UPDATE", both, "REFERENCING OLD TABLE AS before NEW TABLE AS changed")
    for event in ("INSERT", "DELETE"):
        trigger("unit", event, unit)
    for event in ("INSERT", "DELETE", "UPDATE"):
        trigger("record", event, through)
        trigger("reconciliation_match", event, through)
        trigger("artefact", event, f"{through} WHERE changed.{_FILES}")
    return tuple(made)


STALE_TRIGGERS = {"sqlite": _sqlite(), "postgresql": _postgresql()}
"""Statements that make the triggers, by dialect; a migration runs the same ones."""

for _dialect, _statements in STALE_TRIGGERS.items():
    for _statement in _statements:
        sa.event.listen(
            metadata,
            "after_create",
            sa.DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect),  # type: ignore[no-untyped-call]
        )

"""Tables of the ledger and of the dossier warehouse, in one MetaData.

The ledger's tables are written by ``pipeline.ledger``; they stand here because progress and the batch pages
read them.
Nothing in here is a counter that somebody has to keep: figures come from these facts, see ``warehouse.progress``.
A change of this file needs a migration in ``warehouse/migrations/versions``; a test compares the two.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from manifests.documents import ArtefactKind, FieldSource, Medium, RecordStatus
from manifests.reasons import Severity
from manifests.text import PageVerdict


class BatchStatus(StrEnum):
    RECEIVING = "receiving"
    PROCESSING = "processing"
    DONE = "done"
    HALTED = "halted"
    """Stopped on the way: too many quarantined documents, or the run itself cannot go on."""
    BLOCKED = "blocked"
    """A fault of the whole drop: nothing of it was accepted."""


class DocumentStatus(StrEnum):
    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    QUARANTINED = "quarantined"
    """Accepted, then stopped on the way; its bytes stay."""
    REFUSED = "refused"
    """Not accepted at intake."""


class StageStatus(StrEnum):
    DONE = "done"
    SKIPPED = "skipped"
    """The same run key was done before."""
    FAILED = "failed"
    """Will be tried again."""
    QUARANTINED = "quarantined"
    HALTED = "halted"


class SignatureSide(StrEnum):
    INPUT = "input"
    """Came with the delivered file."""
    OUTPUT = "output"
    """Made by the road."""


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An aware moment, UTC. Refuses naive values and returns aware ones, on SQLite too, which knows no zones."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                f"{value!r} has no time zone; pass an aware datetime, for example dt.datetime.now(dt.UTC)"
            )
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


def _words(kind: type[StrEnum]) -> sa.Enum:
    # Kept as plain text: a new word then needs no change of the table, and SQLite and PostgreSQL hold the same.
    return sa.Enum(kind, native_enum=False, length=20, values_callable=lambda words: [str(word) for word in words])


def _row_id() -> sa.types.TypeEngine[int]:
    # SQLite numbers rows by itself only in a column called exactly INTEGER.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _json() -> sa.types.TypeEngine[Any]:
    return sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _document_key(parent: str, *, primary_key: bool = True) -> sa.Column[str]:
    link = sa.ForeignKey(f"{parent}.document_key", ondelete="CASCADE")
    return sa.Column("document_key", sa.Text, link, primary_key=primary_key, nullable=False)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- reference

unit = sa.Table(
    "unit",
    metadata,
    sa.Column("unit_id", sa.Text, primary_key=True, comment="code@valid_from, or code@- when it was always there"),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("valid_from", sa.Date),
    sa.Column("valid_to", sa.Date, comment="last day, inclusive"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("tier", sa.Text, nullable=False),
    sa.Column("parent_code", sa.Text),
    sa.Column("first_year", sa.Integer, nullable=False, comment="years whose papers count to this unit ..."),
    sa.Column("last_year", sa.Integer, nullable=False, comment="... a code's units share all years out, none twice"),
    sa.Index(None, "code", "first_year"),
)

unit_succession = sa.Table(
    "unit_succession",
    metadata,
    sa.Column("predecessor_code", sa.Text, primary_key=True),
    sa.Column("successor_code", sa.Text, primary_key=True),
    sa.Column("effective_on", sa.Date, primary_key=True, comment="first day of the successor"),
    sa.Column("extent", sa.Text, nullable=False, comment="full or partial"),
    sa.Index(None, "successor_code"),
)

record_type = sa.Table(
    "record_type",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("short", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
)

stage = sa.Table(
    "stage",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("per", sa.Text, nullable=False, comment="batch, document or page"),
)

# --- denominators

inventory_version = sa.Table(
    "inventory_version",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("approved_on", sa.Date, nullable=False),
    sa.Column("imported_at", UtcDateTime, nullable=False),
    sa.Column("source_name", sa.Text, nullable=False),
    # of the same file approved on another day: with @ and that day
    sa.Column("source_sha256", sa.Text, nullable=False, unique=True),
)

inventory_line = sa.Table(
    "inventory_line",
    metadata,
    sa.Column("version_id", sa.Integer, sa.ForeignKey("inventory_version.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("unit_code", sa.Text, primary_key=True),
    sa.Column("record_type", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("unit_id", sa.Text, primary_key=True, default="", comment="empty: the unit of the year"),
    sa.Column("book", sa.Text, primary_key=True, default="", comment="empty: the list tells no books"),
    sa.Column("box", sa.Text, primary_key=True, default="", comment="empty: the list tells no boxes"),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("files", sa.Integer, comment="null when the list does not count them"),
    sa.Column("pages", sa.Integer),
)

# --- ledger

batch = sa.Table(
    "batch",
    metadata,
    sa.Column("batch_key", sa.Text, primary_key=True, comment="unit code/batch id"),
    sa.Column("unit_code", sa.Text, nullable=False, comment="the unit that delivered it"),
    sa.Column("batch_id", sa.Text, nullable=False),
    sa.Column("status", _words(BatchStatus), nullable=False),
    sa.Column("manifest_sha256", sa.Text),
    sa.Column("document_count", sa.Integer, nullable=False, server_default="0", comment="as its manifest says"),
    sa.Column("page_count", sa.Integer, nullable=False, server_default="0", comment="as its manifest says"),
    sa.Column("accepted_count", sa.Integer, nullable=False, server_default="0", comment="by its last check"),
    sa.Column("refused_count", sa.Integer, nullable=False, server_default="0", comment="by its last check"),
    sa.Column("first_seen_at", UtcDateTime, nullable=False),
    sa.Column("started_at", UtcDateTime),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("message", sa.Text),
    sa.Column("airflow_run", sa.Text, comment="the run of digitize_batch that took it up last; null without Airflow"),
    sa.Index(None, "unit_code"),
    sa.Index(None, "first_seen_at"),
)

document = sa.Table(
    "document",
    metadata,
    sa.Column("document_key", sa.Text, primary_key=True, comment="unit code/batch id/document id"),
    sa.Column("batch_key", sa.Text, sa.ForeignKey("batch.batch_key", ondelete="CASCADE"), nullable=False),
    sa.Column("document_id", sa.Text, nullable=False),
    sa.Column("unit_code", sa.Text, nullable=False, comment="the unit that issued the result, as of its own date"),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("pages", sa.Integer, nullable=False, comment="as the manifest declares"),
    sa.Column("medium", _words(Medium)),
    sa.Column("book", sa.Text),
    sa.Column("number", sa.Text),
    sa.Column("status", _words(DocumentStatus), nullable=False),
    sa.Column("stage", sa.Text, comment="the last stage it entered"),
    sa.Column("reason_code", sa.Text),
    sa.Column("reason_detail", sa.Text),
    sa.Column("updated_at", UtcDateTime, nullable=False),
    sa.Index(None, "batch_key", "status"),
    sa.Index(None, "unit_code", "record_type", "year"),
)

stage_run = sa.Table(
    "stage_run",
    metadata,
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("document_key", sa.Text, sa.ForeignKey("document.document_key", ondelete="CASCADE")),
    sa.Column("batch_key", sa.Text, sa.ForeignKey("batch.batch_key", ondelete="CASCADE"), nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("run_key", sa.Text, nullable=False),
    sa.Column("status", _words(StageStatus), nullable=False),
    sa.Column("reason_code", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False, server_default="1"),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("seconds", sa.Float),
    sa.Index(None, "batch_key", "stage"),
    sa.Index(None, "document_key", "stage", "run_key"),
)

ORIGINAL = sa.text("kind = 'original'")
"""An artefact somebody delivered; spelled out, because an index of some rows is not looked at for a bound value."""

artefact = sa.Table(
    "artefact",
    metadata,
    _document_key("document"),
    sa.Column("kind", _words(ArtefactKind), primary_key=True),
    sa.Column("key", sa.Text, primary_key=True, comment="in the archive store"),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("media_type", sa.Text, nullable=False),
    sa.Column("run_key", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column(
        "current", sa.Boolean, nullable=False, server_default=sa.true(), comment="false once a later run replaced it"
    ),
    # Asked of originals alone. Digests lie anywhere in an index: each row in it is a page of its own to be written.
    sa.Index("ix_artefact_original", "sha256", postgresql_where=ORIGINAL, sqlite_where=ORIGINAL),
)

fault = sa.Table(
    "fault",
    metadata,
    sa.Column("id", _row_id(), primary_key=True),
    sa.Column("batch_key", sa.Text, sa.ForeignKey("batch.batch_key", ondelete="CASCADE"), nullable=False),
    sa.Column("document_id", sa.Text),
    sa.Column("code", sa.Text, nullable=False, comment="key of manifests.reasons.REASONS"),
    sa.Column("severity", _words(Severity), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("file", sa.Text),
    sa.Column("row", sa.Integer, comment="1-based row of the manifest"),
    sa.Column("column_name", sa.Text),
    sa.Index(None, "batch_key"),
)

# --- facts

record = sa.Table(
    "record",
    metadata,
    _document_key("document"),
    sa.Column("unit_code", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("year", sa.Integer, nullable=False),
    sa.Column("number", sa.Text),
    sa.Column("book", sa.Text),
    sa.Column("issue_date", sa.Text, comment="ISO date as far as it could be told"),
    sa.Column("status", _words(RecordStatus), nullable=False),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("review_reasons", _json(), nullable=False),
    sa.Column("run_key", sa.Text, nullable=False),
    sa.Column("pdfa_verdict", sa.Text, nullable=False),
    sa.Column("legal_profile", sa.Text, nullable=False),
    sa.Column("finished_at", UtcDateTime, nullable=False),
    sa.Column("loaded_at", UtcDateTime, nullable=False),
    sa.Column("content_sha256", sa.Text, nullable=False),
    sa.Index(None, "status"),
    sa.Index(None, "loaded_at", "document_key"),
)

field_value = sa.Table(
    "field_value",
    metadata,
    _document_key("record"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("transcription", sa.Text, nullable=False),
    sa.Column("normalized", sa.Text),
    sa.Column("confidence", sa.Float, nullable=False),
    sa.Column("source", _words(FieldSource), nullable=False),
    sa.Column("keyed", sa.Text),
    sa.Column("agrees", sa.Boolean),
    sa.Column("page_number", sa.Integer),
    sa.Column("bbox", _json(), comment="[left, top, right, bottom] in pixels of the visible page image"),
)

party = sa.Table(
    "party",
    metadata,
    _document_key("record"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("name_folded", sa.Text, nullable=False, comment="lower case without diacritics"),
    sa.Column(
        "name_spelled", sa.Text, nullable=False, server_default=sa.text("''"), comment="warehouse.names.spelled_name"
    ),
    sa.Column("birth_date", sa.Text),
    sa.Column("personal_id", sa.Text),
    sa.Column(
        "unit_code", sa.Text, nullable=False, server_default=sa.text("''"), comment="as in document, like year"
    ),
    sa.Column("year", sa.Integer, nullable=False, server_default="0"),
    # A search walks this index alone, in the order of its pages.
    sa.Index("ix_party_search", "name_folded", "unit_code", "year", "document_key", "name_spelled"),
    sa.Index("ix_party_birth_date", "birth_date", "name_folded"),
    sa.Index(None, "personal_id"),
)

page = sa.Table(
    "page",
    metadata,
    _document_key("record"),
    sa.Column("page_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_page", sa.Integer, nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("dpi", sa.Float, nullable=False),
    sa.Column("rotation", sa.Integer, nullable=False),
    sa.Column("skew_before", sa.Float, nullable=False),
    sa.Column("skew_after", sa.Float, nullable=False),
    sa.Column("sharpness", sa.Float, nullable=False),
    sa.Column("contrast", sa.Float, nullable=False),
    sa.Column("ink_share", sa.Float, nullable=False),
    sa.Column("blank", sa.Boolean, nullable=False),
    sa.Column("verdict", _words(PageVerdict), nullable=False),
    sa.Column("word_count", sa.Integer, nullable=False),
    sa.Column("mean_confidence", sa.Float, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
)

page_flag = sa.Table(
    "page_flag",
    metadata,
    _document_key("record"),
    sa.Column("page_number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("flag", sa.Text, primary_key=True, comment="manifests.text.QualityFlag"),
)

signature = sa.Table(
    "signature",
    metadata,
    _document_key("record"),
    sa.Column("of", _words(SignatureSide), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("field_name", sa.Text, nullable=False),
    sa.Column("signer", sa.Text, nullable=False),
    sa.Column("intact", sa.Boolean, nullable=False),
    sa.Column("valid", sa.Boolean, nullable=False),
    sa.Column("trusted", sa.Boolean, nullable=False),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("signed_at", UtcDateTime),
    sa.Column("timestamp_at", UtcDateTime),
    sa.Column("covers_whole_file", sa.Boolean, nullable=False),
    sa.Column("legally_valid", sa.Boolean, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("time_source", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("revocation", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("evidence_until", UtcDateTime),
    sa.Column("evidence_ends_with", sa.Text, nullable=False, server_default=sa.text("''")),
    sa.Column("changes", _json(), comment="kinds of what was added to the file after it"),
)

event = sa.Table(
    "event",
    metadata,
    _document_key("record"),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("type", sa.Text, nullable=False, comment="PREMIS event type"),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("agent", sa.Text, nullable=False),
)

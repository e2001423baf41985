"""Faults of the database. ``pipeline.errors`` says for each class whether it is retried or halts the run."""

from __future__ import annotations


class WarehouseError(Exception):
    """Base of this room. Subclasses carry their data as fields and end with what to do next.

    ``code`` is a key of ``manifests.reasons.REASONS``.
    """

    code = "internal_error"


class DatabaseUnavailableError(WarehouseError):
    """The database does not answer, is locked for too long or gave up this transaction; trying later may help.

    Attributes:
        url: Of the database, without its password.
        detail: First line of what the driver said.
    """

    code = "database_unavailable"

    def __init__(self, url: str, detail: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(
            f"{url}: {detail}; check that the database server runs and its disk has room, then try again"
        )


class DatabaseUrlError(WarehouseError):
    """The setting does not name a database this program can use."""

    code = "configuration_invalid"

    def __init__(self, url: str, detail: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(
            f"{url}: {detail}; use sqlite:////folder/warehouse.db or postgresql://user:password@host/name"
        )


class DatabaseSchemaError(WarehouseError):
    """The database answers, but its tables are not those this program knows."""

    code = "configuration_invalid"

    def __init__(self, url: str, detail: str, action: str) -> None:
        self.url = url
        self.detail = detail
        super().__init__(f"{url}: {detail}; {action}")


class MonthError(WarehouseError):
    """The month asked for is not one."""

    code = "configuration_invalid"

    def __init__(self, month: str) -> None:
        self.month = month
        super().__init__(f"{month!r} is not a month; write it as YYYY-MM, for example 2025-11")

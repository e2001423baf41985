"""What every request needs at hand: the options, the database, the screen."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from dashboard.oidc import Provider
from dashboard.options import Options
from dashboard.pages import Pages
from dashboard.screen import Screen
from warehouse.database import open_database
from warehouse.errors import DatabaseSchemaError
from warehouse.scope import Scope, scoped
from warehouse.watched import FIGURES_AGE

_SCOPES = 200


class Desk:
    """One for each application.

    Attributes:
        engine: The whole database. Pages are read through ``pages(scope)`` instead.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.screen = Screen()
        self.provider = Provider(options.oidc) if options.oidc else None
        self._file = _sqlite_file(options.database_url)
        opened = open_database(options.database_url)
        self._engine = opened.execution_options(**{FIGURES_AGE: options.figures_age})
        # An engine of a scope is light, but not so light as to make one at every request.
        self._scoped = lru_cache(maxsize=_SCOPES)(lambda scope: scoped(self._engine, scope))

    @property
    def engine(self):  # type: ignore[no-untyped-def]  # SQLAlchemy's type has no home here
        """The engine.

        Raises:
            DatabaseSchemaError: There is no database yet.
        """
        # Opening a missing SQLite file would make an empty one: a mistyped path would leave litter behind.
        if self._file is not None and not self._file.is_file():
            raise DatabaseSchemaError(
                self.options.database_url, "there is no such file", "run 'make demo' or 'sohoa run'"
            )
        return self._engine

    def pages(self, scope: Scope) -> Pages:
        """The warehouse as somebody with this scope sees it."""
        assert self.engine is not None  # noqa: S101
        return Pages(self._scoped(scope))

    def close(self) -> None:
        self._engine.dispose()


def _sqlite_file(url: str) -> Path | None:
    scheme, _, path = url.partition(":///")
    name = path.partition("?")[0]
    on_disk = scheme.partition("+")[0] == "sqlite" and name and not name.startswith((":memory:", "file:"))
    return Path(name) if on_disk else None

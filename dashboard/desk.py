"""What every request needs at hand: the options, the database, the screen."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from functools import lru_cache
from pathlib import Path

from dashboard.oidc import Provider
from dashboard.options import Options
from dashboard.pages import Pages
from dashboard.screen import Screen
from warehouse.database import open_database
from warehouse.errors import DatabaseSchemaError
from warehouse.hits import SearchPage
from warehouse.scope import Scope, scope_of
from warehouse.scoped_engine import scoped
from warehouse.watched import FIGURES_AGE, watched

_SCOPES = 200
_MOST_FOUND = 100
_FOLLOWED_WITHIN = 5.0  # seconds


class Found:
    """What searches found just now, by search and scope: the browser is led to the page of it, once."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, Scope], tuple[float, SearchPage]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, search: str, scope: Scope, found: SearchPage) -> None:
        with self._lock:
            self._kept[search, scope] = time.monotonic(), found
            while len(self._kept) > _MOST_FOUND:
                self._kept.popitem(last=False)

    def take(self, search: str, scope: Scope) -> SearchPage | None:
        """What it found, unless that is longer ago than a browser takes to follow."""
        with self._lock:
            at, found = self._kept.pop((search, scope), (0.0, None))
        return found if time.monotonic() - at < _FOLLOWED_WITHIN else None


class Desk:
    """One for each application.

    Attributes:
        engine: The whole database. Pages are read through ``pages(scope)`` instead.
    """

    def __init__(self, options: Options) -> None:
        self.options = options
        self.screen = Screen()
        self.found = Found()
        self.provider = Provider(options.oidc) if options.oidc else None
        self._file = _sqlite_file(options.database_url)
        opened = open_database(options.database_url)
        self._engine = opened.execution_options(**{FIGURES_AGE: options.figures_age})
        # An engine of a scope is light, but not so light as to make one at every request.
        self._scopes = lru_cache(maxsize=_SCOPES)(lambda units, _: scope_of(self._engine, units))
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

    def scope(self, units: tuple[str, ...]) -> Scope:
        """The scope of an account's units, as papers are assigned now, or were when the facts were looked at last."""
        seen = watched(self.engine)
        if seen is None:
            return scope_of(self.engine, units)
        return self._scopes(units, seen.frame)

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

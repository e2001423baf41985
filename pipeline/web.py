"""The dashboard as this installation runs it: its settings, and a door to the archive store, which pages do not know.

Everything that serves the dashboard (``sohoa serve``, its worker processes, Airflow's API server) makes it here. The
dashboard is named, not imported: nothing depends on it.
"""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

from manifests.decisions import Decision
from pipeline.context import Context
from pipeline.reviews import decide
from pipeline.settings import Settings, read_settings
from pipeline.stores import NoSuchObjectError, StoreUnavailableError


class ArchiveDoor:
    """What pages may do with the archive (``dashboard.options.Archive``)."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def read(self, key: str) -> bytes:
        """A stored object.

        Raises:
            LookupError: There is no such object.
            OSError: The store does not answer.
        """
        try:
            return self._context.archive.get_bytes(key)
        except NoSuchObjectError as error:
            raise LookupError(key) from error
        except StoreUnavailableError as error:
            raise OSError(str(error)) from error

    def decide(self, document_key: str, decision: Decision, *, seen: str) -> None:
        """Let a decision about a record stand.

        Raises:
            DecisionRefusedError: It cannot; says why.
            OSError: The store does not answer; nothing was decided.
            DatabaseUnavailableError: It stands, and shows after the next load.
        """
        try:
            decide(self._context, document_key, decision, seen=seen)
        except StoreUnavailableError as error:
            raise OSError(str(error)) from error


def application(*, inside_airflow: bool = False) -> Any:
    """The ASGI application of this installation's settings.

    Raises:
        ConfigurationError: A setting does not fit.
    """
    settings = read_settings()
    context = Context(settings)
    context.database.dispose()  # migrated now; the dashboard opens its own
    return import_module("dashboard.app").create_app(_options(settings, context, inside_airflow))


def _options(settings: Settings, context: Context, inside_airflow: bool) -> Any:
    options, sessions = import_module("dashboard.options"), import_module("warehouse.sessions")
    oidc = None
    if settings.oidc_issuer:
        oidc = options.OidcOptions(
            issuer=settings.oidc_issuer.rstrip("/"),
            client_id=settings.oidc_client_id or "sohoa",
            client_secret=settings.oidc_secret(),
            claim=settings.oidc_claim,
            label=settings.oidc_label,
        )
    return options.Options(
        database_url=settings.database_url,
        hosts=settings.dashboard_hosts,
        lifetime=sessions.Lifetime(
            idle=dt.timedelta(minutes=settings.session_idle_minutes),
            at_most=dt.timedelta(hours=settings.session_hours),
        ),
        airflow_url=settings.airflow_url,
        inside_airflow=inside_airflow,
        oidc=oidc,
        archive=ArchiveDoor(context),
    )

"""The dashboard as this installation runs it: its settings, and a door to the archive store, which pages do not know.

Everything that serves the dashboard (``sohoa serve``, its worker processes, Airflow's API server) makes it here. The
dashboard is named, not imported: nothing depends on it.
"""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

from manifests.decisions import Decision
from manifests.doc_codes import DocCodeRules, DocCodesError, doc_code_rules, read_doc_codes
from pipeline.context import Context
from pipeline.errors import ConfigurationError
from pipeline.page_views import PageViews, stored_bytes
from pipeline.reporting import plan_of
from pipeline.reviews import decide
from pipeline.settings import Settings, read_settings
from pipeline.stores import StoreUnavailableError

_FIGURES_AGE = 5.0
"""Seconds: nobody reads a page of figures faster, and counting them anew for each would slow a load."""


class ArchiveDoor:
    """What pages may do with the archive (``dashboard.options.Archive``)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._views = PageViews(context)

    def file(self, key: str, sha256: str) -> bytes:
        """A stored file, proven to be what was put there.

        Raises:
            LookupError: There is no such file.
            OSError: The store does not answer, or the file is damaged.
        """
        return stored_bytes(self._context, key, sha256)

    def page(self, key: str, sha256: str, page_number: int) -> bytes:
        """A page of a stored PDF as JPEG. Raises as ``file``, ``LookupError`` too for a page there is not."""
        return self._views.page(key, sha256, page_number)

    def piece(self, key: str, sha256: str, page_number: int, share: tuple[float, float, float, float]) -> bytes:
        """A piece of a page as JPEG; ``share`` as in ``PageViews.piece``. Raises as ``page``."""
        return self._views.piece(key, sha256, page_number, share)

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


def _doc_codes(settings: Settings) -> DocCodeRules:
    try:
        return read_doc_codes(settings.doc_codes) if settings.doc_codes else doc_code_rules()
    except DocCodesError as error:
        raise ConfigurationError(f"SOHOA_DOC_CODES {error}") from error


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
        targets=plan_of(settings),
        alert_weeks=settings.alert_weeks,
        doc_codes=_doc_codes(settings),
        figures_age=_FIGURES_AGE,
    )

"""What an installation decides about its dashboard. Handed over whole by whoever starts it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Protocol

from manifests.decisions import Decision
from manifests.doc_codes import DocCodeRules, doc_code_rules
from manifests.targets import Targets, city_targets
from warehouse.alerts import WATCHED_WEEKS
from warehouse.sessions import Lifetime

DEFAULT_DATABASE_URL = "sqlite:///var/sohoa.db"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Archive(Protocol):
    """The archive store, as far as pages need it; ``pipeline`` hands one in, because pages know no store."""

    def file(self, key: str, sha256: str) -> bytes:
        """A stored file, proven by its digest.

        Raises:
            LookupError: There is no such file.
            OSError: The store does not answer, or the file is damaged.
        """
        ...

    def page(self, key: str, sha256: str, page_number: int) -> bytes:
        """A page of a stored PDF as JPEG. Raises as ``file``, ``LookupError`` too for a page there is not."""
        ...

    def piece(self, key: str, sha256: str, page_number: int, share: tuple[float, float, float, float]) -> bytes:
        """A piece of a page as JPEG, by left, top, right and bottom as shares of the page. Raises as ``page``."""
        ...

    def decide(self, document_key: str, decision: Decision, *, seen: str) -> None:
        """Keep what a person decided about a record, and bring it into the warehouse.

        Args:
            seen: When the record the person looked at was finished, as ISO 8601: a newer one refuses the decision.

        Raises:
            manifests.decisions.DecisionRefusedError: It cannot stand; says why.
            OSError: The store does not answer; nothing was decided.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcOptions:
    """An OpenID Connect provider people may sign in with.

    Attributes:
        issuer: Its address; ``<issuer>/.well-known/openid-configuration`` tells the rest.
        claim: Claim of the ID token that is the name of an account here.
        label: On the button.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    claim: str = "preferred_username"
    label: str = "tài khoản của cơ quan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything the dashboard has to be told.

    Attributes:
        hosts: Names it answers to, besides this machine's own loopback; a request for another one is refused.
        airflow_url: Where Airflow's pages are, for links to runs; ``None`` without them.
        inside_airflow: It is shown in a frame of Airflow's own pages, at the same address.
        targets: What units are measured against.
        alert_weeks: Weeks without a new file after which a unit stands still.
        doc_codes: How documents are called in the exchange with other systems.
        figures_age: Seconds after which the facts behind the figures are looked at anew (``warehouse.watched``); at
            each page when 0.
    """

    database_url: str = DEFAULT_DATABASE_URL
    hosts: tuple[str, ...] = ()
    lifetime: Lifetime = field(default_factory=Lifetime)
    airflow_url: str | None = None
    inside_airflow: bool = False
    oidc: OidcOptions | None = None
    archive: Archive | None = None
    targets: Targets = field(default_factory=city_targets)
    alert_weeks: int = WATCHED_WEEKS
    doc_codes: DocCodeRules = field(default_factory=doc_code_rules)
    figures_age: float = 0.0

    @classmethod
    def from_environment(cls) -> Options:
        """The embedded shape, with the database of ``SOHOA_DATABASE_URL``."""
        return cls(database_url=os.environ.get("SOHOA_DATABASE_URL") or DEFAULT_DATABASE_URL)

"""How one stage of one document ended, as a value that crosses processes and Airflow tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from manifests.documents import Artefact


class Ending(StrEnum):
    """The words of the ledger's ``stage_run.status`` that a stage can end in."""

    DONE = "done"
    SKIPPED = "skipped"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One stage of one document.

    Attributes:
        reason_code: Key of ``manifests.reasons.REASONS`` when it was quarantined.
        detail: The error's own words; no text of the document.
        pages, pages_resumed: Pages in the document, and those an earlier run had read already.
        artefact: The file the stage left, if any.
    """

    document_key: str
    stage: str
    status: Ending
    run_key: str
    seconds: float = 0.0
    reason_code: str | None = None
    detail: str = ""
    pages: int = 0
    pages_resumed: int = 0
    artefact: Artefact | None = None

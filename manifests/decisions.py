"""What a person decides about a record that waits for review: a fact of its own, nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum

from manifests.errors import ManifestsError


class RescanCause(StrEnum):
    """Why a person sends a paper back to the scanner; each is a code of ``manifests.reasons`` as well."""

    UNREADABLE = "rescan_unreadable"
    CUT_OFF = "rescan_cut_off"
    INCOMPLETE = "rescan_incomplete"
    WRONG_PAPER = "rescan_wrong_paper"


def rescan_reason(cause: RescanCause, page_number: int | None) -> str:
    """The review reason that keeps a record waiting for a new scan: of one page, or of the whole document."""
    return f"{cause}:{page_number or ''}"


def asked_again(reason: str) -> tuple[RescanCause, int | None] | None:
    """Cause and page of a review reason that ``rescan_reason`` made; ``None`` for any other."""
    code, _, page = reason.partition(":")
    if code not in tuple(RescanCause):
        return None
    return RescanCause(code), int(page) if page.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's word on one record.

    Attributes:
        at: Aware, UTC.
        by, by_name: The account, and the person's name as it was then.
        reason: In the person's words; empty when nothing was corrected and nothing said.
        corrections: What the paper says, by field name, as the person typed it; empty accepts the record as it is.
        overcome: The review reasons that stood before.
        rescan: Set when the paper has to be scanned again; the record then waits for that instead of being accepted.
        pages: 1-based pages to scan again; empty is the whole document.
    """

    at: dt.datetime
    by: str
    by_name: str
    reason: str
    corrections: dict[str, str] = field(default_factory=dict)
    overcome: tuple[str, ...] = ()
    rescan: RescanCause | None = None
    pages: tuple[int, ...] = ()


class DecisionRefusedError(ManifestsError):
    """A decision cannot stand; nothing was changed.

    Attributes:
        faults: Vietnamese sentences by field name; under an empty name what is wrong with the decision as a whole.
    """

    code = "value_invalid"

    def __init__(self, document_key: str, faults: dict[str, str]) -> None:
        self.document_key = document_key
        self.faults = faults
        names = ", ".join(name or "the decision" for name in faults)
        super().__init__(f"{document_key}: the decision was refused ({names}); open the record again and mend it")

"""What a person decides about a record that waits for review: a fact of its own, nothing is overwritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

from manifests.errors import ManifestsError


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's word on one record.

    Attributes:
        at: Aware, UTC.
        by, by_name: The account, and the person's name as it was then.
        reason: In the person's words; empty when nothing was corrected and nothing said.
        corrections: What the paper says, by field name, as the person typed it; empty accepts the record as it is.
        overcome: The review reasons that stood before.
    """

    at: dt.datetime
    by: str
    by_name: str
    reason: str
    corrections: dict[str, str] = field(default_factory=dict)
    overcome: tuple[str, ...] = ()


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

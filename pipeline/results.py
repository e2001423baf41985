"""What each stage leaves behind: the frozen results that lie as sidecars in the archive store."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from manifests.delivery import ScanFacts
from manifests.documents import Artefact, BatchRef, DocumentEntry, PageRow, Record, SignatureFact
from manifests.reasons import Fault


@dataclass(frozen=True, slots=True)
class ReceivedDocument:
    """A document whose originals are in the archive, byte for byte."""

    batch: BatchRef
    entry: DocumentEntry
    originals: tuple[Artefact, ...]
    facts: tuple[ScanFacts, ...]
    input_signatures: tuple[SignatureFact, ...]

    @property
    def key(self) -> str:
        return f"{self.batch.key}/{self.entry.document_id}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What ``receive`` found in one state of a drop; ``run_key`` names that state."""

    batch: BatchRef
    run_key: str
    manifest_sha256: str | None
    documents: tuple[ReceivedDocument, ...]
    faults: tuple[Fault, ...]
    declared: tuple[DocumentEntry, ...]
    """Every entry of the manifest, also those that were refused."""
    blocked: bool
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Digitized:
    """What ``capture``, ``recognize`` and ``assemble`` made of a document in one pass."""

    pdfa: Artefact
    pages: tuple[PageRow, ...]
    pages_run_key: str
    engine: str
    pages_read: int
    pages_resumed: int
    """How many of the pages an earlier, killed run had read already."""
    finished_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Signed:
    """What ``sign`` made; ``signed_pdf`` is ``None`` under a profile that signs nothing.

    ``notes`` are rules of the profile that the copy breaks and that do not stop it, in words for people.
    """

    signed_pdf: Artefact | None
    signatures: tuple[SignatureFact, ...]
    pdfa_verdict: str
    pdfa_detail: str
    legal_profile: str
    finished_at: dt.datetime
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Indexed:
    """What ``index`` read."""

    record: Record
    finished_at: dt.datetime


@dataclass(frozen=True, slots=True)
class RerunOrder:
    """Somebody asked for a stage of a document to be done anew."""

    stage: str
    ordered_at: dt.datetime
    reason: str

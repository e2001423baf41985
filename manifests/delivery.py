"""A delivery against its manifest: the verdict ``receive`` works on and ``sohoa check`` shows before handover."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from manifests.documents import BatchRef, DocumentEntry
from manifests.reasons import Fault, Severity
from manifests.text import QualityFlag


@dataclass(frozen=True, slots=True)
class ScanFacts:
    """What a cheap look into one scan tells.

    Attributes:
        media_type: ``application/pdf``, ``image/tiff`` …, told from the bytes.
        pages: Pages in the file; 0 when it cannot be opened.
        signed: It carries a digital signature.
        problem: Reason code why it cannot be digitized; ``detail`` are its particulars, Vietnamese.
        flags: Findings that do not stop it.
    """

    media_type: str
    pages: int
    signed: bool = False
    problem: str | None = None
    detail: str = ""
    flags: tuple[QualityFlag, ...] = ()


Probe = Callable[[Path], ScanFacts]
"""Looks into a scan; never raises for bad content. ``ocr.probe.probe`` is the real one."""

KnownContent = Callable[[str], str | None]
"""SHA-256 of a file to the key of the document that already archived it, or ``None``."""


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """A document that can go on.

    Attributes:
        entry: As the manifest has it, except that ``files`` are spelled as on disk.
        files: One fact sheet per ``entry.files``.
        warnings: What somebody should look at.
    """

    entry: DocumentEntry
    files: tuple[ScanFacts, ...]
    warnings: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The verdict on one drop.

    Attributes:
        manifest_sha256: Digest of the manifest the verdict rests on; ``None`` when there is none.
        accepted: Documents that go on, in manifest order.
        faults: Everything found, errors and warnings: first of the drop, then document by document.
    """

    ref: BatchRef
    manifest_sha256: str | None
    accepted: tuple[AcceptedDocument, ...]
    faults: tuple[Fault, ...]

    @property
    def blocked(self) -> bool:
        """A fault of the whole drop; nothing was accepted and nothing should be archived."""
        return any(fault.document_id is None and fault.severity is Severity.ERROR for fault in self.faults)

    @property
    def refused(self) -> dict[str, tuple[Fault, ...]]:
        """Errors by document, for the documents that cannot go on."""
        found: dict[str, tuple[Fault, ...]] = {}
        for fault in self.faults:
            if fault.document_id is not None and fault.severity is Severity.ERROR:
                found[fault.document_id] = (*found.get(fault.document_id, ()), fault)
        return found

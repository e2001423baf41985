"""Faults put in on purpose: what each is, and what the intake is expected to say about it.

Reasons are codes of ``manifests.reasons``. Duplicates are made by the intake, which knows the other document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from manifests.documents import DocumentEntry
from sample_scans.carriers import encrypted, not_a_scan, pdf_bytes, pdf_with_junk_text


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault.

    Attributes:
        reason: Expected reason code; ``None`` when nothing may be refused because of it.
        severity: ``error``, ``warning`` or ``none``.
        carrier: What the document must travel in for this fault to make sense; ``None``: anything.
    """

    name: str
    reason: str | None
    severity: str
    carrier: str | None = None


KINDS: dict[str, FaultKind] = {
    kind.name: kind
    for kind in (
        FaultKind("wrong_checksum", "checksum_mismatch", "error"),
        FaultKind("missing_page", "page_count_mismatch", "error"),
        FaultKind("duplicate_in_batch", "duplicate_in_batch", "error"),
        FaultKind("truncated_pdf", "unreadable", "error", "pdf"),
        FaultKind("encrypted_pdf", "encrypted", "error", "pdf"),
        FaultKind("zero_byte", "file_empty", "error", "pdf"),
        FaultKind("unsafe_path", "unsafe_path", "error", "pdf"),
        FaultKind("missing_file", "file_missing", "error"),
        FaultKind("junk_text_layer", "junk_text_layer", "warning", "pdf"),
        FaultKind("low_dpi", "low_dpi", "warning", "jpeg"),
        FaultKind("blank_page", "blank_page", "warning", "pdf"),
        FaultKind("wrong_extension", None, "none", "jpeg"),
        FaultKind("not_a_scan", "unsupported_format", "error", "pdf"),
        FaultKind("keyed_wrong", None, "none"),
        FaultKind("duplicate_across_batches", "duplicate_in_archive", "error"),
        FaultKind("already_signed", "already_signed", "warning", "pdf"),
    )
}
"""In the order they are dealt out: a small sample holds the first ones."""

DUPLICATES = ("duplicate_in_batch", "duplicate_across_batches")
LOW_DPI = 90


def spoil_files(
    kind: str, files: list[Path], pages: list[Image.Image], texts: list[str], dpi: int, seed: int
) -> list[Path]:
    """Make a fault of content in files already written; returns the files, whose names may have changed."""
    first = files[0]
    if kind == "truncated_pdf":
        whole = first.read_bytes()
        first.write_bytes(whole[: len(whole) * 2 // 5])
    elif kind == "encrypted_pdf":
        first.write_bytes(encrypted(pdf_bytes(pages, dpi, 75), f"mat-khau-{seed % 1000}"))
    elif kind == "zero_byte":
        first.write_bytes(b"")
    elif kind == "junk_text_layer":
        first.write_bytes(pdf_with_junk_text(pages, texts, dpi, 75, seed))
    elif kind == "not_a_scan":
        first.write_bytes(not_a_scan(seed))
    elif kind == "wrong_extension":
        return [first.rename(first.with_suffix(".png")), *files[1:]]
    return files


def spoil_entry(kind: str, entry: DocumentEntry) -> DocumentEntry:
    """Make a fault of declaration in a manifest row."""
    if kind == "wrong_checksum":
        digest = entry.sha256[0]
        return replace(entry, sha256=(digest[-8:] + digest[:-8], *entry.sha256[1:]))
    if kind == "missing_page":
        return replace(entry, pages=entry.pages + 1)
    if kind == "unsafe_path":
        return replace(entry, files=(f"../{entry.files[0]}", *entry.files[1:]))
    return entry

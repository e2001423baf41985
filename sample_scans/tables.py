"""Manifests as people write them: the official form with and without a byte order mark, XLSX, and one kept on a Mac.

The official forms come from ``manifests.manifest``, so they cannot drift from what the intake reads.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from manifests.columns import table_form
from manifests.documents import DocumentEntry
from manifests.manifest import write_manifest
from manifests.record_types import record_types

_MEDIA = {"printed": "in", "typed": "đánh máy", "handwritten": "viết tay"}


def write_form(folder: Path, entries: Sequence[DocumentEntry], form: str) -> Path:
    """Write ``manifest.csv`` or ``manifest.xlsx`` in one of the forms of ``sample_scans.plan``."""
    target = folder / ("manifest.xlsx" if form == "xlsx" else "manifest.csv")
    if form == "csv-nfd":
        target.write_bytes(unicodedata.normalize("NFD", _in_words(entries)).encode())
        return target
    write_manifest(target, entries, vietnamese=form != "csv-en")
    if form == "csv-en":
        target.write_bytes(target.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    return target


def _in_words(entries: Sequence[DocumentEntry]) -> str:
    """As somebody fills it in by hand: kinds and media by their Vietnamese names instead of codes."""
    titles = {column.name: column.title for column in table_form("manifest").columns}
    keyed = list(dict.fromkeys(name for entry in entries for name in entry.keyed))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*titles.values(), *keyed])
    for entry in entries:
        values = {
            "document_id": entry.document_id,
            "files": "; ".join(entry.files),
            "sha256": "; ".join(entry.sha256),
            "pages": entry.pages,
            "record_type": record_types()[entry.record_type].name,
            "unit_code": entry.unit_code,
            "year": entry.year,
            "medium": _MEDIA[entry.medium.value] if entry.medium else "",
            "book": entry.book or "",
            "number": entry.number or "",
            "note": entry.note or "",
        }
        writer.writerow([*(values[name] for name in titles), *(entry.keyed.get(name, "") for name in keyed)])
    return out.getvalue()

"""Drops made on the fly: scans are small files whose first line says, as JSON, what a probe should find in them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from manifests.delivery import DeliveryReport, ScanFacts, check_delivery
from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from manifests.serial import from_json


def read_header(path: Path) -> ScanFacts:
    """A probe: facts from the first line, ``unreadable`` for a file that has none."""
    head = path.read_bytes().split(b"\n", 1)[0]
    try:
        return from_json(ScanFacts, head)
    except ValueError:
        return ScanFacts("application/octet-stream", 0, problem="unreadable", detail="không có phần đầu")


@dataclass
class Drop:
    """A batch folder being filled."""

    folder: Path
    ref: BatchRef = field(default_factory=lambda: BatchRef("00256", "2025-03-A"))
    entries: list[DocumentEntry] = field(default_factory=list)

    def scan(self, name: str, *, salt: str = "", **facts: Any) -> str:
        """Puts a scan into the folder and returns its digest."""
        body = {"media_type": "application/pdf", "pages": 1, **facts}
        data = json.dumps(body).encode() + b"\n" + (salt or name).encode()
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def document(self, document_id: str, *, salt: str = "", pages: int = 1, **facts: Any) -> DocumentEntry:
        """Adds a document of one file that is as the manifest says."""
        name = f"{document_id}.pdf"
        digest = self.scan(name, salt=salt, pages=pages, **facts)
        entry = DocumentEntry(
            document_id, (name,), (digest,), pages, "birth", "00256", 1998, row=len(self.entries) + 2
        )
        self.entries.append(entry)
        return entry

    def change(self, index: int, **values: Any) -> None:
        self.entries[index] = replace(self.entries[index], **values)

    def check(self, known: Callable[[str], str | None] = lambda sha256: None, **options: Any) -> DeliveryReport:
        """Writes the manifest and checks the drop."""
        write_manifest(self.folder / "manifest.csv", self.entries)
        return check_delivery(self.folder, self.ref, probe=read_header, known=known, **options)


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    folder = tmp_path / "drop"
    folder.mkdir()
    return Drop(folder)


@pytest.fixture
def manifest_text() -> Callable[..., str]:
    """Text of a manifest of one good row, with cells replaced by column name."""

    def make(separator: str = ",", **cells: str) -> str:
        row = {
            "document_id": "KS-0001",
            "files": "KS-0001.pdf",
            "sha256": "a" * 64,
            "pages": "1",
            "record_type": "birth",
            "unit_code": "00256",
            "year": "1998",
            **cells,
        }
        quoted = ['"' + cell.replace('"', '""') + '"' for cell in row.values()]
        return f"{separator.join(row)}\n{separator.join(quoted)}\n"

    return make

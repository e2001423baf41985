"""Manifests and inventories as people write them: CSV with or without a byte order mark, XLSX, two languages.

``manifests.manifest.write_manifest`` writes the official form; this one writes the other spellings that are met.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from manifests.documents import DocumentEntry
from manifests.inventory import InventoryLine
from manifests.record_types import record_types

_VIETNAMESE = {
    "document_id": "Mã hồ sơ",
    "files": "Tệp",
    "sha256": "Mã SHA-256",
    "pages": "Số trang",
    "record_type": "Loại kết quả",
    "unit_code": "Mã đơn vị",
    "year": "Năm",
    "medium": "Cách ghi",
    "book": "Quyển số",
    "number": "Số",
    "note": "Ghi chú",
}
_MEDIA = {"printed": "in", "typed": "đánh máy", "handwritten": "viết tay"}


def write_table(folder: Path, entries: Sequence[DocumentEntry], form: str) -> Path:
    """Write ``manifest.csv`` or ``manifest.xlsx`` in one of the forms of ``sample_scans.plan``."""
    vietnamese = form in ("csv-vi", "csv-nfd", "xlsx")
    rows = _rows(entries, vietnamese=vietnamese)
    if form == "xlsx":
        return _xlsx(folder / "manifest.xlsx", rows)
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n" if form == "csv-vi" else "\n").writerows(rows)
    text = unicodedata.normalize("NFD" if form == "csv-nfd" else "NFC", out.getvalue())
    target = folder / "manifest.csv"
    target.write_bytes(text.encode("utf-8-sig" if form == "csv-vi" else "utf-8"))
    return target


def write_inventory(path: Path, lines: Sequence[InventoryLine]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("unit_code", "record_type", "year", "records", "files", "pages"))
        for line in lines:
            writer.writerow((line.unit_code, line.record_type, line.year, line.records, line.files, line.pages))


def _rows(entries: Sequence[DocumentEntry], *, vietnamese: bool) -> list[list[str]]:
    # 'number' and 'book' are columns of their own, so they are never among the keyed ones
    keyed = list(dict.fromkeys(name for entry in entries for name in entry.keyed))
    headers = [*_VIETNAMESE, *keyed]
    rows = [[_VIETNAMESE.get(header, header) if vietnamese else header for header in headers]]
    for entry in entries:
        kind = record_types()[entry.record_type]
        medium = entry.medium.value if entry.medium else ""
        rows.append(
            [
                entry.document_id,
                "; ".join(entry.files),
                "; ".join(entry.sha256),
                str(entry.pages),
                kind.name if vietnamese else entry.record_type,
                entry.unit_code,
                str(entry.year),
                _MEDIA.get(medium, medium) if vietnamese else medium,
                entry.book or "",
                entry.number or "",
                entry.note or "",
                *(entry.keyed.get(name, "") for name in keyed),
            ]
        )
    return rows


def _xlsx(path: Path, rows: list[list[str]]) -> Path:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "Manifest"
    for row in rows:
        sheet.append(row)
    for line in sheet.iter_rows(min_row=2):
        # as a person types it: counts and years are numbers, codes are text
        for cell in (line[3], line[6]):
            cell.value = int(str(cell.value))
    book.save(path)
    return path

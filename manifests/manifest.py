"""The manifest of a batch: what the people who scanned it say is in it.

Reading checks form only, finds every fault at once and never stops at the first; whether the files bear it out is
``manifests.delivery``'s business.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from manifests.columns import TableForm, table_form
from manifests.documents import DocumentEntry
from manifests.entries import EntryReader
from manifests.files import FileError, shown
from manifests.grid import Row, TableError
from manifests.reasons import Fault, Severity
from manifests.record_types import record_types
from manifests.rows import Layout, lay_out, unit_column
from manifests.tables import read_table, write_table
from manifests.units import units

FILE_NAMES = ("manifest.csv", "manifest.xlsx")
_VIETNAM = dt.timezone(dt.timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class ManifestReading:
    """What a manifest says.

    Attributes:
        entries: Rows without an error, in file order.
        faults: Everything wrong, of the file first, then row by row; an error without a ``document_id`` spoils the
            whole manifest. A row whose id cannot be used is named ``_row-<number>``.
        sha256: Digest of the file's bytes; ``None`` when they could not be read.
        named_files: Every file name the manifest mentions, also in rows that have an error.
    """

    entries: tuple[DocumentEntry, ...]
    faults: tuple[Fault, ...]
    path: Path
    sha256: str | None
    named_files: frozenset[str] = frozenset()

    @property
    def blocked(self) -> bool:
        """The manifest as a whole cannot be used."""
        return any(fault.document_id is None and fault.severity is Severity.ERROR for fault in self.faults)


def find_manifests(folder: Path) -> tuple[Path, ...]:
    """The manifests of a batch folder, CSV before XLSX; upper and lower case do not count."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        return ()
    return tuple(path for wanted in FILE_NAMES for path in paths if path.name.casefold() == wanted)


def find_manifest(folder: Path) -> Path | None:
    """The manifest of a batch folder, or ``None``."""
    return next(iter(find_manifests(folder)), None)


def read_manifest(path: Path, *, home: str | None = None, today: dt.date | None = None) -> ManifestReading:
    """Reads a manifest; never raises for what is in the file.

    Args:
        home: Code of the unit whose intake folder it lies in: settles a code such as ``268``, which can mean two
            units.
        today: Day that says which year is the last possible one; today in Vietnam when not given.
    """
    form = table_form("manifest")
    try:
        table, data = read_table(path, form.score)
    except FileError as error:
        code = "manifest_missing" if error.code == "file_missing" else "manifest_invalid"
        return ManifestReading((), (Fault(code, error.detail, file=shown(path.name)),), path, None)
    except TableError as error:
        return ManifestReading((), (Fault("manifest_invalid", error.detail, file=shown(path.name)),), path, None)
    sha256 = hashlib.sha256(data).hexdigest()
    if not table.headers:
        return ManifestReading((), (Fault("manifest_empty", "tệp trống", file=shown(path.name)),), path, sha256)
    layout, faults = lay_out(table, form)
    if faults:
        return ManifestReading((), faults, path, sha256)
    rows = [row for row in table.rows if not _is_header_again(row, layout, form)]
    faults = _repeated_headers(table.rows, rows)
    if not rows:
        return ManifestReading((), (*faults, Fault("manifest_empty", "", file=shown(path.name))), path, sha256)
    column = unit_column(table, layout, units(), home)
    reader = EntryReader(layout, column, this_year=(today or dt.datetime.now(_VIETNAM).date()).year)
    read = [reader.read(row) for row in rows]
    entries, row_faults = _without_repeated_ids(read)
    return ManifestReading(
        entries=entries,
        faults=(*faults, *reader.unknown_columns(table.header_row), *row_faults),
        path=path,
        sha256=sha256,
        named_files=frozenset(reader.named_files),
    )


def _is_header_again(row: Row, layout: Layout, form: TableForm) -> bool:
    """Whether a row repeats the header, as lists do that were put together from several."""
    place = layout.places["document_id"]
    told = form.named(row.cells[place].text) if place < len(row.cells) else None
    return told is not None and form.score([cell.text for cell in row.cells]) == len(form.required())


def _repeated_headers(all_rows: Sequence[Row], kept: Sequence[Row]) -> tuple[Fault, ...]:
    numbers = {row.number for row in kept}
    return tuple(
        Fault("value_ignored", "dòng tiêu đề lặp lại", Severity.WARNING, row=row.number)
        for row in all_rows
        if row.number not in numbers
    )


def _without_repeated_ids(
    read: Sequence[tuple[Row, str, DocumentEntry | None, tuple[Fault, ...]]],
) -> tuple[tuple[DocumentEntry, ...], tuple[Fault, ...]]:
    """Refuses every document whose id stands on several rows: which of them is meant cannot be told.

    Ids that differ only in case count as one: they would share a folder on Windows.
    """
    rows_of: dict[str, list[int]] = {}
    for row, document_id, _, _ in read:
        rows_of.setdefault(document_id.casefold(), []).append(row.number)
    entries: list[DocumentEntry] = []
    faults: list[Fault] = []
    for row, document_id, entry, found in read:
        faults.extend(found)
        numbers = rows_of[document_id.casefold()]
        if len(numbers) > 1:
            some = ", ".join(str(number) for number in numbers[:5]) + ("…" if len(numbers) > 5 else "")
            detail = f"ở các dòng {some}"
            faults.append(Fault("document_id_repeated", detail, document_id=document_id, row=row.number))
        elif entry is not None:
            entries.append(entry)
    return tuple(entries), tuple(faults)


def write_manifest(
    path: Path, entries: Iterable[DocumentEntry], *, vietnamese: bool = False, separator: str = ","
) -> None:
    """Writes a manifest, CSV (UTF-8 with BOM, as Excel wants it) or XLSX by the suffix of ``path``.

    What the entries say is written as it is, so that a wrong manifest can be made too.

    Args:
        vietnamese: Vietnamese headers; else the English column names.

    Raises:
        ValueError: A file name holds ``;`` or a line break, which part names in the cell.
    """
    entries = tuple(entries)
    keyed = [name for name in _keyed_names(entries) if name not in {"number", "book"}]
    columns = table_form("manifest").columns
    titles = [column.title if vietnamese else column.name for column in columns]
    rows: list[list[str | int]] = [[*titles, *(_label(name, entries) if vietnamese else name for name in keyed)]]
    for entry in entries:
        if any(mark in name for name in entry.files for mark in ";\r\n"):
            raise ValueError(f"{entry.document_id}: a file name may not hold ';' or a line break; rename the file")
        base: dict[str, str | int] = {
            "document_id": entry.document_id,
            "files": "; ".join(entry.files),
            "sha256": "; ".join(entry.sha256),
            "pages": entry.pages,
            "record_type": entry.record_type,
            "unit_code": entry.unit_code,
            "year": entry.year,
            "medium": entry.medium.value if entry.medium else "",
            "book": entry.book or entry.keyed.get("book", ""),
            "number": entry.number or entry.keyed.get("number", ""),
            "note": entry.note or "",
        }
        rows.append([*(base[column.name] for column in columns), *(entry.keyed.get(name, "") for name in keyed)])
    write_table(path, rows, separator=separator)


def _keyed_names(entries: Sequence[DocumentEntry]) -> list[str]:
    return list(dict.fromkeys(name for entry in entries for name in entry.keyed))


def _label(name: str, entries: Sequence[DocumentEntry]) -> str:
    """The Vietnamese label of a field when every record type that uses it calls it the same, else its name."""
    kinds = [record_types().get(entry.record_type) for entry in entries if name in entry.keyed]
    labels = {kind.field(name).label for kind in kinds if kind and any(field.name == name for field in kind.fields)}
    return labels.pop() if len(labels) == 1 else name

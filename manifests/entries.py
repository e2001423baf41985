"""One row of a manifest to one ``DocumentEntry``."""

from __future__ import annotations

import re
from functools import partial

from manifests.cells import (
    CellError,
    Taken,
    UnitColumn,
    number_text,
    plain_text,
    read_count,
    read_digests,
    read_document_id,
    read_files,
    read_record_type,
    read_unit,
    read_year,
    split_values,
    typed_text,
)
from manifests.columns import is_ignored, is_keyed_header, keyed_field, medium
from manifests.documents import DocumentEntry, Medium
from manifests.grid import Cell, CellKind, Row
from manifests.reasons import Fault, Severity
from manifests.record_types import FieldType, RecordType
from manifests.rows import Layout, RowCells
from manifests.spelling import visible

MAX_PAGES = 9_999
_LOST_ZERO_LENGTHS = (8, 10, 11)
"""A personal id has 12 digits (an old one 9) and may begin with 0, which a spreadsheet drops."""


class EntryReader:
    """Reads the rows of one manifest; remembers the file names it met and the columns nobody knows."""

    def __init__(self, layout: Layout, units: UnitColumn, *, this_year: int) -> None:
        self._layout = layout
        self._units = units
        self._this_year = this_year
        self._unknown: dict[int, None] = {}
        self.named_files: set[str] = set()

    def read(self, row: Row) -> tuple[Row, str, DocumentEntry | None, tuple[Fault, ...]]:
        """The row, the id it goes by, its entry unless it has an error, and its faults."""
        cells = RowCells(row, self._layout)
        document_id = cells.take("document_id", read_document_id)
        files = cells.take("files", read_files)
        self._remember_files(cells.named("files"))
        digests = cells.take("sha256", read_digests)
        if files and digests and len(files) != len(digests):
            detail = f"có {len(digests)} mã cho {len(files)} tệp; mỗi tệp một mã, cùng thứ tự"
            cells.add("value_invalid", detail, header=self._layout.header("sha256"))
        pages = cells.take("pages", partial(read_count, least=1, most=MAX_PAGES))
        kind = cells.take("record_type", read_record_type)
        year = cells.take("year", partial(read_year, this_year=self._this_year))
        unit_code = cells.take("unit_code", partial(read_unit, year=year, column=self._units))
        book = cells.take("book", _number, required=False)
        number = cells.take("number", _number, required=False)
        note = cells.take("note", lambda cell: Taken(plain_text(cell)), required=False)
        how = cells.take("medium", _medium, required=False)
        keyed = self._keyed(cells, kind, book=book, number=number)
        name = document_id or f"_row-{row.number}"
        faults = cells.faults(name)
        if cells.failed or not (document_id and files and digests and pages and kind and unit_code and year):
            return row, name, None, faults
        entry = DocumentEntry(
            document_id=document_id,
            files=files,
            sha256=digests,
            pages=pages,
            record_type=kind.code,
            unit_code=unit_code,
            year=year,
            keyed=keyed,
            medium=how,
            book=book,
            number=number,
            note=note,
            row=row.number,
        )
        return row, name, entry, faults

    def unknown_columns(self, header_row: int) -> tuple[Fault, ...]:
        """The columns that hold values under a header nobody knows, one warning each."""
        return tuple(
            Fault(
                "column_unknown",
                "" if self._layout.headers[index] else f"cột thứ {index + 1} không có tiêu đề",
                Severity.WARNING,
                row=header_row,
                column=visible(self._layout.headers[index]) or None,
            )
            for index in sorted(self._unknown)
        )

    def _remember_files(self, cell: Cell) -> None:
        try:
            self.named_files.update(split_values(cell))
        except CellError:
            # the row has this fault already; what can be told of its names only spares a second warning
            self.named_files.update(part.strip() for part in re.split(r"[;\n]", cell.text))

    def _keyed(
        self, cells: RowCells, kind: RecordType | None, *, book: str | None, number: str | None
    ) -> dict[str, str]:
        """The keyed values of the row by field name; ``book`` and ``number`` too where the type has such a field."""
        keyed: dict[str, str] = {}
        if kind is not None:
            names = {field.name for field in kind.fields}
            keyed = {name: text for name, text in (("number", number), ("book", book)) if text and name in names}
        for index in self._layout.others:
            cell, header = cells.at(index), self._layout.headers[index]
            if not cell.text or is_ignored(header):
                continue
            if not is_keyed_header(header):
                self._unknown[index] = None
                continue
            field = keyed_field(kind, header) if kind else None
            if kind is None:
                continue
            if field is None:
                detail = f"{kind.name} không có trường này"
                cells.add("value_ignored", detail, severity=Severity.WARNING, header=visible(header))
                continue
            text = cells.take_cell(cell, visible(header), partial(_keyed_text, field=field))
            if text is not None and keyed.setdefault(field.name, text) != text:
                cells.add("value_invalid", "hai cột ghi khác nhau cho cùng một trường", header=visible(header))
        return keyed


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _number(cell: Cell) -> Taken[str]:
    return Taken(_one_line(number_text(cell)))


def _medium(cell: Cell) -> Taken[Medium]:
    found = medium(plain_text(cell))
    if found is None:
        raise CellError("value_invalid", f"“{visible(cell.text)}”: ghi in, đánh máy hoặc viết tay")
    return Taken(found)


def _keyed_text(cell: Cell, field: FieldType) -> Taken[str]:
    """A keyed value as it was typed; a date cell of a date field becomes ``dd/mm/yyyy``.

    Raises:
        CellError: ``value_invalid``; the value is never quoted, it may name a person.
    """
    if field.kind == "date":
        text = plain_text(cell)
        if cell.kind is CellKind.NUMBER and len(text) > 4:
            raise CellError("value_invalid", "ô là số thứ tự ngày của Excel; định dạng cột là Text rồi nhập lại")
        return Taken(_one_line(text))
    text = _one_line(number_text(cell) if field.kind == "number" else typed_text(cell))
    if field.name == "personal_id" and text.isdigit() and len(text) in _LOST_ZERO_LENGTHS:
        return Taken(text, f"chỉ có {len(text)} chữ số, có thể đã mất số 0 ở đầu")
    return Taken(text)

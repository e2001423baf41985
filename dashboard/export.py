"""Tables as CSV and XLSX files: spreadsheets open them with their diacritics and run nothing in them."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import Response

Value = str | int | float | dt.date | None

_CSV = "text/csv; charset=utf-8"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDEST = 60


@dataclass(frozen=True, slots=True)
class Table:
    """One table for people to work on.

    Attributes:
        name: Of the file, without its ending.
        title: Above the table in a workbook.
        rows: Percentages are numbers 0–100; ``None`` is an empty cell.
        footer: The row of totals, if there is one.
    """

    name: str
    title: str
    header: tuple[str, ...]
    rows: Sequence[Sequence[Value]]
    footer: Sequence[Value] | None = None


def table_file(table: Table, ending: str) -> Response:
    """The table as a download; ``ending`` is ``csv`` or ``xlsx``."""
    body, kind = (_csv(table), _CSV) if ending == "csv" else (_xlsx(table), _XLSX)
    name = quote(f"{table.name}.{ending}")
    return Response(body, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def _csv(table: Table) -> bytes:
    """UTF-8 with BOM; numbers with a decimal point, one digit."""
    stream = io.StringIO(newline="")
    rows = [table.header, *table.rows, *([table.footer] if table.footer else [])]
    csv.writer(stream).writerows([_harmless(value) for value in row] for row in rows)
    return stream.getvalue().encode("utf-8-sig")


def _harmless(value: Value) -> str | int:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int):
        return value
    # A spreadsheet runs a text that begins so as a formula.
    text = value or ""
    return f"'{text}" if text[:1] in tuple("=+-@\t\r") else text


def _xlsx(table: Table) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "Bảng"
    _write(sheet["A1"], table.title, bold=True)
    sheet["A1"].font = Font(bold=True, size=13)
    for column, text in enumerate(table.header, start=1):
        cell = sheet.cell(3, column)
        _write(cell, text, bold=True)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="DDE6F0")
        cell.alignment = Alignment(wrap_text=True, vertical="center")
    rows = [*table.rows, *([table.footer] if table.footer else [])]
    for number, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            _write(sheet.cell(number, column), value, bold=table.footer is not None and number == len(rows) + 3)
    for column in range(1, len(table.header) + 1):
        shown = [table.header[column - 1][:24], *(str(row[column - 1] or "") for row in rows[:200])]
        sheet.column_dimensions[get_column_letter(column)].width = min(_WIDEST, max(map(len, shown)) + 3)
    sheet.freeze_panes = "B4"
    sheet.auto_filter.ref = f"A3:{get_column_letter(len(table.header))}{3 + len(table.rows)}"
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _write(cell: Any, value: Value, *, bold: bool) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Font

    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", value)
        cell.data_type = "s"  # what somebody typed as "=..." must not become a formula
    else:
        cell.value = value
        cell.number_format = {int: "#,##0", float: "0.0", dt.date: "dd/mm/yyyy"}.get(type(value), "General")
    if bold:
        cell.font = Font(bold=True)

"""The monthly report as a workbook: formatted, Vietnamese, totals and shares by formula."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.report import (
    COUNTS,
    FORECAST,
    INVENTORY,
    LISTED,
    PERCENT,
    SENTENCE,
    SHARES,
    TARGET,
    MonthReport,
)

if TYPE_CHECKING:
    import pandas as pd

HEADER_ROW = 4
_WIDE = {
    "Đơn vị": 34,
    "Hiệu lực": 30,
    "Loại kết quả": 34,
    "Lĩnh vực": 24,
    "Cảnh báo": 30,
    SENTENCE: 110,
    FORECAST: 14,
}


def write_workbook(report: MonthReport, target: Path) -> None:
    """Write every table of ``report`` as a sheet of ``target``, and its notes as the last one."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for title, table in report.tables.items():
        _write_sheet(book.create_sheet(title), report, table)
    notes = book.create_sheet("Ghi chú")
    notes.column_dimensions["A"].width = 120
    for row, note in enumerate((report.title, report.subtitle, *report.notes), start=1):
        _write_text(notes.cell(row, 1), note)
    book.save(target)


def _write_sheet(sheet: Any, report: MonthReport, table: pd.DataFrame) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    columns = list(table.columns)
    sheet["A1"], sheet["A2"] = report.title, report.subtitle
    sheet["A1"].font = Font(bold=True, size=14)
    thin = Side(style="thin", color="B0B8C0")
    for place, name in enumerate(columns, start=1):
        cell = sheet.cell(HEADER_ROW, place, name)
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", start_color="DDE6F0")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
        cell.border = Border(bottom=thin)
        sheet.column_dimensions[get_column_letter(place)].width = _WIDE.get(name, 13)
    last = HEADER_ROW
    for last, values in enumerate(table.itertuples(index=False, name=None), start=HEADER_ROW + 1):
        for place, (name, value) in enumerate(zip(columns, values, strict=True), start=1):
            _write_value(sheet, last, place, name, value, columns)
    if any(name in COUNTS for name in columns):
        _write_totals(sheet, last + 1, columns)
    texts = sum(name not in COUNTS and name not in SHARES and name != FORECAST for name in columns)
    sheet.freeze_panes = sheet.cell(HEADER_ROW + 1, texts + 1 if texts < len(columns) else 1)
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(len(columns))}{max(last, HEADER_ROW)}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"


def _write_value(sheet: Any, row: int, place: int, name: str, value: Any, columns: list[str]) -> None:
    cell = sheet.cell(row, place)
    if name in COUNTS:
        cell.value, cell.number_format = int(value), "#,##0"
    elif name == PERCENT:
        _write_share(cell, row, columns)
    elif name == TARGET:
        if value is not None and value == value:  # pandas turns a missing number into one that is not itself
            cell.value, cell.number_format = float(value), "0.0%"
    else:
        _write_text(cell, value)


def _write_text(cell: Any, value: object) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    cell.value = ILLEGAL_CHARACTERS_RE.sub("\ufffd", str(value or ""))
    cell.data_type = "s"  # a code somebody typed as "=..." must not become a formula
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _write_totals(sheet: Any, row: int, columns: list[str]) -> None:
    from openpyxl.styles import Border, Font, Side
    from openpyxl.utils import get_column_letter

    _write_text(sheet.cell(row, 1 if len(columns) < 2 or columns[1] in COUNTS else 2), "Tổng cộng")
    for place, name in enumerate(columns, start=1):
        cell = sheet.cell(row, place)
        if name in COUNTS:
            letter = get_column_letter(place)
            # From the header on, so that the sum of no unit at all is 0 and not a formula over itself.
            cell.value = f"=SUM({letter}{HEADER_ROW}:{letter}{row - 1})"
            cell.number_format = "#,##0"
        elif name == PERCENT:
            _write_share(cell, row, columns)
        cell.font, cell.border = Font(bold=True), Border(top=Side(style="thin"))


def _write_share(cell: Any, row: int, columns: list[str]) -> None:
    from openpyxl.utils import get_column_letter

    whole, part = (f"{get_column_letter(columns.index(name) + 1)}{row}" for name in (INVENTORY, LISTED))
    cell.value, cell.number_format = f'=IF({whole}=0,"",{part}/{whole})', "0.0%"

"""XLSX files without trusting them: sizes are checked before anything is unpacked, formulas are never evaluated."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.read_only import EMPTY_CELL

from manifests.grid import EMPTY, HEADER_WITHIN, MAX_COLUMNS, MAX_ROWS, Cell, CellKind, TableError
from manifests.spelling import tidy

_MAX_UNPACKED = 64 << 20
_MAX_PARTS = 2_000
_MAX_SHEETS = 20
_LAST_ROW = 1_048_576
"""Excel's own last row; a file that claims more would make openpyxl count up to it."""
_SAVE_AGAIN = "mở bằng Excel hoặc LibreOffice rồi lưu lại dạng XLSX"


def read_sheets(data: bytes) -> list[tuple[str, list[Sequence[Cell]]]]:
    """Name and rows of each sheet of an XLSX file, hidden ones too.

    Raises:
        TableError: Not an XLSX file, damaged, or larger when unpacked than a manifest can be.
    """
    _check_archive(data)
    if not openpyxl.DEFUSEDXML:
        # without it an entity bomb inside a small sheet would be expanded
        raise TableError("thiếu thư viện defusedxml để đọc XLSX an toàn; báo kỹ sư, hoặc giao manifest dạng CSV")
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
        try:
            sheets = [sheet for sheet in book.worksheets if hasattr(sheet, "iter_rows")]
            if len(sheets) > _MAX_SHEETS:
                raise TableError(f"tệp có hơn {_MAX_SHEETS} trang tính")
            return [(str(sheet.title), list(_rows(sheet))) for sheet in sheets]
        finally:
            book.close()
    except TableError:
        raise
    # openpyxl names no errors for damaged files; whatever a hostile one makes it raise is told, not passed on
    except Exception as error:
        raise TableError(f"tệp XLSX hỏng ({type(error).__name__}); {_SAVE_AGAIN}") from error


def _check_archive(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise TableError(f"tệp XLSX hỏng; {_SAVE_AGAIN}") from error
    # zipfile never yields more of a part than its directory entry declares, so the declared sum is a true bound
    if len(parts) > _MAX_PARTS or sum(part.file_size for part in parts) > _MAX_UNPACKED:
        raise TableError(f"tệp XLSX quá lớn khi giải nén (giới hạn {_MAX_UNPACKED >> 20} MB); chia nhỏ bảng")
    if any(part.flag_bits & 0x1 for part in parts):
        raise TableError("tệp XLSX có mật khẩu; bỏ mật khẩu rồi lưu lại")


def _rows(sheet: Any) -> Iterator[Sequence[Cell]]:
    """The rows by position: a blank row between two documents stays, so that row numbers are those on screen."""
    sheet.reset_dimensions()  # a sheet may declare a million empty columns
    filled = 0
    gap: tuple[Any, ...] | None = None
    for cells in sheet.iter_rows(max_row=_LAST_ROW, max_col=MAX_COLUMNS + 1):
        if cells is gap:
            yield ()
            continue
        width = len(cells)
        while width and cells[width - 1] is EMPTY_CELL:
            width -= 1
        row = [_cell(cell) for cell in cells[:width]]
        if not any(cell.text for cell in row):
            gap = cells  # openpyxl hands out one tuple again and again for rows that are not in the file
            yield ()
            continue
        filled += 1
        if filled > MAX_ROWS + HEADER_WITHIN:
            raise TableError(f"bảng có hơn {MAX_ROWS} dòng; chia nhỏ bảng")
        yield row


def _cell(cell: Any) -> Cell:
    value = cell.value
    if value is None or value == "":
        return EMPTY
    if cell.data_type == "f":
        return Cell(tidy(str(getattr(value, "text", value) or "=")), CellKind.FORMULA)
    if cell.data_type == "e":
        return Cell(str(value), CellKind.ERROR)
    if isinstance(value, dt.datetime | dt.date | dt.time | dt.timedelta):
        return Cell(_date_text(value), CellKind.DATE)
    if isinstance(value, bool):
        return Cell("TRUE" if value else "FALSE")
    if isinstance(value, int | float):
        return Cell(_number_text(value), CellKind.NUMBER)
    text = tidy(str(value))
    return Cell(text, literal=True) if text else EMPTY


def _date_text(value: dt.datetime | dt.date | dt.time | dt.timedelta) -> str:
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        return f"{value:%d/%m/%Y}"
    return str(value)


def _number_text(value: int | float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return repr(value)


def write_sheet(path: Path, rows: Iterable[Sequence[str | int]]) -> None:
    """Writes one sheet; text cells are formatted as Text, so that whoever edits them keeps leading zeros."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("manifest")
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=value)
            if isinstance(value, str):
                cell.data_type = "s"  # also "=1+1": text, never a formula
                cell.number_format = "@"
            cells.append(cell)
        sheet.append(cells)
    book.save(path)

"""The inventory (danh mục kết quả còn hiệu lực): how many results there are, the denominator of every percentage."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from manifests.cells import Taken, UnitColumn, plain_text, read_count, read_record_type, read_unit, read_year
from manifests.columns import is_ignored, table_form
from manifests.custody import fold_book
from manifests.days import read_day
from manifests.files import FileError, shown
from manifests.grid import Cell, Row, Table, TableError
from manifests.reasons import Fault, Severity
from manifests.record_types import RecordType, last_lapsed_year
from manifests.rows import Layout, RowCells, lay_out, unit_column
from manifests.spelling import fold, visible
from manifests.tables import read_table, write_table
from manifests.units import Unit, units

_MOST = 99_999_999
_TOTALS = ("cong", "total", "sum")
_VIETNAM = dt.timezone(dt.timedelta(hours=7))


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """How many results of one kind and year a unit holds, as its reviewed list says.

    Attributes:
        unit_code: Unit that issued the results, as of ``year``.
        record_type: Code of ``manifests.record_types``.
        records: Results (kết quả); the denominator.
        files, pages: Document files and pages; ``None`` when the list does not count them.
        unit_as_of: Day on which ``unit_code`` is meant, for a year in which the code changed hands; else ``None``.
        book, box: Where these results lie, when the list tells it; a box is known by the batch it is delivered in.
        row: 1-based row in the file; 0 for a line that was not read from one.
    """

    unit_code: str
    record_type: str
    year: int
    records: int
    files: int | None = None
    pages: int | None = None
    row: int = 0
    unit_as_of: dt.date | None = None
    book: str | None = None
    box: str | None = None


@dataclass(frozen=True, slots=True)
class InventoryReading:
    """What an inventory says. A denominator with holes is no denominator: with any error, do not import it.

    Attributes:
        lines: Rows without an error, in file order.
        faults: Everything wrong, with row and column.
        sha256: Digest of the file; ``None`` when it could not be read.
    """

    lines: tuple[InventoryLine, ...]
    faults: tuple[Fault, ...]
    sha256: str | None

    @property
    def failed(self) -> bool:
        return any(fault.severity is Severity.ERROR for fault in self.faults)


def read_inventory(path: Path, *, today: dt.date | None = None) -> InventoryReading:
    """Reads an inventory, CSV or XLSX with Vietnamese or English headers; never raises for what is in the file.

    Args:
        today: Day that says which year is the last possible one; today in Vietnam when not given.
    """
    form = table_form("inventory")
    try:
        table, data = read_table(path, form.score)
    except (FileError, TableError) as error:
        return InventoryReading((), (Fault("inventory_invalid", error.detail, file=shown(path.name)),), None)
    sha256 = hashlib.sha256(data).hexdigest()
    if not table.rows:
        return InventoryReading((), (Fault("inventory_empty", "", file=shown(path.name)),), sha256)
    layout, faults = lay_out(table, form)
    if faults:
        return InventoryReading((), faults, sha256)
    reader = _LineReader(layout, unit_column(table, layout, units(), None), today)
    lines = [line for row in table.rows if (line := reader.read(row)) is not None]
    found = (*_unknown_columns(table, layout), *reader.faults, *_repeated(lines))
    found = tuple(sorted(found, key=lambda fault: fault.row or 0))
    if not lines and not any(fault.severity is Severity.ERROR for fault in found):
        found = (*found, Fault("inventory_empty", "", file=shown(path.name)))
    return InventoryReading(tuple(lines), found, sha256)


class _LineReader:
    def __init__(self, layout: Layout, column: UnitColumn, today: dt.date | None) -> None:
        self._layout = layout
        self._column = column
        self._today = today or dt.datetime.now(_VIETNAM).date()
        self.faults: list[Fault] = []

    def read(self, row: Row) -> InventoryLine | None:
        """The line of a row; ``None`` for a total below the lines or a row with an error, which are told."""
        cells = RowCells(row, self._layout)
        if self._is_total(row):
            self.faults.append(Fault("value_ignored", "dòng tổng cộng được bỏ qua", Severity.WARNING, row=row.number))
            return None
        year = cells.take("year", partial(read_year, this_year=self._today.year))
        unit_code = cells.take("unit_code", partial(read_unit, year=year, column=self._column))
        kind = cells.take("record_type", read_record_type)
        count = partial(read_count, least=0, most=_MOST, grouped=True)
        records = cells.take("records", count)
        files = cells.take("files", count, required=False)
        pages = cells.take("pages", count, required=False)
        as_of = cells.take("unit_as_of", read_day, required=False)
        book, box = (cells.take(name, _text, required=False) for name in ("book", "box"))
        if unit_code is not None and year is not None:
            self._look_at_unit(cells, unit_code, year, as_of)
        if kind is not None and year is not None:
            self._look_at_validity(cells, kind, year)
        self.faults.extend(cells.faults(None))
        if cells.failed or year is None or unit_code is None or kind is None or records is None:
            return None
        return InventoryLine(unit_code, kind.code, year, records, files, pages, row.number, as_of, book, box)

    @staticmethod
    def _look_at_unit(cells: RowCells, code: str, year: int, as_of: dt.date | None) -> None:
        """Codes are reused: say which unit a year is taken for, and refuse a day on which there was none."""
        bearers = _bearers(code, year)
        told = "; ".join(f"{unit.name} {unit.validity()}" for unit in bearers)
        if as_of is not None and (as_of.year != year or units().at(code, as_of) is None):
            cells.add("unknown_unit", f"ngày {as_of:%d/%m/%Y}, năm {year}: mã {code} là {told}")
        elif as_of is None and len(bearers) > 1:
            detail = (
                f"năm {year} mã {code} là {told}; dòng này tính cho đơn vị sau cùng, trừ khi ghi “Đơn vị tại ngày”"
            )
            cells.add("value_adjusted", detail, severity=Severity.WARNING)

    def _look_at_validity(self, cells: RowCells, kind: RecordType, year: int) -> None:
        last = last_lapsed_year(kind, self._today)
        if last is not None and year <= last:
            detail = f"{kind.name} năm {year}: {kind.lapse_source}"
            cells.add("inventory_lapsed", detail, severity=Severity.WARNING)

    @staticmethod
    def _is_total(row: Row) -> bool:
        first = next((fold(cell.text) for cell in row.cells if cell.text), "")
        return first in _TOTALS or first.startswith("tong")


def _bearers(code: str, year: int) -> list[Unit]:
    """The units that bore a code in a year."""
    return [unit for unit in units().with_code(code) if unit.valid_in(year)]


def _text(cell: Cell) -> Taken[str]:
    return Taken(" ".join(plain_text(cell).split()))


def _unknown_columns(table: Table, layout: Layout) -> tuple[Fault, ...]:
    return tuple(
        Fault("column_unknown", "", Severity.WARNING, row=table.header_row, column=visible(table.headers[index]))
        for index in layout.others
        if table.headers[index] and not is_ignored(table.headers[index])
    )


def _repeated(lines: Iterable[InventoryLine]) -> tuple[Fault, ...]:
    """One error for each line that stands a second time: adding them up or taking the last are both guesses."""
    first: dict[tuple[object, ...], int] = {}
    faults = []
    for line in lines:
        place = (fold_book(line.book), fold_book(line.box))
        key = (line.unit_code, line.record_type, line.year, line.unit_as_of, *place)
        if first.setdefault(key, line.row) != line.row:
            detail = f"đã có ở dòng {first[key]}"
            if line.unit_as_of is None and len(_bearers(line.unit_code, line.year)) > 1:
                detail += "; nếu mỗi dòng là của một đơn vị cùng mã, ghi “Đơn vị tại ngày” cho từng dòng"
            faults.append(Fault("inventory_repeated", detail, row=line.row))
    return tuple(faults)


def write_inventory(path: Path, lines: Iterable[InventoryLine], *, vietnamese: bool = False) -> None:
    """Writes an inventory, CSV (UTF-8 with BOM) or XLSX by the suffix of ``path``.

    Raises:
        ValueError: Another suffix.
    """
    columns = table_form("inventory").columns
    rows: list[list[str | int]] = [[column.title if vietnamese else column.name for column in columns]]
    for line in lines:
        optional = ["" if count is None else count for count in (line.files, line.pages)]
        as_of = f"{line.unit_as_of:%d/%m/%Y}" if line.unit_as_of else ""
        place = [line.book or "", line.box or ""]
        rows.append([line.unit_code, line.record_type, line.year, line.records, *optional, as_of, *place])
    write_table(path, rows)

"""Custodian assignments (phân giao hồ sơ lưu trữ): which unit holds the papers of a former one.

For a ward that was split this is an administrative decision; nothing in the succession tells it. The list says it by
book or box, by years, by record type, or for everything.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from manifests.cells import FIRST_YEAR, Taken, UnitColumn, plain_text, read_count, read_record_type, read_unit
from manifests.columns import TableForm, is_ignored, table_form
from manifests.days import read_day
from manifests.files import FileError, shown
from manifests.grid import Cell, CellKind, Row, Table, TableError
from manifests.reasons import Fault, Severity
from manifests.rows import Layout, RowCells, lay_out
from manifests.spelling import fold, visible
from manifests.tables import read_table, write_table
from manifests.units import Unit, UnitRegistry, units

_VIETNAM = dt.timezone(dt.timedelta(hours=7))
_ALL_YEARS = (0, 9999)


@dataclass(frozen=True, slots=True)
class Assignment:
    """One line of the list, for one former unit.

    Attributes:
        unit: The unit that issued the papers; a code and its validity.
        custodian_code: Unit that holds them now.
        decided_on: Counts from this day; ``None`` when the list does not say.
        decision: Number of the decision.
        record_type, book, box: Only these; empty means every one. A box is known by the id of the batch it came in.
        first_year, last_year: Years of the papers, inclusive; 0 and 9999 when the list names none.
        row: 1-based row in the file.
    """

    unit: Unit
    custodian_code: str
    decided_on: dt.date | None = None
    decision: str | None = None
    record_type: str = ""
    book: str = ""
    box: str = ""
    first_year: int = _ALL_YEARS[0]
    last_year: int = _ALL_YEARS[1]
    row: int = 0


@dataclass(frozen=True, slots=True)
class CustodyReading:
    """What a list says; with any error it is not imported. ``sha256`` is ``None`` when it could not be read."""

    assignments: tuple[Assignment, ...]
    faults: tuple[Fault, ...]
    sha256: str | None

    @property
    def failed(self) -> bool:
        return any(fault.severity is Severity.ERROR for fault in self.faults)


def fold_book(text: str | None) -> str:
    """A book or box as it is compared: case, outer blanks and leading zeros do not count."""
    return (text or "").strip().lower().lstrip("0")


def read_custody(path: Path, *, today: dt.date | None = None, registry: UnitRegistry | None = None) -> CustodyReading:
    """Reads a list, CSV or XLSX with Vietnamese or English headers; never raises for what is in the file.

    Args:
        today: Day on which a custodian must exist; today in Vietnam when not given.
    """
    form = table_form("custody")
    try:
        table, data = read_table(path, partial(_known_columns, form))
    except (FileError, TableError) as error:
        return CustodyReading((), (Fault("custody_invalid", error.detail, file=shown(path.name)),), None)
    sha256 = hashlib.sha256(data).hexdigest()
    if not table.rows:
        return CustodyReading((), (Fault("custody_empty", "", file=shown(path.name)),), sha256)
    layout, faults = lay_out(table, form)
    if faults:
        return CustodyReading((), faults, sha256)
    reader = _AssignmentReader(table, layout, registry or units(), today or dt.datetime.now(_VIETNAM).date())
    found = tuple(assignment for row in table.rows for assignment in reader.read(row))
    unknown = tuple(
        Fault("column_unknown", "", Severity.WARNING, row=table.header_row, column=visible(table.headers[index]))
        for index in layout.others
        if table.headers[index] and not is_ignored(table.headers[index])
    )
    return CustodyReading(found, (*unknown, *reader.faults, *_conflicts(found)), sha256)


def write_custody(path: Path, rows: Iterable[Sequence[str | int]]) -> None:
    """Writes a list to be filled in: the columns of ``table_form("custody")``, Vietnamese; CSV or XLSX by suffix.

    Raises:
        ValueError: Another suffix.
    """
    write_table(path, [[column.title for column in table_form("custody").columns], *rows])


def _known_columns(form: TableForm, headers: Sequence[str]) -> int:
    return len({column.name for header in headers if (column := form.named(header))})


class _AssignmentReader:
    def __init__(self, table: Table, layout: Layout, registry: UnitRegistry, today: dt.date) -> None:
        self._layout = layout
        self._registry = registry
        self._today = today
        self._issuer = self._column(table, "unit_code")
        self._custodian = self._column(table, "custodian_code")
        self.faults: list[Fault] = []

    def _column(self, table: Table, name: str) -> UnitColumn:
        place = self._layout.places[name]
        cells = (row.cells[place] for row in table.rows if place < len(row.cells))
        keeps = any(cell.kind is CellKind.TEXT and cell.text.startswith("0") for cell in cells)
        return UnitColumn(self._registry, keeps_zeros=keeps)

    def read(self, row: Row) -> tuple[Assignment, ...]:
        """The assignments of a row, one for each unit it means; none for a row with an error, which is told."""
        cells = RowCells(row, self._layout)
        year = partial(read_count, least=FIRST_YEAR, most=self._today.year)
        code = cells.take("unit_code", partial(read_unit, year=None, column=self._issuer))
        name = cells.take("unit_name", lambda cell: Taken(plain_text(cell)), required=False)
        as_of = cells.take("unit_as_of", read_day, required=False)
        kind = cells.take("record_type", read_record_type, required=False)
        first, last = (cells.take(column, year, required=False) for column in ("first_year", "last_year"))
        book, box, decision = (cells.take(column, _text, required=False) for column in ("book", "box", "decision"))
        custodian = cells.take("custodian_code", partial(read_unit, year=self._today.year, column=self._custodian))
        decided_on = cells.take("decided_on", read_day, required=False)
        years = (first or _ALL_YEARS[0], last or _ALL_YEARS[1])
        if first and last and first > last:
            cells.add("value_invalid", f"từ năm {first} đến năm {last}", header=self._layout.header("last_year"))
        meant = self._units(cells, code, name, as_of, years) if code else ()
        if custodian and self._registry.at(custodian, self._today) is None:
            header = self._layout.header("custodian_code")
            cells.add("unknown_unit", f"mã {custodian} không có hiệu lực hôm nay", header=header)
        elif custodian:
            self._look_at_heirs(cells, meant, custodian)
        self.faults.extend(cells.faults(None))
        if cells.failed or custodian is None:
            return ()
        return tuple(
            Assignment(
                unit=unit,
                custodian_code=custodian,
                decided_on=decided_on,
                decision=decision or None,
                record_type=kind.code if kind else "",
                book=fold_book(book),
                box=fold_book(box),
                first_year=years[0],
                last_year=years[1],
                row=row.number,
            )
            for unit in meant
        )

    def _units(
        self, cells: RowCells, code: str, name: str | None, as_of: dt.date | None, years: tuple[int, int]
    ) -> tuple[Unit, ...]:
        """The units a row means: of those that bore the code, the ones its day, name or years fit, former first."""
        bearers = self._registry.with_code(code)
        fitting = [unit for unit in bearers if as_of is None or unit.valid_on(as_of)]
        if name is not None:
            fitting = [unit for unit in fitting if fold(name) in (fold(unit.name), fold(_bare(unit.name)))]
        if years != _ALL_YEARS:
            fitting = [unit for unit in fitting if _bore_in(unit, years)]
        former = [unit for unit in fitting if unit.valid_to is not None and unit.valid_to < self._today]
        meant = former or fitting
        told = "; ".join(f"{unit.name} {unit.validity()}" for unit in bearers)
        header = self._layout.header("unit_code")
        if not meant:
            cells.add("unknown_unit", f"mã {code} từng là: {told}", header=header)
        elif len(meant) > 1 and years == _ALL_YEARS and as_of is None:
            detail = f"mã {code} là nhiều đơn vị: {told}; ghi cột “Đơn vị tại ngày” hoặc “Từ năm”, “Đến năm”"
            cells.add("value_invalid", detail, header=header)
        return tuple(meant)

    def _look_at_heirs(self, cells: RowCells, meant: Iterable[Unit], custodian: str) -> None:
        for unit in meant:
            heirs = {
                step.successor_code
                for step in self._registry.successors(unit.code)
                if unit.valid_to is not None and step.date == unit.valid_to + dt.timedelta(days=1)
            }
            if heirs and custodian not in heirs:
                detail = f"{unit.name} được chuyển về {', '.join(sorted(heirs))}, không có {custodian}"
                header = self._layout.header("custodian_code")
                cells.add("custody_unexpected", detail, severity=Severity.WARNING, header=header)


def _bare(name: str) -> str:
    """``Phường Bạch Mai`` as people write it: ``Bạch Mai``."""
    for kind in ("Thành phố ", "Quận ", "Huyện ", "Thị xã ", "Thị trấn ", "Phường ", "Xã "):
        if name.startswith(kind):
            return name.removeprefix(kind)
    return name


def _bore_in(unit: Unit, years: tuple[int, int]) -> bool:
    begins = unit.valid_from.year if unit.valid_from else _ALL_YEARS[0]
    ends = unit.valid_to.year if unit.valid_to else _ALL_YEARS[1]
    return begins <= years[1] and years[0] <= ends


def _text(cell: Cell) -> Taken[str]:
    return Taken(" ".join(plain_text(cell).split()))


def _conflicts(assignments: Sequence[Assignment]) -> tuple[Fault, ...]:
    """One error for each line that says of the same papers what an earlier line said, or otherwise."""
    same: dict[tuple[str, object, str, str, str, object], list[Assignment]] = {}
    faults = []
    for one in assignments:
        key = (one.unit.code, one.unit.valid_from, one.record_type, one.book, one.box, one.decided_on)
        for other in same.setdefault(key, []):
            if one.first_year <= other.last_year and other.first_year <= one.last_year:
                faults.append(Fault("custody_conflict", f"dòng {other.row} đã giao cùng hồ sơ này", row=one.row))
                break
        same[key].append(one)
    return tuple(faults)

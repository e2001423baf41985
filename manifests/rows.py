"""Taking the cells of one row by column, collecting what is wrong with them instead of stopping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from manifests.cells import CellError, Taken, UnitColumn
from manifests.columns import TableForm
from manifests.grid import EMPTY, Cell, CellKind, Row, Table
from manifests.reasons import Fault, Severity
from manifests.spelling import visible
from manifests.units import UnitRegistry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where each column of the form stands in a table.

    Attributes:
        places: Index by column name.
        others: Indexes of the columns the form does not know.
        headers: As the file spells them.
    """

    places: dict[str, int]
    others: tuple[int, ...]
    headers: tuple[str, ...]

    def header(self, name: str) -> str:
        return visible(self.headers[self.places[name]])


def lay_out(table: Table, form: TableForm) -> tuple[Layout, tuple[Fault, ...]]:
    """The layout of a table, and its missing or repeated columns as faults of the whole file."""
    places: dict[str, int] = {}
    others: list[int] = []
    faults: list[Fault] = []
    for index, header in enumerate(table.headers):
        column = form.named(header)
        if column is None:
            others.append(index)
        elif column.name in places:
            first = visible(table.headers[places[column.name]])
            detail = f"cùng nghĩa với cột “{first}”"
            faults.append(Fault("column_repeated", detail, row=table.header_row, column=visible(header)))
        else:
            places[column.name] = index
    faults.extend(
        Fault("column_missing", f"cột “{column.title}” ({column.name})", row=table.header_row)
        for column in form.required()
        if column.name not in places
    )
    return Layout(places, tuple(others), table.headers), tuple(faults)


def unit_column(table: Table, layout: Layout, registry: UnitRegistry, home: str | None) -> UnitColumn:
    """What the whole column of unit codes tells about one of them."""
    place = layout.places["unit_code"]
    cells = (row.cells[place] for row in table.rows if place < len(row.cells))
    keeps = any(cell.kind is CellKind.TEXT and cell.text.startswith("0") for cell in cells)
    return UnitColumn(registry, keeps_zeros=keeps, home=home)


class RowCells:
    """The cells of one row, and the faults found while taking them."""

    def __init__(self, row: Row, layout: Layout) -> None:
        self._row = row
        self._layout = layout
        self._found: list[tuple[str, str, Severity, str | None]] = []
        if any(cell.text for cell in row.cells[len(layout.headers) :]):
            self.add(
                "value_invalid", "dòng có nhiều ô hơn dòng tiêu đề; đặt giá trị có dấu phân cách trong ngoặc kép"
            )

    @property
    def failed(self) -> bool:
        return any(severity is Severity.ERROR for _, _, severity, _ in self._found)

    def at(self, index: int) -> Cell:
        return self._row.cells[index] if index < len(self._row.cells) else EMPTY

    def named(self, name: str) -> Cell:
        """The cell of a column; empty when the table has no such column."""
        place = self._layout.places.get(name)
        return EMPTY if place is None else self.at(place)

    def add(self, code: str, detail: str, *, severity: Severity = Severity.ERROR, header: str | None = None) -> None:
        self._found.append((code, detail, severity, header))

    def take(self, name: str, read: Callable[[Cell], Taken[T]], *, required: bool = True) -> T | None:
        """The value of a column; ``None`` when it is empty or cannot be used, which is then a fault."""
        cell = self.named(name)
        if name not in self._layout.places:
            return None
        if not cell.text:
            if required:
                self.add("value_missing", "", header=self._layout.header(name))
            return None
        return self.take_cell(cell, self._layout.header(name), read)

    def take_cell(self, cell: Cell, header: str, read: Callable[[Cell], Taken[T]]) -> T | None:
        """The value of any cell, its faults told under ``header``."""
        try:
            taken = read(cell)
        except CellError as error:
            self.add(error.code, error.detail, header=header)
            return None
        if taken.note:
            self.add("value_adjusted", taken.note, severity=Severity.WARNING, header=header)
        return taken.value

    def faults(self, document_id: str | None) -> tuple[Fault, ...]:
        """All that was found, for the document the row stands for."""
        return tuple(
            Fault(code, detail, severity, document_id=document_id, row=self._row.number, column=header)
            for code, detail, severity, header in self._found
        )

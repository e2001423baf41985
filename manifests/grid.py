"""Rows of cells as people bring them, whatever file they came in; each cell says how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from manifests.errors import ManifestsError

MAX_ROWS = 100_000
MAX_COLUMNS = 200
HEADER_WITHIN = 20
"""A title and a few lines about the unit may stand above the header."""


class TableError(ManifestsError):
    """The file is not a table that can be read. ``detail`` is Vietnamese and says what to do."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(detail)


class CellKind(StrEnum):
    TEXT = "text"
    """Typed as text; also an empty cell."""
    NUMBER = "number"
    DATE = "date"
    FORMULA = "formula"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: Tidy NFC text; a whole number without ``.0``; a date as ``dd/mm/yyyy``; the formula itself.
        literal: The text stands as it was typed: leading zeros, if there were any, are still there.
    """

    text: str
    kind: CellKind = CellKind.TEXT
    literal: bool = False


EMPTY = Cell("")


@dataclass(frozen=True, slots=True)
class Row:
    """A row below the header; ``number`` is 1-based in the file, as the spreadsheet program shows it."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it that hold anything."""

    headers: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]

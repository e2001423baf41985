"""Exports of outside systems: one row for each result they hold, read a row at a time, however long the file is."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import hashlib
import io
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import resources
from itertools import islice
from pathlib import Path

from manifests.cells import CellError, Taken, UnitColumn, number_text, plain_text, read_unit, read_year
from manifests.columns import TableForm, table_form
from manifests.errors import ManifestsError
from manifests.files import FileError, open_plain, shown
from manifests.grid import HEADER_WITHIN, MAX_COLUMNS, Cell, Row, Table, TableError
from manifests.reasons import Fault
from manifests.record_types import RecordType, record_types, resolve
from manifests.rows import Layout, RowCells, lay_out
from manifests.spelling import fold, visible
from manifests.tables import csv_cell, read_table
from manifests.units import units

_VIETNAM = dt.timezone(dt.timedelta(hours=7))
_LONGEST_LINE = 1 << 20


@dataclass(frozen=True, slots=True)
class OutsideRow:
    """One result an outside system holds; ``row`` is 1-based in its export."""

    row: int
    unit_code: str
    record_type: str
    year: int
    number: str
    name: str | None = None
    code: str | None = None


class OutsideError(ManifestsError):
    """The export cannot be used at all; ``faults`` say why."""

    code = "outside_invalid"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(" ".join(fault.sentence() for fault in faults))


@dataclass(slots=True)
class OutsideExport:
    """An export while it is read: take ``rows`` once, then look at ``faults`` and ``sha256``.

    Attributes:
        faults: What is wrong with single rows; those rows are left out. At most ``MOST_FAULTS`` are kept.
        bad_rows: How many rows were left out.
    """

    rows: Iterator[OutsideRow]
    sha256: str
    faults: list[Fault] = field(default_factory=list)
    bad_rows: int = 0


MOST_FAULTS = 1_000


def open_outside(
    path: Path, *, headers: Mapping[str, str] | None = None, today: dt.date | None = None
) -> OutsideExport:
    """Opens an export, CSV of any length or XLSX of up to 100,000 rows.

    Args:
        headers: Header of a column, where it is none the project knows: ``{"number": "Số vào sổ"}``.
        today: Day that says which year is the last possible one.

    Raises:
        OutsideError: It is no table, has no rows, or lacks a column.
    """
    form = _form(headers or {})

    def known(row: Sequence[str]) -> int:
        return len({column.name for text in row if (column := form.named(text))})

    try:
        with open_plain(path) as stream:
            first, digest = stream.read(4), hashlib.sha256()
            stream.seek(0)
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        if first.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            table, _ = read_table(path, known)
            rows: Iterator[Row] = iter(table.rows)
        else:
            table, rows = _open_csv(path, known, first)
    except (FileError, TableError) as error:
        raise OutsideError([Fault("outside_invalid", error.detail, file=shown(path.name))]) from error
    if not table.headers:
        raise OutsideError([Fault("outside_empty", "", file=shown(path.name))])
    layout, faults = lay_out(table, form)
    if faults:
        raise OutsideError(faults)
    export = OutsideExport(iter(()), digest.hexdigest())
    export.rows = _rows(rows, layout, export, (today or dt.datetime.now(_VIETNAM).date()).year)
    return export


def _form(headers: Mapping[str, str]) -> TableForm:
    form = table_form("outside")
    unknown = sorted(set(headers) - {column.name for column in form.columns})
    if unknown:
        names = ", ".join(column.name for column in form.columns)
        detail = f"không có cột “{visible(unknown[0])}”; ghi một trong {names}"
        raise OutsideError([Fault("outside_invalid", detail)])
    # a header somebody names means that column alone, whatever it means elsewhere
    taken = {fold(header) for header in headers.values()}
    return TableForm(
        tuple(
            dataclasses.replace(
                column,
                spellings=frozenset([fold(headers[column.name])])
                if column.name in headers
                else column.spellings - taken,
            )
            for column in form.columns
        )
    )


def _open_csv(path: Path, known: Callable[[Sequence[str]], int], first: bytes) -> tuple[Table, Iterator[Row]]:
    encoding = "utf-16" if first.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    stream = io.TextIOWrapper(path.open("rb"), encoding=encoding, newline="")
    try:
        head = list(islice(iter(partial(stream.readline, _LONGEST_LINE), ""), HEADER_WITHIN))
    except UnicodeError as error:
        stream.close()
        raise TableError("tệp không phải UTF-8; trong Excel chọn Lưu thành → CSV UTF-8") from error
    if any("\0" in line for line in head):
        stream.close()
        raise TableError("tệp không phải văn bản (có byte 0); xuất lại dạng CSV UTF-8")
    separators = ",;\t|"
    best = max(
        separators, key=lambda it: (max((known(_split(line, it)) for line in head), default=0), -separators.index(it))
    )
    scores = [known(_split(line, best)) for line in head]
    place = scores.index(max(scores)) if scores else 0
    if not scores or scores[place] == 0:
        stream.close()
        columns = ", ".join(f"“{column.title}”" for column in table_form("outside").required())
        raise TableError(f"không thấy dòng tiêu đề với các cột {columns}")
    stream.seek(0)
    return Table(tuple(csv_cell(cell).text for cell in _split(head[place], best)), place + 1, ()), _csv_rows(
        stream, best, place + 1
    )


def _split(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return []


def _csv_rows(stream: io.TextIOWrapper, separator: str, header_row: int) -> Iterator[Row]:
    with stream:
        reader = csv.reader(stream, delimiter=separator, strict=True)
        try:
            for number, cells in enumerate(reader, start=1):
                if number > header_row and any(cell.strip() for cell in cells):
                    if len(cells) > MAX_COLUMNS:
                        raise TableError(f"dòng {number} có hơn {MAX_COLUMNS} cột")
                    yield Row(number, tuple(csv_cell(cell) for cell in cells))
        except (csv.Error, UnicodeError) as error:
            detail = f"dòng {reader.line_num} không đọc được ({type(error).__name__}); xuất lại dạng CSV UTF-8"
            raise OutsideError([Fault("outside_invalid", detail)]) from error
        except TableError as error:
            raise OutsideError([Fault("outside_invalid", error.detail)]) from error


def _rows(rows: Iterator[Row], layout: Layout, export: OutsideExport, this_year: int) -> Iterator[OutsideRow]:
    column = UnitColumn(units(), keeps_zeros=False)
    for row in rows:
        cells = RowCells(row, layout)
        year = cells.take("year", partial(read_year, this_year=this_year))
        unit_code = cells.take("unit_code", partial(read_unit, year=year, column=column))
        kind = cells.take("record_type", _record_type)
        number = cells.take("number", lambda cell: Taken(number_text(cell)))
        name, code = (
            cells.take(what, lambda cell: Taken(plain_text(cell)), required=False) for what in ("person_name", "code")
        )
        if cells.failed or unit_code is None or kind is None or year is None or number is None:
            export.bad_rows += 1
            if len(export.faults) < MOST_FAULTS:
                export.faults.extend(cells.faults(None))
            continue
        yield OutsideRow(row.number, unit_code, kind.code, year, number, name, code)


@cache
def _type_spellings() -> dict[str, RecordType]:
    text = resources.files("manifests").joinpath("data/outside.toml").read_text(encoding="utf-8")
    return {
        fold(word): record_types()[code]
        for code, words in tomllib.loads(text)["record_types"].items()
        for word in words
    }


def _record_type(cell: Cell) -> Taken[RecordType]:
    text = plain_text(cell)
    kind = resolve(text) or _type_spellings().get(fold(text))
    if kind is None:
        raise CellError("unknown_record_type", f"“{visible(text)}”")
    return Taken(kind)

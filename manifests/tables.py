"""CSV and XLSX files that people bring, as rows of cells that say how far they can be trusted.

Nothing is evaluated and nothing is guessed from a cell's value here; what a value means is the reader's business.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from manifests.files import read_bytes
from manifests.grid import HEADER_WITHIN, MAX_COLUMNS, MAX_ROWS, Cell, CellKind, Row, Table, TableError
from manifests.spelling import tidy, visible

MAX_BYTES = 32 << 20
_HEADER_NAMES = 3
"""Required columns a row must name to be taken for the header."""


Score = Callable[[Sequence[str]], int]
"""How many required columns a row of texts names; the row with most is the header."""


def read_table(path: Path, score: Score) -> tuple[Table, bytes]:
    """The table in a CSV or XLSX file, and the file's bytes.

    Raises:
        TableError: Not a table; ``FileError``: not a plain readable file, or larger than ``MAX_BYTES``.
    """
    data = read_bytes(path, MAX_BYTES)
    return parse_table(data, score), data


def parse_table(data: bytes, score: Score) -> Table:
    """The table in ``data``; the bytes decide what it is, never the name.

    Raises:
        TableError: Neither CSV nor XLSX, damaged, too large, or in a character set that cannot be told.
    """
    if data.startswith(b"PK\x03\x04"):
        from manifests.workbooks import read_sheets  # openpyxl costs start-up time that a CSV need not pay

        return _only_table(read_sheets(data), score)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise TableError("tệp là XLS kiểu cũ hoặc XLSX có mật khẩu; bỏ mật khẩu và lưu lại dạng XLSX")
    return read_csv(decode(data), score)


def decode(data: bytes) -> str:
    """The text of a CSV: UTF-8 with or without BOM, UTF-16 with BOM (Excel's "Unicode Text").

    Raises:
        TableError: Another character set; guessing one would turn names into other names.
    """
    encoding = "utf-8-sig"
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding = "utf-16"
    elif b"\x00" in data[:4096]:
        raise TableError("tệp không phải văn bản UTF-8 (có byte 0); trong Excel chọn Lưu thành → CSV UTF-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise TableError(
            f"dòng {line} không phải UTF-8, có thể là bảng mã cũ (Windows-1258, TCVN3, VNI); "
            "chuyển sang Unicode rồi trong Excel chọn Lưu thành → CSV UTF-8"
        ) from error


def read_csv(text: str, score: Score) -> Table:
    """The table in CSV text; the separator is the one that makes most sense of the header.

    Raises:
        TableError: A quotation mark that is never closed (the rest of the file would vanish in one cell), too many
            rows or columns.
    """
    first, _, rest = text.partition("\n")
    if (told := first.strip().lower()).startswith("sep=") and len(told) == 5:
        return _table(_csv_rows(rest, told[-1]), score)
    head = "\n".join(text[:65536].splitlines()[:HEADER_WITHIN])

    def sense(separator: str) -> tuple[int, int]:
        rows = [line.split(separator) for line in head.splitlines()]
        return max((score([cell.strip(' "') for cell in row]) for row in rows), default=0), head.count(separator)

    return _table(_csv_rows(text, max(",;\t", key=sense)), score)


def _csv_rows(text: str, separator: str) -> Iterable[Sequence[Cell]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            yield [csv_cell(cell) for cell in cells]
    except csv.Error as error:
        raise TableError(f'dòng {reader.line_num} sai dạng CSV, có thể do dấu " không đóng ({error})') from error


def csv_cell(raw: str) -> Cell:
    """One cell of a CSV, as far as its text can be trusted."""
    text = tidy(raw)
    if text.startswith("="):
        return Cell(text, CellKind.FORMULA)
    # Excel's mark for "this is text"; it is also how a table keeps "=1+1" from being run when it is opened
    if len(text) > 1 and text[0] == "'" and (text[1] in "=+-@'" or text[1].isdigit()):
        return Cell(text[1:], literal=True)
    return Cell(text)


def _only_table(sheets: Iterable[tuple[str, list[Sequence[Cell]]]], score: Score) -> Table:
    """The one sheet that holds the table.

    Raises:
        TableError: Several sheets hold one: taking the first would lose documents without a word.
    """
    tables = [(name, _table(rows, score)) for name, rows in sheets if rows]
    if not tables:
        return Table((), 1, ())
    fitting = [(name, table) for name, table in tables if score(table.headers) >= _HEADER_NAMES]
    if len(fitting) > 1:
        names = ", ".join(f"“{visible(tidy(name))}”" for name, _ in fitting[:5])
        raise TableError(f"có {len(fitting)} trang tính cùng chứa bảng ({names}); gộp vào một trang tính")
    return (fitting or tables)[0][1]


def _table(rows: Iterable[Sequence[Cell]], score: Score) -> Table:
    kept: list[Row] = []
    header: Row | None = None
    for number, cells in enumerate(rows, start=1):
        if not any(cell.text for cell in cells):
            continue
        width = max(index for index, cell in enumerate(cells, start=1) if cell.text)
        if width > MAX_COLUMNS:
            raise TableError(f"dòng {number} có hơn {MAX_COLUMNS} cột")
        if len(kept) >= MAX_ROWS + HEADER_WITHIN:
            raise TableError(f"bảng có hơn {MAX_ROWS} dòng; chia nhỏ bảng")
        row = Row(number, tuple(cells[:width]))
        if header is None and number <= HEADER_WITHIN and score([cell.text for cell in cells]) >= _HEADER_NAMES:
            header = row
            kept.clear()
        else:
            kept.append(row)
    if header is None:
        if not kept:
            return Table((), 1, ())
        header = kept.pop(0)
    return Table(tuple(cell.text for cell in header.cells), header.number, tuple(kept))


def write_table(path: Path, rows: Iterable[Sequence[str | int]], *, separator: str = ",") -> None:
    """Writes rows as CSV (UTF-8 with BOM, so that Excel sees Vietnamese) or XLSX, by the suffix of ``path``.

    Text that a spreadsheet program would run as a formula is marked as text; ``read_table`` takes the mark off.

    Raises:
        ValueError: Another suffix.
    """
    if path.suffix.lower() == ".xlsx":
        from manifests.workbooks import write_sheet

        write_sheet(path, rows)
    elif path.suffix.lower() == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream, delimiter=separator).writerows([_harmless(value) for value in row] for row in rows)
    else:
        raise ValueError(f"{path.name}: a table is written as .csv or .xlsx; choose one of these suffixes")


def _harmless(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@'") else value

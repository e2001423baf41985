from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from manifests.grid import TableError
from manifests.manifest import ManifestReading, read_manifest, write_manifest
from manifests.reasons import Severity
from manifests.workbooks import read_sheets

HEADERS = ["document_id", "files", "sha256", "pages", "record_type", "unit_code", "year"]
GOOD: list[Any] = ["KS-0001", "KS-0001.pdf", "a" * 64, 1, "birth", "00256", 1998]


def read(folder: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] | None = None) -> ManifestReading:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change is not None:
        change(book)
    path = folder / "manifest.xlsx"
    book.save(path)
    return read_manifest(path, today=dt.date(2026, 3, 1))


def with_part(path: Path, name: str, data: bytes) -> None:
    """Replaces one part of a workbook."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    parts[name] = data
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def sheet(body: str, *, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0"?>{head}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{body}</sheetData></worksheet>"
    ).encode()


@pytest.fixture
def book_path(tmp_path: Path) -> Path:
    path = tmp_path / "manifest.xlsx"
    write_manifest(path, [])
    return path


def only_detail(reading: ManifestReading) -> str:
    (fault,) = reading.faults
    assert fault.code == "manifest_invalid" and reading.blocked and reading.entries == ()
    return fault.detail


# --- what Excel does to values


def test_a_plain_workbook(tmp_path: Path) -> None:
    reading = read(tmp_path, [HEADERS, GOOD])
    assert reading.faults == ()
    assert reading.entries[0].year == 1998 and reading.entries[0].row == 2


def test_numbers_where_texts_were_meant(tmp_path: Path) -> None:
    row = [7.0, "7.pdf", "a" * 64, 3.0, "birth", 256, 1998.0, 15.0]
    reading = read(tmp_path, [[*HEADERS, "number"], row])
    (entry,) = reading.entries
    assert (entry.document_id, entry.pages, entry.unit_code, entry.year) == ("7", 3, "00256", 1998)
    assert entry.number == "15"
    assert [(fault.code, fault.column, fault.severity) for fault in reading.faults] == [
        ("value_adjusted", "unit_code", Severity.WARNING)
    ]


def test_a_number_that_is_district_and_ward_is_not_guessed_even_if_a_neighbour_is_text(tmp_path: Path) -> None:
    reading = read(tmp_path, [HEADERS, [*GOOD[:5], 268, 1998], ["B", "b.pdf", "b" * 64, 1, "birth", "00256", 1998]])
    assert [(fault.code, fault.row) for fault in reading.faults] == [("value_invalid", 2)]


def test_dates_where_dates_are_meant_and_where_not(tmp_path: Path) -> None:
    headers = [*HEADERS, "number", "birth_date", "person_name"]
    day = dt.date(1998, 2, 1)
    reading = read(tmp_path, [headers, [*GOOD, "5", day, "A"], ["B", *GOOD[1:6], day, day, day, day]])
    (entry,) = reading.entries
    assert entry.keyed == {"number": "5", "birth_date": "01/02/1998", "person_name": "A"}
    assert [(fault.code, fault.row, fault.column) for fault in reading.faults] == [
        ("value_invalid", 3, "year"),
        ("value_invalid", 3, "number"),
        ("value_invalid", 3, "person_name"),
    ]


def test_a_serial_number_of_a_date_is_not_taken_for_a_date(tmp_path: Path) -> None:
    reading = read(tmp_path, [[*HEADERS, "birth_date"], [*GOOD, 35827]])
    assert [(fault.code, fault.column) for fault in reading.faults] == [("value_invalid", "birth_date")]
    assert read(tmp_path, [[*HEADERS, "birth_date"], [*GOOD, 1958]]).entries[0].keyed == {"birth_date": "1958"}


@pytest.mark.parametrize("formula", ["=1+1", '=HYPERLINK("http://x","y")', "=cmd|'/c calc'!A0"])
@pytest.mark.parametrize("column", range(7))
def test_formulas_are_refused_and_never_evaluated(tmp_path: Path, formula: str, column: int) -> None:
    row = [*GOOD]
    row[column] = formula
    reading = read(tmp_path, [HEADERS, row])
    assert [(fault.code, fault.column) for fault in reading.faults] == [("value_invalid", HEADERS[column])]
    assert "công thức" in reading.faults[0].detail


@pytest.mark.parametrize("value", ["#N/A", "#REF!", True])
def test_error_values_and_truth_values_are_no_page_counts(tmp_path: Path, value: Any) -> None:
    reading = read(tmp_path, [HEADERS, [*GOOD[:3], value, *GOOD[4:]]])
    assert [(fault.code, fault.column) for fault in reading.faults] == [("value_invalid", "pages")]


def test_formatted_but_empty_rows_do_not_count(tmp_path: Path) -> None:
    def format_tail(book: Any) -> None:
        for number in (3, 4, 500):
            book.active.cell(number, 1).number_format = "@"
        book.active.cell(501, 2).value = "   "

    assert read(tmp_path, [HEADERS, GOOD], format_tail).faults == ()


def test_row_numbers_are_those_on_screen(tmp_path: Path) -> None:
    reading = read(tmp_path, [["UBND PHƯỜNG"], [], HEADERS, [], GOOD, [], [*GOOD[:3], 0, *GOOD[4:]]])
    assert [fault.row for fault in reading.faults if fault.code == "value_invalid"] == [7]


def test_the_sheet_with_the_table_is_found_and_two_of_them_block(tmp_path: Path) -> None:
    def guide_first(book: Any) -> None:
        book.create_sheet("Hướng dẫn", 0).append(["Điền vào trang sau"])

    assert len(read(tmp_path, [HEADERS, GOOD], guide_first).entries) == 1

    def second_table(book: Any) -> None:
        other = book.create_sheet("Tháng 4")
        other.sheet_state = "hidden"
        other.append(HEADERS)
        other.append(["B", *GOOD[1:]])

    assert "Tháng 4" in only_detail(read(tmp_path, [HEADERS, GOOD], second_table))


# --- hostile workbooks


def test_a_zip_bomb_is_refused_before_it_is_unpacked(book_path: Path) -> None:
    with_part(book_path, "xl/worksheets/sheet1.xml", b"0" * (80 << 20))
    assert book_path.stat().st_size < 1 << 20
    assert "quá lớn khi giải nén" in only_detail(read_manifest(book_path))


@pytest.mark.parametrize("depth", [0, 8])
def test_entities_are_refused_harmless_or_not(book_path: Path, depth: int) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, depth + 1))
    head = f'<!DOCTYPE x [<!ENTITY e0 "lol">{entities}]>'
    body = f'<row r="1"><c r="A1"><v>&e{depth};</v></c></row>'
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(body, head=head))
    assert "hỏng" in only_detail(read_manifest(book_path))


def test_an_external_entity_is_never_fetched(book_path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("SECRET")
    head = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'
    body = '<row r="1"><c r="A1" t="inlineStr"><is><t>&e;</t></is></c></row>'
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(body, head=head))
    detail = only_detail(read_manifest(book_path))
    assert "SECRET" not in detail


def test_a_cell_in_the_last_column_or_beyond_the_last_row_is_quick(book_path: Path) -> None:
    far = '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(far))
    assert read_manifest(book_path).blocked
    beyond = far.replace("1048576", "99999999999999")
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(beyond))
    assert read_manifest(book_path).blocked
    wide = '<row r="1"><c r="XFD1" t="inlineStr"><is><t>x</t></is></c></row>'
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(wide))
    assert read_manifest(book_path).blocked


def test_too_many_rows_are_told_not_cut_off(book_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("manifests.workbooks.MAX_ROWS", 500)
    row = '<row><c t="inlineStr"><is><t>x</t></is></c></row>'
    with_part(book_path, "xl/worksheets/sheet1.xml", sheet(row * 600))
    assert "hơn 500 dòng" in only_detail(read_manifest(book_path))


@pytest.mark.filterwarnings("ignore:Workbook contains no stylesheet")
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "[Content_Types].xml", "xl/styles.xml", "xl/worksheets/sheet1.xml"]
)
@pytest.mark.parametrize("damage", [b"", b"<", b"<a/>", b"\xff\xfe\x00", b"<?xml version='1.0'?><a><b></a>"])
def test_damaged_parts_are_told(book_path: Path, part: str, damage: bytes) -> None:
    with_part(book_path, part, damage)
    reading = read_manifest(book_path)
    assert reading.blocked and reading.faults[0].code in {"manifest_invalid", "manifest_empty", "column_missing"}


def test_a_workbook_cut_short_at_any_place_is_told(tmp_path: Path) -> None:
    write_manifest(tmp_path / "whole.xlsx", [])
    data = (tmp_path / "whole.xlsx").read_bytes()
    for length in range(4, len(data) - 1, 97):
        with pytest.raises(TableError):
            read_sheets(data[:length])


def test_a_zip_that_is_no_workbook_and_one_with_a_password(tmp_path: Path) -> None:
    path = tmp_path / "manifest.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "hỏng" in only_detail(read_manifest(path))
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert "mật khẩu" in only_detail(read_manifest(path))


def test_a_csv_named_xlsx_and_the_other_way_round_are_read_by_their_bytes(tmp_path: Path) -> None:
    write_manifest(tmp_path / "a.csv", [])
    (tmp_path / "a.csv").rename(tmp_path / "manifest.xlsx")
    assert [fault.code for fault in read_manifest(tmp_path / "manifest.xlsx").faults] == ["manifest_empty"]
    buffer = io.BytesIO()
    openpyxl.Workbook().save(buffer)
    (tmp_path / "manifest.csv").write_bytes(buffer.getvalue())
    assert [fault.code for fault in read_manifest(tmp_path / "manifest.csv").faults] == ["manifest_empty"]

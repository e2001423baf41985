from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from manifests.inventory import InventoryLine, InventoryReading, read_inventory, write_inventory
from manifests.reasons import Severity

TODAY = dt.date(2026, 3, 1)
LINES = (
    InventoryLine("00256", "birth", 1998, 120, 118, 130),
    InventoryLine("00256", "marriage", 2025, 7, unit_as_of=dt.date(2025, 7, 1), book="02", box="hop-7"),
    InventoryLine("007", "decision", 2019, 0, 0, 0),
)


def read(folder: Path, text: str) -> InventoryReading:
    path = folder / "inventory.csv"
    path.write_text(text, encoding="utf-8")
    return read_inventory(path, today=TODAY)


def told(reading: InventoryReading) -> list[tuple[str, int | None, str | None]]:
    return [(fault.code, fault.row, fault.column) for fault in reading.faults]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
@pytest.mark.parametrize("vietnamese", [True, False])
def test_what_is_written_is_read_back(tmp_path: Path, suffix: str, vietnamese: bool) -> None:
    path = tmp_path / f"inventory{suffix}"
    write_inventory(path, LINES, vietnamese=vietnamese)
    reading = read_inventory(path, today=TODAY)
    assert reading.faults == () and not reading.failed
    assert reading.lines == tuple(replace(line, row=row) for row, line in enumerate(LINES, start=2))
    assert reading.sha256 is not None and len(reading.sha256) == 64


def test_a_list_as_an_office_keeps_it(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        "DANH MỤC KẾT QUẢ CÒN HIỆU LỰC;;;;\n\n"
        "STT;Mã đơn vị;Loại kết quả;Năm;Số kết quả còn hiệu lực;Số trang\n"
        "1;00256;Khai sinh;1998;1.120;1.300\n"
        "2;00256;Khai tử;1998;12;\n"
        ";;Tổng cộng;;1.132;\n",
    )
    assert [(line.record_type, line.records, line.files, line.pages) for line in reading.lines] == [
        ("birth", 1120, None, 1300),
        ("death", 12, None, None),
    ]
    assert told(reading) == [
        ("value_adjusted", 4, "Số kết quả còn hiệu lực"),
        ("value_adjusted", 4, "Số trang"),
        ("value_ignored", 6, None),
    ]
    assert not reading.failed


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    reading = read(
        tmp_path,
        "unit_code,record_type,year,records,shelf\n"
        "00265,birth,2025,5,\n"
        "00256,nothing,1998,5,\n"
        "00256,birth,1998,-5,\n"
        "00256,birth,1998,,\n"
        "268,birth,1998,1,\n"
        "00256,death,1998,1,\n"
        "00256,death,1998,2,\n",
    )
    assert told(reading) == [
        ("column_unknown", 1, "shelf"),
        ("unknown_unit", 2, "unit_code"),
        ("unknown_record_type", 3, "record_type"),
        ("value_invalid", 4, "records"),
        ("value_missing", 5, "records"),
        ("inventory_repeated", 8, None),
    ]
    assert reading.failed
    assert "dòng 7" in reading.faults[-1].detail


def test_a_missing_column_and_an_empty_list(tmp_path: Path) -> None:
    assert told(read(tmp_path, "unit_code,record_type,year\n00256,birth,1998\n")) == [("column_missing", 1, None)]
    for text in ("", "unit_code,record_type,year,records\n", "unit_code,record_type,year,records\nTổng,,,\n"):
        reading = read(tmp_path, text)
        assert reading.failed and reading.lines == ()
        assert reading.faults[-1].code == "inventory_empty"


def test_a_file_that_is_no_list_is_told_in_the_words_of_a_list(tmp_path: Path) -> None:
    (tmp_path / "inventory.csv").write_bytes("Mã đơn vị".encode("utf-16-le"))
    for path in (tmp_path / "inventory.csv", tmp_path / "none.csv"):
        reading = read_inventory(path)
        (fault,) = reading.faults
        assert fault.code == "inventory_invalid" and fault.severity is Severity.ERROR
        assert fault.sentence().startswith(f"tệp {path.name}: Danh mục không đọc được")


def test_a_code_of_two_units_listed_twice_is_told_how_to_tell_them_apart(tmp_path: Path) -> None:
    file = tmp_path / "danh-muc.csv"
    file.write_text("Mã đơn vị;Loại kết quả;Năm;Số kết quả\n00256;KS;2025;10\n00256;KS;2025;4\n", encoding="utf-8")
    reading = read_inventory(file)
    assert [fault.row for fault in reading.faults] == [2, 3, 3]
    assert "của một đơn vị cùng mã, ghi “Đơn vị tại ngày”" in reading.faults[-1].detail

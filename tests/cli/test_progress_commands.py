"""The commands about denominators, custodians, checks and reports, typed as people type them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook

from pipeline.cli import sohoa

Call = Callable[..., Result]
LIST = "Mã đơn vị;Loại kết quả;Năm;Số kết quả\n00256;KS;1998;10\n00259;KH;1999;4\n00256;XNTTHN;2010;7\n"


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Type a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(sohoa, [str(a) for a in arguments])


@pytest.fixture
def listed(call: Call, tmp_path: Path) -> Call:
    (tmp_path / "danh-muc.csv").write_text(LIST, encoding="utf-8")
    assert call("inventory", "import", "danh-muc.csv", "--approved-on", "2025-01-01").exit_code == 0
    return call


def test_versions_are_listed_and_told_apart(listed: Call, tmp_path: Path) -> None:
    assert listed("inventory", "diff").exit_code == 4
    (tmp_path / "moi.csv").write_text("unit_code,record_type,year,records\n00256,birth,1998,12\n", encoding="utf-8")
    again = listed("inventory", "import", "danh-muc.csv")
    assert "đã nạp từ trước: phiên bản 1, duyệt ngày 01/01/2025" in again.output
    told = listed("inventory", "import", "moi.csv")
    assert "sohoa inventory diff 1 2" in told.output
    versions = json.loads(listed("inventory", "list", "--json").output)
    assert [(it["version"], it["in_force"], it["records"]) for it in versions] == [(2, True, 12), (1, False, 21)]
    changes = json.loads(listed("inventory", "diff", 1, 2, "--json").output)["changes"]
    assert [(it["kind"], it["unit_code"], it["before"], it["after"]) for it in changes] == [
        ("changed", "00256", [10, None, None], [12, None, None]),
        ("removed", "00256", [7, None, None], None),
        ("removed", "00259", [4, None, None], None),
    ]
    assert listed("inventory", "diff", 1, 9).exit_code == 2


def test_unassigned_papers_go_out_as_a_list_and_come_back_filled_in(listed: Call, tmp_path: Path) -> None:
    assert listed("custody", "unassigned", "--out", "chua-giao.xlsx").exit_code == 0
    book = load_workbook(tmp_path / "chua-giao.xlsx")
    headers = [cell.value for cell in book.active[1]]
    assert [book.active.cell(2, place).value for place in (1, 2)] == ["00256", "Phường Lê Đại Hành"]
    book.active.cell(2, headers.index("Mã đơn vị quản lý") + 1, "00292")
    if book.active.max_row > 2:
        book.active.delete_rows(3, book.active.max_row)
    book.save(tmp_path / "chua-giao.xlsx")
    told = listed("custody", "import", "chua-giao.xlsx", "--decided-on", "2025-07-15", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["assignments"] == 1
    rows = json.loads(listed("status", "--by", "custodian", "--json").output)["units"]
    shown = {(it["unit_id"], it["assigned"]): it["inventory_records"] for it in rows if it["inventory_records"]}
    assert shown == {("00292@2025-07-01", True): 10, ("00256@2025-07-01", True): 4}


def test_every_fault_of_a_list_of_custodians_is_told_at_once(listed: Call, tmp_path: Path) -> None:
    (tmp_path / "phan-giao.csv").write_text(
        "unit_code,unit_name,custodian_code,first_year,decided_on\n"
        "99999,,00256,,\n00292,,00292,,\n00256,Bạch Mai,00256,,\n00256,,00265,,\n00256,,00256,x,32/13/2025\n",
        encoding="utf-8",
    )
    told = listed("custody", "import", "phan-giao.csv", "--json")
    assert told.exit_code == 2
    faults = json.loads(told.output)["faults"]
    assert [it["row"] for it in faults if it["severity"] == "error"] == [2, 3, 4, 5, 6, 6]
    assert json.loads(listed("custody", "list", "--json").output) == []
    (tmp_path / "hong.xlsx").write_bytes(b"PK\x03\x04 nothing")
    assert listed("custody", "import", "hong.xlsx").exit_code == 2
    assert "Bảng phân giao không đọc được" in listed("custody", "import", "hong.xlsx").output


def test_checks_tell_what_is_missing_and_write_it_to_a_table(listed: Call, tmp_path: Path) -> None:
    told = listed("completeness", "--json")
    assert told.exit_code == 0
    assert [it["code"] for it in json.loads(told.output)["findings"]] == ["listed_not_delivered"] * 2
    assert listed("completeness", "--xlsx", "thieu.csv").exit_code == 0
    assert "chưa giao" in (tmp_path / "thieu.csv").read_text(encoding="utf-8-sig")
    assert listed("completeness", "--xlsx", "thieu.doc").exit_code == 2


def test_an_outside_export_is_read_row_by_row(listed: Call, tmp_path: Path) -> None:
    (tmp_path / "tthc.csv").write_text(
        "Báo cáo của hệ thống\nMã đơn vị;Tên thủ tục;Năm;Số vào sổ\n00256;Đăng ký khai sinh;1998;12\nxx;KS;1998;1\n",
        encoding="utf-8",
    )
    assert listed("reconcile", "--outside", "tthc.csv").exit_code == 2, "its number column has a name of its own"
    told = listed("reconcile", "--outside", "tthc.csv", "--column", "number=Số vào sổ", "--json", "--xlsx", "o.xlsx")
    assert told.exit_code == 3, told.output
    result = json.loads(told.output)
    assert result["run"]["counts"] == {"outside": 1, "matched": 0, "unreadable": 1, "missing_here": 1}
    assert [it["row"] for it in result["faults"]] == [4]
    assert result["findings"][0]["next_step"]
    assert load_workbook(tmp_path / "o.xlsx").active.max_row == 2
    for wrong in ("number", "=x", "nothing=Số"):
        assert listed("reconcile", "--outside", "tthc.csv", "--column", wrong).exit_code == 2, wrong


@pytest.mark.parametrize("data", [b"", b"\x00\x01\x02", b"a,b\n1,2\n", b"\xff\xfe\x00", b"PK\x03\x04", b'"' * 5000])
def test_a_hostile_export_is_told_and_nothing_is_compared(call: Call, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    told = call("reconcile", "--outside", "x.csv", "--json")
    assert told.exit_code == 2
    assert json.loads(told.stdout)["error"]["code"] == "outside_invalid"


def test_own_targets_come_from_a_table(listed: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    due = {it["unit"]["unit_id"]: it["due_percent"] for it in json.loads(listed("outlook", "--json").output)}
    assert due["00256@2025-07-01"] == 100.0
    monkeypatch.setenv("SOHOA_TARGETS", "chi-tieu.csv")
    (tmp_path / "chi-tieu.csv").write_text("Cấp;Đến ngày;Tỷ lệ\nphường;01/02/2026;45,5%\n", encoding="utf-8")
    due = {it["unit"]["unit_id"]: it["due_percent"] for it in json.loads(listed("outlook", "--json").output)}
    assert due["00256@2025-07-01"] == 45.5
    assert "45,5 %" in listed("alerts").output
    (tmp_path / "chi-tieu.csv").write_text("Cấp;Đến ngày;Tỷ lệ\nphường;x;200\n", encoding="utf-8")
    told = listed("alerts")
    assert (told.exit_code, "SOHOA_TARGETS" in told.output) == (2, True)


def test_report_status_and_progress_tell_the_same(listed: Call, tmp_path: Path) -> None:
    assert listed("report", "--month", "2025-09").exit_code == 0
    assert {it.name for it in tmp_path.glob("bao-cao*")} == {"bao-cao-2025-09.xlsx", "bao-cao-2025-09.pdf"}
    report = json.loads(listed("report", "--month", "2025-09", "--json").output)
    status = json.loads(listed("status", "--on", "2025-09-30", "--json").output)
    for name in ("inventory_records", "inventory_lapsed", "digitized", "indexed", "reconciled", "units"):
        assert report["totals"][name] == status["total"][name], name
    assert status["total"]["inventory_lapsed"] == 7
    rows = {row["Mã đơn vị"]: row["Kết quả trong danh mục"] for row in report["tables"]["Đơn vị cấp"]}
    assert rows == {it["unit_code"]: it["inventory_records"] for it in status["units"]}
    assert listed("report", "--month", "2025-09", "--out", "x.doc").exit_code == 2


@pytest.mark.parametrize("command", ["status", "outlook", "alerts", "completeness", "reconcile"])
def test_a_unit_nobody_knows_is_told_instead_of_an_empty_table(call: Call, command: str) -> None:
    told = call(command, "--unit", "256")
    assert told.exit_code == 2
    assert "không có đơn vị nào mang mã “256”" in told.output

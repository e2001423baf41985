"""The monthly report tells the same figures as the progress page and adds up in the spreadsheet itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from pypdf import PdfReader

from manifests.documents import DocumentRecord
from manifests.inventory import InventoryLine
from warehouse.load import load_records
from warehouse.progress import progress_by_custodian, progress_by_type, progress_by_unit, totals
from warehouse.reference import import_inventory
from warehouse.report import (
    ALERTS,
    CODE,
    COLUMNS,
    CUSTODIANS,
    DIGITIZED,
    IN_MONTH,
    INVENTORY,
    KINDS_SHEET,
    LISTED,
    NAME,
    OVER,
    PAGES,
    PERCENT,
    TARGET,
    UNITS,
    MonthError,
    month_report,
    write_report,
)
from warehouse.report_fonts import report_font

MakeRecord = Callable[..., DocumentRecord]


@pytest.fixture
def filled(engine: sa.Engine, make_record: MakeRecord) -> sa.Engine:
    """Two units over two months: one behind its inventory, one that has none."""
    import_inventory(
        engine,
        [InventoryLine("00256", "birth", 1998, 8)],
        approved_on=dt.date(2025, 1, 1),
        source_name="x",
        sha256="a" * 64,
    )
    august = dt.datetime(2025, 8, 31, 16, 59, tzinfo=dt.UTC)
    load_records(
        engine,
        [
            make_record("a", finished_at=august),
            make_record("b", pages=3),
            make_record("c", batch="00256/lo-2"),
            make_record("d", unit_code="=1+1"),
        ],
    )
    return engine


def test_the_tables_have_the_figures_of_the_progress_page(filled: sa.Engine) -> None:
    report = month_report(filled, "2025-09")
    table = report.tables[UNITS]
    assert tuple(table.columns) == COLUMNS
    last = dt.date(2025, 9, 30)
    progress = progress_by_unit(filled, on=last)
    assert list(table[CODE]) == [it.unit_code for it in progress] == ["00256", "=1+1"]
    assert list(table[DIGITIZED]) == [it.digitized for it in progress] == [3, 1]
    assert list(table[OVER]) == [it.over for it in progress] == [0, 1]
    assert list(table[PAGES]) == [it.digitized_pages for it in progress]
    assert list(table[IN_MONTH]) == [2, 1]
    assert table[PERCENT][0] == pytest.approx(3 / 8)
    assert table[PERCENT].isna()[1]
    assert table[TARGET][0] == 0.75
    holders = progress_by_custodian(filled, on=last)
    assert list(report.tables[CUSTODIANS][INVENTORY]) == [it.inventory_records for it in holders]
    assert "Phường Lê Đại Hành (chưa phân giao)" in set(report.tables[CUSTODIANS][NAME])
    kinds = progress_by_type(filled, on=last)
    assert list(report.tables[KINDS_SHEET][DIGITIZED]) == [it.digitized for it in kinds] == [4]
    assert "Phường Lê Đại Hành" in set(report.tables[ALERTS][NAME])
    assert report.totals == totals(filled, on=last)


def test_a_month_before_everything_is_empty(filled: sa.Engine) -> None:
    assert month_report(filled, "2024-12").tables[UNITS].empty
    assert list(month_report(filled, "2025-08").tables[UNITS][DIGITIZED]) == [1, 0]


def test_a_month_that_goes_on_is_counted_as_of_today_and_one_ahead_is_refused(
    filled: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warehouse.report.today", lambda: dt.date(2025, 9, 10))
    report = month_report(filled, "2025-09")
    assert (report.until, report.totals) == (dt.date(2025, 9, 10), totals(filled, on=dt.date(2025, 9, 10)))
    assert "đến hết ngày 10/09/2025 (tháng chưa kết thúc)" in report.subtitle
    assert "tháng chưa kết thúc" not in month_report(filled, "2025-08").subtitle
    with pytest.raises(MonthError, match="has not begun"):
        month_report(filled, "2025-10")


@pytest.mark.parametrize(
    "month", ["2025", "2025-13", "2025-00", "2025-9", "09-2025", "2025-09-01", "٢٠٢٥-09", "0000-01"]
)
def test_what_is_no_month_is_refused(filled: sa.Engine, month: str) -> None:
    with pytest.raises(MonthError, match="YYYY-MM"):
        month_report(filled, month)


def test_the_workbook_is_vietnamese_with_totals_by_formula(filled: sa.Engine, tmp_path: Path) -> None:
    book = load_workbook(write_report(filled, "2025-09", tmp_path / "new" / "bao-cao.xlsx"))
    assert book.sheetnames == [UNITS, CUSTODIANS, KINDS_SHEET, ALERTS, "Ghi chú"]
    sheet = book[UNITS]
    assert sheet["A1"].value == "BÁO CÁO SỐ HÓA KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH THÁNG 09/2025"
    assert "danh mục phiên bản" in sheet["A2"].value and "01/01/2025" in sheet["A2"].value
    assert [cell.value for cell in sheet[4]] == list(COLUMNS)
    assert (sheet["A6"].value, sheet["A6"].data_type) == ("=1+1", "s")
    inventory = sheet.cell(7, COLUMNS.index(INVENTORY) + 1)
    assert (inventory.value, inventory.data_type) == ("=SUM(D4:D6)", "f")
    assert sheet.cell(7, COLUMNS.index(NAME) + 1).value == "Tổng cộng"
    assert sheet.cell(5, COLUMNS.index(PERCENT) + 1).value == '=IF(D5=0,"",G5/D5)'


def test_the_formulas_add_up_to_the_totals_of_the_progress_page(filled: sa.Engine, tmp_path: Path) -> None:
    book = load_workbook(write_report(filled, "2025-09", tmp_path / "r.xlsx"))
    total = totals(filled, on=dt.date(2025, 9, 30))
    figures = {INVENTORY: total.inventory_records, DIGITIZED: total.digitized, LISTED: total.digitized_listed}
    for title in (UNITS, CUSTODIANS, KINDS_SHEET):
        sheet = book[title]
        headers = [cell.value for cell in sheet[4]]
        for header, figure in figures.items():
            formula = sheet.cell(sheet.max_row, headers.index(header) + 1).value
            cells = [row[0] for row in sheet[formula.removeprefix("=SUM(").removesuffix(")")]]
            assert cells[0].value == header
            assert {cell.data_type for cell in cells[1:]} == {"n"}
            assert sum(cell.value for cell in cells[1:]) == figure, (title, header)


def test_a_report_of_an_empty_month_still_adds_up(engine: sa.Engine, tmp_path: Path) -> None:
    sheet = load_workbook(write_report(engine, "2025-09", tmp_path / "r.xlsx"))[UNITS]
    assert sheet.cell(5, COLUMNS.index(DIGITIZED) + 1).value == "=SUM(F4:F4)"
    assert "chưa có danh mục được duyệt" in sheet["A2"].value
    assert len(PdfReader(write_report(engine, "2025-09", tmp_path / "r.pdf")).pages) == 1


def test_the_printed_report_says_the_same_on_a4_landscape(filled: sa.Engine, tmp_path: Path) -> None:
    file = write_report(filled, "2025-09", tmp_path / "r.pdf", agency="UBND phường Hai Bà Trưng")
    pages = PdfReader(file).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert [round(float(side)) for side in pages[0].mediabox[2:]] == [842, 595]
    assert "UBND PHƯỜNG HAI BÀ TRƯNG" in text
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "Toàn bộ: 3 / 8 kết quả đã số hóa (37,5 %)" in text
    assert "Phường Lê Đại Hành" in text and "THỦ TRƯỞNG ĐƠN VỊ" in text


def test_another_suffix_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\.xlsx or \.pdf"):
        write_report(engine, "2025-09", tmp_path / "r.docx")
    assert not (tmp_path / "r.docx").exists()


def test_the_font_of_the_report_is_installed_in_two_weights() -> None:
    font = report_font()
    assert font.regular.is_file() and font.bold.is_file() and font.regular != font.bold

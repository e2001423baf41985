"""The monthly report tells the same figures as the progress page and adds up in the spreadsheet itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from manifests.documents import DocumentRecord
from manifests.inventory import InventoryLine
from warehouse.load import load_records
from warehouse.progress import progress_by_unit, totals
from warehouse.reference import import_inventory
from warehouse.report import (
    CODE,
    COLUMNS,
    DIGITIZED,
    IN_MONTH,
    INVENTORY,
    NAME,
    OVER,
    PERCENT,
    MonthError,
    month_report,
    write_report,
)

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
            make_record("b"),
            make_record("c", batch="00256/lo-2"),
            make_record("d", unit_code="=1+1"),
        ],
    )
    return engine


def test_the_table_has_the_figures_of_the_progress_page(filled: sa.Engine) -> None:
    table = month_report(filled, "2025-09")
    assert tuple(table.columns) == COLUMNS
    progress = progress_by_unit(filled, on=dt.date(2025, 9, 30))
    assert list(table[CODE]) == [it.unit_code for it in progress] == ["00256", "=1+1"]
    assert list(table[DIGITIZED]) == [it.digitized for it in progress] == [3, 1]
    assert list(table[OVER]) == [it.over for it in progress] == [0, 1]
    assert list(table[IN_MONTH]) == [2, 1]
    assert table[PERCENT][0] == pytest.approx(3 / 8)
    assert table[PERCENT].isna()[1]


def test_a_month_before_everything_is_empty(filled: sa.Engine) -> None:
    assert month_report(filled, "2024-12").empty
    assert list(month_report(filled, "2025-08")[DIGITIZED]) == [1, 0]


@pytest.mark.parametrize(
    "month", ["2025", "2025-13", "2025-00", "2025-9", "09-2025", "2025-09-01", "٢٠٢٥-09", "0000-01"]
)
def test_what_is_no_month_is_refused(filled: sa.Engine, month: str) -> None:
    with pytest.raises(MonthError, match="YYYY-MM"):
        month_report(filled, month)


def test_the_spreadsheet_is_vietnamese_with_totals_by_formula(filled: sa.Engine, tmp_path: Path) -> None:
    target = write_report(filled, "2025-09", tmp_path / "new" / "bao-cao.xlsx")
    sheet = load_workbook(target).active
    assert sheet["A1"].value == "BÁO CÁO SỐ HÓA KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH THÁNG 09/2025"
    assert [cell.value for cell in sheet[4]] == list(COLUMNS)
    assert (sheet["A6"].value, sheet["A6"].data_type) == ("=1+1", "s")
    assert sheet["B5"].value == "Phường Lê Đại Hành"
    inventory = sheet.cell(7, COLUMNS.index(INVENTORY) + 1)
    assert (inventory.value, inventory.data_type) == ("=SUM(D4:D6)", "f")
    assert sheet.cell(7, COLUMNS.index(NAME) + 1).value == "Tổng cộng"
    assert sheet.cell(5, COLUMNS.index(PERCENT) + 1).value == '=IF(D5=0,"",(F5-G5)/D5)'


def test_the_formulas_add_up_to_the_totals_of_the_progress_page(filled: sa.Engine, tmp_path: Path) -> None:
    sheet = load_workbook(write_report(filled, "2025-09", tmp_path / "r.xlsx")).active
    total = totals(filled, on=dt.date(2025, 9, 30))
    for header, figure in ((INVENTORY, total.inventory_records), (DIGITIZED, total.digitized), (OVER, total.over)):
        formula = sheet.cell(7, COLUMNS.index(header) + 1).value
        cells = [row[0] for row in sheet[formula.removeprefix("=SUM(").removesuffix(")")]]
        assert cells[0].value == header
        assert [cell.data_type for cell in cells[1:]] == ["n", "n"]
        assert sum(cell.value for cell in cells[1:]) == figure


def test_the_spreadsheet_of_an_empty_month_still_adds_up(engine: sa.Engine, tmp_path: Path) -> None:
    sheet = load_workbook(write_report(engine, "2025-09", tmp_path / "r.xlsx")).active
    assert sheet.cell(5, COLUMNS.index(DIGITIZED) + 1).value == "=SUM(F4:F4)"

"""The monthly report: the same figures as the progress page, as a table and as a spreadsheet for the City's form."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from warehouse.errors import MonthError
from warehouse.progress import progress_by_unit
from warehouse.results import UnitProgress

if TYPE_CHECKING:
    import pandas as pd

CODE, NAME, VALIDITY = "Mã đơn vị", "Đơn vị", "Hiệu lực"
INVENTORY, RECEIVED, DIGITIZED = "Kết quả trong danh mục", "Đã tiếp nhận", "Đã số hóa"
OVER, IN_MONTH, SIGNED = "Số hóa ngoài danh mục", "Số hóa trong tháng", "Đã ký số"
INDEXED, REVIEW, QUARANTINED, REFUSED = "Đã lập dữ liệu", "Chờ rà soát", "Bị loại", "Bị từ chối"
PERCENT = "Tỷ lệ số hóa"
COLUMNS = (
    CODE,
    NAME,
    VALIDITY,
    INVENTORY,
    RECEIVED,
    DIGITIZED,
    OVER,
    IN_MONTH,
    SIGNED,
    INDEXED,
    REVIEW,
    QUARANTINED,
    REFUSED,
    PERCENT,
)
_TEXTS = 3  # the first columns hold words, the last a share, those between are counts
_HEADER_ROW = 4


def month_report(engine: sa.Engine, month: str) -> pd.DataFrame:
    """Progress of every unit at the end of ``month`` (``YYYY-MM``), one row a unit, ``COLUMNS`` as columns.

    ``Tỷ lệ số hóa`` is a share 0.0–1.0 or missing; it and every count are those of ``progress_by_unit`` for the last
    day of the month.

    Raises:
        MonthError: ``month`` is not a month.
    """
    import pandas as pd

    first, last = _days(month)
    before = {it.unit_id: it.digitized for it in progress_by_unit(engine, on=first - dt.timedelta(days=1))}
    rows = [_row(it, before.get(it.unit_id, 0)) for it in progress_by_unit(engine, on=last)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def write_report(engine: sa.Engine, month: str, target: Path) -> Path:
    """Write the report of ``month`` as XLSX to ``target``, totals and shares by formula; returns ``target``.

    Raises:
        MonthError: ``month`` is not a month.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    table = month_report(engine, month)
    first, last = _days(month)
    book = Workbook()
    sheet = book.active
    sheet.title = f"Tháng {first:%m-%Y}"
    sheet["A1"] = f"BÁO CÁO SỐ HÓA KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH THÁNG {first:%m/%Y}"
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A2"] = f"Số liệu tính đến hết ngày {last:%d/%m/%Y}"
    for column, header in enumerate(COLUMNS, start=1):
        cell = sheet.cell(_HEADER_ROW, column, header)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", start_color="DDE6F0")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
        sheet.column_dimensions[get_column_letter(column)].width = 32 if header in {NAME, VALIDITY} else 14
    for number, values in enumerate(table.itertuples(index=False, name=None), start=_HEADER_ROW + 1):
        _write_row(sheet, number, values)
    _write_totals(sheet, _HEADER_ROW + len(table) + 1)
    sheet.freeze_panes = sheet.cell(_HEADER_ROW + 1, _TEXTS + 1)
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{_HEADER_ROW}:{_HEADER_ROW}"
    target.parent.mkdir(parents=True, exist_ok=True)
    book.save(target)
    return target


def _write_row(sheet: Any, number: int, values: tuple[Any, ...]) -> None:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    for column, value in enumerate(values[:_TEXTS], start=1):
        cell = sheet.cell(number, column, ILLEGAL_CHARACTERS_RE.sub("\ufffd", value))
        cell.data_type = "s"  # a code somebody typed as "=..." must not become a formula
    for column, value in enumerate(values[_TEXTS:-1], start=_TEXTS + 1):
        sheet.cell(number, column, int(value)).number_format = "#,##0"
    _write_share(sheet, number)


def _write_totals(sheet: Any, number: int) -> None:
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    sheet.cell(number, 2, "Tổng cộng")
    for column in range(_TEXTS + 1, len(COLUMNS)):
        letter = get_column_letter(column)
        # From the header on, so that the sum of no unit at all is 0 and not a formula over itself.
        cell = sheet.cell(number, column, f"=SUM({letter}{_HEADER_ROW}:{letter}{number - 1})")
        cell.number_format = "#,##0"
    _write_share(sheet, number)
    for column in range(1, len(COLUMNS) + 1):
        sheet.cell(number, column).font = Font(bold=True)


def _write_share(sheet: Any, number: int) -> None:
    from openpyxl.utils import get_column_letter

    inventory, digitized, over = (
        f"{get_column_letter(COLUMNS.index(name) + 1)}{number}" for name in (INVENTORY, DIGITIZED, OVER)
    )
    cell = sheet.cell(number, len(COLUMNS), f'=IF({inventory}=0,"",({digitized}-{over})/{inventory})')
    cell.number_format = "0.0%"


def _row(it: UnitProgress, before: int) -> dict[str, str | int | float | None]:
    return {
        CODE: it.unit_code,
        NAME: it.unit_name,
        VALIDITY: _validity(it),
        INVENTORY: it.inventory_records,
        RECEIVED: it.received,
        DIGITIZED: it.digitized,
        OVER: it.over,
        IN_MONTH: it.digitized - before,
        SIGNED: it.signed,
        INDEXED: it.indexed,
        REVIEW: it.needs_review,
        QUARANTINED: it.quarantined,
        REFUSED: it.refused,
        PERCENT: None if it.percent is None else it.percent / 100,
    }


def _validity(it: UnitProgress) -> str:
    parts = [f"từ {it.valid_from:%d/%m/%Y}"] if it.valid_from else []
    parts += [f"đến {it.valid_to:%d/%m/%Y}"] if it.valid_to else []
    return " ".join(parts)


def _days(month: str) -> tuple[dt.date, dt.date]:
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month) or month.startswith("0000"):
        raise MonthError(month)
    first = dt.date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])

"""The monthly report due before the 15th: the figures of the progress page, as tables; files are made beside it.

Every count here comes from ``warehouse.progress`` for the last day of the month; nothing is counted a second time.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from manifests.record_types import areas
from manifests.targets import Targets
from warehouse.alerts import KINDS, WATCHED_WEEKS, alerts
from warehouse.errors import MonthError
from warehouse.outlook import Outlook, outlooks
from warehouse.progress import progress_by_custodian, progress_by_type, progress_by_unit, totals
from warehouse.reference import today
from warehouse.results import Figures, Totals, UnitProgress

if TYPE_CHECKING:
    import pandas as pd

CODE, NAME, VALIDITY, KIND, AREA = "Mã đơn vị", "Đơn vị", "Hiệu lực", "Loại kết quả", "Lĩnh vực"
INVENTORY, RECEIVED, DIGITIZED = "Kết quả trong danh mục", "Đã tiếp nhận", "Đã số hóa"
LISTED, OVER, PAGES, IN_MONTH = (
    "Số hóa trong danh mục",
    "Số hóa ngoài danh mục",
    "Số trang đã số hóa",
    "Số hóa trong tháng",
)
SIGNED, INDEXED, RECONCILED, REVIEW = "Đã ký số", "Đã lập dữ liệu", "Đã đối soát", "Chờ rà soát"
QUARANTINED, REFUSED = "Bị loại", "Bị từ chối"
PERCENT, TARGET, FORECAST, TROUBLE, SENTENCE = "Tỷ lệ số hóa", "Chỉ tiêu", "Dự kiến xong", "Cảnh báo", "Nội dung"

COUNTS = (
    INVENTORY,
    RECEIVED,
    DIGITIZED,
    LISTED,
    OVER,
    PAGES,
    IN_MONTH,
    SIGNED,
    INDEXED,
    RECONCILED,
    REVIEW,
    QUARANTINED,
    REFUSED,
)
SHARES = (PERCENT, TARGET)
COLUMNS = (CODE, NAME, VALIDITY, *COUNTS, PERCENT, TARGET, FORECAST)

UNITS, CUSTODIANS, KINDS_SHEET, ALERTS = "Đơn vị cấp", "Đơn vị quản lý", "Loại kết quả", "Cảnh báo"


@dataclass(frozen=True, slots=True)
class MonthReport:
    """The report of one month.

    Attributes:
        first, last: Its days.
        until: The day as of whose end it is counted: ``last``, or today while the month goes on.
        totals: All units together, at the end of ``until``.
        tables: By sheet title; counts are whole numbers, shares 0.0–1.0 or missing.
        notes: What the figures mean, Vietnamese, a sentence each.
    """

    first: dt.date
    last: dt.date
    until: dt.date
    totals: Totals
    tables: Mapping[str, pd.DataFrame]
    notes: tuple[str, ...] = field(default=())

    @property
    def title(self) -> str:
        return f"BÁO CÁO SỐ HÓA KẾT QUẢ GIẢI QUYẾT THỦ TỤC HÀNH CHÍNH THÁNG {self.first:%m/%Y}"

    @property
    def subtitle(self) -> str:
        approved = self.totals.inventory_approved_on
        told = (
            f"danh mục phiên bản {self.totals.inventory_version}, duyệt ngày {approved:%d/%m/%Y}" if approved else ""
        )
        going_on = " (tháng chưa kết thúc)" if self.until < self.last else ""
        day = f"{self.until:%d/%m/%Y}{going_on}"
        return f"Số liệu tính đến hết ngày {day}; {told or 'chưa có danh mục được duyệt'}"


def month_report(
    engine: sa.Engine, month: str, *, targets: Targets | None = None, alert_weeks: int = WATCHED_WEEKS
) -> MonthReport:
    """The report of ``month`` (``YYYY-MM``), as it was known at the end of its last day; of this month, as of today.

    Raises:
        MonthError: ``month`` is not a month, or has not begun.
    """
    first, last = month_days(month)
    until = min(last, today())
    if first > until:
        raise MonthError(month, begun=False)
    eve = first - dt.timedelta(days=1)
    before = {it.unit_id: it.digitized for it in progress_by_unit(engine, on=eve)}
    held_before = {_holder(it): it.digitized for it in progress_by_custodian(engine, on=eve)}
    ahead = {it.unit.unit_id: it for it in outlooks(engine, on=until, targets=targets)}
    units = progress_by_unit(engine, on=until)
    holders = progress_by_custodian(engine, on=until)
    tables = {
        UNITS: _table(COLUMNS, (_unit_row(it, before.get(it.unit_id, 0), ahead.get(it.unit_id)) for it in units)),
        CUSTODIANS: _table(
            (CODE, NAME, *COUNTS, PERCENT), (_unit_row(it, held_before.get(_holder(it), 0), None) for it in holders)
        ),
        KINDS_SHEET: _table(
            (KIND, *(name for name in COUNTS if name != IN_MONTH), PERCENT),
            ({KIND: it.record_type_name, **_counts(it, 0)} for it in progress_by_type(engine, on=until)),
        ),
        ALERTS: _table(
            (CODE, NAME, AREA, TROUBLE, SENTENCE),
            (
                {
                    CODE: it.outlook.unit.unit_code,
                    NAME: it.outlook.unit.unit_name,
                    AREA: areas()[it.area],
                    TROUBLE: ", ".join(KINDS[kind] for kind in it.kinds),
                    SENTENCE: it.sentence,
                }
                for it in alerts(engine, on=until, targets=targets, weeks=alert_weeks)
            ),
        ),
    }
    return MonthReport(first, last, until, totals(engine, on=until), tables, _notes(tables))


def write_report(
    engine: sa.Engine,
    month: str,
    target: Path,
    *,
    targets: Targets | None = None,
    agency: str | None = None,
    alert_weeks: int = WATCHED_WEEKS,
) -> Path:
    """Write the report of ``month`` to ``target``, XLSX or PDF by its suffix; returns ``target``.

    Args:
        agency: Name of the reporting agency, printed above the PDF.

    Raises:
        MonthError: ``month`` is not a month.
        ReportFontError: No font with Vietnamese letters is installed for the PDF.
        ValueError: Another suffix.
    """
    suffix = target.suffix.lower()
    if suffix not in {".xlsx", ".pdf"}:
        raise ValueError(f"{target.name}: a report is written as .xlsx or .pdf; choose one of these suffixes")
    report = month_report(engine, month, targets=targets, alert_weeks=alert_weeks)
    target.parent.mkdir(parents=True, exist_ok=True)
    if suffix == ".xlsx":
        from warehouse.report_xlsx import write_workbook

        write_workbook(report, target)
    else:
        from warehouse.report_pdf import write_pdf

        write_pdf(report, target, agency=agency)
    return target


def month_days(month: str) -> tuple[dt.date, dt.date]:
    """First and last day of a month written ``YYYY-MM``.

    Raises:
        MonthError: It is not one.
    """
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month) or month.startswith("0000"):
        raise MonthError(month)
    first = dt.date.fromisoformat(f"{month}-01")
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


Row = dict[str, str | int | float | None]


def _table(columns: tuple[str, ...], rows: Iterable[Row]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(list(rows), columns=list(columns))


def _holder(it: UnitProgress) -> tuple[str, bool]:
    return it.unit_id, it.assigned


def _unit_row(it: UnitProgress, before: int, ahead: Outlook | None) -> Row:
    forecast = ahead.forecast_on if ahead else None
    return {
        CODE: it.unit_code,
        NAME: it.unit_name if it.assigned else f"{it.unit_name} (chưa phân giao)",
        VALIDITY: _validity(it),
        **_counts(it, before),
        TARGET: ahead.due_percent / 100 if ahead and ahead.due_percent is not None else None,
        FORECAST: f"{forecast:%d/%m/%Y}" if forecast and it.remaining else "",
    }


def _counts(it: Figures, before: int) -> Row:
    return {
        INVENTORY: it.inventory_records,
        RECEIVED: it.received,
        DIGITIZED: it.digitized,
        LISTED: it.digitized_listed,
        OVER: it.over,
        PAGES: it.digitized_pages,
        IN_MONTH: it.digitized - before,
        SIGNED: it.signed,
        INDEXED: it.indexed,
        RECONCILED: it.reconciled,
        REVIEW: it.needs_review,
        QUARANTINED: it.quarantined,
        REFUSED: it.refused,
        PERCENT: None if it.percent is None else it.percent / 100,
    }


def _validity(it: UnitProgress) -> str:
    parts = [f"từ {it.valid_from:%d/%m/%Y}"] if it.valid_from else []
    parts += [f"đến {it.valid_to:%d/%m/%Y}"] if it.valid_to else []
    return " ".join(parts)


def _notes(tables: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    unassigned = sum(str(name).endswith("(chưa phân giao)") for name in tables[CUSTODIANS][NAME])
    told = [
        "Đã số hóa: đã lưu tệp PDF/A có chữ ký số, hoặc tệp gốc có chữ ký số hợp lệ của chính nó.",
        f"{PERCENT} = {LISTED} / {INVENTORY}; kết quả ngoài danh mục không bù cho kết quả còn thiếu.",
        "Kết quả hết hiệu lực theo quy tắc của loại (xác nhận tình trạng hôn nhân: 6 tháng) không tính vào mẫu số.",
        "Hồ sơ tính cho đơn vị đã cấp, theo ngày trên giấy; “Đơn vị quản lý” tính theo đơn vị đang giữ hồ sơ.",
    ]
    if unassigned:
        told.append(f"{unassigned} đơn vị cũ có hồ sơ chưa được phân giao cho đơn vị nào.")
    return tuple(told)

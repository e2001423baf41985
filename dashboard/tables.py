"""The pages as tables to download: one row of the page, one row of the file."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard import words
from dashboard.contexts import BatchPage, DocumentLine
from dashboard.export import Table, Value
from dashboard.figures import Counts
from dashboard.matrices import TypeMatrix, WeekMatrix
from dashboard.progressing import ProgressPage, UnitPage, UnitRow
from dashboard.watching import AlertsPage, CompletenessPage, CustodyPage, InventoryPage, ReconciliationPage
from warehouse.results import BatchSummary

_UNIT = ("Mã đơn vị", "Đơn vị", "Hiệu lực")
_COUNTS = (
    "Kết quả trong danh mục",
    "Đã số hóa",
    "Số trang",
    "Đã ký số",
    "Đã lập dữ liệu",
    "Đã đối soát",
    "Chờ rà soát",
    "Bị loại",
    "Bị từ chối",
    "Tỷ lệ số hóa (%)",
)
_OUTLOOK = ("Chỉ tiêu (%)", "Tốc độ (kết quả/tuần)", "Dự kiến xong")


def progress_table(page: ProgressPage) -> Table:
    return Table(
        name="tien-do",
        title="Tiến độ số hóa" + (f" đến hết ngày {words.day(page.filter.on)}" if page.filter.on else ""),
        header=(*_UNIT, *_COUNTS, *_OUTLOOK),
        rows=[(*_unit(it), *_counts(it.counts), *_outlook(it)) for it in page.units],
        footer=("", "Tổng cộng", "", *_counts(page.total), None, None, None),
    )


def unit_table(page: UnitPage) -> Table:
    return Table(
        name=f"don-vi-{page.unit_code}",
        title=f"Tiến độ của {page.unit_code} theo loại kết quả và năm",
        header=(*_UNIT, "Loại kết quả", "Năm", *_COUNTS),
        rows=[
            (*_unit(it.unit), line.record_type_name, year, *_counts(cell))
            for it in page.units
            for line in it.lines
            for year, cell in zip(it.years, line.cells, strict=True)
            if cell is not None
        ],
    )


def types_table(page: TypeMatrix) -> Table:
    return Table(
        name="ma-tran-loai",
        title="Tỷ lệ số hóa (%) theo đơn vị và loại kết quả",
        header=(*_UNIT, *(name for _, name in page.columns)),
        rows=[(*_unit(it.unit), *(cell.percent if cell else None for cell in it.cells)) for it in page.lines],
    )


def weeks_table(page: WeekMatrix) -> Table:
    return Table(
        name="ma-tran-tuan",
        title="Hồ sơ số hóa mỗi tuần (tuần kết thúc vào ngày ghi ở cột, tuần mới nhất đứng đầu)",
        header=(*_UNIT, *(words.day(last) for _, last in page.columns), "Cộng"),
        rows=[(*_unit(it.unit), *it.cells, sum(it.cells)) for it in page.lines],
    )


def documents_table(documents: Iterable[DocumentLine]) -> Table:
    return Table(
        name="ho-so",
        title="Danh sách hồ sơ",
        header=(
            "Lô",
            "Mã hồ sơ",
            "Đơn vị cấp",
            "Loại kết quả",
            "Năm",
            "Số trang",
            "Tình trạng",
            "Lý do",
            "Chờ rà soát vì",
        ),
        rows=[
            (
                it.batch_key,
                it.document_id,
                it.unit_code,
                it.record_type_name,
                it.year,
                it.pages,
                words.DOCUMENT_STATUS.get(it.status, it.status),
                it.reason,
                "; ".join(it.review),
            )
            for it in documents
        ],
    )


def batches_table(batches: Iterable[BatchSummary]) -> Table:
    return Table(
        name="lo",
        title="Danh sách lô",
        header=(
            "Mã đơn vị giao",
            "Đơn vị giao",
            "Lô",
            "Tình trạng",
            "Hồ sơ",
            "Trang",
            "Đã xong",
            "Đang xử lý",
            "Chờ rà soát",
            "Bị loại",
            "Bị từ chối",
            "Giao lúc",
            "Xong lúc",
        ),
        rows=[
            (
                it.unit_code,
                it.unit_name,
                it.batch_id,
                words.BATCH_STATUS.get(it.status, it.status),
                it.document_count,
                it.page_count,
                it.done,
                it.in_progress,
                it.needs_review,
                it.quarantined,
                it.refused,
                words.moment(it.first_seen_at),
                words.moment(it.finished_at),
            )
            for it in batches
        ],
    )


def rescan_table(page: BatchPage) -> Table:
    return Table(
        name=f"quet-lai-{page.summary.batch_id}",
        title=f"Trang cần quét lại của lô {page.summary.batch_key}",
        header=("Mã hồ sơ", "Trang của hồ sơ", "Tệp đã giao", "Trang trong tệp", "Vì sao"),
        rows=[
            (it.document_id, it.page_number or "cả hồ sơ", it.source, it.source_page, ", ".join(it.reasons))
            for it in page.rescan
        ],
    )


def _unit(it: UnitRow) -> tuple[Value, ...]:
    name = it.unit_name if it.assigned else f"{it.unit_name} (chưa phân giao)"
    return it.unit_code, name, it.validity


def _counts(it: Counts) -> tuple[Value, ...]:
    return (
        it.inventory,
        it.digitized,
        it.pages,
        it.signed,
        it.indexed,
        it.reconciled,
        it.needs_review,
        it.quarantined,
        it.refused,
        it.percent,
    )


def _outlook(it: UnitRow) -> tuple[Value, ...]:
    line = it.outlook
    return (line.due_percent, line.pace, line.forecast_on) if line else (None, None, None)


def alerts_table(page: AlertsPage) -> Table:
    return Table(
        name="canh-bao",
        title="Cảnh báo tiến độ",
        header=(*_UNIT[:2], "Lĩnh vực", "Cảnh báo", "Từ ngày", "Tỷ lệ số hóa (%)", "Chỉ tiêu (%)", "Nội dung"),
        rows=[
            (
                it.unit_code,
                it.unit_name,
                it.area,
                ", ".join(it.kinds),
                it.opened_on,
                it.counts.percent,
                it.outlook.due_percent,
                it.sentence,
            )
            for it in page.alerts
        ],
    )


def changes_table(page: InventoryPage) -> Table:
    return Table(
        name=f"danh-muc-{page.before}-{page.after}",
        title=f"Thay đổi của danh mục, từ bản {page.before} đến bản {page.after}",
        header=("Thay đổi", "Đơn vị", "Loại kết quả", "Năm", "Nơi để", "Trước", "Sau", "Tăng, giảm"),
        rows=[
            (it.kind, it.unit_code, it.record_type, it.year, it.place, it.before, it.after, it.records)
            for it in page.changes
        ],
    )


def findings_table(page: CompletenessPage) -> Table:
    return Table(
        name="day-du",
        title="Kiểm tra tính đầy đủ",
        header=("Việc", "Mức", "Hồ sơ", "Nội dung"),
        rows=[(it.title, words.SEVERITIES[it.severity], it.document_key, it.sentence) for it in page.findings],
    )


def reconciliation_table(page: ReconciliationPage) -> Table:
    return Table(
        name=f"doi-chieu-{page.run}",
        title=f"Kết quả đối chiếu lần {page.run}",
        header=("Khác nhau", "Đơn vị", "Loại kết quả", "Năm", "Số", "Lô", "Hồ sơ", "Chi tiết", "Làm tiếp"),
        rows=[
            (
                it.title,
                it.unit_code,
                words.record_type_name(it.record_type) if it.record_type else None,
                it.year,
                it.number,
                it.batch_key,
                it.document_key,
                it.detail,
                it.next_step,
            )
            for it in page.findings
        ],
    )


def unassigned_table(page: CustodyPage) -> Table:
    return Table(
        name="chua-phan-giao",
        title="Đơn vị cũ có hồ sơ chưa được phân giao",
        header=("Mã đơn vị", "Đơn vị", "Kết quả trong danh mục", "Đã tiếp nhận", "Đã số hóa"),
        rows=[
            (it.unit_code, it.unit_name, it.counts.inventory, it.counts.received, it.counts.digitized)
            for it in page.unassigned
        ],
    )

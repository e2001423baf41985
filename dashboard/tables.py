"""The pages as tables to download: one row of the page, one row of the file."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard import words
from dashboard.contexts import BatchPage, DocumentLine
from dashboard.export import Table, Value
from dashboard.figures import Counts
from dashboard.matrices import TypeMatrix, WeekMatrix
from dashboard.progressing import ProgressPage, UnitPage, UnitRow

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
        title="Hồ sơ số hóa mỗi tuần (tuần kết thúc vào ngày ghi ở cột)",
        header=(*_UNIT, *(words.day(day) for day in page.columns)),
        rows=[(*_unit(it.unit), *it.cells) for it in page.lines],
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


def rescan_table(page: BatchPage) -> Table:
    return Table(
        name=f"quet-lai-{page.summary.batch_id}",
        title=f"Trang cần quét lại của lô {page.summary.batch_key}",
        header=("Mã hồ sơ", "Trang của hồ sơ", "Tệp đã giao", "Trang trong tệp", "Vì sao"),
        rows=[
            (it.document_id, it.page_number, it.source, it.source_page, ", ".join(it.reasons)) for it in page.rescan
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

"""Danh mục chi tiết: the cells of the inventory that a denominator adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard import words
from dashboard.behind import cell_words
from dashboard.export import Table
from dashboard.figures import Counts
from warehouse.inventory_cells import CellFilter, IssuedCell, inventory_cells

PAGE_SIZE = 200
LONGEST_FILE = 100_000
"""Rows of a downloaded list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellLine:
    """One issuing unit x record type x year; ``row_id`` and ``assigned`` as in ``warehouse.inventory_cells``."""

    unit_id: str
    unit_code: str
    unit_name: str
    validity: str
    record_type: str
    record_type_name: str
    year: int
    row_id: str
    assigned: bool
    files: int
    pages: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CellsPage:
    """``/danh-muc/chi-tiet``; ``told`` says which row it stands behind, ``files`` and ``pages`` are of the total."""

    filter: CellFilter
    told: str | None
    total: Counts
    files: int
    pages: int
    count: int
    offset: int
    previous_offset: int | None
    next_offset: int | None
    cells: tuple[CellLine, ...]


def cells_page(engine: Any, wanted: CellFilter, offset: int = 0, limit: int = PAGE_SIZE) -> CellsPage:
    total, count, cells = inventory_cells(engine, wanted, limit=limit, offset=offset)
    return CellsPage(
        filter=wanted,
        told=cell_words(engine, wanted),
        total=Counts.of(total),
        files=total.inventory_files,
        pages=total.inventory_pages,
        count=count,
        offset=offset,
        previous_offset=max(0, offset - limit) if offset else None,
        next_offset=offset + limit if offset + limit < count else None,
        cells=tuple(_line(it) for it in cells),
    )


def cells_table(page: CellsPage) -> Table:
    return Table(
        name="danh-muc-chi-tiet",
        title="Danh mục theo đơn vị cấp, loại kết quả và năm",
        header=(
            "Mã đơn vị",
            "Đơn vị cấp",
            "Hiệu lực",
            "Loại kết quả",
            "Năm",
            "Kết quả trong danh mục",
            "Số hồ sơ",
            "Số trang",
            "Hết hiệu lực",
            "Đã số hóa",
            "Tỷ lệ số hóa (%)",
        ),
        rows=[
            (
                it.unit_code,
                it.unit_name,
                it.validity,
                it.record_type_name,
                it.year,
                it.counts.inventory,
                it.files,
                it.pages,
                it.counts.lapsed,
                it.counts.digitized,
                it.counts.percent,
            )
            for it in page.cells
        ],
        footer=(
            "",
            "Tổng cộng",
            "",
            "",
            None,
            page.total.inventory,
            page.files,
            page.pages,
            page.total.lapsed,
            page.total.digitized,
            page.total.percent,
        ),
    )


def _line(it: IssuedCell) -> CellLine:
    return CellLine(
        unit_id=it.unit_id,
        unit_code=it.unit_code,
        unit_name=it.unit_name,
        validity=words.validity(it.valid_from, it.valid_to),
        record_type=it.record_type,
        record_type_name=words.record_type_name(it.record_type),
        year=it.year,
        row_id=it.row_id,
        assigned=it.assigned,
        files=it.inventory_files,
        pages=it.inventory_pages,
        counts=Counts.of(it),
    )

"""``sohoa status``: how far every unit is, and what became of each batch."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import click

from manifests.reasons import REASONS
from pipeline.cli import open_context, telling_errors
from pipeline.cli.denominators import DAY
from pipeline.cli.reporting import VIEWS
from pipeline.cli.screen import known_unit, out, percent, print_json, table, warn_without_proof

if TYPE_CHECKING:
    from pipeline.context import Context
    from warehouse.results import BatchDetail, BatchFault, Figures, UnitProgress

COLUMNS = (
    ("Đơn vị", False),
    ("Danh mục", True),
    ("Số hóa", True),
    ("Ký số", True),
    ("Lập dữ liệu", True),
    ("Chờ rà soát", True),
    ("Dừng lại", True),
    ("Tiến độ", True),
)


@click.command()
@click.option("--unit", callback=known_unit, help="Chỉ đơn vị có mã này.")
@click.option("--by", "view", type=VIEWS, default="issuer", show_default=True, help="Xem theo đơn vị nào.")
@click.option("--on", type=DAY, help="Tính đến hết ngày này, như đã biết khi đó; mặc định bây giờ.")
@click.option("--batches", is_flag=True, help="Hiện các lô và lý do hồ sơ bị loại.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def status(unit: str | None, view: str, on: dt.datetime | None, batches: bool, as_json: bool) -> None:
    """Tiến độ từng đơn vị (cũ, quận cũ, hoặc đơn vị đang giữ hồ sơ) so với danh mục kết quả còn hiệu lực."""
    from warehouse.progress import progress_by_view, total_of, totals
    from warehouse.views import View

    context = open_context()
    warn_without_proof(context.settings)
    if batches:
        _batches(context, unit, as_json)
        return
    day = on.date() if on else None
    rows = progress_by_view(context.database, View(view), on=day, unit_code=unit)
    total = total_of(totals(context.database, on=day), rows)
    if as_json:
        print_json({"units": [_figures(r) for r in rows], "total": {**_plain(total), **_shares(total)}})
        return
    lines = [_line(f"{r.unit_code} {r.unit_name}{_until(r)}", r) for r in rows]
    table("Tiến độ số hóa", COLUMNS, [*lines, _line("Cộng", total)])
    if total.inventory_version is None:
        out.print("Chưa có danh mục kết quả còn hiệu lực; nạp bằng 'sohoa inventory import TỆP'.")


def _plain(value: object) -> dict[str, object]:
    from dataclasses import asdict, is_dataclass

    assert is_dataclass(value) and not isinstance(value, type)  # noqa: S101 - only results come here
    return asdict(value)


def _figures(row: UnitProgress) -> dict[str, object]:
    return {**_plain(row), **_shares(row)}


def _shares(row: Figures) -> dict[str, object]:
    names = ("percent", "percent_indexed", "percent_reconciled", "over", "remaining")
    return {name: getattr(row, name) for name in names}


def _until(row: UnitProgress) -> str:
    told = f" (đến {row.valid_to:%d/%m/%Y})" if row.dissolved and row.valid_to else ""
    return told if row.assigned else f"{told} – chưa phân giao"


def _line(name: str, row: object) -> list[str]:
    from warehouse.results import Figures

    assert isinstance(row, Figures)  # noqa: S101 - only results come here
    return [
        name,
        str(row.inventory_records),
        str(row.digitized),
        str(row.signed),
        str(row.indexed),
        str(row.needs_review),
        str(row.quarantined + row.refused),
        percent(row.percent),
    ]


def _batches(context: Context, unit: str | None, as_json: bool) -> None:
    from warehouse.batches import batch_detail, list_batches

    found = list_batches(context.database, unit_code=unit)
    details = [d for b in found if (d := batch_detail(context.database, b.batch_key))]
    if as_json:
        print_json(
            [
                {**_plain(d.summary), "failures": d.failures, "refused_rows": _refused_rows(d), "rescan": d.rescan}
                for d in details
            ]
        )
        return
    columns = (
        ("Lô", False),
        ("Trạng thái", False),
        ("Hồ sơ", True),
        ("Xong", True),
        ("Chờ rà soát", True),
        ("Dừng lại", True),
    )
    words = {
        "receiving": "đang tiếp nhận",
        "processing": "đang xử lý",
        "done": "xong",
        "halted": "đã dừng",
        "blocked": "không tiếp nhận",
    }
    rows = [
        [
            f"{b.batch_key} ({b.unit_name})",
            words[b.status],
            str(b.document_count),
            str(b.done),
            str(b.needs_review),
            str(b.quarantined + b.refused),
        ]
        for b in found
    ]
    table("Các lô", columns, rows)
    for detail in details:
        _print_failures(detail)


def _print_failures(detail: BatchDetail) -> None:
    key = detail.summary.batch_key
    for group in detail.failures:
        names = ", ".join(d.document_id for d in group.documents)
        out.print(f"{key}: {group.count} × {group.title} – {names}. {group.advice}", highlight=False)
    for fault in _refused_rows(detail):
        out.print(f"{key}: {fault.sentence}", markup=False, highlight=False)
    for page in detail.rescan:
        flags = ", ".join(REASONS[flag].title for flag in page.flags)
        where = f"{page.source} trang {page.source_page}" if page.source_page else f"cả hồ sơ {page.document_id}"
        out.print(f"{key}: nên quét lại {where} ({flags})", markup=False, highlight=False)
    if detail.failures:
        out.print(f"  chạy lại: sohoa rerun --batch {key}", style="cyan", highlight=False)


def _refused_rows(detail: BatchDetail) -> list[BatchFault]:
    """Errors of the last check that no document stands for: the whole drop, or a row nobody could use."""
    documents = {d.document_id for group in detail.failures for d in group.documents}
    return [f for f in detail.faults if f.severity == "error" and f.document_id not in documents]

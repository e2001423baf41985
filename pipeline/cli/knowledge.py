"""``sohoa status``, ``inventory`` and ``report``: what the warehouse knows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

import click

from manifests.reasons import REASONS
from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, fail, out, percent, print_json, table

if TYPE_CHECKING:
    from pipeline.context import Context
    from warehouse.results import BatchDetail, BatchFault, UnitProgress

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
@click.option("--unit", help="Chỉ đơn vị có mã này.")
@click.option("--batches", is_flag=True, help="Hiện các lô và lý do hồ sơ bị loại.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def status(unit: str | None, batches: bool, as_json: bool) -> None:
    """Tiến độ từng đơn vị so với danh mục kết quả còn hiệu lực."""
    from warehouse.progress import progress_by_unit, totals

    context = open_context()
    if batches:
        _batches(context, unit, as_json)
        return
    rows = progress_by_unit(context.database, unit_code=unit)
    total = totals(context.database, unit_code=unit)
    if as_json:
        print_json({"units": [_figures(r) for r in rows], "total": {**_plain(total), "percent": total.percent}})
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
    return {**_plain(row), "percent": row.percent, "percent_indexed": row.percent_indexed, "over": row.over}


def _until(row: UnitProgress) -> str:
    return f" (đến {row.valid_to:%d/%m/%Y})" if row.dissolved and row.valid_to else ""


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
        out.print(f"{key}: nên quét lại {page.source} trang {page.source_page} ({flags})", highlight=False)
    if detail.failures:
        out.print(f"  chạy lại: sohoa rerun --batch {key}", style="cyan", highlight=False)


def _refused_rows(detail: BatchDetail) -> list[BatchFault]:
    """Errors of the last check that no document stands for: the whole drop, or a row nobody could use."""
    documents = {d.document_id for group in detail.failures for d in group.documents}
    return [f for f in detail.faults if f.severity == "error" and f.document_id not in documents]


@click.group()
def inventory() -> None:
    """Danh mục kết quả còn hiệu lực: mẫu số của tiến độ."""


@inventory.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--approved-on", type=click.DateTime(["%Y-%m-%d"]), help="Ngày duyệt danh mục; mặc định hôm nay.")
@telling_errors
def import_inventory(file: Path, approved_on: dt.datetime | None) -> None:
    """Nạp danh mục từ CSV hoặc XLSX thành một phiên bản mới; báo mọi lỗi một lần."""
    from manifests.inventory import read_inventory
    from warehouse.reference import import_inventory as keep
    from warehouse.reference import today

    reading = read_inventory(file)
    errors = [fault for fault in reading.faults if fault.severity == "error"]
    for fault in reading.faults:
        err.print(fault.sentence(), style="red" if fault in errors else "yellow", markup=False, highlight=False)
    if reading.failed:
        fail(f"{file}: chưa nạp gì; sửa {len(errors)} lỗi trên rồi nạp lại.", Exit.BAD_USAGE)
    context = open_context()
    version = keep(
        context.database,
        reading.lines,
        approved_on=approved_on.date() if approved_on else today(),
        source_name=file.name,
        sha256=reading.sha256 or "",
    )
    records = sum(line.records for line in reading.lines)
    out.print(f"Đã nạp danh mục phiên bản {version}: {len(reading.lines)} dòng, {records} kết quả.")


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="Tháng báo cáo.")
@click.option("--out", "target", type=click.Path(dir_okay=False, path_type=Path), help="Tệp XLSX sẽ ghi.")
@telling_errors
def report(month: str, target: Path | None) -> None:
    """Báo cáo tháng dạng XLSX, cùng số liệu với bảng tiến độ."""
    from warehouse.report import write_report

    file = target or Path(f"bao-cao-{month}.xlsx")
    write_report(open_context().database, month, file)
    out.print(f"Đã ghi {file}", highlight=False)

"""``sohoa inventory`` and ``sohoa custody``: what is to be digitized, and who holds it today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, fail, out, print_json, table

if TYPE_CHECKING:
    from manifests.reasons import Fault

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE = click.Path(dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d", "%d/%m/%Y"])


@click.group()
def inventory() -> None:
    """Danh mục kết quả còn hiệu lực: mẫu số của tiến độ."""


@inventory.command("import")
@click.argument("file", type=FILE)
@click.option("--approved-on", type=DAY, help="Ngày duyệt danh mục; mặc định hôm nay.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def import_inventory(file: Path, approved_on: dt.datetime | None, as_json: bool) -> None:
    """Nạp danh mục từ CSV hoặc XLSX thành một phiên bản mới; báo mọi lỗi một lần."""
    from manifests.inventory import read_inventory
    from warehouse.inventories import inventory_changes, inventory_versions
    from warehouse.reference import import_inventory as keep

    reading = read_inventory(file)
    _tell(file, reading.faults, as_json)
    engine = open_context().database
    versions = inventory_versions(engine)
    before = next((it.version for it in versions if it.in_force), None)
    version = keep(
        engine,
        reading.lines,
        approved_on=approved_on.date() if approved_on else None,
        source_name=file.name,
        sha256=reading.sha256 or "",
    )
    changes = inventory_changes(engine, before, version) if before and before != version else []
    records = sum(line.records for line in reading.lines)
    if as_json:
        faults = [_fault(fault) for fault in reading.faults]
        told = {"version": version, "lines": len(reading.lines), "records": records, "faults": faults}
        print_json({**told, "changed_from": before if before != version else None, "changes": len(changes)})
        return
    again = next((it for it in versions if it.version == version), None)
    if again:
        day = f"{again.approved_on:%d/%m/%Y}"
        out.print(f"Tệp này đã nạp từ trước: phiên bản {version}, duyệt ngày {day}. Không có gì thay đổi.")
        return
    out.print(f"Đã nạp danh mục phiên bản {version}: {len(reading.lines)} dòng, {records} kết quả.")
    if changes:
        out.print(f"Khác phiên bản {before} ở {len(changes)} dòng; xem: sohoa inventory diff {before} {version}")


@inventory.command("list")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def list_inventories(as_json: bool) -> None:
    """Các phiên bản danh mục, phiên bản duyệt sau cùng trước."""
    from warehouse.inventories import inventory_versions

    versions = inventory_versions(open_context().database)
    if as_json:
        print_json(versions)
        return
    if not versions:
        out.print("Chưa có danh mục; nạp bằng 'sohoa inventory import TỆP'.")
        return
    columns = [("Phiên bản", True), ("Ngày duyệt", False), ("Tệp", False), ("Dòng", True), ("Kết quả", True)]
    rows = [
        [
            f"{it.version}{' (đang dùng)' if it.in_force else ''}",
            f"{it.approved_on:%d/%m/%Y}",
            it.source_name,
            str(it.lines),
            str(it.records),
            "–" if it.files is None else str(it.files),
            "–" if it.pages is None else str(it.pages),
        ]
        for it in versions
    ]
    table("Danh mục kết quả còn hiệu lực", [*columns, ("Hồ sơ", True), ("Trang", True)], rows)


@inventory.command("diff")
@click.argument("before", type=int, required=False)
@click.argument("after", type=int, required=False)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def diff_inventories(before: int | None, after: int | None, as_json: bool) -> None:
    """Dòng thêm, bớt và thay đổi giữa hai phiên bản; mặc định hai phiên bản duyệt sau cùng."""
    from manifests.record_types import record_types
    from warehouse.inventories import inventory_changes, inventory_versions

    engine = open_context().database
    known = [it.version for it in inventory_versions(engine)]
    if before is None or after is None:
        if len(known) < 2:
            fail("Chưa có hai phiên bản danh mục để so sánh; xem 'sohoa inventory list'.", Exit.NOTHING_DONE)
        before, after = (before or known[1]), known[0]
    for version in (before, after):
        if version not in known:
            fail(f"Không có danh mục phiên bản {version}; xem 'sohoa inventory list'.", Exit.BAD_USAGE)
    changes = inventory_changes(engine, before, after)
    if as_json:
        print_json({"before": before, "after": after, "changes": changes})
        return
    words = {"added": "thêm", "removed": "bớt", "changed": "đổi"}
    kinds = {code: kind.name for code, kind in record_types().items()}
    rows = [
        [
            words[it.kind],
            it.unit_id or it.unit_code,
            kinds.get(it.record_type, it.record_type),
            str(it.year),
            " ".join(part for part in (it.book and f"quyển {it.book}", it.box and f"hộp {it.box}") if part),
            _counted(it.before),
            _counted(it.after),
        ]
        for it in changes
    ]
    columns = [("", False), ("Đơn vị", False), ("Loại", False), ("Năm", True), ("Nơi", False)]
    table(f"Từ phiên bản {before} sang {after}", [*columns, ("Trước", True), ("Sau", True)], rows)
    out.print(f"{len(changes)} dòng khác nhau; mẫu số thay đổi {sum(it.records for it in changes):+d} kết quả.")


def _counted(counts: Sequence[int | None] | None) -> str:
    return "–" if counts is None else "/".join("·" if count is None else str(count) for count in counts)


@click.group()
def custody() -> None:
    """Phân giao hồ sơ: đơn vị nào đang giữ hồ sơ của phường, quận cũ."""


@custody.command("import")
@click.argument("file", type=FILE)
@click.option("--decided-on", type=DAY, help="Ngày phân giao cho dòng không ghi ngày; mặc định hôm nay.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def import_custody(file: Path, decided_on: dt.datetime | None, as_json: bool) -> None:
    """Nạp bảng phân giao từ CSV hoặc XLSX; báo mọi lỗi một lần."""
    from manifests.custody import read_custody
    from warehouse.custody import import_custody as keep
    from warehouse.reference import today

    reading = read_custody(file)
    _tell(file, reading.faults, as_json)
    day = decided_on.date() if decided_on else today()
    count = keep(open_context().database, reading.assignments, decided_on=day, source_name=file.name)
    if as_json:
        print_json({"assignments": count, "faults": [_fault(fault) for fault in reading.faults]})
    else:
        out.print(f"Đã nạp {count} phân giao từ {file.name}.", markup=False, highlight=False)


@custody.command("list")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def list_custody(as_json: bool) -> None:
    """Các phân giao đang có hiệu lực."""
    from warehouse.custody import custody_in_force

    rows = custody_in_force(open_context().database)
    if as_json:
        print_json(rows)
        return
    columns = [("Đơn vị cũ", False), ("Loại", False), ("Quyển", False), ("Hộp", False), ("Năm", False)]
    table(
        "Phân giao hồ sơ",
        [*columns, ("Đơn vị giữ", False), ("Từ ngày", False), ("Quyết định", False)],
        [
            [
                row["unit_id"],
                row["record_type"] or "mọi loại",
                row["book"] or "mọi quyển",
                row["box"] or "mọi hộp",
                "mọi năm" if row["last_year"] == 9999 else f"{row['first_year']}–{row['last_year']}",
                row["custodian_code"],
                f"{row['decided_on']:%d/%m/%Y}",
                row["decision"] or "",
            ]
            for row in rows
        ],
    )


@custody.command("unassigned")
@click.option(
    "--out", "target", type=NEW_FILE, help="Ghi bảng để điền (CSV hoặc XLSX), rồi nạp lại bằng 'custody import'."
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def unassigned(target: Path | None, as_json: bool) -> None:
    """Hồ sơ chưa được phân giao cho đơn vị nào."""
    from manifests.custody import write_custody
    from warehouse.custody import unassigned_papers

    papers = unassigned_papers(open_context().database)
    if target is not None:
        if target.suffix.lower() not in {".csv", ".xlsx"}:
            fail(f"{target.name}: chỉ ghi được .csv hoặc .xlsx.", Exit.BAD_USAGE)
        write_custody(target, [it.as_row() for it in papers])
    if as_json:
        print_json(papers)
        return
    columns = [("Đơn vị cũ", False), ("Loại", False), ("Quyển", False), ("Hộp", False), ("Năm", False)]
    rows = [
        [
            f"{it.unit_code} {it.unit_name}",
            it.record_type,
            it.book,
            it.box,
            f"{it.first_year}–{it.last_year}",
            str(it.listed),
            str(it.received),
            ", ".join(it.candidates),
        ]
        for it in papers
    ]
    more = [("Danh mục", True), ("Đã giao", True), ("Có thể là", False)]
    table("Hồ sơ chưa phân giao", [*columns, *more], rows)
    if target is not None:
        out.print(f"Đã ghi {target}; điền cột “Mã đơn vị quản lý” rồi chạy 'sohoa custody import'.", highlight=False)


def _fault(fault: Fault) -> dict[str, object]:
    told = {"code": fault.code, "severity": fault.severity, "row": fault.row, "column": fault.column}
    return {**told, "sentence": fault.sentence()}


def _tell(file: Path, faults: Sequence[Fault], as_json: bool) -> None:
    """Say every fault; leave when one is an error: nothing is imported then."""
    errors = [fault for fault in faults if fault.severity == "error"]
    if as_json and errors:
        print_json(
            {
                "error": {"code": errors[0].code, "message": f"{len(errors)} lỗi; chưa nạp gì"},
                "faults": [_fault(fault) for fault in faults],
            }
        )
        raise SystemExit(Exit.BAD_USAGE)
    if not as_json:
        for fault in faults:
            style = "red" if fault.severity == "error" else "yellow"
            err.print(fault.sentence(), style=style, markup=False, highlight=False)
    if errors:
        fail(f"{file}: chưa nạp gì; sửa {len(errors)} lỗi trên rồi nạp lại.", Exit.BAD_USAGE)

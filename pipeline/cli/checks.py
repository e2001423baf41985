"""``sohoa completeness`` and ``sohoa reconcile``: is everything there, and is it the same everywhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.denominators import FILE, NEW_FILE
from pipeline.cli.screen import Exit, err, fail, known_unit, out, print_json, table

if TYPE_CHECKING:
    from warehouse.completeness import Finding
    from warehouse.reconciliation import ReconciliationFinding

SHOWN = 200
"""Findings told on a terminal; all of them go to JSON and files."""


@click.command()
@click.option("--unit", callback=known_unit, help="Chỉ đơn vị có mã này (đơn vị đã cấp kết quả).")
@click.option("--year", type=click.IntRange(1900, 9999), help="Chỉ năm này.")
@click.option("--xlsx", "--out", "target", type=NEW_FILE, help="Ghi mọi phát hiện ra tệp CSV hoặc XLSX.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def completeness(unit: str | None, year: int | None, target: Path | None, as_json: bool) -> None:
    """Số thiếu, số trùng, số trang, tệp và dữ liệu: sổ cũ là cảnh báo, sổ từ 16/7/2020 là lỗi."""
    from manifests.completeness import number_series_rule
    from warehouse.completeness import completeness as find

    _fits(target)
    found = find(open_context().database, unit_code=unit, year=year)
    counts = {"errors": 0, "warnings": 0}
    if as_json or target is not None:
        findings = list(_counting(found, counts))
        if target is not None:
            _write(target, _COMPLETENESS, ([*_completeness_row(it)] for it in findings))
        if as_json:
            print_json({**counts, "findings": [_completeness_json(it) for it in findings]})
    else:
        for shown, it in enumerate(_counting(found, counts)):
            if shown < SHOWN:
                style = "red" if it.severity == "error" else "yellow"
                out.print(it.sentence, style=style, markup=False, highlight=False)
        if sum(counts.values()) > SHOWN:
            out.print(f"… còn {sum(counts.values()) - SHOWN} phát hiện; ghi tất cả bằng --xlsx TỆP.", markup=False)
    if not as_json:
        rule = number_series_rule()
        out.print(f"{counts['errors']} lỗi, {counts['warnings']} cảnh báo. Quy tắc: {rule.source}.", highlight=False)
        if target is not None:
            out.print(f"Đã ghi {target}", markup=False, highlight=False)
    sys.exit(Exit.SOME_QUARANTINED if counts["errors"] else Exit.DONE)


def _counting(found: Iterable[Finding], counts: dict[str, int]) -> Iterator[Finding]:
    for it in found:
        counts["errors" if it.severity == "error" else "warnings"] += 1
        yield it


_COMPLETENESS = (
    "Mức",
    "Mã đơn vị",
    "Đơn vị",
    "Loại kết quả",
    "Năm",
    "Quyển",
    "Phát hiện",
    "Chi tiết",
    "Việc cần làm",
)


def _completeness_row(it: Finding) -> Iterator[str | int]:
    from manifests.reasons import REASONS

    reason = REASONS[it.code]
    yield "lỗi" if it.severity == "error" else "cảnh báo"
    yield from (it.unit_code, it.unit_name, it.record_type_name, it.year, it.book or "")
    yield from (reason.title, it.detail, reason.advice)


def _completeness_json(it: Finding) -> dict[str, Any]:
    from dataclasses import asdict

    return {**asdict(it), "sentence": it.sentence}


@click.command()
@click.option("--outside", type=FILE, help="Tệp xuất (CSV, XLSX) của hệ thống ngoài; không có thì đối soát nội bộ.")
@click.option("--system", default="TTHC", show_default=True, help="Tên hệ thống ngoài.")
@click.option("--column", "columns", multiple=True, metavar="CỘT=TIÊU ĐỀ", help="Tiêu đề của một cột trong tệp xuất.")
@click.option("--unit", callback=known_unit, help="Chỉ đơn vị có mã này.")
@click.option("--xlsx", "--out", "target", type=NEW_FILE, help="Ghi mọi phát hiện ra tệp CSV hoặc XLSX.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def reconcile(
    outside: Path | None, system: str, columns: tuple[str, ...], unit: str | None, target: Path | None, as_json: bool
) -> None:
    """Đối soát manifest, kho tệp, sổ theo dõi, kho dữ liệu, và tệp xuất của hệ thống ngoài."""
    from manifests.outside import OutsideError
    from pipeline.reconcile import reconcile as compare
    from pipeline.reconcile import reconcile_outside
    from warehouse.reconciliation import FINDINGS, INTERNAL, place_counts, reconciliation_findings

    _fits(target)
    if system.strip().lower() in ("", INTERNAL):
        fail(f"--system {system!r}: đặt tên khác cho hệ thống ngoài.", Exit.BAD_USAGE)
    headers = dict(_pair(text) for text in columns)
    context = open_context()
    faults: tuple[Any, ...] = ()
    if outside is None:
        run = compare(context, unit_code=unit)
    else:
        try:
            result = reconcile_outside(context, outside, system=system, unit_code=unit, headers=headers)
        except OutsideError as error:
            for fault in error.faults:
                err.print(fault.sentence(), style="red", markup=False, highlight=False)
            fail(f"{outside.name}: chưa đối soát gì; sửa lỗi trên rồi chạy lại.", Exit.BAD_USAGE, error.code)
        run, faults = result.run, result.faults
    findings = reconciliation_findings(context.database, run.run_id)
    places = place_counts(context.database) if outside is None else []
    if target is not None:
        _write(target, _RECONCILIATION, ([*_reconciliation_row(it)] for it in findings))
        findings = reconciliation_findings(context.database, run.run_id)
    if as_json:
        told = {"run": run, "found": run.found, "places": places, "findings": list(findings)}
        print_json({**told, "faults": [{"row": fault.row, "sentence": fault.sentence()} for fault in faults]})
        sys.exit(Exit.SOME_QUARANTINED if run.found or faults else Exit.DONE)
    for fault in faults[:SHOWN]:
        err.print(fault.sentence(), style="yellow", markup=False, highlight=False)
    if places:
        heads = [("Đơn vị giao", False), ("Manifest", True), ("Sổ theo dõi", True), ("Từ chối", True)]
        rows = [
            [it.unit_code, *(str(n) for n in (it.declared, it.ledger, it.refused, it.stored, it.warehouse))]
            for it in places
        ]
        table("Số hồ sơ ở từng nơi", [*heads, ("Tệp PDF/A", True), ("Kho dữ liệu", True)], rows)
    for it in islice(findings, SHOWN):
        where = " ".join(str(part) for part in (it.unit_code, it.record_type, it.year, it.number) if part)
        line = f"{where}: {it.title} ({it.detail}). {it.next_step}"
        out.print(line, style="yellow", markup=False, highlight=False)
    if run.found > SHOWN:
        out.print(f"… còn {run.found - SHOWN} phát hiện; ghi tất cả bằng --xlsx TỆP.", markup=False)
    for code, count in run.counts.items():
        out.print(
            f"{count:>8} {FINDINGS[code][0] if code in FINDINGS else _COUNTED.get(code, code)}", highlight=False
        )
    if target is not None:
        out.print(f"Đã ghi {target}", markup=False, highlight=False)
    sys.exit(Exit.SOME_QUARANTINED if run.found or faults else Exit.DONE)


_COUNTED = {
    "batches": "lô trong kho lưu trữ",
    "declared": "hồ sơ trong manifest",
    "objects": "tệp trong kho lưu trữ",
    "files": "tệp trong sổ theo dõi",
    "outside": "dòng của hệ thống ngoài",
    "matched": "hồ sơ khớp",
    "unreadable": "dòng không đọc được",
}
_RECONCILIATION = ("Phát hiện", "Mã đơn vị", "Loại kết quả", "Năm", "Số", "Lô", "Hồ sơ", "Chi tiết", "Việc cần làm")


def _reconciliation_row(it: ReconciliationFinding) -> Iterator[str | int]:
    yield from (it.title, it.unit_code or "", it.record_type or "", it.year or "", it.number or "")
    yield from (it.batch_key or "", it.document_key or "", it.detail, it.next_step)


def _pair(text: str) -> tuple[str, str]:
    name, sign, header = text.partition("=")
    if not sign or not header.strip():
        fail(f"--column {text!r}: ghi dạng CỘT=TIÊU ĐỀ, ví dụ number=Số vào sổ.", Exit.BAD_USAGE)
    return name.strip(), header.strip()


def _fits(target: Path | None) -> None:
    if target is not None and target.suffix.lower() not in {".csv", ".xlsx"}:
        fail(f"{target.name}: chỉ ghi được .csv hoặc .xlsx.", Exit.BAD_USAGE)


def _write(target: Path, head: tuple[str, ...], rows: Iterable[list[str | int]]) -> None:
    from manifests.tables import write_table

    target.parent.mkdir(parents=True, exist_ok=True)
    write_table(target, [list(head), *rows])

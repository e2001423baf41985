"""``sohoa check``, ``run`` and ``rerun``: from a drop to finished documents."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, fail, out, print_json, progress_bar, table, warn_without_proof
from pipeline.stages import NAMES, stage

if TYPE_CHECKING:
    from rich.progress import Progress

    from manifests.documents import BatchRef
    from pipeline.context import Context
    from pipeline.outcomes import Outcome
    from pipeline.results import Receipt
    from pipeline.runner import BatchReport, Runner


@click.command()
@click.argument("batch_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--unit", help="Mã đơn vị giao lô; mặc định là tên thư mục mẹ của lô.")
@click.option("--no-pages", is_flag=True, help="Không xem chất lượng từng trang (mờ, nhạt, cắt chữ…): nhanh hơn.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def check(batch_dir: Path, unit: str | None, no_pages: bool, as_json: bool) -> None:
    """Kiểm tra một lô trước khi bàn giao: đủ tệp, đúng mã kiểm tra, đủ trang, đọc được, trang nào nên quét lại."""
    from manifests.delivery import check_delivery
    from manifests.documents import BatchRef
    from manifests.verdict import verdict_lines
    from ocr.probe import probe
    from pipeline.options import limits
    from pipeline.settings import read_settings
    from signing.profile_rules import Colour
    from signing.profiles import find_profile

    folder = batch_dir.resolve()
    settings = read_settings()
    ref = BatchRef(unit or folder.parent.name, folder.name)
    chosen = settings.legal_profiles.get(ref.unit_code, settings.legal_profile)
    profile = find_profile(chosen, settings.profiles_folder)
    colour = profile.colour is Colour.ALWAYS
    with progress_bar(as_json) as bar:
        task = bar.add_task("Kiểm tra", total=None)
        report = check_delivery(
            folder,
            ref,
            probe=lambda path: probe(path, limits(settings), colour=colour),
            progress=lambda _: bar.advance(task),
        )
        seen = None
        if not no_pages and not report.blocked and report.accepted:
            from pipeline.gate import look_over

            pages = sum(facts.pages for document in report.accepted for facts in document.files)
            looking = bar.add_task("Xem trang", total=pages)
            seen = look_over(report, folder, settings, profile, on_page=lambda: bar.advance(looking))
            report = report.with_pages(seen.findings)
    if as_json:
        print_json({**{it.name: getattr(report, it.name) for it in fields(report)}, "pages": seen})
    else:
        if seen:
            out.print(
                f"Đã xem {seen.looked} trang: {seen.rescan} trang nên quét lại, {seen.blank} trang trắng (được giữ"
                f" nguyên), {seen.mended} trang đặt lệch hoặc ngược (được nắn lại).",
                highlight=False,
            )
        for line in verdict_lines(report):
            out.print(line, markup=False, highlight=False)
    if report.blocked or not report.accepted:
        sys.exit(Exit.NOTHING_DONE)
    sys.exit(Exit.SOME_QUARANTINED if report.refused else Exit.DONE)


@click.command()
@click.option("--batch", "batches", multiple=True, metavar="UNIT/BATCH", help="Chỉ chạy lô này; có thể lặp lại.")
@click.option("--profile", help="Hồ sơ pháp lý mà các lô này theo từ nay.")
@click.option("--workers", type=click.IntRange(min=1), help="Số tiến trình đọc trang cùng lúc.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def run(batches: tuple[str, ...], profile: str | None, workers: int | None, as_json: bool) -> None:
    """Xử lý mọi lô đã sẵn sàng (_READY) trong kho tiếp nhận; chạy lại thì chỉ làm phần còn thiếu."""
    from pipeline.context import Context
    from pipeline.intake import ready_batches, require_ready
    from pipeline.profile_orders import order_profile
    from pipeline.settings import read_settings

    context = Context(read_settings(**({"workers": workers} if workers else {})))
    refs = [require_ready(context.intake, key) for key in batches] or list(ready_batches(context.intake))
    if not refs:
        fail(
            f"Không có lô nào sẵn sàng trong {context.settings.intake_url}. "
            "Một lô sẵn sàng khi thư mục <mã đơn vị>/<mã lô>/ có tệp _READY.",
            Exit.NOTHING_DONE,
        )
    for ref in refs if profile else ():
        order_profile(context, ref, profile or "")
    _run_all(context, [(ref, None) for ref in refs], as_json)


@click.command()
@click.option("--batch", "batch_key", required=True, metavar="UNIT/BATCH", help="Lô cần chạy lại.")
@click.option("--document", "document_id", help="Chỉ hồ sơ này.")
@click.option("--from", "from_stage", type=click.Choice(NAMES[:-1]), help="Làm lại từ bước này trở đi.")
@click.option("--reason", default="", help="Lý do làm lại, ghi vào kho lưu trữ.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def rerun(batch_key: str, document_id: str | None, from_stage: str | None, reason: str, as_json: bool) -> None:
    """Chạy lại hồ sơ lỗi của một lô; với --from thì làm lại cả những gì đã xong, từ bước đó trở đi."""
    from pipeline.intake import require_known
    from pipeline.quarantines import release
    from pipeline.reruns import order_rerun
    from pipeline.runner import Runner

    context = open_context()
    ref = require_known(context, batch_key)
    receipt, _ = Runner(context).receive(ref)
    known = [document.entry.document_id for document in receipt.documents]
    if document_id and document_id not in known:
        why = "; ".join(f.sentence() for f in receipt.faults if f.document_id == document_id)
        fail(f"Lô {ref.key} không có hồ sơ {document_id} đã tiếp nhận. {why}".rstrip(), Exit.BAD_USAGE)
    release(context, ref, document_id)
    if from_stage:
        order_rerun(context, ref, [document_id] if document_id else known, from_stage, reason=reason)
    _run_all(context, [(ref, [document_id] if document_id else None)], as_json)


def _run_all(context: Context, work: Sequence[tuple[BatchRef, list[str] | None]], as_json: bool) -> None:
    from pipeline.errors import needs_a_change, reason_code, safe_message
    from pipeline.runner import Runner

    warn_without_proof(context.settings)
    reports: list[BatchReport] = []
    halted: list[dict[str, str]] = []
    misconfigured = False
    for ref, document_ids in work:
        with progress_bar(as_json) as bar:
            runner = Runner(context)
            _show_progress(runner, bar)
            try:
                reports.append(runner.run_batch(ref, document_ids))
            except Exception as error:
                told = f"{reason_code(error)}: {safe_message(error)}"
                halted.append({"batch": ref.key, "code": reason_code(error), "detail": safe_message(error)})
                err.print(f"DỪNG LÔ {ref.key}: {told}", style="bold red", markup=False, highlight=False)
                if needs_a_change(error):  # every other batch would stop at the same thing
                    misconfigured = True
                    break
    if as_json:
        print_json({"batches": [_summary(r) for r in reports], "halted": halted})
    else:
        for report in reports:
            _print_report(report)
    sys.exit(_exit_code(reports, bool(halted), misconfigured))


def _show_progress(runner: Runner, bar: Progress) -> None:
    tasks = {"receive": bar.add_task(stage("receive").label, total=None)}

    def on_planned(receipt: Receipt, count: int) -> None:
        bar.update(tasks["receive"], total=len(receipt.declared), completed=len(receipt.declared))
        for name in ("assemble", "sign", "index"):
            tasks[name] = bar.add_task(stage(name).label, total=count)

    def on_outcome(outcome: Outcome) -> None:
        if outcome.stage in tasks:
            bar.advance(tasks[outcome.stage])

    runner.on_received = lambda _: bar.advance(tasks["receive"])
    runner.on_planned = on_planned
    runner.on_outcome = on_outcome


def _summary(report: BatchReport) -> dict[str, object]:
    errors = [f for f in report.receipt.faults if f.severity == "error"]
    return {
        "batch": report.receipt.batch.key,
        "blocked": report.receipt.blocked,
        "received_before": report.received_before,
        "declared": len(report.receipt.declared),
        "accepted": len(report.receipt.documents),
        "untouched": report.untouched,
        "worked": report.worked,
        "loaded": report.loaded,
        "faults": [{"code": f.code, "sentence": f.sentence()} for f in errors],
        "quarantined": [
            {"document": o.document_key, "stage": o.stage, "code": o.reason_code, "detail": o.detail}
            for o in report.quarantined
        ],
    }


def _print_report(report: BatchReport) -> None:
    from manifests.reasons import REASONS

    receipt = report.receipt
    out.print(f"\nLô {receipt.batch.key}", style="bold")
    if receipt.blocked:
        out.print("Lô không được tiếp nhận.", style="bold red")
    elif not report.worked and report.untouched:
        out.print(f"Không có gì phải làm lại: {report.untouched} hồ sơ đã xong từ trước.")
    elif not report.worked:
        out.print("Không có hồ sơ nào làm được.")
    else:
        resumed = sum(o.pages_resumed for o in report.outcomes)
        extra = f", {resumed} trang đã đọc từ lần chạy trước" if resumed else ""
        out.print(f"Đã xử lý {report.worked} hồ sơ; {report.untouched} hồ sơ đã xong từ trước{extra}.")
    stopped = Counter(f.code for f in receipt.faults if f.severity == "error")
    stopped.update(o.reason_code or "internal_error" for o in report.quarantined)
    if stopped:
        rows = [(str(n), REASONS[code].title, REASONS[code].advice) for code, n in stopped.most_common()]
        table("Bị loại, và việc cần làm", (("Số lượng", True), ("Lý do", False), ("Việc cần làm", False)), rows)
    if report.quarantined:
        out.print(f"  thử lại hồ sơ bị loại: sohoa rerun --batch {receipt.batch.key}", style="cyan", highlight=False)


def _exit_code(reports: list[BatchReport], halted: bool, misconfigured: bool) -> Exit:
    finished = sum(r.worked + r.untouched for r in reports)
    if misconfigured and not finished:
        return Exit.BAD_USAGE
    if not finished:
        return Exit.NOTHING_DONE
    stopped = halted or any(
        r.quarantined or r.receipt.blocked or any(f.severity == "error" for f in r.receipt.faults) for r in reports
    )
    return Exit.SOME_QUARANTINED if stopped else Exit.DONE

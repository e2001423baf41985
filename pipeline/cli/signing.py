"""``sohoa approve`` and ``extend``: a person's decision before signing, and evidence that lasts after it."""

from __future__ import annotations

import getpass
import sys

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, fail, out, print_json, progress_bar


@click.command()
@click.option("--batch", "batch_key", required=True, metavar="UNIT/BATCH", help="Lô cần duyệt.")
@click.option("--by", "by", metavar="NAME", help="Họ tên người duyệt; không ghi thì chỉ xem số liệu của lô.")
@click.option("--refuse", "reason", metavar="REASON", help="Từ chối, vì lý do này.")
@click.option("--note", default="", help="Ý kiến kèm theo khi duyệt.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def approve(batch_key: str, by: str | None, reason: str | None, note: str, as_json: bool) -> None:
    """Duyệt (hoặc từ chối) việc ký số một lô đang chờ; sau đó chạy lại lô để ký."""
    from pipeline.approvals import last_decision, survey
    from pipeline.intake import require_known
    from pipeline.runner import Runner
    from pipeline.work.receive import known_receipt

    if reason is not None and not reason.strip():
        fail("Từ chối phải có lý do.", Exit.BAD_USAGE, "bad_usage")
    context = open_context()
    ref = require_known(context, batch_key)
    receipt = known_receipt(context, ref)
    if receipt is None or receipt.blocked:
        fail(f"Lô {ref.key} chưa được tiếp nhận.", Exit.NOTHING_DONE)
    runner = Runner(context)
    jobs = runner.unfinished(receipt)
    quality, files = survey(context, receipt, jobs, len(runner.stopped(jobs)))
    if by and reason is None and not files:
        fail(f"Lô {ref.key} không có hồ sơ nào chờ ký; chạy 'sohoa run --batch {ref.key}' trước.", Exit.NOTHING_DONE)
    if by:
        who = f"{by} ({getpass.getuser()})"
        runner.decide(receipt, approve=reason is None, by=who, reason=reason or note)
    decision = last_decision(context, ref)
    if as_json:
        print_json({"batch": ref.key, "waiting": quality, "decision": decision})
        return
    out.print(f"Lô {ref.key}", style="bold", markup=False)
    for line in quality.lines():
        out.print(f"  {line}", markup=False, highlight=False)
    if decision is not None and decision.by:
        words = {"approved": "duyệt ký", "refused": "từ chối ký"}[str(decision.answer)]
        told = f": {decision.reason}" if decision.reason else ""
        out.print(f"{decision.by} đã {words} {len(decision.files)} hồ sơ{told}", markup=False, highlight=False)
        if decision.answer == "approved":
            out.print(f"Ký tiếp: sohoa run --batch {ref.key}", style="cyan", highlight=False)


@click.command()
@click.option("--batch", "batches", multiple=True, metavar="UNIT/BATCH", help="Chỉ lô này; có thể lặp lại.")
@click.option(
    "--due-before",
    "days",
    type=click.IntRange(min=0),
    metavar="DAYS",
    help="Gia hạn chữ ký hết bằng chứng trong số ngày này; theo cấu hình khi không ghi.",
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def extend(batches: tuple[str, ...], days: int | None, as_json: bool) -> None:
    """Gia hạn bằng chứng của chữ ký: thêm dữ liệu xác minh và dấu thời gian lưu trữ, thành một phiên bản mới."""
    from pipeline.intake import require_known
    from pipeline.renewals import Renewal, renew

    context = open_context()
    refs = [require_known(context, key) for key in batches] or None
    done: list[Renewal] = []
    with progress_bar(as_json) as bar:
        task = bar.add_task("Gia hạn", total=None)

        def note(renewal: Renewal) -> None:
            done.append(renewal)
            bar.advance(task)

        renew(context, refs, days=days, on_document=note)
    failed = [it for it in done if it.reason_code]
    if as_json:
        print_json({"renewals": done})
    else:
        made = [it for it in done if it.added]
        for it in failed:
            err.print(f"{it.document_key}: {it.reason_code}: {it.detail}", style="bold red", markup=False)
        out.print(
            f"Đã xem {len(done)} tệp đã ký: gia hạn {len(made)}, không được {len(failed)}, "
            f"chưa đến hạn {len(done) - len(made) - len(failed)}."
        )
    sys.exit(Exit.SOME_QUARANTINED if failed else Exit.DONE)

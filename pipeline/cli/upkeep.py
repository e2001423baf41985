"""``sohoa audit`` and ``rebuild``: proving and restoring what was made."""

from __future__ import annotations

import sys

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.screen import Exit, err, out, print_json, progress_bar


@click.command()
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def audit(as_json: bool) -> None:
    """Đọc lại mọi tệp trong kho lưu trữ và so mã kiểm tra SHA-256."""
    from pipeline.upkeep import audit as examine

    context = open_context()
    with progress_bar(as_json) as bar:
        task = bar.add_task("Đọc lại", total=None)
        count, damages = examine(context, lambda _: bar.advance(task))
    if as_json:
        print_json({"read": count, "damages": damages})
    else:
        words = {"missing": "mất tệp", "changed": "nội dung đã đổi"}
        for damage in damages:
            err.print(f"{damage.artefact.key}: {words[damage.kind]}", style="bold red", markup=False, highlight=False)
        out.print(f"Đã đọc lại {count} tệp, {len(damages)} tệp có lỗi.")
        if damages:
            out.print("Khôi phục các tệp trên từ bản sao lưu thứ hai, rồi chạy lại 'sohoa audit'.")
    sys.exit(Exit.SOME_QUARANTINED if damages else Exit.DONE)


@click.command()
@telling_errors
def rebuild() -> None:
    """Dựng lại sổ theo dõi và kho dữ liệu từ kho lưu trữ."""
    from pipeline.upkeep import rebuild as fill

    context = open_context()
    with progress_bar(False) as bar:
        task = bar.add_task("Dựng lại", total=None)
        result = fill(context, lambda _: bar.advance(task))
    out.print(
        f"Đã dựng lại: {result.inserted} hồ sơ thêm mới, {result.updated} cập nhật, "
        f"{result.unchanged + result.outdated} giữ nguyên."
    )

"""``sohoa convert``: single files, without manifest or warehouse.

Light on purpose: the readers' slow imports begin, in a process of their own, before this process turns to its own.
"""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.cli import telling_errors


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IN... OUT")
@click.option("--sign", is_flag=True, help="Ký số theo hồ sơ pháp lý trong cấu hình; tệp đã ký luôn được kiểm tra.")
@click.option("--check", is_flag=True, help="Kiểm tra PDF/A bằng veraPDF sau khi ghi (thêm vài giây mỗi tệp).")
@click.option("--workers", type=click.IntRange(min=1), help="Số tiến trình đọc trang, thay cho SOHOA_WORKERS.")
@click.option("--profile", help="Hồ sơ pháp lý, thay cho SOHOA_LEGAL_PROFILE.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def convert(
    paths: tuple[Path, ...], sign: bool, check: bool, workers: int | None, profile: str | None, as_json: bool
) -> None:
    """Chuyển bản quét thành PDF/A có lớp chữ ẩn; OUT là tệp .pdf (ghép mọi IN) hoặc thư mục (mỗi IN một tệp).

    Lệnh bị ngắt giữa chừng thì chạy lại y như cũ: các trang đã đọc (trong .OUT.work) được giữ, không đọc lại.
    """
    from pipeline.clean_spawn import READER_IMPORTS, CleanForkServerContext

    CleanForkServerContext(*READER_IMPORTS).import_ahead()
    from pipeline.cli.converting import convert_files

    overrides = {"legal_profile": profile, "workers": workers}
    convert_files(paths, {name: value for name, value in overrides.items() if value}, sign, check, as_json)

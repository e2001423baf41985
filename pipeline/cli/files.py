"""``sohoa convert``: single files, without manifest or warehouse."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from manifests.reasons import REASONS
from manifests.text import RESCAN_FLAGS, QualityFlag
from pipeline.cli import telling_errors
from pipeline.cli.screen import Exit, err, out, print_json, progress_bar
from pipeline.errors import ConfigurationError, Disposition, disposition, is_ours, reason_code, safe_message

if TYPE_CHECKING:
    from pipeline.convert import Conversion
    from pipeline.unfinished import PageNote

SINGLE_PAGED = (".jpg", ".jpeg", ".png")
"""Endings of files that hold one page."""


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
    from pipeline.settings import read_settings

    overrides = {"legal_profile": profile, "workers": workers}
    settings = read_settings(**{name: value for name, value in overrides.items() if value})
    *sources, target = paths
    if not sources:
        raise ConfigurationError("give at least one input and the output: sohoa convert IN... OUT")
    missing = [str(source) for source in sources if not source.is_file()]
    if missing:
        raise ConfigurationError(f"no such file: {', '.join(missing)}; check the names")
    from pipeline.convert import convert as make
    from pipeline.convert import open_readers

    jobs = _jobs(sources, target)
    done: list[Conversion] = []
    failed: list[dict[str, str]] = []
    with open_readers(settings, _most_pages(sources)) as readers, progress_bar(as_json) as bar:
        task = bar.add_task("Đọc trang", total=None)
        total = 0

        def add_pages(count: int) -> None:
            nonlocal total
            total += count
            bar.update(task, total=total)

        for files, out_file in jobs:
            try:
                made = make(
                    files,
                    out_file,
                    settings,
                    readers,
                    sign=sign,
                    check=check,
                    on_start=add_pages,
                    on_page=lambda _: bar.advance(task),
                )
            except Exception as error:
                if len(jobs) == 1 or (is_ours(error) and disposition(error) is Disposition.HALT):
                    raise
                detail = safe_message(error)
                failed.append({"file": str(files[0]), "code": reason_code(error), "detail": detail})
                err.print(f"{files[0]}: {detail}", style="bold red", markup=False, highlight=False)
            else:
                done.append(made)
    if as_json:
        print_json({"converted": [_summary(c) for c in done], "failed": failed})
    else:
        for conversion in done:
            _print(conversion)
    if not done:
        sys.exit(Exit.NOTHING_DONE)
    short = any(conversion.pdfa == "invalid" or conversion.damage for conversion in done)
    sys.exit(Exit.SOME_QUARANTINED if failed or short else Exit.DONE)


def _most_pages(sources: list[Path]) -> int | None:
    """Pages there can be at most, so that no reader is started for nothing; ``None`` where only opening tells."""
    single = all(source.suffix.lower() in SINGLE_PAGED for source in sources)
    return len(sources) if single else None


def _jobs(sources: list[Path], target: Path) -> list[tuple[list[Path], Path]]:
    if target.suffix.lower() == ".pdf" and not target.is_dir():
        target.parent.mkdir(parents=True, exist_ok=True)
        return [(sources, target)]
    target.mkdir(parents=True, exist_ok=True)
    names = [source.stem for source in sources]
    doubled = {name for name in names if names.count(name) > 1}
    if doubled:
        raise ConfigurationError(f"several inputs would become {', '.join(sorted(doubled))}.pdf; convert them apart")
    return [([source], target / f"{source.stem}.pdf") for source in sources]


def _summary(conversion: Conversion) -> dict[str, object]:
    return {
        "out": str(conversion.out),
        "pdfa": conversion.pdfa,
        "pdfa_detail": conversion.pdfa_detail,
        "pages_resumed": conversion.resumed,
        "pages": [
            {
                "page": p.page_number,
                "verdict": p.verdict,
                "words": p.words,
                "confidence": round(p.confidence, 3),
                "facts": replace(p.facts, occupied=()),
            }
            for p in conversion.pages
        ],
        "rescan": [
            {
                "page": p.page_number,
                "source": p.facts.source,
                "source_page": p.facts.source_page,
                "flags": _rescan_flags(p),
            }
            for p in conversion.pages
            if _rescan_flags(p)
        ],
        "blank_pages": [p.page_number for p in conversion.pages if p.facts.blank],
        "breaches": conversion.breaches,
        "damage": conversion.damage,
        "input_signatures": conversion.input_signatures,
        "signature": conversion.signature,
    }


def _rescan_flags(page: PageNote) -> tuple[QualityFlag, ...]:
    """What only the scanner can mend."""
    return tuple(flag for flag in page.facts.flags if flag in RESCAN_FLAGS)


def _other_flags(page: PageNote) -> tuple[QualityFlag, ...]:
    return tuple(flag for flag in page.facts.flags if flag not in RESCAN_FLAGS)


def _print(conversion: Conversion) -> None:
    pages = conversion.pages
    words = sum(p.words for p in pages)
    unread = [str(p.page_number) for p in pages if p.verdict == "unread"]
    blank = [str(p.page_number) for p in pages if p.verdict == "blank"]
    verdicts = {
        "valid": "đạt PDF/A (veraPDF)",
        "invalid": "KHÔNG đạt PDF/A",
        "not_checked": "chưa kiểm tra PDF/A (--check)",
    }
    out.print(f"{conversion.out}: {len(pages)} trang, {words} từ, {verdicts[conversion.pdfa]}", highlight=False)
    if conversion.resumed:
        out.print(f"  {conversion.resumed} trang đã đọc ở lần chạy trước bị ngắt, không đọc lại")
    if unread:
        out.print(f"  trang không đọc được: {', '.join(unread)}")
    if blank:
        out.print(f"  trang trắng: {', '.join(blank)}")
    for page in pages:
        if flags := _rescan_flags(page):
            why = ", ".join(REASONS[flag].title for flag in flags)
            told = f"  nên quét lại {page.facts.source} trang {page.facts.source_page} ({why})"
            out.print(told, markup=False, highlight=False)
    flagged = [
        f"{p.page_number} ({', '.join(REASONS[flag].title for flag in _other_flags(p))})"
        for p in pages
        if _other_flags(p)
    ]
    if flagged:
        out.print(f"  cần xem lại: trang {'; trang '.join(flagged)}", highlight=False)
    for damage in conversion.damage:
        out.print(f"  THIẾU TRANG: {damage}", style="bold red", markup=False, highlight=False)
    for breach in conversion.breaches:
        out.print(f"  hồ sơ pháp lý: {breach}", markup=False, highlight=False)
    if conversion.input_signatures:
        out.print("  tệp gốc đã có chữ ký số; tệp gốc được giữ nguyên, tệp này là bản tra cứu")
    if conversion.signature:
        mark = "" if conversion.signature.legally_valid else " (chứng thư thử nghiệm, KHÔNG có giá trị pháp lý)"
        out.print(f"  đã ký: {conversion.signature.signer}, {conversion.signature.level}{mark}", highlight=False)

"""What ``sohoa convert`` does and says."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from manifests.reasons import REASONS
from manifests.text import RESCAN_FLAGS, QualityFlag
from pipeline.cli.screen import Exit, err, out, print_json, progress_bar
from pipeline.errors import ConfigurationError, Disposition, disposition, is_ours, reason_code, safe_message
from pipeline.readers import open_readers
from pipeline.settings import read_settings

if TYPE_CHECKING:
    from pipeline.convert import Conversion
    from pipeline.unfinished import PageNote

SINGLE_PAGED = (".jpg", ".jpeg", ".png")
"""Endings of files that hold one page."""


def convert_files(paths: tuple[Path, ...], overrides: dict[str, Any], sign: bool, check: bool, as_json: bool) -> None:
    """Convert the inputs among ``paths``, all but the last, and leave with the exit code.

    Args:
        overrides: Settings given on the command line.
    """
    settings = read_settings(**overrides)
    *sources, target = paths
    if not sources:
        raise ConfigurationError("give at least one input and the output: sohoa convert IN... OUT")
    missing = [str(source) for source in sources if not source.is_file()]
    if missing:
        raise ConfigurationError(f"no such file: {', '.join(missing)}; check the names")
    jobs = _jobs(sources, target)
    done: list[Conversion] = []
    failed: list[dict[str, str]] = []
    # Beside the imports of the readers, which the next line waits for.
    from pipeline.convert import convert as make

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
        "signature_notes": conversion.signature_notes,
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
    for note in conversion.signature_notes:
        out.print(f"  {note}", markup=False, highlight=False)
    if conversion.signature:
        mark = "" if conversion.signature.legally_valid else " (chứng thư thử nghiệm, KHÔNG có giá trị pháp lý)"
        out.print(f"  đã ký: {conversion.signature.signer}, {conversion.signature.level}{mark}", highlight=False)

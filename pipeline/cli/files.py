"""``sohoa convert`` and ``verify``: single files, without manifest or warehouse."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from manifests.reasons import REASONS
from pipeline.cli import telling_errors
from pipeline.cli.screen import Exit, err, out, print_json, progress_bar
from pipeline.errors import ConfigurationError, Disposition, disposition, is_ours, reason_code, safe_message

if TYPE_CHECKING:
    from manifests.documents import SignatureFact
    from pipeline.convert import Conversion

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
RULES_SHOWN = 3
"""Broken rules of PDF/A shown to a person; --json has all."""


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="IN... OUT")
@click.option("--sign", is_flag=True, help="Ký số theo hồ sơ pháp lý trong cấu hình.")
@click.option("--profile", help="Hồ sơ pháp lý, thay cho SOHOA_LEGAL_PROFILE.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def convert(paths: tuple[Path, ...], sign: bool, profile: str | None, as_json: bool) -> None:
    """Chuyển bản quét thành PDF/A có lớp chữ ẩn; OUT là tệp .pdf (ghép mọi IN) hoặc thư mục (mỗi IN một tệp)."""
    from pipeline.settings import read_settings

    settings = read_settings(**({"legal_profile": profile} if profile else {}))
    *sources, target = paths
    if not sources:
        raise ConfigurationError("give at least one input and the output: sohoa convert IN... OUT")
    missing = [str(source) for source in sources if not source.is_file()]
    if missing:
        raise ConfigurationError(f"no such file: {', '.join(missing)}; check the names")
    from pipeline.convert import convert as make

    jobs = _jobs(sources, target)
    done: list[Conversion] = []
    failed: list[dict[str, str]] = []
    with progress_bar(as_json) as bar:
        task = bar.add_task("Đọc trang", total=None)
        for files, out_file in jobs:
            try:
                done.append(make(files, out_file, settings, sign=sign, on_page=lambda _: bar.advance(task)))
            except Exception as error:
                if len(jobs) == 1 or (is_ours(error) and disposition(error) is Disposition.HALT):
                    raise
                detail = safe_message(error)
                failed.append({"file": str(files[0]), "code": reason_code(error), "detail": detail})
                err.print(f"{files[0]}: {detail}", style="bold red", markup=False, highlight=False)
    if as_json:
        print_json({"converted": [_summary(c) for c in done], "failed": failed})
    else:
        for conversion in done:
            _print(conversion)
    if not done:
        sys.exit(Exit.NOTHING_DONE)
    invalid = any(conversion.pdfa == "invalid" for conversion in done)
    sys.exit(Exit.SOME_QUARANTINED if failed or invalid else Exit.DONE)


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
        "pages": [
            {
                "page": p.page_number,
                "verdict": p.verdict,
                "words": len(p.words),
                "confidence": round(p.mean_confidence, 3),
                "facts": p.facts,
            }
            for p in conversion.pages
        ],
        "input_signatures": conversion.input_signatures,
        "signature": conversion.signature,
    }


def _print(conversion: Conversion) -> None:
    pages = conversion.pages
    words = sum(len(p.words) for p in pages)
    unread = [str(p.page_number) for p in pages if p.verdict == "unread"]
    blank = [str(p.page_number) for p in pages if p.verdict == "blank"]
    verdicts = {"valid": "đạt PDF/A (veraPDF)", "invalid": "KHÔNG đạt PDF/A", "not_checked": "chưa kiểm tra PDF/A"}
    out.print(f"{conversion.out}: {len(pages)} trang, {words} từ, {verdicts[conversion.pdfa]}", highlight=False)
    if unread:
        out.print(f"  trang không đọc được: {', '.join(unread)}")
    if blank:
        out.print(f"  trang trắng: {', '.join(blank)}")
    flagged = [
        f"{p.page_number} ({', '.join(REASONS[flag].title for flag in p.facts.flags)})"
        for p in pages
        if p.facts.flags
    ]
    if flagged:
        out.print(f"  cần xem lại: trang {'; trang '.join(flagged)}", highlight=False)
    if conversion.input_signatures:
        out.print("  tệp gốc đã có chữ ký số; tệp gốc được giữ nguyên, tệp này là bản tra cứu")
    if conversion.signature:
        mark = "" if conversion.signature.legally_valid else " (chứng thư thử nghiệm, KHÔNG có giá trị pháp lý)"
        out.print(f"  đã ký: {conversion.signature.signer}, {conversion.signature.level}{mark}", highlight=False)


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def verify(files: tuple[Path, ...], as_json: bool) -> None:
    """Tệp có phải PDF/A không; chữ ký có toàn vẹn, hợp lệ, đáng tin không."""
    from pipeline.plan import trust_settings
    from pipeline.settings import read_settings
    from signing.errors import VerificationError
    from signing.pdfa import PdfaValidator
    from signing.verify import verify_pdf

    settings = read_settings()
    pdfa = PdfaValidator(settings.verapdf).validate(list(files))
    results: list[dict[str, object]] = []
    good = True
    for file in files:
        problem = ""
        signatures: tuple[SignatureFact, ...] = ()
        try:
            signatures = verify_pdf(file, trust=trust_settings(settings))
        except VerificationError as error:
            problem = str(error)
        sound = not problem and all(s.intact and s.valid for s in signatures)
        good = good and sound and pdfa[file].status != "invalid"
        results.append(
            {
                "file": str(file),
                "pdfa": pdfa[file].status,
                "pdfa_detail": pdfa[file].detail,
                "signatures": signatures,
                "problem": problem,
            }
        )
        if not as_json:
            _print_verdict(file, pdfa[file].status, pdfa[file].detail, signatures, problem)
    if as_json:
        print_json(results)
    sys.exit(Exit.DONE if good else Exit.SOME_QUARANTINED)


def _print_verdict(file: Path, pdfa: str, detail: str, signatures: tuple[SignatureFact, ...], problem: str) -> None:
    words = {"valid": "đạt", "invalid": "KHÔNG đạt", "not_checked": "chưa kiểm tra"}
    out.print(f"\n{file}", style="bold", highlight=False)
    out.print(f"  PDF/A: {words[pdfa]}", highlight=False)
    for rule in detail.split("; ")[:RULES_SHOWN] if detail else ():
        out.print(f"    {rule}", markup=False, highlight=False)
    if problem:
        out.print(f"  {problem}", style="bold red", markup=False, highlight=False)
    elif not signatures:
        out.print("  Không có chữ ký số.")
    for s in signatures:
        at = s.timestamp_at or s.signed_at
        when = f"{at.astimezone(HANOI):%d/%m/%Y %H:%M:%S} +07:00" if at else "không rõ"
        source = "dấu thời gian" if s.timestamp_at else "đồng hồ máy ký"
        out.print(f"  {s.field_name}: {s.signer}", markup=False, highlight=False)
        verdict = ", ".join(
            (
                "toàn vẹn" if s.intact else "ĐÃ BỊ SỬA",
                "hợp lệ" if s.valid else "KHÔNG hợp lệ",
                "đáng tin" if s.trusted else "chưa tin cậy được",
                "phủ cả tệp" if s.covers_whole_file else "có phần thêm sau khi ký",
            )
        )
        out.print(f"    {verdict}; {s.level}; ký lúc {when} ({source})", markup=False, highlight=False)
        if not s.legally_valid:
            out.print("    Không có giá trị pháp lý, hoặc chưa chứng minh được.", markup=False)

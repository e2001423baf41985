"""``sohoa verify``: what the signatures of a file are worth, and until when, for people and programs."""

from __future__ import annotations

import datetime as dt
import sys
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from manifests.reasons import REASONS
from pipeline.cli import telling_errors
from pipeline.cli.screen import Exit, out, print_json

if TYPE_CHECKING:
    from manifests.documents import SignatureFact
    from pipeline.settings import Settings
    from signing.guard import Examiner
    from signing.pdfa import PdfaVerdict
    from signing.settings import RevocationSettings
    from signing.verify import Examination

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
RULES_SHOWN = 3
"""Broken rules of PDF/A shown to a person; --json has all."""
_PDFA = {"valid": "đạt", "invalid": "KHÔNG đạt", "not_checked": "chưa kiểm tra"}
_TIMES = {
    "timestamp": "dấu thời gian",
    "archive_timestamp": "dấu thời gian lưu trữ",
    "untrusted_timestamp": "dấu thời gian của máy chủ chưa được tin cậy",
    "claimed": "theo đồng hồ máy ký, chưa được chứng minh",
}
_ENDS = {
    "signer_certificate": "chứng thư số của người ký hết hạn",
    "timestamp_certificate": "chứng thư số của máy chủ dấu thời gian hết hạn",
    "archive_timestamp_certificate": "chứng thư số của dấu thời gian lưu trữ hết hạn",
}
_REVOKED = {
    "good": "chứng thư số không bị thu hồi",
    "revoked": "chứng thư số ĐÃ BỊ THU HỒI",
    "revoked_later": "chứng thư số bị thu hồi sau khi ký",
    "unknown": "chưa kiểm tra được việc thu hồi",
}
_CHANGES = {
    "signature": "thêm chữ ký",
    "validation_data": "thêm dữ liệu xác thực",
    "archive_timestamp": "thêm dấu thời gian lưu trữ",
    "form_fill": "điền biểu mẫu",
    "suspicious": "SỬA ĐỔI ĐÁNG NGỜ",
    "loose_bytes": "NỐI THÊM DỮ LIỆU",
}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """One file: what was found, or why it cannot be examined."""

    file: Path
    pdfa: PdfaVerdict
    found: Examination | None
    problem: str = ""
    code: str = ""

    @property
    def sound(self) -> bool:
        if self.found is None:
            return False
        return (
            all(one.intact and one.valid for one in self.found.signatures)
            and all(one.intact for one in self.found.archive_timestamps)
            and str(self.pdfa.status) != "invalid"
        )


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--online", is_flag=True, help="Hỏi OCSP/CRL của tổ chức cấp chứng thư số (chỉ với chuỗi tin cậy).")
@click.option(
    "--trust",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="Thêm gốc tin cậy: tệp PEM hoặc thư mục, ngoài SOHOA_TRUST_ROOTS.",
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def verify(files: tuple[Path, ...], online: bool, trust: tuple[Path, ...], as_json: bool) -> None:
    """Tệp có phải PDF/A không; chữ ký có toàn vẹn, hợp lệ, đáng tin không, của ai, lúc nào và đến bao giờ."""
    from pipeline.settings import read_settings
    from signing.guard import Examiner
    from signing.pdfa import PdfaValidator

    settings = read_settings()
    pdfa = PdfaValidator(settings.verapdf).validate(list(files))
    with ExitStack() as stack:
        asked = _whom_to_ask(settings, stack) if online else None
        examiner = stack.enter_context(Examiner())
        verdicts = [_examine(examiner, file, pdfa[file], settings, trust, asked) for file in files]
    if as_json:
        print_json([_as_json(verdict) for verdict in verdicts])
    else:
        for verdict in verdicts:
            _print(verdict)
    sys.exit(Exit.DONE if all(verdict.sound for verdict in verdicts) else Exit.SOME_QUARANTINED)


def _whom_to_ask(settings: Settings, stack: ExitStack) -> RevocationSettings:
    """The addresses in the certificates, and the test CA's own responder where that is what signs."""
    from pipeline.plan import revocation_settings, trust_settings
    from signing.local_pki import local_pki

    asked = revocation_settings(settings)
    test_ca = trust_settings(settings).test_ca
    if test_ca is not None and test_ca.exists():
        asked = stack.enter_context(local_pki(test_ca)).settings(timeout=asked.timeout)
    return asked


def _examine(
    examiner: Examiner,
    file: Path,
    pdfa: PdfaVerdict,
    settings: Settings,
    trust: tuple[Path, ...],
    asked: RevocationSettings | None,
) -> _Verdict:
    from pipeline.plan import trust_settings
    from signing.errors import VerificationError

    trusted = trust_settings(settings)
    trusted = replace(trusted, roots=(*trusted.roots, *trust))
    try:
        return _Verdict(file, pdfa, examiner.examine(file, trust=trusted, revocation=asked))
    except VerificationError as error:
        return _Verdict(file, pdfa, None, str(error), error.code)


def _as_json(verdict: _Verdict) -> dict[str, Any]:
    from signing.verify import counts_as_signed

    found = verdict.found
    counts, why_not = counts_as_signed(found.signatures) if found else (False, verdict.problem)
    return {
        "file": str(verdict.file),
        "pdfa": verdict.pdfa.status,
        "pdfa_flavour": verdict.pdfa.flavour,
        "pdfa_detail": verdict.pdfa.detail,
        "signatures": [asdict(one) for one in found.signatures] if found else [],
        "archive_timestamps": [asdict(one) for one in found.archive_timestamps] if found else [],
        "revisions": [asdict(one) for one in found.revisions] if found else [],
        "counts_as_signed": counts,
        "counts_detail": why_not,
        "problem": verdict.problem,
        "problem_code": verdict.code,
    }


def _print(verdict: _Verdict) -> None:
    pdfa = verdict.pdfa
    out.print(f"\n{verdict.file}", style="bold", markup=False, highlight=False)
    out.print(f"  PDF/A: {_PDFA[pdfa.status]}{f' ({pdfa.flavour})' if pdfa.valid else ''}", highlight=False)
    for rule in pdfa.detail.split("; ")[:RULES_SHOWN] if pdfa.detail else ():
        out.print(f"    {rule}", markup=False, highlight=False)
    found = verdict.found
    if found is None:
        title = REASONS[verdict.code].title
        out.print(f"  {title}: {verdict.problem}", style="bold red", markup=False, highlight=False)
        return
    if not found.signatures:
        out.print("  Không có chữ ký số.")
    for fact in found.signatures:
        _print_signature(fact)
    for stamp in found.archive_timestamps:
        state = "đáng tin" if stamp.trusted else "chưa tin cậy được" if stamp.intact else "ĐÃ BỊ SỬA"
        out.print(
            f"  Dấu thời gian lưu trữ {_time(stamp.at)}: {stamp.authority}; {state}", markup=False, highlight=False
        )
    for revision in found.revisions:
        detail = f": {revision.detail}" if revision.detail else ""
        out.print(f"  Lần sửa {revision.number}: {_CHANGES[revision.change]}{detail}", markup=False, highlight=False)


def _print_signature(fact: SignatureFact) -> None:
    words = (
        "toàn vẹn" if fact.intact else "ĐÃ BỊ SỬA",
        "hợp lệ" if fact.valid else "KHÔNG hợp lệ",
        "đáng tin" if fact.trusted else "chưa tin cậy được",
        "phủ cả tệp" if fact.covers_whole_file else "có phần thêm sau khi ký",
    )
    level = "không theo chuẩn PAdES" if fact.level == "unknown" else f"mức {fact.level}"
    lines = [f"{', '.join(words)}; {level}", fact.summary]
    at = fact.timestamp_at or fact.signed_at
    if at:
        lines.append(f"ký lúc {_time(at)} ({_TIMES.get(fact.time_source, 'không rõ nguồn')})")
    if fact.revocation:
        lines.append(_REVOKED[fact.revocation])
    if fact.evidence_until:
        verb = "hết từ" if fact.evidence_until < dt.datetime.now(dt.UTC) else "còn đến"
        lines.append(f"chứng cứ {verb} {_time(fact.evidence_until)}: {_ENDS[fact.evidence_ends_with]}")
    if not fact.legally_valid:
        lines.append("Không có giá trị pháp lý, hoặc chưa chứng minh được.")
    out.print(f"  {fact.field_name}: {fact.signer}", markup=False, highlight=False)
    for line in lines:
        out.print(f"    {line}", markup=False, highlight=False)


def _time(moment: dt.datetime) -> str:
    return f"{moment.astimezone(HANOI):%d/%m/%Y %H:%M:%S} +07:00"

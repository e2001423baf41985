"""The verdict on a delivery in words, for archive staff before handover. It makes text and prints nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from manifests.delivery import DeliveryReport
from manifests.reasons import Fault, Severity


def verdict_lines(report: DeliveryReport) -> tuple[str, ...]:
    """The verdict as Vietnamese lines: counts, faults grouped by document, and last what to do next."""
    refused = report.refused
    warnings = _by_document(fault for fault in report.faults if fault.severity is Severity.WARNING)
    whole = [fault for fault in report.faults if fault.document_id is None]
    lines = [f"Lô {report.ref.key}: {_summary(report)}"]
    lines += _section("Về cả lô:", {"": whole} if whole else {})
    lines += _section(
        "Hồ sơ bị loại:",
        {document: [*faults, *warnings.get(document, [])] for document, faults in refused.items()},
    )
    lines += _section(
        "Hồ sơ đạt, có điều cần xem:",
        {document: found for document, found in warnings.items() if document and document not in refused},
    )
    return (*lines, "", f"Việc tiếp theo: {_next_step(report)}")


def _summary(report: DeliveryReport) -> str:
    if report.blocked:
        return "CHƯA GIAO ĐƯỢC, cả lô bị chặn."
    refused, accepted = len(report.refused), len(report.accepted)
    with_warnings = sum(bool(document.warnings) for document in report.accepted)
    verdict = "ĐẠT" if accepted and not refused else "CHƯA ĐẠT"
    note = f" (trong đó {with_warnings} hồ sơ có điều cần xem)" if with_warnings else ""
    return (
        f"{verdict}. {accepted + refused} hồ sơ trong manifest: {accepted} hồ sơ đạt{note}, {refused} hồ sơ bị loại."
    )


def _next_step(report: DeliveryReport) -> str:
    if report.blocked:
        return "sửa các lỗi của cả lô nêu trên rồi kiểm tra lại."
    if report.refused:
        return (
            "sửa các hồ sơ bị loại rồi kiểm tra lại. Nếu giao ngay, chỉ các hồ sơ đạt được xử lý; "
            "hồ sơ bị loại phải giao lại."
        )
    return "lô đã sẵn sàng; tạo tệp _READY trong thư mục của lô để bàn giao."


def _by_document(faults: Iterable[Fault]) -> dict[str, list[Fault]]:
    grouped: dict[str, list[Fault]] = {}
    for fault in faults:
        grouped.setdefault(fault.document_id or "", []).append(fault)
    return grouped


def _section(title: str, groups: dict[str, list[Fault]]) -> list[str]:
    if not groups:
        return []
    lines = ["", title]
    for document, faults in sorted(groups.items(), key=_place):
        if document:
            lines.append(f"  {document}")
        lines.extend(f"    {_mark(fault)} {_sentence(fault)}" for fault in faults)
    return lines


def _place(group: tuple[str, list[Fault]]) -> int:
    """The document's row: people work down their list."""
    return min(fault.row or 0 for fault in group[1])


def _mark(fault: Fault) -> str:
    return "[lỗi]" if fault.severity is Severity.ERROR else "[lưu ý]"


def _sentence(fault: Fault) -> str:
    """The fault without its document, which stands above it already."""
    sentence = replace(fault, document_id=None).sentence()
    return sentence[:1].upper() + sentence[1:]

from __future__ import annotations

from typing import Any

from manifests.delivery import ScanFacts, check_delivery
from manifests.verdict import verdict_lines

Drop = Any  # the class in conftest.py

VERDICT = """\
Lô 00256/2025-03-A: CHƯA ĐẠT. 3 hồ sơ trong manifest: 2 hồ sơ đạt (trong đó 1 hồ sơ có điều cần xem), \
1 hồ sơ bị loại.

Về cả lô:
    [lưu ý] Tệp thua.pdf: Tệp không có trong manifest. Thêm tệp vào manifest, hoặc bỏ tệp khỏi thư mục.

Hồ sơ bị loại:
  A
    [lỗi] Dòng 2: Số trang không khớp với manifest (manifest ghi 4 trang, tệp có 3 trang: thiếu 1). \
Quét bổ sung trang thiếu, hoặc sửa số trang trong manifest.

Hồ sơ đạt, có điều cần xem:
  B
    [lưu ý] Dòng 3, tệp B.pdf: Tệp giao đã có chữ ký số. Không cần làm gì: tệp gốc được giữ nguyên từng \
byte, chữ ký được kiểm tra và ghi lại.

Việc tiếp theo: sửa các hồ sơ bị loại rồi kiểm tra lại. Nếu giao ngay, chỉ các hồ sơ đạt được xử lý; \
hồ sơ bị loại phải giao lại."""


def test_a_good_drop_may_be_handed_over(drop: Drop) -> None:
    drop.document("A")
    drop.document("B")
    assert verdict_lines(drop.check()) == (
        "Lô 00256/2025-03-A: ĐẠT. 2 hồ sơ trong manifest: 2 hồ sơ đạt, 0 hồ sơ bị loại.",
        "",
        "Việc tiếp theo: lô đã sẵn sàng; tạo tệp _READY trong thư mục của lô để bàn giao.",
    )


def test_faults_stand_under_their_document_with_what_to_do(drop: Drop) -> None:
    drop.document("A", pages=3)
    drop.document("B", signed=True)
    drop.document("C")
    drop.change(0, pages=4)
    drop.scan("thua.pdf")
    assert "\n".join(verdict_lines(drop.check())) == VERDICT


def test_a_blocked_drop_says_so_first(drop: Drop) -> None:
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("", 1))
    assert verdict_lines(report) == (
        "Lô 00256/2025-03-A: CHƯA GIAO ĐƯỢC, cả lô bị chặn.",
        "",
        "Về cả lô:",
        "    [lỗi] Không có manifest.csv hoặc manifest.xlsx. Đặt tệp manifest vào thư mục của lô rồi kiểm tra lại.",
        "",
        "Việc tiếp theo: sửa các lỗi của cả lô nêu trên rồi kiểm tra lại.",
    )


def test_every_fault_of_a_report_is_in_the_verdict(drop: Drop) -> None:
    for number, facts in enumerate(({"problem": "encrypted"}, {"flags": ["low_dpi"]}, {"signed": True}, {})):
        drop.document(f"D{number}", **facts)
    drop.change(3, unit_code="99999")
    report = drop.check()
    text = "\n".join(verdict_lines(report))
    assert len(report.faults) == 4
    assert text.count("[lỗi]") + text.count("[lưu ý]") == len(report.faults)
    assert "_row" not in text and text.index("Việc tiếp theo") > text.index("D2")


def test_documents_stand_in_the_order_of_the_manifest(drop: Drop) -> None:
    drop.document("Z", problem="unreadable")
    drop.document("M")
    drop.document("A", problem="encrypted")
    drop.change(1, year=1800)
    lines = verdict_lines(drop.check())
    assert [line.strip() for line in lines if line.strip() in {"A", "M", "Z"}] == ["Z", "M", "A"]

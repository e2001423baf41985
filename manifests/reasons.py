"""Reason codes: why a document or a drop did not go on, as people see it.

One table for every room, so that the same fault has the same words in ``sohoa check``, in the dashboard and in a
report. A room's error names a code from here; a test fails on a code that is missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    ERROR = "error"
    """The document (or the whole drop) cannot go on."""
    WARNING = "warning"
    """Goes on, but somebody should look."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Vietnamese words for a code: what it is, and what to do next."""

    code: str
    title: str
    advice: str


_TABLE = (
    # --- the manifest itself
    (
        "manifest_missing",
        "Không có manifest.csv hoặc manifest.xlsx",
        "Đặt tệp manifest vào thư mục của lô rồi kiểm tra lại.",
    ),
    (
        "manifest_invalid",
        "Manifest không đọc được",
        "Lưu lại manifest dạng CSV UTF-8 hoặc XLSX theo mẫu rồi kiểm tra lại.",
    ),
    ("manifest_empty", "Manifest không có dòng hồ sơ nào", "Điền ít nhất một hồ sơ vào manifest."),
    ("column_missing", "Thiếu cột bắt buộc", "Thêm cột còn thiếu theo mẫu."),
    ("value_missing", "Ô bắt buộc bị bỏ trống", "Điền giá trị vào ô này."),
    ("value_invalid", "Giá trị trong ô không hợp lệ", "Sửa giá trị theo hướng dẫn của cột."),
    ("column_repeated", "Cột bị lặp lại", "Chỉ giữ một cột với tên này."),
    ("column_unknown", "Cột không có trong mẫu, bị bỏ qua", "Sửa tên cột theo mẫu nếu cột này cần được đọc."),
    (
        "value_adjusted",
        "Giá trị được hiểu khác với cách ghi",
        "Kiểm tra lại; ghi đúng mẫu để không bị hiểu nhầm.",
    ),
    (
        "value_ignored",
        "Giá trị không được dùng đến",
        "Kiểm tra lại loại kết quả và tên cột; nếu đúng thì không cần làm gì.",
    ),
    ("document_id_repeated", "Mã hồ sơ bị lặp trong manifest", "Đặt cho mỗi hồ sơ một mã riêng."),
    (
        "unknown_unit",
        "Mã đơn vị không có trong danh mục tại thời điểm của hồ sơ",
        "Sửa mã đơn vị, hoặc sửa năm của hồ sơ.",
    ),
    (
        "unknown_record_type",
        "Loại kết quả không có trong danh mục",
        "Dùng một mã loại kết quả trong danh mục.",
    ),
    ("unsafe_path", "Tên tệp không an toàn", "Chỉ ghi tên tệp quét nằm trong thư mục của lô, không dùng liên kết."),
    # --- the inventory (danh mục)
    (
        "inventory_invalid",
        "Danh mục không đọc được",
        "Lưu lại danh mục dạng CSV UTF-8 hoặc XLSX theo mẫu rồi nạp lại.",
    ),
    ("inventory_empty", "Danh mục không có dòng số liệu nào", "Điền ít nhất một dòng số liệu."),
    (
        "inventory_repeated",
        "Dòng danh mục bị lặp (cùng đơn vị, loại kết quả và năm)",
        "Gộp các dòng trùng thành một dòng.",
    ),
    (
        "inventory_lapsed",
        "Kết quả không còn hiệu lực theo quy tắc của loại này",
        "Không cần làm gì: dòng được giữ lại nhưng không tính vào mẫu số.",
    ),
    # --- custodians (phân giao hồ sơ)
    (
        "custody_invalid",
        "Bảng phân giao không đọc được",
        "Lưu lại bảng dạng CSV UTF-8 hoặc XLSX theo mẫu rồi nạp lại.",
    ),
    ("custody_empty", "Bảng phân giao không có dòng nào", "Điền ít nhất một dòng phân giao."),
    ("custody_conflict", "Hai dòng phân giao cùng một phần hồ sơ", "Giữ một dòng, hoặc tách theo quyển, hộp, năm."),
    (
        "custody_unexpected",
        "Đơn vị nhận không nằm trong các đơn vị kế thừa",
        "Kiểm tra lại quyết định phân giao; nếu đúng thì không cần làm gì.",
    ),
    ("targets_invalid", "Bảng chỉ tiêu không đọc được", "Lưu lại bảng dạng CSV UTF-8 hoặc XLSX theo mẫu."),
    ("outside_invalid", "Tệp xuất của hệ thống ngoài không đọc được", "Xuất lại dạng CSV UTF-8 hoặc XLSX theo mẫu."),
    ("outside_empty", "Tệp xuất của hệ thống ngoài không có dòng nào", "Xuất lại với đủ thời kỳ và đơn vị."),
    # --- completeness (đủ hay thiếu)
    (
        "number_gap",
        "Thiếu số trong dãy số của sổ",
        "Tìm các số này trong sổ giấy rồi giao bổ sung, hoặc ghi rõ số bỏ trống.",
    ),
    ("number_repeated", "Hai hồ sơ cùng một số", "Xem lại hai hồ sơ: bỏ bản quét trùng, hoặc sửa số đọc sai."),
    ("pages_differ", "Số trang trong kho khác manifest", "Đối chiếu với bản giấy; quét bổ sung hoặc sửa manifest."),
    ("record_without_file", "Có dữ liệu nhưng không có tệp PDF/A", "Chạy lại hồ sơ này từ bước lập PDF/A."),
    ("file_without_record", "Có tệp PDF/A nhưng không có dữ liệu", "Chạy lại hồ sơ này từ bước lập dữ liệu."),
    (
        "listed_not_delivered",
        "Có trong danh mục nhưng chưa giao",
        "Tìm và giao các kết quả này, hoặc rà soát danh mục.",
    ),
    # --- files against the manifest
    ("file_missing", "Thiếu tệp quét", "Bổ sung tệp quét còn thiếu, hoặc sửa tên tệp trong manifest."),
    ("file_unlisted", "Tệp không có trong manifest", "Thêm tệp vào manifest, hoặc bỏ tệp khỏi thư mục."),
    (
        "checksum_mismatch",
        "Mã kiểm tra SHA-256 không khớp",
        "Chép lại tệp gốc từ máy quét rồi tính lại mã kiểm tra.",
    ),
    (
        "page_count_mismatch",
        "Số trang không khớp với manifest",
        "Quét bổ sung trang thiếu, hoặc sửa số trang trong manifest.",
    ),
    (
        "duplicate_in_batch",
        "Trùng nội dung với hồ sơ khác trong lô",
        "Bỏ bớt một bản, hoặc quét lại nếu quét nhầm.",
    ),
    (
        "duplicate_in_archive",
        "Trùng nội dung với hồ sơ đã lưu trữ",
        "Kiểm tra hồ sơ đã lưu; bỏ bản trùng khỏi lô.",
    ),
    (
        "content_changed",
        "Hồ sơ đã lưu trữ với nội dung khác",
        "Nếu là bản quét tốt hơn, chọn “Yêu cầu quét lại” ở trang duyệt hồ sơ; nếu là giấy khác, giao mã hồ sơ mới.",
    ),
    (
        "file_shared",
        "Tệp giống hệt một tệp khác",
        "Kiểm tra xem có quét nhầm hoặc ghi nhầm tên tệp không.",
    ),
    (
        "file_not_readable",
        "Không mở được tệp để đọc",
        "Kiểm tra quyền đọc và ổ đĩa rồi kiểm tra lại.",
    ),
    ("file_still_changing", "Tệp còn đang được ghi", "Đợi chép xong rồi tạo lại tệp _READY."),
    # --- the scan
    ("file_empty", "Tệp rỗng", "Quét lại và giao lại tệp."),
    ("unsupported_format", "Định dạng tệp không được hỗ trợ", "Giao tệp PDF, TIFF, JPEG hoặc PNG."),
    ("unreadable", "Tệp hỏng, không đọc được", "Quét lại, hoặc chép lại tệp gốc."),
    ("encrypted", "Tệp PDF có mật khẩu", "Bỏ mật khẩu rồi giao lại."),
    (
        "image_too_large",
        "Ảnh lớn quá giới hạn cho phép",
        "Quét lại ở độ phân giải 300 dpi, hoặc báo kỹ sư nâng giới hạn.",
    ),
    ("too_many_pages", "Số trang vượt giới hạn của một hồ sơ", "Tách hồ sơ, hoặc báo kỹ sư nâng giới hạn."),
    ("time_limit", "Xử lý quá thời gian cho phép", "Báo kỹ sư chạy lại hồ sơ này."),
    ("worker_crashed", "Tiến trình xử lý dừng đột ngột ở hồ sơ này", "Báo kỹ sư; tệp gốc vẫn được giữ."),
    ("low_dpi", "Độ phân giải thấp hơn quy định", "Quét lại ở độ phân giải theo quy định."),
    ("not_in_colour", "Trang không được quét màu như quy định", "Quét lại ở chế độ màu."),
    ("wrong_format", "Định dạng tệp không đúng quy định", "Báo kỹ sư; tệp gốc vẫn được giữ."),
    ("unknown_dpi", "Không rõ độ phân giải", "Cấu hình máy quét để ghi độ phân giải vào tệp."),
    ("blur", "Ảnh mờ", "Lau kính, ép phẳng giấy rồi quét lại trang này."),
    ("skew", "Giấy đặt lệch nhiều", "Quét lại trang này cho thẳng."),
    ("low_contrast", "Ảnh nhạt, thiếu tương phản", "Quét lại trang này với độ tương phản cao hơn."),
    ("cropped_text", "Chữ sát mép hoặc bị cắt ở mép trang", "Quét lại cả trang, đủ bốn mép giấy."),
    (
        "missing_corner",
        "Góc giấy bị gập hoặc thiếu",
        "Vuốt phẳng góc giấy rồi quét lại trang này; góc đã rách mất thì ghi vào biên bản.",
    ),
    # --- what a reviewer sends back to the scanner
    ("rescan_unreadable", "Người rà soát không đọc được chữ", "Quét lại rõ hơn rồi giao lại với mã hồ sơ cũ."),
    ("rescan_cut_off", "Người rà soát thấy mất chữ ở mép", "Quét lại đủ bốn mép giấy rồi giao lại với mã hồ sơ cũ."),
    ("rescan_incomplete", "Người rà soát thấy thiếu trang", "Quét đủ các trang rồi giao lại với mã hồ sơ cũ."),
    (
        "rescan_wrong_paper",
        "Người rà soát thấy bản quét không phải giấy của hồ sơ này",
        "Quét đúng giấy rồi giao lại với mã hồ sơ cũ.",
    ),
    ("rotated", "Giấy đặt ngang hoặc ngược", "Không cần làm gì: trang đã được xoay lại."),
    ("blank_page", "Trang trắng", "Kiểm tra trang này có phải mặt sau trắng không."),
    (
        "junk_text_layer",
        "Lớp chữ có sẵn là chữ rác",
        "Không cần làm gì: lớp chữ được thay bằng kết quả nhận dạng mới.",
    ),
    (
        "already_signed",
        "Tệp giao đã có chữ ký số",
        "Không cần làm gì: tệp gốc được giữ nguyên từng byte, chữ ký được kiểm tra và ghi lại.",
    ),
    (
        "input_signature_broken",
        "Chữ ký số trên tệp giao không còn toàn vẹn",
        "Liên hệ cơ quan ký để lấy lại bản có chữ ký hợp lệ.",
    ),
    # --- making and signing
    ("pdfa_invalid", "Tệp tạo ra không đạt PDF/A", "Báo kỹ sư; tệp gốc vẫn được giữ."),
    (
        "signature_invalid",
        "Chữ ký vừa tạo không kiểm tra được",
        "Báo kỹ sư kiểm tra khóa ký và máy chủ dấu thời gian.",
    ),
    (
        "tsa_unavailable",
        "Máy chủ dấu thời gian không trả lời",
        "Hệ thống sẽ tự thử lại; nếu kéo dài, báo kỹ sư.",
    ),
    (
        "revocation_unavailable",
        "Không hỏi được tình trạng thu hồi của chứng thư số",
        "Hệ thống sẽ tự thử lại; nếu kéo dài, kiểm tra kết nối tới máy chủ OCSP/CRL của tổ chức cấp chứng thư.",
    ),
    ("certificate_expired", "Chứng thư số đã hết hạn", "Thay chứng thư số rồi chạy lại."),
    (
        "key_unavailable",
        "Không mở được khóa ký",
        "Kiểm tra thiết bị ký, tệp khóa và mật khẩu trong cấu hình.",
    ),
    (
        "pin_refused",
        "Thiết bị ký không nhận mã PIN",
        "Sửa tệp chứa mã PIN, đăng nhập một lần bằng phần mềm của thiết bị rồi chạy lại; không thử nhiều lần.",
    ),
    (
        "token_locked",
        "Thiết bị ký đã bị khóa",
        "Đề nghị đơn vị cấp chứng thư số mở khóa thiết bị (mã PUK) rồi chạy lại.",
    ),
    (
        "token_absent",
        "Không thấy thiết bị ký",
        "Cắm lại thiết bị ký hoặc kiểm tra đường kết nối tới HSM; hệ thống sẽ tự thử lại.",
    ),
    ("tool_missing", "Thiếu chương trình cần thiết", "Cài chương trình còn thiếu rồi chạy lại."),
    ("configuration_invalid", "Cấu hình không hợp lệ", "Sửa cấu hình rồi chạy lại."),
    (
        "machine_unavailable",
        "Máy xử lý hết chỗ hoặc không đọc ghi được",
        "Báo kỹ sư xem ổ đĩa (kể cả thư mục tạm) và bộ nhớ, rồi chạy lại: phần đã làm được giữ nguyên.",
    ),
    ("store_unavailable", "Kho tệp không trả lời", "Hệ thống sẽ tự thử lại; nếu kéo dài, báo kỹ sư."),
    (
        "search_too_broad",
        "Tìm quá rộng, máy phải dừng",
        "Thêm một từ, đơn vị hoặc năm rồi tìm lại.",
    ),
    (
        "database_unavailable",
        "Cơ sở dữ liệu không trả lời",
        "Hệ thống sẽ tự thử lại; nếu kéo dài, báo kỹ sư.",
    ),
    (
        "approval_missing",
        "Lô đang chờ người có thẩm quyền duyệt ký",
        "Xem số liệu của lô rồi duyệt hoặc từ chối trong Airflow, hoặc bằng lệnh 'sohoa approve'.",
    ),
    (
        "approval_refused",
        "Người có thẩm quyền đã từ chối ký lô này",
        "Xử lý theo lý do đã ghi, rồi duyệt lại bằng lệnh 'sohoa approve'.",
    ),
    ("too_many_quarantined", "Quá nhiều hồ sơ trong lô bị loại", "Kiểm tra lại cả lô trước khi chạy tiếp."),
    ("internal_error", "Lỗi chưa được phân loại", "Báo kỹ sư kèm mã hồ sơ; tệp gốc vẫn được giữ."),
)

REASONS: dict[str, Reason] = {code: Reason(code, title, advice) for code, title, advice in _TABLE}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a drop; all are collected and told at once.

    Attributes:
        code: Key of ``REASONS``.
        detail: Vietnamese, the particulars ("ghi 4 trang, tệp có 3 trang").
        row: 1-based manifest row; ``column`` its header as the file spells it; ``file`` a name in the drop.
        document_id: The document it stops; ``None`` when it stops the whole drop.
    """

    code: str
    detail: str
    severity: Severity = Severity.ERROR
    document_id: str | None = None
    file: str | None = None
    row: int | None = None
    column: str | None = None
    data: dict[str, str] = field(default_factory=dict)

    def sentence(self) -> str:
        """Where, what, particulars and the next step, as one Vietnamese sentence."""
        reason = REASONS[self.code]
        where = ", ".join(
            text
            for text in (
                f"dòng {self.row}" if self.row else "",
                f"cột {self.column}" if self.column else "",
                f"hồ sơ {self.document_id}" if self.document_id else "",
                f"tệp {self.file}" if self.file else "",
            )
            if text
        )
        head = f"{where}: " if where else ""
        detail = f" ({self.detail})" if self.detail else ""
        return f"{head}{reason.title}{detail}. {reason.advice}"

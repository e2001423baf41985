"""Names of people: how a name is written, and how much its spelling can be believed."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from ocr.fields.spelling import fold, spelling_key
from ocr.syllables import is_syllable

_SURNAME_LIST = """
Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đào Đoàn Vương Trịnh Trương Đinh Lâm Phùng
Mai Tô Hà Tạ Chu Châu Quách Lương Lưu Cao Thái Tống Kiều Đàm Nghiêm Ninh Hứa Hồng Quan Tăng Thân Thạch Bạch Khổng
Doãn Ông La Lã Lại Mạc Lục Từ Tôn Triệu Viên Văn Đổng Giang Khúc Kim Uông Ứng Âu Ân Bành Cù Diệp Dư Đường Đồng
Giáp Hạ Hàn Khuất Khương Liễu Lò Ma Mã Nhâm Nhữ Nông Ngụy Phí Phó Quản Sầm Sử Tiêu Tiết Tòng Trà Trang Tưởng Vi Vừ
Cầm Quàng Lường Đậu Biện Cấn Chử Công Thiều Thẩm Bế Hán Hoa Kha Kiên Lai Lữ Luyện Lỗ Mẫn Mông Nhan Ngọ Phương
Quế Sơn Tào Tất Thi Thiệu Tiền Tinh Toán Trình Tri Ung Vạn Viêm Xuân Yên Đới Điền Đan Dã Cung Cái Bàng An Ánh
Giàng Sùng Vàng Thào Lầu Hờ Mùa Chảo Tẩn Phàn Lù Sồng Lèng Cà Tráng Danh
"""
# Syllables common in middle and given names; a folded match with other marks is more likely a misreading than a name.
_NAME_LIST = """
An Ái Ánh Ân Ấn Anh Bá Bách Bạch Bảo Bằng Bích Biên Bình Bính Bội Bửu Cầm Cảnh Cao Cát Cẩm Châu Chi Chí Chiến
Chiểu Chinh Chính Chung Chuyên Chương Công Cúc Cương Cường Dã Danh Dao Dân Diễm Diên Diễn Diện Diệp Diệu Doanh
Du Dũng Duẩn Dung Duy Duyên Duyệt Dư Dưỡng Dương Dự Đài Đại Đạm Đan Đào Đạo Đạt Đắc Đăng Đằng Đặng Điềm Điền
Điệp Đình Đính Định Đoan Đoàn Đô Độ Đông Đồng Đương Đức Đường Gấm Gia Giang Giao Giáp Giới Hà Hạ Hải Hài Hạnh
Hảo Hào Hạo Hằng Hân Hậu Hiên Hiền Hiển Hiến Hiệp Hiếu Hiệu Hinh Hoa Hoá Hòa Hoài Hoan Hoàn Hoàng Hoành Hoằng
Hoạt Hồng Hội Hợi Hợp Huân Huấn Huế Huệ Hùng Huy Huyên Huyền Huỳnh Hưng Hương Hướng Hường Hưởng Hữu Kha Khá Khả
Khai Khải Khang Khanh Khánh Khắc Khiêm Khiết Khôi Khoa Khoan Khuê Khương Kiên Kiệm Kiệt Kiều Kim Kính Kỳ Kỷ La
Lai Lam Lan Lành Lãm Lập Lâm Lân Len Lê Lệ Lên Lịch Liên Liễu Linh Lĩnh Loan Long Lộc Lợi Luân Luận Lụa Luật Lũy
Luyến Luyện Lương Lượng Lưu Lực Ly Lý Mạch Mai Mão Mạnh Mậu Mẫn Mây Miên Miền Minh Mịch Mơ Mùi Mừng Mười Mỹ Nam
Năm Nga Ngà Ngạn Ngân Nghi Nghĩa Nghiêm Nghiệp Ngoan Ngọ Ngọc Ngôn Nguyên Nguyệt Nhã Nhạc Nhài Nhạn Nhàn Nhân
Nhẫn Nhất Nhật Nhi Nhị Nhiên Nho Nhu Nhung Nhự Như Nhựt Ninh Nụ Nữ Oanh Phác Phan Phát Phấn Phi Phong Phú Phúc
Phùng Phụng Phương Phước Phượng Quan Quang Quân Quế Quốc Quy Quý Quyên Quyền Quyết Quyển Quỳnh Sa San Sang Sáng
Sáu Sâm Sen Sinh Soạn Song Sơn Sửu Sỹ Tài Tám Tạo Tánh Tâm Tân Tấn Tần Tập Tất Tế Thạc Thạch Thái Thảo Thạo
Thành Thanh Thắm Thắng Thăng Thân Thập Thất Thế Thêm Thể Thi Thìn Thị Thiên Thiện Thiệp Thiết Thiều Thiệu Thịnh
Tho Thoa Thoan Thoại Thọ Thông Thơ Thới Thơm Thu Thuần Thuận Thuật Thục Thùy Thủy Thúy Thụy Thuyên Thuyết Thư
Thức Thưởng Thương Thường Thực Tích Tiên Tiến Tiền Tiếp Tiệp Tín Tình Tính Tĩnh Tỉnh Toán Toàn Toản Tỏa Tôn Trà
Trác Trang Tráng Trâm Trân Trầm Tri Trí Trị Triết Triều Triệu Trinh Trình Trọng Trúc Trung Truyền Trưng Trứ Trực
Trường Tú Tuân Tuấn Tuất Tuệ Tùng Tuy Tuyên Tuyến Tuyền Tuyết Tư Tứ Từ Tường Tưởng Tự Tý Tỵ Uy Uyên Văn Vân Vạn
Vi Vĩ Vị Viên Viễn Việt Vinh Vĩnh Vịnh Vọng Vũ Vui Vượng Vương Vy Vỹ Xuân Xuyến Xứng Xương Yên Yến Ý Ba Bảy Bốn
Chín Hai Tẹo
"""
_SYLLABLES = frozenset(spelling_key(name) for name in _NAME_LIST.split())
_FOLDED_SYLLABLES = frozenset(fold(name) for name in _NAME_LIST.split())
_SURNAMES = frozenset(spelling_key(name) for name in _SURNAME_LIST.split())
_FOLDED_SURNAMES = frozenset(fold(name) for name in _SURNAME_LIST.split())
_OFFICES = re.compile(
    r"\b(?:chu tich|van phong|tu phap|ho tich|uy ban|nhan dan|giam doc|truong phong|uy vien|ban sao)\b"
)
_HONORIFIC = re.compile(r"^(?:\(?(?:ông|bà|anh|chị|cô|chú|đ/c|đồng chí)\)?[\s:/.,]+)+", re.IGNORECASE)
_TITLES = re.compile(r"^(?:(?:ThS|TS|PGS|GS|BS|KS|CN|Ths|Ts)\.?\s*)+(?=\S+\s)")


def normalize_name(text: str) -> str | None:
    """``text`` as a name: NFC, title case, honorific cut; ``None`` when it is no name of two to seven words.

    Spelling is never mended: a misread tone mark stays and ``name_plausibility`` says so.
    """
    cleaned = unicodedata.normalize("NFC", text)
    cleaned = re.sub(r"\s+", " ", cleaned).strip(" .,:;…_·-–—*'\"|/")
    cleaned = _TITLES.sub("", _HONORIFIC.sub("", cleaned)).strip()
    # What is left of a dotted line hangs on words as stops and commas; inside a name none of them means anything.
    words = [kept for word in cleaned.split() if (kept := word.strip(".,:;_'`’"))]
    if not 2 <= len(words) <= 7:
        return None
    if not all(re.fullmatch(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", word) for word in words):
        return None
    return " ".join(word[:1].upper() + word[1:].lower() for word in words)


def name_plausibility(name: str) -> float:
    """0.0–1.0: how far the spelling itself speaks for a normalized name.

    1.0 – known surname with its own marks, every further word a syllable that names have; 0.9 – rare surname or rare
    syllable; 0.8 – a syllable of names, but with marks none of them bears (``Hông``); 0.6 – the same of the surname
    (``Nguyên``), or a word that is no syllable at all. The last three are mostly misread marks.
    """
    words = name.split()
    if not all(is_syllable(word) for word in words):
        return 0.6
    if spelling_key(words[0]) not in _SURNAMES and fold(words[0]) in _FOLDED_SURNAMES:
        return 0.6
    likely = 1.0 if spelling_key(words[0]) in _SURNAMES else 0.9
    for word in words[1:]:
        key = spelling_key(word)
        if key not in _SYLLABLES and key not in _SURNAMES:
            likely = min(likely, 0.8 if fold(word) in _FOLDED_SYLLABLES else 0.9)
    return likely


@lru_cache(maxsize=4_000)
def is_name_word(word: str) -> bool:
    """Whether ``word`` is spelled, marks and all, like a surname or a word that given names are made of."""
    key = spelling_key(word)
    return key in _SYLLABLES or key in _SURNAMES


def looks_like_name(text: str) -> bool:
    """Whether a printed line is a person's name and nothing else: known surname, capitals, syllables."""
    words = re.sub(r"[.,:;…_]+$", "", text.strip()).split()
    if not 2 <= len(words) <= 5 or not all(word[:1].isupper() and word.isalpha() for word in words):
        return False
    if _OFFICES.search(fold(" ".join(words))):
        return False
    return fold(words[0]) in _FOLDED_SURNAMES and all(is_syllable(word) for word in words[1:])

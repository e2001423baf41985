"""Names of people: how a name is written, and how much its spelling can be believed."""

from __future__ import annotations

import re
import unicodedata

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
    words = cleaned.split()
    if not 2 <= len(words) <= 7:
        return None
    if not all(re.fullmatch(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", word) for word in words):
        return None
    return " ".join(word[:1].upper() + word[1:].lower() for word in words)


def name_plausibility(name: str) -> float:
    """0.0–1.0: how far the spelling itself speaks for a normalized name.

    1.0 – known surname with its own diacritics, every word a possible syllable; 0.9 – rare surname; 0.6 – a
    surname whose diacritics are not those of any surname (``Nguyên``), or an impossible syllable: a misread mark.
    """
    words = name.split()
    if not all(is_syllable(word) for word in words):
        return 0.6
    if spelling_key(words[0]) in _SURNAMES:
        return 1.0
    return 0.6 if fold(words[0]) in _FOLDED_SURNAMES else 0.9


def looks_like_name(text: str) -> bool:
    """Whether a printed line is a person's name and nothing else: known surname, capitals, syllables."""
    words = re.sub(r"[.,:;…_]+$", "", text.strip()).split()
    if not 2 <= len(words) <= 5 or not all(word[:1].isupper() and word.isalpha() for word in words):
        return False
    if _OFFICES.search(fold(" ".join(words))):
        return False
    return fold(words[0]) in _FOLDED_SURNAMES and all(is_syllable(word) for word in words[1:])

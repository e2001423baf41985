"""What stands in the heading and at the foot of a paper without a label: date, agency, subject, signer, title.

The layout is that of NĐ 30/2020/NĐ-CP, Appendix I, and of the acts before it: agency and number on the left,
national heading and date on the right, type and subject below, signature block at the right foot.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz.distance import Levenshtein

from manifests.record_types import record_types
from ocr.fields.names import looks_like_name
from ocr.fields.rows import Row, Token, join_tokens
from ocr.fields.spelling import fold, fold_letters

_NATIONAL = ("conghoaxahoichunghiavietnam", "vietnamdanchuconghoa", "doclaptudohanhphuc")
_ENDS_SUBJECT = re.compile(
    r"^(?:can cu|theo|xet|chieu|dieu \d|uy ban|(?:quyen )?(?:pho )?(?:chu tich|giam doc|truong phong|thu truong)|"
    r"bo truong|hoi dong|quyet nghi)"
)
_SUBJECT_LABEL = re.compile(r"^\W*(?:ve viec|v/v|vv)\W*$")
_SIGNING = re.compile(
    r"\b(?:tm|kt|tl|tuq|chu tich|giam doc|truong phong|nguoi ky|truong ban|uy vien|thu ky|"
    r"chanh van phong|hieu truong)\b"
)
# Kinds of administrative paper that are no record type here (NĐ 30/2020/NĐ-CP, Art 7): naming one is naming another.
_OTHER_TITLES = (
    "NGHỊ QUYẾT", "CHỈ THỊ", "QUY CHẾ", "THÔNG CÁO", "THÔNG BÁO", "HƯỚNG DẪN", "CHƯƠNG TRÌNH", "KẾ HOẠCH",
    "PHƯƠNG ÁN", "BÁO CÁO", "BIÊN BẢN", "TỜ TRÌNH", "HỢP ĐỒNG", "CÔNG ĐIỆN", "GIẤY ỦY QUYỀN", "GIẤY MỜI",
    "THƯ MỜI", "GIẤY GIỚI THIỆU", "PHIẾU CHUYỂN", "TỜ KHAI", "ĐƠN ĐỀ NGHỊ",
)  # fmt: skip
OTHER = "other"
"""Record type of a title that belongs to none."""
_TITLE_SIMILARITY = 0.86
_SUBJECT_ROWS = 6
_SIGNATURE_ROWS = 14


@dataclass(frozen=True, slots=True)
class Placed:
    """Tokens found by their place, and the page they stand on."""

    tokens: tuple[Token, ...]
    page_number: int


@dataclass(frozen=True, slots=True)
class Title:
    """The title on the paper: the record type it fits best, its row among those searched, its last row."""

    record_type: str
    similarity: float
    first: int
    last: int
    text: str


def find_title(rows: Sequence[Row]) -> Title | None:
    """The title in capitals in the upper part of the first page, of whatever record type; ``None`` without one."""
    best: Title | None = None
    upper = [row for row in _first_page(rows) if row.top < 0.6 * row.page_size[1]]
    for index, row in enumerate(upper):
        for segment in segments(row):
            for last, text in _title_texts(upper, index, segment):
                key = _title_key(text)
                for code, title in _known_titles():
                    similarity = _title_similarity(key, title, code)
                    if similarity >= _TITLE_SIMILARITY and (best is None or similarity > best.similarity + 0.01):
                        best = Title(code, similarity, index, last, text)
    return best


@cache
def _known_titles() -> tuple[tuple[str, str], ...]:
    """(record type, folded title) of every title a paper may bear."""
    known = [(code, fold_letters(title)) for code, kind in record_types().items() for title in kind.titles]
    return (*known, *((OTHER, fold_letters(title)) for title in _OTHER_TITLES))


def _title_texts(rows: Sequence[Row], index: int, segment: Sequence[Token]) -> Iterable[tuple[int, str]]:
    text = join_tokens(segment)
    if _capital_share(text) < 0.7:
        return
    yield index, text
    if index + 1 < len(rows) and _capital_share(rows[index + 1].text) >= 0.7:
        yield index + 1, f"{text} {rows[index + 1].text}"


def _title_key(text: str) -> str:
    return re.sub(r"(?:bansao|banchinh)$", "", fold_letters(text))


def _title_similarity(key: str, title: str, code: str) -> float:
    whole = Levenshtein.normalized_similarity(key, title)
    if code == "permit" and len(key) > len(title):
        # "GIẤY PHÉP XÂY DỰNG": the kind of permit follows its name; a whole match of another type stands above it.
        return max(whole, 0.97 * Levenshtein.normalized_similarity(key[: len(title)], title))
    return whole


def _capital_share(text: str) -> float:
    letters = [c for c in text if c.isalpha()]
    return sum(c.isupper() for c in letters) / len(letters) if letters else 0.0


def segments(row: Row) -> list[list[Token]]:
    """The parts of a row that wide gaps keep apart (what stands left and right on the same height)."""
    parts: list[list[Token]] = []
    for token in row.tokens:
        if parts and token.bbox.left - parts[-1][-1].bbox.right <= 1.8 * row.height:
            parts[-1].append(token)
        else:
            parts.append([token])
    return parts


def _first_page(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.page_number == rows[0].page_number] if rows else []


def read_date(rows: Sequence[Row]) -> Placed | None:
    """``ngày … tháng … năm …`` of the heading, else the one after a place name at the foot."""
    page = _first_page(rows)
    title = find_title(rows)
    top = title.first + 1 if title else sum(row.top < 0.35 * row.page_size[1] for row in page)
    for row in page[:top]:
        if placed := _dated(row, needs_place=False):
            return placed
    for row in [*page[top : top + 3], *reversed(rows)]:
        if placed := _dated(row, needs_place=True):
            return placed
    return None


def _dated(row: Row, *, needs_place: bool) -> Placed | None:
    keys = [re.sub(r"\d+", "", t.key) for t in row.tokens]
    for start, key in enumerate(keys):
        if key not in ("ngay", "ngav") or (needs_place and not (start and row.tokens[start - 1].text.endswith(","))):
            continue
        months = [i for i in range(start, len(keys)) if keys[i] == "thang"]
        years = [i for i in range(start, len(keys)) if keys[i] == "nam"]
        if not months or not years or years[0] < months[0]:
            continue
        end = next(
            (i + 1 for i in range(years[0], len(keys)) if re.search(r"\d{4}$", row.tokens[i].key)), years[0] + 2
        )
        return Placed(row.tokens[start:end], row.page_number)
    return None


def filled_by_hand(tokens: Sequence[Token], row: Sequence[Token]) -> bool:
    """Whether figures among ``tokens`` are not of the size of the printed year on the same row.

    Number and day of an act are often written by hand into a printed heading, and engines read such figures as others
    with high confidence; on the acts looked at they stand 1.25 to 1.7 times as high as the printed ones.
    """
    printed = [t.bbox.bottom - t.bbox.top for t in row if re.fullmatch(r"(?:19|20)\d\d", t.text)]
    figures = [t.bbox.bottom - t.bbox.top for t in tokens if t.text.isdigit()]
    if not printed or not figures:
        return False
    usual = sorted(printed)[len(printed) // 2]
    return any(not 0.8 <= height / max(usual, 1) <= 1.2 for height in figures)


def read_agency(rows: Sequence[Row]) -> Placed | None:
    """The issuing agency: lines above the number, left of the national heading."""
    page = _first_page(rows)
    title = find_title(rows)
    head = page[: title.first] if title else [r for r in page if r.top < 0.25 * r.page_size[1]]
    kept: list[Token] = []
    border = min((x for row in head if (x := _national_left(row)) is not None), default=None)
    for row in head:
        edge = border if border is not None and border > 0.25 * row.page_size[0] else 0.5 * row.page_size[0]
        left = [t for t in row.tokens if t.bbox.right <= edge + 0.5 * row.height]
        if not left or (_national_left(row) or edge) < edge:
            continue
        keys = [t.key for t in left if t.key]
        if keys[:1] == ["so"] or any(k.startswith("ngay") for k in keys):
            break
        if _capital_share(join_tokens(left)) >= 0.6:
            kept.extend(left)
        elif kept:
            break
    return Placed(tuple(kept), page[0].page_number) if kept else None


def _national_left(row: Row) -> int | None:
    """Where the national heading begins on ``row``; ``None`` when it is not on it."""
    best: tuple[float, int] | None = None
    for start, token in enumerate(row.tokens):
        joined = ""
        for other in row.tokens[start:]:
            joined += other.key
            if len(joined) > 40:
                break
            for heading in _NATIONAL:
                similarity = Levenshtein.normalized_similarity(joined, heading, score_cutoff=0.8)
                if similarity and (best is None or similarity > best[0]):
                    best = (similarity, token.bbox.left)
    return best[1] if best else None


def read_subject(rows: Sequence[Row]) -> Placed | None:
    """The subject (trích yếu): the lines between the title and the grounds or the authority that decides."""
    title = find_title(rows)
    if title is None:
        return None
    page = _first_page(rows)
    kept: list[Token] = []
    for row in page[title.last + 1 : title.last + 1 + _SUBJECT_ROWS]:
        if _ENDS_SUBJECT.match(fold(row.text).lstrip(" -.,")) or (kept and _capital_share(row.text) > 0.8):
            break
        if any(t.key for t in row.tokens):
            kept.extend(row.tokens)
    for length in (2, 1):
        if len(kept) > length and _SUBJECT_LABEL.match(fold(join_tokens(kept[:length]))):
            kept = kept[length:]
            break
    return Placed(tuple(kept), page[0].page_number) if kept else None


def read_signer(rows: Sequence[Row]) -> Placed | None:
    """The last line that is a name, on the right, below the words of a signature block; last page first."""
    for index in range(len(rows) - 1, -1, -1):
        row = rows[index]
        for segment in reversed(segments(row)):
            centre = (segment[0].bbox.left + segment[-1].bbox.right) / 2
            if centre < 0.4 * row.page_size[0] or not looks_like_name(join_tokens(segment)):
                continue
            above = [r for r in rows[max(0, index - _SIGNATURE_ROWS) : index] if r.page_number == row.page_number]
            if any(
                _SIGNING.search(fold(join_tokens(s))) for r in above for s in segments(r) if _beside(s, centre, r)
            ):
                return Placed(tuple(segment), row.page_number)
    return None


def read_signer_below(rows: Sequence[Row], label: Row, left: int, right: int) -> Placed | None:
    """The last line that is a name, below a printed ``NGƯỜI KÝ …`` that spans ``left`` to ``right``."""
    found: Placed | None = None
    centre = (left + right) / 2
    for row in rows:
        if not (row.page_number == label.page_number and label.number < row.number <= label.number + _SIGNATURE_ROWS):
            continue
        for segment in segments(row):
            if _beside(segment, centre, row) and looks_like_name(join_tokens(segment)):
                found = Placed(tuple(segment), row.page_number)
    return found


def _beside(segment: Sequence[Token], centre: float, row: Row) -> bool:
    own = (segment[0].bbox.left + segment[-1].bbox.right) / 2
    return abs(own - centre) < 0.22 * row.page_size[0]


def read_heading(heading: str, rows: Sequence[Row]) -> Placed | None:
    """The tokens of a field that is found by its place (``FieldType.heading``)."""
    readers = {"date": read_date, "agency": read_agency, "subject": read_subject, "signer": read_signer}
    return readers[heading](rows) if rows else None

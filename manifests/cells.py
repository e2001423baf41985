"""What one cell of a manifest or an inventory means: its value, or in Vietnamese why it has none."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from manifests.errors import ManifestsError
from manifests.grid import Cell, CellKind
from manifests.record_types import RecordType, record_types, resolve
from manifests.spelling import fold, visible
from manifests.units import UnitRegistry

T = TypeVar("T")

FIRST_YEAR = 1945
MAX_TEXT = 4_000
_COUNT = re.compile(r"([0-9]{1,9})(?:[.,]0+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[Ee]\+[0-9]+")
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Thg ?[0-9]{1,2})"
_BECAME_MONTH = re.compile(rf"[0-9]{{1,2}}-{_MONTH}(?:-[0-9]{{2,4}})?|{_MONTH}-[0-9]{{2,4}}")
# letters of the 8-bit fonts .VnTime and their kin, as they look when the file claims to be Unicode: "NguyÔn V¨n"
_OLD_FONT = re.compile(r"[A-Za-zÀ-ÿ][¡¢¤¥¦¨©«¬®¯µ¶¸¹¼½¾]|[¡¢¤¥¦¨©«¬®¯µ¶¸¹¼½¾][A-Za-z]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_DOCUMENT_ID = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_DRIVE = re.compile(r"[A-Za-z]:")


class CellError(ManifestsError):
    """A cell cannot be used; ``code`` is a reason code, ``detail`` Vietnamese."""

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        self.detail = detail
        super().__init__(f"{code}: {detail}")


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """A value, and a note when it is not what the cell literally says."""

    value: T
    note: str | None = None


def plain_text(cell: Cell) -> str:
    """The text of a cell that holds a value and not something a spreadsheet made of it.

    Raises:
        CellError: A formula, an error value, control characters, an 8-bit Vietnamese font, or endless text. The
            text itself is not quoted: it may be a person's name.
    """
    if cell.kind is CellKind.FORMULA:
        raise CellError("value_invalid", "ô chứa công thức; chép giá trị vào ô thay cho công thức")
    if cell.kind is CellKind.ERROR or re.fullmatch(r"#(?:[A-Z/0!?]+|#+)", cell.text):
        raise CellError("value_invalid", "ô chứa giá trị lỗi của Excel")
    if len(cell.text) > MAX_TEXT:
        raise CellError("value_invalid", f"ô dài hơn {MAX_TEXT} ký tự")
    if _CONTROL.search(cell.text):
        raise CellError("value_invalid", "ô chứa ký tự điều khiển không nhìn thấy được")
    if _OLD_FONT.search(cell.text):
        raise CellError("value_invalid", "chữ ở bảng mã cũ (TCVN3, VNI); chuyển sang Unicode")
    return cell.text


def typed_text(cell: Cell) -> str:
    """``plain_text`` of a cell that Excel has not turned into a date or a rounded number.

    Raises:
        CellError: As ``plain_text``; or the cell is a date or was shortened to ``1,2E+11``.
    """
    text = plain_text(cell)
    if cell.kind is CellKind.DATE:
        raise CellError("value_invalid", "Excel đã đổi ô này thành ngày; định dạng cột là Text rồi nhập lại")
    if _SHORTENED.fullmatch(text):
        raise CellError("value_invalid", "Excel đã rút gọn số trong ô này; định dạng cột là Text rồi nhập lại")
    return text


def number_text(cell: Cell) -> str:
    """``typed_text`` of a number such as ``12/2020``, which Excel likes to save as ``Dec-20`` in a CSV.

    Raises:
        CellError: As ``typed_text``; or it has become a month.
    """
    text = typed_text(cell)
    if _BECAME_MONTH.fullmatch(text):
        raise CellError("value_invalid", "Excel đã đổi ô này thành tháng; định dạng cột là Text rồi nhập lại")
    return text


def read_document_id(cell: Cell) -> Taken[str]:
    """A document id.

    Raises:
        CellError: ``value_invalid``.
    """
    text = typed_text(cell)
    if not _DOCUMENT_ID.fullmatch(text):
        raise CellError(
            "value_invalid",
            f"“{visible(text)}”: chỉ dùng chữ cái không dấu, chữ số, dấu . _ - và không quá 100 ký tự",
        )
    return Taken(text)


def split_values(cell: Cell) -> tuple[str, ...]:
    """The values of a cell that holds several, parted by ``;`` or line breaks; one at the end is no value.

    Raises:
        CellError: ``value_missing`` when only separators stand there; ``value_invalid`` for an empty value between
            two others.
    """
    parts = [part.strip() for part in re.split(r"[;\n]", typed_text(cell).replace("\r", ""))]
    while parts and not parts[-1]:
        parts.pop()
    if not parts:
        raise CellError("value_missing", "")
    if not all(parts):
        raise CellError("value_invalid", "có giá trị trống giữa hai dấu ;")
    return tuple(parts)


def read_files(cell: Cell) -> Taken[tuple[str, ...]]:
    """Names of scans relative to the batch folder, in page order.

    Raises:
        CellError: ``unsafe_path`` for a name that could point elsewhere, ``value_invalid`` for a repeated name.
    """
    names = split_values(cell)
    for name in names:
        if (why := _unsafe(name)) is not None:
            raise CellError("unsafe_path", f"“{visible(name)}”: {why}")
    if len({name.casefold() for name in names}) < len(names):
        raise CellError("value_invalid", "một tệp được ghi hai lần")
    return Taken(names)


def _unsafe(name: str) -> str | None:
    parts = name.split("/")
    if "\\" in name:
        return "dùng dấu / thay cho dấu \\"
    if name.startswith(("/", "~")) or _DRIVE.match(name):
        return "không ghi đường dẫn đầy đủ"
    if ".." in parts or "." in parts or "" in parts:
        return "không dùng . hoặc .. trong tên"
    if any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts) or len(name) > 500 or len(parts) > 8:
        return "tên quá dài"
    if is_reserved(name):
        return "tên này dành riêng cho hệ thống"
    return None


def is_reserved(name: str) -> bool:
    """Whether a name in the batch folder is not a scan: the manifest itself or the mark that the drop is ready."""
    return name.casefold() in {"_ready", "manifest.csv", "manifest.xlsx"}


def read_digests(cell: Cell) -> Taken[tuple[str, ...]]:
    """SHA-256 digests, lower case.

    Raises:
        CellError: ``value_invalid``.
    """
    digests = tuple(digest.lower() for digest in split_values(cell))
    for place, digest in enumerate(digests, start=1):
        if not _SHA256.fullmatch(digest):
            raise CellError("value_invalid", f"mã thứ {place} không phải 64 chữ số 0–9, a–f")
    return Taken(digests)


def read_count(cell: Cell, *, least: int, most: int, grouped: bool = False) -> Taken[int]:
    """A whole number; ``3.0`` and ``3,0`` are 3.

    Args:
        grouped: ``88.629`` is 88629, with a note; where a count is small it would rather be a broken decimal.

    Raises:
        CellError: ``value_invalid``.
    """
    text = plain_text(cell)
    note = None
    if grouped and cell.kind is CellKind.TEXT and _GROUPED.fullmatch(text):
        plain = text.replace(".", "").replace(",", "")
        note, text = f"“{text}” được hiểu là {plain}", plain
    match = None if cell.kind is CellKind.DATE else _COUNT.fullmatch(text)
    if not match or not least <= int(match[1]) <= most:
        raise CellError("value_invalid", f"“{visible(text)}” không phải số nguyên từ {least} đến {most}")
    return Taken(int(match[1]), note)


def read_year(cell: Cell, this_year: int) -> Taken[int]:
    """A year from 1945 to ``this_year``.

    Raises:
        CellError: ``value_invalid``.
    """
    if cell.kind is CellKind.DATE:
        raise CellError("value_invalid", "ô này là ngày; chỉ ghi năm, bốn chữ số")
    return read_count(cell, least=FIRST_YEAR, most=this_year)


def read_record_type(cell: Cell) -> Taken[RecordType]:
    """A record type by code, short code or Vietnamese name.

    Raises:
        CellError: ``unknown_record_type``, with the nearest name when one is near.
    """
    text = plain_text(cell)
    if (kind := resolve(text)) is not None:
        return Taken(kind)
    names = {fold(word): kind for kind in record_types().values() for word in (kind.code, kind.short, kind.name)}
    near = difflib.get_close_matches(fold(text), names, n=1, cutoff=0.75)
    hint = f"; có phải {names[near[0]].name} ({names[near[0]].code})?" if near else ""
    raise CellError("unknown_record_type", f"“{visible(text)}”{hint}")


@dataclass(frozen=True, slots=True)
class UnitColumn:
    """What is known of a column of unit codes besides the cell.

    Attributes:
        keeps_zeros: Some code in it begins with 0, so no program dropped zeros and every code stands as typed.
        home: Code of the unit whose folder the table lies in; written out, it is meant.
    """

    registry: UnitRegistry
    keeps_zeros: bool = False
    home: str | None = None


def read_unit(cell: Cell, year: int | None, column: UnitColumn) -> Taken[str]:
    """A unit code that was valid in ``year`` (any time when the year is not known).

    A number that lost its leading zeros is taken only when it can mean one unit: ``256`` is ``00256``, but ``268``
    is both a district and the ward ``00268``.

    Raises:
        CellError: ``unknown_unit`` or ``value_invalid``.
    """
    text = plain_text(cell)
    if cell.kind is CellKind.DATE or not (match := _COUNT.fullmatch(text)) or len(match[1]) > 5:
        raise CellError("value_invalid", f"“{visible(text)}” không phải mã đơn vị (2, 3 hoặc 5 chữ số)")
    code = match[1]
    registry = column.registry

    def valid(candidate: str) -> bool:
        return year is None or registry.in_year(candidate, year) is not None

    kept_zeros = cell.literal or (column.keeps_zeros and cell.kind is CellKind.TEXT)
    as_typed = kept_zeros or code.startswith("0") or len(code) == 5 or code == column.home
    if registry.with_code(code) and as_typed:
        candidates: tuple[str, ...] = (code,)
    else:
        candidates = registry.with_number(int(code))
    fitting = [candidate for candidate in candidates if valid(candidate)]
    if len(fitting) == 1:
        found = fitting[0]
        unit = registry.in_year(found, year) if year is not None else registry.with_code(found)[-1]
        name = unit.name if unit else ""
        return Taken(found, None if found == code else f"“{code}” được hiểu là {found} {name}".strip())
    if fitting:
        meanings = " hoặc ".join(f"{one} ({registry.with_code(one)[0].name})" for one in fitting)
        raise CellError("value_invalid", f"“{code}” có thể là {meanings}; định dạng cột là Text và ghi đủ số 0 ở đầu")
    if candidates:
        periods = "; ".join(
            f"{unit.code} {unit.name} {unit.validity()}" for one in candidates for unit in registry.with_code(one)
        )
        raise CellError("unknown_unit", f"không có hiệu lực trong năm {year}: {periods}")
    raise CellError("unknown_unit", f"không có mã “{code}”")

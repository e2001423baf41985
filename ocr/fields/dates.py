"""Dates as papers write them: in figures, and in Vietnamese words.

Nothing is completed: a day without its month, a year of two figures or a day that does not exist is ``None``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from functools import cache

from rapidfuzz.distance import Levenshtein

from ocr.fields.spelling import fold

FIRST_YEAR, LAST_YEAR = 1850, 2100

# The figures an engine reads for a figure; they count only where a date must hold one.
_LOOK_ALIKES = str.maketrans({"o": "0", "l": "1", "i": "1", "|": "1"})
_FIGURE = r"[\doli|]"
_WORDED = re.compile(
    rf"(?:ngay|ngav|mong|mung)?[^\w]*(?<!\w)({_FIGURE}{{1,2}})[^\w]*thang[^\w]*({_FIGURE}{{1,2}})[^\w]*nam[^\w]*({_FIGURE}{{4}})(?!\w)"
)
_STUCK = re.compile(r"(?<=\d)(?=(?:thang|nam)\b)|(?<=ngay)(?=\d)|(?<=thang)(?=\d)|(?<=nam)(?=\d)")
_FIGURES = re.compile(rf"(?<!\w)({_FIGURE}{{1,2}})\s*[/.\-–]\s*({_FIGURE}{{1,2}})\s*[/.\-–]\s*(\d{{4}})(?!\w)")
_MONTH = re.compile(r"^\W*(?:thang)?\W*(\d{1,2})\s*(?:[/.\-–]|nam)\s*(\d{4})\W*$")
_YEAR = re.compile(r"^\W*(?:nam|khoang|sinh nam)?\W*(\d{4})\W*$")


def stands_for_figures(text: str) -> bool:
    """Whether a word of a date counts as figures: it holds some, or letters only that are taken for them.

    >>> [stands_for_figures(word) for word in ("18", "ƠL", "1O.", "năm")]
    [True, True, True, False]
    """
    signs = "".join(re.findall(r"[\w|]", fold(text)))
    return any(sign.isdigit() for sign in signs) or signs.translate(_LOOK_ALIKES).isdigit()


def parse_date(text: str) -> str | None:
    """The date ``text`` states, in ISO form; ``YYYY-MM`` or ``YYYY`` when the paper says no more.

    Understands ``15/3/1987``, ``15-03-1987``, ``15.3.1987``, ``ngày 15 tháng 3 năm 1987`` with dotted leaders
    between, after a time of day or any other words. Two different dates in one text are no date.
    """
    found = find_dates(text)
    if found:
        return found[0] if len(set(found)) == 1 else None
    folded = fold(text)
    if match := _MONTH.match(folded):
        month, year = int(match[1]), int(match[2])
        return f"{year:04d}-{month:02d}" if 1 <= month <= 12 and FIRST_YEAR <= year <= LAST_YEAR else None
    if match := _YEAR.match(folded):
        return match[1] if FIRST_YEAR <= int(match[1]) <= LAST_YEAR else None
    return None


def find_dates(text: str) -> list[str]:
    """Every whole, possible date in ``text``, in order."""
    folded = _STUCK.sub(" ", fold(text).replace("…", "...").replace("⁄", "/"))
    matches = sorted(
        [*_WORDED.finditer(folded), *_FIGURES.finditer(folded)],
        key=lambda m: m.start(),
    )
    dates = (_iso(*(part.translate(_LOOK_ALIKES) for part in m.groups())) for m in matches)
    return [d for d in dates if d]


def _iso(day: str, month: str, year: str) -> str | None:
    try:
        value = dt.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return value.isoformat() if FIRST_YEAR <= value.year <= LAST_YEAR else None


_UNITS = {
    "khong": 0,
    "mot": 1,
    "hai": 2,
    "ba": 3,
    "bon": 4,
    "tu": 4,
    "nam": 5,
    "lam": 5,
    "nham": 5,
    "sau": 6,
    "bay": 7,
    "tam": 8,
    "chin": 9,
}
_MONTH_NAMES = {"gieng": 1, "chap": 12}
_OTHERS = ("ngay", "mong", "mung", "thang", "muoi", "tram", "nghin", "ngan", "linh", "le")
_VOCABULARY = (*_UNITS, *_MONTH_NAMES, *_OTHERS)


def parse_date_words(text: str) -> str | None:
    """The date that ``text`` states in words, in ISO form.

    ``Ngày mười lăm tháng ba năm một nghìn chín trăm tám mươi bảy`` → ``1987-03-15``. Diacritics are ignored (they
    are what an engine loses first) and one misread letter in a word is undone against the closed vocabulary; where
    the words allow two readings, the answer is ``None``. Why dates stand in figures and words: TT 04/2020/TT-BTP,
    Art 31–34.
    """
    tokens: list[str] = []
    for piece in re.findall(r"\w+", fold(text)):
        known = _known_words(piece)
        if known is None:
            return None
        tokens.extend(known)
    if tokens[:1] == ["ngay"]:
        tokens = tokens[1:]
    if "thang" not in tokens:
        return None
    cut = tokens.index("thang")
    day_tokens, rest = tokens[:cut], tokens[cut + 1 :]
    if day_tokens[:1] in (["mong"], ["mung"]):
        day_tokens = day_tokens[1:]
    day = _below_hundred(day_tokens)
    # "năm" is the year's own word and the figure five: every place it may stand is tried, one may fit.
    readings = {
        (month, year)
        for index, token in enumerate(rest)
        if token == "nam"  # noqa: S105
        and (month := _month(rest[:index])) is not None
        and (year := _year(rest[index + 1 :])) is not None
    }
    if day is None or len(readings) != 1:
        return None
    month, year = readings.pop()
    return _iso(str(day), str(month), str(year))


@cache
def _known_words(piece: str) -> tuple[str, ...] | None:
    if piece.isdigit() or piece in _VOCABULARY:
        return (piece,)
    for cut in range(2, len(piece) - 1):
        if piece[:cut] in _VOCABULARY and piece[cut:] in _VOCABULARY:
            return (piece[:cut], piece[cut:])
    if len(piece) < 3:
        return None
    near = [word for word in _VOCABULARY if len(word) >= 3 and Levenshtein.distance(piece, word, score_cutoff=1) <= 1]
    return (near[0],) if len(near) == 1 else None


def _below_hundred(tokens: Sequence[str]) -> int | None:
    """0–99: ``bảy``, ``mười``, ``mười lăm``, ``hai mươi``, ``hai mươi mốt``, ``hai mốt``."""
    if len(tokens) == 1 and tokens[0].isdigit():
        return int(tokens[0]) if len(tokens[0]) <= 2 else None
    match [t if t == "muoi" else _UNITS.get(t) for t in tokens]:
        case [int(unit)]:
            return unit
        case ["muoi"]:
            return 10
        case ["muoi", int(unit)] if unit:
            return 10 + unit
        case [int(ten), "muoi"] if ten > 1:
            return 10 * ten
        case [int(ten), "muoi", int(unit)] if ten > 1 and unit:
            return 10 * ten + unit
        case [int(ten), int(unit)] if ten > 1 and unit:
            return 10 * ten + unit
    return None


def _month(tokens: Sequence[str]) -> int | None:
    if len(tokens) == 1 and tokens[0] in _MONTH_NAMES:
        return _MONTH_NAMES[tokens[0]]
    month = _below_hundred(tokens)
    return month if month is not None and 1 <= month <= 12 else None


def _year(tokens: Sequence[str]) -> int | None:
    """1850–2100: by thousands and hundreds, or figure by figure (``một chín tám bảy``)."""
    if len(tokens) == 1 and tokens[0].isdigit():
        year = int(tokens[0])
    elif len(tokens) == 4 and all(t in _UNITS for t in tokens):
        year = int("".join(str(_UNITS[t]) for t in tokens))
    else:
        total = _thousands(tokens)
        if total is None:
            return None
        year = total
    return year if FIRST_YEAR <= year <= LAST_YEAR else None


def _thousands(tokens: Sequence[str]) -> int | None:
    if len(tokens) < 2 or tokens[0] not in ("mot", "hai") or tokens[1] not in ("nghin", "ngan"):
        return None
    total, rest = 1000 * _UNITS[tokens[0]], list(tokens[2:])
    if len(rest) >= 2 and rest[1] == "tram" and rest[0] in _UNITS:
        total += 100 * _UNITS[rest[0]]
        rest = rest[2:]
    if not rest:
        return total
    if rest[0] in ("linh", "le"):
        unit = _UNITS.get(rest[1]) if len(rest) == 2 else None
        return total + unit if unit else None
    tail = _below_hundred(rest)
    # "trăm bảy" without linh may be short for bảy mươi: not told apart here.
    return total + tail if tail is not None and (tail >= 10 or len(rest) > 1) else None

"""Grammar of the numbers papers bear: number and symbol of a document, book, personal number.

NĐ 30/2020/NĐ-CP writes ``43/QĐ-UBND``; civil-status extracts ``15/TLKS-BS``; older acts ``02/2017/TT-VPCP``.
"""

from __future__ import annotations

import re
import unicodedata

from ocr.fields.spelling import fold

_LOOK_ALIKES = str.maketrans({"O": "0", "o": "0", "l": "1", "I": "1", "|": "1"})
# Signs that are no Vietnamese letters but look like one or stand for one; engines read one Đ twice, as Đ and as eth.
_SIGNS = (("ĐÐ", "Đ"), ("ÐĐ", "Đ"), ("Ð", "Đ"), ("–", "-"), ("⁄", "/"))
_LETTER = "A-ZĐƯa-zđ"
_DOCUMENT = re.compile(
    rf"""
    ^(?P<serial>[\dOolI|]{{1,6}}) (?P<letter>[a-zA-Z])?
    (?:[/-](?P<year>(?:18|19|20)\d\d))?
    (?P<symbol>
        (?:-TP/HT-(?:19|20)\d\d-[A-Z]{{2,4}})?
      | (?:[/-][{_LETTER}]{{2}}[{_LETTER}\d]*(?:[-/&.][{_LETTER}][{_LETTER}\d]*)*(?:-(?:18|19|20)\d\d)?)?
    )$
    """,
    re.VERBOSE,
)


def parse_number(text: str) -> str | None:
    """The document number in ``text``: figures, perhaps a year, perhaps a symbol; ``None`` when it is no such thing.

    Spaces inside are closed up. ``O``, ``l`` and ``I`` count as figures only inside the serial number, and only
    beside a real figure. Leading zeros stay: they are on the paper.
    """
    closed = re.sub(r"\s+", "", unicodedata.normalize("NFC", text))
    for misprint, sign in _SIGNS:
        closed = closed.replace(misprint, sign)
    closed = closed.strip(".,:;…_·-/'\"")
    match = _DOCUMENT.match(closed)
    if match is None or not any(c.isdigit() for c in match["serial"]):
        return None
    serial = match["serial"].translate(_LOOK_ALIKES)
    year = f"/{match['year']}" if match["year"] else ""
    return f"{serial}{match['letter'] or ''}{year}{match['symbol']}"


# What a symbol may begin with, where the form fixes it (legal facts 7.2); permits bear whatever their agency uses.
_SYMBOLS = {
    "decision": re.compile(r"QĐ(?:$|[-/.]|[A-ZĐ])"),
    "birth": re.compile(r"$|TLKS|UBND|KS"),
    "marriage": re.compile(r"$|TLKH|TLGCKH|UBND|KH"),
    "death": re.compile(r"$|TLKT|UBND|KT|CT"),
    "marital_status": re.compile(r"$|UBND|XN"),
}
_AGENCIES = {"ubnd": "UBND", "ubhc": "UBHC", "xntthn": "XNTTHN", "tlks": "TLKS", "tlkt": "TLKT", "tlkh": "TLKH"}


def number_plausibility(field: str, number: str, record_type: str, year: int) -> float:
    """0.0–1.0: how far a normalized ``number`` is one that a paper of this type and ``year`` bears.

    Args:
        field: ``number`` of the document or ``book`` it is entered in.

    Returns:
        0.6 for another year than the result's (registers run by the year, TT 04/2020/TT-BTP, Art 29; a half-used
        book may serve a later year, but none is from the future), 0.7 for the symbol of another kind of paper or
        a known abbreviation with a wrong mark (``UBNĐ``), else 1.0.
    """
    stated = re.search(r"[/-]((?:18|19|20)\d\d)(?:$|[/-])", number)
    if stated and (int(stated[1]) > year or (field == "number" and int(stated[1]) != year)):
        return 0.6
    if field == "book":
        return 1.0
    symbol = re.sub(r"^\d+[a-z]?(?:[/-]\d{4})?[/-]?", "", number, flags=re.IGNORECASE)
    expected = _SYMBOLS.get(record_type)
    if expected is not None and not expected.match(symbol):
        return 0.7
    parts = re.split(r"[-/.]", symbol)
    return 0.7 if any(_AGENCIES.get(fold(part), part) != part for part in parts) else 1.0


def same_number(one: str, other: str) -> bool:
    """Whether two normalized numbers name the same paper: leading zeros and a missing symbol do not matter."""
    first, second = (re.split(r"[/]", text.casefold().lstrip("0"), maxsplit=1) for text in (one, other))
    if first[0] != second[0]:
        return False
    return len(first) == 1 or len(second) == 1 or first[1] == second[1]


def parse_personal_id(text: str) -> str | None:
    """A personal number of 9 (CMND) or 12 figures (số định danh, CCCD), closed up; ``None`` for anything else."""
    closed = re.sub(r"[\s.\-]", "", text).translate(_LOOK_ALIKES)
    return closed if re.fullmatch(r"\d{9}|\d{12}", closed) else None


def find_personal_id(text: str) -> str | None:
    """The one personal number somewhere in ``text``; ``None`` when there is none, or more than one."""
    found = set(re.findall(r"(?<![\d/])(?:\d{12}|\d{9})(?![\d/])", re.sub(r"(?<=\d)[ .](?=\d{3}(?!\d))", "", text)))
    return found.pop() if len(found) == 1 else None

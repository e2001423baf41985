"""Numbers of documents, dates and split words, mended where their grammar leaves one reading.

The engine breaks ``02/2017/TT-VPCP`` with a space, reads its figures as letters that look alike, and takes a table's
ruling for a sign. A document's number has a form (NĐ 30/2020/NĐ-CP, Art 8(3) and Annex III; NĐ 78/2025 for legal
documents), a date has one, and so has a syllable: where exactly one mending gives that form, it is made. No language
model is asked, nothing is guessed, and the reading stays in ``Word.raw``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from manifests.text import Bbox, Word
from ocr.neighbours import Neighbours, load_neighbours
from ocr.syllables import is_syllable

_BROKEN = 0.2
"""Pieces of one word stand closer than this share of their height; words of a line measure 0.2–0.6."""
_BROKEN_CODE = 0.3
_OPEN_END = 0.8
"""A number that ends in a hyphen goes on in any case."""
_KINDS = frozenset(
    [
        "NĐ",
        "QĐ",
        "NQ",
        "TT",
        "TTLT",
        "CT",
        "CTr",
        "TTr",
        "KH",
        "TB",
        "BC",
        "CV",
        "PA",
        "ĐA",
        "DA",
        "BB",
        "HĐ",
        "GM",
        "GUQ",
        "GGT",
        "GNP",
        "PG",
        "PC",
        "PT",
        "CĐ",
        "TC",
        "QC",
        "QyĐ",
        "HD",
        "LCT",
        "L",
        "PL",
        "QH",
        "SL",
    ]
)
"""Kinds of documents as their numbers abbreviate them (NĐ 30/2020/NĐ-CP, Annex III; older laws and orders)."""
_TAIL = r"[.,;:)\]”\"]*"
_CODE = re.compile(
    rf"[(“\"]?\d{{1,5}}/(?:(?:19|20)\d\d/)?[A-ZĐ][A-ZĐa-zđ]{{0,7}}\d{{0,2}}(?:-[A-ZĐ][\w&.]{{0,14}})*{_TAIL}"
)
_OPEN_CODE = re.compile(r"[(“\"]?\d{1,5}/(?:(?:19|20)\d\d/)?[A-ZĐ][A-Za-zĐđ]{0,7}(?:-[A-ZĐ][\w&]{0,14})*-")
_AGENCY = re.compile(rf"[A-ZĐ][A-Za-zĐ&]{{0,14}}(?:-[A-ZĐ][A-Za-zĐ&]{{0,14}})*{_TAIL}")
_DATE = re.compile(rf"[(“\"]?(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d{_TAIL}")
_NO_SLASH = re.compile(r"([(“\"]?\d{1,5}/(?:19|20)\d\d)([A-ZĐ])")
_FIELDS = re.compile(rf"([(“\"]?)([^/\s]{{1,5}})/(?:([^/\s]{{4}})/)?([^/\s-]{{1,5}})((?:-[\w&-]*)?{_TAIL})")
_DATE_FIELDS = re.compile(rf"([(“\"]?)([^/\s]{{1,2}})/([^/\s]{{1,2}})/([^/\s.,;)]{{4}})({_TAIL})")
_PROCEDURE = re.compile(r"\d\.\d{6}\.\d{3}\.\d\d\.\d\d\.")
"""A procedure's code, as decisions that publish procedures print it (no act was found that gives the form); the sign
of a ministry or province follows."""
_PLACE = re.compile(r"([A-Z])([\dOoIlSŠBZ]{2})([.,;:)]*)")
_WRAPPED = 1.2
"""A line of a cell follows the one above within so many times the letters' height."""
_SCHEME = re.compile(r"h[tfrlí]{2}p(s?://)")
_ADDRESS = re.compile(r"https?:|www\.")
_GLUED = re.compile(r"(\d{1,2})(tháng|năm|giờ|phút|ngày)|(ngày|tháng|năm)(\d{1,4})|(Số:)(\d\S*)")
_ENUMERATED = re.compile(r"([^\W\d_]{2,}[,;])([^\W\d_]{2,}[.,;:)]?)")
_FIGURES = {"O": "0", "o": "0", "Q": "0", "I": "1", "l": "1", "Ì": "1", "Í": "1", "|": "1", "!": "1", "i": "1"}
_FIGURES |= {"Z": "2", "S": "5", "Š": "5", "s": "5", "B": "8", "§": "8", "g": "9"}
_LETTERS = {"0": "OQ", "1": "ITL", "5": "S", "6": "G", "8": "B", "Đ": "Đ", "D": "DĐ", "O": "OQ", "Ð": "Đ"}
_ONES = frozenset("IlLÌÍ|1!i]")
_ALIKE_FIGURES = {"l": "1", "I": "1", "|": "1", "]": "1", "[": "1", "!": "1", "L": "1", "O": "0", "o": "0", "Š": "5"}
_FIGURE = re.compile(r"([(“\"]?)([\dlI|\]\[!LOoŠ]{1,4})([.,;:)”\"]*)")
""" ``0l``, ``I5`` and ``1Š`` are figures; without a figure among them, letters are letters (but see ``_month``)."""
_GLUED_WORDS = re.compile(r"([^\W\d_]{3,14})([^\w\s]*)")


def repair_codes(words: Sequence[Word]) -> tuple[Word, ...]:
    """``words`` (one page, in reading order) with broken and look-alike codes, dates and split words mended."""
    mended: list[Word] = []
    for word in words:
        for part in _parts(_with_scheme(_without_ruling(word))):
            before = mended[-1] if mended else None
            joined = _joined(before, part) if before is not None else None
            if joined is not None:
                mended[-1] = joined
            else:
                mended.append(part)
    return tuple(_month(_alike(word), mended, index) for index, word in enumerate(mended))


def _changed(word: Word, text: str) -> Word:
    return word if text == word.text else replace(word, text=text, raw=word.raw or word.text)


def _without_ruling(word: Word) -> Word:
    """A vertical bar at the edge of a word is the ruling beside it, a straight quote before it a speck.

    Print quotes with “ and ”. Alone such signs stay for others to judge.
    """
    bare = word.text.strip("|¦").lstrip("'`´").replace("()", "0")
    return _changed(word, bare) if any(char.isalnum() for char in bare) else word


def _with_scheme(word: Word) -> Word:
    """``hftps://`` is no address but one."""
    return _changed(word, _SCHEME.sub(r"http\1", word.text, count=1))


def _parts(word: Word) -> list[Word]:
    """``26tháng`` as two words; each gets its share of the box."""
    match = _GLUED.fullmatch(word.text)
    texts = [text for text in match.groups() if text] if match else _apart(word.text)
    if len(texts) != 2 or word.raw is not None:
        return [word]
    box = word.bbox
    middle = box.left + (box.right - box.left) * len(texts[0]) // len(word.text)
    middle = min(max(middle, box.left + 1), box.right - 1)
    if not box.left < middle < box.right:
        return [word]
    left, right = Bbox(box.left, box.top, middle, box.bottom), Bbox(middle, box.top, box.right, box.bottom)
    return [replace(word, text=texts[0], bbox=left), replace(word, text=texts[1], bbox=right)]


def _apart(text: str) -> list[str]:
    """``thựchiện`` as two words: no syllable as it stands, and one cut alone makes two that are known together."""
    enumerated = _ENUMERATED.fullmatch(text)
    if enumerated is not None:
        parts = list(enumerated.groups())
        return parts if all(is_syllable(part.rstrip(".,;:)")) for part in parts) else [text]
    glued = _GLUED_WORDS.fullmatch(text)
    if glued is None or is_syllable(glued[1]) or glued[1].lower() in load_neighbours().words:
        return [text]
    letters, known = glued[1], load_neighbours()
    cuts = [cut for cut in range(1, len(letters)) if _are_two(letters[:cut], letters[cut:], known)]
    return [text[: cuts[0]], text[cuts[0] :]] if len(cuts) == 1 else [text]


def _are_two(left: str, right: str, known: Neighbours) -> bool:
    if left.isupper() and len(left) > 1 and right.islower():
        return right in known.words and is_syllable(right)  # an abbreviation and a word
    written = all(part.isupper() or part[1:].islower() or len(part) == 1 for part in (left, right))
    return written and known.are_neighbours(left.lower(), right.lower())


def _joined(left: Word, right: Word) -> Word | None:
    """Both as one word, where they stand too close for two and only together have a form."""
    if (left.block, left.line) != (right.block, right.line):
        return _wrapped(left, right)
    height = max(left.bbox.bottom - left.bbox.top, right.bbox.bottom - right.bbox.top)
    gap = right.bbox.left - left.bbox.right
    if gap > _OPEN_END * height or gap < -height:
        return None
    text = left.text + right.text
    slashed = _NO_SLASH.sub(r"\1/\2", text)
    if _OPEN_CODE.fullmatch(left.text) and _AGENCY.fullmatch(right.text):
        form = text
    elif gap > _BROKEN_CODE * height:
        return None
    elif "/" in left.text and right.text[:1].isdigit() and not _complete(left.text) and _complete(slashed):
        form = slashed
    elif gap <= _BROKEN * height and (_ADDRESS.match(left.text) or _is_split(left.text, right.text)):
        # An accent over a letter cut off looks like a capital.
        form = left.text + right.text.lower() if left.text.isalpha() and left.text[-1].islower() else text
    elif gap < 0 and left.text[-1:] == right.text[:1] and _is_split(left.text, right.text[1:]):
        form = left.text + right.text[1:]  # the letter both hold was read twice
    else:
        return None
    return _both(left, right, form)


def _both(left: Word, right: Word, form: str) -> Word:
    box = Bbox(
        min(left.bbox.left, right.bbox.left),
        min(left.bbox.top, right.bbox.top),
        max(left.bbox.right, right.bbox.right),
        max(left.bbox.bottom, right.bbox.bottom),
    )
    raw = f"{left.raw or left.text} {right.raw or right.text}"
    return Word(form, box, min(left.confidence, right.confidence), left.block, left.line, raw)


def _wrapped(left: Word, right: Word) -> Word | None:
    """A procedure's code of 25 signs that a narrow cell broke in two, whose other half stands right below."""
    height = max(left.bbox.bottom - left.bbox.top, right.bbox.bottom - right.bbox.top)
    below = right.bbox.top > left.bbox.top and right.bbox.top - left.bbox.bottom <= _WRAPPED * height
    beside = left.bbox.right <= right.bbox.left or right.bbox.right <= left.bbox.left
    if left.block != right.block or beside or not below:
        return None
    code = _procedure(left.text + right.text)
    return _both(left, right, code) if code else None


def _procedure(text: str) -> str | None:
    """``1.012291.000.00.00.HS3`` → ``1.012291.000.00.00.H53``; ``None`` where it is no procedure's code."""
    number = _PROCEDURE.match(text)
    place = _PLACE.fullmatch(text, number.end()) if number else None
    if number is None or place is None:
        return None
    figures = _as_figures(place[2])
    return f"{number[0]}{place[1]}{figures}{place[3]}" if figures else None


def _complete(text: str) -> bool:
    return bool(_CODE.fullmatch(text) or _DATE.fullmatch(text))


def _is_split(left: str, right: str) -> bool:
    """``quy`` + ``ết`` or ``Ết``: the second piece is no word, both together are one."""
    tail = right.rstrip(".,;:)")
    small = tail.islower() or (left.islower() and tail[1:].islower())
    if not (left.isalpha() and tail.isalpha() and small):
        return False
    known, both = load_neighbours().words, (left + tail).lower()
    return tail.lower() not in known and both in known and is_syllable(both)


def _alike(word: Word) -> Word:
    """Figures read as letters and letters read as figures, where code or date has one place for each."""
    mixed = _FIGURE.fullmatch(word.text)
    if mixed is not None:
        before, middle, after = mixed.groups()
        mended = "".join(_ALIKE_FIGURES.get(char, char) for char in middle)
        known = any(char.isdigit() for char in middle) or middle == "Š"
        return _changed(word, f"{before}{mended}{after}") if known and not middle.isdigit() else word
    if (procedure := _procedure(word.text)) is not None:
        return _changed(word, procedure)
    text = _NO_SLASH.sub(r"\1/\2", word.text.replace("//", "/"))
    if "Š" in text and any(char.isdigit() for char in text):  # no letter of Vietnamese
        return _alike(_changed(word, text.replace("Š", "5")))
    if text != word.text and not _CODE.fullmatch(text):
        text = word.text
    if _complete(text) and not any(char.isdigit() for char in _kind_of(text)):
        return _changed(word, text)
    date = _DATE_FIELDS.fullmatch(text)
    if date is not None:
        before, *fields, after = date.groups()
        figures = [_as_figures(field) for field in fields]
        if all(figures):
            form = f"{before}{'/'.join(f for f in figures if f)}{after}"
            return _changed(word, form) if _DATE.fullmatch(form) else word
    code = _FIELDS.fullmatch(text)
    if code is None:
        return word
    before, number, year, kind, after = code.groups()
    if not any(char.isdigit() for char in number + (year or "")):
        return word
    serial, since = _as_figures(number), _as_figures(year) if year else ""
    kinds = _as_kinds(kind)
    if serial is None or since is None or len(kinds) != 1:
        return word
    form = f"{before}{serial}/{f'{since}/' if since else ''}{kinds[0]}{after}"
    return _changed(word, form) if _CODE.fullmatch(form) else word


def _kind_of(text: str) -> str:
    fields = _FIELDS.fullmatch(text)
    return fields[4] if fields and fields[4] not in _KINDS and not re.fullmatch(r"QH\d+", fields[4]) else ""


def _as_figures(text: str) -> str | None:
    figures = "".join(_FIGURES.get(char, char) for char in text)
    return figures if figures.isascii() and figures.isdigit() else None


def _as_kinds(text: str) -> list[str]:
    """The kinds of documents ``text`` may stand for: itself, or those that look like it."""
    if text in _KINDS or re.fullmatch(r"QH\d+", text):
        return [text]
    forms = ("".join(form) for form in product(*(_LETTERS.get(char, char) for char in text)))
    return sorted({form for form in forms if form in _KINDS})


def _month(word: Word, words: Sequence[Word], index: int) -> Word:
    """``tháng II năm`` is the eleventh month: between these words stands a number, and only ones look like it."""
    text = word.text
    if not 1 <= len(text) <= 2 or text.isdigit() or not set(text) <= _ONES or not 0 < index < len(words) - 1:
        return word
    before, after = words[index - 1].text.lower(), words[index + 1].text.lower()
    if (before, after) in (("tháng", "năm"), ("ngày", "tháng")):
        return _changed(word, "1" * len(text))
    return word

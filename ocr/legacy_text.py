"""Vietnamese written for an old 8-bit font: what a PDF made with .VnTime or VNI-Times gives out as text.

Such a file says Latin letters and its font draws Vietnamese ones. Before Unicode became the rule of state agencies
(QĐ 72/2002/QĐ-TTg) they wrote TCVN 5712:1993 (TCVN3, "ABC"), the south mostly VNI. Nothing in the file names the
code; the grammar of the syllables does: under the right table nearly all words become Vietnamese, under a wrong one
they do not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence

from ocr.syllables import is_syllable, judge_text

_TCVN3 = dict(
    zip(
        "µ¶·¸¹¨»¼½¾Æ©ÇÈÉÊËÌÎÏÐÑªÒÓÔÕÖ×ØÜÝÞßáâãä«åæçèé¬êëìíîïñòóô\u00adõö÷øùúûüýþ®¡¢£¤¥¦§",
        "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđĂÂÊÔƠƯĐ",
        strict=True,
    )
)
"""Toned capitals have no codes: they are small letters of a font that shows capitals (.VnTimeH)."""

_VNI_MARKS = {
    **dict(zip("ùøûõï", "\u0301\u0300\u0309\u0303\u0323", strict=True)),
    **{sign: f"\u0302{tone}" for sign, tone in zip("âáàåãä", ("", *"\u0301\u0300\u0309\u0303\u0323"), strict=True)},
    **{sign: f"\u0306{tone}" for sign, tone in zip("êéèúüë", ("", *"\u0301\u0300\u0309\u0303\u0323"), strict=True)},
}
"""What a sign after a vowel adds to it: a tone, a circumflex or a breve, each with a tone."""
_VNI_ALONE = {"ô": "ơ", "ö": "ư", "ñ": "đ", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"}
_VNI = re.compile(f"([aeouyôö])([{''.join(_VNI_MARKS)}])", re.IGNORECASE)
_HYPHEN = re.compile(r"(?<=\w)-|^-(?=\w)")


def from_tcvn3(word: str) -> str:
    """A word of TCVN 5712:1993."""
    read = "".join(_TCVN3.get(letter, letter) for letter in word)
    # The code of ư is the soft hyphen, which readers give out as a hyphen.
    whole = _HYPHEN.sub("ư", read)
    read = whole if whole != read and is_syllable("".join(filter(str.isalpha, whole))) else read
    plain = [letter for letter in word if letter.isascii() and letter.isalpha()]
    # A lone capital in front is that of an ordinary word.
    return read.upper() if len(plain) > 1 and all(letter.isupper() for letter in plain) else read


def from_vni(word: str) -> str:
    """A word of VNI."""

    def marked(match: re.Match[str]) -> str:
        vowel, sign = match.groups()
        base = _VNI_ALONE.get(vowel.lower(), vowel.lower())
        made = unicodedata.normalize("NFC", base + _VNI_MARKS[sign.lower()])
        return made.upper() if vowel.isupper() else made

    pieces, end = [], 0
    for match in _VNI.finditer(word):
        pieces += [_alone(word[end : match.start()]), marked(match)]
        end = match.end()
    return "".join((*pieces, _alone(word[end:])))


def _alone(text: str) -> str:
    """Letters that stand for one Vietnamese letter by themselves."""
    small = "".join(_VNI_ALONE.get(letter.lower(), letter) for letter in text)
    return "".join(new.upper() if old.isupper() else new for old, new in zip(text, small, strict=True))


def in_unicode(words: Sequence[str]) -> tuple[str, ...] | None:
    """The words in Unicode; ``None`` when under neither table they are Vietnamese."""
    tables: tuple[Callable[[str], str], ...] = (from_tcvn3, from_vni)
    for table in tables:
        read = tuple(table(word) for word in words)
        if judge_text(read).vietnamese:
            return read
    return None

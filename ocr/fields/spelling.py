"""Vietnamese letters: what two spellings have in common when marks, case or signs do not count."""

from __future__ import annotations

import re
import unicodedata

_TONES = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}


def fold(text: str) -> str:
    """``text`` in lower case without diacritics, ``đ`` as ``d``; other signs stay."""
    lowered = text.lower().replace("đ", "d").replace("ð", "d")
    return "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))


def fold_letters(text: str) -> str:
    """``fold`` of the letters and digits alone: the key two spellings of a printed label share."""
    return "".join(c for c in fold(text) if c.isalnum())


def spelling_key(text: str) -> str:
    """A key for words in which the place of a tone mark (``hòa`` = ``hoà``), case and signs do not count."""
    return " ".join(_syllable_key(word) for word in re.findall(r"[^\W_]+", unicodedata.normalize("NFC", text)))


def _syllable_key(syllable: str) -> str:
    base: list[str] = []
    tones = ""
    for char in unicodedata.normalize("NFD", syllable.lower()):
        if char in _TONES:
            tones += _TONES[char]
        else:
            base.append(char)
    return unicodedata.normalize("NFC", "".join(base)) + tones

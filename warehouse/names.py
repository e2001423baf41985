"""Words as people search them: without diacritics, in any case, whatever stands between them."""

from __future__ import annotations

import unicodedata

LONGEST_NAME = 200
"""Letters of a name that are kept for searching; both databases refuse to index very long values."""
LONGEST_WORD = 40


def fold_name(name: str) -> str:
    """``name`` in lower case, without diacritics, đ as d, one blank between words.

    >>> fold_name("  Nguyễn Thị  ĐÀO ")
    'nguyen thi dao'
    """
    spread = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in spread if not unicodedata.combining(letter)).split())


def fold_text(text: str) -> str:
    """``text`` folded like a name, with a blank for everything that is neither letter nor digit.

    >>> fold_text("Số: 12/UBND-QĐ").split()
    ['so', '12', 'ubnd', 'qd']
    """
    return text.translate(_FOLDED)


def search_words(text: str) -> list[str]:
    """The words of ``text`` in their order, folded, each cut to ``LONGEST_WORD`` letters."""
    return [word[:LONGEST_WORD] for word in fold_text(text).split()]


def search_name(name: str) -> str:
    """``name`` as it is searched: folded words with one blank between, at most ``LONGEST_NAME`` letters.

    >>> search_name("H’Mông-Ê Đê")
    'h mong e de'
    """
    return " ".join(search_words(name))[:LONGEST_NAME].rstrip()


def spelled_name(name: str) -> str:
    """``name`` in lower case with its diacritics, one blank between words: tells Hòa from Hoa.

    >>> spelled_name("NGUYỄN  THỊ HÒA")
    'nguyễn thị hòa'
    """
    return " ".join(unicodedata.normalize("NFC", name).lower().split())[:LONGEST_NAME].rstrip()


def search_number(number: str) -> str:
    """A number or a book as it is searched: parts without leading zeros, one stroke between.

    >>> search_number(" 045 / 1998-KS"), search_number("01-TP/HT")
    ('45/1998/ks', '1/tp/ht')
    """
    return "/".join(word.lstrip("0") or "0" for word in search_words(number))[:LONGEST_NAME]


class _Folding(dict[int, str]):
    """What each character folds to, found out when it is met first."""

    def __missing__(self, code: int) -> str:
        spread = unicodedata.normalize("NFKD", chr(code).casefold().replace("đ", "d"))
        letters = (letter for letter in spread if not unicodedata.combining(letter))
        self[code] = folded = "".join(letter if letter.isalnum() else " " for letter in letters)
        return folded


_FOLDED = _Folding()

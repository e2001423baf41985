"""Names as people search them: without diacritics, in any case."""

from __future__ import annotations

import unicodedata


def fold_name(name: str) -> str:
    """``name`` in lower case, without diacritics, đ as d, one blank between words.

    >>> fold_name("  Nguyễn Thị  ĐÀO ")
    'nguyen thi dao'
    """
    spread = unicodedata.normalize("NFD", name.casefold().replace("đ", "d"))
    return " ".join("".join(letter for letter in spread if not unicodedata.combining(letter)).split())

"""Comparing what people type: case, diacritics and spaces do not count; and showing it back without harm."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_ALNUM = re.compile(r"[^0-9a-z]+")
_INVISIBLE = dict.fromkeys([0xFEFF, 0x200B, 0x200C, 0x200D, 0x2060, 0x00AD])
_SPACES = str.maketrans(dict.fromkeys("\u00a0\u2007\u202f\u3000", " "))


@lru_cache(maxsize=4096)  # the same headers and type names come back on every row
def fold(text: str) -> str:
    """``text`` as it is compared: letters and digits only, so ``" Mã_HỒ SƠ "`` and ``"ma ho so"`` are the same."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("đ", "d")
    return _NOT_ALNUM.sub("", plain)


def tidy(text: str) -> str:
    """``text`` in NFC without what spreadsheets and web pages bring along unseen.

    Zero-width characters go, special spaces become plain ones, the ends are stripped. Letters never change.
    """
    return unicodedata.normalize("NFC", text).translate(_INVISIBLE).translate(_SPACES).strip()


def visible(text: str, limit: int = 60) -> str:
    """``text`` fit for a terminal or a page: one line, no control codes, no broken Unicode, not endless."""
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text[: limit + 1])
    return shown if len(text) <= limit else shown[:limit] + "…"

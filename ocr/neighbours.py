"""Which Vietnamese words exist, and which stand beside each other how often: the evidence for correcting tone marks.

The figures are of the codified law (``scripts/neighbour-figures``), the language of the papers read here. Knows words
only; knows nothing of pages and engines.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FIGURES = Path(__file__).with_name("data") / "neighbours.txt"
_ALONE, _BESIDE, _AFTER_TWO = 0.2, 0.45, 0.35
"""Weights of a word's own share, of its share after one word, and after two. Any near these do as well."""
_UNSEEN = 2e-8
"""Share of a word the figures do not hold: they start at one in a million."""


class _Folds(dict[int, str]):
    """For ``str.translate``: each letter without its marks, worked out once a letter."""

    def __missing__(self, code: int) -> str:
        letters = unicodedata.normalize("NFD", chr(code).replace("đ", "d"))
        self[code] = "".join(c for c in letters if not unicodedata.combining(c))
        return self[code]


_FOLDS = _Folds()


def fold_marks(text: str) -> str:
    """``text`` in lower case without any mark, ``đ`` as ``d``: what engines read right when they misread marks."""
    return text.lower().translate(_FOLDS)


class _Followers(dict[str, dict[str, int]]):
    """What follows a word, or ``first+second``, how often.

    A page asks for a few hundred of 13,000 lines: each is taken apart when it is asked for.
    """

    def __init__(self, lines: dict[str, str]) -> None:
        super().__init__()
        self._lines = lines

    def __missing__(self, key: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for follower in self._lines.get(key, "").split():
            word, _, often = follower.partition(":")
            found[word] = int(often)
        if found:  # what is unknown has no end and is not kept
            self[key] = found
        return found


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Counts of words and of what follows them; words are NFC and lower case.

    Attributes:
        words: How often each was counted.
        followers: Counts of what follows a word, or two words joined by ``+``; empty where nothing is known.
        total: Sum of ``words``.
        spellings: The words of the same letters, by their ``fold_marks``.
    """

    words: dict[str, int]
    followers: Mapping[str, Mapping[str, int]]
    total: int
    spellings: dict[str, tuple[str, ...]]

    def log_shares(
        self, before: tuple[str | None, str | None], words: Iterable[tuple[str, float]]
    ) -> Iterator[tuple[str, float]]:
        """Each of ``words`` with the natural logarithm of its share of what follows the two words ``before``.

        Args:
            before: The word before the last and the last word; ``None`` where a sentence begins or nothing is known.
            words: Each, in lower case and maybe unknown, with the least its own share is, whatever the figures hold:
                they know no names.
        """
        first, last = before
        counted, total = self.words, self.total
        if last is None or last not in counted:
            for word, least in words:
                yield word, math.log(max(least, counted[word] / total if word in counted else _UNSEEN))
            return
        following, often = self.followers[last], counted[last]
        seen = self.followers[first].get(last) if first is not None else None
        both = self.followers[f"{first}+{last}"] if seen else {}
        for word, least in words:
            alone = max(least, counted[word] / total if word in counted else _UNSEEN)
            beside = following.get(word, 0) / often
            after_two = both.get(word, 0) / seen if seen else beside
            yield word, math.log(_ALONE * alone + _BESIDE * beside + _AFTER_TWO * after_two)

    def are_neighbours(self, left: str | None, right: str | None) -> bool:
        """Whether ``right`` was seen after ``left``."""
        return left is not None and right is not None and right in self.followers[left]


@cache
def load_neighbours() -> Neighbours:
    """The figures, read once a process and only when a page is corrected."""
    words: dict[str, int] = {}
    lines: dict[str, str] = {}
    spellings: dict[str, list[str]] = defaultdict(list)
    for line in _FIGURES.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        start, count, *followers = line.split(" ", 2)
        if followers:
            lines[start] = followers[0]
        if "+" not in start:
            words[start] = int(count)
            spellings[fold_marks(start)].append(start)
    return Neighbours(words, _Followers(lines), sum(words.values()), {key: tuple(v) for key, v in spellings.items()})

"""Which Vietnamese words exist, and which stand beside each other how often: the evidence for correcting tone marks.

The figures are of the codified law (``scripts/neighbour-figures``), the language of the papers read here. Knows words
only; knows nothing of pages and engines.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FIGURES = Path(__file__).with_name("data") / "neighbours.txt"
_ALONE, _BESIDE, _AFTER_TWO = 0.2, 0.45, 0.35
"""Weights of a word's own share, of its share after one word, and after two. Any near these do as well."""
_UNSEEN = 2e-8
"""Share of a word the figures do not hold: they start at one in a million."""


@cache
def fold_marks(text: str) -> str:
    """``text`` in lower case without any mark, ``đ`` as ``d``: what engines read right when they misread marks."""
    lowered = text.lower().replace("đ", "d")
    return "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Counts of words, of pairs and of triples; keys are NFC and lower case, those of pairs and triples tuples."""

    words: dict[str, int]
    pairs: dict[tuple[str, str], int]
    triples: dict[tuple[str, str, str], int]
    total: int
    spellings: dict[str, tuple[str, ...]]

    def log_share(self, before: tuple[str | None, str | None], word: str) -> float:
        """Natural logarithm of the share of ``word`` among what follows the two words ``before``.

        Args:
            before: The word before the last and the last word; ``None`` where a sentence begins or nothing is known.
            word: Lower case; may be unknown.
        """
        alone = self.words[word] / self.total if word in self.words else _UNSEEN
        first, last = before
        if last is None or last not in self.words:
            return math.log(alone)
        beside = self.pairs.get((last, word), 0) / self.words[last]
        share = _ALONE * alone + _BESIDE * beside
        seen = self.pairs.get((first, last)) if first is not None else None
        if first is not None and seen:
            share += _AFTER_TWO * self.triples.get((first, last, word), 0) / seen
        else:
            share += _AFTER_TWO * beside
        return math.log(share)

    def are_neighbours(self, left: str | None, right: str | None) -> bool:
        """Whether ``right`` was seen after ``left``."""
        return left is not None and right is not None and (left, right) in self.pairs


@cache
def load_neighbours() -> Neighbours:
    """The figures, read once a process: 60–90 ms and some 15 MB, only when a page is corrected."""
    words: dict[str, int] = {}
    pairs: dict[tuple[str, str], int] = {}
    triples: dict[tuple[str, str, str], int] = {}
    with _FIGURES.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            start, count, *followers = line.split()
            first, _, second = start.partition("+")
            if not second:
                words[first] = int(count)
            for follower in followers:
                word, _, often = follower.partition(":")
                if second:
                    triples[first, second, word] = int(often)
                else:
                    pairs[first, word] = int(often)
    spellings: dict[str, list[str]] = defaultdict(list)
    for word in words:
        spellings[fold_marks(word)].append(word)
    return Neighbours(words, pairs, triples, sum(words.values()), {key: tuple(v) for key, v in spellings.items()})

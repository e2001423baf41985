"""The words of a document as printed rows of tokens, whole or by half of a two-column form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from manifests.text import Bbox, PageText, PageVerdict, Word
from ocr.fields.spelling import fold_letters

LEADER = re.compile(r"(?:[.·•_]{2,}|…+)[.…·•_]*")
_PIECE = re.compile(r"(?:[.·•_]{2,}|…+)[.…·•_]*|[^:.…·•_]*(?:(?:[.·•_](?![.…·•_]))[^:.…·•_]*)*:?")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or the part of it on one side of a colon or dotted leader.

    Attributes:
        text: As read. ``key``: its letters and digits folded, ``""`` for a leader or a stray sign.
        glued: It continues the word of the token before it without a space.
    """

    text: str
    key: str
    bbox: Bbox
    confidence: float
    glued: bool = False

    @property
    def centre(self) -> float:
        return (self.bbox.left + self.bbox.right) / 2


@dataclass(frozen=True, slots=True)
class Row:
    """Tokens side by side at one height, from left to right; ``number`` runs through the whole document.

    ``page_size`` is (width, height) of its page in pixels, ``height`` the median height of its words.
    """

    number: int
    page_number: int
    page_size: tuple[int, int]
    tokens: tuple[Token, ...]
    top: int
    bottom: int
    height: float

    @property
    def text(self) -> str:
        return join_tokens(self.tokens)

    def part(self, left: float, right: float) -> Row:
        """The tokens with their centre in ``[left, right)``; none of a row that runs on across the border.

        A row of words without a gap at the border belongs to neither half of a form: it stays as an empty row, so
        that a value above it does not run on past it.
        """
        kept = tuple(t for t in self.tokens if left <= t.centre < right)
        for before, after in pairwise(self.tokens):
            crosses = any(before.centre < border <= after.centre for border in (left, right))
            if crosses and after.bbox.left - before.bbox.right < 0.7 * self.height:
                kept = ()
        return replace(self, tokens=kept)


def join_tokens(tokens: Sequence[Token]) -> str:
    """The tokens as text: words apart by one space, parts of one word as they stood."""
    parts: list[str] = []
    for token in tokens:
        if token.glued and parts:
            parts[-1] += token.text
        else:
            parts.append(token.text)
    return " ".join(parts)


def enclosing_box(tokens: Iterable[Token]) -> Bbox:
    """The smallest box around the tokens' boxes."""
    boxes = [t.bbox for t in tokens]
    return Bbox(
        min(b.left for b in boxes),
        min(b.top for b in boxes),
        max(b.right for b in boxes),
        max(b.bottom for b in boxes),
    )


def read_rows(texts: Sequence[PageText]) -> list[Row]:
    """All printed rows of a document in reading order.

    The engine often cuts one printed row into lines of several blocks (label here, fill-in there): lines that
    overlap in height and stand side by side are one row again.
    """
    rows: list[Row] = []
    for page in texts:
        if page.verdict is PageVerdict.BLANK:
            continue
        size = (page.facts.width, page.facts.height)
        for words in _merged_lines(page):
            tokens = tuple(token for word in words for token in _split_word(word))
            if not any(t.key for t in tokens):
                continue
            rows.append(
                Row(
                    number=len(rows),
                    page_number=page.page_number,
                    page_size=size,
                    tokens=tokens,
                    top=min(w.bbox.top for w in words),
                    bottom=max(w.bbox.bottom for w in words),
                    height=float(median(w.bbox.bottom - w.bbox.top for w in words)) or 1.0,
                )
            )
    return rows


@dataclass(slots=True)
class _Line:
    words: list[Word]
    centre: float
    height: float

    @classmethod
    def of(cls, words: list[Word]) -> _Line:
        """Centre and height are medians: one stroke of a seal must not drag a line away."""
        return cls(
            words,
            float(median((w.bbox.top + w.bbox.bottom) / 2 for w in words)),
            max(1.0, float(median(w.bbox.bottom - w.bbox.top for w in words))),
        )

    def stands_beside(self, other: _Line) -> bool:
        if abs(self.centre - other.centre) > 0.5 * min(self.height, other.height):
            return False
        mine = (min(w.bbox.left for w in self.words), max(w.bbox.right for w in self.words))
        theirs = (min(w.bbox.left for w in other.words), max(w.bbox.right for w in other.words))
        shared = min(mine[1], theirs[1]) - max(mine[0], theirs[0])
        return shared <= 0.2 * min(mine[1] - mine[0], theirs[1] - theirs[0])


def _merged_lines(page: PageText) -> list[list[Word]]:
    lines = sorted((_Line.of(words) for words in page.lines() if words), key=lambda line: line.centre)
    merged: list[_Line] = []
    for line in lines:
        for index in range(len(merged) - 1, max(-1, len(merged) - 5), -1):
            if merged[index].stands_beside(line):
                merged[index] = _Line.of(merged[index].words + line.words)
                break
        else:
            merged.append(line)
    return [sorted(line.words, key=lambda w: w.bbox.left) for line in merged]


def _split_word(word: Word) -> list[Token]:
    # A corrected mark is a language model's guess; index fields hold what was read.
    text = word.raw or word.text
    pieces = [m.group() for m in _PIECE.finditer(text) if m.group()]
    if len(pieces) <= 1:
        return [Token(text, fold_letters(text), word.bbox, word.confidence)]
    tokens: list[Token] = []
    width = word.bbox.right - word.bbox.left
    position = 0
    for piece in pieces:
        left = word.bbox.left + width * position // len(text)
        position += len(piece)
        right = word.bbox.left + width * position // len(text)
        box = Bbox(left, word.bbox.top, max(left + 1, right), word.bbox.bottom)
        tokens.append(Token(piece, fold_letters(piece), box, word.confidence, glued=bool(tokens)))
    return tokens

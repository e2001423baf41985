"""The piece of a page where the words stand that somebody looked for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from warehouse.hits import Snippet, SnippetPart
from warehouse.names import fold_text

Page = tuple[int, str]
"""Page number and text."""

LENGTH = 200
"""Letters of a snippet, about."""

_NEAR = 20
_WORD = re.compile(r"[^\W_]+")
_BLANKS = re.compile(r"\s+")
_Span = tuple[int, int, str]


def best_snippet(pages: Sequence[Page], words: Sequence[str]) -> Snippet | None:
    """The place that holds most of the folded ``words``, and of equal ones the first; ``None`` when none stands."""
    asked = frozenset(words)
    best: tuple[int, int, str, list[_Span]] | None = None
    for number, raw in pages:
        text = unicodedata.normalize("NFC", raw)
        spans = _densest(_found(text, asked))
        different = len({word for _, _, word in spans})
        if spans and (best is None or different > best[0]):
            best = different, number, text, spans
        if different == len(asked):
            break
    return Snippet(best[1], _parts(best[2], best[3])) if best else None


def _found(text: str, asked: frozenset[str]) -> list[_Span]:
    found = []
    for token in _WORD.finditer(text):
        # One token may fold to several words (½), never the other way round.
        for word in fold_text(token[0]).split():
            if word in asked:
                found.append((token.start(), token.end(), word))
                break
    return found


def _densest(spans: list[_Span]) -> list[_Span]:
    """The run of matches within ``LENGTH`` with the most different words, then the closest together."""
    best: list[_Span] = []
    score = (0, 0)
    first = 0
    for last, span in enumerate(spans):
        while span[1] - spans[first][0] > LENGTH:
            first += 1
        run = spans[first : last + 1]
        different = {word for _, _, word in run}
        # from the right: drop what stands again later
        while len(run) > 1 and run[0][2] in {word for _, _, word in run[1:]}:
            run = run[1:]
        ranked = (len(different), -(run[-1][1] - run[0][0]))
        if ranked > score:
            best, score = run, ranked
    return best


def _parts(text: str, spans: list[_Span]) -> tuple[SnippetPart, ...]:
    spare = max(0, LENGTH - (spans[-1][1] - spans[0][0])) // 2
    start = _word_start(text, max(0, spans[0][0] - spare), spans[0][0])
    end = _word_end(text, min(len(text), spans[-1][1] + spare), spans[-1][1])
    parts = [SnippetPart("…", False)] if start > 0 else []
    at = start
    for left, right, _ in spans:
        if left > at:
            parts.append(SnippetPart(_BLANKS.sub(" ", text[at:left]), False))
        parts.append(SnippetPart(text[left:right], True))
        at = right
    if end > at:
        parts.append(SnippetPart(_BLANKS.sub(" ", text[at:end]), False))
    if end < len(text):
        parts.append(SnippetPart("…", False))
    return tuple(parts)


def _word_start(text: str, at: int, last: int) -> int:
    """Beginning of the first whole word from ``at`` on, unless that is far away."""
    near = text.find(" ", at, min(at + _NEAR, last))
    return near + 1 if at > 0 and near >= 0 else at


def _word_end(text: str, at: int, first: int) -> int:
    near = text.rfind(" ", max(at - _NEAR, first), at)
    return near if at < len(text) and near >= 0 else at

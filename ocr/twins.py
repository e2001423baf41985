"""Signs that look alike but for their size or foot: ``S`` and ``s``, full stop and comma, semicolon and colon.

The engine can hardly tell them on small print, and says so by its alternatives; what stands around them can. A
capital between small words that the engine holds hardly better than its small twin is the small one, a full stop
before a small letter is a comma, a semicolon before a value is a label's colon. The reading stays in ``Word.raw``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from manifests.text import Word
from ocr.neighbours import Neighbours, load_neighbours
from ocr.tones import Alternatives

_TWIN = 8.0
"""How far behind the engine held the small letter, at most; of sixteen typed pages, wrong capitals measured 1.5–7.3,
right ones 13 and more."""
_COMMA = 20.0
_COLON = 8.0
"""The same for the colon of a label read as a semicolon; right ones inside a line measured 9.2 and more."""
_ROOM = 1.5
"""A word and the space before it, in widths of the word."""
_SIGNS = ".,;:()“”\"'-"


def settle_twins(
    words: Sequence[Word], alternatives: Alternatives, neighbours: Neighbours | None = None
) -> tuple[Word, ...]:
    """``words`` (one page, in reading order) with capitals and full stops made small where only that fits.

    Args:
        alternatives: Of the engine, by the words as it read them; a word without is left alone.
        neighbours: The figures; those of the project when ``None``.
    """
    neighbours = neighbours or load_neighbours()
    settled = list(words)
    for index, word in enumerate(words):
        choices = alternatives.get((word.raw or word.text, word.bbox), ())
        if len(choices) != len(word.text):
            continue
        before = words[index - 1] if index and words[index - 1].block == word.block else None
        after = words[index + 1] if index + 1 < len(words) and words[index + 1].block == word.block else None
        text = word.text
        core = text.strip(_SIGNS)
        if before and core and _is_small(core, before.text, after.text if after else "", neighbours):
            place = text.index(core)
            doubted = choices[place].get(core[0].lower(), _TWIN + 1) <= _TWIN
            if doubted and not _begins_anew(before, word, words):
                text = text[:place] + text[place].lower() + text[place + 1 :]
        stop = text[-1] == "." and text[-2:-1].isalpha() and len(core) > 1 and core.lower() in neighbours.words
        if stop and after and after.text[0].islower() and choices[-1].get(",", _COMMA + 1) <= _COMMA:
            text = f"{text[:-1]},"
        if after and _is_label(word, after) and choices[-1].get(":", _COLON + 1) <= _COLON:
            text = f"{text[:-1]}:"
        if text != word.text:
            settled[index] = replace(word, text=text, raw=word.raw or word.text)
    return tuple(settled)


def _is_label(word: Word, after: Word) -> bool:
    """``Số; 15``: a list's semicolon ends its line, or a small word follows it."""
    value = after.text[0].isdigit() or after.text[0].isupper()
    return word.text.endswith(";") and word.text[:-1].isalpha() and word.line == after.line and value


def _begins_anew(before: Word, word: Word, words: Sequence[Word]) -> bool:
    """Whether the line above ends though ``word`` had found room in it: a paragraph or a row begins."""
    if before.line == word.line:
        return False
    right = max(other.bbox.right for other in words if other.block == word.block)
    return before.bbox.right + _ROOM * (word.bbox.right - word.bbox.left) < right


def _is_small(core: str, before: str, after: str, neighbours: Neighbours) -> bool:
    """Whether a word with a capital stands among small words, and is known there; names are followed by names."""
    if len(before) < 2 or not (before[0].islower() and before[-1].isalpha()):
        return False
    if not (core[0].isupper() and core[1:].islower()):
        return False
    small, after = core.lower(), after.strip(_SIGNS)
    if after[:1].isupper():
        return False
    return neighbours.are_neighbours(before, small) or neighbours.are_neighbours(small, after)

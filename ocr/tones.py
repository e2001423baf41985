"""Tone marks put right where the words around them and the engine's own doubt agree on it.

Most misread words of ordinary print differ from the paper in marks alone: ``khẩn`` comes out as ``khân``, ``đổi`` as
``đối``. A word is replaced only by a word of the same letters with other marks, chosen along the line by three
witnesses: how often it stands beside its neighbours in administrative language, how far behind the engine held it,
and a toll on every change. Figures, codes and mixed words are never touched; a capitalised word (a name, a place)
only beside a neighbour it is known with. The reading stays in ``Word.raw``; index fields use that one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from manifests.text import Bbox, Word
from ocr.choices import Choices
from ocr.fields.names import is_name_word
from ocr.neighbours import Neighbours, fold_marks, load_neighbours
from ocr.syllables import is_syllable

Alternatives = Mapping[tuple[str, Bbox], Choices]
"""The engine's alternatives for a word of this text in this box."""

_WEIGHT = 0.15
"""What one unit of the engine's cost counts against one of log share; 0.1–0.2 read ten typed pages alike."""
_TOLL = 2.0
_NAME_TOLL = 3.0
_BLIND = 20.0
"""Cost of one letter where the engine does not tell its alternatives."""
_SURE = 40.0
"""Cost of one letter beside which the engine held no other: it saw that mark."""
_ABSENT = 8.0
_LEAST_ABSENT = 10.0
"""A letter that is not among the alternatives told costs ``_ABSENT`` more than the worst of them, or than this."""
_NAME_SHARE = 1e-4
_SYLLABLE_SHARE = 1e-6
"""Shares of a word with a capital that names are made of, and of any other syllable with one: the law names nobody,
so that its figures would make ``Đăng`` of every ``Đặng``."""
_FARTHEST = 45.0
_BEAM = 16
_HOPELESS = 12.0
"""Log shares a way lies behind the best one when it is followed no further; 24 pages come out alike from 8 on."""
_GAP = 1.6
"""A wider gap than this many line heights is a border of cells or columns: no neighbours across it."""

_TENS = "mươi"
_TENS_OF = frozenset(["hai", "ba", "bốn", "tư", "năm", "sáu", "bảy", "bẩy", "tám", "chín", "mấy"])
"""Only after these is ten ``mươi``: numbers in words are index fields, and the figures hold more tens than teens."""

_WORD = re.compile(r"([^\w]*)([^\W\d_]+)([^\w]*)")
_STOPS = re.compile(r"[^,'\"]")


@dataclass(frozen=True, slots=True)
class _Place:
    """One word that may be corrected: its letters between signs, and its spellings with their costs."""

    word: Word
    before: str
    core: str
    after: str
    spellings: dict[str, float]
    named: bool


@dataclass(frozen=True, slots=True)
class _Path:
    """A way through the spellings of one run, from its end back."""

    score: float
    spelling: str
    back: _Path | None


def correct_tones(
    words: Sequence[Word], alternatives: Alternatives, neighbours: Neighbours | None = None
) -> tuple[Word, ...]:
    """``words`` (one page, in reading order) with marks put right; what was changed keeps its reading in ``raw``.

    Args:
        alternatives: Of the engine; a word without is believed to have been read firmly.
        neighbours: The figures; those of the project when ``None``.
    """
    neighbours = neighbours or load_neighbours()
    corrected = list(words)
    for run in _runs(words, alternatives, neighbours):
        spellings = _best_path([place for _, place in run], neighbours)
        for number, (index, place) in enumerate(run):
            spelling = spellings[number]
            if spelling == place.core.lower():
                continue
            left = spellings[number - 1] if number else None
            right = spellings[number + 1] if number + 1 < len(run) else None
            known = neighbours.are_neighbours(left, spelling) or neighbours.are_neighbours(spelling, right)
            if (place.core[0].isupper() and not known) or (spelling == _TENS and left not in _TENS_OF):
                continue
            text = f"{place.before}{_cased(spelling, place.core)}{place.after}"
            corrected[index] = replace(place.word, text=text, raw=place.word.raw or place.word.text)
    return tuple(corrected)


def _runs(
    words: Sequence[Word], alternatives: Alternatives, neighbours: Neighbours
) -> Iterator[list[tuple[int, _Place]]]:
    """Words that follow each other without a full stop, a figure or a wide gap between, with their place."""
    run: list[tuple[int, _Place]] = []
    previous: Word | None = None
    ended = sentence = True
    value = False
    for index, word in enumerate(words):
        value = value and previous is not None and (previous.block, previous.line) == (word.block, word.line)
        match = _WORD.fullmatch(word.text)
        if ended or match is None or _STOPS.search(match[1]) or _apart(previous, word):
            if run:
                yield run
            run = []
        if match is not None:
            before, core, after = match.groups()
            starts = not run and (sentence or bool(before))
            choices = alternatives.get((word.text, word.bbox), ())[len(before) : len(before) + len(core)]
            loud = core.isupper() and len(core) > 1
            capital = core[0].isupper() and not starts and not loud
            value = value and loud
            # After a colon stand names in capitals: the law would make ``THI HÀNH`` of ``THỊ HẠNH``.
            own = value and is_name_word(core)
            spellings = {core.lower(): 0.0} if own else _spellings(core, choices, neighbours)
            run.append((index, _Place(word, before, core, after, spellings, capital)))
            ended = _STOPS.search(after) is not None
            # What follows a colon is a value as often as a sentence: its capital may be a name's.
            sentence = ended and ":" not in after
            value = value or ":" in after
        else:
            ended, sentence = True, word.text in ("-", "+", "–", "•") or word.text.endswith((".", ")"))
        previous = word
    if run:
        yield run


def _apart(previous: Word | None, word: Word) -> bool:
    if previous is None or previous.block != word.block:
        return True
    height = word.bbox.bottom - word.bbox.top
    return previous.line == word.line and word.bbox.left - previous.bbox.right > _GAP * height


def _spellings(core: str, choices: Choices, neighbours: Neighbours) -> dict[str, float]:
    """The words of the same letters, lower case, and what the engine has against each; the reading costs 0."""
    read = core.lower()
    costs = {read: 0.0}
    for spelling in neighbours.spellings.get(fold_marks(core), ()):
        if spelling == read or len(spelling) != len(read):
            continue
        cost = sum(
            _cost(char, wanted, choices[i] if i < len(choices) else None)
            for i, (char, wanted) in enumerate(zip(core, spelling, strict=True))
            if char.lower() != wanted
        )
        if cost <= _FARTHEST:
            costs[spelling] = cost
    return costs


def _cost(char: str, wanted: str, others: Mapping[str, float] | None) -> float:
    if not others:
        return _BLIND if others is None else _SURE
    offered = [others[form] for form in (wanted, wanted.upper()) if form in others]
    if offered:
        return min(offered)
    return max(*others.values(), _LEAST_ABSENT) + _ABSENT


def _least_share(spelling: str) -> float:
    """Of a word with a capital, which may be a name the figures do not hold."""
    if is_name_word(spelling):
        return _NAME_SHARE
    return _SYLLABLE_SHARE if is_syllable(spelling) else 0.0


def _best_path(run: Sequence[_Place], neighbours: Neighbours) -> list[str]:
    """The likeliest spellings of a run, one for each place."""
    beam: dict[tuple[str | None, str | None], _Path | None] = {(None, None): None}
    for place in run:
        found: dict[tuple[str | None, str | None], _Path] = {}
        tolls, least = _tolls(place), _least_shares(place)
        for before, path in beam.items():
            base = path.score if path else 0.0
            for spelling, share in neighbours.log_shares(before, least):
                score = base + share - tolls[spelling]
                key = (before[1], spelling)
                if key not in found or found[key].score < score:
                    found[key] = _Path(score, spelling, path)
        best = max(path.score for path in found.values())
        kept = [item for item in found.items() if item[1].score > best - _HOPELESS]
        beam = dict(sorted(kept, key=lambda item: -item[1].score)[:_BEAM])
    ends = [path for path in beam.values() if path is not None]
    node: _Path | None = max(ends, key=lambda path: path.score)
    spellings: list[str] = []
    while node is not None:
        spellings.append(node.spelling)
        node = node.back
    return spellings[::-1]


def _tolls(place: _Place) -> dict[str, float]:
    """What speaks against each spelling but the reading."""
    read = place.core.lower()
    toll = _TOLL + _NAME_TOLL * place.named
    return {word: 0.0 if word == read else toll + _WEIGHT * cost for word, cost in place.spellings.items()}


def _least_shares(place: _Place) -> list[tuple[str, float]]:
    capital = place.core[0].isupper()
    return [(word, _least_share(word) if capital else 0.0) for word in place.spellings]


def _cased(spelling: str, pattern: str) -> str:
    if pattern.isupper() and len(pattern) > 1:
        text = spelling.upper()
    elif pattern[0].isupper():
        text = spelling[0].upper() + spelling[1:]
    else:
        text = spelling
    return unicodedata.normalize("NFC", text)

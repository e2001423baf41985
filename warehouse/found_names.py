"""Which names were meant: typed words → words that are spelled (nearly) so → whole names that hold them."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from rapidfuzz.distance import OSA

from warehouse.asked import MOST_WORDS
from warehouse.names import search_name, search_words
from warehouse.schema_search import name_posting, name_word
from warehouse.search_index import variants

MOST_NAMES = 500
"""Names of one kind that are looked at."""

_COMMON = 20_000  # names that hold a word, beyond which it does not matter how many more
_HOLDS, _MOST_COUNTED = 600.0, 8_192  # seconds, and words, that such a number is kept
_LONG = 8  # letters of a word that may hold two slips


_counted: OrderedDict[tuple[sa.URL, str], tuple[int, float]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class NameGroup:
    """Names, folded, the best first.

    Attributes:
        similar: They hold the typed words but for slips of a letter.
        whole: The name is exactly what was typed, diacritics aside.
    """

    names: tuple[str, ...]
    similar: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class _Sought:
    """Names that hold a word of each set; for ``slipped`` words the set has what they may have been."""

    sets: tuple[tuple[str, ...], ...]
    slipped: tuple[str, ...] = ()


def name_groups(connection: sa.Connection, typed: str) -> Iterator[NameGroup]:
    """Names that fit what was typed, the best first; each group is only looked for when it is asked for."""
    whole = search_name(typed)
    yield NameGroup((whole,), whole=True)
    words = tuple(dict.fromkeys(search_words(typed)))[:MOST_WORDS]
    near = _near(connection, words)
    unknown = tuple(word for word in words if word not in near[word])
    if not unknown:
        found = _names(connection, [_Sought(tuple((word,) for word in words))])
        exact = sorted((name for name, _ in found if name != whole), key=lambda name: _fit(name, whole))
        if exact:
            yield NameGroup(tuple(exact))
    slips: dict[str, int] = {}
    for name, sought in _names(connection, _with_slips(words, near, unknown)):
        held = set(name.split())
        count = sum(min(near[word][it] for it in near[word] if it in held) for word in sought.slipped)
        slips[name] = min(count, slips.get(name, count))
    if slips:
        yield NameGroup(tuple(sorted(slips, key=lambda name: (slips[name], len(name), name))), similar=True)


def _fit(name: str, typed: str) -> tuple[int, int, str]:
    """Same words, typed words at an end of the name, typed words somewhere; shorter names first."""
    if sorted(name.split()) == sorted(typed.split()):
        return 0, 0, name
    at_an_end = f"{name} ".startswith(f"{typed} ") or f" {name}".endswith(f" {typed}")
    return (1 if at_an_end else 2), name.count(" "), name


def _near(connection: sa.Connection, words: Sequence[str]) -> dict[str, dict[str, int]]:
    """For each word the words of names that differ from it by a slip or none, with the number of slips."""
    wanted = {word: variants(word) for word in words}
    query = sa.select(name_word.c.variant, name_word.c.word).where(
        name_word.c.variant.in_(sorted(set().union(*wanted.values())))
    )
    rows = connection.execute(query).all()
    near: dict[str, dict[str, int]] = {}
    for word, its in wanted.items():
        most = 0 if len(word) < 2 else 2 if len(word) >= _LONG else 1
        slips = {it: OSA.distance(word, it) for variant, it in rows if variant in its}
        near[word] = {it: count for it, count in slips.items() if count <= most}
    return near


def _with_slips(words: Sequence[str], near: dict[str, dict[str, int]], unknown: tuple[str, ...]) -> list[_Sought]:
    """Words no name holds must be slips; otherwise one word at a time may be one, in a name of several words."""
    tries = [unknown] if unknown else [(word,) for word in words if len(words) > 1 and len(word) > 2]
    sought = []
    for slipped in tries:
        sets = tuple(tuple(it for it in near[word] if it != word) if word in slipped else (word,) for word in words)
        if all(sets):
            sought.append(_Sought(sets, slipped))
    return sought


def _names(connection: sa.Connection, sought: Sequence[_Sought]) -> list[tuple[str, _Sought]]:
    """Names for each of ``sought``, at most ``MOST_NAMES`` each, in the order of their letters."""
    if not sought:
        return []
    counts = _how_many(connection, {word for it in sought for words in it.sets for word in words})

    def work(words: tuple[str, ...]) -> tuple[int, int]:
        # Names of one word come in order, and the walk ends with the last that is wanted; others are sorted first.
        return min(_COMMON, sum(counts[word] for word in words)), len(words)

    some = [_names_with(sorted(it.sets, key=work), at).subquery() for at, it in enumerate(sought)]
    query = sa.union_all(*(sa.select(it) for it in some))
    return [(row.name, sought[row.at]) for row in connection.execute(query)]


def _names_with(sets: Sequence[tuple[str, ...]], at: int) -> sa.Select[tuple[str, int]]:
    """Names that hold a word of each set; the first set, the rarest, is walked along.

    Whether a name holds the others too it tells itself: looking them up, or joining all their names, takes longer.
    """
    rarest, *others = sets
    posting = name_posting.c
    query = sa.select(posting.name, sa.literal_column(str(at), sa.Integer).label("at"))
    query = query.where(_one_of(posting.word, rarest))
    blank = sa.literal_column("' '", sa.Text)
    for words in sorted(others, key=len):
        held = (blank.concat(posting.name).concat(blank).contains(f" {word} ") for word in words)
        query = query.where(sa.or_(*held))
    return query.order_by(posting.name).limit(MOST_NAMES)


def _how_many(connection: sa.Connection, words: set[str]) -> dict[str, int]:
    """How many names hold each word, at most ``_COMMON``, as it was some minutes ago: only the road depends on it."""
    url, now = connection.engine.url, time.monotonic()
    with _lock:
        counts = {word: it[0] for word in words if (it := _counted.get((url, word))) and now - it[1] < _HOLDS}
    if missing := sorted(words - counts.keys()):
        asked = []
        for word in missing:
            some = sa.select(sa.literal_column("1")).where(name_posting.c.word == word).limit(_COMMON).subquery()
            asked.append(sa.select(sa.func.count()).select_from(some).scalar_subquery())
        found = dict(zip(missing, connection.execute(sa.select(*asked)).one(), strict=True))
        with _lock:
            for word, count in found.items():
                _counted[url, word] = count, now
                _counted.move_to_end((url, word))
            while len(_counted) > _MOST_COUNTED:
                _counted.popitem(last=False)
        counts |= found
    return counts


def _one_of(column: sa.ColumnElement[str], words: Sequence[str]) -> sa.ColumnElement[bool]:
    return column == words[0] if len(words) == 1 else column.in_(words)

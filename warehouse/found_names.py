"""Which names were meant: typed words → words that are spelled (nearly) so → whole names that hold them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import sqlalchemy as sa
from rapidfuzz.distance import OSA

from warehouse.asked import MOST_WORDS
from warehouse.names import search_name, search_words
from warehouse.schema_search import name_posting, name_word
from warehouse.search_index import variants

MOST_NAMES = 500
"""Names of one kind that are looked at."""

_COMMON = 2_000  # beyond this it does not matter how many names hold a word
_LONG = 8  # letters of a word that may hold two slips


@dataclass(frozen=True, slots=True)
class NameGroup:
    """Names, folded, that fit equally well, in their order.

    Attributes:
        slips: Letters that differ from what was typed.
        whole: The name is exactly what was typed, diacritics aside.
    """

    names: tuple[str, ...]
    slips: int = 0
    whole: bool = False


def name_groups(connection: sa.Connection, typed: str) -> Iterator[NameGroup]:
    """Names that fit what was typed, the best first; each group is only looked for when it is asked for."""
    whole = search_name(typed)
    yield NameGroup((whole,), whole=True)
    words = list(dict.fromkeys(search_words(typed)))[:MOST_WORDS]
    near = {word: _near(connection, word) for word in words}
    unknown = [word for word in words if not any(slips == 0 for slips in near[word].values())]
    if not unknown:
        exact = [name for name in _names_with(connection, [[word] for word in words]) if name != whole]
        for _, names in groupby(sorted(exact, key=lambda it: _fit(it, whole)), key=lambda it: _fit(it, whole)[0]):
            yield NameGroup(tuple(names))
    similar = _similar(connection, words, near, unknown)
    for slips, names in groupby(sorted(similar, key=lambda it: (similar[it], len(it), it)), key=similar.__getitem__):
        yield NameGroup(tuple(names), slips=slips)


def _fit(name: str, typed: str) -> tuple[int, int, str]:
    """Same words, typed words at an end of the name, typed words somewhere; shorter names first."""
    if sorted(name.split()) == sorted(typed.split()):
        return 0, 0, name
    at_an_end = f"{name} ".startswith(f"{typed} ") or f" {name}".endswith(f" {typed}")
    return (1 if at_an_end else 2), name.count(" "), name


def _near(connection: sa.Connection, word: str) -> dict[str, int]:
    """Words of names that differ from ``word`` by a slip or none, with the number of slips."""
    query = sa.select(name_word.c.word).where(name_word.c.variant.in_(variants(word))).distinct()
    most = 0 if len(word) < 2 else 2 if len(word) >= _LONG else 1
    slips = {it: OSA.distance(word, it) for it in connection.execute(query).scalars()}
    return {it: count for it, count in slips.items() if count <= most}


def _similar(
    connection: sa.Connection, words: Sequence[str], near: dict[str, dict[str, int]], unknown: Sequence[str]
) -> dict[str, int]:
    """Names that hold the words but for slips, with their number.

    Words no name holds must be slips; otherwise one word at a time may be one, in a name of several words.
    """
    tries = [unknown] if unknown else [[word] for word in words if len(words) > 1 and len(word) > 2]
    found: dict[str, int] = {}
    for slipped in tries:
        sets = [[it for it in near[word] if it != word] if word in slipped else [word] for word in words]
        if not all(sets):
            continue
        for name in _names_with(connection, sets):
            parts = set(name.split())
            slips = sum(min(near[word][it] for it in near[word] if it in parts) for word in slipped)
            found[name] = min(slips, found.get(name, slips))
    return found


def _names_with(connection: sa.Connection, sets: Sequence[Sequence[str]]) -> list[str]:
    """Names that hold a word of each set, by name, at most ``MOST_NAMES``."""
    rarest, *others = sorted(sets, key=lambda words: _how_many(connection, words))
    posting = name_posting.alias()
    query = sa.select(posting.c.name).where(_one_of(posting.c.word, rarest))
    for words in others:
        other = name_posting.alias()
        held = sa.select(other.c.name).where(_one_of(other.c.word, words), other.c.name == posting.c.name)
        query = query.where(held.exists())
    query = query.order_by(posting.c.name).limit(MOST_NAMES)
    return list(dict.fromkeys(connection.execute(query).scalars()))


def _how_many(connection: sa.Connection, words: Sequence[str]) -> int:
    some = sa.select(sa.literal(1)).where(_one_of(name_posting.c.word, words)).limit(_COMMON).subquery()
    return connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()


def _one_of(column: sa.ColumnElement[str], words: Sequence[str]) -> sa.ColumnElement[bool]:
    return column == words[0] if len(words) == 1 else column.in_(words)

"""What else the engine could have read, letter by letter: the channel through which a correction must go.

libtesseract's recurrent network weighs several letters at each place and keeps the best. How far behind the others
were says whether a mark was seen or guessed; asking for them costs nothing measurable.
"""

from __future__ import annotations

from collections.abc import Sequence

Choices = tuple[dict[str, float], ...]
"""One mapping for each character of a word: other readings of that character to how much worse than the one taken,
≥ 0, in the engine's own unit (a few: it might as well; 20 and more: hardly)."""

_SKIP = 3.0
_ABSENT = 45.0
_WORST = 40.0


def align_choices(text: str, lists: Sequence[Sequence[tuple[str, float]]]) -> Choices:
    """The engine's lists of alternatives, put to the characters of the word they belong to.

    Args:
        text: The word as it was read, NFC.
        lists: In reading order; each holds readings of one place with their costs. There are lists for spaces and
            for places that came to nothing, so their number is not that of the characters.

    Returns:
        One mapping for each character; empty where no list belongs to it.
    """
    tables: list[dict[str, float]] = []
    for places in lists:
        table: dict[str, float] = {}
        for reading, cost in places:
            table[reading] = min(cost, table.get(reading, cost))
        if table and next(iter(table)) != " ":
            tables.append(table)
    if len(tables) == len(text) and all(char in table for char, table in zip(text, tables, strict=True)):
        taken: list[dict[str, float] | None] = list(tables)
    else:
        taken = _aligned(text, tables)
    return tuple(_behind(char, table) for char, table in zip(text, taken, strict=True))


def _aligned(text: str, tables: list[dict[str, float]]) -> list[dict[str, float] | None]:
    """The cheapest way to give characters their tables in order: either may be left out."""
    width = len(tables)
    best = [[_SKIP * j for j in range(width + 1)]]
    moves: list[list[int]] = [[0] * (width + 1)]  # 0: table skipped, 1: character without table, 2: both
    for char in text:
        above = best[-1]
        row, move = [above[0] + _ABSENT], [1]
        for j in range(1, width + 1):
            ways = [row[j - 1] + _SKIP, above[j] + _ABSENT]
            cost = tables[j - 1].get(char)
            if cost is not None:
                ways.append(above[j - 1] + min(cost, _WORST))
            least = min(ways)
            row.append(least)
            move.append(ways.index(least))
        best.append(row)
        moves.append(move)
    found: list[dict[str, float] | None] = [None] * len(text)
    i, j = len(text), width
    while i > 0:
        way = moves[i][j] if j else 1
        if way == 2:
            found[i - 1] = tables[j - 1]
        i -= way in (1, 2)
        j -= way in (0, 2)
    return found


def _behind(char: str, table: dict[str, float] | None) -> dict[str, float]:
    if table is None or char not in table:
        return {}
    taken = table[char]
    return {reading: max(0.0, cost - taken) for reading, cost in table.items() if reading != char}

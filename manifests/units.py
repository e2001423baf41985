"""Administrative units of Hanoi: a unit is a code and a validity, because codes are reused.

``00256`` is Lê Đại Hành on a paper of 1998 and Hai Bà Trưng on one of August 2025. Nothing here decides who holds
an archive: for a ward that was split, that is an administrative assignment.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources


class Tier(StrEnum):
    CITY = "city"
    DISTRICT = "district"
    """Gone since 2025-07-01."""
    WARD = "ward"
    """Phường, xã, thị trấn."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit during one validity.

    Attributes:
        code: Official code with its leading zeros: 2 (city), 3 (district) or 5 digits (ward, commune).
        name: Vietnamese, with its kind: ``Phường Bạch Mai``.
        parent_code: Unit above it during this validity; ``None`` for the city.
        valid_from: First day; ``None`` when the beginning is not recorded.
        valid_to: Last day, inclusive; ``None`` when still valid.
    """

    code: str
    name: str
    tier: Tier
    parent_code: str | None
    valid_from: dt.date | None
    valid_to: dt.date | None

    def valid_on(self, date: dt.date) -> bool:
        """Whether the unit existed on ``date``; an unrecorded beginning counts as since ever."""
        return (self.valid_from is None or self.valid_from <= date) and (
            self.valid_to is None or date <= self.valid_to
        )

    def valid_in(self, year: int) -> bool:
        """Whether the unit existed on any day of ``year``."""
        return (self.valid_from is None or self.valid_from.year <= year) and (
            self.valid_to is None or year <= self.valid_to.year
        )

    def validity(self) -> str:
        """The validity in Vietnamese: ``đến 30/06/2025``, ``từ 01/07/2025``, ``từ … đến …``."""
        parts = []
        if self.valid_from:
            parts.append(f"từ {self.valid_from:%d/%m/%Y}")
        if self.valid_to:
            parts.append(f"đến {self.valid_to:%d/%m/%Y}")
        return " ".join(parts) or "không giới hạn"


class Extent(StrEnum):
    FULL = "full"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Succession:
    """One former ward going, in whole or in part, to one new unit on ``date`` (NQ 1656/NQ-UBTVQH15)."""

    predecessor_code: str
    predecessor_name: str
    successor_code: str
    successor_name: str
    extent: Extent
    date: dt.date = dt.date(2025, 7, 1)


_FIRST_DAY = dt.date.min


class UnitRegistry:
    """Units by code and time. Immutable after it is made."""

    def __init__(self, units: Iterable[Unit], successions: Iterable[Succession] = ()) -> None:
        self._by_code: dict[str, tuple[Unit, ...]] = {}
        for unit in sorted(units, key=lambda u: (u.code, u.valid_from or _FIRST_DAY)):
            self._by_code[unit.code] = (*self._by_code.get(unit.code, ()), unit)
        self._successions = tuple(successions)

    def __iter__(self) -> Iterator[Unit]:
        return iter(self.all())

    def all(self) -> tuple[Unit, ...]:
        """Every unit in every validity, by code and then by time."""
        return tuple(unit for validities in self._by_code.values() for unit in validities)

    def with_code(self, code: str) -> tuple[Unit, ...]:
        """All units that ever bore ``code``, oldest first; empty for an unknown code."""
        return self._by_code.get(code, ())

    def at(self, code: str, date: dt.date) -> Unit | None:
        """The unit that bore ``code`` on ``date``; ``None`` when none did."""
        return next((unit for unit in self.with_code(code) if unit.valid_on(date)), None)

    def in_year(self, code: str, year: int) -> Unit | None:
        """The unit that bore ``code`` on any day of ``year``; of several, the latest.

        A manifest gives only the year of a result. In 2025 a code can have meant two units; the latest is a
        guess that the date on the paper settles later through ``at``.
        """
        return next((unit for unit in reversed(self.with_code(code)) if unit.valid_in(year)), None)

    def with_number(self, number: int) -> tuple[str, ...]:
        """Codes that a spreadsheet shows as ``number`` after it dropped leading zeros, shortest first."""
        spellings = dict.fromkeys(str(number).zfill(width) for width in (2, 3, 5))
        return tuple(code for code in spellings if code in self._by_code)

    def successors(self, code: str) -> tuple[Succession, ...]:
        """Where the ward that bore ``code`` until 2025-06-30 went; empty when it was no ward then."""
        return tuple(step for step in self._successions if step.predecessor_code == code)

    def predecessors(self, code: str) -> tuple[Succession, ...]:
        """Which wards the unit that bears ``code`` since 2025-07-01 was made of."""
        return tuple(step for step in self._successions if step.successor_code == code)


def _rows(name: str) -> list[dict[str, str]]:
    text = resources.files("manifests").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _date(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@cache
def units() -> UnitRegistry:
    """The units and the succession that come with the project; ``data/README.md`` names the sources."""
    return UnitRegistry(
        units=(
            Unit(
                code=row["code"],
                name=row["name"],
                tier=Tier(row["tier"]),
                parent_code=row["parent_code"] or None,
                valid_from=_date(row["valid_from"]),
                valid_to=_date(row["valid_to"]),
            )
            for row in _rows("hanoi_units.csv")
        ),
        successions=(
            Succession(
                predecessor_code=row["predecessor_code"],
                predecessor_name=row["predecessor_name"],
                successor_code=row["successor_code"],
                successor_name=row["successor_name"],
                extent=Extent(row["extent"]),
            )
            for row in _rows("hanoi_succession_2025-07-01.csv")
        ),
    )

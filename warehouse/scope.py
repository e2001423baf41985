"""What somebody may see: the units they answer for, and the papers of former units these hold today.

What a scope holds follows from the units somebody answers for: everything below them, and the papers of former units
that these units hold today: those assigned to them (``warehouse.custody``), and those of units that went into them as
a whole. What nobody was given is nobody's but the City's. ``warehouse.scoped_engine`` keeps queries within it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from manifests.units import Tier, Unit, UnitRegistry, units
from warehouse.database import reading
from warehouse.reference import today, unit_id, year_ranges
from warehouse.schema_progress import custody, unit_heir

OPEN_FROM, OPEN_TO = dt.date(1, 1, 1), dt.date(9999, 12, 31)
"""First and last day of a unit whose beginning or end no register knows."""


@dataclass(frozen=True, slots=True, order=True)
class UnitYears:
    """One unit: its code, and the years whose papers count to it."""

    unit_id: str
    code: str
    first_year: int
    last_year: int
    valid_from: dt.date
    valid_to: dt.date


@dataclass(frozen=True, slots=True)
class Assigned:
    """An assignment of papers of a unit; empty texts mean all. ``within``: a unit of the scope got them."""

    record_type: str
    book: str
    box: str
    first_year: int
    last_year: int
    within: bool


@dataclass(frozen=True, slots=True)
class Held:
    """A former unit some or all of whose papers are held by a unit of the scope.

    Attributes:
        assignments: The one that says most first: the first that fits a paper decides.
        rest: Whether papers that no assignment fits are within.
    """

    unit: UnitYears
    assignments: tuple[Assigned, ...]
    rest: bool


@dataclass(frozen=True, slots=True)
class Scope:
    """What somebody sees; ``units`` is ``None`` for the whole city, codes nobody knows among it."""

    units: tuple[UnitYears, ...] | None
    held: tuple[Held, ...] = ()

    @property
    def whole_city(self) -> bool:
        return self.units is None

    @property
    def reach(self) -> tuple[UnitYears, ...]:
        """Units and years outside of which nothing is seen; within them a scoped engine still looks closer.

        For questions that walk along an index by unit and year; empty for the whole city, which has no bounds.
        """
        return (*(self.units or ()), *(it.unit for it in self.held))


WHOLE_CITY = Scope(None)


def scope_of(engine: sa.Engine, answers_for: Iterable[str], registry: UnitRegistry | None = None) -> Scope:
    """The scope that follows from the codes and unit ids of an account, as papers are assigned now.

    A bare code means the unit that bears it today, or bore it last.
    """
    known = registry or units()
    wanted: dict[str, Unit] = {}
    queue = [unit for name in answers_for for unit in _named(known, name)]
    while queue:
        unit = queue.pop()
        if unit.tier is Tier.CITY:
            return WHOLE_CITY
        key = unit_id(unit.code, unit.valid_from)
        if key not in wanted:
            wanted[key] = unit
            queue += [it for it in known.all() if it.parent_code == unit.code and _overlap(it, unit)]
    custodians = {unit.code for unit in wanted.values() if unit.valid_to is None}
    return Scope(
        units=tuple(sorted(_years(known, unit) for unit in wanted.values())),
        held=_held(engine, known, custodians, set(wanted)),
    )


def _named(registry: UnitRegistry, name: str) -> list[Unit]:
    code, _, rest = name.partition("@")
    same_code = registry.with_code(code)
    if rest:
        return [it for it in same_code if unit_id(it.code, it.valid_from) == name]
    return list(same_code[-1:])


def _overlap(a: Unit, b: Unit) -> bool:
    return (a.valid_from or OPEN_FROM) <= (b.valid_to or OPEN_TO) and (b.valid_from or OPEN_FROM) <= (
        a.valid_to or OPEN_TO
    )


def _years(registry: UnitRegistry, unit: Unit) -> UnitYears:
    same_code = registry.with_code(unit.code)
    first, last = year_ranges(same_code)[same_code.index(unit)]
    return UnitYears(
        unit_id(unit.code, unit.valid_from),
        unit.code,
        first,
        last,
        unit.valid_from or OPEN_FROM,
        unit.valid_to or OPEN_TO,
    )


def _held(engine: sa.Engine, registry: UnitRegistry, custodians: set[str], own: set[str]) -> tuple[Held, ...]:
    """The former units whose papers the custodians hold, with everything that decides which of them."""
    given, heir = custody.c, unit_heir.c
    in_force = given.decided_on <= today()
    with reading(engine) as connection:
        to_them = sa.select(given.unit_id).where(given.custodian_code.in_(custodians), in_force)
        heirs = set(connection.execute(sa.select(heir.unit_id).where(heir.custodian_code.in_(custodians))).scalars())
        wanted = (heirs | set(connection.execute(to_them).scalars())) - own
        rows = connection.execute(sa.select(custody).where(given.unit_id.in_(wanted), in_force)).all()
    of_unit = {unit_id(unit.code, unit.valid_from): unit for unit in registry.all()}
    return tuple(
        Held(
            unit=_years(registry, of_unit[key]),
            assignments=tuple(
                Assigned(
                    row.record_type,
                    row.book,
                    row.box,
                    row.first_year,
                    row.last_year,
                    within=row.custodian_code in custodians,
                )
                for row in _says_most_first([row for row in rows if row.unit_id == key])
            ),
            rest=key in heirs,
        )
        for key in sorted(wanted & set(of_unit))
    )


def _says_most_first(rows: Sequence[Any]) -> list[Any]:
    """In the order of ``warehouse.custody.custodian_of``: box and book before type before years, then the later."""
    return sorted(
        rows,
        key=lambda row: (
            8 * (row.box != "")
            + 4 * (row.book != "")
            + 2 * (row.record_type != "")
            + (row.first_year > 0 or row.last_year < 9999),
            row.decided_on,
            row.id,
        ),
        reverse=True,
    )


def partly_held(scope: Scope) -> list[Held]:
    """The former units of which only some papers are within."""
    return [it for it in scope.held if it.assignments]


def whole_units(scope: Scope) -> list[str]:
    """Ids of the units all of whose papers are within."""
    return [it.unit_id for it in scope.units or ()] + [
        it.unit.unit_id for it in scope.held if it.rest and not it.assignments
    ]

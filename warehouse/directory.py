"""Names of the units, and under which of them a view shows what a whole unit issued.

Where papers of a unit were given to somebody explicitly, each cell has to be looked into (``View.CUSTODIAN`` of
``warehouse.views``). All others go one way together, so what they add up to need not be asked for once more.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.custody import explicitly_given
from warehouse.schema_progress import unit_heir
from warehouse.views import View

UNIT = ("name", "tier", "parent_code", "valid_from", "valid_to")
_NOBODY = (None,) * len(UNIT)

Shown = tuple[str, str | None, int]
"""Values of ``warehouse.views.SHOWN``."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The units as they were on one day.

    Attributes:
        given: Codes of units papers of which were given to somebody explicitly.
    """

    units: dict[str, tuple[Any, ...]]
    heirs: dict[str, str]
    holders: dict[str, str]
    districts: dict[str, str]
    given: frozenset[str]

    def named(self, unit_id: str | None) -> dict[str, Any]:
        """``UNIT`` of a unit; of one nobody knows nothing."""
        return dict(zip(UNIT, self.units.get(unit_id or "", _NOBODY), strict=True))

    def shown(self, code: str, unit_id: str | None, view: View) -> Shown:
        """Where a view shows what a unit issued that is not among ``given``."""
        if view is View.DISTRICT:
            parent = self.units[unit_id][UNIT.index("parent_code")] if unit_id in self.units else None
            return (parent, self.districts[parent], 1) if parent in self.districts else (code, unit_id, 1)
        if view is View.CUSTODIAN:
            heir = self.heirs.get(unit_id or "")
            return (code, unit_id, 0) if heir is None else (heir, self.holders.get(heir), 1)
        return code, unit_id, 1


def read_directory(connection: sa.Connection, day: dt.date) -> Directory:
    """The directory of the units, and of what was given away by ``day``."""
    unit, heir = schema.unit.c, unit_heir.c
    rows = connection.execute(sa.select(unit.unit_id, unit.code, *(unit[name] for name in UNIT))).all()
    return Directory(
        units={row.unit_id: tuple(row[2:]) for row in rows},
        heirs={
            row.unit_id: row.custodian_code
            for row in connection.execute(sa.select(heir.unit_id, heir.custodian_code))
        },
        holders={row.code: row.unit_id for row in rows if row.valid_to is None},
        districts={row.code: row.unit_id for row in rows if row.tier == "district"},
        given=explicitly_given(connection, day),
    )

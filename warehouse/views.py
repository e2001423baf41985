"""Whose papers are told together: who issued them, its former district, or who holds them today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import CELL, FIGURES, LISTED, Selection, cells, listed, summed
from warehouse.custody import custodian_of, heir_of
from warehouse.schema_progress import custody, unit_heir

SHOWN = ("shown_code", "shown_id", "assigned")
"""The unit a view shows: code, ``unit.unit_id`` (null for a code nobody knows), and 1 where papers are assigned."""


class View(StrEnum):
    ISSUER = "issuer"
    """The unit that issued the papers, as of their own date."""
    DISTRICT = "district"
    """Its former district; units that had none stand for themselves."""
    CUSTODIAN = "custodian"
    """The unit that holds the papers today; where nobody was given them, the former unit, not assigned."""


def view_cells(wanted: Selection, view: View = View.ISSUER) -> sa.Subquery:
    """``warehouse.cells.FIGURES`` per ``SHOWN`` x record type x year."""
    compared = issued_cells(wanted, view)
    keys = [compared.c[name] for name in (*SHOWN, "record_type", "year")]
    sums = (sa.func.sum(compared.c[name]).label(name) for name in FIGURES)
    return sa.select(*keys, *sums).group_by(*keys).subquery()


def issued_cells(wanted: Selection, view: View = View.ISSUER) -> sa.Subquery:
    """The same apart for each issuing unit: per ``warehouse.cells.CELL`` and ``SHOWN``.

    What the inventory lists is compared per issuing unit: a surplus of one former ward never fills a gap of another,
    whoever has both today.
    """
    if view is View.CUSTODIAN:
        return cells_by_place(wanted, wanted.day)
    return placed(cells(wanted), view, wanted.day, FIGURES)


def cells_by_place(wanted: Selection, day: dt.date) -> sa.Subquery:
    """``FIGURES`` per ``CELL`` and ``SHOWN`` of ``View.CUSTODIAN``, from the facts: kept figures tell no book."""
    plain = [name for name in FIGURES if name not in LISTED]
    return listed(placed(summed(wanted, by_place=True), View.CUSTODIAN, day, plain))


def placed(
    cell: sa.Subquery, view: View, day: dt.date, values: Sequence[str], more: Sequence[str] = ()
) -> sa.Subquery:
    """The sums of ``values`` per ``warehouse.cells.CELL``, ``SHOWN`` and ``more``; arguments as for ``shown``."""
    found = shown(cell, view, day, (*CELL, *more, *values)).subquery()
    keys = [found.c[name] for name in (*CELL, *SHOWN, *more)]
    return sa.select(*keys, *(sa.func.sum(found.c[name]).label(name) for name in values)).group_by(*keys).subquery()


def shown(cell: sa.Subquery, view: View, day: dt.date, rest: Sequence[str]) -> sa.Select[Any]:
    """``SHOWN`` and ``rest`` of each row of ``cell``, which may be a document.

    Args:
        cell: Has ``warehouse.cells.CELL`` and ``rest``, for ``View.CUSTODIAN`` also ``warehouse.cells.PLACE`` unless
            nobody was given papers of its units explicitly.
        day: Assignments decided by then count.
    """
    if view is View.CUSTODIAN:
        return _held(cell, day, rest)
    if view is View.DISTRICT:
        return _lifted(cell, rest)
    return sa.select(
        cell.c.unit_code.label("shown_code"),
        cell.c.unit_id.label("shown_id"),
        sa.literal_column("1").label("assigned"),
        *(cell.c[name] for name in rest),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Which rows of a view are meant: all, those of a tier, or one.

    Attributes:
        unit_id: As in ``warehouse.results.UnitProgress``.
        assigned: False for the papers of ``unit_id`` that nobody was given.
        tier: Only rows of units of this tier; ``unknown`` where nobody knows the unit.
    """

    view: View = View.ISSUER
    unit_id: str | None = None
    assigned: bool = True
    tier: str | None = None

    @property
    def all(self) -> bool:
        return self.unit_id is None and self.tier is None

    def keep(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """What of a selection of ``SHOWN`` stands in these rows."""
        told = query.selected_columns
        if self.unit_id is not None:
            query = query.where(unit_is(told["shown_code"], told["shown_id"], self.unit_id))
            query = query.where(told["assigned"] == int(self.assigned))
        if self.tier is not None:
            of_tier = sa.select(schema.unit.c.unit_id).where(schema.unit.c.tier == self.tier)
            known = told["shown_id"].in_(of_tier)
            query = query.where(sa.or_(known, told["shown_id"].is_(None)) if self.tier == "unknown" else known)
        return query

    def issuers(self, connection: sa.Connection) -> set[str] | None:
        """Codes of the units whose papers can stand in these rows, so that no others are looked at; all of them when
        ``None``.
        """
        if self.unit_id is None:
            return None
        code = self.unit_id.partition("@")[0]
        if self.view is View.DISTRICT:
            below = sa.select(schema.unit.c.code).where(schema.unit.c.parent_code == code)
            return {code, *connection.execute(below).scalars()}
        if self.view is View.CUSTODIAN and self.assigned:
            given = sa.select(custody.c.unit_code).where(custody.c.custodian_code == code)
            heirs = sa.select(unit_heir.c.unit_id).where(unit_heir.c.custodian_code == code)
            came = {it.partition("@")[0] for it in connection.execute(heirs).scalars()}
            return {code, *connection.execute(given).scalars(), *came}
        return {code}


def unit_is(code: sa.ColumnElement[Any], known: sa.ColumnElement[Any], unit_id: str) -> sa.ColumnElement[bool]:
    """Whether a code and its ``unit.unit_id`` (null for a code nobody knows) are this unit."""
    bare, _, rest = unit_id.partition("@")
    return sa.and_(code == bare, known.is_(None) if rest == "?" else known == unit_id)


def _lifted(cell: sa.Subquery, rest: Sequence[str]) -> sa.Select[Any]:
    issuer, above = schema.unit.alias("issuer"), schema.unit.alias("above")
    return sa.select(
        sa.func.coalesce(above.c.code, cell.c.unit_code).label("shown_code"),
        sa.func.coalesce(above.c.unit_id, cell.c.unit_id).label("shown_id"),
        sa.literal_column("1").label("assigned"),
        *(cell.c[name] for name in rest),
    ).select_from(
        cell.outerjoin(issuer, issuer.c.unit_id == cell.c.unit_id).outerjoin(
            # a district's code was never reused, and no ward's code has three digits
            above,
            sa.and_(above.c.code == issuer.c.parent_code, above.c.tier == "district"),
        )
    )


def _held(cell: sa.Subquery, day: dt.date, rest: Sequence[str]) -> sa.Select[Any]:
    custodian = custodian_of(cell, day) if "box" in cell.c else heir_of(cell)
    given = sa.select(cell, custodian.label("custodian_code")).subquery()
    holder = schema.unit.alias("holder")
    nobody = given.c.custodian_code.is_(None)
    return sa.select(
        sa.case((nobody, given.c.unit_code), else_=given.c.custodian_code).label("shown_code"),
        sa.case((nobody, given.c.unit_id), else_=holder.c.unit_id).label("shown_id"),
        sa.case((nobody, sa.literal_column("0")), else_=sa.literal_column("1")).label("assigned"),
        *(given.c[name] for name in rest),
    ).select_from(
        given.outerjoin(holder, sa.and_(holder.c.code == given.c.custodian_code, holder.c.valid_to.is_(None)))
    )

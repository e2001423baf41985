"""Whose papers are told together: who issued them, its former district, or who holds them today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import CELL, FIGURES, LISTED, Selection, cells, listed, summed
from warehouse.custody import custodian_of, heir_of

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
    """``warehouse.cells.FIGURES`` per ``SHOWN`` x record type x year.

    What the inventory lists is compared per issuing unit first: a surplus of one former ward never fills a gap of
    another, whoever has both today.
    """
    if view is View.CUSTODIAN:
        compared = cells_by_place(wanted, wanted.day)
    else:
        compared = placed(cells(wanted), view, wanted.day, FIGURES)
    keys = [compared.c[name] for name in (*SHOWN, "record_type", "year")]
    sums = (sa.func.sum(compared.c[name]).label(name) for name in FIGURES)
    return sa.select(*keys, *sums).group_by(*keys).subquery()


def cells_by_place(wanted: Selection, day: dt.date) -> sa.Subquery:
    """``FIGURES`` per ``CELL`` and ``SHOWN`` of ``View.CUSTODIAN``, from the facts: kept figures tell no book."""
    plain = [name for name in FIGURES if name not in LISTED]
    return listed(placed(summed(wanted, by_place=True), View.CUSTODIAN, day, plain))


def placed(
    cell: sa.Subquery, view: View, day: dt.date, values: Sequence[str], more: Sequence[str] = ()
) -> sa.Subquery:
    """The sums of ``values`` per ``warehouse.cells.CELL``, ``SHOWN`` and ``more``.

    Args:
        cell: Has ``CELL``, ``values`` and ``more``, for ``View.CUSTODIAN`` also ``warehouse.cells.PLACE`` unless
            nobody was given papers of its units explicitly.
        day: Assignments decided by then count.
    """
    rest = (*CELL, *more, *values)
    if view is View.CUSTODIAN:
        query = _held(cell, day, rest)
    elif view is View.DISTRICT:
        query = _lifted(cell, rest)
    else:
        query = sa.select(
            cell.c.unit_code.label("shown_code"),
            cell.c.unit_id.label("shown_id"),
            sa.literal_column("1").label("assigned"),
            *(cell.c[name] for name in rest),
        )
    found = query.subquery()
    keys = [found.c[name] for name in (*CELL, *SHOWN, *more)]
    return sa.select(*keys, *(sa.func.sum(found.c[name]).label(name) for name in values)).group_by(*keys).subquery()


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

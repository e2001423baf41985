"""How far the work is, counted from facts each time it is asked for.

Numerators are documents by what is stored of them, denominators the inventory version in force. Both are counted per
cell (``warehouse.cells``) first, so that a surplus in one cell never hides what is missing in another. The same cells
are summed by the unit that issued the papers, by its former district, or by the unit that holds them today.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import sqlalchemy as sa

from warehouse import schema
from warehouse.cells import CELL, FIGURES, Selection, cells, listed, summed
from warehouse.custody import custodian_of
from warehouse.database import reading
from warehouse.reference import inventory_in_force, today
from warehouse.results import CustodianProgress, Figures, ProgressCell, Totals, UnitProgress

_NAMES = tuple(field.name for field in dataclasses.fields(Figures))
_UNIT = ("unit_id", "name", "tier", "parent_code", "valid_from", "valid_to")


def progress_by_unit(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[UnitProgress]:
    """One row for each unit that has an inventory or has delivered, by code and then by time.

    A code that was reused gives a row for each unit that bore it. A paper counts to the unit of its own date where
    the date was read, else to that of its year (``warehouse.reference.year_ranges``). Units nobody knows are listed
    under their code.

    Args:
        engine: A migrated database.
        on: As of the end of this day in Hanoi, as it was known then: inventory in force, files stored, records
            accepted or waiting, documents in quarantine, batches that had arrived. ``None`` is now. Only refusals at
            intake are known as they stand today.
        unit_code, record_type, year: Only these.
    """
    with reading(engine) as connection:
        counted = cells(_selection(connection, on, unit_code, record_type, year))
        rows = connection.execute(_by_unit(counted, schema.unit, schema.unit.c.unit_id == counted.c.unit_id))
        progress = [_unit_progress(row, on or today()) for row in rows.mappings()]
    return _in_order(progress)


def progress_by_district(
    engine: sa.Engine, *, on: dt.date | None = None, record_type: str | None = None, year: int | None = None
) -> list[UnitProgress]:
    """As ``progress_by_unit``, wards of a former district and the district's own papers in one row.

    Units without a district above them (the wards since 1 July 2025, the city) stand for themselves, so that the
    rows add up to ``totals``.
    """
    with reading(engine) as connection:
        counted = cells(_selection(connection, on, None, record_type, year))
        issuer, above, district = schema.unit.alias("issuer"), schema.unit.alias("above"), schema.unit.alias("shown")
        # A district has one validity; only a district's code has three digits.
        lifted = (
            sa.select(
                counted,
                sa.func.coalesce(above.c.unit_id, counted.c.unit_id).label("shown_id"),
                sa.func.coalesce(above.c.code, counted.c.unit_code).label("shown_code"),
            )
            .select_from(
                counted.outerjoin(issuer, issuer.c.unit_id == counted.c.unit_id).outerjoin(
                    above, sa.and_(above.c.code == issuer.c.parent_code, above.c.tier == "district")
                )
            )
            .subquery()
        )
        renamed = sa.select(
            lifted.c.shown_id.label("unit_id"),
            lifted.c.shown_code.label("unit_code"),
            *(lifted.c[name] for name in FIGURES),
        ).subquery()
        rows = connection.execute(_by_unit(renamed, district, district.c.unit_id == renamed.c.unit_id)).mappings()
        progress = [_unit_progress(row, on or today()) for row in rows]
    return _in_order(progress)


def progress_by_custodian(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    custodian_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[CustodianProgress]:
    """One row for each unit that holds papers today, and one for each former unit whose papers nobody was given.

    Who holds what: the explicit assignment (``warehouse.custody``), else the unit itself while it exists, else the
    only unit it went to as a whole. All other papers are told as unassigned, never guessed.

    Args:
        engine, on, record_type, year: As in ``progress_by_unit``.
        custodian_code: Only this unit's.
    """
    with reading(engine) as connection:
        wanted = _selection(connection, on, None, record_type, year)
        placed = summed(wanted, by_place=True)
        held = sa.select(placed, custodian_of(placed, wanted.day).label("custodian_code")).subquery()
        cell = [held.c[name] for name in (*CELL, "custodian_code")]
        plain = [name for name in FIGURES if not name.endswith("_listed")]
        joined = listed(
            sa.select(*cell, *(sa.func.sum(held.c[name]).label(name) for name in plain)).group_by(*cell).subquery()
        )
        nobody = joined.c.custodian_code.is_(None)
        shown = (
            sa.select(
                joined.c.custodian_code,
                sa.case((nobody, joined.c.unit_code), else_=sa.null()).label("from_code"),
                sa.case((nobody, joined.c.unit_id), else_=sa.null()).label("from_id"),
                *(sa.func.sum(joined.c[name]).label(name) for name in FIGURES),
            )
            .group_by(sa.literal_column("1"), sa.literal_column("2"), sa.literal_column("3"))
            .subquery()
        )
        holder, issuer = schema.unit.alias("holder"), schema.unit.alias("issuer")
        query = sa.select(shown, holder.c.name.label("custodian_name"), issuer.c.name.label("from_name")).select_from(
            shown.outerjoin(
                holder, sa.and_(holder.c.code == shown.c.custodian_code, holder.c.valid_to.is_(None))
            ).outerjoin(issuer, issuer.c.unit_id == shown.c.from_id)
        )
        if custodian_code is not None:
            query = query.where(shown.c.custodian_code == custodian_code)
        progress = [_custodian_progress(row) for row in connection.execute(query).mappings()]
    return sorted(progress, key=lambda it: (it.custodian_code or "~", it.from_unit_code or "", it.from_unit_id or ""))


def progress_matrix(
    engine: sa.Engine,
    unit_code: str,
    *,
    unit_id: str | None = None,
    on: dt.date | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> list[ProgressCell]:
    """The cells of one unit, record type x year, in the order of the record types and then by year.

    Args:
        engine: A migrated database.
        unit_code: Cells of every unit that ever bore this code ...
        unit_id: ... or of this one alone.
        on, record_type, year: As in ``progress_by_unit``.
    """
    with reading(engine) as connection:
        counted = cells(_selection(connection, on, unit_code, record_type, year))
        kind, cell = schema.record_type.c, counted.c
        query = (
            sa.select(
                cell.record_type, cell.year, kind.name, kind.position, *(_sum(counted, name) for name in FIGURES)
            )
            .select_from(counted.outerjoin(schema.record_type, kind.code == cell.record_type))
            .group_by(cell.record_type, cell.year, kind.name, kind.position)
            .order_by(sa.func.coalesce(kind.position, 9999), cell.record_type, cell.year)
        )
        if unit_id is not None:
            query = query.where(cell.unit_id == unit_id)
        return [
            ProgressCell(
                record_type=row["record_type"],
                record_type_name=row["name"] or row["record_type"],
                year=row["year"],
                **figures(row),
            )
            for row in connection.execute(query).mappings()
        ]


def totals(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    unit_code: str | None = None,
    record_type: str | None = None,
    year: int | None = None,
) -> Totals:
    """The sum over all units ``progress_by_unit`` lists for the same arguments."""
    with reading(engine) as connection:
        found = inventory_in_force(connection, on)
        counted = cells(_selection(connection, on, unit_code, record_type, year))
        known_unit = sa.func.coalesce(counted.c.unit_id, counted.c.unit_code)
        query = sa.select(
            sa.func.count(known_unit.distinct()).label("units"), *(_sum(counted, name) for name in FIGURES)
        )
        row = connection.execute(query).mappings().one()
    return Totals(
        units=row["units"],
        inventory_version=found[0] if found else None,
        inventory_approved_on=found[1] if found else None,
        **figures(row),
    )


def figures(row: sa.RowMapping) -> dict[str, int]:
    """The figures of a row that holds one column for each."""
    return {name: int(row[name] or 0) for name in _NAMES}


def _selection(
    connection: sa.Connection, on: dt.date | None, unit_code: str | None, record_type: str | None, year: int | None
) -> Selection:
    found = inventory_in_force(connection, on)
    return Selection(found[0] if found else None, on, unit_code, record_type, year)


def _by_unit(counted: sa.Subquery, unit: sa.FromClause, same: sa.ColumnElement[bool]) -> sa.Select[Any]:
    known = [unit.c[name] for name in _UNIT]
    return (
        sa.select(counted.c.unit_code, *known, *(_sum(counted, name) for name in FIGURES))
        .select_from(counted.outerjoin(unit, same))
        .group_by(counted.c.unit_code, *known)
    )


def _sum(counted: sa.Subquery, name: str) -> sa.ColumnElement[int]:
    return sa.func.sum(counted.c[name]).label(name)


def _in_order(progress: list[UnitProgress]) -> list[UnitProgress]:
    return sorted(progress, key=lambda it: (it.unit_code, it.valid_from or dt.date.min))


def _unit_progress(row: sa.RowMapping, day: dt.date) -> UnitProgress:
    code, valid_to = row["unit_code"], row["valid_to"]
    return UnitProgress(
        unit_id=row["unit_id"] or f"{code}@?",
        unit_code=code,
        unit_name=row["name"] or f"Đơn vị chưa có trong danh mục ({code})",
        tier=row["tier"] or "unknown",
        parent_code=row["parent_code"],
        valid_from=row["valid_from"],
        valid_to=valid_to,
        dissolved=valid_to is not None and valid_to < day,
        **figures(row),
    )


def _custodian_progress(row: sa.RowMapping) -> CustodianProgress:
    custodian, code = row["custodian_code"], row["from_code"]
    unknown = f"Đơn vị chưa có trong danh mục ({custodian or code})"
    return CustodianProgress(
        custodian_code=custodian,
        custodian_name=(row["custodian_name"] or unknown) if custodian else "Chưa phân giao",
        from_unit_id=None if custodian else row["from_id"] or f"{code}@?",
        from_unit_code=None if custodian else code,
        from_unit_name=None if custodian else row["from_name"] or unknown,
        **figures(row),
    )

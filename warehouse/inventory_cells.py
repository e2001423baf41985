"""What a denominator is made of: the cells of the inventory that add up to it, beside what of them was digitized."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import sqlalchemy as sa

from warehouse import schema
from warehouse.behind import of_area
from warehouse.cells import FIGURES
from warehouse.progress import figures, selection
from warehouse.results import Figures
from warehouse.views import SHOWN, Row, View, issued_cells
from warehouse.watched import Asking

_UNIT = ("name", "valid_from", "valid_to")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFilter:
    """Cells of the rows a view shows; ``on``, ``record_type`` and ``year`` as in ``warehouse.progress``.

    Attributes:
        view, unit_id, assigned, tier: The row the figure stands in; see ``warehouse.views.Row``.
        area: Only record types of this field of work.
    """

    view: View = View.ISSUER
    unit_id: str | None = None
    assigned: bool = True
    tier: str | None = None
    record_type: str | None = None
    area: str | None = None
    year: int | None = None
    on: dt.date | None = None

    @property
    def row(self) -> Row:
        return Row(view=self.view, unit_id=self.unit_id, assigned=self.assigned, tier=self.tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedCell(Figures):
    """One issuing unit x record type x year, as far as it stands in one row of the view.

    ``row_id`` and ``assigned`` are that row's ``unit_id`` and ``assigned``.
    """

    unit_id: str
    unit_code: str
    unit_name: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    record_type: str
    year: int
    row_id: str
    assigned: bool


def inventory_cells(
    engine: sa.Engine, wanted: CellFilter, *, limit: int = 100, offset: int = 0
) -> tuple[Figures, int, list[IssuedCell]]:
    """The sum of all cells that fit, how many there are, and those that ``limit`` and ``offset`` name.

    A cell is told when the inventory lists it, lapsed papers too, or something of it was digitized. By unit, then in
    the order of the record types, then by year.
    """
    with Asking(engine) as asking:
        connection = asking.connection
        asked = selection(asking, wanted.on, None, wanted.record_type, wanted.year)
        codes = wanted.row.issuers(connection)
        asked = dataclasses.replace(asked, unit_codes=None if codes is None else tuple(sorted(codes)))
        cell = issued_cells(asked, wanted.view)
        rows = wanted.row.keep(sa.select(*cell.c)).where(
            sa.or_(*(cell.c[name] > 0 for name in ("inventory_records", "inventory_lapsed", "digitized")))
        )
        if wanted.area is not None:
            rows = rows.where(of_area(cell.c.record_type, wanted.area))
        found = rows.subquery()
        sums = sa.select(sa.func.count().label("cells"), *(sa.func.sum(found.c[it]).label(it) for it in FIGURES))
        total = connection.execute(sums).mappings().one()
        unit, kind = schema.unit, schema.record_type.c
        query = (
            sa.select(*found.c, *(unit.c[name] for name in _UNIT))
            .select_from(
                found.outerjoin(unit, unit.c.unit_id == found.c.unit_id).outerjoin(
                    schema.record_type, kind.code == found.c.record_type
                )
            )
            .order_by(
                found.c.unit_code,
                sa.func.coalesce(sa.cast(unit.c.valid_from, sa.Text), ""),
                sa.func.coalesce(kind.position, 9999),
                *(found.c[name] for name in ("record_type", "year", *SHOWN)),
            )
        )
        page = connection.execute(query.limit(limit).offset(offset)).mappings().all()
    return Figures(**figures(total)), int(total["cells"]), [_cell(row) for row in page]


def _cell(row: sa.RowMapping) -> IssuedCell:
    return IssuedCell(
        unit_id=row["unit_id"] or f"{row['unit_code']}@?",
        unit_code=row["unit_code"],
        unit_name=row["name"] or f"Đơn vị chưa có trong danh mục ({row['unit_code']})",
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
        record_type=row["record_type"],
        year=row["year"],
        row_id=row["shown_id"] or f"{row['shown_code']}@?",
        assigned=bool(row["assigned"]),
        **figures(row),
    )

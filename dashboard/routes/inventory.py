"""Danh mục: versions of the inventory, and the cells behind a denominator."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked, tables
from dashboard.access import Signed, needs
from dashboard.export import table_file
from dashboard.inventory_cells import LONGEST_FILE, cells_page, cells_table
from dashboard.progressing import VIEWS
from dashboard.screen import screen_of
from dashboard.watching import SHOWN, inventory_page
from dashboard.words import TIERS
from manifests.record_types import areas, record_types
from warehouse.inventory_cells import CellFilter
from warehouse.roles import Permission
from warehouse.views import View

router = APIRouter()


@router.get("/danh-muc")
@router.get("/danh-muc.csv")
@router.get("/danh-muc.xlsx")
@router.get("/danh-muc.json")
@needs(Permission.PROGRESS)
def versions(request: Request, person: Signed) -> Response:
    before, after = asked.number(request, "before"), asked.number(request, "after")
    page = asked.found(inventory_page(person.pages.engine, before, after))
    if ending := asked.ending(request):
        return table_file(tables.changes_table(page), ending)
    return screen_of(request).show(request, "inventory.html", page, shown=SHOWN)


@router.get("/danh-muc/chi-tiet")
@router.get("/danh-muc/chi-tiet.csv")
@router.get("/danh-muc/chi-tiet.xlsx")
@router.get("/danh-muc/chi-tiet.json")
@needs(Permission.PROGRESS)
def cells(request: Request, person: Signed) -> Response:
    wanted = CellFilter(
        view=View(asked.choice(request, "view", VIEWS) or View.ISSUER),
        unit_id=asked.text(request, "unit_id"),
        assigned=asked.text(request, "assigned") != "0",
        tier=asked.choice(request, "tier", TIERS),
        record_type=asked.choice(request, "record_type", record_types()),
        area=asked.choice(request, "area", areas()),
        year=asked.number(request, "year"),
        on=asked.date(request, "on"),
    )
    if ending := asked.ending(request):
        return table_file(cells_table(cells_page(person.pages.engine, wanted, limit=LONGEST_FILE)), ending)
    page = cells_page(person.pages.engine, wanted, asked.number(request, "offset") or 0)
    return screen_of(request).show(request, "inventory_cells.html", page, record_types=asked.named_types())

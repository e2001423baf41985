"""Cảnh báo, Đầy đủ, Đối chiếu, Phân giao: what has to be looked after."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked, tables
from dashboard.access import Signed, needs
from dashboard.export import table_file
from dashboard.options import Options
from dashboard.screen import screen_of
from dashboard.watching import (
    LONGEST,
    SHOWN,
    alerts_page,
    completeness_page,
    custody_page,
    reconciliation_page,
)
from manifests.reasons import REASONS
from warehouse.completeness import CHECKS
from warehouse.reconciliation import FINDINGS
from warehouse.roles import Permission

router = APIRouter()


@router.get("/canh-bao")
@router.get("/canh-bao.csv")
@router.get("/canh-bao.xlsx")
@router.get("/canh-bao.json")
@needs(Permission.PROGRESS)
def alert_list(request: Request, person: Signed) -> Response:
    options: Options = request.app.state.desk.options
    at = person.pages.figures_at()
    page = alerts_page(person.pages.engine, asked.date(request, "on"), options.targets, options.alert_weeks)
    if ending := asked.ending(request):
        return table_file(tables.alerts_table(page), ending)
    return screen_of(request).show(request, "alerts.html", page, now=at)


@router.get("/day-du")
@router.get("/day-du.csv")
@router.get("/day-du.xlsx")
@router.get("/day-du.json")
@needs(Permission.PROGRESS)
def complete(request: Request, person: Signed) -> Response:
    ending = asked.ending(request)
    page = completeness_page(
        person.pages.engine,
        asked.text(request, "unit_code"),
        asked.choice(request, "check", CHECKS),
        LONGEST if ending else SHOWN,
    )
    if ending:
        return table_file(tables.findings_table(page), ending)
    checks = [(code, REASONS[code].title) for code in CHECKS]
    return screen_of(request).show(request, "completeness.html", page, checks=checks)


@router.get("/doi-chieu")
@router.get("/doi-chieu.csv")
@router.get("/doi-chieu.xlsx")
@router.get("/doi-chieu.json")
@needs(Permission.PROGRESS)
def reconcile(request: Request, person: Signed) -> Response:
    ending = asked.ending(request)
    page = asked.found(
        reconciliation_page(
            person.pages.engine,
            asked.number(request, "run"),
            asked.choice(request, "code", FINDINGS),
            LONGEST if ending else SHOWN,
        )
    )
    if ending:
        return table_file(tables.reconciliation_table(page), ending)
    return screen_of(request).show(request, "reconciliation.html", page)


@router.get("/phan-giao")
@router.get("/phan-giao.csv")
@router.get("/phan-giao.xlsx")
@router.get("/phan-giao.json")
@needs(Permission.PROGRESS)
def custody(request: Request, person: Signed) -> Response:
    at = person.pages.figures_at()
    page = custody_page(person.pages.engine)
    if ending := asked.ending(request):
        return table_file(tables.unassigned_table(page), ending)
    return screen_of(request).show(request, "custody.html", page, now=at)

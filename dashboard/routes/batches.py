"""Lô: what came in and what became of it."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from dashboard import asked, tables
from dashboard.access import Signed, needs
from dashboard.asked import BatchPart
from dashboard.export import table_file
from dashboard.screen import screen_of
from dashboard.words import BATCH_STATUS
from warehouse.roles import Permission

router = APIRouter()

DIGITIZING_DAG = "digitize_batch"
"""Where Airflow shows the runs; ``dags/`` names it so, and a test compares."""


@router.get("/lo")
@router.get("/lo.csv")
@router.get("/lo.xlsx")
@router.get("/lo.json")
@needs(Permission.BATCHES)
def batches(request: Request, person: Signed) -> Response:
    unit_code, status = asked.text(request, "unit_code"), asked.choice(request, "status", BATCH_STATUS)
    if ending := asked.ending(request):
        found = person.pages.all_batches(unit_code=unit_code, status=status)
        return table_file(tables.batches_table(found), ending)
    page = person.pages.batches(unit_code=unit_code, status=status, offset=asked.number(request, "offset") or 0)
    return screen_of(request).show(request, "batches.html", page, statuses=BATCH_STATUS)


@router.get("/lo/{unit}/{batch}")
@router.get("/lo/{unit}/{batch}.json")
@needs(Permission.BATCHES)
def batch(request: Request, unit: BatchPart, batch: BatchPart, person: Signed) -> Response:
    page = asked.found(person.pages.batch(f"{unit}/{batch}"))
    options = request.app.state.desk.options
    # Inside Airflow its own pages are at the root of the same address.
    airflow = "" if options.inside_airflow else (options.airflow_url or "").rstrip("/") or None
    runs = None if airflow is None else f"{airflow}/dags/{DIGITIZING_DAG}/runs"
    run = page.summary.airflow_run
    own = f"{runs}/{quote(run, safe='')}" if runs and run else None
    return screen_of(request).show(request, "batch.html", page, runs=runs, run=own)


@router.get("/lo/{unit}/{batch}/quet-lai.csv")
@router.get("/lo/{unit}/{batch}/quet-lai.xlsx")
@needs(Permission.BATCHES)
def rescan(request: Request, unit: BatchPart, batch: BatchPart, person: Signed) -> Response:
    page = asked.found(person.pages.batch(f"{unit}/{batch}"))
    return table_file(tables.rescan_table(page), asked.ending(request) or "csv")

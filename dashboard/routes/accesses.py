"""Nhật ký truy cập, for auditors."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from dashboard import asked
from dashboard.access import Signed, needs
from dashboard.accesses import accesses_page, accesses_table
from dashboard.export import table_file
from dashboard.purposes import ACTIONS
from dashboard.screen import screen_of
from warehouse.access_log import AccessFilter, Action
from warehouse.roles import Permission

router = APIRouter()


@router.get("/nhat-ky")
@router.get("/nhat-ky.csv")
@router.get("/nhat-ky.xlsx")
@router.get("/nhat-ky.json")
@needs(Permission.ACCESS_LOG)
def accesses(request: Request, person: Signed) -> Response:
    action = asked.choice(request, "action", [str(it) for it in Action])
    wanted = AccessFilter(
        account_name=asked.text(request, "account"),
        document_key=asked.text(request, "document"),
        since=asked.date(request, "since"),
        until=asked.date(request, "until"),
        action=Action(action) if action else None,
        crops=asked.text(request, "crops") == "1",
    )
    if ending := asked.ending(request):
        return table_file(accesses_table(person.pages.engine, wanted), ending)
    page = accesses_page(person.pages.engine, wanted, asked.number(request, "offset") or 0)
    return screen_of(request).show(request, "accesses.html", page, actions=ACTIONS)

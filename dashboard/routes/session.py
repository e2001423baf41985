"""Signing in and out, the forced change of a password, and whether the server lives."""

from __future__ import annotations

import secrets
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from dashboard.access import (
    Signed,
    address_of,
    check_form,
    cookie_name,
    drop_cookie,
    form_token,
    keep_cookie,
    needs,
    root_of,
)
from dashboard.desk import Desk
from dashboard.screen import screen_of
from warehouse.accounts import account_by_id, any_account, change_password
from warehouse.errors import AccountError, TooManyAttemptsError
from warehouse.passwords import SHORTEST
from warehouse.sessions import open_session, sign_in, sign_out

router = APIRouter()

Typed = Annotated[str, Form(max_length=1000)]
_FORM_SECONDS = 3600


@router.get("/suc-khoe")
def health(request: Request) -> Response:
    """For load balancers: the server answers and its database does."""
    any_account(_desk(request).engine)
    return JSONResponse({"status": "ok"})


@router.get("/dang-nhap")
def sign_in_page(request: Request, tiep: str = "") -> Response:
    return _sign_in_page(request, tiep)


@router.post("/dang-nhap")
def sign_in_with_password(
    request: Request,
    name: Typed = "",
    password: Typed = "",
    tiep: Typed = "",
    sent: Annotated[str, Form(alias="form_token")] = "",
) -> Response:
    check_form(request, sent, request.cookies.get(cookie_name(request, "form"), ""))
    desk = _desk(request)
    try:
        token = sign_in(desk.engine, name, password, address=address_of(request), lifetime=desk.options.lifetime)
    except AccountError as error:
        status = 429 if isinstance(error, TooManyAttemptsError) else 401
        answer = _sign_in_page(request, tiep, said=error.said, name=name, status=status)
        if isinstance(error, TooManyAttemptsError):
            answer.headers["Retry-After"] = str(error.seconds)
        return answer
    return signed_in_answer(request, token, tiep)


@router.post("/dang-xuat")
@needs(None)
def leave(request: Request, person: Signed, everywhere: Typed = "") -> Response:
    token = request.cookies.get(cookie_name(request), "")
    sign_out(_desk(request).engine, token, address=address_of(request), everywhere=everywhere == "1")
    answer = RedirectResponse(f"{root_of(request)}/dang-nhap", 303)
    drop_cookie(request, answer)
    return answer


@router.get("/doi-mat-khau")
@needs(None)
def change_page(request: Request, person: Signed) -> Response:
    return screen_of(request).form(request, "password.html", shortest=SHORTEST, said="")


@router.post("/doi-mat-khau")
@needs(None)
def change(request: Request, person: Signed, old: Typed = "", new: Typed = "", again: Typed = "") -> Response:
    desk, address = _desk(request), address_of(request)
    said = "" if new == again else "Hai lần nhập mật khẩu mới không giống nhau."
    if not said:
        try:
            change_password(desk.engine, person.account.account_id, old, new, address=address)
        except AccountError as error:
            said = error.said
    if said:
        return screen_of(request).form(request, "password.html", status=400, shortest=SHORTEST, said=said)
    renewed = account_by_id(desk.engine, person.account.account_id)
    assert renewed is not None  # noqa: S101 - it was changed a moment ago
    token = open_session(desk.engine, renewed, address=address, lifetime=desk.options.lifetime)
    return signed_in_answer(request, token, "")


def signed_in_answer(request: Request, token: str, wanted: str) -> Response:
    """Lead somebody who has just proven who they are to the page they wanted."""
    answer = RedirectResponse(f"{root_of(request)}{own_path(wanted)}", 303)
    keep_cookie(request, answer, token, seconds=int(_desk(request).options.lifetime.at_most.total_seconds()))
    drop_cookie(request, answer, "form")
    return answer


def sign_in_address(request: Request) -> str:
    """Where somebody is sent who has to sign in first, and back from there."""
    wanted = request.url.path.removeprefix(root_of(request)) if request.method == "GET" else ""
    if wanted and request.url.query:
        wanted = f"{wanted}?{request.url.query}"
    query = f"?{urlencode({'tiep': wanted})}" if wanted not in ("", "/") else ""
    return f"{root_of(request)}/dang-nhap{query}"


def purpose_address(request: Request) -> str:
    """Where somebody says first what a record is opened for, and back from there; a picture or file is no page."""
    wanted = request.url.path.removeprefix(root_of(request)) if request.method == "GET" else ""
    return f"{root_of(request)}/muc-dich" + (f"?{urlencode({'tiep': wanted})}" if wanted else "")


def _sign_in_page(request: Request, wanted: str, *, said: str = "", name: str = "", status: int = 200) -> Response:
    desk = _desk(request)
    cookie = secrets.token_urlsafe(32)
    answer = screen_of(request).form(
        request,
        "sign_in.html",
        status=status,
        said=said,
        name=name,
        wanted=own_path(wanted) if wanted else "",
        form_token=form_token(cookie),
        nobody=not any_account(desk.engine),
        oidc=desk.options.oidc.label if desk.options.oidc else None,
    )
    keep_cookie(request, answer, cookie, seconds=_FORM_SECONDS, kind="form")
    return answer


def own_path(wanted: str) -> str:
    """``wanted`` when it is a path of this server, else the first page: nobody is led elsewhere."""
    own = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if own else "/"


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk

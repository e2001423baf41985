"""Signing in through the agency's OpenID Connect provider, where the settings name one."""

from __future__ import annotations

import hmac
import logging

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from dashboard.access import address_of, cookie_name, drop_cookie, keep_cookie, root_of
from dashboard.desk import Desk
from dashboard.oidc import Flow, Provider, ProviderError
from dashboard.routes.session import signed_in_answer
from dashboard.screen import screen_of
from warehouse.accounts import find_account
from warehouse.errors import SignInRefusedError, UnknownAccountError
from warehouse.sessions import open_session

log = logging.getLogger(__name__)
router = APIRouter()

_SECONDS = 600
_AWAY = "Máy chủ đăng nhập của cơ quan không trả lời. Thử lại sau ít phút, hoặc đăng nhập bằng mật khẩu."
_REFUSED = "Đăng nhập chưa xong hoặc đã quá lâu. Bắt đầu lại từ trang đăng nhập."
_UNKNOWN = "Tài khoản này chưa được cấp ở đây hoặc đã bị khóa. Nhờ người quản lý tài khoản tạo với cùng tên."


@router.get("/dang-nhap/oidc")
def leave_for_the_provider(request: Request, tiep: str = "") -> Response:
    provider = _provider(request)
    try:
        address, flow = provider.begin(_redirect_uri(request), tiep[:500])
    except ProviderError as error:
        log.warning("OpenID Connect: %s", error)
        raise HTTPException(503, _AWAY) from error
    answer = RedirectResponse(address, 303)
    keep_cookie(request, answer, flow.packed(), seconds=_SECONDS, kind="oidc")
    return answer


@router.get("/dang-nhap/oidc/tra-ve")
def come_back(request: Request, state: str = "", code: str = "") -> Response:
    provider = _provider(request)
    flow = Flow.unpacked(request.cookies.get(cookie_name(request, "oidc"), ""))
    if flow is None or not code or not hmac.compare_digest(flow.state.encode(), state.encode()):
        return _refuse(request, _REFUSED)
    desk: Desk = request.app.state.desk
    try:
        name = provider.finish(_redirect_uri(request), flow, code)
        account = find_account(desk.engine, name)
        token = open_session(desk.engine, account, address=address_of(request), lifetime=desk.options.lifetime)
    except ProviderError as error:
        log.warning("OpenID Connect: %s", error)
        return _refuse(request, _REFUSED)
    except (UnknownAccountError, SignInRefusedError):
        return _refuse(request, _UNKNOWN)
    answer = signed_in_answer(request, token, flow.wanted)
    drop_cookie(request, answer, "oidc")
    return answer


def _refuse(request: Request, text: str) -> Response:
    answer = screen_of(request).tell(request, 403, "Không đăng nhập được", text)
    drop_cookie(request, answer, "oidc")
    return answer


def _provider(request: Request) -> Provider:
    desk: Desk = request.app.state.desk
    if desk.provider is None:
        raise HTTPException(404)
    return desk.provider


def _redirect_uri(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{root_of(request)}/dang-nhap/oidc/tra-ve"

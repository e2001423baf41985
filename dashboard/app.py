"""The web application: what it is made of, the headers on every answer, what is said when something fails."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.access import PasswordChangeNeeded, SignInNeeded, guard, recognize, root_of
from dashboard.ahead import CountingAhead
from dashboard.desk import Desk
from dashboard.options import LOOPBACK, Options
from dashboard.problems import api_status, problem
from dashboard.purposes import PurposeNeeded
from dashboard.routes import ROUTERS
from dashboard.routes.session import purpose_address, sign_in_address
from dashboard.screen import Screen, wants_json
from warehouse.errors import DatabaseUnavailableError, WarehouseError

log = logging.getLogger(__name__)

_POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {}; object-src 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_FRAMED = {
    # A browser's own PDF viewer is a plugin with styles of its own; the file can neither run nor load anything.
    "Content-Security-Policy": "base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
}
_SCHEMA_ADVICE = (
    "Chưa có cơ sở dữ liệu, hoặc cơ sở dữ liệu chưa được khởi tạo đúng phiên bản. "
    "Chạy một trong hai lệnh dưới đây rồi tải lại trang."
)
_MESSAGES = {
    401: ("Chưa đăng nhập", "Đăng nhập rồi mở lại trang này."),
    403: (
        "Không có quyền",
        "Vai trò của tài khoản này không được mở trang này; cần thì hỏi người quản lý tài khoản.",
    ),
    404: (
        "Không tìm thấy trang",
        "Địa chỉ này không có, chưa có dữ liệu, hoặc nằm ngoài phạm vi của tài khoản. Kiểm tra lại địa chỉ.",
    ),
    405: ("Thao tác không được hỗ trợ", "Trang này chỉ để xem."),
    500: ("Có lỗi ngoài dự kiến", "Tải lại trang; nếu còn lỗi, báo kỹ sư xem nhật ký của máy chủ."),
}


def create_app(options: Options | None = None) -> FastAPI:
    """The dashboard over one warehouse.

    Args:
        options: The embedded shape with the database of ``SOHOA_DATABASE_URL`` when ``None``.

    Raises:
        warehouse.errors.DatabaseUrlError: The URL cannot be used. A database that is missing or does not answer is
            no error here: each page then says what to do.
    """
    desk = Desk(options or Options.from_environment())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        ahead = CountingAhead(desk) if desk.options.figures_age else None
        if ahead is not None:
            ahead.start()
        yield
        if ahead is not None:
            ahead.stop()
        desk.close()

    # FastAPI's own documentation pages load scripts from outside this network.
    app = FastAPI(
        title="sohoa",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        dependencies=[Depends(guard)],
    )
    app.state.desk = desk
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    for router in ROUTERS:
        app.include_router(router)
    _answer_errors(app, desk.screen)
    app.add_middleware(_Secure, headers=_headers(desk.options))
    if not desk.options.inside_airflow:  # there the server around it has answered for the name already
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOOPBACK, *desk.options.hosts])
    return app


class _Secure:
    """Sets the headers every answer has."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app, self._all = app, headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI calls it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        keep = request.url.path.startswith(f"{root_of(request)}/static/")  # a mount below changes the root

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._all)
                if getattr(request.state, "framed", False):  # a file a page of ours shows within itself
                    headers.update(_FRAMED)
                headers["Cache-Control"] = "no-cache" if keep else "no-store"
            await send(message)

        await self._app(scope, receive, sent)


def _headers(options: Options) -> dict[str, str]:
    ancestors, frames = ("'self'", "SAMEORIGIN") if options.inside_airflow else ("'none'", "DENY")
    return {"Content-Security-Policy": _POLICY.format(ancestors), "X-Frame-Options": frames, **_HEADERS}


def _answer_errors(app: FastAPI, screen: Screen) -> None:
    @app.exception_handler(WarehouseError)
    def no_warehouse(request: Request, error: WarehouseError) -> Response:
        log.warning("%s %s", error.code, error)
        if request.url.path.startswith(f"{root_of(request)}/api/"):
            return problem(*api_status(error))
        if isinstance(error, DatabaseUnavailableError):
            text = "Đợi một lát rồi tải lại trang; nếu kéo dài, báo kỹ sư."
            return screen.tell(request, 503, "Cơ sở dữ liệu không trả lời", text)
        return screen.tell(request, 503, "Chưa có dữ liệu để xem", _SCHEMA_ADVICE, ("make demo", "sohoa run"))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        if request.url.path.startswith(f"{root_of(request)}/api/"):
            return problem(error.status_code, str(error.detail), headers=error.headers)
        if not wants_json(request) and isinstance(error, SignInNeeded):
            return RedirectResponse(sign_in_address(request), 303)
        if not wants_json(request) and isinstance(error, PurposeNeeded):
            return RedirectResponse(purpose_address(request), 303)
        if not wants_json(request) and isinstance(error, PasswordChangeNeeded):
            return RedirectResponse(f"{root_of(request)}/doi-mat-khau", 303)
        if error.status_code == 404 and not hasattr(request.state, "person"):
            with suppress(WarehouseError):
                recognize(request)
        title, text = _MESSAGES.get(error.status_code, ("Không thực hiện được", str(error.detail)))
        if error.status_code == 403 and error.detail != "Forbidden":
            text = str(error.detail)
        if error.status_code == 503:
            text = str(error.detail)
        return screen.tell(request, error.status_code, title, text)

    @app.exception_handler(RequestValidationError)
    def misspelled(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith(f"{root_of(request)}/api/"):
            return problem(422, "A value does not fit; see errors.", errors=error.errors())
        return screen.tell(request, 400, "Địa chỉ không dùng được", "Một phần của địa chỉ hay biểu mẫu không hợp lệ.")

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> Response:
        # This one is answered outside the middleware.
        response = screen.tell(request, 500, *_MESSAGES[500])
        response.headers.update(_headers(app.state.desk.options) | {"Cache-Control": "no-store"})
        return response

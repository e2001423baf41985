"""The web application: addresses, who gets HTML and who JSON, what is answered when something is missing.

There is no login yet. Until there is, every page keeps to figures, codes and document ids, and ``sohoa serve``
listens on this machine alone.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi import Path as InPath
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from dashboard.contexts import DocumentsFilter, ProgressFilter
from dashboard.export import progress_csv
from dashboard.pages import SORTS, Pages
from dashboard.screen import Screen
from dashboard.words import BATCH_STATUS, DOCUMENT_STATUS, TIERS
from manifests.record_types import record_types
from warehouse.errors import DatabaseUnavailableError, WarehouseError

log = logging.getLogger(__name__)

DEFAULT_DATABASE_URL = "sqlite:///var/sohoa.db"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SCHEMA_ADVICE = (
    "Chưa có cơ sở dữ liệu, hoặc cơ sở dữ liệu chưa được khởi tạo đúng phiên bản. "
    "Chạy một trong hai lệnh dưới đây rồi tải lại trang."
)
_MESSAGES = {
    404: ("Không tìm thấy trang", "Địa chỉ này không có, hoặc đơn vị, lô chưa có dữ liệu. Kiểm tra lại địa chỉ."),
    405: ("Thao tác không được hỗ trợ", "Trang này chỉ để xem."),
    500: ("Có lỗi ngoài dự kiến", "Tải lại trang; nếu còn lỗi, báo kỹ sư xem nhật ký của máy chủ."),
}

BatchPart = Annotated[str, InPath(max_length=300)]


def create_app(database_url: str | None = None) -> FastAPI:
    """The dashboard over one warehouse.

    Args:
        database_url: As for ``warehouse.database.open_database``; ``SOHOA_DATABASE_URL`` when ``None``.

    Raises:
        warehouse.errors.DatabaseUrlError: The URL cannot be used. A database that is missing or does not answer is
            no error here: each page then says what to do.
    """
    pages = Pages(database_url or os.environ.get("SOHOA_DATABASE_URL") or DEFAULT_DATABASE_URL)
    screen = Screen()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        pages.close()

    # FastAPI's own documentation pages load scripts from outside this network.
    app = FastAPI(title="sohoa", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static")
    _answer_errors(app, screen)
    _add_pages(app, pages, screen)

    @app.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        return _secured(await call_next(request), keep=request.url.path.startswith("/static/"))

    return app


def _add_pages(app: FastAPI, pages: Pages, screen: Screen) -> None:
    # Of two decorators the lower one is matched first, so that "….json" never counts as part of an id.
    @app.get("/tien-do.csv")
    def progress_table(request: Request) -> Response:
        body = progress_csv(pages.progress(_progress_filter(request)))
        headers = {"Content-Disposition": 'attachment; filename="tien-do.csv"'}
        return Response(body, media_type="text/csv; charset=utf-8", headers=headers)

    @app.get("/")
    @app.get("/tien-do.json")
    def progress(request: Request) -> Response:
        page = pages.progress(_progress_filter(request))
        return screen.show(request, "progress.html", page, tiers=TIERS, record_types=_named_types(), sorts=SORTS)

    @app.get("/don-vi/{unit}")
    @app.get("/don-vi/{unit}.json")
    def unit(request: Request, unit: str) -> Response:
        return screen.show(request, "unit.html", _found(pages.unit(unit)))

    @app.get("/lo")
    @app.get("/lo.json")
    def batches(request: Request) -> Response:
        page = pages.batches(
            unit_code=_text(request, "unit_code"),
            status=_choice(request, "status", BATCH_STATUS),
            offset=_number(request, "offset") or 0,
        )
        return screen.show(request, "batches.html", page, statuses=BATCH_STATUS)

    @app.get("/lo/{unit}/{batch}")
    @app.get("/lo/{unit}/{batch}.json")
    def batch(request: Request, unit: BatchPart, batch: BatchPart) -> Response:
        return screen.show(request, "batch.html", _found(pages.batch(f"{unit}/{batch}")))

    @app.get("/ho-so")
    @app.get("/ho-so.json")
    def documents(request: Request) -> Response:
        wanted = DocumentsFilter(
            unit_code=_text(request, "unit_code"),
            record_type=_choice(request, "record_type", record_types()),
            year=_number(request, "year"),
            status=_choice(request, "status", DOCUMENT_STATUS),
            needs_review=_text(request, "needs_review") == "1",
        )
        page = pages.documents(wanted, _number(request, "offset") or 0)
        return screen.show(request, "documents.html", page, statuses=DOCUMENT_STATUS, record_types=_named_types())


def _answer_errors(app: FastAPI, screen: Screen) -> None:
    @app.exception_handler(WarehouseError)
    def no_warehouse(request: Request, error: WarehouseError) -> Response:
        log.warning("%s %s", error.code, error)
        if isinstance(error, DatabaseUnavailableError):
            text = "Đợi một lát rồi tải lại trang; nếu kéo dài, báo kỹ sư."
            return screen.tell(request, 503, "Cơ sở dữ liệu không trả lời", text)
        return screen.tell(request, 503, "Chưa có dữ liệu để xem", _SCHEMA_ADVICE, ("make demo", "sohoa run"))

    @app.exception_handler(HTTPException)
    def refused(request: Request, error: HTTPException) -> Response:
        title, text = _MESSAGES.get(error.status_code, ("Không thực hiện được", str(error.detail)))
        return screen.tell(request, error.status_code, title, text)

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> Response:
        # This one is answered outside the middleware.
        return _secured(screen.tell(request, 500, *_MESSAGES[500]))


def _secured(response: Response, *, keep: bool = False) -> Response:
    response.headers.update(_HEADERS)
    response.headers["Cache-Control"] = "no-cache" if keep else "no-store"
    return response


def _progress_filter(request: Request) -> ProgressFilter:
    return ProgressFilter(
        tier=_choice(request, "tier", TIERS),
        record_type=_choice(request, "record_type", record_types()),
        year=_number(request, "year"),
        sort=_choice(request, "sort", SORTS) or "code",
    )


def _found(page: Any) -> Any:
    if page is None:
        raise HTTPException(404)
    return page


def _text(request: Request, name: str) -> str | None:
    """A query value; an empty one, as a form sends it for "all", is none."""
    return request.query_params.get(name, "").strip() or None


def _choice(request: Request, name: str, known: Any) -> str | None:
    value = _text(request, name)
    if value is not None and value not in known:
        raise HTTPException(400, f"Giá trị của “{name}” không có trong danh sách. Chọn lại từ trang tiến độ.")
    return value


def _number(request: Request, name: str) -> int | None:
    value = _text(request, name)
    if value is None:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 7):
        raise HTTPException(400, f"Giá trị của “{name}” phải là số nguyên không âm.")
    return int(value)


def _named_types() -> list[tuple[str, str]]:
    return [(kind.code, kind.name) for kind in record_types().values()]

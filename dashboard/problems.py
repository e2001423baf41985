"""What a program is told when something fails: ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from warehouse.errors import QueryTooBroadError, WarehouseError

MEDIA_TYPE = "application/problem+json"


class Fault(BaseModel):
    """One value that does not fit; the value itself is not told again."""

    where: str
    said: str


class Problem(BaseModel):
    """Why a request was not answered."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[Fault] = Field(default_factory=list)


def problem(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, errors: Sequence[Any] = ()
) -> JSONResponse:
    """The answer that tells it."""
    faults = [Fault(where=".".join(str(it) for it in one["loc"]), said=one["msg"]) for one in errors]
    title = HTTPStatus(status).phrase
    told = Problem(title=title, status=status, detail=detail or title, errors=faults)
    return JSONResponse(told.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def api_status(error: WarehouseError) -> tuple[int, str]:
    """Status and words for a fault of the database."""
    if isinstance(error, QueryTooBroadError):
        return 422, "The search is too broad; add a word, a unit or a year."
    return 503, "The database does not answer; try again later."


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status in (400, 401, 403, 404, 422, 429, 503)
}

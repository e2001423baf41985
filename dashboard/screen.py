"""One context, two faces: the template's HTML, or the same value as JSON."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from dashboard import words
from manifests.serial import to_json

_STATIC = ("style.css", "icon.svg")
PATHS = {
    "progress": "",
    "batches": "lo",
    "documents": "ho-so",
    "search": "tra-cuu",
    "review": "duyet",
    "log": "nhat-ky",
}
"""Where the sections of the navigation begin."""


class Screen:
    """Renders pages; every address it writes respects the path the application is mounted under."""

    def __init__(self) -> None:
        folder = Path(__file__).parent
        environment = Environment(
            loader=FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["link"] = _link
        environment.globals["words"] = words
        environment.globals["paths"] = PATHS
        # A new style sheet gets a new address, so that no browser shows a page in yesterday's clothes.
        environment.globals["version"] = _digest(folder / "static" / it for it in _STATIC)
        for name in ("count", "decimal", "percent", "moment", "second", "day", "duration", "sentence", "size"):
            environment.filters[name] = getattr(words, name)
        self._templates = Jinja2Templates(env=environment)

    def show(self, request: Request, template: str, page: Any, *, status: int = 200, **more: Any) -> Response:
        """``page`` as the request asks for it; ``more`` is what only the HTML needs: the choices of forms."""
        if wants_json(request):
            return Response(to_json(page), status, media_type="application/json", headers={"Vary": "Accept"})
        query = {name: value for name, value in request.query_params.items() if value}
        context = self._shared(request) | {"page": page, "query": query, **more}
        return self._templates.TemplateResponse(request, template, context, status, headers={"Vary": "Accept"})

    def form(self, request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
        """A page that is a form and has no JSON face."""
        return self._templates.TemplateResponse(request, template, self._shared(request) | context, status)

    def tell(self, request: Request, status: int, title: str, text: str, commands: Sequence[str] = ()) -> Response:
        """A page that says what is wrong and what to do next."""
        if wants_json(request):
            return JSONResponse({"title": title, "detail": text, "commands": list(commands)}, status)
        context = self._shared(request) | {"title": title, "text": text, "commands": commands}
        return self._templates.TemplateResponse(request, "message.html", context, status_code=status)

    @staticmethod
    def _shared(request: Request) -> dict[str, Any]:
        """What every page needs: who is looking, and when."""
        return {"person": getattr(request.state, "person", None), "query": {}, "now": dt.datetime.now(dt.UTC)}


def screen_of(request: Request) -> Screen:
    """The application's screen."""
    screen: Screen = request.app.state.desk.screen
    return screen


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def wants_json(request: Request) -> bool:
    """Whether a program asks, not a browser."""
    accepted = request.headers.get("accept", "")
    return request.url.path.endswith(".json") or ("application/json" in accepted and "text/html" not in accepted)


@pass_context
def _link(context: Context, *parts: str, suffix: str = "", **query: Any) -> str:
    """``link("lo", unit, batch)``: each part quoted whole, so that an id can never lead elsewhere."""
    path = "/".join(quote(part, safe="@") for part in parts)
    wanted = {name: value for name, value in query.items() if value not in (None, "", 0)}
    root = context["request"].scope.get("root_path", "").rstrip("/")
    return f"{root}/{path}{suffix}" + (f"?{urlencode(wanted)}" if wanted else "")

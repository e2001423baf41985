"""Who is asking, and may they: the session behind a cookie, the permission of a route, the token of a form.

Every route is closed unless its path stands in ``PUBLIC``: the others name what they need with ``@needs(…)``, and one
that names nothing answers nobody. Units are no business of a route: ``Person.pages`` reads through an engine that
holds nothing outside the person's scope (``warehouse.scope``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from fastapi import BackgroundTasks, Depends, Request, Response
from starlette.exceptions import HTTPException

from dashboard.desk import Desk
from dashboard.pages import Pages
from warehouse.accounts import Account
from warehouse.roles import Permission, may
from warehouse.scope import Scope
from warehouse.sessions import Session, find_session, touch_session
from warehouse.tokens import TokenScope, count_request, find_token

PUBLIC = frozenset({"/dang-nhap", "/dang-nhap/oidc", "/dang-nhap/oidc/tra-ve", "/suc-khoe"})
"""Answered before anybody signed in: the way in, and whether the server lives."""

_BEFORE_THE_CHANGE = frozenset({"/doi-mat-khau", "/dang-xuat"})
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NOBODY: Any = object()
_Route = TypeVar("_Route", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in.

    Attributes:
        scope: The units whose rows exist for this person.
        form_token: What every form of this session has to carry.
        pages: The warehouse as this person may see it.
        token_label: Of the token a machine showed instead of a session.
    """

    account: Account
    scope: Scope
    form_token: str
    pages: Pages
    token_label: str | None = None

    def may(self, permission: Permission | str) -> bool:
        """Whether the person's role allows it; templates pass the permission's word."""
        return may(self.account.role, Permission(permission))


class SignInNeeded(HTTPException):
    """Nobody is signed in, or the session ran out."""

    def __init__(self) -> None:
        super().__init__(401)


class PasswordChangeNeeded(HTTPException):
    """The password was chosen by somebody else and has to be changed first."""

    def __init__(self) -> None:
        super().__init__(403, "Đổi mật khẩu được cấp trước khi dùng các trang khác.")


class WrongForm(HTTPException):
    """A form that was not sent from a page of this session."""

    def __init__(self) -> None:
        super().__init__(403, "Biểu mẫu đã cũ hoặc không gửi từ trang này. Tải lại trang rồi làm lại.")


def needs(permission: Permission | None) -> Callable[[_Route], _Route]:
    """Open a route to the roles that have ``permission``; ``None`` opens it to everybody who signed in."""

    def mark(route: _Route) -> _Route:
        route.needs = permission  # type: ignore[attr-defined]
        return route

    return mark


async def sent_token(request: Request) -> str | None:
    """The form token a request carries, in its form or its header; ``None`` for one that only reads."""
    if request.method in _SAFE or bearer(request) is not None:
        return None
    header = request.headers.get("x-form-token")
    if header is not None:
        return header
    if request.headers.get("content-type", "").startswith(("application/x-www-form-urlencoded", "multipart/")):
        return str((await request.form()).get("form_token", ""))
    return ""


def guard(request: Request, tasks: BackgroundTasks, sent: Annotated[str | None, Depends(sent_token)]) -> None:
    """Stands before every route of the application.

    Raises:
        SignInNeeded, PasswordChangeNeeded, WrongForm: See there.
        HTTPException: 403 for a role that may not.
    """
    if request.scope["route"].path in PUBLIC:
        return
    desk: Desk = request.app.state.desk
    machine = bearer(request)
    if machine is not None:
        _let_machine_in(request, desk, machine)
        return
    session, token = _session(request, desk)
    if session is None:
        raise SignInNeeded
    if session.stale:
        tasks.add_task(touch_session, desk.engine, token)
    person = request.state.person = _person(desk, session, token)
    if is_api(request):
        _count(desk, f"account {session.account.account_id}")
    if sent is not None:
        check_form(request, sent, token)
    if session.account.must_change and request.scope["route"].path not in _BEFORE_THE_CHANGE:
        raise PasswordChangeNeeded
    needed: Permission | None = getattr(request.scope["endpoint"], "needs", _NOBODY)
    if needed is _NOBODY or (needed is not None and not person.may(needed)):
        raise HTTPException(403)


def recognize(request: Request) -> None:
    """Say on a page that no route answers who is looking, if somebody is; opens nothing."""
    desk: Desk = request.app.state.desk
    session, token = _session(request, desk)
    if session is not None and not session.account.must_change:
        request.state.person = _person(desk, session, token)


def _session(request: Request, desk: Desk) -> tuple[Session | None, str]:
    engine, token = desk.engine, request.cookies.get(cookie_name(request), "")  # whoever asks is told of no database
    return (find_session(engine, token, desk.options.lifetime) if token else None), token


def _person(desk: Desk, session: Session, token: str) -> Person:
    scope = desk.scope(session.account.units)
    return Person(session.account, scope, form_token(token), desk.pages(scope))


def _let_machine_in(request: Request, desk: Desk, secret: str) -> None:
    """A program with a token: its account's role and units, as far as it allows them; the API alone."""
    found = find_token(desk.engine, secret) if is_api(request) else None
    if found is None:
        raise SignInNeeded
    account, token = found
    _count(desk, f"token {token.token_id}")
    scope = desk.scope(account.units)
    person = Person(account, scope, "", desk.pages(scope), token.label)
    request.state.person = person
    endpoint = request.scope["endpoint"]
    needed: Permission | None = getattr(endpoint, "needs", _NOBODY)
    allowed = getattr(endpoint, "token_scope", None)
    if needed is _NOBODY or (needed is not None and not person.may(needed)):
        raise HTTPException(403)
    if needed is not None and allowed not in token.allowed:
        raise HTTPException(403, "Khóa máy này không được cấp quyền cho thao tác này.")


def _count(desk: Desk, who: str) -> None:
    wait = count_request(desk.engine, who)
    if wait:
        raise HTTPException(429, "Quá nhiều yêu cầu trong một phút.", {"Retry-After": str(wait)})


def for_tokens(scope: TokenScope) -> Callable[[_Route], _Route]:
    """Say what a token must allow for this route."""

    def mark(route: _Route) -> _Route:
        route.token_scope = scope  # type: ignore[attr-defined]
        return route

    return mark


def is_api(request: Request) -> bool:
    """Whether the request is one of programs."""
    return str(getattr(request.scope.get("route"), "path", request.url.path)).startswith("/api/")


def bearer(request: Request) -> str | None:
    """The token a request shows in ``Authorization: Bearer``."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() if kind.lower() == "bearer" else None


async def signed_in(request: Request) -> Person:
    """The person ``guard`` let in; ``async`` spares a thread for a look at a variable."""
    person: Person = request.state.person
    return person


Signed = Annotated[Person, Depends(signed_in)]
"""Type of a route's parameter that wants to know who is asking."""


def form_token(session_token: str) -> str:
    """What the forms of a session carry; follows from the cookie, which no other site can read."""
    return hmac.new(session_token.encode(), b"form", hashlib.sha256).hexdigest()


def check_form(request: Request, sent: str, session_token: str) -> None:
    """Whether a form comes from a page this server gave to this browser.

    Raises:
        WrongForm: It does not.
    """
    origin = request.headers.get("origin")
    foreign = origin not in (None, "null") and urlsplit(origin).netloc != request.headers.get("host")
    if foreign or request.headers.get("sec-fetch-site") == "cross-site":
        raise WrongForm
    if not session_token or not hmac.compare_digest(sent, form_token(session_token)):
        raise WrongForm


def cookie_name(request: Request, kind: str = "session") -> str:
    """Name of a cookie; cookies know no ports, so each place the dashboard is mounted at has a name of its own."""
    place = "".join(letter for letter in root_of(request) if letter.isalnum())
    return f"sohoa_{kind}_{place}" if place else f"sohoa_{kind}"


def keep_cookie(request: Request, response: Response, value: str, *, seconds: int, kind: str = "session") -> None:
    """Give the browser a cookie no script and no other site's form gets at."""
    response.set_cookie(
        cookie_name(request, kind),
        value,
        max_age=seconds,
        path=root_of(request) or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def drop_cookie(request: Request, response: Response, kind: str = "session") -> None:
    response.delete_cookie(
        cookie_name(request, kind),
        path=root_of(request) or "/",
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def root_of(request: Request) -> str:
    """The path the dashboard is mounted under, without a slash at its end."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def address_of(request: Request) -> str:
    """The address a request comes from, as the server trusts it."""
    return request.client.host if request.client else "unknown"

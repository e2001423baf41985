"""Signing in through an OpenID Connect provider: a provider of its own on this machine, over HTTP."""

from __future__ import annotations

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import sqlalchemy as sa
import uvicorn
from fastapi import FastAPI, Form, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from dashboard.app import create_app
from dashboard.options import OidcOptions, Options

SECRET = "secret of the dashboard"


class Agency:
    """A provider whose users are whoever ``user`` says; ``claims`` bends the next token."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1"})
        self.user = "ward"
        self.claims: dict[str, Any] = {}
        self.signs_with: RSAKey | None = None
        self.issuer = ""
        self._codes: dict[str, dict[str, str]] = {}
        self.app = FastAPI()
        self.app.get("/.well-known/openid-configuration")(self.configuration)
        self.app.get("/keys")(self.keys)
        self.app.get("/authorize")(self.authorize)
        self.app.post("/token")(self.token)

    def configuration(self) -> dict[str, str]:
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        return {"issuer": self.issuer} | {name: f"{self.issuer}/{path}" for name, path in names.items()}

    def keys(self) -> Any:
        return KeySet([self.key]).as_dict(private=False)

    def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        self._codes["code-1"] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code=code-1&state={asked['state']}", 302)

    def token(
        self, request: Request, code: str = Form(), code_verifier: str = Form(), redirect_uri: str = Form()
    ) -> Response:
        asked = self._codes.pop(code, None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()
        credentials = base64.b64encode(f"sohoa:{SECRET}".encode()).decode()
        right = (
            asked is not None
            and asked["code_challenge"] == proof
            and asked["redirect_uri"] == redirect_uri
            and request.headers.get("authorization") == f"Basic {credentials}"
        )
        if not right or asked is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": "sohoa",
            "sub": "42",
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            "preferred_username": self.user,
        } | self.claims
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, claims, self.signs_with or self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": signed})


@pytest.fixture
def agency() -> Iterator[Agency]:
    it = Agency()
    server = uvicorn.Server(uvicorn.Config(it.app, host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    it.issuer = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield it
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def browser(sample_url: str, agency: Agency) -> Iterator[TestClient]:
    oidc = OidcOptions(issuer=agency.issuer, client_id="sohoa", client_secret=SECRET)
    app = create_app(Options(database_url=sample_url, oidc=oidc))
    with TestClient(app, base_url="http://127.0.0.1") as client:
        yield client


def come_back(browser: TestClient, *, wanted: str = "", **bent: str) -> httpx.Response:
    """To the provider and back, as a browser is led."""
    left = browser.get("/dang-nhap/oidc", params={"tiep": wanted}, follow_redirects=False)
    assert left.status_code == 303
    at_the_agency = httpx.get(left.headers["location"])
    back = {name: values[0] for name, values in parse_qs(urlsplit(at_the_agency.headers["location"]).query).items()}
    return browser.get("/dang-nhap/oidc/tra-ve", params=back | bent, follow_redirects=False)


def test_the_agency_s_word_opens_the_account_of_that_name(browser: TestClient, agency: Agency) -> None:
    assert "tài khoản của cơ quan" in browser.get("/dang-nhap").text
    answer = come_back(browser, wanted="/lo?status=done")
    assert (answer.status_code, answer.headers["location"]) == (303, "/lo?status=done")
    assert "Người ward" in browser.get("/lo").text
    assert [it["unit_id"] for it in browser.get("/tien-do.json").json()["units"]] == ["00256@2025-07-01"]


def test_nobody_is_led_elsewhere_and_nobody_unknown_gets_in(browser: TestClient, agency: Agency) -> None:
    assert come_back(browser, wanted="//evil.example").headers["location"] == "/"
    browser.cookies.clear()
    agency.user = "khong-co"
    answer = come_back(browser)
    assert answer.status_code == 403
    assert "chưa được cấp" in answer.text
    assert browser.get("/lo", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "somebody else"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"preferred_username": ""},
    ],
    ids=lambda it: next(iter(it)),
)
def test_a_token_that_is_not_for_us_proves_nothing(
    claims: dict[str, Any], browser: TestClient, agency: Agency, sample: sa.Engine
) -> None:
    agency.claims = claims
    assert come_back(browser).status_code == 403
    assert "sohoa_session" not in browser.cookies


def test_a_token_signed_by_another_key_proves_nothing(browser: TestClient, agency: Agency) -> None:
    agency.signs_with = RSAKey.generate_key(2048, {"kid": "1"})
    assert come_back(browser).status_code == 403
    agency.key = agency.signs_with  # the provider changed its keys: they are asked for again
    assert come_back(browser).status_code == 303


def test_a_state_that_was_not_given_here_is_refused(browser: TestClient) -> None:
    assert come_back(browser, state="forged").status_code == 403
    assert browser.get("/dang-nhap/oidc/tra-ve?code=code-1&state=x").status_code == 403


def test_a_provider_that_is_away_leaves_the_password(sample_url: str) -> None:
    oidc = OidcOptions(issuer="http://127.0.0.1:1", client_id="sohoa", client_secret="")
    with TestClient(create_app(Options(database_url=sample_url, oidc=oidc)), base_url="http://127.0.0.1") as client:
        assert client.get("/dang-nhap/oidc").status_code == 503
        assert client.get("/dang-nhap").status_code == 200


def test_without_a_provider_there_is_no_such_page(sample_app: FastAPI) -> None:
    client = TestClient(sample_app, base_url="http://127.0.0.1")
    assert client.get("/dang-nhap/oidc").status_code == 404
    assert "oidc" not in client.get("/dang-nhap").text

"""Signing in, staying so, and what each role and scope sees: every route with every role."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from archive_sample import BATCH, HOSTILE_BATCH, make_sample
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from lxml import html

from dashboard.access import PUBLIC
from dashboard.app import create_app
from dashboard.desk import Found
from dashboard.options import Options
from warehouse.accounts import add_account, change_account, find_account, reset_password
from warehouse.database import open_database, writing
from warehouse.hits import SearchPage
from warehouse.passwords import hash_password
from warehouse.roles import PERMISSIONS, Permission, Role
from warehouse.schema_accounts import account_event, account_session
from warehouse.scope import Scope
from warehouse.sessions import PER_NAME, Lifetime, open_session

SignIn = Callable[..., TestClient]
PASSWORD = "chín con sông nhỏ"
ROLES = {"staff": Role.STAFF, "ward": Role.WARD_LEAD, "city": Role.CITY_LEAD, "engineer": Role.ENGINEER}
ROLES["auditor"] = Role.AUDITOR
EXAMPLES = {"unit": "00256@2025-07-01", "batch": "lo-1", "document": "HS-0002"}
EXAMPLES |= {"search": "khong-co", "page": "1", "field": "person_name", "code": "X"}


def routes() -> list[APIRoute]:
    app = create_app(Options(database_url="sqlite:///:memory:"))
    return [route for route in app.routes if isinstance(route, APIRoute)]


def address(route: APIRoute) -> str:
    """A path of the route that leads to something the ward's lead may see."""
    path = re.sub("^/(lo|ho-so)/{unit}", r"/\1/00256", route.path)
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: EXAMPLES[found[1]], path)


def log_in(client: TestClient, name: str, password: str, *, wanted: str = "") -> Any:
    """Through the form, as a browser does it."""
    page = html.fromstring(client.get("/dang-nhap", params={"tiep": wanted}).text)
    (token,) = page.xpath("//main//input[@name='form_token']/@value")
    (kept,) = page.xpath("//main//input[@name='tiep']/@value")
    data = {"name": name, "password": password, "form_token": token, "tiep": kept}
    return client.post("/dang-nhap", data=data, follow_redirects=False)


def form_token(client: TestClient) -> str:
    return str(html.fromstring(client.get("/lo").text).xpath("//input[@name='form_token']/@value")[0])


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{'+'.join(sorted(route.methods))} {route.path}")
def test_every_route_asks_who_is_there_and_may_they(route: APIRoute, sign_in: SignIn) -> None:
    (method,) = route.methods
    if route.path.startswith("/api/"):
        nobody = sign_in(None).request(method, address(route))
        assert (nobody.status_code, nobody.headers["content-type"]) == (401, "application/problem+json")
        assert hasattr(route.endpoint, "needs")
        return
    if route.path in PUBLIC:
        assert not hasattr(route.endpoint, "needs")
        return
    nobody = sign_in(None).request(method, address(route), follow_redirects=False)
    if route.path.endswith(".json"):
        assert (nobody.status_code, nobody.json()["title"]) == (401, "Chưa đăng nhập")
    else:
        assert nobody.status_code == 303
        assert nobody.headers["location"].startswith("/dang-nhap")
    needed: Permission | None = route.endpoint.needs  # type: ignore[attr-defined]
    for name, role in ROLES.items():
        client = sign_in(name)
        headers = {} if method == "GET" else {"X-Form-Token": form_token(client)}
        if method != "GET":
            forged = client.request(method, address(route), follow_redirects=False)
            assert forged.status_code == 403, "without the form's token"
        if Permission.RECORDS in PERMISSIONS[role] and route.path.startswith("/ho-so/"):
            told = {"form_token": form_token(client), "purpose": "inspection"}
            client.post("/muc-dich", data=told, follow_redirects=False)
        answer = client.request(method, address(route), headers=headers, follow_redirects=False)
        allowed = needed is None or needed in PERMISSIONS[role]
        assert (answer.status_code != 403) == allowed, (name, answer.status_code)
        if allowed and not route.path.endswith((".pdf", ".jpg")):  # here there is no archive
            assert answer.status_code < 500


def test_a_route_that_names_no_permission_answers_nobody(sample_url: str) -> None:
    app = create_app(Options(database_url=sample_url))
    app.get("/quen-khai-bao")(lambda: "secret")
    engine = open_database(sample_url)
    token = open_session(engine, find_account(engine, "city"), address="test", lifetime=Lifetime())
    with TestClient(app, base_url="http://127.0.0.1", cookies={"sohoa_session": token}) as client:
        assert client.get("/lo").status_code == 200
        assert client.get("/quen-khai-bao").status_code == 403


@pytest.mark.parametrize("name", ["ward", "staff"])
def test_a_ward_sees_its_own_and_nothing_else(name: str, sign_in: SignIn) -> None:
    client = sign_in(name)
    progress = client.get("/tien-do.json").json()
    assert [it["unit_id"] for it in progress["units"]] == ["00256@2025-07-01"]
    assert (progress["total"]["inventory"], progress["total"]["digitized"]) == (4, 1)
    assert "00256@-" not in client.get("/tien-do.csv").text
    assert client.get("/don-vi/00292").status_code == client.get("/don-vi/00256@-").status_code == 404
    assert [it["document_id"] for it in client.get("/ho-so.json").json()["documents"]] == ["HS-0002"]
    assert client.get("/ho-so.json?unit_code=00256&record_type=birth").json()["documents"] == []
    assert [it["batch_key"] for it in client.get("/lo.json").json()["batches"]] == [BATCH]
    batch = client.get(f"/lo/{BATCH}.json").json()
    assert (batch["failures"], batch["review"], batch["rescan"]) == ([], [], [])
    assert client.get(f"/lo/{HOSTILE_BATCH}").status_code == 404
    assert len(sign_in("city").get(f"/lo/{BATCH}.json").json()["failures"]) == 3


def test_a_page_that_is_not_there_still_leads_on_who_is_signed_in(sign_in: SignIn) -> None:
    answer = sign_in("ward").get("/khong-co")
    assert (answer.status_code, 'aria-label="Trang chính"' in answer.text) == (404, True)
    assert "Số liệu đếm" not in answer.text, "there are no figures"
    assert "Trang chính" not in sign_in(None).get("/khong-co").text


def test_signing_in_leads_to_the_page_that_was_wanted(sign_in: SignIn) -> None:
    client = sign_in(None)
    asked = client.get("/ho-so?year=1998", follow_redirects=False)
    assert asked.headers["location"] == "/dang-nhap?tiep=%2Fho-so%3Fyear%3D1998"
    answer = log_in(client, " CITY ", PASSWORD, wanted="/ho-so?year=1998")
    assert (answer.status_code, answer.headers["location"]) == (303, "/ho-so?year=1998")
    cookie = next(it for it in answer.headers.get_list("set-cookie") if it.startswith("sohoa_session="))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {it.strip() for it in cookie.split(";")}
    assert "Secure" not in cookie
    assert "Người city" in client.get("/").text


@pytest.mark.parametrize(
    "wanted", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_server(wanted: str, sign_in: SignIn) -> None:
    assert log_in(sign_in(None), "city", PASSWORD, wanted=wanted).headers["location"] == "/"


def test_over_https_the_cookie_stays_there(sample_url: str) -> None:
    app = create_app(Options(database_url=sample_url))
    with TestClient(app, base_url="https://127.0.0.1") as client:
        assert all("Secure" in it for it in log_in(client, "city", PASSWORD).headers.get_list("set-cookie"))


def test_each_sign_in_makes_a_new_session_and_signing_out_ends_it(sign_in: SignIn, sample: sa.Engine) -> None:
    client = sign_in(None)
    log_in(client, "city", PASSWORD)
    first = client.cookies["sohoa_session"]
    token = form_token(client)
    log_in(client, "city", PASSWORD)
    assert client.cookies["sohoa_session"] != first
    with sample.connect() as connection:
        assert first not in str(connection.execute(sa.select(account_session)).all())
    answer = client.post("/dang-xuat", data={"form_token": token}, follow_redirects=False)
    assert answer.status_code == 403, "the form of another session"
    client.post("/dang-xuat", data={"form_token": form_token(client), "everywhere": "1"})
    for cookie in (first, client.cookies.get("sohoa_session", first)):
        client.cookies.set("sohoa_session", cookie)
        assert client.get("/", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("column", ["seen_at", "expires_at"])
def test_a_session_ends_unused_or_after_all(column: str, sign_in: SignIn, sample: sa.Engine) -> None:
    client = sign_in("auditor")
    assert client.get("/").status_code == 200
    account = find_account(sample, "auditor").account_id
    past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=31)
    with writing(sample) as connection:
        connection.execute(
            sa.update(account_session).where(account_session.c.account_id == account).values({column: past})
        )
    assert client.get("/", follow_redirects=False).status_code == 303


def test_a_form_from_another_site_is_refused(sign_in: SignIn) -> None:
    client = sign_in("city")
    data = {"form_token": form_token(client)}
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert client.post("/dang-xuat", data=data, headers=headers).status_code == 403
    assert client.get("/lo").status_code == 200
    fresh = sign_in(None)
    assert fresh.post("/dang-nhap", data={"name": "city", "password": PASSWORD}).status_code == 403


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A database of its own, for tests that lock somebody out."""
    url = make_sample(tmp_path)
    engine = open_database(url)
    add_account(engine, "lan", PASSWORD, role=Role.WARD_LEAD, units=["00256"], must_change=False)
    with TestClient(create_app(Options(database_url=url)), base_url="http://127.0.0.1") as client:
        yield engine, client
    engine.dispose()


def test_guessing_has_to_wait_even_with_the_right_password(own: Any) -> None:
    engine, client = own
    for _ in range(PER_NAME):
        answer = log_in(client, "lan", "sai mật khẩu rồi")
        assert answer.status_code == 401
        assert "không đúng" in answer.text
    answer = log_in(client, "LAN", PASSWORD)
    assert (answer.status_code, int(answer.headers["retry-after"]) > 60) == (429, True)
    with writing(engine) as connection:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=16)
        connection.execute(sa.update(account_event).values(at=past))
    assert log_in(client, "lan", PASSWORD).status_code == 303


def test_who_guesses_many_names_waits_too_and_a_good_sign_in_forgives_nothing_but_itself(own: Any) -> None:
    engine, client = own
    with writing(engine) as connection:
        rows = [
            {
                "at": dt.datetime.now(dt.UTC),
                "kind": "sign_in_failed",
                "subject": str(n),
                "address": "testclient",
                "detail": "",
            }
            for n in range(29)
        ]
        connection.execute(sa.insert(account_event), rows)
    assert log_in(client, "lan", PASSWORD).status_code == 303
    assert log_in(client, "khong-co", PASSWORD).status_code == 401
    assert log_in(client, "lan", PASSWORD).status_code == 429


def test_unknown_wrong_and_disabled_are_told_alike(own: Any) -> None:
    engine, client = own
    change_account(engine, "lan", disabled=True)
    said = {
        html.fromstring(log_in(client, name, password).text).xpath("//*[@id='said']")[0].text_content()
        for name, password in (("lan", PASSWORD), ("lan", "sai mật khẩu"), ("khong-co", PASSWORD))
    }
    assert len(said) == 1


def test_a_lock_ends_what_is_open(own: Any) -> None:
    engine, client = own
    log_in(client, "lan", PASSWORD)
    assert client.get("/").status_code == 200
    change_account(engine, "lan", disabled=True)
    assert client.get("/", follow_redirects=False).status_code == 303


def test_a_password_somebody_else_chose_is_changed_first(own: Any) -> None:
    engine, client = own
    reset_password(engine, "lan", "mật khẩu tạm thời 7")
    assert log_in(client, "lan", "mật khẩu tạm thời 7").status_code == 303
    asked = client.get("/lo", follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/doi-mat-khau")
    assert client.get("/lo.json").status_code == 403
    page = html.fromstring(client.get("/doi-mat-khau").text)
    token = page.xpath("//input[@name='form_token']/@value")[0]

    def change(old: str, new: str, again: str) -> Any:
        data = {"form_token": token, "old": old, "new": new, "again": again}
        return client.post("/doi-mat-khau", data=data, follow_redirects=False)

    new = "bốn mùa hoa sữa"
    for wrong in (
        ("sai", new, new),
        ("mật khẩu tạm thời 7", new, new + "!"),
        ("mật khẩu tạm thời 7", "ngắn", "ngắn"),
        ("mật khẩu tạm thời 7", "mật khẩu tạm thời 7", "mật khẩu tạm thời 7"),
    ):
        assert change(*wrong).status_code == 400
    before = client.cookies["sohoa_session"]
    assert change("mật khẩu tạm thời 7", new, new).status_code == 303
    assert client.cookies["sohoa_session"] != before
    assert client.get("/lo").status_code == 200
    assert log_in(client, "lan", "mật khẩu tạm thời 7").status_code == 401


@pytest.mark.parametrize("weak", ["ngan", "aaaaaaaaaaaaaaaa", "matkhau123456", "nguyen.lan.2025x", "Mật Khẩu 123456"])
def test_passwords_somebody_would_try_first_are_refused(weak: str) -> None:
    from warehouse.errors import WeakPasswordError

    with pytest.raises(WeakPasswordError) as caught:
        hash_password(weak, name="nguyen.lan@2025x")
    assert weak not in str(caught.value)


def test_a_password_is_the_same_however_a_keyboard_spells_it(own: Any) -> None:
    import unicodedata

    _, client = own
    assert log_in(client, "lan", unicodedata.normalize("NFD", PASSWORD)).status_code == 303


def test_what_a_search_found_is_told_once_to_the_same_scope_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other, page = Scope(()), Scope(None), SearchPage((), 0, True, 0, 20)
    found = Found()
    found.keep("s", mine, page)
    assert found.take("s", other) is None
    assert found.take("s", mine) is page
    assert found.take("s", mine) is None
    found.keep("s", mine, page)
    monkeypatch.setattr("dashboard.desk._FOLLOWED_WITHIN", 0.0)
    assert found.take("s", mine) is None

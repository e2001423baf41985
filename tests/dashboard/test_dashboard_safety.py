"""Hostile names, missing databases, wrong addresses, and the headers that keep a browser in its place."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from archive_sample import HOSTILE_BATCH
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from lxml import html
from openpyxl import load_workbook

from dashboard.app import create_app
from dashboard.export import Table, table_file
from dashboard.options import Options

ADDRESS = "http://127.0.0.1"
SignIn = Callable[..., TestClient]
HOSTILE_PATH = "/lo/" + "/".join(quote(part, safe="") for part in HOSTILE_BATCH.split("/"))


def browse(database_url: str) -> TestClient:
    """A browser of nobody, on another database."""
    return TestClient(create_app(Options(database_url=database_url)), base_url=ADDRESS)


def test_hostile_names_stay_text(client: TestClient) -> None:
    page = client.get(HOSTILE_PATH)
    assert page.status_code == 200
    tree = html.fromstring(page.text)
    assert not tree.xpath("//script|//img|//b")
    assert '<script>alert("lô #1?")' in tree.xpath("//h1")[0].text_content()
    assert '<img src="x" onerror="alert(1)">' in tree.xpath("//ul[@class='documents']")[0].text_content()
    assert "<script>alert(2)</script>" in tree.xpath("//p[@class='notice']/text()")
    (command,) = tree.xpath("//pre/code/text()")
    assert command == f"sohoa rerun --batch '{HOSTILE_BATCH}'"
    listed = html.fromstring(client.get("/lo").text)
    assert HOSTILE_PATH in listed.xpath("//tbody//th/a/@href")


@pytest.mark.parametrize("path", ["/", "/lo", HOSTILE_PATH, "/tien-do.csv", "/lo.json", "/khong-co", "/?year=x"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


def test_style_is_served_from_here_and_may_be_kept(client: TestClient) -> None:
    (address,) = html.fromstring(client.get("/").text).xpath("//link[@rel='stylesheet']/@href")
    style = client.get(address)
    assert style.headers["content-type"].startswith("text/css")
    assert style.headers["cache-control"] == "no-cache"
    assert "http" not in style.text
    assert "@import" not in style.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/khong-co", 404),
        ("/don-vi/99999", 404),
        ("/lo/00256/khong-co", 404),
        ("/lo/00256/khong-co.json", 404),
        ("/?year=19x8", 400),
        ("/?year=-1", 400),
        ("/?sort=random", 400),
        ("/?tier=xa", 400),
        ("/ho-so?record_type=x", 400),
        ("/ho-so?year=99999999999999999999", 400),
        ("/lo?status=lost", 400),
    ],
)
def test_wrong_addresses_get_a_vietnamese_answer(client: TestClient, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    if path.endswith(".json"):
        assert answer.json()["title"] == "Không tìm thấy trang"
    else:
        assert "Về trang tiến độ" in answer.text


def test_pages_are_for_reading_only(client: TestClient) -> None:
    assert client.post("/").status_code == 405
    assert client.get("/docs").status_code == client.get("/openapi.json").status_code == 404


def test_missing_database_says_what_to_do_and_leaves_nothing_behind(tmp_path: Path) -> None:
    file = tmp_path / "sohoa.db"
    with browse(f"sqlite:///{file}") as client:
        for path in ("/", "/lo", "/lo/00256/lo-1", "/don-vi/00256", "/ho-so", "/tien-do.csv", "/dang-nhap"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert "Chưa có dữ liệu để xem" in answer.text
            assert "make demo" in answer.text
            assert "sohoa run" in answer.text
        assert client.get("/lo.json").json()["commands"] == ["make demo", "sohoa run"]
    assert not file.exists()


def test_unmigrated_and_broken_databases_say_the_same(tmp_path: Path) -> None:
    empty, broken = tmp_path / "empty.db", tmp_path / "broken.db"
    empty.touch()
    broken.write_bytes(b"this is no database " * 100)
    for file in (empty, broken):
        with browse(f"sqlite:///{file}") as client:
            answer = client.get("/")
            assert answer.status_code == 503
            assert "make demo" in answer.text
            assert "Traceback" not in answer.text


def test_a_database_made_later_is_seen_without_a_restart(tmp_path: Path, sample_url: str) -> None:
    file = tmp_path / "sohoa.db"
    with browse(f"sqlite:///{file}") as client:
        assert client.get("/").status_code == 503
        file.write_bytes(Path(sample_url.removeprefix("sqlite:///")).read_bytes())
        assert client.get("/").status_code == 200


def test_a_database_server_that_is_away_gives_a_page(caplog: pytest.LogCaptureFixture) -> None:
    url = "postgresql://sohoa:hidden-word@127.0.0.1:1/sohoa?connect_timeout=2"
    with browse(url) as client, caplog.at_level(logging.DEBUG):
        answer = client.get("/")
    assert answer.status_code == 503
    assert "Cơ sở dữ liệu không trả lời" in answer.text
    assert "hidden-word" not in answer.text + caplog.text


def test_an_unexpected_error_shows_no_traceback(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("dashboard.pages.list_batches", fail)
    answer = client.get("/lo")
    assert answer.status_code == 500
    assert "Có lỗi ngoài dự kiến" in answer.text
    assert "secret" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_database_comes_from_the_environment(sample_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_DATABASE_URL", sample_url)
    with TestClient(create_app(), base_url=ADDRESS) as client:
        assert client.get("/suc-khoe").json() == {"status": "ok"}


def test_a_request_for_another_host_is_refused(sign_in: SignIn) -> None:
    headers = {"Host": "evil.example"}
    assert sign_in("city").get("/", headers=headers).status_code == 400
    assert sign_in("city", hosts=("evil.example",)).get("/", headers=headers).status_code == 200


def test_links_respect_the_path_it_is_mounted_under(sign_in: SignIn) -> None:
    tree = html.fromstring(sign_in("city", root_path="/sohoa").get("/lo").text)
    links = [it for it in tree.xpath("//a/@href|//link/@href|//form/@action") if not it.startswith("#")]
    assert links
    assert all(it.startswith("/sohoa/") for it in links)


def test_the_document_lists_every_address(sample_url: str) -> None:
    docs = Path(__file__).parents[2] / "docs"
    text = "".join((docs / name).read_text(encoding="utf-8") for name in ("dashboard.md", "api.md"))
    told = set(re.findall(r"`(/[^`]*)`", text))
    app = create_app(Options(database_url=sample_url))
    assert told == {route.path for route in app.routes if isinstance(route, APIRoute)}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_runs_nothing(ending: str) -> None:
    names = ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx", "Phường Bạch Mai", "a\x0bb"]
    table = Table(name="x", title="=1+1", header=("=A1", "Số"), rows=[(name, 12.25) for name in names])
    body = table_file(table, ending).body
    if ending == "csv":
        lines = bytes(body).decode("utf-8-sig").splitlines()
        assert lines[1:4] == ["'=HYPERLINK(1),12.2", "'+1,12.2", "'-1,12.2"]
        assert lines[6].startswith("Phường Bạch Mai,")
        return
    sheet = load_workbook(io.BytesIO(bytes(body))).active
    assert sheet is not None
    shown = [sheet.cell(row, 1) for row in range(1, 4 + len(names))]
    assert not [cell.coordinate for cell in shown if cell.data_type == "f"]
    assert [cell.value for cell in shown[3:8]] == names[:5]
    assert sheet["B4"].value == 12.25

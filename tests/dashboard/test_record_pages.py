"""Searching, a record's page and files, and the log of who looked: every role, within a scope and outside it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from archive_sample import BATCH
from archived_records import COLOUR, OWN, STORED
from fastapi.testclient import TestClient
from lxml import html
from PIL import Image

from dashboard.app import create_app
from dashboard.options import Options
from pipeline.web import ArchiveDoor
from warehouse.accounts import add_account, find_account
from warehouse.database import open_database, writing
from warehouse.roles import Role
from warehouse.schema_access import record_access
from warehouse.sessions import Lifetime, open_session

PASSWORD = "chín con sông nhỏ"
PEOPLE = {
    "staff": (Role.STAFF, "00256@2025-07-01"),
    "city": (Role.CITY_LEAD, "01"),
    "engineer": (Role.ENGINEER, "01"),
    "auditor": (Role.AUDITOR, "01"),
}
Enter = Callable[[str], TestClient]


@pytest.fixture(scope="module")
def stored(archive: Any) -> Iterator[tuple[Any, Any, Path]]:
    url, context, folder = archive
    engine = open_database(url)
    for name, (role, unit) in PEOPLE.items():
        add_account(engine, name, PASSWORD, role=role, units=[unit], full_name=f"Người {name}", must_change=False)
    app = create_app(Options(database_url=url, archive=ArchiveDoor(context)))
    yield app, engine, folder
    engine.dispose()


@pytest.fixture
def enter(stored: Any) -> Enter:
    app, engine, _ = stored

    def sign_in(name: str) -> TestClient:
        client = TestClient(app, base_url="http://127.0.0.1", follow_redirects=False)
        token = open_session(engine, find_account(engine, name), address="test", lifetime=Lifetime())
        client.cookies.set("sohoa_session", token)
        return client

    return sign_in


@pytest.fixture
def log(stored: Any) -> Callable[[], list[Any]]:
    def rows() -> list[Any]:
        with stored[1].connect() as connection:
            return list(connection.execute(sa.select(record_access).order_by(record_access.c.id)))

    return rows


def form_token(client: TestClient) -> str:
    return str(html.fromstring(client.get("/doi-mat-khau").text).xpath("//input[@name='form_token']/@value")[0])


def search(client: TestClient, **boxes: str) -> Any:
    data = {"form_token": form_token(client), "purpose": "copy", "reason": "H26-1", **boxes}
    return client.post("/tra-cuu", data=data)


def tell_purpose(client: TestClient, **more: str) -> Any:
    data = {"form_token": form_token(client), "purpose": "verification", "reason": "CV 12", **more}
    return client.post("/muc-dich", data=data)


@pytest.mark.parametrize(
    ("boxes", "found"),
    [
        ({"anything": "nguyễn thị đào"}, 3),
        ({"anything": "dao nguyen"}, 3),
        ({"name": "nguyen thi doa"}, 3),
        ({"name": "đào", "birth_date": "03/02/1998", "year": "2025"}, 1),
        ({"number": "12", "book": "1"}, 3),
        ({"unit_code": "00256", "record_type": "death"}, 1),
        ({"text": '"giấy khai sinh"'}, 3),
        ({"name": "trần văn không có"}, 0),
    ],
)
def test_a_search_finds_by_what_people_know(enter: Enter, boxes: dict[str, str], found: int) -> None:
    client = enter("city")
    answer = search(client, **boxes)
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert re.fullmatch(r"/tra-cuu/[\w-]{20}", address), "no name stands in an address"
    page = html.fromstring(client.get(address).text)
    assert len(page.xpath("//li[@class='hit']")) == found
    told = client.get(f"{address}.json").json()
    assert (told["total"], len(told["hits"]), told["query"]) == (
        found,
        found,
        {name: int(value) if name == "year" else value for name, value in boxes.items()},
    )


def test_a_search_shows_where_the_words_stand_and_keeps_what_was_typed(enter: Enter) -> None:
    client = enter("city")
    page = html.fromstring(client.get(search(client, text="khai sinh").headers["location"]).text)
    assert page.xpath("//p[@class='snippet']//mark/text()")[:2] == ["KHAI", "SINH"]
    assert page.xpath("//input[@name='text']/@value") == ["khai sinh"]
    assert page.xpath("//select[@name='purpose']/option[@selected]/@value") == ["copy"]
    assert f"/ho-so/{STORED}" in page.xpath("//li[@class='hit']//a/@href")


@pytest.mark.parametrize(
    ("boxes", "said"),
    [
        ({}, "ít nhất một điều kiện"),
        ({"name": "đào", "purpose": ""}, "Chọn mục đích"),
        ({"name": "đào", "purpose": "x"}, "Chọn mục đích"),
        ({"name": "đào", "purpose": "other", "reason": " "}, "Ghi rõ"),
        ({"name": "đào", "year": "19x8"}, "bốn chữ số"),
        ({"name": "đ" * 201}, "Dài quá"),
    ],
)
def test_what_cannot_be_searched_is_told_and_not_logged(
    enter: Enter, log: Callable[[], list[Any]], boxes: dict[str, str], said: str
) -> None:
    before = len(log())
    answer = search(enter("staff"), **boxes)
    assert answer.status_code == 400
    assert said in answer.text
    assert len(log()) == before


def test_a_search_is_its_makers_alone_and_ends_at_the_scope(enter: Enter, log: Callable[[], list[Any]]) -> None:
    staff = enter("staff")
    address = search(staff, name="Đào").headers["location"]
    assert [it["document_key"] for it in staff.get(f"{address}.json").json()["hits"]] == [OWN]
    assert enter("city").get(address).status_code == 404
    last = log()[-1]
    assert (last.account_name, last.action, last.purpose, last.reason) == ("staff", "search", "copy", "H26-1")
    assert (last.query, last.hits, last.address) == ({"name": "Đào"}, 1, "testclient")


def test_nothing_personal_opens_before_the_purpose_is_told(enter: Enter, log: Callable[[], list[Any]]) -> None:
    client = enter("city")
    before = len(log())
    for tail in ("", "/tep.pdf", "/trang/1.jpg", "/truong/person_name.jpg"):
        answer = client.get(f"/ho-so/{STORED}{tail}")
        assert (answer.status_code, "Đào" in answer.text) == (303, False)
        assert answer.headers["location"].startswith("/muc-dich?tiep=")
    assert client.get(f"/ho-so/{STORED}.json").status_code == 403
    assert len(log()) == before
    assert tell_purpose(client, purpose="").status_code == 400
    told = tell_purpose(client, tiep=f"/ho-so/{STORED}")
    assert (told.status_code, told.headers["location"]) == (303, f"/ho-so/{STORED}")
    assert client.get(f"/ho-so/{STORED}").status_code == 200
    assert tell_purpose(client, tiep="//evil.example/").headers["location"] == "/"


def test_a_record_shows_everything_and_each_look_is_logged(enter: Enter, log: Callable[[], list[Any]]) -> None:
    client = enter("auditor")
    tell_purpose(client)
    before = len(log())
    page = html.fromstring(client.get(f"/ho-so/{STORED}").text)
    text = page.text_content()
    for said in (
        "Nguyễn Thị Đào",
        "03/02/1998",
        "chứng thư thử nghiệm nên không có giá trị pháp lý",
        "PAdES B-LTA",
        "01/01/2040",
        "GIẤY KHAI SINH",
        "PDF/A đã ký số",
        "91\xa0%",
    ):
        assert said in text, said
    (frame,) = page.xpath("//iframe/@src")
    (crop,) = page.xpath("//img[@class='crop']/@src")
    (picture,) = page.xpath("//section[@aria-labelledby='van-ban']//a/@href")
    opened = client.get(frame)
    assert (opened.status_code, opened.headers["content-type"]) == (200, "application/pdf")
    assert opened.content.startswith(b"%PDF")
    assert "frame-ancestors 'self'" in opened.headers["content-security-policy"]
    assert opened.headers["x-frame-options"] == "SAMEORIGIN"
    piece = Image.open(io.BytesIO(client.get(crop).content)).convert("RGB")
    middle = piece.getpixel((piece.width // 2, piece.height // 2))
    assert isinstance(middle, tuple)
    assert max(abs(a - b) for a, b in zip(middle, COLOUR, strict=True)) < 30
    assert piece.width / piece.height == pytest.approx(400 / 60, rel=0.35), "the box and a little around it"
    whole = Image.open(io.BytesIO(client.get(picture).content))
    assert (max(whole.size), whole.format) == (2400, "JPEG")
    seen = [(it.action, it.document_key, it.purpose, it.reason, it.account_name) for it in log()[before:]]
    assert seen == [
        (action, STORED, "verification", "CV 12", "auditor") for action in ("record", "file", "crop", "page")
    ]
    assert client.get(f"/ho-so/{STORED}.json").json()["signatures"][0]["verdict"] == "test"


def test_a_file_is_sent_in_ranges(enter: Enter) -> None:
    client = enter("city")
    tell_purpose(client)
    path = f"/ho-so/{STORED}/tep.pdf"
    whole = client.get(path)
    tag, data = whole.headers["etag"], whole.content
    for wanted, part in (("bytes=0-9", data[:10]), ("bytes=-7", data[-7:]), (f"bytes=5-{10**9}", data[5:])):
        got = client.get(path, headers={"Range": wanted})
        assert (got.status_code, got.content) == (206, part)
        assert got.headers["content-range"].endswith(f"/{len(data)}")
    for wanted in (f"bytes={len(data)}-", "bytes=9-3", "bytes=-0", f"bytes={'9' * 30}-"):
        assert client.get(path, headers={"Range": wanted}).status_code == 416
    for headers in ({"Range": "bytes=0-1,4-5"}, {"Range": "x"}, {"Range": "bytes=0-9", "If-Range": '"old"'}):
        assert client.get(path, headers=headers).content == data
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert "attachment" in client.get(path, params={"tai": "1"}).headers["content-disposition"]


@pytest.mark.parametrize(("name", "status"), [("staff", 404), ("engineer", 403), ("city", 200), ("auditor", 200)])
def test_what_is_outside_the_scope_is_not_there(
    enter: Enter, log: Callable[[], list[Any]], name: str, status: int
) -> None:
    client = enter(name)
    if name != "engineer":
        tell_purpose(client)
    before = len(log())
    for tail in ("", ".json", "/tep.pdf", "/trang/1.jpg", "/truong/person_name.jpg"):
        assert client.get(f"/ho-so/{STORED}{tail}").status_code == status, tail
    if status != 200:
        assert len(log()) == before
    if name == "staff":
        assert client.get(f"/ho-so/{OWN}/tep.pdf").status_code == 200


@pytest.mark.parametrize(
    "tail",
    ["/trang/3.jpg", "/trang/0.jpg", "/trang/x.jpg", "/truong/birth_date.jpg", "/truong/..%2f.jpg", "/tep.exe"],
)
def test_what_a_record_does_not_have_is_not_found(enter: Enter, tail: str) -> None:
    client = enter("city")
    tell_purpose(client)
    assert client.get(f"/ho-so/{STORED}{tail}").status_code in (400, 404)
    assert client.get(f"/ho-so/{BATCH}/HS-9999").status_code == 404


def test_a_damaged_file_is_not_sent(stored: Any, enter: Enter) -> None:
    client = enter("staff")
    tell_purpose(client)
    path = stored[2] / "archive" / OWN / "signed_pdf" / "stored.pdf"
    good = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(good[:-5] + b"DOI__")
    try:
        answer = client.get(f"/ho-so/{OWN}/tep.pdf")
        assert (answer.status_code, "sohoa audit" in answer.text) == (503, True)
    finally:
        path.write_bytes(good)


def test_the_log_is_read_by_those_who_watch_and_changed_by_nobody(stored: Any, enter: Enter) -> None:
    client = enter("city")
    tell_purpose(client, reason='=HYPERLINK("x")')
    client.get(f"/ho-so/{OWN}")
    client.get(f"/ho-so/{OWN}/tep.pdf")
    client.get(f"/duyet/{OWN}")
    client.get(f"/ho-so/{OWN}/truong/person_name.jpg")
    search(client, name="Đào")
    for name, status in (("staff", 403), ("engineer", 403), ("auditor", 200)):
        assert enter(name).get("/nhat-ky").status_code == status
    auditor = enter("auditor")
    page = auditor.get("/nhat-ky.json", params={"account": "CITY"}).json()
    told = [(it["action"], it["detail"].partition(" ")[0]) for it in page["entries"][:4]]
    assert told == [("Tra cứu", ""), ("Mở hồ sơ", "ở"), ("Mở tệp PDF", "SHA-256"), ("Mở hồ sơ", "")]
    assert page["entries"][0]["asked"] == "họ tên: Đào"
    with_crops = auditor.get("/nhat-ky.json", params={"account": "city", "crops": "1", "document": OWN}).json()
    assert with_crops["entries"][0]["detail"] == "person_name"
    of_batch = auditor.get("/nhat-ky.json", params={"document": BATCH}).json()["entries"]
    assert {it["document_key"] for it in of_batch} <= {OWN, STORED}
    assert auditor.get("/nhat-ky.json", params={"until": "2020-01-01"}).json()["entries"] == []
    rows = list(csv.reader(io.StringIO(auditor.get("/nhat-ky.csv").text.lstrip("\ufeff"))))
    assert rows[0][0] == "Thời điểm"
    assert not [cell for row in rows for cell in row if cell.startswith("=")]
    engine = stored[1]
    for statement in (sa.update(record_access).values(reason="x"), sa.delete(record_access)):
        with pytest.raises(sa.exc.DatabaseError, match="only ever added"), writing(engine) as connection:
            connection.execute(statement)

"""The review queue over a real archive: what a person sees, says, and what then stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from archive_sample import AT, BATCH, entry, finished
from fastapi.testclient import TestClient
from lxml import html

from dashboard.app import create_app
from dashboard.options import Options
from manifests.documents import BatchRef
from manifests.serial import to_json
from pipeline.context import Context
from pipeline.ledger import Ledger
from pipeline.settings import Settings
from pipeline.web import ArchiveDoor
from warehouse.accounts import add_account
from warehouse.documents import document_detail
from warehouse.load import load_records
from warehouse.roles import Role
from warehouse.schema_access import record_access
from warehouse.sessions import Lifetime, open_session

PATH = f"/duyet/{BATCH}/HS-1"
Browse = Callable[[Role, str], TestClient]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[sa.Engine, Browse]]:
    """An archive of three finished documents, two of which wait; and browsers of whomever a test wants."""
    context = Context(Settings(archive_url=f"file:{tmp_path}/archive", database_url=f"sqlite:///{tmp_path}/sohoa.db"))
    records = [
        finished(BATCH, entry("HS-1"), review=("low_confidence:person_name", "missing:birth_date")),
        finished(BATCH, entry("HS-2", record_type="death", year=2025), review=("title:birth",)),
        finished(BATCH, entry("HS-3")),
    ]
    for it in records:
        context.archive.put_bytes(f"{it.document_key}/record/{it.run_key}.json", to_json(it))
    load_records(context.database, records)
    options = Options(database_url=context.settings.database_url, archive=ArchiveDoor(context))
    opened: list[TestClient] = []

    def browse(role: Role, unit: str) -> TestClient:
        account = add_account(
            context.database, f"nguoi{len(opened)}", None, role=role, units=[unit], full_name="Lê Thị Rà"
        )
        token = open_session(context.database, account, address="test", lifetime=Lifetime())
        client = TestClient(create_app(options), base_url="http://127.0.0.1", cookies={"sohoa_session": token})
        opened.append(client)
        return client

    yield context.database, browse
    for client in opened:
        client.close()
    context.database.dispose()


def page_of(client: TestClient, path: str = PATH) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return html.fromstring(answer.text)


def form_of(page: Any) -> dict[str, str]:
    """What a browser would send of the form, untouched."""
    inputs = page.xpath("//form[@class='review']//input[@name]")
    return {it.get("name"): it.get("value") or "" for it in inputs}


def send(client: TestClient, path: str = PATH, **changes: str) -> Any:
    data = form_of(page_of(client, path)) | {name.replace("__", "."): value for name, value in changes.items()}
    return client.post(path, data=data, follow_redirects=False)


def test_the_queue_lists_what_waits_and_why(desk: Any) -> None:
    client = desk[1](Role.STAFF, "01")
    assert [it["document_id"] for it in client.get("/duyet.json").json()["documents"]] == ["HS-1", "HS-2"]
    page = page_of(client, "/duyet?record_type=birth")
    (row,) = page.xpath("//tbody/tr")
    assert "Họ, chữ đệm, tên: đọc chưa chắc chắn" in row.text_content()
    assert row.xpath("./th/a/@href") == [PATH]
    assert "Đào" not in page.text_content(), "names stand on the record's page alone"


def test_a_record_shows_each_field_as_read_and_as_it_stands(desk: Any) -> None:
    page = page_of(desk[1](Role.STAFF, "01"))
    row = page.xpath("//tr[@data-field='person_name']")[0]
    assert "asks" in row.get("class")
    assert row.xpath(".//input/@value") == ["Nguyễn Thị Đào"]
    assert "90" in row.text_content()
    missing = page.xpath("//tr[@data-field='birth_date']")[0]
    assert "không đọc được và cũng không được nhập" in missing.text_content()


def test_a_correction_stands_with_its_reason_and_leads_to_the_next(desk: Any) -> None:
    engine, browse = desk
    client = browse(Role.WARD_LEAD, "007")
    answer = send(client, truong__person_name="Nguyễn Thị Đào Hoa", truong__birth_date="3/2/1998", reason="bản quét")
    assert (answer.status_code, answer.headers["location"]) == (303, "/duyet?xong=00256%2Flo-1%2FHS-1")
    detail = document_detail(engine, f"{BATCH}/HS-1")
    assert detail is not None
    assert detail.summary.record_status == "accepted"
    fields = {it.name: it for it in detail.fields}
    assert (fields["person_name"].normalized, fields["person_name"].transcription) == (
        "Nguyễn Thị Đào Hoa",
        "Nguyễn Thị Đào",
    )
    assert fields["birth_date"].normalized == "1998-02-03"
    assert detail.events[-1].agent.startswith("Lê Thị Rà (nguoi")
    shown = page_of(client)
    assert shown.xpath("//tr[@data-field='birth_date']//input/@value") == ["03/02/1998"]
    assert "Đã chấp nhận" in shown.xpath("//h1")[0].text_content()
    assert detail.finished_at is not None
    assert detail.finished_at > AT
    whole = browse(Role.CITY_LEAD, "01")
    answer = send(whole, f"/duyet/{BATCH}/HS-2", reason="giấy đúng là trích lục khai tử")
    assert answer.headers["location"].startswith("/duyet?xong=")


def test_accepting_leads_on_to_what_waits_next(desk: Any) -> None:
    client = desk[1](Role.CITY_LEAD, "01")
    answer = send(client, truong__birth_date="03/02/1998", reason="theo bản quét")
    assert answer.headers["location"] == f"/duyet/{BATCH}/HS-2?xong=00256%2Flo-1%2FHS-1"
    assert "Đã ghi quyết định" in page_of(client, answer.headers["location"]).text_content()


def test_nothing_is_kept_without_a_reason_or_with_an_impossible_value(desk: Any) -> None:
    engine, browse = desk
    client = browse(Role.STAFF, "01")
    for changes, told in (
        ({}, "ghi lý do chấp nhận"),
        ({"truong__person_name": "Trần Văn Tý"}, "Ghi lý do sửa"),
        ({"truong__birth_date": "31/02/1998", "reason": "x"}, "Ghi ngày dạng"),
        ({"truong__person_name": "T" * 501, "reason": "x"}, "dài quá"),
        ({"version": "2020-01-01T00:00:00+00:00", "reason": "x"}, "vừa được xử lý"),
    ):
        answer = send(client, **changes)
        assert answer.status_code == 400, changes
        page = html.fromstring(answer.text)
        assert told in page.text_content()
        for name, value in changes.items():
            if name.startswith("truong__"):
                assert page.xpath(f"//input[@name='{name.replace('__', '.')}']/@value") == [value], "nothing is lost"
    detail = document_detail(engine, f"{BATCH}/HS-1")
    assert detail is not None
    assert detail.summary.record_status == "needs_review"


def test_outside_the_scope_there_is_nothing_to_decide(desk: Any) -> None:
    engine, browse = desk
    elsewhere = browse(Role.WARD_LEAD, "00292")
    assert elsewhere.get("/duyet.json").json()["documents"] == []
    data = form_of(page_of(browse(Role.STAFF, "01")))
    token = html.fromstring(elsewhere.get("/duyet").text).xpath("//input[@name='form_token']/@value")[0]
    answer = elsewhere.post(PATH, data=data | {"form_token": token, "reason": "x"})
    assert answer.status_code == 404
    detail = document_detail(engine, f"{BATCH}/HS-1")
    assert detail is not None
    assert detail.summary.record_status == "needs_review"


def test_an_auditor_reads_and_decides_nothing(desk: Any) -> None:
    client = desk[1](Role.AUDITOR, "01")
    page = page_of(client)
    assert not page.xpath("//form[@class='review']//button")
    token = page.xpath("//input[@name='form_token']/@value")[0]
    assert client.post(PATH, data={"form_token": token}).status_code == 403


def test_every_look_is_written_down_with_its_purpose(desk: Any) -> None:
    engine, browse = desk
    page_of(browse(Role.STAFF, "01"))
    browse(Role.AUDITOR, "01").get(f"{PATH}.json")
    with engine.connect() as connection:
        rows = connection.execute(sa.select(record_access).order_by(record_access.c.id)).all()
    assert [(it.document_key, it.purpose, it.action) for it in rows] == [
        (f"{BATCH}/HS-1", "correction", "record"),
        (f"{BATCH}/HS-1", "inspection", "record"),
    ]


def test_a_paper_nobody_can_read_goes_back_to_the_scanner(desk: Any) -> None:
    engine, browse = desk
    client = browse(Role.STAFF, "01")
    page = page_of(client)
    fixed = {it.get("name"): it.get("value") for it in page.xpath("//section[@aria-labelledby='quet-lai']//input")}
    sent = {name: fixed[name] for name in ("form_token", "version")}
    refused = client.post(PATH, data=sent | {"cause": "", "reason": "mờ hết"})
    assert refused.status_code == 400
    again = html.fromstring(refused.text)
    assert "Chọn vì sao phải quét lại" in again.text_content()
    assert again.xpath("//section[@aria-labelledby='quet-lai']//input[@name='reason']/@value") == ["mờ hết"]
    answer = client.post(PATH, data=sent | {"cause": "rescan_unreadable", "page": "9"})
    assert "không có trang được chọn" in answer.text
    answer = client.post(
        PATH, data=sent | {"cause": "rescan_unreadable", "page": "1", "reason": "mờ"}, follow_redirects=False
    )
    assert answer.headers["location"] == f"/duyet/{BATCH}/HS-2?xong=00256%2Flo-1%2FHS-1", "the next one that waits"
    assert [it["document_id"] for it in client.get("/duyet.json").json()["documents"]] == ["HS-2"]
    assert [it["document_id"] for it in client.get("/duyet.json?scan_again=1").json()["documents"]] == ["HS-1"]
    assert "HS-1" in client.get("/duyet.csv?scan_again=1").text
    shown = page_of(client)
    assert "Chờ quét lại" in shown.xpath("//h1")[0].text_content()
    assert "Chờ quét lại trang 1: chữ không đọc được" in shown.text_content()
    detail = document_detail(engine, f"{BATCH}/HS-1")
    assert detail is not None
    assert detail.summary.record_status == "needs_review"
    assert detail.summary.review_reasons[-1] == "rescan_unreadable:1"
    accepted = send(client, truong__birth_date="03/02/1998", reason="soi kính đọc được")
    assert accepted.status_code == 303
    assert client.get("/duyet.json?scan_again=1").json()["documents"] == []


def test_the_rescan_list_of_a_batch_holds_what_people_asked_for(desk: Any) -> None:
    engine, browse = desk
    client = browse(Role.STAFF, "01")
    Ledger(engine).batch_started(BatchRef.parse(BATCH))
    for document, cause in (("HS-1", "rescan_unreadable"), ("HS-3", "rescan_incomplete")):
        path = f"/duyet/{BATCH}/{document}"
        fixed = {it.get("name"): it.get("value") for it in page_of(client, path).xpath("//form//input")}
        sent = {name: fixed[name] for name in ("form_token", "version")} | {"cause": cause}
        assert client.post(path, data=sent | ({"page": "1"} if document == "HS-1" else {})).status_code == 200
    rescan = client.get(f"/lo/{BATCH}.json").json()["rescan"]
    assert [(it["document_id"], it["page_number"], it["source"], it["reasons"]) for it in rescan] == [
        ("HS-1", 1, "HS-1.pdf", ["người rà soát yêu cầu: chữ không đọc được"]),
        ("HS-3", None, "", ["người rà soát yêu cầu: thiếu trang"]),
    ]
    assert "cả hồ sơ" in page_of(client, f"/lo/{BATCH}").xpath("//h2[@id='quet-lai']/..")[0].text_content()
    assert "cả hồ sơ" in client.get(f"/lo/{BATCH}/quet-lai.csv").text

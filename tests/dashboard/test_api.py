"""The API: what a token opens, what is logged, the feed, and a fuzz of everything its description promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from archived_records import OWN, STORED
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from dashboard.app import create_app
from dashboard.options import Options
from pipeline.web import ArchiveDoor
from warehouse import tokens
from warehouse.accounts import add_account, change_account
from warehouse.database import open_database, writing
from warehouse.roles import Role
from warehouse.schema_access import account_token, record_access
from warehouse.tokens import TokenScope, list_tokens, make_token, revoke_token

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
ALL = list(TokenScope)
WHY = {"X-Purpose": "citizen_request", "X-Reason": "H26-7"}
Machine = Callable[..., TestClient]


@pytest.fixture(scope="module")
def served(archive: Any) -> Iterator[tuple[FastAPI, Any]]:
    url, context, _ = archive
    engine = open_database(url)
    for name, role, unit in (
        ("may-tp", Role.CITY_LEAD, "01"),
        ("may-p", Role.STAFF, "00256@2025-07-01"),
        ("ky-su", Role.ENGINEER, "01"),
    ):
        add_account(engine, name, None, role=role, units=[unit], must_change=False)
    yield create_app(Options(database_url=url, archive=ArchiveDoor(context))), engine
    engine.dispose()


@pytest.fixture
def machine(served: Any) -> Machine:
    app, engine = served

    def make(name: str = "may-tp", allowed: list[TokenScope] = ALL, **headers: str) -> TestClient:
        token = make_token(engine, name, label="thử", allowed=allowed, days=1)
        return TestClient(
            app, base_url="http://127.0.0.1", headers={"Authorization": f"Bearer {token}", **WHY, **headers}
        )

    return make


def rows(engine: Any) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.select(record_access).order_by(record_access.c.id)))


def test_the_one_stop_shop_finds_a_result_its_file_and_verdict(machine: Machine, served: Any) -> None:
    client, before = machine(), len(rows(served[1]))
    found = client.post("/api/v1/results/search", json={"name": "dao nguyen", "year": 2025}).json()
    assert (found["total"], [it["document_key"] for it in found["results"]]) == (1, [OWN])
    record = client.get(f"/api/v1/records/{OWN}").json()
    assert record["fields"]
    verdict = client.get(f"/api/v1/records/{OWN}/verdict").json()
    assert (verdict["signatures"][0]["verdict"], verdict["signatures"][0]["legally_valid"]) == ("test", False)
    file = client.get(f"/api/v1/records/{OWN}/file", headers={"Range": "bytes=0-4"})
    assert (file.status_code, file.content, file.headers["etag"]) == (206, b"%PDF-", f'"{verdict["sha256"]}"')
    logged = [(it.action, it.document_key, it.purpose, it.reason, it.token_label) for it in rows(served[1])[before:]]
    assert [it[0] for it in logged] == ["search", "record", "file", "file"]
    assert {it[2:] for it in logged} == {("citizen_request", "H26-7", "thử")}


def test_the_description_is_enough_to_integrate(machine: Machine) -> None:
    client = machine()
    told = client.get("/api/v1/openapi.json").json()
    operations = [it for path in told["paths"].values() for it in path.values()]
    assert {it["operationId"] for it in operations} >= {"findResults", "getFile", "getVerdict", "importDocuments"}
    for it in operations:
        ((_, (scope,)),) = it["security"][0].items()
        assert f"Scope: `{scope}`" in it["description"]
    assert "document_key" in told["info"]["description"]
    assert "birth" in told["components"]["schemas"]["ResultsQuery"]["properties"]["record_type"]["description"]


def test_outside_the_scope_there_is_nothing(machine: Machine) -> None:
    client = machine("may-p")
    assert [it["document_key"] for it in client.get("/api/v1/documents").json()["documents"]] == [OWN]
    code = machine().get("/api/v1/documents").json()["documents"]
    foreign = next(it["DocCode"] for it in code if it["document_key"] == STORED)
    for path in (f"records/{STORED}", f"records/{STORED}/file", f"records/{STORED}/verdict", f"documents/{foreign}"):
        assert client.get(f"/api/v1/{path}").status_code == 404
    assert client.get(f"/api/v1/documents/download/{foreign}").status_code == 404
    assert {it["unit_id"] for it in client.get("/api/v1/progress").json()["units"]} == {"00256@2025-07-01"}
    assert machine("ky-su").get(f"/api/v1/records/{OWN}").status_code == 403


def test_a_token_opens_what_it_allows_and_no_page(machine: Machine, served: Any) -> None:
    client = machine(allowed=[TokenScope.PROGRESS])
    assert client.get("/api/v1/progress").status_code == 200
    assert client.get(f"/api/v1/records/{OWN}").status_code == 403
    assert client.get("/lo.json").status_code == 401
    assert machine(**{"X-Purpose": "vui"}).get(f"/api/v1/records/{OWN}").status_code == 422
    token = client.headers["Authorization"].removeprefix("Bearer ")
    with served[1].connect() as connection:
        assert token not in str(connection.execute(sa.select(account_token)).all())


def test_a_token_ends(machine: Machine, served: Any) -> None:
    _, engine = served
    client = machine("may-p")
    last = list_tokens(engine, "may-p")[-1]
    assert client.get("/api/v1/progress").status_code == 200
    assert revoke_token(engine, "may-p", last.token_id)
    assert client.get("/api/v1/progress").status_code == 401
    again = machine("may-p")
    change_account(engine, "may-p", disabled=True)
    assert again.get("/api/v1/progress").status_code == 401
    change_account(engine, "may-p", disabled=False)
    with writing(engine) as connection:
        connection.execute(sa.update(account_token).values(expires_at=last.created_at))
    assert again.get("/api/v1/progress").status_code == 401


def test_too_many_requests_wait(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens.count_request, "__defaults__", (3,))
    client = machine()
    answers = [client.get("/api/v1/progress") for _ in range(8)]
    assert 429 in {it.status_code for it in answers}
    assert all(int(it.headers["retry-after"]) > 0 for it in answers if it.status_code == 429)


def test_the_feed_is_paged_and_its_codes_stay(machine: Machine) -> None:
    client = machine()
    whole = client.get("/api/v1/documents").json()
    assert len(whole["documents"]) == 3
    seen, cursor = [], None
    for _ in range(3):
        page = client.get("/api/v1/documents", params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["documents"]
        cursor = page["next_cursor"]
    assert (seen, cursor) == (whole["documents"], None)
    first = whole["documents"][0]
    assert first["DocCode"].startswith("H26.00256_")
    assert client.get(f"/api/v1/documents/{first['DocCode']}").json()["document_key"] == first["document_key"]
    again = client.get("/api/v1/documents")
    assert client.get("/api/v1/documents", headers={"If-None-Match": again.headers["etag"]}).status_code == 304
    assert client.get("/api/v1/documents", params={"since": "2999-01-01T00:00:00Z"}).json()["documents"] == []
    assert client.get("/api/v1/documents", params={"cursor": "xx"}).status_code == 422


def test_what_another_system_sends_is_kept_once_and_compared(machine: Machine) -> None:
    client = machine()
    one = {
        "DocCode": "G06_KS_000001_V1",
        "TypeName": "Khai sinh",
        "CodeNumber": "12",
        "CodeNotation": "",
        "IssuedDate": "1998-02-03",
        "OrganName": "UBND phường",
        "Subject": "Khai sinh",
        "unit_code": "00256",
        "year": 1998,
    }
    sent = {"documents": [one, {**one, "DocCode": "G06_KS_000002_V1", "CodeNumber": "99"}], "reconcile": True}
    kept = client.post("/api/v1/documents/import", json=sent).json()
    assert set(kept["documents"].values()) == {"created"}
    assert (kept["findings"]["outside"], kept["findings"]["missing_here"], kept["not_compared"]) == (2, 1, {})
    assert set(client.post("/api/v1/documents/import", json=sent).json()["documents"].values()) == {"unchanged"}
    put = client.put("/api/v1/documents/G06_KS_000001_V1", json={**one, "Subject": "Khai sinh, sửa"})
    assert put.json()["documents"] == {"G06_KS_000001_V1": "changed"}
    bare = {name: value for name, value in one.items() if name not in ("unit_code", "year")}
    vague = {**bare, "TypeName": "Thẻ thư viện", "CodeNumber": "", "IssuedDate": None, "DocCode": "G06_VB_000003_V1"}
    told = client.post("/api/v1/documents/import", json={"documents": [vague, {**one, "year": None}]}).json()
    assert told["not_compared"] == {"G06_VB_000003_V1": ["unit_code", "TypeName", "year", "CodeNumber"]}
    assert client.put("/api/v1/documents/X", json=one).status_code == 422
    assert client.post("/api/v1/documents/import", json={"documents": [one, one]}).status_code == 422
    assert (
        machine("may-p").put(f"/api/v1/documents/{one['DocCode']}", json={**one, "unit_code": "00292"}).status_code
        == 403
    )


@pytest.mark.parametrize("archive", ["sqlite"], indirect=True)
def test_no_request_the_description_allows_breaks_the_server(
    machine: Machine, served: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens.count_request, "__defaults__", (10**9,))
    # One that may do all of it, one that sees a ward and may do little.
    clients = machine(), machine("may-p", [TokenScope.RECORDS, TokenScope.EXPORT])
    whole, narrow = ({"Authorization": it.headers["Authorization"], "Host": "127.0.0.1"} for it in clients)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", served[0], headers=whole)
    tried = set()
    for result in schema.get_all_operations():
        operation = result.ok()
        tried.add(operation.label)

        @settings(
            max_examples=3,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            for headers in (whole, narrow):
                answer = case.call(headers=headers)
                assert answer.status_code < 500, (case.formatted_path, answer.status_code)
                case.validate_response(answer, checks=CHECKS)

        ask()
    assert len(tried) == 10

"""What is watched: the pages say what the warehouse finds, and the files hold the same."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from archive_sample import BATCH, RUN, make_sample
from fastapi.testclient import TestClient
from lxml import html
from openpyxl import load_workbook

from dashboard import words
from dashboard.routes.batches import DIGITIZING_DAG
from dashboard.watching import custody_page
from manifests.custody import Assignment
from manifests.targets import Target, city_targets, with_own
from manifests.units import units
from warehouse.alerts import alerts
from warehouse.batches import batch_detail
from warehouse.behind import COUNTED
from warehouse.completeness import completeness
from warehouse.custody import import_custody
from warehouse.database import open_database
from warehouse.outlook import outlooks
from warehouse.progress import progress_by_custodian, progress_by_unit
from warehouse.report import (
    ALERTS,
    CODE,
    DIGITIZED,
    INDEXED,
    INVENTORY,
    SENTENCE,
    TARGET,
    UNITS,
    month_report,
)

SignIn = Callable[..., TestClient]
WATCHED = ["/canh-bao", "/danh-muc", "/phan-giao", "/day-du", "/doi-chieu", "/ma-tran", "/ma-tran/tuan"]
CELLS = "/danh-muc/chi-tiet"


def rows_of(client: TestClient, path: str) -> list[list[str]]:
    """The rows of a CSV file below its header."""
    answer = client.get(path)
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:]


@pytest.mark.parametrize("path", [*WATCHED, CELLS])
def test_each_page_has_its_json_and_its_files(path: str, client: TestClient) -> None:
    page = html.fromstring(client.get(path).text)
    assert len(page.xpath("//h1")) == 1
    tab = "/danh-muc" if path == CELLS else path
    assert page.xpath("//nav[@class='subnav']/a[@aria-current='page']/@href") == [tab]
    assert client.get(f"{path}.json").json().keys()
    csv_rows = rows_of(client, f"{path}.csv")
    sheet = load_workbook(io.BytesIO(client.get(f"{path}.xlsx").content)).active
    assert sheet is not None
    assert sheet.max_row - 3 == len(csv_rows)


def test_alerts_are_the_warehouse_s(client: TestClient, sample: sa.Engine) -> None:
    expected = alerts(sample)
    assert expected
    assert [row[-1] for row in rows_of(client, "/canh-bao.csv")] == [it.sentence for it in expected]
    page = html.fromstring(client.get("/canh-bao").text)
    assert [it.get("data-unit") for it in page.xpath("//tr[@data-unit]")] == [it.unit_id for it in expected]


def test_pages_measure_against_the_installation_s_own_targets(sign_in: SignIn, sample: sa.Engine) -> None:
    own = with_own(
        city_targets(), [Target(dt.date(2025, 9, 30), 15.0, unit_code="00256", source="Kế hoạch của phường")]
    )
    client = sign_in("city", targets=own, alert_weeks=50)
    told = {it.outlook.unit.unit_id: it.sentence for it in alerts(sample, targets=own, weeks=50)}
    assert {it["unit_id"]: it["sentence"] for it in client.get("/canh-bao.json").json()["alerts"]} == told
    rows = {it["unit_id"]: it["outlook"] for it in client.get("/tien-do.json").json()["units"]}
    unit = client.get("/don-vi/00256@2025-07-01.json").json()["units"][0]
    expected = {it.unit.unit_id: it.due_percent for it in outlooks(sample, targets=own)}
    assert expected["00256@2025-07-01"] == 15.0
    assert rows["00256@2025-07-01"]["due_percent"] == unit["unit"]["outlook"]["due_percent"] == 15.0
    assert unit["trend"][-1]["target"] == 15.0


def test_what_is_incomplete_and_unassigned_is_told(client: TestClient, sample: sa.Engine) -> None:
    assert [row[-1] for row in rows_of(client, "/day-du.csv")] == [it.sentence for it in completeness(sample)]
    unassigned = [it.unit_code for it in progress_by_custodian(sample) if not it.assigned]
    assert unassigned == [row[0] for row in rows_of(client, "/phan-giao.csv")]
    assert "00256" in unassigned, "Lê Đại Hành was split and nothing is assigned"


def test_every_figure_of_the_progress_page_leads_to_as_many_documents(client: TestClient, sample: sa.Engine) -> None:
    page = html.fromstring(client.get("/").text)
    links = page.xpath("//tr[@data-unit]//td//a[contains(@href, 'figure=')]")
    assert len(links) > 8
    for link in links:
        address = link.get("href").replace("/ho-so?", "/ho-so.json?")
        assert len(client.get(address).json()["documents"]) == int(link.text), address
    for row in progress_by_unit(sample):
        for figure in COUNTED:
            found = rows_of(client, f"/ho-so.csv?figure={figure}&unit_id={row.unit_id}")
            assert len(found) == getattr(row, figure)


VIEWS = ["issuer", "district", "custodian"]
COUNTING = [
    *(f"/?view={view}{tier}" for view in VIEWS for tier in ("", "&tier=ward")),
    *(f"/ma-tran/tuan?on=2025-09-20&view={view}" for view in VIEWS),
    *(f"{CELLS}?view={view}" for view in VIEWS),
    "/?record_type=birth&year=1998",
    "/ma-tran/tuan?record_type=birth&on=2025-09-20",
    "/don-vi/00256",
    "/phan-giao",
    "/doi-chieu",
    "/canh-bao",
]


@pytest.mark.parametrize("path", COUNTING)
def test_every_number_that_is_a_link_leads_to_a_list_that_adds_up_to_it(path: str, client: TestClient) -> None:
    seen = 0
    page = html.fromstring(client.get(path).text)
    for link in page.xpath("//main//*[self::td or self::dd]//a[contains(@href, '?')]"):
        address, shown = link.get("href"), link.text_content().replace(".", "")
        if not shown.isdigit():
            continue
        seen += 1
        told = client.get(address.replace("?", ".json?", 1)).json()
        if address.startswith("/ho-so?"):
            assert len(told["documents"]) == int(shown), address
        elif address.startswith("/lo?"):
            assert sum(it["document_count"] for it in told["batches"]) == int(shown), address
        else:
            assert address.startswith("/danh-muc/chi-tiet?")
            assert told["total"]["inventory"] == int(shown), address
            assert sum(it["counts"]["inventory"] for it in told["cells"]) == int(shown), address
    assert seen > 1 or path == "/canh-bao"


def test_a_week_and_a_cell_say_what_they_are(client: TestClient) -> None:
    page = client.get("/ma-tran/tuan.json?on=2025-09-20").json()
    lasts = [last for _, last in page["columns"]]
    assert lasts == sorted(lasts, reverse=True), "the latest week first"
    assert page["lines"][-1]["cells"][0] > 0
    header = client.get("/ma-tran/tuan.csv?on=2025-09-20").content.decode("utf-8-sig").splitlines()[0]
    assert ",20/09/2025,13/09/2025,06/09/2025," in header
    week = "/ho-so?view=custodian&unit_id=00256%40-&assigned=0&digitized_from=2025-09-14&digitized_to=2025-09-20"
    told = html.fromstring(client.get(week).text)
    assert told.xpath("string(//p[@class='notice'])").startswith(
        "Hồ sơ số hóa từ 14/09/2025 đến 20/09/2025, "
        "của Phường Lê Đại Hành (00256, đến 30/06/2025), chưa phân giao cho đơn vị nào."
    )
    kept = {it.get("name"): it.get("value") for it in told.xpath("//form[@class='filters']/input[@type='hidden']")}
    assert kept == {
        "view": "custodian",
        "unit_id": "00256@-",
        "assigned": "0",
        "digitized_from": "2025-09-14",
        "digitized_to": "2025-09-20",
    }
    assert client.get("/ho-so?digitized_from=14/09/2025").status_code == 400
    cells = html.fromstring(client.get("/danh-muc/chi-tiet?unit_id=00256%40-&on=2025-09-20").text)
    assert cells.xpath("string(//p[@class='notice'])").startswith("Của Phường Lê Đại Hành (00256, đến 30/06/2025).")


@pytest.mark.parametrize("view", VIEWS)
def test_progress_can_be_seen_by_issuer_district_and_custodian_and_for_a_month(view: str, client: TestClient) -> None:
    now = client.get(f"/tien-do.json?view={view}").json()
    assert (now["total"]["inventory"], now["total"]["digitized"]) == (14, 3)
    before = client.get(f"/tien-do.json?view={view}&on=2025-08").json()
    assert (before["filter"]["on"], before["total"]["digitized"]) == ("2025-08-31", 0)
    assert client.get("/?on=2025-13").status_code == client.get("/?view=x").status_code == 400


def test_the_batches_are_a_file(client: TestClient) -> None:
    listed = client.get("/lo.json").json()["batches"]
    rows = rows_of(client, "/lo.csv")
    assert [(row[0], row[2], int(row[4]), int(row[6])) for row in rows] == [
        (it["unit_code"], it["batch_id"], it["document_count"], it["done"]) for it in listed
    ]
    assert [row[2] for row in rows_of(client, "/lo.csv?unit_code=00256")] == ["lo-1"]
    assert client.get("/lo.xlsx").status_code == 200


def test_the_rescan_list_is_a_file(client: TestClient, sample: sa.Engine) -> None:
    detail = batch_detail(sample, BATCH)
    assert detail is not None
    found = rows_of(client, f"/lo/{BATCH}/quet-lai.csv")
    assert [(row[0], row[2], int(row[3])) for row in found] == [
        (it.document_id, it.source, it.source_page) for it in detail.rescan
    ]
    assert client.get(f"/lo/{BATCH}/quet-lai.xlsx").status_code == 200


def test_a_batch_leads_to_its_own_run_where_airflow_is_told(sign_in: SignIn) -> None:
    told = sign_in("engineer", airflow_url="https://airflow.example/").get(f"/lo/{BATCH}")
    assert f'href="https://airflow.example/dags/{DIGITIZING_DAG}/runs"' in told.text
    run = quote(RUN, safe="")
    assert f'href="https://airflow.example/dags/{DIGITIZING_DAG}/runs/{run}"' in told.text
    assert "Airflow" not in sign_in("engineer").get(f"/lo/{BATCH}").text
    dag = Path(__file__).parents[2] / "dags" / "digitize_batch.py"
    assert f'dag_id="{DIGITIZING_DAG}"' in dag.read_text(encoding="utf-8")


def test_files_keep_to_the_scope_too(sign_in: SignIn) -> None:
    client = sign_in("ward")
    assert {row[0] for row in rows_of(client, "/tien-do.csv")[:-1]} == {"00256"}
    assert [row[1] for row in rows_of(client, "/ho-so.csv")] == ["HS-0002"]
    assert rows_of(client, "/phan-giao.csv") == []
    assert all("Hai Bà Trưng" in row[1] for row in rows_of(client, "/canh-bao.csv"))
    assert {row[1] for row in rows_of(client, f"{CELLS}.csv")[:-1]} == {"Phường Hai Bà Trưng"}


def test_every_figure_of_a_batch_leads_to_as_many_documents(client: TestClient) -> None:
    page = html.fromstring(client.get(f"/lo/{BATCH}").text)
    figures = {
        it.xpath("./dt")[0].text_content(): (it.xpath("./dd/a/@href"), it.xpath("./dd")[0].text_content().strip())
        for it in page.xpath("//dl[@class='figures']/div")
    }
    for name in ("Hồ sơ được giao", "Đã xong", "Chờ rà soát", "Bị loại", "Bị từ chối"):
        (address,), shown = figures[name]
        told = client.get(address.replace("/ho-so?", "/ho-so.json?")).json()
        assert len(told["documents"]) == int(shown) > 0, name
        assert {it["batch_key"] for it in told["documents"]} == {BATCH}
    row = html.fromstring(client.get("/lo").text).xpath(f"//tr[@data-batch='{BATCH}']")[0]
    (stopped,) = row.xpath("./td[@data-label='Dừng lại']/a/@href")
    assert len(rows_of(client, stopped.replace("/ho-so?", "/ho-so.csv?"))) == 3


def test_the_monthly_report_tells_the_figures_of_the_page(sign_in: SignIn, sample: sa.Engine) -> None:
    own = with_own(
        city_targets(), [Target(dt.date(2025, 9, 30), 15.0, unit_code="00256", source="Kế hoạch của phường")]
    )
    report = month_report(sample, "2025-09", targets=own, alert_weeks=50)
    page = sign_in("city", targets=own).get("/tien-do.json?on=2025-09&sort=code").json()
    table = report.tables[UNITS]
    shown = [(it["unit_code"], it["counts"], it["outlook"]) for it in page["units"]]
    assert [it[0] for it in shown] == list(table[CODE])
    for row, (_, counts, outlook) in zip(table.to_dict("records"), shown, strict=True):
        assert (row[INVENTORY], row[DIGITIZED], row[INDEXED]) == (
            counts["inventory"],
            counts["digitized"],
            counts["indexed"],
        )
        assert 100 * row[TARGET] == outlook["due_percent"]
    assert report.totals.inventory_records == page["total"]["inventory"] == 14
    told = sign_in("city", targets=own, alert_weeks=50).get("/canh-bao.json?on=2025-09").json()["alerts"]
    assert list(report.tables[ALERTS][SENTENCE]) == [it["sentence"] for it in told]


def test_papers_beside_the_share_are_told_with_what_they_are() -> None:
    assert words.beside(0, 0) == ""
    assert words.beside(2, 0) == "2 ngoài danh mục"
    assert words.beside(1200, 5) == "5 hết hiệu lực, 1.200 ngoài danh mục"


def test_a_batch_says_what_of_it_is_outside_of_the_scope(sign_in: SignIn) -> None:
    said = "5 hồ sơ ngoài phạm vi của tài khoản"
    for path in ("/lo", f"/lo/{BATCH}"):
        assert said in sign_in("ward").get(path).text
        assert "ngoài phạm vi" not in sign_in("city").get(path).text


def test_assignments_are_told_by_the_names_of_the_units(tmp_path: Path) -> None:
    url = make_sample(tmp_path)
    engine = open_database(url)
    split = units().at("00256", dt.date(2020, 1, 1))
    assert split is not None
    import_custody(engine, [Assignment(split, "00292")], decided_on=dt.date(2025, 7, 1), source_name="a")
    (line,) = custody_page(engine).assignments
    assert (line.unit_name, line.custodian_name) == ("Phường Lê Đại Hành", "Phường Bạch Mai")
    engine.dispose()


def test_what_was_found_about_a_document_leads_to_it(sign_in: SignIn) -> None:
    found = [it for it in sign_in("city").get("/day-du.json").json()["findings"] if it["document_key"]]
    assert found
    for name, start in (("city", "/ho-so/"), ("engineer", "/lo/")):
        client = sign_in(name)
        links = html.fromstring(client.get("/day-du").text).xpath("//ul[@class='faults']//a")
        assert [it.text for it in links] == [it["document_key"] for it in found]
        for link in links:
            assert link.get("href").startswith(start)
            assert client.get(link.get("href"), follow_redirects=False).status_code in (200, 303)

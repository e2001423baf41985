"""What stands on the pages is what the warehouse counts, in HTML, JSON and CSV alike."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from archive_sample import BATCH, HOSTILE_BATCH, PERSON, make_sample
from fastapi.testclient import TestClient
from lxml import html

from dashboard import words
from dashboard.app import create_app
from dashboard.options import Options
from manifests.inventory import InventoryLine
from warehouse.accounts import add_account
from warehouse.batches import batch_detail
from warehouse.database import open_database
from warehouse.progress import progress_by_unit, progress_matrix, totals
from warehouse.reference import import_inventory
from warehouse.roles import Role
from warehouse.sessions import Lifetime, open_session

HOSTILE_PATH = "/lo/" + "/".join(quote(part, safe="") for part in HOSTILE_BATCH.split("/"))
BATCH_PATH = f"/lo/{BATCH}"
PAGES = ["/", "/?sort=behind", "/don-vi/00256", "/lo", BATCH_PATH, HOSTILE_PATH, "/ho-so", "/ho-so?needs_review=1"]
JSON_OF = {
    "/": "/tien-do.json",
    "/don-vi/00256": "/don-vi/00256.json",
    "/lo": "/lo.json",
    BATCH_PATH: f"{BATCH_PATH}.json",
    "/ho-so": "/ho-so.json",
}


def read(client: TestClient, path: str) -> Any:
    """The page as a tree."""
    answer = client.get(path)
    assert answer.status_code == 200, path
    return html.fromstring(answer.text)


def text_of(element: Any) -> str:
    return " ".join(element.text_content().split())


def cells(row: Any) -> dict[str, str]:
    """The figures of a row by their labels."""
    return {it.get("data-label"): text_of(it) for it in row.xpath("./td")}


def test_progress_shows_the_warehouse_s_figures(client: TestClient, sample: sa.Engine) -> None:
    page = read(client, "/")
    expected = progress_by_unit(sample)
    rows = page.xpath("//tr[@data-unit]")
    assert [row.get("data-unit") for row in rows] == [it.unit_id for it in expected]
    assert len(expected) == 3
    for row, it in zip(rows, expected, strict=True):
        assert text_of(row.xpath("./th/a")[0]) == it.unit_name
        shown = cells(row)
        assert shown["Danh mục"] == str(it.inventory_records)
        assert shown["Đã số hóa"].split()[0] == str(it.digitized)
        assert shown["Đã ký số"] == str(it.signed)
        assert shown["Đã lập dữ liệu"] == str(it.indexed)
        assert shown["Chờ rà soát"] == str(it.needs_review)
        assert shown["Dừng lại"] == str(it.quarantined + it.refused)
        if it.percent is None:
            assert "Chưa có trong danh mục" in shown["Tỷ lệ số hóa"], "no bar that looks like nothing done"
            continue
        assert text_of(row.xpath(".//span[@class='percent']")[0]) == words.percent(it.percent).replace("\u00a0", " ")
        assert float(row.xpath(".//*[@class='bar-done']/@width")[0].rstrip("%")) == pytest.approx(it.percent)
    total = totals(sample)
    assert text_of(page.xpath("//*[@class='big']")[0]) == "21,4 %"
    assert cells(page.xpath("//tfoot/tr")[0])["Danh mục"] == str(total.inventory_records) == "14"
    assert "bản duyệt ngày 31/08/2025" in page.text_content()


def test_a_reused_code_shows_each_unit_under_its_own_name(client: TestClient) -> None:
    rows = {it.get("data-unit"): text_of(it.xpath("./th")[0]) for it in read(client, "/").xpath("//tr[@data-unit]")}
    assert rows["00256@-"].startswith("Phường Lê Đại Hành 00256 · đến 30/06/2025")
    assert rows["00256@2025-07-01"].startswith("Phường Hai Bà Trưng 00256 · từ 01/07/2025")
    both = [text_of(it) for it in read(client, "/don-vi/00256").xpath("//h2")]
    assert both == ["Phường Lê Đại Hành đến 30/06/2025", "Phường Hai Bà Trưng từ 01/07/2025"]
    assert text_of(read(client, "/don-vi/00256@2025-07-01").xpath("//h1")[0]) == "Phường Hai Bà Trưng"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["00256@-", "00256@2025-07-01", "00292@-"]),
        ("sort=behind", ["00256@-", "00256@2025-07-01", "00292@-"]),
        ("sort=remaining", ["00256@-", "00256@2025-07-01", "00292@-"]),
        ("sort=name", ["00256@2025-07-01", "00256@-", "00292@-"]),
        ("year=2025", ["00256@2025-07-01"]),
        ("record_type=birth", ["00256@-", "00292@-"]),
        ("tier=ward&record_type=death", ["00256@2025-07-01"]),
        ("tier=district", []),
        ("tier=&record_type=&year=&sort=code", ["00256@-", "00256@2025-07-01", "00292@-"]),
    ],
)
def test_progress_is_sorted_and_filtered(client: TestClient, query: str, expected: list[str]) -> None:
    assert [it["unit_id"] for it in client.get(f"/tien-do.json?{query}").json()["units"]] == expected


def test_matrix_shows_each_cell_and_links_to_its_documents(client: TestClient, sample: sa.Engine) -> None:
    page = client.get("/don-vi/00256@-.json").json()
    (matrix,) = page["units"]
    shown = {
        (line["record_type"], year): cell["digitized"]
        for line in matrix["lines"]
        for year, cell in zip(matrix["years"], line["cells"], strict=True)
        if cell
    }
    expected = progress_matrix(sample, "00256", unit_id="00256@-")
    assert shown == {(it.record_type, it.year): it.digitized for it in expected} == {("birth", 1998): 2}
    link, *sums = read(client, "/don-vi/00256@-").xpath("//td[contains(@class, 'cell')]/a")
    assert [text_of(it) for it in sums] == ["2/10"] * 3, "of the type, of the year, of both"
    assert text_of(link).startswith("2/10")
    listed = [text_of(it) for it in read(client, link.get("href")).xpath("//tbody/tr/th")]
    assert listed == ["HS-0001", "HS-0003", "HS-0004", "HS-0005", "HS-0006"]


def test_batch_page_tells_what_stopped_and_what_to_do(client: TestClient, sample: sa.Engine) -> None:
    page = read(client, BATCH_PATH)
    detail = batch_detail(sample, BATCH)
    assert detail is not None
    groups = {it.get("data-reason"): text_of(it) for it in page.xpath("//article[@data-reason]")}
    assert set(groups) == {it.code for it in detail.failures} == {"file_missing", "value_invalid", "time_limit"}
    for failure in detail.failures:
        assert failure.title in groups[failure.code]
        assert failure.advice in groups[failure.code]
        assert all(it.document_id in groups[failure.code] for it in failure.documents)
    faults = [text_of(it) for it in page.xpath("//ul[@class='faults']/li")]
    assert "Lỗi Dòng 7, cột Năm, hồ sơ HS-0006: Giá trị trong ô không hợp lệ (“MMXX” không phải số)" in faults[1]
    assert page.xpath("//pre/code/text()") == [f"sohoa rerun --batch {BATCH}"]
    text = text_of(page)
    assert "Ngày, tháng, năm sinh: đọc chưa chắc chắn" in text
    assert "Số: không đọc được và cũng không được nhập" in text
    (rescan,) = page.xpath("//h2[@id='quet-lai']/../table/tbody/tr")
    assert text_of(rescan.xpath("./th")[0]) == "HS-0003"
    assert cells(rescan) == {
        "Trang": "1",
        "Trong tệp": "HS-0003.pdf, trang 1",
        "Vì sao": "Ảnh mờ; độ phân giải thấp hơn quy định (96 dpi)",
    }


def test_behind_every_count_of_a_batch_stands_its_list(client: TestClient) -> None:
    page = read(client, BATCH_PATH)
    linked = page.xpath("//dl[@class='figures']//a | //table[@class='stages']//td[contains(@class, 'bad')]/a")
    shown = [(text_of(it), it.get("href")) for it in linked]
    assert len(shown) >= 7
    for count, address in shown:
        listed = client.get(address, headers={"Accept": "application/json"}).json()["documents"]
        pages = sum(it["pages"] for it in listed)
        assert count in (str(len(listed)), str(pages)), address
    (stopped,) = [address for _, address in shown if "stopped_at=recognize" in address]
    label = text_of(page.xpath("//tr[@data-stage='recognize']/th")[0])
    assert f"dừng ở bước {label}" in text_of(read(client, stopped))
    assert read(client, stopped).xpath("//tbody/tr/th/text()") == ["HS-0004"]


def test_stage_bars_count_documents_down_the_road(client: TestClient) -> None:
    stages = {it["stage"]: it for it in client.get(f"{BATCH_PATH}.json").json()["stages"]}
    shown = {name: (it["done"], it["total"], it["stopped"]) for name, it in stages.items()}
    assert shown == {
        "receive": (4, 6, 2),
        "capture": (4, 4, 0),
        "recognize": (3, 4, 1),
        "assemble": (3, 4, 0),
        "sign": (3, 4, 0),
        "index": (3, 4, 0),
        "load": (3, 4, 0),
    }
    assert stages["assemble"]["seconds"] == pytest.approx(4.5)
    assert stages["load"]["seconds"] is None


@pytest.mark.parametrize("path", list(JSON_OF))
def test_the_same_address_answers_json(client: TestClient, path: str) -> None:
    asked = client.get(path, headers={"Accept": "application/json"})
    named = client.get(JSON_OF[path])
    assert asked.headers["content-type"] == named.headers["content-type"] == "application/json"
    assert asked.json() == named.json()
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    assert client.get(path, headers={"Accept": browser}).headers["content-type"].startswith("text/html")
    assert JSON_OF[path] in read(client, path).xpath("//footer//a/@href")


def test_json_holds_the_figures_of_the_page(client: TestClient) -> None:
    rows = read(client, "/").xpath("//tr[@data-unit]")
    units = client.get("/tien-do.json").json()["units"]
    for row, unit in zip(rows, units, strict=True):
        shown, counts = cells(row), unit["counts"]
        assert shown["Danh mục"] == str(counts["inventory"])
        assert shown["Dừng lại"] == str(counts["stopped"])
        told = [text_of(it) for it in row.xpath(".//span[@class='percent']")]
        percent = counts["percent"]
        assert told == ([] if percent is None else [words.percent(percent).replace("\u00a0", " ")])


def test_csv_opens_in_a_spreadsheet(client: TestClient) -> None:
    answer = client.get("/tien-do.csv?record_type=birth")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "tien-do.csv" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["Đơn vị"] for row in rows] == ["Phường Lê Đại Hành", "Phường Quỳnh Lôi", "Tổng cộng"]
    assert rows[0]["Mã đơn vị"] == "00256"
    assert (rows[0]["Kết quả trong danh mục"], rows[0]["Đã số hóa"], rows[0]["Tỷ lệ số hóa (%)"]) == (
        "10",
        "2",
        "20.0",
    )


@pytest.mark.parametrize("path", [*PAGES, *JSON_OF.values(), "/tien-do.csv"])
def test_no_page_names_a_person(client: TestClient, path: str) -> None:
    text = client.get(path).text
    assert PERSON not in text
    assert "001198000001" not in text


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_whole_and_every_link_leads_somewhere(client: TestClient, path: str) -> None:
    page = read(client, path)
    assert page.get("lang") == "vi"
    assert page.xpath("//title/text()")[0].endswith("– Sohoa")
    assert len(page.xpath("//h1")) == 1
    assert not page.xpath("//*[@style]|//script|//style")
    links = {it for it in page.xpath("//a/@href|//link/@href") if not it.startswith("#")}
    assert all(it.startswith("/") for it in links)
    assert {it: client.get(it).status_code for it in links} == dict.fromkeys(links, 200)
    assert not re.search(r"https?://", client.get(path).text.replace("http://www.w3.org/2000/svg", ""))


def test_long_lists_are_paged(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.pages.PAGE_SIZE", 4)
    page = client.get("/ho-so.json").json()
    assert (len(page["documents"]), page["next_offset"]) == (4, 4)
    rest = client.get("/ho-so.json?offset=4").json()
    assert (len(rest["documents"]), rest["next_offset"]) == (3, None)
    (forward,) = read(client, "/ho-so?status=&unit_code=").xpath("//nav[@class='pager']/a/@href")
    assert forward == "/ho-so?offset=4"
    assert read(client, forward).xpath("//nav[@class='pager']/a/@href") == ["/ho-so?offset=0"]


def test_a_unit_no_register_knows_has_its_page_too(tmp_path: Path) -> None:
    url = make_sample(tmp_path)
    engine = open_database(url)
    lines = (InventoryLine("99999", "birth", 1998, 3), InventoryLine("00256", "birth", 1998, 10))
    import_inventory(engine, lines, approved_on=dt.date(2025, 9, 1), source_name="moi.csv", sha256="0" * 64)
    account = add_account(engine, "nguoi", None, role=Role.CITY_LEAD, units=["01"])
    token = open_session(engine, account, address="test", lifetime=Lifetime())
    engine.dispose()
    app = create_app(Options(database_url=url))
    with TestClient(app, base_url="http://127.0.0.1", cookies={"sohoa_session": token}) as client:
        (link,) = read(client, "/").xpath("//tr[@data-unit='99999@?']/th/a/@href")
        assert link == "/don-vi/99999@%3F"
        page = read(client, link)
        assert text_of(page.xpath("//tfoot/tr/td[last()]")[0]) == "0/3"
        (address,) = page.xpath("//footer//a/@href")
        assert client.get(address).json()["units"][0]["unit"]["unit_id"] == "99999@?"

"""The dashboard in a real browser, on a desk and on a phone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from archive_sample import BATCH, HOSTILE_BATCH
from archived_records import STORED
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

HOSTILE_PATH = "/lo/" + "/".join(quote(part, safe="") for part in HOSTILE_BATCH.split("/"))
JUDGED = [
    "/",
    "/don-vi/00256",
    "/lo",
    f"/lo/{BATCH}",
    HOSTILE_PATH,
    "/ho-so",
    "/khong-co",
    "/muc-dich",
    "/tra-cuu",
    f"/ho-so/{STORED}",
    "/nhat-ky",
    "/ma-tran",
    "/ma-tran/tuan",
    "/canh-bao",
    "/danh-muc",
    "/danh-muc/chi-tiet",
    "/phan-giao",
    "/day-du",
    "/doi-chieu",
    "/duyet",
    f"/duyet/{BATCH}/HS-0003",
    "/doi-mat-khau",
    "/dang-nhap",
]

PASSWORD = "chín con sông nhỏ"

_CONTRASTS = """() => {
  const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const rgb = css => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 :
    ((v + .055) / 1.055) ** 2.4); return .2126 * x + .7152 * y + .0722 * z; };
  const ground = it => { for (; it; it = it.parentElement) { const c = rgb(getComputedStyle(it).backgroundColor);
    if (c[3] === 255) return c; } return [255, 255, 255, 255]; };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const it = walker.currentNode.parentElement, text = walker.currentNode.data.trim();
    if (!text || text === '·' || it.closest('.hidden') || !it.getClientRects().length) continue;
    const [a, b] = [light(rgb(getComputedStyle(it).color)), light(ground(it))].sort((x, y) => y - x);
    found.push([text.slice(0, 40), (a + .05) / (b + .05)]);
  }
  return found;
}"""


def width_of(element: Locator) -> float:
    box = element.bounding_box()
    assert box is not None
    return box["width"]


def shown_percent(text: str) -> float:
    found = re.search(r"(\d+),(\d)\s%", text)
    assert found, text
    return float(f"{found[1]}.{found[2]}")


def test_bars_are_as_wide_as_their_figures_say(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_title("Tiến độ số hóa – Sohoa")
    assert shown_percent(page.locator(".big").inner_text()) == pytest.approx(21.4)
    rows = page.locator("tr[data-unit]").filter(has=page.locator(".percent", has_text="%"))
    seen = []
    for row in rows.all():
        percent = shown_percent(row.locator(".percent").inner_text())
        track, done = (width_of(row.locator(f".{part}")) for part in ("bar-track", "bar-done"))
        assert track > 100
        assert 100 * done / track == pytest.approx(percent, abs=0.5)
        seen.append(percent)
    assert seen == [20.0, 25.0]


def test_from_progress_to_the_failures_of_a_batch(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Trang chính").get_by_role("link", name="Lô").click()
    page.get_by_role("link", name="lo-1", exact=True).click()
    expect(page).to_have_url(re.compile(f"/lo/{BATCH}$"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lô lo-1")
    failure = page.locator("article[data-reason=time_limit]")
    expect(failure).to_contain_text("Xử lý quá thời gian cho phép")
    expect(failure).to_contain_text("Báo kỹ sư chạy lại hồ sơ này.")
    expect(failure).to_contain_text("HS-0004")
    expect(page.locator("pre code")).to_have_text(f"sohoa rerun --batch {BATCH}")
    bar = page.locator("tr[data-stage=sign]")
    assert width_of(bar.locator(".bar-done")) / width_of(bar.locator(".bar-track")) == pytest.approx(0.75, abs=0.01)
    page.get_by_label("Đường dẫn").get_by_role("link", name="Tiến độ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tiến độ số hóa")


def test_filters_work_by_keyboard_alone(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Năm").focus()
    page.keyboard.type("2025")
    page.keyboard.press("Enter")
    expect(page.locator("tr[data-unit] th a")).to_have_text(["Phường Hai Bà Trưng"])
    expect(page.get_by_label("Năm")).to_have_value("2025")


def test_tab_reaches_every_link_and_shows_where_it_is(page: Page) -> None:
    page.goto("/")
    wanted = {it.get_attribute("href") for it in page.locator("a").all()}
    reached = set(_tab_through(page))
    assert wanted <= reached
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Đến nội dung chính")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def _tab_through(page: Page) -> Iterator[str]:
    for _ in range(100):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            "() => { const it = document.activeElement; return [it.tagName, it.getAttribute('href'),"
            " getComputedStyle(it).outlineStyle] }"
        )
        if focus[0] == "BODY":
            return
        if focus[0] == "A":
            assert focus[2] == "solid", focus
            yield focus[1]


def test_a_wide_matrix_scrolls_within_its_frame(page: Page) -> None:
    page.goto("/don-vi/00256")
    frame = page.locator(".scroll:has(> .matrix)").first
    frame.evaluate(
        "it => { for (const row of it.querySelectorAll('tr'))"
        " for (let n = 0; n < 60; n++) row.append(row.cells[1].cloneNode(true)) }"
    )
    assert frame.locator(".cell .hidden").count() > 60, "what only a screen reader tells scrolls too"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    frame.evaluate("it => { it.scrollLeft = 400 }")
    assert frame.evaluate("it => it.scrollLeft") == 400
    name, edge = frame.locator("tbody th").first.bounding_box(), frame.bounding_box()
    assert name is not None
    assert edge is not None
    assert name["x"] == pytest.approx(edge["x"], abs=2)


def test_a_hostile_batch_runs_nothing(page: Page) -> None:
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto("/lo")
    page.get_by_role("link", name="<script>").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(HOSTILE_BATCH.partition("/")[2])
    expect(page.locator(".documents")).to_contain_text("onerror")
    assert page.locator("main img, main script").count() == 0


@pytest.mark.parametrize("path", JUDGED)
def test_nothing_sticks_out_all_text_can_be_read_and_axe_finds_nothing(page: Page, path: str) -> None:
    if path == "/khong-co":
        # Chromium reports the 404 it was sent to look for; that is no complaint about the page.
        page.route("**/khong-co", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.goto(path)
    if "/muc-dich?" in page.url:
        page.get_by_label("Mục đích").select_option("verification")
        page.get_by_role("button", name="Tiếp tục").click()
        expect(page).to_have_url(re.compile(re.escape(path) + "$"))
    judge(page)


def judge(page: Page) -> None:
    """What holds of every page: WCAG AA by axe, contrast of every text, nothing wider than the window."""
    found = Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    told = [(it["id"], [node["target"] for node in it["nodes"]][:3]) for it in found.response["violations"]]
    assert told == []
    assert len(found.response["passes"]) > 5
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    contrasts = page.evaluate(_CONTRASTS)
    assert len(contrasts) >= 6
    assert [it for it in contrasts if not (math.isfinite(it[1]) and it[1] >= 4.5)] == []


def test_a_record_is_found_and_opened_by_keyboard_alone(page: Page) -> None:
    page.goto("/tra-cuu")
    box = page.get_by_label("Họ tên, ngày sinh")
    expect(box).to_be_focused()
    page.keyboard.type("dao nguyen thi")
    page.get_by_label("Mục đích").focus()
    page.keyboard.press("ArrowDown")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kết quả tra cứu")
    assert "dao" not in page.url
    judge(page)
    wanted = page.locator("li.hit h2 a").first.get_attribute("href")
    assert wanted
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('href')") == wanted:
            break
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(wanted) + "$"))
    expect(page.get_by_role("heading", name="Chữ ký số")).to_be_visible()
    judge(page)
    page.goto("/nhat-ky")
    expect(page.locator("tbody tr").first).to_contain_text(wanted.removeprefix("/ho-so/"))
    judge(page)


def test_a_phone_shows_pictures_of_the_pages_where_it_shows_no_pdf(page: Page) -> None:
    page.goto(f"/ho-so/{STORED}")
    if "/muc-dich?" in page.url:
        page.get_by_label("Mục đích").select_option("verification")
        page.get_by_role("button", name="Tiếp tục").click()
    asked: list[str] = []
    page.on("request", lambda sent: asked.append(sent.url.rpartition(STORED)[2]))
    page.reload()
    page.locator("#tep").scroll_into_view_if_needed()
    window = page.viewport_size
    assert window is not None
    shown, other = ("/trang/1.jpg", "/tep.pdf") if window["width"] < 700 else ("/tep.pdf", "/trang/1.jpg")
    page.locator(f"[src$='{shown}']").scroll_into_view_if_needed()
    expect(page.locator(f"[src$='{shown}']")).to_be_visible()
    expect(page.locator(f"[src$='{other}']")).to_be_hidden()
    page.wait_for_timeout(500)
    assert shown in asked
    assert other not in asked, "what is hidden is not opened, nor written to the log"


def test_signing_in_by_keyboard_leads_to_the_page_that_was_wanted(page: Page) -> None:
    page.context.clear_cookies()
    page.goto("/ho-so?year=1998")
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    expect(page.get_by_label("Tên đăng nhập")).to_be_focused()
    page.keyboard.type("lan")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/ho-so\?year=1998$"))
    expect(page.locator("header")).to_contain_text("Đỗ Thị Lan")
    page.get_by_role("button", name="Đăng xuất").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Đăng nhập")
    page.goto("/lo")
    expect(page).to_have_url(re.compile(r"/dang-nhap\?tiep="))


def test_the_target_stands_where_it_says(page: Page) -> None:
    page.goto("/")
    bar = page.locator("tr[data-unit] .bar").first
    track, target = (bar.locator(f".{part}").bounding_box() for part in ("bar-track", "bar-target"))
    assert track is not None
    assert target is not None
    assert target["x"] + target["width"] == pytest.approx(track["x"] + track["width"], abs=2), "100 % is the end"
    expect(page.locator("figure.trend figcaption")).to_contain_text("Chỉ tiêu")
    (chart,) = (it for it in page.locator("svg.chart").all() if it.is_visible())
    assert "Unnamed" not in chart.inner_html(), "the legend stands beside the drawing, once"
    window = page.viewport_size
    assert window is not None
    labels = [it.bounding_box() for it in chart.locator("text").all()]
    assert len(labels) >= 8
    for label in labels:
        assert label is not None
        assert label["x"] >= 0
        assert label["x"] + label["width"] <= window["width"], "every day and percent is seen at once"
        assert label["height"] >= 10
    page.get_by_text("Số liệu của biểu đồ").click()
    expect(page.locator(".trend table")).to_be_visible()

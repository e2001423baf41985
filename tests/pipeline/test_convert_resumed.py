"""``sohoa convert`` killed on the way: what was read is not read again, and nothing is left lying about."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter

from pipeline.unfinished import unfinished
from sample_scans.document import render_document

PAGES = 7


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of short pages, each with words of its own."""
    pages: list[Image.Image] = []
    seed = 0
    while len(pages) < PAGES:
        seed += 1
        sheet = render_document("decision", "laser", seed, 150, clean=True).pages[0]
        pages.append(sheet.crop((0, 0, sheet.width, sheet.height // 4)))
    path = tmp_path_factory.mktemp("scan") / "scan.pdf"
    pages[0].save(path, save_all=True, append_images=pages[1:], resolution=150)
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from pipeline.cli import main; main()", "convert", *map(str, arguments)]


def written(out: Path) -> int:
    journal = out.with_name(f".{out.name}.work") / "pages.jsonl"
    return journal.read_bytes().count(b"\n") if journal.is_file() else 0


def killed_after(pages: int, scan: Path, out: Path, workers: int = 2) -> int:
    """Start a conversion, kill it with SIGKILL when so many pages are written; pages that were."""
    run = subprocess.Popen(
        command("--workers", workers, scan, out), start_new_session=True, stdout=subprocess.DEVNULL, cwd=out.parent
    )
    until = time.monotonic() + 120
    while written(out) < pages and run.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    return written(out)


def converted(scan: Path, out: Path, *options: object) -> dict[str, object]:
    done = subprocess.run(command("--json", *options, scan, out), capture_output=True, text=True, cwd=out.parent)
    assert done.returncode == 0, done.stderr
    made: dict[str, object] = json.loads(done.stdout)["converted"][0]
    return made


def text(path: Path) -> list[str]:
    return [page.extract_text() for page in PdfReader(path).pages]


def test_a_killed_conversion_goes_on_where_it_was(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    kept = killed_after(3, scan, out)
    assert 3 <= kept < PAGES and not out.exists()
    folder = tmp_path / ".out.pdf.work"
    with (folder / "document.pdf").open("ab") as part, (folder / "pages.jsonl").open("ab") as journal:
        part.write(b"99 0 obj\n<< /Length 1000 >>\nstream\nhalf a page")
        journal.write(b'{"note": {"facts"')
    again = converted(scan, out)
    assert again["pages_resumed"] == kept
    assert [page["page"] for page in again["pages"]] == list(range(1, PAGES + 1))  # type: ignore[index, attr-defined]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.pdf"]

    whole = converted(scan, tmp_path / "whole.pdf", "--workers", 1)
    assert whole["pages_resumed"] == 0
    assert text(out) == text(tmp_path / "whole.pdf")
    assert len(PdfReader(out, strict=True).pages) == PAGES


def test_another_input_starts_anew(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    assert killed_after(2, scan, out) >= 2
    other = tmp_path / "other.pdf"
    writer = PdfWriter()
    for page in PdfReader(scan).pages[:2]:
        writer.add_page(page)
    writer.write(other)
    assert converted(other, out)["pages_resumed"] == 0
    assert len(PdfReader(out).pages) == 2


def test_two_processes_do_not_make_the_same_file(scan: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.pdf"
    with unfinished(out, "the work of another process"):
        second = subprocess.run(command(scan, out), capture_output=True, text=True, cwd=tmp_path)
    assert second.returncode == 2 and "another process" in second.stderr
    assert not out.exists()


def test_a_document_killed_before_its_first_page_begins_anew(scan: Path, tmp_path: Path) -> None:
    """The head of the file is written while the first page is read."""
    out = tmp_path / "out.pdf"
    folder = tmp_path / ".out.pdf.work"
    assert converted(scan, out)["pages_resumed"] == 0
    whole = out.read_bytes()[:9]
    with unfinished(out, "as it is asked for again") as begun:
        begun.make_ready()
    assert (folder / "document.pdf").read_bytes()[:9] == whole
    with unfinished(out, "as it is asked for again") as again:
        assert not again.known
        assert (folder / "document.pdf").read_bytes() == b""

"""A page that kills or holds up the process reading it: the document keeps it as a picture, and all other text."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw
from pypdf import PdfReader

from manifests.documents import BatchRef, DocumentEntry
from manifests.text import PageVerdict
from pipeline import pool
from pipeline.outcomes import Ending
from pipeline.pool import digitize_in_pool
from pipeline.work.digitize import read_pages
from pipeline.worker_life import HUNG, at_most

TESSERACT = """#!/bin/sh
# A word as large as the page; whoever has it read a page wider than high is killed.
[ "$1" = --version ] && { echo "tesseract 5.3.0"; exit 0; }
case "$*" in *"--psm 0"*) exit 1;; esac
set -- "$1" "$2" $(od -An -j16 -N8 -tu4 --endian=big "$1")
[ "$3" -gt "$4" ] && kill -9 $PPID
{ printf 'level\\tpage_num\\tblock_num\\tpar_num\\tline_num\\tword_num\\tleft\\ttop\\twidth\\theight\\tconf\\ttext\\n'
  printf '5\\t1\\t1\\t1\\t1\\t1\\t0\\t0\\t%s\\t%s\\t95\\tphường\\n' "$3" "$4"; } > "$2.tsv"
"""
Received = Callable[[str], Any]


def sheet(wide: bool) -> Image.Image:
    image = Image.new("L", (438, 310) if wide else (310, 438), 255)
    pen = ImageDraw.Draw(image)
    for top in range(40, image.height - 40, 16):
        for left in range(30, image.width - 40, 22):
            pen.rectangle((left, top, left + 14, top + 5), fill=0)
    return image


@pytest.fixture
def received(lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Received:
    """Receives a document whose pages are ``-`` (killing) and ``|``; a stand-in for the engine reads them."""
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(TESSERACT, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")

    def receive(pages: str) -> Any:
        ref = BatchRef("00256", "LOST")
        target = lab.folder / "intake" / ref.key
        target.mkdir(parents=True)
        first, *rest = [sheet(page == "-") for page in pages]
        first.save(target / "a.tif", save_all=True, append_images=rest, dpi=(75, 75))
        digest = hashlib.sha256((target / "a.tif").read_bytes()).hexdigest()
        lab.write(ref, [DocumentEntry("HS-1", ("a.tif",), (digest,), len(pages), "birth", "00256", 2019)])
        receipt, _ = lab.runner().receive(ref)
        (job,) = lab.runner().jobs(receipt)
        return job

    return receive


@pytest.fixture
def lab(lab: Any) -> Any:
    return lab.with_settings(ocr_engine="pytesseract")


def verdicts(lab: Any, job: Any) -> list[PageVerdict]:
    found = read_pages(lab.context, job[0].key, job[1].keys["recognize"])
    return [found[number].verdict for number in sorted(found)]


def test_a_page_that_kills_its_reader_costs_its_own_text_only(lab: Any, received: Received) -> None:
    job = received("|-|")
    ((_, outcome),) = digitize_in_pool(lab.settings, [job], 1)
    assert (outcome.status, outcome.pages) == (Ending.DONE, 3), outcome
    assert verdicts(lab, job) == [PageVerdict.READ, PageVerdict.UNREAD, PageVerdict.READ]
    made = lab.folder / "made.pdf"
    lab.context.archive.get_file(outcome.artefact.key, made, sha256=outcome.artefact.sha256)
    texts = [page.extract_text() for page in PdfReader(made).pages]
    assert ["phường" in text for text in texts] == [True, False, True]


def test_a_document_stopped_for_its_time_goes_on_without_the_page_it_was_stopped_at(
    lab: Any, received: Received
) -> None:
    job = received("-|")
    outcome = pool._alone(lab.settings, job, pool._Died.late(job[0].key, 1.0))
    assert outcome.status == Ending.DONE
    assert verdicts(lab, job) == [PageVerdict.UNREAD, PageVerdict.READ]


def hang() -> None:
    with at_most(60.0):
        pass  # in time: nothing happens
    with at_most(0.01):
        time.sleep(600)


def test_a_page_that_never_ends_ends_its_worker_and_is_not_tried_again() -> None:
    process = multiprocessing.get_context("fork").Process(target=hang)
    process.start()
    process.join(60)
    assert process.exitcode == HUNG
    hung, crashed = pool._Died.crashed("HS-1", HUNG), pool._Died.crashed("HS-1", -9)
    assert (hung.rounds[0], crashed.rounds[0]) == (1, 0)
    assert hung.rounds[-1] == crashed.rounds[-1] == pool.EVERY

"""A long document: its pages are dealt out over the processes, and its assembly reads none of them again."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from manifests.documents import BatchRef, DocumentEntry
from ocr.scan import Scan
from pipeline import archive, pool
from pipeline.outcomes import Ending
from pipeline.pool import digitize_in_pool
from pipeline.work.digitize import digitize, read_share

PAGES = 23


@pytest.fixture
def job(lab: Any, make_page: Callable[[int], bytes]) -> Any:
    """A received document of many pages and its plan."""
    sheets = [Image.open(io.BytesIO(make_page(seed))) for seed in range(PAGES)]
    made = io.BytesIO()
    sheets[0].save(made, "TIFF", save_all=True, append_images=sheets[1:], dpi=(75, 75))
    ref = BatchRef("00256", "LONG")
    target = lab.folder / "intake" / ref.key
    target.mkdir(parents=True)
    (target / "HS-1.tif").write_bytes(made.getvalue())
    digest = hashlib.sha256(made.getvalue()).hexdigest()
    lab.write(ref, [DocumentEntry("HS-1", ("HS-1.tif",), (digest,), PAGES, "birth", "00256", 2019)])
    receipt, _ = lab.runner().receive(ref)
    (found,) = lab.runner().jobs(receipt)
    return found


def kept(lab: Any, job: Any) -> set[int]:
    document, plan = job
    found = lab.context.archive.list(archive.pages(document.key, plan.keys["recognize"]))
    return {int(entry.key.rpartition("/")[2].removesuffix(".json")) for entry in found}


def test_shares_are_dealt_out_whole_and_read_once(
    lab: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_share(lab.context, *job, 0, 2, tmp_path) == 13
    assert kept(lab, job) == {*range(1, 11), *range(21, 24)}
    assert read_share(lab.context, *job, 0, 2, tmp_path) == 0, "what was read before a kill is not read again"
    monkeypatch.setattr(type(lab.context.archive), "get_file", refused)
    assert read_share(lab.context, *job, 1, 2, tmp_path) == 10, "with the originals the first share fetched"
    assert kept(lab, job) == set(range(1, PAGES + 1))
    (tmp_path / ".7.picture").unlink()  # lost: taken out of the original again
    taken: list[int] = []
    capture = Scan.capture

    def noted(scan: Scan, number: int, *args: Any, **options: Any) -> Any:
        taken.append(number)
        return capture(scan, number, *args, **options)

    monkeypatch.setattr(Scan, "capture", noted)
    outcome = digitize(lab.context, *job, tmp_path)
    assert (outcome.status, outcome.pages, outcome.pages_resumed) == (Ending.DONE, PAGES, PAGES)
    assert taken == [7]
    assert not list(tmp_path.glob(".*.picture"))


def refused(*_: Any, **__: Any) -> None:
    raise AssertionError("fetched a second time")


def test_processes_read_a_long_document_together(
    lab: Any, job: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "LONG_DOCUMENT", PAGES)
    ((ended, outcome),) = digitize_in_pool(lab.settings, [job], 2)
    assert ended == job
    assert (outcome.status, outcome.pages, outcome.pages_resumed) == (Ending.DONE, PAGES, PAGES)
    assert read_share(lab.context, *job, 0, 2, tmp_path) == 0

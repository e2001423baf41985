from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sample_road import settings_in

from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from pipeline.context import Context
from pipeline.runner import Runner
from sample_scans import render_document
from warehouse.progress import totals

pytestmark = pytest.mark.slow
PAGES = 8


def drop(folder: Path) -> BatchRef:
    """One drop of two documents with many pages each, as TIFF."""
    import hashlib

    ref = BatchRef("00256", "2025-01-DAI")
    target = folder / "intake" / ref.key
    target.mkdir(parents=True)
    entries = []
    for number in range(2):
        pages = [
            render_document("birth", "laser", seed=100 * number + n, dpi=150).pages[0].convert("L")
            for n in range(PAGES)
        ]
        file = target / f"HS-{number}.tif"
        pages[0].save(file, save_all=True, append_images=pages[1:], compression="tiff_deflate", dpi=(150, 150))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entries.append(DocumentEntry(f"HS-{number}", (file.name,), (digest,), PAGES, "birth", "00256", 2019))
    write_manifest(target / "manifest.csv", entries)
    (target / "_READY").touch()
    return ref


def test_a_killed_run_goes_on_at_the_page_it_was_on(tmp_path: Path) -> None:
    ref = drop(tmp_path)
    settings = settings_in(tmp_path, workers=1)
    environment = {
        **os.environ,
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_TEST_PKI_FOLDER": str(settings.test_pki_folder),
        "SOHOA_WORKERS": "1",
    }
    program = Path(sys.executable).with_name("sohoa")
    run = subprocess.Popen(
        [str(program), "run"], env=environment, start_new_session=True, stdout=subprocess.DEVNULL, cwd=tmp_path
    )
    archive = tmp_path / "archive" / ref.key
    deadline = time.monotonic() + 300
    while len(list(archive.glob("HS-*/pages/*/*.json"))) < 3:
        assert run.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    read = {p: p.stat().st_mtime_ns for p in archive.glob("HS-*/pages/*/*.json")}
    assert 3 <= len(read) < 2 * PAGES

    context = Context(settings)
    report = Runner(context).run_batch(ref)

    assert {p: p.stat().st_mtime_ns for p in read} == read, "pages read before the kill were read again"
    assert len(list(archive.glob("HS-*/pages/*/*.json"))) == 2 * PAGES
    assert sum(o.pages_resumed for o in report.outcomes) == len(read)
    assert len(list(archive.glob("HS-*/signed_pdf/*.pdf"))) == 2, "none lost, none twice"
    assert totals(context.database).digitized == 2
    context.database.dispose()

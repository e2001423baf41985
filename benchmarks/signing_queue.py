"""Documents signed per second through a slow timestamp authority, while other scans are being read.

    python benchmarks/signing_queue.py [--documents 48] [--latency 5] [--slots 4] [--tasks 2]

The authority is a real local one that takes LATENCY seconds for an answer and stands SLOTS requests at once, so it
allows SLOTS / LATENCY documents a second. DOCUMENTS are assembled first; then TASKS processes sign them side by side,
as mapped tasks of the DAG or a run do, and share the authority's slots; meanwhile reading processes keep every core
busy. Printed: the rate between the first and the last timestamp and over the whole run (with start and proof), as a
ratio of what the authority allows; the most requests that stood there at once; and pages read beside it.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image

from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from pipeline.context import Context
from pipeline.runner import Runner
from pipeline.settings import Settings
from sample_scans import generate
from signing.timestamps import local_tsa


def settings_in(folder: Path, **changes: Any) -> Settings:
    return Settings(
        **{
            "intake_url": f"file:{folder}/intake",
            "archive_url": f"file:{folder}/archive",
            "database_url": f"sqlite:///{folder}/sohoa.db",
            "test_pki_folder": folder / "pki",
            "work_folder": folder / "work",
            **changes,
        }
    )


def drop(folder: Path, documents: int) -> BatchRef:
    """A drop of plain pages: what is signed matters little, that it is many does."""
    ref = BatchRef("00256", "2025-KY")
    target = folder / "intake" / ref.key
    target.mkdir(parents=True)
    entries = []
    for number in range(documents):
        image = Image.new("L", (620, 877), 255)
        image.paste(0, (60, 200, 60 + 10 * (number % 50 + 1), 220 + number // 50))
        file = target / f"HS-{number}.png"
        image.save(file, dpi=(75, 75))
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        entries.append(DocumentEntry(file.stem, (file.name,), (digest,), 1, "birth", ref.unit_code, 2019))
    write_manifest(target / "manifest.csv", entries)
    (target / "_READY").touch()
    return ref


def sign(settings: Settings, keys: list[str]) -> None:
    """In a process of its own, like a task of the DAG: documents ``UNIT/BATCH/DOCUMENT``."""
    runner = Runner(Context(settings))
    jobs = []
    for batch in sorted({key.rpartition("/")[0] for key in keys}):
        receipt, _ = runner.receive(BatchRef.parse(batch))
        jobs += [job for job in runner.jobs(receipt) if job[0].key in keys]
    runner.sign(jobs)


def read(settings: Settings, refs: list[BatchRef], pages: Any, over: Any) -> None:
    """In a process of its own: read scans anew and again until everything is signed."""
    from pipeline.reruns import order_rerun

    runner = Runner(Context(settings))
    while not over.is_set():
        for ref in refs:
            receipt, _ = runner.receive(ref)
            ids = [document.entry.document_id for document in receipt.documents]
            order_rerun(runner.context, ref, ids, "capture")
            pages.value += sum(outcome.pages for outcome in runner.digitize(runner.jobs(receipt)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=48)
    parser.add_argument("--latency", type=float, default=5.0)
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--tasks", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measure(Path(name), options)


def measure(folder: Path, options: argparse.Namespace) -> None:
    fast, slow = folder / "fast", folder / "slow"
    ref = drop(fast, options.documents)
    plain = settings_in(fast, ocr_engine="null")
    runner = Runner(Context(plain))
    receipt, _ = runner.receive(ref)
    keys = [outcome.document_key for outcome in runner.digitize(runner.jobs(receipt))]
    others = [BatchRef.parse(batch) for batch in generate(slow, seed=4, documents=2, dpi=200, faults=False).batches]

    spawn = multiprocessing.get_context("spawn")
    pages, over = spawn.Value("i", 0), spawn.Event()
    reading = spawn.Process(target=read, args=(settings_in(slow), others, pages, over))
    allowed = options.slots / options.latency
    with local_tsa(plain.test_pki_folder, latency=options.latency, slots=2 * options.slots) as tsa:
        settings = plain.model_copy(update={"tsa_url": tsa.url, "tsa_slots": options.slots})
        stays: list[tuple[float, float]] = []
        tsa.on_leaving = lambda came, went: stays.append((came, went))
        reading.start()
        time.sleep(5)  # the readers load their engines
        tasks = [spawn.Process(target=sign, args=(settings, keys[n :: options.tasks])) for n in range(options.tasks)]
        started = time.monotonic()
        for task in tasks:
            task.start()
        for task in tasks:
            task.join()
        whole = time.monotonic() - started
        read_meanwhile = pages.value
        over.set()
        reading.join()
        assert all(task.exitcode == 0 for task in tasks)
        assert tsa.answered == len(keys), "a document was timestamped twice"
    times = sorted(went for _, went in stays)
    # the first answers come together after one latency: they belong to no interval before them
    begun = [moment for moment in times if moment - times[0] < options.latency / 2]
    steady = (len(times) - len(begun)) / (times[-1] - begun[-1])
    served = statistics.mean(went - came for came, went in stays)
    idle = 1 - steady * served / options.slots
    print(f"machine  {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"peer     the authority itself: {options.slots} slots of {options.latency:g} s allow {allowed:.2f}/s")
    print(f"signed   {len(keys)} documents by {options.tasks} tasks; most requests at once {tsa.most_at_once}")
    print(f"steady   {steady:.3f}/s   ratio {steady / allowed:.3f}")
    print(f"lost     a request stood there {served:.2f} s on average; {idle:.1%} of the places' time nobody did")
    print(f"whole    {len(keys) / whole:.3f}/s   ratio {len(keys) / whole / allowed:.3f} (with start and veraPDF)")
    print(f"reading  {read_meanwhile} pages were read and assembled meanwhile")


if __name__ == "__main__":
    main()

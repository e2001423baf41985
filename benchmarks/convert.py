"""Scan to searchable PDF/A: ``sohoa convert`` against OCRmyPDF 17, whole processes, in the same run.

    python benchmarks/convert.py SCANS [--runs 5]
    python benchmarks/convert.py SCANS --long [--pages 40]
    python benchmarks/convert.py SCANS --huge [--pages 850] [--kill-at 500]

``SCANS`` is a folder of real scans (PDF and JPEG). Six of their pages, as 300 dpi JPEG in one PDF, are the input;
longer inputs repeat them, each page numbered. Runs of the roads take turns, so that a busy machine hurts
all alike; seconds are medians of wall time, CPU seconds those of the process and its children. The pictures of
each output are held against the scan's (``picture_quality``).

``--long`` holds ``convert`` against recognition alone: as many warm processes as cores, engine loaded, pages already
cleaned. ``--huge`` samples the memory of every process and the disk beside the output, kills the run with SIGKILL and
counts what the next run reads again. OCRmyPDF comes into its own environment under ``.tools/ocrmypdf``.
"""

from __future__ import annotations

import argparse
import compileall
import ctypes
import io
import json
import os
import platform
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from picture_quality import Likeness, likeness
from PIL import Image, ImageDraw
from watching import Watch

PEER = "ocrmypdf>=17,<18"
TOOLS = Path(__file__).resolve().parents[1] / ".tools" / "ocrmypdf"
DPI = 300
WANTED = 6
_SET_CHILD_SUBREAPER = 36
GOALS = {"deskew": 5.0, "plain": 2.5}
SOHOA = [sys.executable, "-c", "from pipeline.cli import main; main()"]


# --- the input


def real_pages(folder: Path, count: int = WANTED) -> list[Image.Image]:
    """Pages of different documents at 300 dpi: first a page of each file, then the second pages."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in (".pdf", ".jpg", ".jpeg"))
    found: list[Image.Image] = []
    for number in (1, 2, 3):
        for file in files:
            if len(found) < count and (page := _page(file, number)) is not None:
                found.append(page)
    if len(found) < count:
        sys.exit(f"{folder}: only {len(found)} pages of PDF or JPEG scans; give a folder with at least {count}")
    return found


def _page(file: Path, number: int) -> Image.Image | None:
    if file.suffix.lower() != ".pdf":
        image = Image.open(file)
        # A scan of 300 dpi is as it was; a picture of a lower resolution is no 300 dpi page.
        return image.convert("RGB") if number == 1 and max(image.size) >= 3000 else None
    command = ["pdftoppm", "-r", str(DPI), "-f", str(number), "-l", str(number), str(file)]
    drawn = subprocess.run(command, capture_output=True).stdout
    if not drawn:
        return None
    page = Image.open(io.BytesIO(drawn)).convert("RGB")
    red, green, blue = page.split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else page


def write_scan(pages: Sequence[Image.Image], count: int, path: Path) -> Path:
    """A PDF of ``count`` JPEG pages, as a scanner writes it; no two pages are the same."""
    from fpdf import FPDF

    parts = []
    for start in range(0, count, 50):  # fpdf2 holds what it writes in memory
        pdf = FPDF(unit="pt")
        pdf.set_margin(0)
        pdf.set_auto_page_break(False)
        for index in range(start, min(start + 50, count)):
            page = pages[index % len(pages)].copy()
            if index >= len(pages):  # another page, or its image would be stored only once
                ImageDraw.Draw(page).text((20, 20), str(index), fill=0, font_size=40)
            out = io.BytesIO()
            page.save(out, "JPEG", quality=85, dpi=(DPI, DPI))
            size = (page.width * 72 / DPI, page.height * 72 / DPI)
            pdf.add_page(format=size)
            pdf.image(out, 0, 0, *size)
        parts.append(path.with_suffix(f".{start}.pdf"))
        pdf.output(str(parts[-1]))
    if len(parts) == 1:
        parts[0].replace(path)
        return path
    subprocess.run(["pdfunite", *parts, path], check=True)
    for part in parts:
        part.unlink()
    return path


# --- the peer


def peer_program() -> Path:
    """OCRmyPDF in an environment of its own, made at the first run; says what is missing."""
    missing = [name for name in ("gs", "tesseract", "pdftoppm") if shutil.which(name) is None]
    if missing:
        sys.exit(f"missing: {', '.join(missing)}; apt-get install ghostscript tesseract-ocr-vie poppler-utils")
    for name in ("unpaper", "jbig2", "pngquant"):
        if shutil.which(name) is None:
            print(f"note: {name} is not installed; OCRmyPDF does without it here")
    program = TOOLS / "bin" / "ocrmypdf"
    if not program.exists():
        print(f"installing {PEER} under {TOOLS}")
        subprocess.run([sys.executable, "-m", "venv", TOOLS], check=True)
        subprocess.run([TOOLS / "bin" / "pip", "install", "--quiet", PEER], check=True)
    return program


# --- timing


@dataclass
class Timed:
    """Seconds of the runs of one road, and the size of what it made.

    Attributes:
        all_processes: Count the CPU seconds of what outlives its parent too; nothing else may run under us then.
    """

    all_processes: bool = False
    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    size: int = 0
    like: Likeness | None = None

    def run(self, command: Sequence[str | Path], out: Path) -> None:
        out.unlink(missing_ok=True)
        before, started = _children(), time.perf_counter()
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        self.wall.append(time.perf_counter() - started)
        if self.all_processes:
            reap()
        self.cpu.append(_children() - before)
        if done.returncode != 0:
            sys.exit(f"{command[0]} failed: {done.stderr[-2000:]}")
        self.size = out.stat().st_size


def compile_ours() -> None:
    """As pip compiled the peer when it installed it; an editable install is compiled by ``scripts/setup`` only."""
    for package in ("manifests", "ocr", "pipeline", "signing"):
        compileall.compile_dir(Path(__file__).resolve().parents[1] / package, quiet=1)


def adopt() -> None:
    """Take in processes whose parent ended first, so that their CPU seconds are counted too (Linux)."""
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap() -> None:
    """Wait until no process of the last run is left."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def machine() -> str:
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}"


def short(pages: list[Image.Image], folder: Path, runs: int, workers: int) -> int:
    """Six pages against both settings of the peer."""
    adopt()
    compile_ours()
    scan = write_scan(pages, WANTED, folder / "scan.pdf")
    peer = peer_program()
    version = subprocess.run([peer, "--version"], capture_output=True, text=True).stdout.strip()
    common = ["-q", "-l", "vie", "--output-type", "pdfa", "-j", str(workers)]
    peer_out, own_out = folder / "peer.pdf", folder / "own.pdf"
    roads: dict[str, list[str | Path]] = {
        f"ocrmypdf {version} --deskew --rotate-pages": [peer, *common, "--deskew", "--rotate-pages", scan, peer_out],
        f"ocrmypdf {version} plain": [peer, *common, scan, peer_out],
        "sohoa convert": [*SOHOA, "convert", "--workers", str(workers), scan, own_out],
    }
    timed = {name: Timed(all_processes=True) for name in roads}
    for _ in range(runs):
        for name, command in roads.items():
            out = own_out if name.startswith("sohoa") else peer_out
            timed[name].run(command, out)
            timed[name].like = timed[name].like or likeness(scan, out)
    own = timed["sohoa convert"]
    print(f"{WANTED} pages of {DPI} dpi, {scan.stat().st_size:,} bytes, {workers} at once, {runs} runs each\n")
    print(
        f"{'road':42} {'wall s':>6} {'CPU s':>6} {'bytes':>9} {'of input':>9} {'sohoa is':>10} {'(CPU)':>8}  pictures"
    )
    for name, road in timed.items():
        wall, cpu = (statistics.median(values) for values in (road.wall, road.cpu))
        faster, less = wall / statistics.median(own.wall), cpu / statistics.median(own.cpu)
        share = road.size / scan.stat().st_size
        print(
            f"{name:42} {wall:6.2f} {cpu:6.2f} {road.size:9,} {share:8.2f} {faster:7.2f} × {less:5.2f} ×  {road.like}"
        )
    deskewed, plain = (statistics.median(road.wall) for road in list(timed.values())[:2])
    ours = statistics.median(own.wall)
    good = deskewed / ours >= GOALS["deskew"] and plain / ours >= GOALS["plain"]
    print(f"\ngoals: {GOALS['deskew']} × and {GOALS['plain']} ×: {'reached' if good else 'NOT reached'}")
    return 0 if good else 1


# --- against recognition alone

_warm: list[object] = []


def _warm_up(scan: Path, count: int) -> None:
    """Capture the pages this process will read, and load its engine."""
    from ocr.engine import engine_of_process
    from ocr.options import CaptureOptions
    from ocr.scan import capture_pages
    from ocr.threads import use_one_thread

    use_one_thread()
    engine = engine_of_process()
    _warm[:] = list(capture_pages([scan], CaptureOptions(), only=lambda n: n <= count, orienter=engine.orientation))


def _recognize(index: int) -> int:
    from ocr.engine import engine_of_process
    from ocr.page import CapturedPage
    from ocr.recognize import recognize_page

    page = _warm[index]
    assert isinstance(page, CapturedPage)
    return len(recognize_page(page, engine_of_process()).words)


def long(pages: list[Image.Image], folder: Path, count: int, runs: int, workers: int) -> int:
    """``convert`` of many pages against recognition alone of as many."""
    scan, out = write_scan(pages, count, folder / "long.pdf"), folder / "own.pdf"
    own, alone = Timed(), []
    with ProcessPoolExecutor(workers, get_context("spawn"), _warm_up, (scan, WANTED)) as pool:
        list(pool.map(_recognize, [n % WANTED for n in range(4 * workers)]))
        for _ in range(runs):
            started = time.perf_counter()
            list(pool.map(_recognize, [n % WANTED for n in range(count)]))
            alone.append(time.perf_counter() - started)
            own.run([*SOHOA, "convert", "--workers", str(workers), scan, out], out)
    reading, ours = statistics.median(alone), statistics.median(own.wall)
    print(f"{count} pages of {DPI} dpi, {workers} at once, {runs} runs each")
    print(f"recognition alone, warm   {reading:8.2f} s   {reading / count:6.3f} s a page")
    print(
        f"sohoa convert             {ours:8.2f} s   {ours / count:6.3f} s a page   {ours / reading:5.2f} × (goal 1.5)"
    )
    return 0 if ours / reading <= 1.5 else 1


# --- a huge document


def huge(pages: list[Image.Image], folder: Path, count: int, kill_at: int, workers: int) -> int:
    """Memory, disk and resuming of one very long colour document."""
    scan = write_scan([page.convert("RGB") for page in pages], count, folder / "huge.pdf")
    size = scan.stat().st_size
    work, out = folder / "work", folder / "work" / "out.pdf"
    work.mkdir()
    journal = work / ".out.pdf.work" / "pages.jsonl"
    command = [*SOHOA, "convert", "--json", "--workers", str(workers), str(scan), str(out)]
    environment = {**os.environ, "TMPDIR": str(work)}

    started = time.perf_counter()
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True, env=environment)
    watch = Watch(first.pid, work)
    watch.start()
    while first.poll() is None and not (journal.is_file() and _lines(journal) >= kill_at):
        time.sleep(0.2)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    watch.ended.set()
    kept, killed_after = _lines(journal), time.perf_counter() - started

    started = time.perf_counter()
    second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True, env=environment)
    again = Watch(second.pid, work)
    again.start()
    answer, _ = second.communicate()
    again.ended.set()
    made = json.loads(answer)["converted"][0]
    resumed = made["pages_resumed"]
    memory = max(max(w.memory.values()) for w in (watch, again))
    disk = max(watch.disk, again.disk)
    print(f"{count} colour pages of {DPI} dpi, {size:,} bytes, {workers} at once")
    print(f"peak memory of one process   {memory / 2**20:8.0f} MiB  (goal 1024)")
    print(f"peak disk, output included   {disk / size:8.2f} × input  (goal 1.2)")
    print(f"output                       {out.stat().st_size / size:8.2f} × input")
    print(f"SIGKILL after {killed_after:.0f} s at page {kept} of {count}; the second run kept {resumed}, read")
    print(
        f"{count - resumed} pages in {time.perf_counter() - started:.0f} s; read twice at most: {workers} under way"
    )
    good = memory <= 2**30 and disk <= 1.2 * size and resumed == kept and len(made["pages"]) == count
    return 0 if good else 1


def _lines(path: Path) -> int:
    try:
        return path.read_bytes().count(b"\n")
    except OSError:
        return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", type=Path, help="folder of real scans")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pages", type=int, help="pages of --long (40) and --huge (850)")
    parser.add_argument("--kill-at", type=int, help="page at which --huge kills (500 of 850)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--long", action="store_true")
    kind.add_argument("--huge", action="store_true")
    options = parser.parse_args()
    print(machine())
    pages = real_pages(options.scans)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.huge:
            count = options.pages or 850
            return huge(pages, folder, count, options.kill_at or count * 10 // 17, options.workers)
        if options.long:
            return long(pages, folder, options.pages or 40, options.runs, options.workers)
        return short(pages, folder, options.runs, options.workers)


if __name__ == "__main__":
    sys.exit(main())

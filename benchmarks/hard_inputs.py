"""Hard scans, each through ``sohoa convert``: what becomes of it, and whether its pages are still the same pages.

    python benchmarks/hard_inputs.py FOLDER… [--keep OUT] [--seconds 300] [--json RESULTS]

Every file under the folders is converted in a process of its own under a time limit, whatever it calls itself; then
veraPDF judges all outputs at once. A collection worth trying is ``tests/resources`` of the source archives of
OCRmyPDF, pikepdf and pypdf. The columns:

- ending: ``done``, the reason code of a refusal, ``HANG`` or ``CRASH``
- pages: of the input as poppler counts them, and of the output
- size: largest difference of a page's sides in points, turned pages compared turned; ``-`` for pictures
- look: mean grey difference of the first pages, input and output drawn small by poppler, 0–255
- text: share of the input's own words found in the output
- MiB: peak of the largest process

A row is marked ``!`` when it ended without a reason, is no valid PDF/A, or its pages changed in number, size or
look. The exit code is 1 when a row is marked. A mark asks somebody to look, it is no verdict: a black scanner border
that is left out changes size and look.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from machine import machine
from PIL import Image

from ocr.media import PDF, sniff
from signing.pdfa import PdfaValidator

SOHOA = [sys.executable, "-c", "from pipeline.cli import main; main()"]
LOOKED_AT = 3
"""Pages of a file that are drawn and compared."""
DRAWN, LOOKED = 800, 160
"""Pixels of a page's longer side, as it is drawn and as it is compared: poppler draws small pages raggedly."""
MOST_POINTS = 2.0
MOST_GREY = 12.0
_EVERY = 0.05


@dataclass
class Row:
    """What became of one file; see the module's docstring for the columns."""

    file: str
    ending: str
    reason: str = ""
    pages_in: int = 0
    pages_out: int = 0
    size: float | None = None
    look: float | None = None
    text: float | None = None
    flags: str = ""
    pdfa: str = ""
    seconds: float = 0.0
    mebibytes: int = 0

    @property
    def suspect(self) -> bool:
        if self.ending != "done":
            return self.ending in ("HANG", "CRASH", "internal_error")
        looks = (self.size or 0.0) <= MOST_POINTS and (self.look or 0.0) <= MOST_GREY
        return self.pages_in != self.pages_out or not looks or self.pdfa == "invalid"


def convert(source: Path, out: Path, seconds: float) -> Row:
    """One file, in a session of its own that is killed whole when the time is up."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [*SOHOA, "convert", "--json", str(source), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    peak, hung = 0, False
    with tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as errors:
        # The pipes hold less than a long document's answer; it is read while the memory is watched.
        readers = [_drain(process.stdout, told), _drain(process.stderr, errors)]
        while process.poll() is None:
            peak = max(peak, _largest(process.pid))
            if time.perf_counter() - started > seconds:
                hung = True
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(_EVERY)
        for reader in readers:
            reader.join()
        told.seek(0)
        errors.seek(0)
        answer, fault = told.read(), errors.read()
    row = Row(source.name, "done", seconds=round(time.perf_counter() - started, 1), mebibytes=peak >> 20)
    if hung:
        row.ending = "HANG"
        return row
    _tell(row, answer, fault.decode(errors="replace"))
    return row


def _drain(pipe: Any, into: Any) -> Any:
    import shutil
    import threading

    thread = threading.Thread(target=shutil.copyfileobj, args=(pipe, into), daemon=True)
    thread.start()
    return thread


def _largest(session: int) -> int:
    """Resident bytes of the largest process of a session at its worst."""
    most = 0
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == session:
                lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
                most = max(most, *(int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM:")), 0)
        except (OSError, ValueError):
            continue
    return most


def _tell(row: Row, answer: bytes, fault: str) -> None:
    """Fill in how the command ended."""
    try:
        told = json.loads(answer)
    except ValueError:
        row.ending, row.reason = "CRASH", fault.strip()[-200:]
        return
    if "error" in told:
        row.ending, row.reason = told["error"]["code"], told["error"]["message"]
        return
    pages = told["converted"][0]["pages"]
    row.pages_out = len(pages)
    verdicts = [page["verdict"] for page in pages]
    row.reason = ", ".join(f"{verdicts.count(verdict)} {verdict}" for verdict in dict.fromkeys(verdicts))
    row.flags = " ".join(sorted({flag for page in pages for flag in page["facts"]["flags"]}))


def compare(row: Row, source: Path, out: Path) -> None:
    """Fill in what became of the pages."""
    if sniff(source) != PDF:
        row.pages_in = getattr(Image.open(source), "n_frames", 1)
        return
    before, after = page_sizes(source), page_sizes(out)
    row.pages_in = len(before)
    # A page may have been turned upright.
    row.size = max((_apart(one, two) for one, two in zip(before, after, strict=False)), default=0.0)
    looked = range(1, min(len(before), len(after), LOOKED_AT) + 1)
    row.look = max((_difference(source, out, number) for number in looked), default=0.0)
    row.text = _kept_text(source, out)


def page_sizes(path: Path) -> list[tuple[float, float]]:
    """Width and height of each page as shown, in points."""
    told = subprocess.run(["pdfinfo", "-l", "100000", str(path)], capture_output=True, check=False).stdout
    sizes, units = [], _user_units(path)
    for line in told.decode(errors="replace").splitlines():
        if line.startswith("Page ") and " size:" in line:
            wide, _, high = line.partition("size:")[2].split()[:3]
            unit = units[len(sizes)] if len(sizes) < len(units) else 1.0
            sizes.append((float(wide) * unit, float(high) * unit))
    return sizes


def _user_units(path: Path) -> list[float]:
    """What poppler does not know of: one unit of a page may be more than a point."""
    from pypdf import PdfReader

    try:
        return [float(page.get("/UserUnit", 1.0)) for page in PdfReader(path).pages]
    except Exception:  # poppler mends what this reader does not; then its units are points
        return []


def _apart(one: tuple[float, float], two: tuple[float, float]) -> float:
    straight = max(abs(one[0] - two[0]), abs(one[1] - two[1]))
    crossed = max(abs(one[0] - two[1]), abs(one[1] - two[0]))
    return round(min(straight, crossed), 1)


def _difference(source: Path, out: Path, number: int) -> float:
    """Grey levels the output's page lies off the input's, whichever way it was turned."""
    one, two = (_drawn(path, number) for path in (source, out))
    if one is None or two is None:
        return 255.0
    height, width = one.shape
    found = []
    for turn in (np.rot90(two, quarter) for quarter in range(4)):
        if abs(turn.shape[0] - height) <= 2 and abs(turn.shape[1] - width) <= 2:
            fitted = Image.fromarray(np.ascontiguousarray(turn)).resize((width, height))
            found.append(float(np.abs(one - np.asarray(fitted)).mean()))
    return round(min(found, default=255.0), 1)


def _drawn(path: Path, number: int) -> np.ndarray[Any, Any] | None:
    command = ["pdftoppm", "-q", "-gray", "-cropbox", "-f", str(number), "-l", str(number), "-scale-to", str(DRAWN)]
    drawn = subprocess.run([*command, str(path)], capture_output=True, check=False).stdout
    if not drawn:
        return None
    page = Image.open(io.BytesIO(drawn)).convert("L")
    size = (max(1, page.width * LOOKED // DRAWN), max(1, page.height * LOOKED // DRAWN))
    return np.asarray(page.resize(size, Image.Resampling.BOX), np.float32)


def _kept_text(source: Path, out: Path) -> float | None:
    before, after = _words(source), _words(out)
    return round(sum(word in after for word in before) / len(before), 2) if len(before) >= 5 else None


def _words(path: Path) -> set[str]:
    told = subprocess.run(["pdftotext", "-q", str(path), "-"], capture_output=True, check=False).stdout
    return {word for word in told.decode(errors="replace").lower().split() if len(word) > 2 and word.isalpha()}


def files_under(places: Sequence[Path]) -> Iterator[Path]:
    for place in places:
        yield from (place,) if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())


def judge(rows: dict[Path, Row]) -> None:
    """Have veraPDF judge all outputs in one call."""
    for out, verdict in PdfaValidator().validate(list(rows)).items():
        rows[out].pdfa = str(verdict.status)
        if verdict.detail:
            rows[out].reason += f"; {verdict.detail}"


def show(rows: Sequence[Row]) -> None:
    print(_line(" ", "file", "ending", "pages", "size", "look", "text", "PDF/A", "s", "MiB", "reason"))
    for row in rows:
        size, look, text = ("-" if it is None else f"{it:g}" for it in (row.size, row.look, row.text))
        pages, why = f"{row.pages_in}→{row.pages_out}", f"{row.reason[:90]} {row.flags}"
        mark, seconds = "!" if row.suspect else " ", f"{row.seconds:.1f}"
        cells = (row.file, row.ending, pages, size, look, text, row.pdfa, seconds, str(row.mebibytes))
        print(_line(mark, *cells, why.strip()))


def _line(*cells: str) -> str:
    widths = (1, 34, 18, -9, -6, -5, -5, 11, -6, -5)
    sized = (f"{cell:>{-w}}" if w < 0 else f"{cell[:w]:{w}}" for cell, w in zip(cells, widths, strict=False))
    return "  ".join((*sized, cells[-1]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("places", type=Path, nargs="+", metavar="FOLDER", help="folders or files")
    parser.add_argument("--keep", type=Path, help="keep the outputs in this folder")
    parser.add_argument("--seconds", type=float, default=300.0, help="time limit of a file")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        rows, made = [], {}
        for number, source in enumerate(files_under(options.places), start=1):
            out = folder / f"{number:04}.{source.name}.pdf"
            row = convert(source, out, options.seconds)
            rows.append(row)
            if row.ending == "done":
                compare(row, source, out)
                made[out] = row
            print(f"{number}: {source.name}: {row.ending} {row.reason[:60]}", file=sys.stderr)
        judge(made)
    show(rows)
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    suspects = sum(row.suspect for row in rows)
    print(f"{len(rows)} files: {len(made)} converted, {len(rows) - len(made)} refused, {suspects} to look at")
    return 1 if suspects else 0


if __name__ == "__main__":
    sys.exit(main())

"""Words and characters right, and seconds a page: plain Tesseract against capture → recognize, in the same run.

    python benchmarks/reading.py [--pages DIR] [--samples N] [--runs 5]

``DIR`` holds page images and, beside each, its typed text (``name.jpg`` and ``name.txt``). ``--samples`` adds printed
pages of fictional records at 200 and 300 dpi with their truth, worn as archives wear them
(pages lying on their side left out, as the peer is not asked to turn them). Words are compared whatever their order:
recall is the share of typed words that were read, precision the share of read words that were typed. Characters are
compared line by line, each wherever it was read: 1 − edit distance / length. O is the share of typed words read in
the order they were typed in (tables cell by cell, the left heading before the right), boxes the share of our words
whose box lies on its ink. Seconds are medians over the runs, interleaved; both roads take one core. The peer is the
``tesseract`` program as it comes, a process per page; ours has its engine loaded, as a worker has.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from difflib import SequenceMatcher
from itertools import chain
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from manifests.text import PageText
from ocr.engine import engine_of_process
from ocr.options import CaptureOptions, RecognizeOptions
from ocr.page import CapturedPage
from ocr.recognize import recognize_page
from ocr.scan import capture_pages
from ocr.threads import use_one_thread

IntArray = NDArray[np.int32]
Read = TypeVar("Read")
SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")
SAMPLE_ERAS = ("laser", "form")
SAMPLE_TYPES = ("birth", "decision", "marriage")


def tokens(text: str) -> Counter[str]:
    """Words with a letter or a digit; typed truths leave list dashes and rulings out."""
    words = unicodedata.normalize("NFC", text).split()
    return Counter(word for word in words if any(character.isalnum() for character in word))


def score(read: str, truth: str) -> tuple[float, float]:
    """Recall and precision of words, order ignored."""
    found, typed = tokens(read), tokens(truth)
    right = (found & typed).total()
    return right / max(typed.total(), 1), right / max(found.total(), 1)


def characters(read: str, truth: str) -> float:
    """Share of the truth's characters that are right; each line of the truth is sought wherever it was read.

    Spaces do not count, and a line may stand in another order or be broken elsewhere: the typed truth follows blocks.
    """
    text = _points(read)
    lines = [points for line in truth.splitlines() if len(points := _points(line))]
    wrong = sum(min(len(line), _distance_within(line, text)) for line in lines)
    return 1 - wrong / max(sum(map(len, lines)), 1)


def _points(text: str) -> IntArray:
    joined = "".join(unicodedata.normalize("NFC", text).split())
    return np.frombuffer(joined.encode("utf-32-le"), dtype=np.int32)


def _distance_within(line: IntArray, text: IntArray) -> int:
    """Edit distance of ``line`` to the part of ``text`` nearest to it."""
    steps = np.arange(len(text) + 1, dtype=np.int32)
    row = np.zeros(len(text) + 1, dtype=np.int32)
    for number, character in enumerate(line, start=1):
        through = np.concatenate(([number], np.minimum(row[:-1] + (text != character), row[1:] + 1)))
        # What a letter too many in the text costs runs along the row: a running minimum instead of a loop.
        row = (np.minimum.accumulate(through - steps) + steps).astype(np.int32)
    return int(row.min())


def plain(page: Path) -> str:
    """The page's text as the tesseract program gives it."""
    done = subprocess.run(["tesseract", page, "-", "-l", "vie"], check=True, capture_output=True, text=True)
    return done.stdout


def ours(page: Path) -> list[tuple[CapturedPage, PageText]]:
    """The page as a worker reads it."""
    engine = engine_of_process()
    pages = capture_pages([page], CaptureOptions(), orienter=engine.orientation)
    return [(captured, recognize_page(captured, engine, RecognizeOptions())) for captured in pages]


def in_order(read: str, truth: str) -> float:
    """Share of the typed words that were read in the order they were typed in."""
    found, typed = (
        [word for word in unicodedata.normalize("NFC", text).split() if any(map(str.isalnum, word))]
        for text in (read, truth)
    )
    blocks = SequenceMatcher(None, typed, found, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(typed), 1)


def on_ink(captured: CapturedPage, text: PageText) -> list[bool]:
    """For each word whether its box and the strokes that lie in it share at least half of what they cover together.

    Strokes are connected areas of the engine's copy; one belongs to a box when half of it lies there.
    """
    ink = (captured.ocr_image < 140).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    good = []
    for word in text.words:
        left, top, right, bottom = (round(side * captured.ocr_scale) for side in word.bbox)
        part = labels[top:bottom, left:right]
        members, pixels = np.unique(part[part > 0], return_counts=True)
        strokes = stats[members[pixels >= 0.5 * stats[members, cv2.CC_STAT_AREA]]]
        # A ruling or a stroke of a pen through the box is not the word's.
        strokes = strokes[strokes[:, 3] <= 2.5 * (bottom - top)]
        if not len(strokes):
            good.append(False)
            continue
        ends = strokes[:, :2] + strokes[:, 2:4]
        (x0, y0), (x1, y1) = strokes[:, :2].min(axis=0), ends.max(axis=0)
        shared = max(0, min(right, x1) - max(left, x0)) * max(0, min(bottom, y1) - max(top, y0))
        together = (right - left) * (bottom - top) + (x1 - x0) * (y1 - y0) - shared
        good.append(bool(shared >= 0.5 * together))
    return good


def timed(read: Callable[[Path], Read], page: Path) -> tuple[Read, float]:
    started = time.perf_counter()
    return read(page), time.perf_counter() - started


def typed_pages(folder: Path) -> Iterator[tuple[str, Path, str]]:
    for page in sorted(folder.iterdir()):
        truth = page.with_suffix(".txt")
        if page.suffix.lower() in SUFFIXES and truth.is_file():
            yield page.name, page, truth.read_text(encoding="utf-8")


def sample_pages(count: int, folder: Path) -> Iterator[tuple[str, Path, str]]:
    """The first pages of ``count`` printed records of each era, type and resolution, with the text drawn on them."""
    from sample_scans.document import render_document

    for era in SAMPLE_ERAS:
        for record_type in SAMPLE_TYPES:
            for dpi in (200, 300):
                made = 0
                for seed in range(100, 200):
                    document = render_document(record_type, era, seed, dpi)
                    if made == count:
                        break
                    if document.truth.medium != "printed" or document.truth.pages[0].rotation:
                        continue
                    made += 1
                    name = f"{era}-{record_type}-{dpi}-{seed}"
                    file = folder / f"{name}.png"
                    document.pages[0].save(file, dpi=(dpi, dpi))
                    yield name, file, document.truth.pages[0].text


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, help="folder with page images and their .txt truth")
    parser.add_argument(
        "--samples", type=int, default=0, help="printed sample pages of each era, type and resolution"
    )
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        typed = typed_pages(options.pages) if options.pages else ()
        compared, worse = compare(chain(typed, sample_pages(options.samples, Path(folder))), options.runs)
    if not compared:
        print("no page: give --pages DIR with a .txt beside each image, or --samples 1", file=sys.stderr)
        return 2
    return 1 if worse else 0


def compare(pages: Iterable[tuple[str, Path, str]], runs: int) -> tuple[int, int]:
    """Prints the table; how many pages there were, and how many are read worse than by the peer."""
    os.environ["OMP_THREAD_LIMIT"] = "1"
    use_one_thread()
    version = subprocess.run(["tesseract", "--version"], check=True, capture_output=True, text=True).stdout
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f};",
        end=" ",
    )
    print(f"peer: {version.splitlines()[0]}, -l vie; runs: {runs}")
    columns = (*(f"{who} {what}" for who in ("plain", "ours") for what in "RPCO"), "boxes", "plain s", "ours s")
    print(f"{'page':28}", *(f"{column:>8}" for column in columns), "  ratio")
    worse = 0
    figures: list[tuple[float, ...]] = []
    for name, page, truth in pages:
        if not figures:
            ours(page)  # the engine's models are loaded once a worker, not once a page
        peer_runs, own_runs = [], []
        for _ in range(runs):  # interleaved, so that a busy machine hurts both alike
            peer_runs.append(timed(plain, page))
            own_runs.append(timed(ours, page))
        read = own_runs[0][0]
        texts = (peer_runs[0][0], "\n".join(text.plain_text() for _, text in read))
        peer, own = ((*score(text, truth), characters(text, truth), in_order(text, truth)) for text in texts)
        boxes = statistics.mean([good for captured, text in read for good in on_ink(captured, text)] or [0.0])
        peer_time = statistics.median(seconds for _, seconds in peer_runs)
        own_time = statistics.median(seconds for _, seconds in own_runs)
        figures.append((*peer, *own, boxes, peer_time, own_time))
        worse += own[0] < peer[0] or own[1] < peer[1]
        show(name, figures[-1])
    if figures:
        show("mean", tuple(statistics.mean(column) for column in zip(*figures, strict=True)))
        ratios = [peer_time / own_time for *_, peer_time, own_time in figures]
        print(f"median of the pages' time ratios, peer / ours: {statistics.median(ratios):.2f}")
    if worse:
        print(f"{worse} of {len(figures)} pages are read worse than by plain Tesseract")
    return len(figures), worse


def show(name: str, figures: tuple[float, ...]) -> None:
    *shares, peer_time, own_time = figures
    print(
        f"{name[:28]:28}",
        *(f"{share:8.3f}" for share in shares),
        f"{peer_time:8.2f} {own_time:8.2f}  {peer_time / own_time:5.2f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())

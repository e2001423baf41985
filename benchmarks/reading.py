"""Words right and seconds a page: plain Tesseract against capture → recognize, in the same run.

    python benchmarks/reading.py --pages DIR [--runs 5]

``DIR`` holds page images and, beside each, its typed text (``name.jpg`` and ``name.txt``). Words are compared
whatever their order: recall is the share of typed words that were read, precision the share of read words that were
typed. Seconds are medians over the runs; both roads take one core. The peer is the ``tesseract`` program as it comes,
a process per page; ours has its engine loaded, as a worker has.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ocr.capture import CaptureOptions, capture_pages
from ocr.engine import engine_of_process
from ocr.recognize import RecognizeOptions, recognize_page
from ocr.threads import use_one_thread

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


def tokens(text: str) -> Counter[str]:
    """Words with a letter or a digit; typed truths leave list dashes and rulings out."""
    words = unicodedata.normalize("NFC", text).split()
    return Counter(word for word in words if any(character.isalnum() for character in word))


def score(read: str, truth: str) -> tuple[float, float]:
    """Recall and precision of words, order ignored."""
    found, typed = tokens(read), tokens(truth)
    right = (found & typed).total()
    return right / max(typed.total(), 1), right / max(found.total(), 1)


def plain(page: Path) -> str:
    """The page's text as the tesseract program gives it."""
    done = subprocess.run(["tesseract", page, "-", "-l", "vie"], check=True, capture_output=True, text=True)
    return done.stdout


def ours(page: Path) -> str:
    """The page's text as a worker reads it."""
    engine = engine_of_process()
    pages = capture_pages([page], CaptureOptions(), orienter=engine.orientation)
    return "\n".join(recognize_page(captured, engine, RecognizeOptions()).plain_text() for captured in pages)


def timed(read: Callable[[Path], str], page: Path) -> tuple[str, float]:
    started = time.perf_counter()
    return read(page), time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True, help="folder with page images and their .txt truth")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    pages = sorted(
        page
        for page in options.pages.iterdir()
        if page.suffix.lower() in SUFFIXES and page.with_suffix(".txt").is_file()
    )
    if not pages:
        print(f"no page with a .txt beside it in {options.pages}", file=sys.stderr)
        return 2
    os.environ["OMP_THREAD_LIMIT"] = "1"
    use_one_thread()
    ours(pages[0])  # the engine's models are loaded once a worker, not once a page
    columns = ("plain R", "plain P", "ours R", "ours P", "plain s", "ours s")
    print(f"{'page':32}", *(f"{column:>8}" for column in columns), "  ratio")
    worse = 0
    figures = []
    for page in pages:
        truth = page.with_suffix(".txt").read_text(encoding="utf-8")
        peer_runs, own_runs = [], []
        for _ in range(options.runs):  # interleaved, so that a busy machine hurts both alike
            peer_runs.append(timed(plain, page))
            own_runs.append(timed(ours, page))
        peer, own = score(peer_runs[0][0], truth), score(own_runs[0][0], truth)
        peer_time = statistics.median(seconds for _, seconds in peer_runs)
        own_time = statistics.median(seconds for _, seconds in own_runs)
        figures.append((*peer, *own, peer_time, own_time))
        worse += own[0] < peer[0] or own[1] < peer[1]
        show(page.name, figures[-1])
    show("mean", tuple(statistics.mean(column) for column in zip(*figures, strict=True)))
    if worse:
        print(f"{worse} of {len(pages)} pages are read worse than by plain Tesseract")
    return 1 if worse else 0


def show(name: str, figures: tuple[float, ...]) -> None:
    *shares, peer_time, own_time = figures
    print(
        f"{name[:32]:32}",
        *(f"{share:8.3f}" for share in shares),
        f"{peer_time:8.2f} {own_time:8.2f}  {peer_time / own_time:5.2f}",
    )


if __name__ == "__main__":
    sys.exit(main())

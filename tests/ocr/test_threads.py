"""What a reader keeps of the machine between pages."""

from __future__ import annotations

import subprocess
import sys

_IMPORTS = "import ocr.reading_imports, os; print(len(os.listdir('/proc/self/task')))"

_FAULTS = """
import resource, sys
import numpy as np
from ocr.threads import keep_freed_memory
if "keep" in sys.argv:
    keep_freed_memory()
def page():
    pictures = [np.ones(size, np.uint8) for size in (26_000_000, 9_000_000, 9_000_000)]
    return len(pictures)
page()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    page()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(*arguments: str) -> int:
    done = subprocess.run([sys.executable, "-c", _FAULTS, *arguments], capture_output=True, text=True, check=True)
    return int(done.stdout)


def test_memory_of_a_page_is_there_for_the_next() -> None:
    assert _faults("keep") < 100 < _faults()


def test_what_readers_are_forked_from_has_one_thread() -> None:
    """Each library would start one for every core, and what is forked from several threads may hang."""
    done = subprocess.run([sys.executable, "-c", _IMPORTS], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"

"""Where the programs of the tests are: what ``scripts/setup test`` put in ``.tools/``, else what the machine has."""

from __future__ import annotations

import shutil
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[2] / ".tools"


def find_program(*names: str) -> str | None:
    """Return the first of ``names`` found in ``.tools/bin`` or on the path."""
    for name in names:
        found = shutil.which(name, path=str(TOOLS / "bin")) or shutil.which(name)
        if found:
            return found
    return None

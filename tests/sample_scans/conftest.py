from __future__ import annotations

from pathlib import Path

import pytest

from sample_scans import SampleSummary, generate


def stand_in_signer(source: Path, target: Path) -> None:
    """Marks the file as signed would: sample_scans may not know pyHanko, and its own tests need no real signature."""
    target.write_bytes(source.read_bytes() + b"\n% signed by a stand-in\n")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    out = tmp_path_factory.mktemp("sample") / "out"
    return generate(out, seed=7, documents=24, dpi=80, sign=stand_in_signer)

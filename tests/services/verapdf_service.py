"""veraPDF as an independent judge of PDF/A: Java, its jars in ``.tools/verapdf``, one process for many files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Protocol

import pytest
from service_tools import TOOLS

MAIN = "org.verapdf.apps.GreenfieldCliWrapper"


class Judge(Protocol):
    """Judges files; the answer holds every path given."""

    def __call__(self, *paths: Path, flavour: str = "0") -> dict[Path, tuple[bool, str]]:
        """Return for each path whether it keeps ``flavour`` ("2b", "2u"; "0": what it claims to be), and why not."""
        ...


def _judge(*paths: Path, flavour: str = "0") -> dict[Path, tuple[bool, str]]:
    done = subprocess.run(
        ["java", "-cp", f"{TOOLS / 'verapdf'}/*", MAIN, "--format", "json", "-f", flavour, "--nonpdfext"]
        + [str(path.resolve()) for path in paths],
        check=False,
        capture_output=True,
        text=True,
    )
    try:
        jobs = json.loads(done.stdout)["report"]["jobs"]
    except (ValueError, KeyError) as error:
        raise AssertionError(f"veraPDF gave no report: {done.stderr[-2000:]}") from error
    found = {job["itemDetails"]["name"]: _verdict(job) for job in jobs}
    return {path: found.get(str(path.resolve()), (False, "veraPDF did not judge it")) for path in paths}


def _verdict(job: dict[str, object]) -> tuple[bool, str]:
    results = job.get("validationResult")
    if not isinstance(results, list) or not results:
        return False, f"not validated: {job.get('taskException')}"
    faults = [
        f"{rule['clause']}-{rule['testNumber']}: {rule['description']}"
        for result in results
        for rule in result["details"]["ruleSummaries"]
    ]
    return all(result["compliant"] for result in results), "; ".join(faults)


@pytest.fixture(scope="session")
def verapdf() -> Judge:
    """Return the judge; see ``Judge``."""
    if shutil.which("java") is None or not any((TOOLS / "verapdf").glob("*.jar")):
        pytest.skip("veraPDF is missing; install Java and Maven, then run scripts/setup test")
    return _judge

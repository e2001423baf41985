from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
from pipeline.clean_spawn import CleanForkServerContext, CleanSpawnContext
import math, os

if __name__ != "__main__":
    raise SystemExit("the main module was run again in a child")

for context in (CleanSpawnContext(), CleanForkServerContext("pipeline.worker_life")):
    process = context.Process(target=math.sqrt, args=(4,))
    process.start()
    process.join()
    print("ended", process.exitcode)
"""


def test_a_child_does_not_run_its_parents_main_module(tmp_path: Path) -> None:
    """Airflow's main module refuses to load inside a task, which broke every reader there."""
    program = tmp_path / "airflow_like.py"
    program.write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout == "ended 0\nended 0\n", done.stderr


SECRETIVE = """
import os, sys
import pipeline.clean_spawn

os.environ["SOHOA_DATABASE_URL"] = "set later"
context = getattr(pipeline.clean_spawn, sys.argv[1])()
getattr(context, "import_ahead", int)()
process = context.Process(target=os.system, args=("cp /proc/$PPID/environ told",))
process.start()
process.join()
assert os.environ["SOHOA_SIGNER_PASSPHRASE"] == "bi-mat-123", "the parent keeps its own"
"""


@pytest.mark.parametrize("context", ["CleanSpawnContext", "CleanForkServerContext"])
def test_a_child_is_started_without_what_the_parent_must_not_tell(context: str, tmp_path: Path) -> None:
    """Deleting a variable after the start would leave it readable in /proc, where the start's environment stands."""
    secrets = {
        "SOHOA_SIGNER_PASSPHRASE": "bi-mat-123",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": "postgresql://u:bi-mat-123@h/airflow",
        "PGPASSWORD": "bi-mat-123",
    }
    (tmp_path / "program.py").write_text(SECRETIVE, encoding="utf-8")
    environment = {**os.environ, **secrets, "AWS_ACCESS_KEY_ID": "kho"}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py"), context],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    told = (tmp_path / "told").read_bytes()
    assert b"bi-mat-123" not in told
    assert b"set later" not in told
    assert b"AWS_ACCESS_KEY_ID=kho" in told, "what it needs to reach the archive"
    assert b"PATH=" in told

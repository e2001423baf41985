from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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

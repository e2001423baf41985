"""A real Airflow in a temporary home: SQLite metadata, the project's DAG folder, nothing of the user's."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

IN_A_ROW = """
import json, sys
from airflow.__main__ import main
from pipeline import orchestration

codes = []
for dag_id, conf in json.loads(sys.argv[1]):
    orchestration.runner.cache_clear()  # what one run knows, the next has to find out
    sys.argv = ["airflow", "dags", "test", dag_id, "-c", json.dumps(conf)]
    try:
        main()
        codes.append(0)
    except SystemExit as ended:
        codes.append(1 if ended.code else 0)
print("@@" + json.dumps(codes))
"""


@dataclass(frozen=True)
class AirflowHome:
    """``environment`` for any process that should meet this Airflow."""

    folder: Path
    environment: dict[str, str]

    def call(self, *arguments: str, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run ``airflow`` with ``settings`` (``SOHOA_…``) in its environment."""
        return subprocess.run(
            [str(Path(sys.executable).with_name("airflow")), *arguments],
            env={**self.environment, **settings},
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )

    def run_dags(self, *runs: tuple[str, dict[str, object]], cwd: Path, **settings: str) -> tuple[list[int], str]:
        """``airflow dags test`` for each DAG and configuration, one after the other; their exit codes and output.

        In one process: that Airflow starts costs as much as a small run.
        """
        done = subprocess.run(
            [sys.executable, "-c", IN_A_ROW, json.dumps(runs)],
            env={**self.environment, **settings},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=600,
        )
        assert done.returncode == 0, done.stdout[-3000:]
        return json.loads(done.stdout.rpartition("@@")[2].splitlines()[0]), done.stdout


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> AirflowHome:
    if importlib.util.find_spec("airflow") is None:
        pytest.skip("Apache Airflow is not installed; run scripts/setup test")
    folder = tmp_path_factory.mktemp("airflow")
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
    }
    home = AirflowHome(folder, environment)
    done = home.call("db", "migrate", cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return home

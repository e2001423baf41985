"""A real Airflow in a temporary home: SQLite metadata, the project's DAG folder, nothing of the user's."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


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

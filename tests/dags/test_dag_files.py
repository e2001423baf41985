from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_home import AirflowHome

pytestmark = [pytest.mark.airflow, pytest.mark.xdist_group("airflow")]
ROOT = Path(__file__).resolve().parents[2]

DESCRIBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
print("@@" + json.dumps({
    "errors": {k: str(v) for k, v in bag.import_errors.items()},
    "dags": {
        d.dag_id: {
            "doc": bool(d.doc_md), "tags": sorted(d.tags), "params": sorted(d.params),
            "tasks": {t.task_id: {"retries": t.retries, "owner": t.owner, "pool": t.pool, "queue": t.queue,
                                  "doc": bool(t.doc_md)}
                      for t in d.tasks},
        } for d in bag.dags.values()
    },
}))
"""

IMPORTED = """
import sys
before = set(sys.modules)
import runpy
runpy.run_path(sys.argv[1])
heavy = {"cv2", "tesserocr", "pytesseract", "pyhanko", "pypdf", "fpdf", "pandas", "numpy", "boto3", "pipeline", "ocr"}
print("@@" + ",".join(sorted(heavy & (set(sys.modules) - before))))
"""


def tell(script: str, path: Path, home: AirflowHome) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], env=home.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.rpartition("@@")[2].strip()


@pytest.fixture(scope="module")
def described(airflow_home: AirflowHome) -> dict[str, dict[str, object]]:
    found = json.loads(tell(DESCRIBE, ROOT / "dags", airflow_home))
    assert found["errors"] == {}
    dags: dict[str, dict[str, object]] = found["dags"]
    return dags


def test_every_dag_file_parses_into_the_expected_dags(described: dict[str, dict[str, object]]) -> None:
    assert set(described) == {"digitize_batch", "watch_intake", "extend_signatures", "daily_alerts", "monthly_report"}


def test_operators_find_words_owner_and_retries(described: dict[str, dict[str, object]]) -> None:
    for dag_id, dag in described.items():
        assert dag["doc"], dag_id
        assert dag["tags"] == ["sohoa"], dag_id
        for task_id, task in dag["tasks"].items():  # type: ignore[attr-defined]
            assert task["owner"] == "sohoa", task_id
            assert task["retries"] >= 2, task_id


def test_reading_and_signing_have_pools_of_their_own(described: dict[str, dict[str, object]]) -> None:
    tasks: dict[str, dict[str, str]] = described["digitize_batch"]["tasks"]  # type: ignore[assignment]
    assert tasks["chunk_of_documents.digitize"]["pool"] == "ocr"
    assert tasks["chunk_of_documents.sign"]["pool"] == "signing"
    assert described["digitize_batch"]["params"] == ["approval", "batch", "force", "from_stage", "profile"]


def test_only_tasks_that_use_a_key_go_to_the_signing_queue(described: dict[str, dict[str, object]]) -> None:
    signing = {
        f"{dag_id}.{task_id}"
        for dag_id, dag in described.items()
        for task_id, task in dag["tasks"].items()  # type: ignore[attr-defined]
        if task["queue"] == "signing"
    }
    assert signing == {
        "digitize_batch.prove_keys",
        "digitize_batch.chunk_of_documents.sign",
        "digitize_batch.decided_chunk.sign",
        "extend_signatures.extend",
    }


def test_the_from_stage_parameter_offers_the_stages_of_the_road() -> None:
    from pipeline.stages import NAMES

    text = (ROOT / "dags" / "digitize_batch.py").read_text(encoding="utf-8")
    for name in NAMES[:-1]:
        assert f'"{name}"' in text


@pytest.mark.parametrize("name", ["digitize_batch.py", "watch_intake.py", "extend_signatures.py"])
def test_nothing_heavy_is_imported_when_a_dag_is_parsed(name: str, airflow_home: AirflowHome) -> None:
    # pandas and numpy may come with Airflow itself; then they are there before the file is run
    assert tell(f"import airflow.sdk\n{IMPORTED}", ROOT / "dags" / name, airflow_home) == ""

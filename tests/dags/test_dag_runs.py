from __future__ import annotations

import json
from pathlib import Path

import pytest
from airflow_home import AirflowHome
from sample_road import settings_in

from pipeline.context import Context
from sample_scans import generate
from warehouse.progress import totals

pytestmark = [pytest.mark.airflow, pytest.mark.slow]


def environment(folder: Path) -> dict[str, str]:
    settings = settings_in(folder)
    return {
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_TEST_PKI_FOLDER": str(settings.test_pki_folder),
        "SOHOA_WORKERS": "2",
        "SOHOA_CHUNK_SIZE": "2",
    }


def test_one_batch_through_real_airflow_and_again(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=3, dpi=150, faults=False)
    conf = json.dumps({"batch": summary.batches[0]})
    delivered = len(list((tmp_path / "truth" / summary.batches[0]).glob("*.json")))

    first = airflow_home.call("dags", "test", "digitize_batch", "-c", conf, cwd=tmp_path, **environment(tmp_path))
    assert first.returncode == 0, first.stdout[-3000:]
    context = Context(settings_in(tmp_path))
    assert totals(context.database).signed == delivered
    made = {p for p in (tmp_path / "archive").rglob("*") if p.is_file()}

    again = airflow_home.call("dags", "test", "digitize_batch", "-c", conf, cwd=tmp_path, **environment(tmp_path))
    assert again.returncode == 0, again.stdout[-3000:]
    assert {p for p in (tmp_path / "archive").rglob("*") if p.is_file()} == made, "the second run redid something"
    context.database.dispose()


def test_a_wrong_setting_fails_at_once_and_says_which(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=1, dpi=150, faults=False)
    conf = json.dumps({"batch": summary.batches[0]})
    wrong = {**environment(tmp_path), "SOHOA_LEGAL_PROFILE": "nd99"}
    done = airflow_home.call("dags", "test", "digitize_batch", "-c", conf, cwd=tmp_path, **wrong)
    told = done.stdout + done.stderr
    assert "configuration_invalid" in told
    assert "nd30-2020" in told
    assert "up_for_retry" not in told
    assert done.returncode != 0

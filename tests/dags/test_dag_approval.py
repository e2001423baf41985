"""Signing held for a person, in real Airflow: asked through its API as its pages do, answered, kept."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow_home import AirflowHome
from sample_road import settings_in

from manifests.documents import BatchRef
from pipeline.approvals import Answer, last_decision
from pipeline.context import Context
from sample_scans import generate
from warehouse.batches import batch_detail
from warehouse.progress import totals

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("airflow")]

ANSWER = """
import json, sys, time
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app
option, reason = sys.argv[1:3]
with TestClient(create_app(apps="core")) as client:
    token = client.get("/auth/token").json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    found = []
    while not found:
        time.sleep(1)
        waiting = client.get("/api/v2/dags/digitize_batch/dagRuns/~/hitlDetails?state=awaiting_input").json()
        found = [d for d in waiting["hitl_details"] if not d["response_received"]]
    (detail,) = found
    ti = detail["task_instance"]
    where = f"/api/v2/dags/digitize_batch/dagRuns/{ti['dag_run_id']}/taskInstances/{ti['task_id']}/{ti['map_index']}"
    said = client.patch(f"{where}/hitlDetails", json={"chosen_options": [option], "params_input": {"reason": reason}})
    assert said.status_code == 200, said.text
    print("@@" + json.dumps({"subject": detail["subject"], "body": detail["body"]}))
"""


def environment(folder: Path) -> dict[str, str]:
    settings = settings_in(folder)
    return {
        "SOHOA_INTAKE_URL": settings.intake_url,
        "SOHOA_ARCHIVE_URL": settings.archive_url,
        "SOHOA_DATABASE_URL": settings.database_url,
        "SOHOA_TEST_PKI_FOLDER": str(settings.test_pki_folder),
        "SOHOA_OCR_ENGINE": "null",
        "SOHOA_VERAPDF": "no-verapdf",
        "SOHOA_WORKERS": "1",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    }


def run_and_answer(
    home: AirflowHome, folder: Path, batch: str, option: str, reason: str
) -> tuple[int, dict[str, Any]]:
    """Run the DAG for a held batch, give the answer once it is asked for; exit code, and what the person saw."""
    everything = {**home.environment, **environment(folder)}
    conf = json.dumps({"batch": batch, "approval": True})
    program = Path(sys.executable).with_name("airflow")
    with (folder / "airflow.log").open("ab") as log:
        run = subprocess.Popen(
            [str(program), "dags", "test", "digitize_batch", "-c", conf],
            env=everything,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        said = subprocess.run(
            [sys.executable, "-c", ANSWER, option, reason],
            env=everything,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert said.returncode == 0, said.stderr[-3000:]
        return run.wait(timeout=300), json.loads(said.stdout.rpartition("@@")[2])
    finally:
        run.kill()
        run.wait()


def test_a_person_refuses_then_approves_and_both_are_kept(tmp_path: Path, airflow_home: AirflowHome) -> None:
    summary = generate(tmp_path, seed=5, documents=2, dpi=150, faults=False)
    batch = summary.batches[0]
    ref = BatchRef.parse(batch)
    context = Context(settings_in(tmp_path))
    delivered = len(list((tmp_path / "truth" / batch).glob("*.json")))

    code, seen = run_and_answer(airflow_home, tmp_path, batch, "Từ chối", "thiếu trang")
    assert code != 0, "the refused batch's signing is red"
    assert batch in seen["subject"]
    assert f"Hồ sơ chờ ký: {delivered}" in seen["body"]
    assert "Trang trắng" in seen["body"]
    assert not list((tmp_path / "archive").rglob("signed_pdf/*")), "nothing is signed"
    refused = last_decision(context, ref)
    assert refused is not None
    assert (refused.answer, refused.reason) == (Answer.REFUSED, "thiếu trang")
    assert refused.by
    detail = batch_detail(context.database, batch)
    assert detail is not None
    assert detail.summary.status == "halted"
    assert "thiếu trang" in (detail.summary.message or "")

    code, _ = run_and_answer(airflow_home, tmp_path, batch, "Duyệt ký", "")
    assert code == 0, (tmp_path / "airflow.log").read_text()[-3000:]
    assert totals(context.database).signed == delivered
    approved = last_decision(context, ref)
    assert approved is not None
    assert approved.answer is Answer.APPROVED
    assert len(approved.files) == delivered
    context.database.dispose()

"""Signing held for a person, in real Airflow: asked through its API as its pages do, answered, kept; then renewed.

One start of Airflow and one of its API for all of it: each takes ten seconds of a core.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_home import AirflowHome
from PIL import Image
from sample_road import settings_in

from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from pipeline.approvals import Answer, last_decision
from pipeline.context import Context
from warehouse.batches import batch_detail
from warehouse.documents import document_detail
from warehouse.progress import totals

pytestmark = [pytest.mark.airflow, pytest.mark.slow, pytest.mark.xdist_group("airflow")]

ANSWER = """
import json, sys, time
from fastapi.testclient import TestClient
from airflow.api_fastapi.app import create_app
answers = json.loads(sys.argv[1])
with TestClient(create_app(apps="core")) as client:
    token = client.get("/auth/token").json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    found = []
    while len(found) < len(answers):
        time.sleep(1)
        waiting = client.get("/api/v2/dags/digitize_batch/dagRuns/~/hitlDetails?state=awaiting_input").json()
        found = [d for d in waiting["hitl_details"] if not d["response_received"]]
    seen = {}
    for detail in found:
        (batch,) = [name for name in answers if name in detail["subject"]]
        option, reason = answers[batch]
        ti = detail["task_instance"]
        run = f"/api/v2/dags/digitize_batch/dagRuns/{ti['dag_run_id']}/taskInstances"
        answer = {"chosen_options": [option], "params_input": {"reason": reason}}
        said = client.patch(f"{run}/{ti['task_id']}/{ti['map_index']}/hitlDetails", json=answer)
        assert said.status_code == 200, said.text
        seen[batch] = detail["body"]
    print("@@" + json.dumps(seen))
"""
REFUSED, APPROVED = BatchRef("00256", "2025-TC"), BatchRef("00256", "2025-DY")


def drop(folder: Path, ref: BatchRef, shade: int) -> None:
    """A ready batch of one plain page."""
    target = folder / "intake" / ref.key
    target.mkdir(parents=True)
    image = Image.new("L", (310, 438), 255)
    image.paste(0, (60, 200, 60 + shade, 220))
    image.save(target / "a.png", dpi=(75, 75))
    digest = hashlib.sha256((target / "a.png").read_bytes()).hexdigest()
    entry = DocumentEntry("HS-1", ("a.png",), (digest,), 1, "birth", ref.unit_code, 2019)
    write_manifest(target / "manifest.csv", [entry])
    (target / "_READY").touch()


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


def test_of_two_held_batches_one_is_refused_and_the_other_approved_signed_and_later_renewed(
    tmp_path: Path, airflow_home: AirflowHome
) -> None:
    for shade, ref in enumerate((REFUSED, APPROVED)):
        drop(tmp_path, ref, 20 + 40 * shade)
    everything = {**airflow_home.environment, **environment(tmp_path)}
    answers = {REFUSED.key: ("Từ chối", "thiếu trang"), APPROVED.key: ("Duyệt ký", "")}
    with subprocess.Popen(
        [sys.executable, "-c", ANSWER, json.dumps(answers)],
        env=everything,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as person:
        try:
            codes, told = airflow_home.run_dags(
                ("digitize_batch", {"approval": True}),
                ("extend_signatures", {"days": 100 * 365}),
                cwd=tmp_path,
                **environment(tmp_path),
            )
            said, failed = person.communicate(timeout=60)
        finally:
            person.kill()
    assert person.returncode == 0, failed[-3000:] + told[-3000:]
    assert codes == [1, 0], told[-3000:]
    for body in json.loads(said.rpartition("@@")[2]).values():
        assert "Hồ sơ chờ ký: 1 (1 trang)" in body
        assert "Trang trắng" in body

    context = Context(settings_in(tmp_path))
    assert not list((tmp_path / "archive" / REFUSED.key).rglob("signed_pdf/*")), "nothing is signed"
    refused, approved = last_decision(context, REFUSED), last_decision(context, APPROVED)
    assert refused is not None
    assert (refused.answer, refused.reason) == (Answer.REFUSED, "thiếu trang")
    assert refused.by
    detail = batch_detail(context.database, REFUSED.key)
    assert detail is not None
    assert detail.summary.status == "halted"
    assert "thiếu trang" in (detail.summary.message or "")

    assert approved is not None
    assert approved.answer is Answer.APPROVED
    assert list(approved.files) == ["HS-1"]
    assert totals(context.database).signed == 1, "that another batch was refused stops nothing of this one"
    versions = (path.read_bytes() for path in (tmp_path / "archive" / APPROVED.key).rglob("signed_pdf/*"))
    first, renewed = sorted(versions, key=len)
    assert renewed.startswith(first)
    shown = document_detail(context.database, f"{APPROVED.key}/HS-1")
    assert shown is not None
    assert [signature.level for signature in shown.signatures] == ["B-LTA"]
    context.database.dispose()

"""The dashboard inside a real Airflow: its API server serves it, in its frame, behind its own login."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from airflow_home import AirflowHome

pytestmark = [pytest.mark.airflow, pytest.mark.slow]

_PROGRAM = """
import json, sys
from airflow.api_fastapi.app import create_app
from fastapi.testclient import TestClient
client = TestClient(create_app(), base_url="http://airflow.example:8080")
def get(path):
    answer = client.get(path, follow_redirects=False)
    return {"status": answer.status_code, "headers": dict(answer.headers), "text": answer.text}
print(json.dumps({path: get(path) for path in ("/sohoa/", "/sohoa/dang-nhap", "/sohoa/suc-khoe", "/sohoa/lo.json")}))
"""


def test_the_api_server_serves_it_in_a_frame_of_its_own(airflow_home: AirflowHome, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        env={**airflow_home.environment, "SOHOA_DATABASE_URL": f"sqlite:///{tmp_path}/sohoa.db"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.strip().splitlines()[-1])
    first = told["/sohoa/"]
    assert (first["status"], first["headers"]["location"]) == (303, "/sohoa/dang-nhap")
    form = told["/sohoa/dang-nhap"]
    assert form["status"] == 200
    assert 'action="/sohoa/dang-nhap"' in form["text"]
    assert 'href="/sohoa/static/style.css' in form["text"]
    assert "frame-ancestors 'self'" in form["headers"]["content-security-policy"]
    assert form["headers"]["x-frame-options"] == "SAMEORIGIN"
    assert "Path=/sohoa" in form["headers"]["set-cookie"]
    assert told["/sohoa/suc-khoe"]["status"] == 200
    assert told["/sohoa/lo.json"]["status"] == 401


def test_airflow_lists_it_in_its_menu(airflow_home: AirflowHome, tmp_path: Path) -> None:
    done = airflow_home.call("plugins", "--output", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    (plugin,) = [it for it in json.loads(done.stdout[done.stdout.index("[") :]) if it["name"] == "sohoa"]
    assert "sohoa==" in plugin["source"]

"""The production shape, as far as it can be checked without a container engine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE_TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(COMPOSE_TEXT)
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]


def test_every_part_of_the_production_shape_is_there() -> None:
    assert set(SERVICES) == {
        "postgres",
        "redis",
        "s3",
        "prepare",
        "airflow-api",
        "scheduler",
        "dag-processor",
        "triggerer",
        "worker",
        "dashboard",
    }


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"prepare"}))
def test_service_is_watched_and_restarted(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_secrets_come_from_the_environment() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|FERNET|ACCESS_KEY|_CONN$|_URL$|_BACKEND$", variable) and (
                "://" not in value or "@" in value
            ):
                assert re.search(r"\$\{[A-Z0-9_]+", value), f"{name}: {variable} is written down"


def test_only_this_machine_can_reach_the_published_ports() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_secrets_script_makes_every_variable_compose_asks_for(tmp_path: Path) -> None:
    script = tmp_path / "scripts" / "secrets"
    script.parent.mkdir()
    script.write_bytes((ROOT / "scripts" / "secrets").read_bytes())
    subprocess.run(["bash", script], check=True, capture_output=True)
    made = dict(line.split("=", 1) for line in (tmp_path / ".env").read_text().splitlines())
    assert set(made) == set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", COMPOSE_TEXT))
    assert all(made.values())
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    subprocess.run(["bash", script], check=True, capture_output=True)
    again = (tmp_path / ".env").read_text()
    assert dict(line.split("=", 1) for line in again.splitlines()) == made, "a second run locks everybody out"


def test_s3_server_is_the_tested_one() -> None:
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    tested = re.search(r"VERSITYGW=(v[0-9.]+)", setup)
    assert tested is not None
    assert SERVICES["s3"]["image"].endswith(f":{tested[1]}")


def test_image_runs_as_a_plain_user_on_a_supported_python() -> None:
    last = DOCKERFILE.rindex("\nFROM ")
    assert re.match(r"\nFROM python:3\.1[123]-", DOCKERFILE[last:])
    user = re.findall(r"^USER (\S+)", DOCKERFILE[last:], re.M)
    assert user == ["sohoa"]


def test_image_has_the_programs_of_scripts_setup() -> None:
    setup = (ROOT / "scripts" / "setup").read_text(encoding="utf-8")
    needed = re.search(r"install_packages (tesseract-ocr .*?) \\\n", setup)
    assert needed is not None
    assert [package for package in needed[1].split() if package not in DOCKERFILE] == []


def test_pools_of_the_dags_are_made() -> None:
    asked = {
        pool
        for dag in (ROOT / "dags").glob("*.py")
        for pool in re.findall(r"pool=\"(\w+)\"", dag.read_text(encoding="utf-8"))
    }
    made = set(re.findall(r"airflow pools set (\w+)", SERVICES["prepare"]["command"][-1]))
    assert asked == made

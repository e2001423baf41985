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
        "signing-worker",
        "dashboard",
    }


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"prepare"}))
def test_service_is_watched_and_restarted(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def served(name: str) -> set[str]:
    """The queues a Celery worker takes tasks from."""
    command = SERVICES[name]["command"]
    assert command[:3] == ["airflow", "celery", "worker"]
    return set(command[command.index("--queues") + 1].split(","))


def test_every_queue_of_the_dags_is_served_and_the_signing_one_by_a_worker_of_its_own() -> None:
    asked = {"default"}
    for dag in (ROOT / "dags").glob("*.py"):
        text = dag.read_text(encoding="utf-8")
        names = dict(re.findall(r"^([A-Z]+) = \"(\w+)\"$", text, re.M))
        asked |= {names.get(word.strip('"'), word.strip('"')) for word in re.findall(r"queue=(\"?\w+\"?)", text)}
    assert asked == {"default", "signing"}
    assert (served("worker"), served("signing-worker")) == ({"default"}, {"signing"})


def test_the_key_reaches_the_signing_worker_only() -> None:
    for name, service in SERVICES.items():
        mounts = [volume.partition(":")[0] for volume in service.get("volumes", [])]
        files = [entry["path"] for entry in service.get("env_file", [])]
        holds = {"./signing-keys", "test-pki"} & set(mounts), "signing.env" in files
        assert holds == (({"./signing-keys", "test-pki"}, True) if name == "signing-worker" else (set(), False)), name
        named = [one for one in service.get("environment", {}) if re.match(r"SOHOA_(PERSON_)?SIGNER_", one)]
        assert named == [], f"{name}: what names a key stands in signing.env"
        assert not {"devices", "secrets"} & service.keys(), name


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

"""What a clone and an installation must be: one distribution, exact versions, nothing of one machine."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from functools import cache
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]


@cache
def tracked() -> tuple[str, ...]:
    """Files of the commit to be: what git knows. Outside a clone (a source archive) there is nothing to look at."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=False, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git clone")
    return tuple(name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file())


def text_of(name: str) -> str:
    """The file's text, empty for a binary or a very large one."""
    path = ROOT / name
    if path.stat().st_size > 2_000_000:
        return ""
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode("utf-8", errors="replace")


@pytest.mark.parametrize("package", PACKAGES)
def test_package_belongs_to_this_distribution(package: str) -> None:
    assert importlib.metadata.packages_distributions().get(package, ["sohoa"]) == ["sohoa"]
    found = importlib.import_module(package)
    assert found.__file__ is not None, f"{package} has no __init__.py and could be spread over other distributions"
    assert Path(found.__file__).is_relative_to(ROOT)
    origin = json.loads(importlib.metadata.distribution("sohoa").read_text("direct_url.json") or "{}")
    assert origin["url"] == ROOT.as_uri(), "run scripts/setup"


def test_every_package_of_the_repository_is_listed() -> None:
    standing = {name.split("/")[0] for name in tracked() if name.count("/") == 1 and name.endswith("/__init__.py")}
    assert standing == set(PACKAGES)


def test_wheel_holds_every_file_of_the_packages_and_nothing_else(tmp_path: Path) -> None:
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in held} == set(PACKAGES)
    expected = {name for name in tracked() if name.split("/")[0] in PACKAGES}
    assert expected - held == set(), "an installed sohoa would miss these"


def test_command_is_installed() -> None:
    scripts = importlib.metadata.distribution("sohoa").entry_points.select(group="console_scripts")
    assert {entry.name: entry.value for entry in scripts} == PROJECT["project"]["scripts"]
    assert all(callable(entry.load()) for entry in scripts)


def test_nothing_that_hides_packaging_mistakes() -> None:
    hiding = [
        name
        for name in tracked()
        if name in ("conftest.py", "dags/__init__.py")
        or (name.startswith("tests/") and name.endswith("/__init__.py"))
        or name == "tests/__init__.py"
    ]
    assert hiding == []
    assert not any("PYTHONPATH" in text_of(name) for name in ("Makefile", ".ci/run", "scripts/setup", "Dockerfile"))


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def test_constraints_hold_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if not line.startswith("#")]
    assert [line for line in entries if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*==[0-9][0-9a-z.+]*", line)] == []
    names = [line.split("==")[0] for line in entries]
    assert names == sorted(set(names)), "sort by name (LC_ALL=C), each once"


def requirements() -> list[Requirement]:
    project = PROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [Requirement(line) for line in [*project["dependencies"], *extras]]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_dependency_is_pinned(requirement: Requirement) -> None:
    assert canonicalize_name(requirement.name) in pins()


def test_what_is_installed_is_what_is_pinned() -> None:
    drifted = {
        str(requirement): (importlib.metadata.version(requirement.name), pins()[canonicalize_name(requirement.name)])
        for requirement in requirements()
        if requirement.name not in _not_installed()
        and importlib.metadata.version(requirement.name) != pins()[canonicalize_name(requirement.name)]
    }
    assert drifted == {}, "run scripts/setup"


def _not_installed() -> set[str]:
    """Names of the extra for the production image, which no developer needs."""
    return {Requirement(line).name for line in PROJECT["project"]["optional-dependencies"]["celery"]}


REGISTRIES = re.compile(
    "|".join(
        re.escape(left + right)
        for left, right in (
            ("pyp", "i.org"),
            ("pythonho", "sted.org"),
            ("registry.n", "pmjs"),
            ("deb.deb", "ian.org"),
            ("archive.ubu", "ntu.com"),
            ("repo1.ma", "ven"),
            ("repo.ma", "ven"),
            ("proxy.gol", "ang"),
            ("crates", ".io"),
        )
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.~$}])/(" + "|".join(("wo" + "rk", "fa" + "rm", "ro" + "ot")) + r")/")


def test_no_registry_is_named() -> None:
    assert [name for name in tracked() if REGISTRIES.search(text_of(name))] == []


def test_no_path_of_one_machine() -> None:
    assert [name for name in tracked() if MACHINE_PATHS.search(text_of(name))] == []


@pytest.mark.parametrize("script", ["scripts/setup", "scripts/pin", ".ci/run"])
def test_script_can_be_started(script: str) -> None:
    assert (ROOT / script).stat().st_mode & 0o111, "chmod +x it"
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)


def test_setup_refuses_what_it_does_not_know() -> None:
    done = subprocess.run(["scripts/setup", "everything"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 2
    assert "usage: scripts/setup [run|test]" in done.stderr


def test_make_help_lists_every_target() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert phony is not None
    assert [line.split()[0] for line in told.splitlines()] == phony[1].split()


def test_set_up_compiles_what_commands_import() -> None:
    """Sample scans are made by the demonstration alone."""
    compiled = re.search(r"-m compileall -q ([a-z ]+) \|\|", text_of("scripts/setup"))
    assert compiled is not None
    assert set(compiled[1].split()) == set(PACKAGES) - {"sample_scans"}

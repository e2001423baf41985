"""What a killed run leaves behind: no reader that goes on, no temporary folder for ever."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.context import Context

PARENT = """
import multiprocessing, sys, time
from pathlib import Path
from pipeline.pool import _start
from pipeline.settings import Settings

def read(told):
    _start(Settings(archive_url="file:x"))
    import os
    Path(told).write_text(f"{os.getpid()} {sorted(n for n in os.environ if n.startswith('SOHOA_SIGNER'))}")
    while True:  # a long document
        time.sleep(0.05)

if __name__ == "__main__":
    child = multiprocessing.get_context("spawn").Process(target=read, args=(sys.argv[1],))
    child.start()
    child.join()
"""


def test_a_worker_ends_with_the_run_that_started_it_and_holds_no_secret(tmp_path: Path) -> None:
    program, told = tmp_path / "parent.py", tmp_path / "told"
    program.write_text(PARENT, encoding="utf-8")
    environment = {**os.environ, "SOHOA_SIGNER_PASSPHRASE": "bi-mat-123"}
    parent = subprocess.Popen([sys.executable, str(program), str(told)], env=environment)
    deadline = time.monotonic() + 60
    while not (told.exists() and told.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    number, _, secrets = told.read_text().partition(" ")
    assert secrets == "[]"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while Path(f"/proc/{number}").exists() and "Z" not in Path(f"/proc/{number}/stat").read_text().split(")")[1][:3]:
        assert time.monotonic() < deadline, "the worker outlived its run"
        time.sleep(0.05)


def hold(settings: Any, told: Any) -> None:
    with Context(settings).folder() as folder:
        told.send(str(folder))
        time.sleep(600)


def test_temporary_folders_of_killed_runs_are_swept_and_those_in_use_are_not(lab: Any) -> None:
    from pipeline.context import _sweep

    spawn = multiprocessing.get_context("spawn")
    holders = []
    for _ in range(2):
        here, there = spawn.Pipe()
        process = spawn.Process(target=hold, args=(lab.settings, there))
        process.start()
        holders.append((process, Path(here.recv())))
    (killed, left), (alive, used) = holders
    try:
        killed.kill()
        killed.join()
        not_ours = left.with_name(f"sohoa-{left.name}")  # an operator's backup, the keys of a test
        not_ours.mkdir()
        for folder in (left, used, not_ours):
            (folder / "page.png").write_bytes(b"x")
            os.utime(folder, (1, 1))
        _sweep.cache_clear()
        with lab.context.folder() as mine:
            assert mine.exists()
        assert not left.exists()
        assert (used / "page.png").exists()
        assert (not_ours / "page.png").exists()
        shutil.rmtree(not_ours)
    finally:
        alive.kill()
        alive.join()

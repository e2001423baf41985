"""What a command takes while it runs: the memory of each of its processes, and a folder's bytes on disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path


class Watch(threading.Thread):
    """Samples a process tree and a folder twice a second, until ``ended`` is set.

    Attributes:
        memory: Most bytes each process held at once, by its number.
        disk: Most bytes there were under ``folder``.
    """

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self.pid, self.folder, self.ended = pid, folder, threading.Event()
        self.memory: dict[int, int] = {}
        self.disk = 0

    def run(self) -> None:
        while not self.ended.wait(0.5):
            for pid in _tree(self.pid):
                self.memory[pid] = max(self.memory.get(pid, 0), _peak_rss(pid))
            self.disk = max(self.disk, _bytes_in(self.folder))


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                waiting += [int(child) for child in task.read_text().split()]
            except OSError:
                continue
    return found


def _peak_rss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def _bytes_in(folder: Path) -> int:
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(base) / name).stat().st_blocks * 512
            except OSError:
                continue
    return total

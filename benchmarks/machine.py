"""The machine a number was measured on, and the databases it was measured with."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

SERVER = {
    "shared_buffers": "1GB",
    "maintenance_work_mem": "256MB",
    "work_mem": "32MB",
    "effective_cache_size": "4GB",
    "max_wal_size": "4GB",
    "random_page_cost": "1.1",
    "max_connections": "80",
}
"""What an administrator sets for a machine with an SSD and some GB to spare; every commit is durable."""
BUILDING = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "maintenance_work_mem": "1GB",
    "max_wal_size": "16GB",
}
"""While something is built that nobody measures yet."""

_SERVERS: set[int] = set()  # process ids of the servers started here


def machine() -> str:
    """Processor, cores, memory and how busy it was when it was asked."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    load = ", ".join(f"{it:.1f}" for it in os.getloadavg())
    return (
        f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()};"
        f" load average {load} (above {os.cpu_count()} others were at work too)"
    )


@contextmanager
def database(kind: str, folder: Path | None = None, *, building: bool = False) -> Iterator[str]:
    """URL of an empty database: a SQLite file, or a PostgreSQL server of its own over a Unix socket.

    Args:
        kind: ``sqlite`` or ``postgres``.
        folder: Where it is kept; a temporary one, removed at the end, when ``None``.
        building: Nothing is measured: the server of ``BUILDING``, whose commits may be lost with the machine.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))  # the server too: it would go on by itself
    place = folder or Path(tempfile.mkdtemp(prefix="bench-sohoa-"))
    place.mkdir(parents=True, exist_ok=True)
    try:
        if kind == "sqlite":
            yield f"sqlite:///{place.resolve()}/warehouse.db"
        else:
            with _server(place.resolve(), SERVER | (BUILDING if building else {})) as url:
                yield url
    finally:
        if folder is None:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def _server(folder: Path, wanted: dict[str, str]) -> Iterator[str]:
    programs = _programs()
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "postgres", "postgres")
    data = folder / "data"

    def call(*command: str | Path) -> None:
        done = subprocess.run(
            command, cwd=folder, check=False, capture_output=False, stdout=subprocess.DEVNULL, **user
        )  # type: ignore[call-overload]
        if done.returncode:
            raise SystemExit(f"{Path(command[0]).name} failed; see {folder / 'log'}")

    made = data.exists()
    if not made:
        call(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale")
    settings = " ".join(f"-c {name}={value}" for name, value in wanted.items())
    options = f"-c listen_addresses='' -k {folder} {settings}"
    call(programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "-t", "300", "-o", options, "start")
    process = int((data / "postmaster.pid").read_text().split()[0])
    _SERVERS.add(process)
    try:
        if not made:
            call(programs / "createdb", "-h", folder, "-U", "postgres", "sohoa")
        yield f"postgresql+psycopg://postgres@/sohoa?host={quote(str(folder))}"
    finally:
        _SERVERS.discard(process)
        call(programs / "pg_ctl", "-D", data, "-w", "-m", "fast", "stop")


class Work:
    """Seconds of a piece of work: by the clock, and of the processors, the database server's among them.

    On a machine others use too the clock tells of them as much; the processors' seconds are our own.
    """

    def __init__(self) -> None:
        self.seconds = self.own = self.server = 0.0

    @contextmanager
    def measured(self) -> Iterator[None]:
        server = _server_seconds()  # first and last: looking at all processes takes some milliseconds
        seconds, own = time.perf_counter(), time.process_time()
        yield
        self.seconds += time.perf_counter() - seconds
        self.own += time.process_time() - own
        self.server += _server_seconds() - server

    def told(self, times: int) -> str:
        """The processors' time of one of so many pieces of work."""
        own, server = (1000 * seconds / times for seconds in (self.own, self.server))
        return f", processor time {own:.0f} + server {server:.0f} ms on average"


def _server_seconds() -> float:
    """Processor time of the servers started here; processes that ended counted to the one that started them."""
    return _seconds(lambda process, parent: process in _SERVERS or parent in _SERVERS)


def tree_seconds(root: int) -> float:
    """Processor time of a process and those it started."""
    return _seconds(lambda process, parent: root in (process, parent))


def _seconds(counts: Callable[[int, int], bool]) -> float:
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        if counts(int(stat.parent.name), int(fields[1])):
            ticks += sum(int(it) for it in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def _programs() -> Path:
    """The newest server's programs; Debian keeps them off the path."""
    found = sorted(
        (path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        key=lambda path: float(path.parent.name),
    )
    on_path = shutil.which("initdb")
    if not found and not on_path:
        raise SystemExit("PostgreSQL's server programs are missing; run scripts/setup test")
    return found[-1] if found else Path(str(on_path)).parent


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())

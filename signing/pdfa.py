"""The PDF/A verdict of veraPDF, many files to a Java process.

veraPDF's word is the only one that counts here. Without it a file is ``not_checked``, never ``valid``.
"""

from __future__ import annotations

import json
import logging
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

ENVIRONMENT = "SOHOA_VERAPDF"
_FOLDER = Path(".tools") / "verapdf"
_MAIN = "org.verapdf.apps.GreenfieldCliWrapper"
# Small heaps and the quick compiler: half the time for the tens of files of a batch, and no fight for the cores.
_JAVA = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx1g", "-Dfile.encoding=UTF-8")
_PER_PROCESS = 100


class PdfaStatus(StrEnum):
    """Outcome of a check; the words go into the record of the document."""

    VALID = "valid"
    INVALID = "invalid"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class PdfaVerdict:
    """What veraPDF says of one file.

    Attributes:
        flavour: ``2u`` and the like as checked against; empty when nothing was checked.
        detail: The rules broken (clause and words), or why there is no verdict; empty when valid.
    """

    status: PdfaStatus
    detail: str = ""
    flavour: str = ""

    @property
    def valid(self) -> bool:
        return self.status is PdfaStatus.VALID


class PdfaValidator:
    """Calls veraPDF.

    It is looked for in this order: ``tool`` (or the environment's ``SOHOA_VERAPDF``) as a folder of jars or as a
    command, ``.tools/verapdf`` of the working folder or of the source checkout, ``verapdf`` on the path.
    """

    def __init__(self, tool: str | Path | None = None, *, seconds_per_file: float = 60.0) -> None:
        self._tool = str(tool or os.environ.get(ENVIRONMENT, "")).strip()
        self._seconds = seconds_per_file

    @cached_property
    def command(self) -> tuple[str, ...] | None:
        """The program with its fixed arguments; ``None`` when veraPDF is not installed."""
        if self._tool:
            words = tuple(shlex.split(self._tool))
            return _from_jars(Path(self._tool)) or (words if shutil.which(words[0]) else None)
        for base in (Path.cwd(), Path(__file__).resolve().parent.parent):
            if (found := _from_jars(base / _FOLDER)) is not None:
                return found
        return ("verapdf",) if shutil.which("verapdf") else None

    @property
    def available(self) -> bool:
        return self.command is not None

    def validate(self, paths: Sequence[Path], *, flavour: str = "0") -> dict[Path, PdfaVerdict]:
        """A verdict for every path, in the order given.

        Args:
            paths: Files of any name.
            flavour: veraPDF's name of the flavour to check against; ``0``: what the file claims to be.
        """
        if self.command is None:
            missing = PdfaVerdict(
                PdfaStatus.NOT_CHECKED, "veraPDF is not installed; run scripts/setup test to get it"
            )
            return dict.fromkeys(paths, missing)
        verdicts: dict[Path, PdfaVerdict] = {}
        for start in range(0, len(paths), _PER_PROCESS):
            verdicts.update(self._validate_together(list(paths[start : start + _PER_PROCESS]), flavour))
        return {path: verdicts[path] for path in paths}

    def _validate_together(self, paths: list[Path], flavour: str) -> dict[Path, PdfaVerdict]:
        """One process for ``paths``; when it dies over one of them, each half gets its own."""
        try:
            jobs = self._run(paths, flavour)
        except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as fault:
            if len(paths) == 1:
                reason = f"veraPDF gave no verdict ({type(fault).__name__}); check the file by hand"
                return {paths[0]: PdfaVerdict(PdfaStatus.NOT_CHECKED, reason)}
            _log.warning("veraPDF died over %d files (%s); trying halves", len(paths), type(fault).__name__)
            half = len(paths) // 2
            first = self._validate_together(paths[:half], flavour)
            return first | self._validate_together(paths[half:], flavour)
        unseen = PdfaVerdict(PdfaStatus.NOT_CHECKED, "veraPDF did not see the file; check that it exists")
        return {path: jobs.get(str(path.resolve()), unseen) for path in paths}

    def _run(self, paths: Iterable[Path], flavour: str) -> dict[str, PdfaVerdict]:
        """Verdicts by absolute path.

        Raises:
            OSError, subprocess.SubprocessError: The process could not be started or took too long.
            ValueError, KeyError, TypeError: Its report is not one.
        """
        names = [str(path.resolve()) for path in paths]
        options = ("--format", "json", "--flavour", flavour, "--maxfailuresdisplayed", "1", "--nonpdfext")
        done = subprocess.run(
            [*(self.command or ()), *options, *names],
            capture_output=True,
            timeout=30 + self._seconds * len(names),
            check=False,
            # Java reads the names of files through the locale; without UTF-8 a Vietnamese name is not found.
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
        report = json.loads(done.stdout)["report"]
        return {job["itemDetails"]["name"]: _read_job(job) for job in report["jobs"]}


def _from_jars(folder: Path) -> tuple[str, ...] | None:
    """The Java call for a folder of jars."""
    if not folder.is_dir() or not any(folder.glob("*.jar")) or shutil.which("java") is None:
        return None
    return ("java", *_JAVA, "-cp", f"{folder.resolve()}/*", _MAIN)


def _read_job(job: dict[str, Any]) -> PdfaVerdict:
    results = job.get("validationResult")
    if not results:
        fault = job.get("taskException", {})
        # A file the parser gives up on is no PDF/A; any other trouble is the tool's own.
        status = PdfaStatus.INVALID if fault.get("type") == "PARSE" else PdfaStatus.NOT_CHECKED
        return PdfaVerdict(status, str(fault.get("exception", "no result")))
    broken = [
        f"{rule['clause']}-{rule['testNumber']}: {rule['description']}"
        for result in results
        for rule in result["details"]["ruleSummaries"]
    ]
    flavour = ", ".join(_flavour(result["profileName"]) for result in results)
    if all(result["compliant"] is True for result in results):
        return PdfaVerdict(PdfaStatus.VALID, flavour=flavour)
    return PdfaVerdict(PdfaStatus.INVALID, "; ".join(broken) or "not compliant", flavour)


def _flavour(profile_name: str) -> str:
    """``2u`` of ``PDF/A-2U validation profile``."""
    first = profile_name.split(maxsplit=1)[0] if profile_name else ""
    return first.removeprefix("PDF/A-").lower()

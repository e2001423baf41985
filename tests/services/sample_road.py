"""A sample with every deliberate fault, taken through the whole road once for the session."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from manifests.serial import from_json
from pipeline.context import Context
from pipeline.intake import ready_batches
from pipeline.runner import BatchReport, Runner
from pipeline.settings import Settings
from sample_scans import generate
from sample_scans.truth import DocumentTruth


@functools.cache
def shared_pki() -> Path:
    """A folder for one test CA of this process: making its keys takes a second of every test that has its own."""
    folder, maker = Path(tempfile.mkdtemp(prefix="sohoa-test-")), os.getpid()

    def remove() -> None:
        if os.getpid() == maker:  # forked children end too
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(remove)
    return folder / "pki"


def settings_in(folder: Path, **changes: object) -> Settings:
    """Settings whose every place but the test CA is below ``folder``; the intake is that of the sample beside it."""
    values: dict[str, object] = {
        "intake_url": f"file:{folder}/intake",
        "archive_url": f"file:{folder}/archive",
        "database_url": f"sqlite:///{folder}/sohoa.db",
        "test_pki_folder": shared_pki(),
        "workers": 2,
        **changes,
    }
    return Settings(**values)  # type: ignore[arg-type]


def sign_by(settings: Settings, source: Path, target: Path) -> None:
    """What a neighbouring agency would have done before delivering: sign the scan as it is."""
    from pipeline.plan import signer_settings, timestamp_settings
    from signing.keys import open_signer
    from signing.profiles import find_profile
    from signing.sign import SigningDetails, sign_pdf
    from signing.timestamps import local_tsa, open_timestamper

    with local_tsa(settings.test_pki_folder) as authority:
        sign_pdf(
            source,
            target,
            profile=find_profile("nd30-2020"),
            signer=open_signer(signer_settings(settings)),
            timestamper=open_timestamper(timestamp_settings(settings, authority.url)),
            details=SigningDetails(agency="Ủy ban nhân dân xã Bên Cạnh"),
        )


@dataclass(frozen=True)
class Road:
    """A sample with every deliberate fault, taken through the whole road once."""

    folder: Path
    settings: Settings
    context: Context
    reports: tuple[BatchReport, ...]
    truths: dict[str, DocumentTruth]

    def truth_of(self, kind: str) -> tuple[str, DocumentTruth]:
        """Key and truth of the document with this deliberate fault."""
        return next((key, t) for key, t in self.truths.items() if t.fault and t.fault.kind == kind)


@pytest.fixture(scope="session")
def road(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    settings = settings_in(folder)
    generate(folder, seed=11, documents=24, dpi=150, jobs=2, sign=lambda a, b: sign_by(settings, a, b))
    context = Context(settings)
    reports = tuple(Runner(context).run_batch(ref) for ref in ready_batches(context.intake))
    truths = {
        str(path.relative_to(folder / "truth").with_suffix("")): from_json(DocumentTruth, path.read_bytes())
        for path in sorted((folder / "truth").rglob("*.json"))
    }
    yield Road(folder, settings, context, reports, truths)
    context.database.dispose()

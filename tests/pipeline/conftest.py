"""Tiny drops and a runner that reads them in this process: what a run decides, without what a page costs."""

from __future__ import annotations

import hashlib
import io
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from PIL import Image
from sample_road import settings_in

from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import write_manifest
from pipeline.attempts import guarded
from pipeline.context import Context
from pipeline.outcomes import Outcome
from pipeline.runner import BatchReport, OnDigitized, Runner
from pipeline.settings import Settings
from pipeline.work.digitize import digitize
from pipeline.work.sign import Job
from warehouse.progress import totals
from warehouse.results import Totals


def page(seed: int) -> bytes:
    """A 75-dpi page with bars where lines of text would be; another seed, another page."""
    chance = random.Random(seed)
    image = Image.new("L", (310, 438), 255)
    for _ in range(30):
        left, top = chance.randrange(20, 220), chance.randrange(20, 400)
        image.paste(0, (left, top, left + 60, top + 5))
    made = io.BytesIO()
    image.save(made, "PNG", dpi=(75, 75))
    return made.getvalue()


class InThisProcess(Runner):
    """A runner without worker processes, which cost seconds to start."""

    def digitize(
        self, jobs: Sequence[Job], workers: int | None = None, then: OnDigitized | None = None
    ) -> list[Outcome]:
        made = []
        for document, plan in self._promising(jobs, "assemble"):
            outcome = guarded(
                document.key,
                "assemble",
                plan.keys["assemble"],
                1,
                lambda document=document, plan=plan: digitize(self.context, document, plan),
            )
            assert outcome is not None
            made.append(self._record(outcome, document.batch))
            if then:
                then((document, plan), outcome)
        return made


@dataclass
class Lab:
    """A folder with an intake, an archive and a database of its own."""

    folder: Path
    settings: Settings
    context: Context

    def drop(self, batch: str, documents: Mapping[str, int | bytes], **changes: object) -> BatchRef:
        """Put a drop into the intake: document id → seed of its page, or bytes; ``changes`` of all its entries."""
        ref = BatchRef("00256", batch)
        target = self.folder / "intake" / ref.key
        target.mkdir(parents=True, exist_ok=True)
        entries = []
        for document_id, content in documents.items():
            data = page(content) if isinstance(content, int) else content
            (target / f"{document_id}.png").write_bytes(data)
            digest = hashlib.sha256(data).hexdigest()
            entry = DocumentEntry(document_id, (f"{document_id}.png",), (digest,), 1, "birth", "00256", 2019)
            entries.append(replace(entry, **changes))  # type: ignore[arg-type]
        self.write(ref, entries)
        return ref

    def write(self, ref: BatchRef, entries: Sequence[DocumentEntry]) -> None:
        """Write the manifest of a drop anew, and the mark that it is ready."""
        target = self.folder / "intake" / ref.key
        write_manifest(target / "manifest.csv", entries)
        self.touch(ref)

    def touch(self, ref: BatchRef) -> None:
        """Say that the drop was changed, as staff do."""
        mark = self.folder / "intake" / ref.key / "_READY"
        now = mark.stat().st_mtime_ns if mark.exists() else 0
        mark.touch()
        os.utime(mark, ns=(now + 10**9, now + 10**9))

    def with_settings(self, **changes: object) -> Lab:
        """The same stores and database under other settings."""
        settings = self.settings.model_copy(update=changes)
        return Lab(self.folder, settings, Context(settings))

    def runner(self) -> Runner:
        return InThisProcess(self.context)

    def run(self, ref: BatchRef, document_ids: Sequence[str] | None = None) -> BatchReport:
        return self.runner().run_batch(ref, document_ids)

    def totals(self) -> Totals:
        return totals(self.context.database)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """An unsigned profile and no OCR: these tests look at what the road decides."""
    settings = settings_in(
        tmp_path, ocr_engine="null", legal_profile="hotich-1437", retries=1, work_folder=tmp_path / "work"
    )
    made = Lab(tmp_path, settings, Context(settings))
    yield made
    made.context.database.dispose()


@pytest.fixture
def make_page() -> Callable[[int], bytes]:
    return page

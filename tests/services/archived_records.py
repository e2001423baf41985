"""The sample archive with one record whose files lie in a real folder store: two pages, boxes, a test signature."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
from dataclasses import replace
from pathlib import Path

from archive_sample import AT, BATCH, entry, finished
from PIL import Image, ImageDraw

from manifests.documents import Artefact, ArtefactKind, FieldSource, FieldValue, Party, SignatureFact
from manifests.text import Bbox
from pipeline.context import Context
from pipeline.settings import Settings
from warehouse.load import load_records

STORED = f"{BATCH}/HS-0001"
"""Key of the record with files; it is of the unit before today's 00256."""
OWN = f"{BATCH}/HS-0002"
"""Another one, of today's unit 00256."""
BOX = Bbox(100, 200, 500, 260)
COLOUR = (200, 30, 30)
"""What the box is filled with, on the paper of ``STORED``."""


def sample_pdf() -> bytes:
    """Two pages of 800 x 1100 pixels at 96 dpi; a red box where the name stands, on the first."""
    pages = [Image.new("RGB", (800, 1100), "white") for _ in range(2)]
    ImageDraw.Draw(pages[0]).rectangle((BOX.left, BOX.top, BOX.right - 1, BOX.bottom - 1), fill=COLOUR)
    stream = io.BytesIO()
    pages[0].save(stream, "PDF", save_all=True, append_images=pages[1:], resolution=96.0)
    return stream.getvalue()


def keep_files(folder: Path, url: str) -> Context:
    """Give two records of the sample archive files, boxes and a signature; the store lies in ``folder``."""
    context = Context(Settings(archive_url=f"file:{folder}/archive", database_url=url))  # type: ignore[call-arg]
    pdf = sample_pdf()
    records = []
    for key, declared in (
        (STORED, entry("HS-0001")),
        (OWN, entry("HS-0002", record_type="death", year=2025)),
    ):
        artefacts = []
        for kind in (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF):
            data = pdf + f"\n% {key} {kind}\n".encode()
            name = f"{key}/{kind}/stored.pdf"
            context.archive.put_bytes(name, data)
            artefacts.append(Artefact(kind, name, hashlib.sha256(data).hexdigest(), len(data), "application/pdf"))
        known = finished(BATCH, declared)
        name_field = FieldValue(
            "person_name", "NGUYỄN THỊ ĐÀO", "Nguyễn Thị Đào", 0.91, FieldSource.READ, page_number=1, bbox=BOX
        )
        born = FieldValue("birth_date", "3-2-1998", "1998-02-03", 0.8, FieldSource.READ)
        signature = SignatureFact(
            field_name="Signature1",
            signer="Ủy ban nhân dân phường Thử Nghiệm",
            intact=True,
            valid=True,
            trusted=True,
            level="B-LTA",
            signed_at=AT,
            timestamp_at=AT,
            covers_whole_file=True,
            legally_valid=False,
            time_source="timestamp",
            revocation="good",
            evidence_until=dt.datetime(2040, 1, 1, tzinfo=dt.UTC),
        )
        records.append(
            replace(
                known,
                record=replace(
                    known.record,
                    fields=(name_field, born),
                    parties=(Party("subject", "Nguyễn Thị Đào", "1998-02-03", "001198000001"),),
                ),
                artefacts=tuple(artefacts),
                signatures=(signature,),
                run_key=hashlib.sha256(f"stored {key}".encode()).hexdigest(),
                finished_at=AT + dt.timedelta(minutes=5),
            )
        )
    load_records(context.database, records)
    return context

"""A small archive in a database, for tests that look at pages: written by the ledger and the warehouse themselves."""

from __future__ import annotations

import datetime as dt
import hashlib
from pathlib import Path

from manifests.documents import (
    Artefact,
    ArtefactKind,
    BatchRef,
    DocumentEntry,
    DocumentRecord,
    FieldSource,
    FieldValue,
    PageRow,
    Party,
    Record,
    RecordStatus,
)
from manifests.inventory import InventoryLine
from manifests.reasons import Fault, Severity
from manifests.text import PageFacts, PageVerdict, QualityFlag
from pipeline.ledger import Ledger
from pipeline.outcomes import Ending, Outcome
from pipeline.results import Receipt, ReceivedDocument
from pipeline.stages import STAGES
from warehouse.database import migrate, open_database
from warehouse.load import load_records
from warehouse.reference import import_inventory, load_reference, register_stages
from warehouse.schema import BatchStatus

AT = dt.datetime(2025, 9, 15, 8, 30, tzinfo=dt.UTC)
BATCH = "00256/lo-1"
HOSTILE_BATCH = '00292/<script>alert("lô #1?")'
RUN = "manual__2025-09-15T08:30:00+00:00"
"""The run of Airflow that took the batches up."""
PERSON = "Nguyễn Thị Đào"
"""Stands in every record of the sample and must stand on no page."""


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def entry(
    document_id: str, *, unit_code: str = "00256", record_type: str = "birth", year: int = 1998
) -> DocumentEntry:
    """A manifest row."""
    return DocumentEntry(
        document_id=document_id,
        files=(f"{document_id}.pdf",),
        sha256=(_sha256(document_id),),
        pages=1,
        record_type=record_type,
        unit_code=unit_code,
        year=year,
        keyed={"person_name": PERSON},
        number="12",
        row=2,
    )


def finished(
    batch: str, declared: DocumentEntry, *, review: tuple[str, ...] = (), flags: tuple[QualityFlag, ...] = ()
) -> DocumentRecord:
    """What the road made of an entry: signed, indexed, and waiting for review when there are reasons for it."""
    key = f"{batch}/{declared.document_id}"
    facts = PageFacts(
        page_number=1,
        source=declared.files[0],
        source_page=1,
        width=800,
        height=1100,
        dpi=96.0,
        flags=flags,
    )
    return DocumentRecord(
        batch=BatchRef.parse(batch),
        entry=declared,
        record=Record(
            record_type=declared.record_type,
            unit_code=declared.unit_code,
            year=declared.year,
            number="12",
            book="01",
            fields=(FieldValue("person_name", PERSON, PERSON, 0.9, FieldSource.BOTH),),
            parties=(Party("subject", PERSON, birth_date="1998-02-03", personal_id="001198000001"),),
            status=RecordStatus.NEEDS_REVIEW if review else RecordStatus.ACCEPTED,
            confidence=0.9,
            review_reasons=review,
        ),
        pages=(PageRow(facts, PageVerdict.READ, 3, 0.9, f"GIẤY KHAI SINH {PERSON}"),),
        artefacts=tuple(
            Artefact(kind, f"{key}/{kind}", _sha256(f"{key}{kind}"), 1000, "application/pdf")
            for kind in (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF)
        ),
        signatures=(),
        input_signatures=(),
        pdfa_verdict="valid",
        legal_profile="nd30-2020",
        events=(),
        run_key=_sha256(key),
        finished_at=AT,
    )


def fill(url: str) -> None:
    """Write the sample archive.

    Two batches. ``BATCH``: three documents done (one waits for review and should be scanned again), one stopped on
    the way, two refused. ``HOSTILE_BATCH``: one refused document, with markup in every text that comes from outside.
    The code 00256 is borne by two units. The inventory lists 10 births of the first and 4 deaths of the second.
    """
    engine = open_database(url)
    try:
        migrate(engine)
        load_reference(engine)
        register_stages(engine, STAGES)
        lines = (
            InventoryLine("00256", "birth", 1998, 10, 10, 20),
            InventoryLine("00256", "death", 2025, 4, 4, 4),
        )
        approved = dt.date(2025, 8, 31)
        import_inventory(engine, lines, approved_on=approved, source_name="danh-muc.csv", sha256=_sha256("danh mục"))
        ledger = Ledger(engine)
        _fill_batch(ledger)
        _fill_hostile_batch(ledger)
        load_records(
            engine,
            [
                finished(BATCH, entry("HS-0001")),
                finished(BATCH, entry("HS-0002", record_type="death", year=2025)),
                finished(
                    BATCH,
                    entry("HS-0003"),
                    review=("low_confidence:birth_date", "missing:number"),
                    flags=(QualityFlag.LOW_DPI, QualityFlag.BLUR),
                ),
            ],
        )
        ledger.documents_done([f"{BATCH}/HS-000{number}" for number in (1, 2, 3)])
        ledger.batch_status(BatchRef.parse(BATCH), BatchStatus.DONE)
    finally:
        engine.dispose()


def make_sample(folder: Path) -> str:
    """URL of a SQLite database in ``folder`` with the sample archive in it."""
    url = f"sqlite:///{folder}/sohoa.db"
    fill(url)
    return url


def _fill_batch(ledger: Ledger) -> None:
    accepted = (
        entry("HS-0001"),
        entry("HS-0002", record_type="death", year=2025),
        entry("HS-0003"),
        entry("HS-0004"),
    )
    faults = (
        Fault("file_missing", "", document_id="HS-0005", file="HS-0005.pdf", row=6),
        Fault("value_invalid", "“MMXX” không phải số", document_id="HS-0006", row=7, column="Năm"),
        Fault("low_dpi", "96 dpi", Severity.WARNING, document_id="HS-0003", file="HS-0003.pdf", row=4),
    )
    _receive(ledger, BATCH, accepted, (entry("HS-0005"), entry("HS-0006")), faults)
    ref = BatchRef.parse(BATCH)
    for document_id in ("HS-0001", "HS-0002", "HS-0003"):
        for stage in ("assemble", "sign", "index"):
            ledger.record(Outcome(f"{BATCH}/{document_id}", stage, Ending.DONE, "run", 1.5), ref)
    stopped = Outcome(f"{BATCH}/HS-0004", "recognize", Ending.QUARANTINED, "run", 2.0, "time_limit", "quá 120 giây")
    ledger.record(stopped, ref)


def _fill_hostile_batch(ledger: Ledger) -> None:
    fault = Fault("unreadable", '<img src="x" onerror="alert(1)">', document_id="HS-9", file="<b>9</b>.pdf", row=2)
    _receive(ledger, HOSTILE_BATCH, (), (entry("HS-9", unit_code="00292"),), (fault,))
    message = "<script>alert(2)</script>"
    ledger.batch_status(BatchRef.parse(HOSTILE_BATCH), BatchStatus.HALTED, message)


def _receive(
    ledger: Ledger,
    batch: str,
    accepted: tuple[DocumentEntry, ...],
    refused: tuple[DocumentEntry, ...],
    faults: tuple[Fault, ...],
) -> None:
    ref = BatchRef.parse(batch)
    ledger.batch_started(ref, airflow_run=RUN)
    ledger.batch_received(
        Receipt(
            batch=ref,
            run_key=_sha256(batch),
            manifest_sha256=_sha256(batch),
            documents=tuple(ReceivedDocument(ref, it, (), (), ()) for it in accepted),
            faults=faults,
            declared=(*accepted, *refused),
            blocked=False,
            received_at=AT,
        )
    )

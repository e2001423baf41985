"""One migrated database per test, SQLite and PostgreSQL alike, and finished documents to put into it."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.documents import (
    Artefact,
    ArtefactKind,
    BatchRef,
    DocumentEntry,
    DocumentRecord,
    Event,
    FieldSource,
    FieldValue,
    Medium,
    PageRow,
    Party,
    Record,
    RecordStatus,
    SignatureFact,
)
from manifests.text import Bbox, PageFacts, PageVerdict, QualityFlag
from warehouse.database import migrate, open_database, writing
from warehouse.reference import load_reference
from warehouse.schema import metadata
from warehouse.schema_totals import cell_refresh

FINISHED = dt.datetime(2025, 9, 15, 8, 30, tzinfo=dt.UTC)
MakeRecord = Callable[..., DocumentRecord]


DATABASES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path}/warehouse.db"


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: Any) -> Iterator[sa.Engine]:
    """One migrated PostgreSQL database: a new one for each test costs more than all else."""
    engine = open_database(postgres_server.make_database())
    migrate(engine)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def shared_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to be copied: migrating costs more than all else."""
    path = tmp_path_factory.mktemp("sqlite") / "warehouse.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine)
    load_reference(engine)
    engine.dispose()  # the last connection folds the journal into the file
    return path


@pytest.fixture(params=DATABASES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A migrated database with its reference data and nothing else."""
    if request.param == "postgres":
        engine: sa.Engine = request.getfixturevalue("shared_postgres")
        with writing(engine) as connection:
            for table in reversed(metadata.sorted_tables):
                if table.name not in {"unit", "unit_succession", "record_type", "record_access"}:
                    connection.execute(sa.delete(table))
            # Rows that were taken away beside the program: nothing counted before them holds.
            connection.execute(sa.insert(cell_refresh).values(id=1, token=secrets.randbits(62)))
    else:
        shutil.copyfile(request.getfixturevalue("shared_sqlite"), tmp_path / "warehouse.db")
        engine = open_database(f"sqlite:///{tmp_path}/warehouse.db")
    load_reference(engine)
    yield engine
    if request.param != "postgres":
        engine.dispose()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _signature(name: str) -> SignatureFact:
    return SignatureFact(
        field_name=name,
        signer="CN=Khóa thử nghiệm",
        intact=True,
        valid=True,
        trusted=False,
        level="B-T",
        signed_at=FINISHED,
        timestamp_at=FINISHED,
        covers_whole_file=True,
        legally_valid=False,
        summary="thử",
    )


def _record(
    document_id: str = "HS-0001",
    *,
    batch: str = "00256/lo-1",
    unit_code: str = "00256",
    record_type: str = "birth",
    year: int = 1998,
    number: str | None = "12/1998",
    name: str = "Nguyễn Thị Đào",
    status: RecordStatus = RecordStatus.ACCEPTED,
    review_reasons: tuple[str, ...] = (),
    signed: bool = True,
    pages: int = 1,
    flags: tuple[QualityFlag, ...] = (),
    fields: int = 2,
    finished_at: dt.datetime = FINISHED,
    text: str = "GIẤY KHAI SINH",
    pdfa_verdict: str = "valid",
    run: str = "run-1",
) -> DocumentRecord:
    """A finished document with two of everything."""
    ref = BatchRef.parse(batch)
    key = f"{batch}/{document_id}"
    kinds = [ArtefactKind.ORIGINAL, ArtefactKind.PDFA, *([ArtefactKind.SIGNED_PDF] if signed else [])]
    return DocumentRecord(
        batch=ref,
        entry=DocumentEntry(
            document_id=document_id,
            files=(f"{document_id}.pdf",),
            sha256=(_sha256(document_id),),
            pages=pages,
            record_type=record_type,
            unit_code=unit_code,
            year=year,
            keyed={"person_name": name, "book": "01"},
            medium=Medium.TYPED,
            book="01",
            number=number,
            row=2,
        ),
        record=Record(
            record_type=record_type,
            unit_code=unit_code,
            year=year,
            number=number,
            book="01",
            fields=tuple(
                FieldValue(
                    name=f"field_{position}",
                    transcription=f"{name} {position}",
                    normalized=None if position else name,
                    confidence=0.5 + position / 10,
                    source=FieldSource.BOTH,
                    page_number=1 if position else None,
                    bbox=Bbox(1, 2, 30, 40) if position else None,
                    keyed=name,
                    agrees=True,
                )
                for position in range(fields)
            ),
            parties=(
                Party("subject", name, birth_date="1998-02-03", personal_id="001198000001"),
                Party("mother", "Trần Thị Ổi"),
            ),
            status=status,
            confidence=0.91,
            review_reasons=review_reasons,
            issue_date="1998-02-10",
        ),
        pages=tuple(
            PageRow(
                facts=PageFacts(
                    page_number=number_,
                    source=f"{document_id}.pdf",
                    source_page=number_,
                    width=1240,
                    height=1754,
                    dpi=150.0,
                    rotation=90,
                    skew_before=1.5,
                    flags=flags,
                ),
                verdict=PageVerdict.READ,
                word_count=3,
                mean_confidence=0.88,
                text=text,
            )
            for number_ in range(1, pages + 1)
        ),
        artefacts=tuple(
            Artefact(kind, f"{key}/{kind}/{run}", _sha256(f"{key}{kind}{run}"), 1000, "application/pdf")
            for kind in kinds
        ),
        signatures=(_signature("Signature1"),) if signed else (),
        input_signatures=(_signature("Old1"), _signature("Old2")),
        pdfa_verdict=pdfa_verdict,
        legal_profile="nd30-2020" if signed else "hotich-1437",
        events=(
            Event("ingestion", FINISHED, "success", "đã nhận", "sohoa"),
            Event("digital signature generation", FINISHED, "success", "", "sohoa"),
        ),
        run_key=_sha256(run),
        finished_at=finished_at,
    )


@pytest.fixture(scope="session")
def make_record() -> MakeRecord:
    """Builds a finished document; every argument has a default."""
    return _record


@pytest.fixture
def rows_of(engine: sa.Engine) -> Callable[[sa.Table], list[dict[str, Any]]]:
    """All rows of a table, in the order of its primary key."""

    def read(table: sa.Table) -> list[dict[str, Any]]:
        with engine.connect() as connection:
            query = sa.select(table).order_by(*table.primary_key.columns)
            return [dict(row) for row in connection.execute(query).mappings()]

    return read

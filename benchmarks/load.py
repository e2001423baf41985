"""Seconds to load records and to load them again unchanged, and to ask for the progress, on one database.

Run as ``python benchmarks/load.py [URL] [RECORDS]``; without a URL a SQLite file in a temporary folder is used. The
records are fictional and shaped like a ward's: 15 fields, 3 parties, 1 page of 1,500 letters, 8 events.
"""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from manifests.documents import (
    Artefact,
    ArtefactKind,
    BatchRef,
    DocumentEntry,
    DocumentRecord,
    Event,
    FieldSource,
    FieldValue,
    PageRow,
    Party,
    Record,
    RecordStatus,
    SignatureFact,
)
from manifests.text import Bbox, PageFacts, PageVerdict
from warehouse.database import migrate, open_database
from warehouse.load import load_records
from warehouse.progress import progress_by_unit
from warehouse.reference import load_reference

T = TypeVar("T")
_UNITS = ("00256", "00283", "00292", "00277")
_FINISHED = dt.datetime(2025, 9, 15, tzinfo=dt.UTC)
_TEXT = "Họ, chữ đệm, tên: Nguyễn Thị Thử Nghiệm\n" * 38
_CALL = 500


def record(number: int) -> DocumentRecord:
    """The fictional record with this number."""
    unit, digest = _UNITS[number % len(_UNITS)], f"{number:064x}"
    batch, document_id = BatchRef(unit, f"lo-{number // _CALL:05}"), f"HS-{number:07}"
    name = f"Nguyễn Thị Số {number}"
    kinds = (ArtefactKind.ORIGINAL, ArtefactKind.PDFA, ArtefactKind.SIGNED_PDF)
    year = 1956 + number % 69
    return DocumentRecord(
        batch=batch,
        entry=DocumentEntry(document_id, ("a.pdf",), (digest,), 1, "birth", unit, year, {"person_name": name}),
        record=Record(
            "birth",
            unit,
            year,
            str(number),
            "01",
            tuple(
                FieldValue(f"f{i}", name, name, 0.9, FieldSource.BOTH, 1, Bbox(1, 2, 3, 4), name, True)
                for i in range(15)
            ),
            tuple(Party(role, name, "1990-01-01") for role in ("subject", "mother", "father")),
            RecordStatus.ACCEPTED,
            0.9,
        ),
        pages=(PageRow(PageFacts(1, "a.pdf", 1, 2480, 3508, 300.0), PageVerdict.READ, 300, 0.9, _TEXT),),
        artefacts=tuple(Artefact(kind, f"{batch.key}/{document_id}/{kind}", digest, 90_000) for kind in kinds),
        signatures=(SignatureFact("S1", "CN=Thử", True, True, False, "B-T", _FINISHED, _FINISHED, True, False),),
        input_signatures=(),
        pdfa_verdict="valid",
        legal_profile="nd30-2020",
        events=tuple(Event(f"event {i}", _FINISHED, "success", "", "sohoa") for i in range(8)),
        run_key=digest,
        finished_at=_FINISHED,
    )


def main(url: str, count: int) -> None:
    """Print one line for each thing measured."""
    engine = open_database(url)
    migrate(engine)
    load_reference(engine)

    def calls() -> Iterator[list[DocumentRecord]]:
        for start in range(0, count, _CALL):
            yield [record(number) for number in range(start, min(start + _CALL, count))]

    for what in ("load", "load again"):
        seconds = sum(_timed(lambda some=some: load_records(engine, some))[0] for some in calls())  # type: ignore[misc]
        print(f"{engine.dialect.name}: {what} {count} records: {seconds:.2f} s ({count / seconds:.0f}/s)")
    seconds, units = _timed(lambda: progress_by_unit(engine))
    print(f"{engine.dialect.name}: progress of {len(units)} units: {1000 * seconds:.0f} ms")


def _timed(work: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(
            sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/warehouse.db",
            int(sys.argv[2]) if len(sys.argv) > 2 else 2000,
        )

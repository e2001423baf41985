"""How right the index is: fields of rendered sample documents against their truth, by era and record type.

Run ``python benchmarks/fields.py --per 3``. Recognized pages are cached, so a change of the index alone is measured
in seconds. Nothing is keyed here: every value must come from the paper. Sample forms and index share their labels
(``manifests/data/record_types.toml``), so what is measured is reading and judging, not the knowledge of forms.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from manifests.documents import DocumentEntry, Medium, Record, RecordStatus
from manifests.record_types import record_types
from manifests.serial import from_json, to_json
from manifests.text import PageText
from ocr.fields.crosscheck import Agreement, compare
from ocr.fields.values import normalize
from ocr.index import index_record
from sample_scans.document import SampleDocument, SampleTruth, render_document
from sample_scans.eras import ERAS


@dataclass(frozen=True, slots=True)
class Case:
    """One rendered document: what is true of it and what was read."""

    truth: SampleTruth
    pages: tuple[PageText, ...]


def recognize(document: SampleDocument) -> tuple[PageText, ...]:
    """The document through capture and recognition, as ``sohoa run`` does it."""
    from ocr.engine import engine_of_process
    from ocr.options import CaptureOptions
    from ocr.recognize import recognize_page
    from ocr.scan import capture_pages
    from sample_scans.carriers import write_scan

    with tempfile.TemporaryDirectory() as folder:
        files = write_scan(document.pages, "pdf", Path(folder), "a", document.dpi, document.quality)
        engine = engine_of_process()
        return tuple(recognize_page(page, engine) for page in capture_pages(files, CaptureOptions()))


def cases(types: list[str], eras: list[str], per: int, dpi: int, cache: Path, first: int = 0) -> Iterator[Case]:
    cache.mkdir(parents=True, exist_ok=True)
    for era in eras:
        for record_type in types:
            for seed in range(first, first + per):
                kept = cache / f"{era}-{record_type}-{dpi}-{seed}.json"
                if not kept.exists():
                    document = render_document(record_type, era, seed, dpi)
                    kept.write_bytes(to_json(Case(document.truth, recognize(document))))
                yield from_json(Case, kept.read_bytes())


def index_case(case: Case) -> Record:
    entry = DocumentEntry(
        document_id="sample",
        files=("a.pdf",),
        sha256=("0" * 64,),
        pages=len(case.pages),
        record_type=case.truth.record_type,
        unit_code="00256",
        year=case.truth.year,
        medium=Medium(case.truth.medium),
    )
    return index_record(case.pages, entry)


@dataclass(slots=True)
class Tally:
    """Counts of one row of the table."""

    records: int = 0
    accepted: int = 0
    required_in_accepted: int = 0
    required_right_in_accepted: int = 0
    fields: int = 0
    found: int = 0
    right: int = 0
    sure: int = 0
    sure_right: int = 0


def judge(case: Case, record: Record, tally: Tally, complaints: list[str], reasons: Counter[str]) -> None:
    """Counts one record; a field is right when its normalized value says what the paper says, marks and all."""
    record_type = record_types()[case.truth.record_type]
    values = {field.name: field for field in record.fields}
    accepted = record.status is RecordStatus.ACCEPTED
    tally.records += 1
    tally.accepted += accepted
    reasons.update(record.review_reasons)
    for truth in case.truth.fields:
        field = record_type.field(truth.name)
        # The truth spells "Nam"; the index says "male": both sides through the same normal form.
        expected = normalize(field, truth.normalized).value or truth.normalized
        value = values.get(truth.name)
        got = value.normalized if value else None
        right = got is not None and compare(field, got, expected) is Agreement.SAME
        tally.fields += 1
        tally.found += got is not None
        tally.right += right
        if value is not None and got is not None and value.confidence >= 0.8:
            tally.sure += 1
            tally.sure_right += right
            if not right and not (accepted and field.required):
                complaints.append(
                    f"sure but wrong: {truth.name} = {got!r} (paper: {expected!r}, {value.confidence:.2f})"
                )
        if accepted and field.required:
            tally.required_in_accepted += 1
            tally.required_right_in_accepted += right
            if not right:
                sure = value.confidence if value else 0.0
                complaints.append(f"ACCEPTED BUT WRONG: {truth.name} = {got!r} (paper: {expected!r}, {sure:.2f})")


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}" if whole else "–"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per", type=int, default=2, help="documents of each era and type")
    parser.add_argument(
        "--first", type=int, default=0, help="first seed; others than before are a fair test of a change"
    )
    parser.add_argument("--dpi", type=int, default=200)
    parser.add_argument("--eras", nargs="*", default=list(ERAS))
    parser.add_argument("--types", nargs="*", default=list(record_types()))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "sohoa-fields")
    parser.add_argument("--wrong", action="store_true", help="list every field that is wrong and sure")
    arguments = parser.parse_args()

    tallies: dict[tuple[str, str, str], Tally] = defaultdict(Tally)
    complaints: list[str] = []
    reasons: Counter[str] = Counter()
    for case in cases(
        arguments.types, arguments.eras, arguments.per, arguments.dpi, arguments.cache, arguments.first
    ):
        own: list[str] = []
        record = index_case(case)
        for key in (
            (case.truth.era, case.truth.medium, case.truth.record_type),
            (case.truth.era, case.truth.medium, "all"),
        ):
            own.clear()
            judge(case, record, tallies[key], own, reasons if key[2] == "all" else Counter())
        complaints += [f"{case.truth.era} {case.truth.record_type} {case.truth.medium}: {text}" for text in own]

    table = Table(
        "era",
        "fill",
        "type",
        "records",
        "accepted %",
        "required right in accepted %",
        "fields right %",
        "sure fields right %",
    )
    for (era, medium, kind), tally in sorted(
        tallies.items(), key=lambda i: (list(ERAS).index(i[0][0]), i[0][1], i[0][2])
    ):
        table.add_row(
            era,
            medium,
            kind,
            str(tally.records),
            share(tally.accepted, tally.records),
            share(tally.required_right_in_accepted, tally.required_in_accepted),
            share(tally.right, tally.fields),
            share(tally.sure_right, tally.sure),
            end_section=False,
        )
    console = Console(width=150)
    console.print(table)
    console.print("why records went to review:", dict(reasons.most_common(20)))
    for text in complaints:
        if arguments.wrong or "ACCEPTED" in text:
            console.print(text, markup=False, highlight=False)


if __name__ == "__main__":
    main()

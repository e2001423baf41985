"""Minutes to load a district, and to load it again unchanged, on SQLite or PostgreSQL.

Run as ``python benchmarks/district.py --database sqlite|postgres [--scale 0.05]``. Every batch goes the road of the
product: the ledger learns of it, ``load_records`` merges its finished records, the ledger closes it. Making up the
fictional records is not counted. Issue 5: at most 10 minutes, again at most 2, on two cores.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import sqlalchemy as sa
from machine import Work, database, machine
from synthetic import District

from manifests.documents import DocumentRecord
from pipeline.ledger import Ledger
from pipeline.results import Receipt
from pipeline.runner import lots
from warehouse.database import migrate, open_database
from warehouse.load import load_records
from warehouse.progress import progress_by_unit, totals
from warehouse.reference import load_reference
from warehouse.results import LoadResult
from warehouse.schema import BatchStatus
from warehouse.schema_search import search_entry

MOST_MINUTES = {"load": 10.0, "load again": 2.0}


def load_district(engine: sa.Engine, district: District) -> tuple[Work, LoadResult]:
    """What loading took, and what became of the records."""
    work, total = Work(), LoadResult()
    for receipt, records in district.batches():
        with work.measured():
            total += load_batch(engine, receipt, records)
    return work, total


def load_batch(engine: sa.Engine, receipt: Receipt, records: list[DocumentRecord]) -> LoadResult:
    """One batch on the road from its receipt to done."""
    ledger = Ledger(engine)
    ledger.batch_started(receipt.batch)
    ledger.batch_received(receipt)
    result = LoadResult()
    for some, more_follow in lots(records):
        result += load_records(engine, some, more_follow=more_follow)
        ledger.documents_done([it.document_key for it in some])
    ledger.batch_status(receipt.batch, BatchStatus.DONE)
    return result


def main(kind: str, scale: float, folder: Path | None) -> None:
    """Print what was measured, a line for each."""
    district = District(scale=scale)
    print(machine())
    print(f"{kind}: {district.files:,} files, {district.pages:,} pages (scale {scale:g})")
    with database(kind, folder) as url:
        engine = open_database(url)
        migrate(engine)
        load_reference(engine)
        for what, most in MOST_MINUTES.items():
            work, result = load_district(engine, district)
            minutes, busy = work.seconds / scale / 60, (work.own + work.server) / scale / 60
            print(
                f"{what}: {work.seconds:.1f} s, {district.files / work.seconds:.0f} files/s; processor time"
                f" {work.own:.1f} s + server {work.server:.1f} s. The whole district: {minutes:.1f} min,"
                f" {busy:.1f} min of processor time; asked for {most:.0f} min (ratio {minutes / most:.2f}). {result}",
                flush=True,
            )
        start = time.perf_counter()
        shown = progress_by_unit(engine)
        print(f"progress of {len(shown)} units: {1000 * (time.perf_counter() - start):.0f} ms")
        with engine.connect() as connection:
            found = connection.execute(sa.select(sa.func.count()).select_from(search_entry)).scalar_one()
        assert totals(engine).indexed + totals(engine).needs_review == found == district.files
        engine.dispose()
    print(f"load average after: {machine().partition('load average ')[2]}")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--folder", type=Path, help="keep the database there")
    given = options.parse_args()
    main(given.database, given.scale, given.folder)

"""What a second run says of what the first one stopped, and what still counts after things changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentEntry
from pipeline.cli.intake import _exit_code
from pipeline.cli.screen import Exit
from pipeline.errors import TooManyQuarantinedError
from pipeline.reruns import order_rerun
from warehouse import schema
from warehouse.batches import batch_detail
from warehouse.progress import progress_by_unit


def entries(lab: Any, ref: Any) -> list[DocumentEntry]:
    from manifests.manifest import read_manifest

    return list(read_manifest(lab.folder / "intake" / ref.key / "manifest.csv", home=ref.unit_code).entries)


def rows(lab: Any, table: sa.Table) -> list[Any]:
    with lab.context.database.connect() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def stop_one_of_two(lab: Any) -> Any:
    """A batch of which HS-2 is quarantined in the assembling and HS-1 is done."""
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    lab.run(ref, [])  # received only
    broken = next(p for p in (lab.folder / "archive" / ref.key / "HS-2" / "original").iterdir())
    whole = broken.read_bytes()
    broken.chmod(0o600)
    broken.write_bytes(whole[:-4] + b"bent")
    report = lab.run(ref)
    assert [o.reason_code for o in report.quarantined] == ["checksum_mismatch"]
    broken.write_bytes(whole)
    return ref


def test_a_quarantined_document_is_told_by_every_later_run(lab: Any) -> None:
    ref = stop_one_of_two(lab)
    again = lab.run(ref)
    assert (again.worked, again.untouched) == (0, 1)
    assert [o.document_key for o in again.quarantined] == [f"{ref.key}/HS-2"]
    assert _exit_code([again], halted=False, misconfigured=False) is Exit.SOME_QUARANTINED


def test_a_quarantine_that_was_overcome_no_longer_halts_the_batch(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2, "HS-3": 3})
    lab.run(ref, [])
    kept = list((lab.folder / "archive" / ref.key).glob("*/original/*"))
    for path in kept:
        path.rename(path.with_suffix(".away"))
    with pytest.raises(TooManyQuarantinedError):
        lab.run(ref)
    assert batch_detail(lab.context.database, ref.key).summary.status == "halted"
    for path in kept:
        path.with_suffix(".away").rename(path)
    lab.context.ledger.release(ref)
    order_rerun(lab.context, ref, ["HS-1", "HS-2", "HS-3"], "capture")
    assert lab.run(ref).worked == 3
    lab.drop("L1", {"HS-1": 1, "HS-2": 2, "HS-3": 3, "HS-4": 4})
    assert lab.run(ref).worked == 1


def test_documents_taken_out_of_the_manifest_no_longer_halt_the_batch(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2, "HS-3": 3})
    lab.run(ref, [])
    for name in ("HS-1", "HS-2"):
        for path in (lab.folder / "archive" / ref.key / name / "original").iterdir():
            path.unlink()
    with pytest.raises(TooManyQuarantinedError):
        lab.run(ref)
    lab.write(ref, [e for e in entries(lab, ref) if e.document_id == "HS-3"])
    assert lab.run(ref).worked == 1
    assert batch_detail(lab.context.database, ref.key).summary.status == "done"


def test_one_document_asked_for_is_not_told_as_all_the_others(lab: Any) -> None:
    ref = stop_one_of_two(lab)
    lab.drop("L1", {"HS-1": 1, "HS-2": 2, "HS-3": 3})
    report = lab.run(ref, ["HS-3"])
    assert (report.worked, report.untouched, report.quarantined) == (1, 0, ())


def test_a_value_corrected_and_corrected_back_ends_as_it_stands(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1}, number="12")
    lab.run(ref)
    for number in ("21", "12"):
        lab.write(ref, [replace(e, number=number) for e in entries(lab, ref)])
        report = lab.run(ref)
        assert report.worked == 1
        assert [r["number"] for r in rows(lab, schema.record)] == [number]
        assert lab.run(ref).worked == 0
    # and so does a database made again from the store
    from pipeline.upkeep import rebuild

    fresh = lab.with_settings(database_url=f"sqlite:///{lab.folder}/again.db")
    rebuild(fresh.context)
    assert [r["number"] for r in rows(fresh, schema.record)] == ["12"]
    assert fresh.run(ref).worked == 0
    fresh.context.database.dispose()


def test_a_corrected_record_type_moves_the_document_in_every_figure(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    lab.run(ref)
    lab.write(ref, [replace(e, record_type="death", year=2020) for e in entries(lab, ref)])
    lab.run(ref)
    assert [(r["record_type"], r["year"]) for r in rows(lab, schema.document)] == [("death", 2020)]
    database = lab.context.database
    assert sum(p.indexed + p.needs_review for p in progress_by_unit(database, record_type="death", year=2020)) == 1
    assert sum(p.digitized for p in progress_by_unit(database, record_type="birth")) == 0


def test_a_refused_document_taken_out_of_the_manifest_is_refused_no_longer(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": b""})
    lab.run(ref)
    assert lab.totals().refused == 1
    lab.write(ref, [e for e in entries(lab, ref) if e.document_id == "HS-1"])
    lab.run(ref)
    assert (lab.totals().refused, lab.totals().digitized) == (0, 1)

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sample_road import Road

from manifests.documents import ArtefactKind
from manifests.text import PageVerdict
from pipeline.intake import ready_batches
from pipeline.runner import Runner
from warehouse.batches import batch_detail
from warehouse.documents import document_detail
from warehouse.progress import totals

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("road")]


def signed_files(road: Road) -> list[Path]:
    return sorted((road.folder / "archive").glob("*/*/*/signed_pdf/*.pdf"))


def test_every_document_is_finished_or_stopped_with_a_reason(road: Road) -> None:
    finished, stopped = set(), set()
    for key in road.truths:
        detail = document_detail(road.context.database, key)
        if detail and detail.summary.status == "done":
            finished.add(key)
        elif detail and detail.summary.reason_code:
            stopped.add(key)
    unlisted = road.truths.keys() - finished - stopped
    # a row whose file name is refused never becomes a document: its fault names it
    told = {f"{r.receipt.batch.key}/{f.document_id}" for r in road.reports for f in r.receipt.faults}
    assert unlisted <= told
    assert len(finished) >= len(road.truths) // 2
    assert not finished & stopped


def test_every_deliberate_fault_ends_with_its_reason(road: Road) -> None:
    seen = set()
    for key, truth in road.truths.items():
        if truth.fault is None:
            continue
        seen.add(truth.fault.kind)
        batch = key.rpartition("/")[0]
        faults = {
            (f.code, str(f.severity))
            for r in road.reports
            for f in r.receipt.faults
            if r.receipt.batch.key == batch and f.document_id == truth.document_id
        }
        detail = document_detail(road.context.database, key)
        done = detail is not None and detail.summary.status == "done"
        if truth.fault.severity == "error":
            assert not done, (truth.fault.kind, key)
            assert (truth.fault.reason, "error") in faults, (truth.fault.kind, faults)
        else:
            assert done, (truth.fault.kind, key, faults)
            if truth.fault.kind not in ("blank_page", "wrong_extension", "keyed_wrong"):
                assert (truth.fault.reason, "warning") in faults, (truth.fault.kind, faults)
    assert len(seen) == 16, seen


def test_a_blank_page_is_counted_as_blank_and_stays_a_page(road: Road) -> None:
    key, truth = road.truth_of("blank_page")
    detail = document_detail(road.context.database, key)
    assert detail is not None
    assert len(detail.pages) == truth.pages
    assert [p.verdict for p in detail.pages].count(PageVerdict.BLANK) == sum(p.blank for p in truth.page_truth)


def test_a_wrongly_keyed_value_sends_the_record_to_review(road: Road) -> None:
    key, truth = road.truth_of("keyed_wrong")
    detail = document_detail(road.context.database, key)
    assert detail is not None and truth.fault is not None
    assert detail.summary.record_status == "needs_review"


def test_no_page_is_silent(road: Road) -> None:
    for key in road.truths:
        detail = document_detail(road.context.database, key)
        for page in detail.pages if detail else ():
            assert page.word_count or page.verdict in (PageVerdict.BLANK, PageVerdict.UNREAD), key


def test_signed_input_is_kept_byte_for_byte_with_its_verdict(road: Road) -> None:
    key, truth = road.truth_of("already_signed")
    detail = document_detail(road.context.database, key)
    assert detail is not None
    delivered = (road.folder / "intake" / Path(key).parent / truth.files[0]).read_bytes()
    original = next(a.artefact for a in detail.artefacts if a.artefact.kind == ArtefactKind.ORIGINAL)
    assert road.context.archive.get_bytes(original.key) == delivered
    assert [s.intact for s in detail.input_signatures] == [True]


def test_accepted_records_agree_with_the_paper(road: Road) -> None:
    """One field of truth for each document; what the index is not sure of must wait for a person instead."""
    wrong, accepted = [], 0
    for key, truth in road.truths.items():
        detail = document_detail(road.context.database, key)
        if detail is None or detail.summary.record_status != "accepted":
            continue
        accepted += 1
        number = next((f for f in truth.fields if f.name == "number"), None)
        found = next((f for f in detail.fields if f.name == "number"), None)
        if number and (found is None or found.normalized != number.normalized):
            wrong.append((key, number.normalized, found and found.normalized))
    assert accepted >= 3
    assert not wrong


def test_another_tool_says_every_signature_is_valid(road: Road) -> None:
    files = signed_files(road)
    assert files
    for file in files:
        told = subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
        assert re.search(r"Signature Validation: Signature is Valid", told), (file, told)
        assert "ETSI.CAdES.detached" in told


@pytest.mark.verapdf
def test_another_tool_says_every_signed_file_is_pdfa(
    road: Road, verapdf: Callable[..., dict[Path, tuple[bool, str]]]
) -> None:
    for file, (valid, message) in verapdf(*signed_files(road)).items():
        assert valid, (file, message)


def test_running_again_redoes_nothing(road: Road) -> None:
    def everything() -> dict[str, int]:
        return {str(p): p.stat().st_mtime_ns for p in (road.folder / "archive").rglob("*") if p.is_file()}

    before = everything()
    for ref in ready_batches(road.context.intake):
        report = Runner(road.context).run_batch(ref)
        assert report.received_before
        assert report.worked == 0
        assert not report.outcomes
    assert everything() == before


def test_a_rerun_makes_new_files_beside_the_old_and_replaces_the_record(road: Road) -> None:
    from manifests.documents import BatchRef
    from pipeline.reruns import order_rerun

    key = next(
        k for k in road.truths if (d := document_detail(road.context.database, k)) and d.summary.status == "done"
    )
    unit, batch, document_id = key.split("/")
    ref = BatchRef(unit, batch)
    before = set((road.folder / "archive" / key).rglob("*.pdf"))
    order_rerun(road.context, ref, [document_id], "sign", reason="test")
    report = Runner(road.context).run_batch(ref, [document_id])
    after = set((road.folder / "archive" / key).rglob("*.pdf"))
    assert report.worked == 1
    assert before < after
    assert {p.parent.name for p in after - before} == {"signed_pdf"}, "only what stands below the stage is redone"
    detail = document_detail(road.context.database, key)
    assert detail is not None
    current = [a for a in detail.artefacts if a.current and a.artefact.kind == ArtefactKind.SIGNED_PDF]
    assert len(current) == 1
    assert Path(current[0].artefact.key).name in {p.name for p in after - before}


def test_the_database_can_be_rebuilt_from_the_store(road: Road, tmp_path: Path) -> None:
    from pipeline.context import Context
    from pipeline.upkeep import rebuild

    fresh = Context(road.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/again.db"}))
    rebuild(fresh)
    old, new = totals(road.context.database), totals(fresh.database)
    assert (new.received, new.digitized, new.signed, new.indexed, new.needs_review, new.refused) == (
        old.received,
        old.digitized,
        old.signed,
        old.indexed,
        old.needs_review,
        old.refused,
    )
    fresh.database.dispose()


def test_audit_finds_one_changed_byte_and_one_lost_file(road: Road) -> None:
    from pipeline.upkeep import audit

    files = signed_files(road)
    changed, lost = files[0], files[-1]
    whole = changed.read_bytes()
    hidden = lost.with_suffix(".hidden")
    changed.chmod(0o600)
    try:
        changed.write_bytes(whole[:-10] + bytes([whole[-10] ^ 1]) + whole[-9:])
        lost.rename(hidden)
        count, damages = audit(road.context)
    finally:
        changed.write_bytes(whole)
        hidden.rename(lost)
    assert count > len(files)
    assert {(d.kind, Path(d.artefact.key).name) for d in damages} == {
        ("changed", changed.name),
        ("missing", lost.name),
    }
    assert audit(road.context)[1] == []


def test_the_batch_page_groups_what_stopped(road: Road) -> None:
    key, truth = road.truth_of("encrypted_pdf")
    detail = batch_detail(road.context.database, key.rpartition("/")[0])
    assert detail is not None
    group = next(g for g in detail.failures if g.code == "encrypted")
    assert [d.document_id for d in group.documents] == [truth.document_id]

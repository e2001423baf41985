"""Drops that are mended, changed and doubled: nothing lost, nothing twice, and always a way forward for staff."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from manifests.documents import BatchRef, DocumentEntry
from manifests.manifest import read_manifest, write_manifest
from pipeline.intake import ready_batches, require_ready
from warehouse.documents import document_detail

Page = Callable[[int], bytes]


def entries(lab: Any, ref: BatchRef) -> list[DocumentEntry]:
    return list(read_manifest(lab.folder / "intake" / ref.key / "manifest.csv", home=ref.unit_code).entries)


def codes(report: Any) -> set[tuple[str | None, str]]:
    return {(f.document_id, f.code) for f in report.receipt.faults if f.severity == "error"}


def test_a_document_never_finished_may_be_delivered_better_under_its_own_id(lab: Any, make_page: Page) -> None:
    bad = make_page(1)[:-40]  # the door lets a truncated PNG through; capture does not
    ref = lab.drop("L1", {"HS-1": bad})
    first = lab.run(ref)
    assert [o.stage for o in first.quarantined] == ["assemble"] or codes(first)
    lab.drop("L1", {"HS-1": 1})
    second = lab.run(ref)
    assert (second.worked, codes(second), second.quarantined) == (1, set(), ())
    detail = document_detail(lab.context.database, f"{ref.key}/HS-1")
    current = [a.artefact.sha256 for a in detail.artefacts if a.current and a.artefact.kind == "original"]
    assert current == [hashlib.sha256(make_page(1)).hexdigest()]


def test_a_receive_killed_half_way_does_not_hold_its_scans_against_staff(lab: Any, make_page: Page) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    # what a killed run leaves: the original, and no receipt
    lab.context.archive.put_bytes(f"{ref.key}/HS-1/original/0001-HS-1.png", make_page(7))
    report = lab.run(ref)
    assert (report.worked, codes(report)) == (1, set())


def test_a_finished_document_is_not_replaced(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    lab.run(ref)
    lab.drop("L1", {"HS-1": 2})
    assert codes(lab.run(ref)) == {("HS-1", "content_changed")}
    assert lab.totals().digitized == 1


def test_a_file_that_was_only_renamed_is_the_same_content(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    lab.run(ref)
    target = lab.folder / "intake" / ref.key
    (target / "HS-1.png").rename(target / "trang đầu.png")
    lab.write(ref, [replace(e, files=("trang đầu.png",)) for e in entries(lab, ref)])
    report = lab.run(ref)
    assert (codes(report), report.untouched) == (set(), 1)
    assert len(list((lab.folder / "archive" / ref.key / "HS-1" / "original").iterdir())) == 1


def test_scans_given_to_the_wrong_documents_may_be_swapped_before_they_are_finished(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    lab.run(ref, [])  # received, not yet worked on
    lab.drop("L1", {"HS-1": 2, "HS-2": 1})
    report = lab.run(ref)
    assert (report.worked, codes(report)) == (2, set())


def test_the_same_scan_received_in_two_batches_at_one_moment_becomes_one_document(lab: Any) -> None:
    refs = [lab.drop(name, {"HS-1": 1, "HS-2": number}) for number, name in ((2, "L1"), (3, "L2"))]
    lab.context.ledger  # noqa: B018 - the database is made before the threads meet
    gate = threading.Barrier(2)
    reports: list[Any] = []

    def receive(ref: BatchRef) -> None:
        from pipeline.context import Context
        from pipeline.ledger import Ledger
        from pipeline.runner import Runner

        class Late(Ledger):
            """Both batches look for what is archived before either has told."""

            def batch_received(self, receipt: Any) -> None:
                gate.wait(30)
                super().batch_received(receipt)

        context = Context(lab.settings)
        context.__dict__["ledger"] = Late(context.database)
        reports.append(Runner(context).receive(ref)[0])

    threads = [threading.Thread(target=receive, args=(ref,)) for ref in refs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    accepted = [d.key for receipt in reports for d in receipt.documents]
    assert len(accepted) == 3, accepted
    refused = [f.code for receipt in reports for f in receipt.faults if f.severity == "error"]
    assert refused == ["duplicate_in_archive"]


def test_content_of_a_refused_document_may_come_again_in_another_batch(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1}, pages=3)
    assert codes(lab.run(ref)) == {("HS-1", "page_count_mismatch")}
    other = lab.drop("L2", {"HS-9": 1})
    assert lab.run(other).worked == 1
    lab.write(ref, [replace(e, pages=1) for e in entries(lab, ref)])
    assert codes(lab.run(ref)) == {("HS-1", "duplicate_in_archive")}
    assert lab.totals().digitized == 1


def test_raising_a_limit_judges_the_drop_anew_and_redoes_nothing_that_is_done(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    small = lab.with_settings(max_megapixels=0.1)
    assert codes(small.run(ref)) == {("HS-1", "image_too_large")}
    assert lab.run(ref).worked == 1
    assert lab.with_settings(max_megapixels=500.0, max_pages=9).run(ref).worked == 0


def test_a_local_drop_is_checked_where_it_lies(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    target = lab.folder / "intake" / ref.key
    (target / "HS-2.png").rename(lab.folder / "elsewhere.png")
    (target / "HS-2.png").symlink_to(lab.folder / "elsewhere.png")
    (target / "pipe").symlink_to("/dev/zero")
    report = lab.run(ref)
    assert codes(report) == {("HS-2", "unsafe_path")}
    assert report.worked == 1


@pytest.mark.parametrize("name", ["lô số 1", "Lo\u0302 tháng 3", "x" * 200, "a'b\"c;%20#?&"])
def test_a_batch_may_be_called_what_people_call_it(lab: Any, name: str) -> None:
    lab.drop(name, {"HS-1": 1})
    (ref,) = ready_batches(lab.context.intake)
    assert require_ready(lab.context.intake, f"00256/{name}") == ref
    report = lab.run(ref)
    assert report.worked == 1, report.receipt.faults
    assert lab.run(ref).worked == 0


def test_a_mac_writes_names_in_parts_and_a_manifest_whole(lab: Any, make_page: Page) -> None:
    ref = lab.drop("L1", {})
    target = lab.folder / "intake" / ref.key
    (target / "giấy tờ").mkdir()
    (target / "giấy tờ" / "Nguye\u0302\u0303n.png").write_bytes(make_page(1))
    digest = hashlib.sha256(make_page(1)).hexdigest()
    entry = DocumentEntry("HS-1", ("giấy tờ/Nguyễn.png",), (digest,), 1, "birth", "00256", 2019)
    write_manifest(target / "manifest.csv", [entry])
    lab.touch(ref)
    report = lab.run(ref)
    assert (report.worked, codes(report)) == (1, set())


def test_a_file_that_changes_while_it_is_received_is_told(lab: Any, make_page: Page, tmp_path: Path) -> None:
    from pipeline.context import Context
    from pipeline.stores.folder import FolderStore

    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})

    class Busy(FolderStore):
        """Somebody saves over HS-2 after it was checked, before it is copied."""

        def put_file(self, key: str, path: Path, *, sha256: str | None = None) -> Any:
            if path.name == "HS-2.png":
                path.write_bytes(make_page(9))
            return super().put_file(key, path, sha256=sha256)

    context = Context(lab.settings)
    context.__dict__["archive"] = Busy(lab.folder / "archive")
    lab.context = context
    report = lab.run(ref)
    assert codes(report) == {("HS-2", "file_still_changing")}
    assert report.worked == 1

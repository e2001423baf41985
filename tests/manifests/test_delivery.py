from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from manifests.delivery import DeliveryReport, ScanFacts, check_delivery
from manifests.documents import BatchRef
from manifests.manifest import write_manifest
from manifests.reasons import Fault, Severity
from manifests.serial import from_json, to_json

Drop = Any  # the class in conftest.py


def codes(report: DeliveryReport) -> list[tuple[str | None, str]]:
    return [(fault.document_id, fault.code) for fault in report.faults]


def only(report: DeliveryReport) -> Fault:
    assert len(report.faults) == 1, report.faults
    return report.faults[0]


def test_a_good_drop_goes_on_without_a_word(drop: Drop) -> None:
    entries = [drop.document("A", pages=3), drop.document("B")]
    (drop.folder / "_READY").touch()
    report = drop.check()
    assert report.faults == ()
    assert [document.entry.document_id for document in report.accepted] == ["A", "B"]
    assert report.accepted[0].entry.files == entries[0].files
    assert report.accepted[0].files == (ScanFacts("application/pdf", 3),)
    assert not report.blocked and report.refused == {}
    assert report.manifest_sha256 == hashlib.sha256((drop.folder / "manifest.csv").read_bytes()).hexdigest()


def test_a_report_survives_json(drop: Drop) -> None:
    drop.document("A", signed=True)
    drop.document("B", problem="encrypted")
    report = drop.check()
    assert from_json(DeliveryReport, to_json(report)) == report


def test_progress_is_told_document_by_document(drop: Drop) -> None:
    drop.document("A")
    drop.document("B", problem="unreadable")
    seen: list[str] = []
    drop.check(progress=lambda entry: seen.append(entry.document_id))
    assert seen == ["A", "B"]


def test_one_bad_document_does_not_stop_the_others(drop: Drop) -> None:
    drop.document("A")
    drop.document("B")
    drop.document("C")
    drop.change(1, sha256=("0" * 64,))
    report = drop.check()
    assert [document.entry.document_id for document in report.accepted] == ["A", "C"]
    assert codes(report) == [("B", "checksum_mismatch")]
    fault = only(report)
    assert (fault.file, fault.row) == ("B.pdf", 3)
    assert fault.data["declared"] == "0" * 64 and len(fault.data["found"]) == 64
    assert set(report.refused) == {"B"}


def test_an_upper_case_checksum_is_the_same_checksum(drop: Drop) -> None:
    entry = drop.document("A")
    drop.change(0, sha256=(entry.sha256[0].upper(),))
    assert drop.check().faults == ()


@pytest.mark.parametrize(("declared", "word"), [(4, "thiếu 1"), (2, "thừa 1")])
def test_fewer_and_more_pages_than_declared_are_refused_with_both_counts(
    drop: Drop, declared: int, word: str
) -> None:
    first, second = drop.scan("a.pdf", pages=2), drop.scan("b.pdf", pages=1)
    drop.document("A")
    (drop.folder / "A.pdf").unlink()
    drop.change(0, files=("a.pdf", "b.pdf"), sha256=(first, second), pages=declared)
    fault = only(drop.check())
    assert fault.code == "page_count_mismatch" and fault.document_id == "A"
    assert fault.data == {"declared": str(declared), "found": "3"}
    assert f"manifest ghi {declared} trang, tệp có 3 trang" in fault.detail and word in fault.detail


def test_a_missing_file_is_named_and_an_unlisted_one_is_only_a_warning(drop: Drop) -> None:
    drop.document("A")
    drop.scan("A-2.pdf")
    (drop.folder / "A.pdf").unlink()
    report = drop.check()
    assert codes(report) == [(None, "file_unlisted"), ("A", "file_missing")]
    assert [(fault.file, fault.severity) for fault in report.faults] == [
        ("A-2.pdf", Severity.WARNING),
        ("A.pdf", Severity.ERROR),
    ]
    assert not report.blocked


def test_files_of_a_row_with_an_error_are_not_also_told_as_unlisted(drop: Drop) -> None:
    drop.document("A")
    drop.change(0, year=1800)
    assert codes(drop.check()) == [("A", "value_invalid")]


def test_what_operating_systems_leave_behind_is_not_told(drop: Drop) -> None:
    drop.document("A")
    for name in ("Thumbs.db", ".DS_Store", "desktop.ini", "~$manifest.xlsx", "._A.pdf"):
        (drop.folder / name).write_bytes(b"x")
    assert drop.check().faults == ()


@pytest.mark.parametrize(
    "problem", ["encrypted", "unreadable", "unsupported_format", "image_too_large", "too_many_pages"]
)
def test_what_the_probe_finds_refuses_the_document_under_its_own_code(drop: Drop, problem: str) -> None:
    drop.document("A", problem=problem, detail="chi tiết")
    fault = only(drop.check())
    assert (fault.code, fault.detail, fault.file) == (problem, "chi tiết", "A.pdf")


def test_a_problem_nobody_has_words_for_is_still_told(drop: Drop) -> None:
    drop.document("A", problem="martian")
    assert only(drop.check()).code == "internal_error"


def test_an_empty_file_is_told_as_empty_not_as_a_wrong_checksum(drop: Drop) -> None:
    drop.document("A")
    (drop.folder / "A.pdf").write_bytes(b"")
    assert only(drop.check()).code == "file_empty"


def test_signed_low_dpi_and_junk_text_are_warnings_of_an_accepted_document(drop: Drop) -> None:
    drop.document("A", signed=True, flags=["low_dpi", "junk_text_layer", "blur"])
    report = drop.check()
    assert codes(report) == [("A", "already_signed"), ("A", "low_dpi"), ("A", "junk_text_layer")]
    (document,) = report.accepted
    assert document.warnings == report.faults
    assert {fault.severity for fault in document.warnings} == {Severity.WARNING}


def test_a_warning_of_the_manifest_stays_with_its_document(drop: Drop) -> None:
    drop.document("A")
    write_manifest(drop.folder / "manifest.csv", drop.entries)
    path = drop.folder / "manifest.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace("00256", "256"), encoding="utf-8")
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("application/pdf", 1))
    (document,) = report.accepted
    assert document.entry.unit_code == "00256"
    assert [fault.code for fault in document.warnings] == ["value_adjusted"]


# --- duplicates


def test_the_later_of_two_equal_documents_is_refused_and_names_the_first(drop: Drop) -> None:
    drop.document("A", salt="same")
    drop.document("B", salt="same")
    report = drop.check()
    assert [document.entry.document_id for document in report.accepted] == ["A"]
    fault = only(report)
    assert (fault.document_id, fault.code, fault.data) == ("B", "duplicate_in_batch", {"document_id": "A"})


def test_the_same_pages_in_another_order_are_the_same_document(drop: Drop) -> None:
    one, two = drop.scan("1.pdf"), drop.scan("2.pdf")
    for document_id, names in (("A", ("1.pdf", "2.pdf")), ("B", ("2.pdf", "1.pdf"))):
        drop.document(document_id)
        (drop.folder / f"{document_id}.pdf").unlink()
        digests = tuple({"1.pdf": one, "2.pdf": two}[name] for name in names)
        drop.change(-1, files=names, sha256=digests, pages=2)
    assert codes(drop.check()) == [("B", "duplicate_in_batch")]


def test_a_shared_file_alone_is_a_warning_naming_the_other_document(drop: Drop) -> None:
    shared, own = drop.scan("cover.pdf"), drop.scan("own.pdf")
    drop.document("A")
    drop.document("B")
    for index, document_id in enumerate("AB"):
        (drop.folder / f"{document_id}.pdf").unlink()
        drop.change(index, files=("cover.pdf",), sha256=(shared,))
    drop.change(1, files=("cover.pdf", "own.pdf"), sha256=(shared, own), pages=2)
    report = drop.check()
    assert codes(report) == [("B", "file_shared")]
    assert "hồ sơ A" in report.faults[0].detail
    assert len(report.accepted) == 2


def test_one_page_delivered_twice_inside_a_document_is_told(drop: Drop) -> None:
    digest = drop.scan("1.pdf", salt="x")
    drop.scan("2.pdf", salt="x")
    drop.document("A")
    (drop.folder / "A.pdf").unlink()
    drop.change(0, files=("1.pdf", "2.pdf"), sha256=(digest, digest), pages=2)
    report = drop.check()
    assert codes(report) == [("A", "file_shared"), ("A", "file_shared")]
    assert len(report.accepted) == 1


def test_a_document_archived_before_under_another_key_is_refused(drop: Drop) -> None:
    entry = drop.document("A")
    archive = {entry.sha256[0]: "00256/2024-01/X-9"}
    fault = only(drop.check(known=archive.get))
    assert fault.code == "duplicate_in_archive"
    assert fault.data == {"document_key": "00256/2024-01/X-9"} and "00256/2024-01/X-9" in fault.detail


def test_running_a_drop_again_is_not_a_duplicate_of_itself(drop: Drop) -> None:
    entry = drop.document("A")
    assert drop.check(known={entry.sha256[0]: "00256/2025-03-A/A"}.get).faults == ()


def test_a_single_archived_file_in_a_new_document_is_a_warning(drop: Drop) -> None:
    old, new = drop.scan("1.pdf"), drop.scan("2.pdf")
    drop.document("A")
    (drop.folder / "A.pdf").unlink()
    drop.change(0, files=("1.pdf", "2.pdf"), sha256=(old, new), pages=2)
    report = drop.check(known={old: "00256/2024-01/X-9"}.get)
    assert codes(report) == [("A", "file_shared")]
    assert report.faults[0].severity is Severity.WARNING


# --- hostile folders


def test_links_are_refused_and_never_read(drop: Drop, tmp_path: Path) -> None:
    secret = tmp_path / "secret.pdf"
    drop.document("A")
    (drop.folder / "A.pdf").rename(secret)
    (drop.folder / "A.pdf").symlink_to(secret)
    assert only(drop.check()).code == "unsafe_path"


def test_a_file_behind_a_linked_folder_is_refused(drop: Drop, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    drop.document("A")
    (drop.folder / "A.pdf").rename(outside / "A.pdf")
    (drop.folder / "sub").symlink_to(outside)
    drop.change(0, files=("sub/A.pdf",))
    report = drop.check()
    assert ("A", "unsafe_path") in codes(report) and report.accepted == ()


def test_folders_and_pipes_are_no_scans(drop: Drop) -> None:
    drop.document("A")
    drop.document("B")
    (drop.folder / "A.pdf").unlink()
    (drop.folder / "A.pdf").mkdir()
    (drop.folder / "B.pdf").unlink()
    os.mkfifo(drop.folder / "B.pdf")
    assert codes(drop.check()) == [("A", "unsupported_format"), ("B", "unsupported_format")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_nobody_may_read_is_told_as_such(drop: Drop) -> None:
    drop.document("A")
    (drop.folder / "A.pdf").chmod(0)
    assert only(drop.check()).code == "file_not_readable"


def test_scans_may_lie_in_a_folder_of_the_drop(drop: Drop) -> None:
    drop.document("A")
    drop.change(0, files=("sub/A.pdf",), sha256=(drop.scan("sub/A.pdf"),))
    (drop.folder / "A.pdf").unlink()
    report = drop.check()
    assert report.faults == () and report.accepted[0].entry.files == ("sub/A.pdf",)


def test_a_name_written_on_a_mac_is_found_and_spelled_as_on_disk(drop: Drop) -> None:
    drop.document("A")
    on_disk = unicodedata.normalize("NFD", "Giấy khai sinh.pdf")
    drop.change(0, files=("Giấy khai sinh.pdf",), sha256=(drop.scan(on_disk, salt="x"),))
    (drop.folder / "A.pdf").unlink()
    report = drop.check()
    assert report.faults == ()
    assert report.accepted[0].entry.files == (on_disk,)


def test_a_name_that_differs_only_in_case_is_found_and_told(drop: Drop) -> None:
    drop.document("A")
    (drop.folder / "A.pdf").rename(drop.folder / "A.PDF")
    report = drop.check()
    assert codes(report) == [("A", "value_adjusted")]
    assert report.accepted[0].entry.files == ("A.PDF",)


def test_names_that_are_not_utf8_or_hold_escape_codes_cannot_harm_the_terminal(drop: Drop) -> None:
    drop.document("A")
    (Path(os.fsdecode(os.fsencode(drop.folder) + b"/caf\xe9.pdf"))).write_bytes(b"x")
    (drop.folder / "\x1b[2Jx.pdf").write_bytes(b"x")
    report = drop.check()
    for fault in report.faults:
        assert fault.code == "file_unlisted"
        assert fault.file is not None and fault.file.isprintable()
        fault.sentence().encode("utf-8")
    assert len(report.faults) == 2


def test_a_file_that_grows_while_it_is_read_is_told_as_still_changing(
    drop: Drop, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = drop.document("A")
    path = drop.folder / "A.pdf"
    real = hashlib.sha256

    class Growing:
        """A digest during whose making somebody goes on copying the file."""

        def __init__(self) -> None:
            self._digest = real()

        def update(self, chunk: bytes) -> None:
            self._digest.update(chunk)
            with path.open("ab") as stream:
                stream.write(b"more") if path.stat().st_size < 10_000 else None

        def hexdigest(self) -> str:
            return self._digest.hexdigest()

    write_manifest(drop.folder / "manifest.csv", [entry])
    monkeypatch.setattr("manifests.files.hashlib.sha256", Growing)
    from manifests.files import FileError, hash_file

    with pytest.raises(FileError) as caught:
        hash_file(path)
    assert caught.value.code == "file_still_changing"


# --- faults of the whole drop


def test_no_manifest_blocks_the_drop(drop: Drop) -> None:
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("", 1))
    assert codes(report) == [(None, "manifest_missing")]
    assert report.blocked and report.accepted == () and report.manifest_sha256 is None


def test_a_manifest_of_another_kind_is_named(drop: Drop) -> None:
    (drop.folder / "Manifest.ods").touch()
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("", 1))
    assert only(report).code == "manifest_missing" and only(report).detail == "chỉ có Manifest.ods"


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    report = check_delivery(tmp_path / "none", BatchRef("00256", "X"), probe=lambda path: ScanFacts("", 1))
    assert report.blocked and codes(report) == [(None, "file_not_readable")]
    assert only(report).detail == "thư mục none: không tồn tại"


def test_a_linked_manifest_is_not_followed(drop: Drop, tmp_path: Path) -> None:
    drop.document("A")
    write_manifest(tmp_path / "manifest.csv", drop.entries)
    (drop.folder / "manifest.csv").symlink_to(tmp_path / "manifest.csv")
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("", 1))
    assert report.blocked and codes(report) == [(None, "manifest_invalid")]


def test_missing_columns_block_the_drop(drop: Drop) -> None:
    drop.document("A")
    (drop.folder / "manifest.csv").write_text("document_id,files,pages\nA,A.pdf,1\n", encoding="utf-8")
    report = check_delivery(drop.folder, drop.ref, probe=lambda path: ScanFacts("", 1))
    assert report.blocked and report.accepted == ()
    assert {fault.code for fault in report.faults} == {"column_missing"}
    assert len(report.faults) == 4


def test_two_manifests_that_agree_are_one_and_two_that_differ_block(drop: Drop) -> None:
    drop.document("A")
    write_manifest(drop.folder / "manifest.xlsx", drop.entries, vietnamese=True)
    assert drop.check().faults == ()
    write_manifest(drop.folder / "manifest.xlsx", [])
    report = drop.check()
    assert report.blocked and codes(report) == [(None, "manifest_invalid")]


def test_a_folder_of_an_unknown_unit_is_a_warning(drop: Drop) -> None:
    drop.document("A")
    drop.ref = BatchRef("99999", "X")
    report = drop.check()
    assert codes(report) == [(None, "unknown_unit")]
    assert not report.blocked and len(report.accepted) == 1


def test_a_traversing_name_is_refused_and_the_rest_goes_on(drop: Drop, tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"secret")
    drop.document("A")
    drop.document("B")
    drop.change(0, files=("../x.pdf",))
    report = drop.check()
    assert report.refused["A"][0].code == "unsafe_path"
    assert [document.entry.document_id for document in report.accepted] == ["B"]


def test_what_the_probe_knows_of_missing_pages_is_told_with_the_count(drop: Drop) -> None:
    drop.document("A", pages=2, detail="trang 3 của tệp TIFF bị hỏng")
    drop.change(0, pages=3)
    assert only(drop.check()).detail == "manifest ghi 3 trang, tệp có 2 trang: thiếu 1; trang 3 của tệp TIFF bị hỏng"


def test_a_file_that_goes_away_before_it_is_looked_into_is_told(drop: Drop) -> None:
    drop.document("A")
    drop.document("B")
    write_manifest(drop.folder / "manifest.csv", drop.entries)

    def probe(path: Path) -> ScanFacts:
        if path.name == "A.pdf":
            path.unlink()
        return ScanFacts("application/pdf", 1 if path.read_bytes() else 0)

    report = check_delivery(drop.folder, drop.ref, probe=probe)
    assert codes(report) == [("A", "file_not_readable")]
    assert len(report.accepted) == 1

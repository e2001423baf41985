"""Which legal profile a document follows, what that redoes, and when a file's own signature is enough."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sample_road import sign_by

from manifests.documents import ArtefactKind, BatchRef, DocumentEntry
from pipeline.profile_orders import order_profile, ordered_profile
from pipeline.work.index import last_record
from signing.errors import ProfileError
from warehouse.progress import totals


def profile_of(lab: Any, ref: BatchRef) -> str:
    record = last_record(lab.context, f"{ref.key}/HS-1")
    assert record is not None
    return str(record.legal_profile)


def page_at(dpi: int, paper: tuple[int, int, int] = (252, 250, 240)) -> bytes:
    image = Image.new("RGB", (dpi * 6, dpi * 8), paper)
    image.paste((0, 0, 0), (dpi, 4 * dpi, 5 * dpi, 4 * dpi + dpi // 8))
    made = io.BytesIO()
    image.save(made, "PNG", dpi=(dpi, dpi))
    return made.getvalue()


@pytest.fixture
def signing(lab: Any) -> Any:
    return lab.with_settings(verapdf="no-verapdf")


@pytest.mark.parametrize(
    ("mapping", "chosen"),
    [
        ({}, "hotich-1437"),
        ({"00256": "nd30-2020"}, "nd30-2020"),
        ({"00256": "nd30-2020", "birth": "cv7197-2025"}, "cv7197-2025"),
        ({"birth": "cv7197-2025", "00256/birth": "nd30-2020"}, "nd30-2020"),
        ({"00999": "nd30-2020", "marriage": "nd30-2020"}, "hotich-1437"),
    ],
)
def test_the_nearest_choice_counts(signing: Any, mapping: dict[str, str], chosen: str) -> None:
    lab = signing.with_settings(legal_profiles=mapping)
    ref = lab.drop("2025-01", {"HS-1": 1})
    (document,) = lab.runner().receive(ref)[0].documents
    from pipeline.plan import choose_profile

    assert choose_profile(lab.settings, document, None) == chosen
    assert choose_profile(lab.settings, document, "tt02-2019") == "tt02-2019"


def test_a_profile_ordered_for_a_batch_holds_for_every_later_run(signing: Any) -> None:
    ref, other = signing.drop("2025-01", {"HS-1": 1}), signing.drop("2025-02", {"HS-1": 2})
    order_profile(signing.context, ref, "nd30-2020")
    order_profile(signing.context, ref, "nd30-2020")
    assert len(list((signing.folder / "archive" / ref.key / ".profiles").iterdir())) == 1
    assert signing.run(ref).worked == 1
    assert signing.run(other).worked == 1
    assert (profile_of(signing, ref), profile_of(signing, other)) == ("nd30-2020", "hotich-1437")
    assert signing.run(ref).worked == 0, "nothing to redo"
    order_profile(signing.context, ref, "hotich-1437")
    assert ordered_profile(signing.context, ref) == "hotich-1437"
    assert signing.run(ref).worked == 1, "another profile is other work"
    with pytest.raises(ProfileError, match="nd30-2020"):
        order_profile(signing.context, ref, "nd99")


def test_a_person_and_then_the_agency_sign_in_one_pass(signing: Any) -> None:
    lab = signing.with_settings(
        legal_profile="tt01-2023", agency_countersigns=True, converter="Nguyễn Thị Thử Nghiệm"
    )
    ref = lab.drop("2025-01", {"HS-1": page_at(200)})
    report = lab.run(ref)
    assert not report.quarantined, report.quarantined
    record = last_record(lab.context, f"{ref.key}/HS-1")
    assert record is not None
    assert len(record.signatures) == 2
    assert all(s.trusted for s in record.signatures)
    assert record.signatures[0].signer != record.signatures[1].signer


def test_a_scan_below_what_the_profile_lets_through_is_not_signed(signing: Any) -> None:
    strict = Path(signing.folder / "profiles")
    strict.mkdir()
    (strict / "strict.toml").write_text(
        'name = "strict"\nversion = "1"\ntitle = "Chặt"\nbased_on = "nd30-2020"\n\n[rules]\n'
        'min_dpi = { value = 300, source = "test", confirmed = true, on_breach = "refuse" }\n'
        'tolerated_dpi = { value = 300, source = "test", confirmed = true }\n',
        encoding="utf-8",
    )
    lab = signing.with_settings(profiles_folder=strict, legal_profile="strict")
    ref = lab.drop("2025-01", {"HS-1": 1})  # 75 dpi
    (stopped,) = lab.run(ref).quarantined
    assert stopped.reason_code == "low_dpi"
    assert not list((lab.folder / "archive").rglob("signed_pdf/*"))


@pytest.mark.parametrize(("profile", "signed"), [("tt01-2023", False), ("nd30-2020", True)])
def test_a_grey_scan_is_refused_or_told_as_the_profile_says(signing: Any, profile: str, signed: bool) -> None:
    lab = signing.with_settings(legal_profile=profile, converter="Nguyễn Thị Thử Nghiệm")
    ref = lab.drop("2025-01", {"HS-1": page_at(200, (255, 255, 255)), "HS-2": page_at(200)})
    report = lab.run(ref)
    assert [o.reason_code for o in report.quarantined] == ([] if signed else ["not_in_colour"])
    record = last_record(lab.context, f"{ref.key}/HS-1")
    if record is None:
        assert not signed
    else:
        (event,) = (e for e in record.events if e.type == "digital signature generation")
        assert "không quét màu" in event.detail
    assert last_record(lab.context, f"{ref.key}/HS-2") is not None


@pytest.fixture
def delivered_signed(lab: Any, tmp_path: Path) -> bytes:
    from fpdf import FPDF

    plain, target = tmp_path / "plain.pdf", tmp_path / "signed.pdf"
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica", size=20)
    pdf.cell(text="1234")
    pdf.output(str(plain))
    sign_by(lab.settings, plain, target)
    return target.read_bytes()


def drop_pdf(lab: Any, batch: str, content: bytes) -> tuple[BatchRef, str]:
    ref, digest = BatchRef("00256", batch), hashlib.sha256(content).hexdigest()
    target = lab.folder / "intake" / ref.key
    target.mkdir(parents=True)
    (target / "a.pdf").write_bytes(content)
    lab.write(ref, [DocumentEntry("HS-1", ("a.pdf",), (digest,), 1, "birth", "00256", 2019)])
    return ref, digest


def test_what_a_signature_has_to_cover_is_told_with_the_document(signing: Any) -> None:
    """A page full of print from edge to edge."""
    image = Image.new("RGB", (620, 877), (252, 250, 240))
    for top in range(0, 870, 9):
        for left in range(0, 610, 24):
            image.paste((20, 20, 20), (left, top, left + 18, top + 6))
    made = io.BytesIO()
    image.save(made, "PNG", dpi=(75, 75))
    lab = signing.with_settings(legal_profile="nd30-2020")
    ref = lab.drop("2025-11", {"HS-1": made.getvalue(), "HS-2": 3})
    assert lab.run(ref).worked == 2
    for document_id, covered in (("HS-1", True), ("HS-2", False)):
        record = last_record(lab.context, f"{ref.key}/{document_id}")
        assert record is not None
        (event,) = (e for e in record.events if e.detail.startswith("nd30-2020"))
        assert ("chữ ký hoặc con dấu che" in event.detail) is covered
        assert event.outcome == "warning"


def test_a_kept_file_answers_for_its_pages_as_any_copy_does(signing: Any, tmp_path: Path) -> None:
    """A grey scan of 75 dpi in a PDF that its own agency signed: cv7197-2025 lets none below 200 dpi through."""
    plain, target = tmp_path / "scan.pdf", tmp_path / "signed.pdf"
    Image.open(io.BytesIO(page_at(75))).convert("L").save(plain, "PDF", resolution=75)
    sign_by(signing.settings, plain, target)
    strict = signing.with_settings(legal_profile="cv7197-2025", signed_input="keep")
    ref, digest = drop_pdf(strict, "2025-10", target.read_bytes())
    (stopped,) = strict.run(ref).quarantined
    assert stopped.reason_code == "low_dpi"
    told = signing.with_settings(legal_profile="nd30-2020", signed_input="keep")
    assert told.run(ref).worked == 1
    record = last_record(told.context, f"{ref.key}/HS-1")
    assert record is not None
    (signed,) = (a for a in record.artefacts if a.kind == ArtefactKind.SIGNED_PDF)
    assert signed.sha256 == digest
    (event,) = (e for e in record.events if e.detail.startswith("nd30-2020"))
    assert event.outcome == "warning"
    assert "quy định: từ 200 dpi" in event.detail
    assert "không quét màu" in event.detail


@pytest.mark.parametrize(("rule", "kept"), [("keep", True), ("sign", False)])
def test_a_file_that_stands_on_its_own_signature_is_kept_or_signed_again(
    signing: Any, delivered_signed: bytes, rule: str, kept: bool
) -> None:
    lab = signing.with_settings(legal_profile="nd30-2020", signed_input=rule)
    ref, digest = drop_pdf(lab, "2025-09", delivered_signed)
    report = lab.run(ref)
    assert not report.quarantined, report.quarantined
    record = last_record(lab.context, f"{ref.key}/HS-1")
    assert record is not None
    (signed,) = (a for a in record.artefacts if a.kind == ArtefactKind.SIGNED_PDF)
    assert (signed.sha256 == digest) is kept
    assert record.input_signatures[0].trusted
    assert [s.signer for s in record.signatures]
    counted = totals(lab.context.database)
    assert (counted.signed, counted.digitized) == (1, 1)
    original = next(a for a in record.artefacts if a.kind == ArtefactKind.ORIGINAL)
    assert (lab.folder / "archive" / original.key).read_bytes() == delivered_signed

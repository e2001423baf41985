"""Signing without veraPDF, and delivered files whose signatures cannot be judged in time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from sample_road import sign_by

from manifests.documents import BatchRef, DocumentEntry
from pipeline.convert import _signatures
from pipeline.errors import ConfigurationError, Disposition, disposition
from pipeline.renewals import renew
from pipeline.work.index import last_record
from pipeline.work.receive import last_receipt


@pytest.mark.parametrize("proof", ["required", "when-available"])
def test_without_verapdf_signing_stops_or_goes_on_as_the_settings_say(lab: Any, proof: str) -> None:
    lab = lab.with_settings(legal_profile="nd30-2020", verapdf="no-verapdf", pdfa_proof=proof)
    ref = lab.drop("2025-01", {"HS-1": 1})
    if proof == "required":
        with pytest.raises(ConfigurationError, match="scripts/setup test") as stopped:
            lab.run(ref)
        assert disposition(stopped.value) is Disposition.HALT
        assert not list((lab.folder / "archive").rglob("signed_pdf/*"))
        return
    assert not lab.run(ref).quarantined
    record = last_record(lab.context, f"{ref.key}/HS-1")
    assert record is not None
    assert record.pdfa_verdict == "not_checked"
    with pytest.raises(ConfigurationError, match="scripts/setup test"):
        renew(lab.with_settings(pdfa_proof="required").context, days=100 * 365)


def test_an_unsigned_profile_needs_no_proof(lab: Any) -> None:
    lab = lab.with_settings(verapdf="no-verapdf", pdfa_proof="required")
    assert lab.run(lab.drop("2025-01", {"HS-1": 1})).worked == 1


@pytest.fixture
def stranger(lab: Any, tmp_path: Path) -> Path:
    from fpdf import FPDF

    plain, target = tmp_path / "plain.pdf", tmp_path / "signed.pdf"
    pdf = FPDF()
    pdf.add_page()
    pdf.output(str(plain))
    sign_by(lab.settings, plain, target)
    return target


def test_a_file_that_takes_too_long_is_told_and_the_batch_goes_on(lab: Any, stranger: Path) -> None:
    lab = lab.with_settings(examine_timeout=0.001)
    ref = BatchRef("00256", "2025-09")
    target = lab.folder / "intake" / ref.key
    target.mkdir(parents=True)
    content = stranger.read_bytes()
    (target / "a.pdf").write_bytes(content)
    entry = DocumentEntry("HS-1", ("a.pdf",), (hashlib.sha256(content).hexdigest(),), 1, "birth", "00256", 2019)
    lab.write(ref, [entry])
    report = lab.run(ref)
    assert report.worked == 1
    receipt = last_receipt(lab.context.archive, ref)
    assert receipt is not None
    (fault,) = (fault for fault in receipt.faults if fault.code == "input_signature_broken")
    assert "not examined within" in fault.detail
    (original,) = receipt.documents[0].originals
    assert (lab.folder / "archive" / original.key).read_bytes() == content


def test_convert_tells_a_signature_nobody_could_judge(lab: Any, stranger: Path) -> None:
    (hasty,) = _signatures([stranger], lab.with_settings(examine_timeout=0.001).settings)
    assert not hasty.intact
    assert "not examined within" in hasty.summary
    (judged,) = _signatures([stranger], lab.settings)
    assert judged.intact

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest
from service_tools import TOOLS

from signing.keys import Signer
from signing.pdfa import PdfaStatus, PdfaValidator
from signing.profiles import find_profile
from signing.sign import SigningDetails, sign_pdf

DETAILS = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm", person="Nguyễn Thị Thử Nghiệm")


@pytest.fixture
def validator(verapdf: object) -> PdfaValidator:
    return PdfaValidator(TOOLS / "verapdf")


@pytest.mark.verapdf
def test_pdfa_stays_pdfa_through_two_signatures(
    validator: PdfaValidator,
    pdfa: Path,
    person: Signer,
    agency: Signer,
    timestamper: Any,
    tmp_path: Path,
) -> None:
    once, twice = tmp_path / "một chữ ký.pdf", tmp_path / "hai chữ ký.pdf"
    first, second = find_profile("tt01-2023"), find_profile("nd30-2020")
    sign_pdf(pdfa, once, profile=first, signer=person, timestamper=timestamper, details=DETAILS)
    sign_pdf(once, twice, profile=second, signer=agency, timestamper=timestamper, details=DETAILS)
    verdicts = validator.validate([pdfa, once, twice])
    assert list(verdicts) == [pdfa, once, twice]
    assert {verdict.detail for verdict in verdicts.values()} == {""}
    assert {verdict.status for verdict in verdicts.values()} == {PdfaStatus.VALID}
    assert {verdict.flavour for verdict in verdicts.values()} == {"2u"}


@pytest.mark.verapdf
def test_broken_missing_and_other_files(validator: PdfaValidator, pdfa: Path, tmp_path: Path) -> None:
    plain, garbage, missing = tmp_path / "plain.pdf", tmp_path / "garbage", tmp_path / "missing.pdf"
    from fpdf import FPDF

    document = FPDF()
    document.add_page()
    document.output(str(plain))
    garbage.write_bytes(b"%PDF-1.7\nno more")
    verdicts = validator.validate([garbage, plain, missing, pdfa])
    assert [verdict.status.value for verdict in verdicts.values()] == ["invalid", "invalid", "not_checked", "valid"]
    assert verdicts[plain].detail, "the broken rule is named"
    assert all(verdict.valid is (path == pdfa) for path, verdict in verdicts.items())


@pytest.mark.verapdf
def test_one_file_that_kills_the_tool_costs_only_its_own_verdict(
    validator: PdfaValidator, pdfa: Path, tmp_path: Path
) -> None:
    poison = tmp_path / "poison.pdf"
    poison.write_bytes(pdfa.read_bytes())
    script = tmp_path / "dying-verapdf"
    assert validator.command is not None
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *poison*) kill -9 $$;; esac\nexec {shlex.join(validator.command)} "$@"\n'
    )
    script.chmod(0o755)
    others = [tmp_path / f"{number}.pdf" for number in range(2)]
    for other in others:
        other.write_bytes(pdfa.read_bytes())
    verdicts = PdfaValidator(script).validate([others[0], poison, others[1]])
    assert [verdict.status.value for verdict in verdicts.values()] == ["valid", "not_checked", "valid"]


def test_without_the_tool_nothing_is_called_valid(
    pdfa: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOHOA_VERAPDF", str(tmp_path / "nowhere"))
    validator = PdfaValidator()
    assert not validator.available
    verdict = validator.validate([pdfa])[pdfa]
    assert verdict.status is PdfaStatus.NOT_CHECKED
    assert not verdict.valid
    assert "not installed" in verdict.detail

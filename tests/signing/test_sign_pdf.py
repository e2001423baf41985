from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

from signing.errors import CertificateExpiredError, ProfileError, UnsignableError, UnsignedProfileError
from signing.keys import Signer
from signing.profiles import find_profile
from signing.settings import TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.verify import verify_pdf

NAME = "Ủy ban nhân dân phường Hai Bà Trưng, thành phố Hà Nội"
DETAILS = SigningDetails(agency=NAME, person="Nguyễn Thị Thử Nghiệm")


def run(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def signed(pdfa: Path, agency: Signer, timestamper: Any, tmp_path: Path) -> Path:
    target = tmp_path / "signed.pdf"
    sign_pdf(pdfa, target, profile=find_profile("nd30-2020"), signer=agency, timestamper=timestamper, details=DETAILS)
    return target


def test_the_signature_is_pades_with_sha256_over_the_whole_file(signed: Path) -> None:
    said = run("pdfsig", "-nocert", str(signed))
    assert "Signature Type: ETSI.CAdES.detached" in said
    assert "Signing Hash Algorithm: SHA-256" in said
    assert "Total document signed" in said
    assert "Signature Validation: Signature is Valid." in said


def test_our_verdict_on_it(signed: Path, trust: TrustSettings, agency: Signer) -> None:
    (fact,) = verify_pdf(signed, trust=trust)
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, True)
    assert fact.level == "B-T"
    assert fact.covers_whole_file
    assert not fact.legally_valid
    assert fact.signer == agency.subject
    assert fact.timestamp_at is not None
    assert fact.timestamp_at.tzinfo is not None


def test_the_source_is_kept_byte_for_byte_at_the_front(pdfa: Path, signed: Path) -> None:
    source = pdfa.read_bytes()
    assert signed.read_bytes()[: len(source)] == source


def test_nothing_else_is_left_in_the_folder(signed: Path) -> None:
    assert [path.name for path in signed.parent.iterdir()] == ["signed.pdf"]


def test_the_text_block_says_what_nd30_asks_for(pdfa: Path, agency: Signer, timestamper: Any, tmp_path: Path) -> None:
    at = dt.datetime.now(dt.UTC).replace(microsecond=0)
    target = tmp_path / "block.pdf"
    details = SigningDetails(agency=NAME, copy_form="TRÍCH SAO", at=at)
    sign_pdf(pdfa, target, profile=find_profile("nd30-2020"), signer=agency, timestamper=timestamper, details=details)
    # Right half of the top fifth: the corner the rule names.
    corner = ("-x", "297", "-y", "0", "-W", "298", "-H", "90")
    text = " ".join(run("pdftotext", "-f", "1", "-l", "1", *corner, str(target), "-").split())
    local = at.astimezone(dt.timezone(dt.timedelta(hours=7)))
    assert text == f"TRÍCH SAO {NAME} {local:%d-%m-%Y %H:%M:%S} +07:00"


def test_every_font_is_embedded_and_cut_down(signed: Path) -> None:
    rows = run("pdffonts", str(signed)).splitlines()[2:]
    assert len(rows) == 2
    for row in rows:
        embedded, subset, unicode_map = row.split()[-5:-2]
        assert (embedded, subset, unicode_map) == ("yes", "yes", "yes"), row


def test_a_signed_file_is_never_overwritten(signed: Path, pdfa: Path, agency: Signer, timestamper: Any) -> None:
    before = hashlib.sha256(signed.read_bytes()).digest()
    with pytest.raises(FileExistsError):
        sign_pdf(
            pdfa, signed, profile=find_profile("nd30-2020"), signer=agency, timestamper=timestamper, details=DETAILS
        )
    assert hashlib.sha256(signed.read_bytes()).digest() == before


def test_an_unsigned_profile_refuses(pdfa: Path, agency: Signer, timestamper: Any, tmp_path: Path) -> None:
    with pytest.raises(UnsignedProfileError):
        sign_pdf(
            pdfa,
            tmp_path / "x.pdf",
            profile=find_profile("hotich-1437"),
            signer=agency,
            timestamper=timestamper,
            details=DETAILS,
        )
    assert not list(tmp_path.iterdir())


def test_a_person_s_profile_needs_the_person(pdfa: Path, person: Signer, timestamper: Any, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="name of the person"):
        sign_pdf(
            pdfa,
            tmp_path / "x.pdf",
            profile=find_profile("tt01-2023"),
            signer=person,
            timestamper=timestamper,
            details=SigningDetails(agency=NAME),
        )


def test_a_second_signature_leaves_the_first_one_good(
    pdfa: Path, person: Signer, agency: Signer, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.pdf", tmp_path / "2.pdf"
    sign_pdf(pdfa, first, profile=find_profile("tt01-2023"), signer=person, timestamper=timestamper, details=DETAILS)
    sign_pdf(
        first, second, profile=find_profile("nd30-2020"), signer=agency, timestamper=timestamper, details=DETAILS
    )
    facts = verify_pdf(second, trust=trust)
    assert [fact.signer for fact in facts] == [person.subject, agency.subject]
    assert [(fact.intact, fact.valid, fact.trusted) for fact in facts] == [(True, True, True)] * 2
    assert [fact.covers_whole_file for fact in facts] == [False, True]
    assert run("pdfsig", "-nocert", str(second)).count("Signature is Valid.") == 2


def test_a_missing_source_is_not_called_a_bad_document(agency: Signer, timestamper: Any, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sign_pdf(
            tmp_path / "gone.pdf",
            tmp_path / "out.pdf",
            profile=find_profile("nd30-2020"),
            signer=agency,
            timestamper=timestamper,
            details=DETAILS,
        )


@pytest.mark.parametrize("content", [b"", b"no pdf at all", b"%PDF-1.7\n%%EOF\n"])
def test_a_broken_source_is_unsignable_and_leaves_nothing(
    content: bytes, agency: Signer, timestamper: Any, tmp_path: Path
) -> None:
    source = tmp_path / "broken.pdf"
    source.write_bytes(content)
    with pytest.raises(UnsignableError) as caught:
        sign_pdf(
            source,
            tmp_path / "out.pdf",
            profile=find_profile("nd30-2020"),
            signer=agency,
            timestamper=timestamper,
            details=DETAILS,
        )
    assert caught.value.file == "broken.pdf"
    assert [path.name for path in tmp_path.iterdir()] == ["broken.pdf"]


def test_a_key_whose_certificate_ran_out_meanwhile_does_not_sign(
    pdfa: Path, agency: Signer, timestamper: Any, tmp_path: Path
) -> None:
    late = SigningDetails(agency=NAME, at=agency.not_after + dt.timedelta(seconds=1))
    with pytest.raises(CertificateExpiredError):
        sign_pdf(
            pdfa,
            tmp_path / "x.pdf",
            profile=find_profile("nd30-2020"),
            signer=agency,
            timestamper=timestamper,
            details=late,
        )

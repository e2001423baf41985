from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from signing.errors import SettingsError, SignatureInvalidError, TsaUnavailableError
from signing.keys import Signer
from signing.profiles import find_profile
from signing.settings import TimestampSettings, TrustSettings
from signing.sign import SigningDetails
from signing.stage import SigningTask, sign_document
from signing.timestamps import open_timestamper

DETAILS = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm", person="Nguyễn Thị Thử Nghiệm")


@pytest.fixture
def by_agency(agency: Signer) -> SigningTask:
    return SigningTask(find_profile("nd30-2020"), agency, DETAILS)


@pytest.fixture
def by_person(person: Signer) -> SigningTask:
    return SigningTask(find_profile("tt01-2023"), person, DETAILS)


def test_two_signatures_in_one_pass(
    pdfa: Path, by_person: SigningTask, by_agency: SigningTask, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    target = tmp_path / "out.pdf"
    facts = sign_document(pdfa, target, (by_person, by_agency), timestamper=timestamper, trust=trust).signatures
    assert [fact.signer for fact in facts] == [by_person.signer.subject, by_agency.signer.subject]
    assert all(fact.trusted and fact.level == "B-T" for fact in facts)
    assert [path.name for path in tmp_path.iterdir()] == ["out.pdf"]


def test_without_a_timestamper_the_level_is_b_b(
    pdfa: Path, by_agency: SigningTask, trust: TrustSettings, tmp_path: Path
) -> None:
    (fact,) = sign_document(pdfa, tmp_path / "out.pdf", (by_agency,), timestamper=None, trust=trust).signatures
    assert (fact.level, fact.timestamp_at, fact.trusted) == ("B-B", None, True)


def test_a_result_that_is_not_trusted_is_not_kept(
    pdfa: Path, by_agency: SigningTask, timestamper: Any, tmp_path: Path
) -> None:
    with pytest.raises(SignatureInvalidError, match="trusted root") as caught:
        sign_document(pdfa, tmp_path / "out.pdf", (by_agency,), timestamper=timestamper, trust=TrustSettings())
    assert caught.value.code == "signature_invalid"
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_when_the_second_signature_fails(
    pdfa: Path, by_person: SigningTask, by_agency: SigningTask, trust: TrustSettings, tmp_path: Path
) -> None:
    down = open_timestamper(TimestampSettings("http://127.0.0.1:9/", tries=1))
    with pytest.raises(TsaUnavailableError):
        sign_document(pdfa, tmp_path / "out.pdf", (by_person, by_agency), timestamper=down, trust=trust)
    assert not list(tmp_path.iterdir())


def test_an_input_signature_that_was_broken_is_not_sealed_with_a_good_one(
    pdfa: Path, by_person: SigningTask, by_agency: SigningTask, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    first = tmp_path / "first.pdf"
    sign_document(pdfa, first, (by_person,), timestamper=timestamper, trust=trust)
    data = bytearray(first.read_bytes())
    data[data.index(b"stream\n") + 40] ^= 1
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(data)
    with pytest.raises(SignatureInvalidError):
        sign_document(broken, tmp_path / "out.pdf", (by_agency,), timestamper=timestamper, trust=trust)
    assert not (tmp_path / "out.pdf").exists()


def test_a_signed_file_stands(
    pdfa: Path, by_agency: SigningTask, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    target = tmp_path / "out.pdf"
    target.write_bytes(b"the signed one")
    with pytest.raises(FileExistsError):
        sign_document(pdfa, target, (by_agency,), timestamper=timestamper, trust=trust)
    assert target.read_bytes() == b"the signed one"


def test_somebody_must_sign(pdfa: Path, trust: TrustSettings, tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        sign_document(pdfa, tmp_path / "out.pdf", (), timestamper=None, trust=trust)

from __future__ import annotations

import dataclasses
import datetime as dt
import multiprocessing
import stat
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from signing.errors import CertificateExpiredError, KeyUnavailableError, SettingsError, SigningError
from signing.keys import Signer, open_signer
from signing.settings import KeyKind, SignerSettings
from signing.throwaway_pki import TEST_MARK, ThrowawayPki, ensure_pki

SECRET = "Mật khẩu rất bí mật 123"


@pytest.fixture
def pki(agency: Signer, pki_folder: Path) -> ThrowawayPki:
    return ThrowawayPki(pki_folder)


def everything_it_says(fault: BaseException) -> str:
    return "".join(traceback.format_exception(fault)) + repr(fault) + str(vars(fault))


def test_the_test_key_is_named_worthless(agency: Signer, person: Signer) -> None:
    for signer in (agency, person):
        assert TEST_MARK in signer.subject
        assert not signer.legally_valid
        assert signer.not_after > dt.datetime.now(dt.UTC) + dt.timedelta(days=4 * 365)
    assert agency.subject != person.subject


def test_a_key_file_from_elsewhere_can_have_legal_value(pki: ThrowawayPki) -> None:
    settings = SignerSettings(
        KeyKind.PKCS12, pkcs12=pki.pkcs12("agency"), passphrase=SecretStr(pki.passphrase_file.read_text())
    )
    assert open_signer(settings).legally_valid


def test_names_fit_x509(pki: ThrowawayPki) -> None:
    from asn1crypto import pem, x509

    for file in pki.folder.glob("*.pem"):
        certificate = x509.Certificate.load(pem.unarmor(file.read_bytes())[2])
        assert len(certificate.subject.native["common_name"]) <= 64
        assert TEST_MARK in certificate.subject.native["organization_name"]


def test_a_wrong_passphrase_is_told_without_it(pki: ThrowawayPki) -> None:
    settings = SignerSettings(KeyKind.PKCS12, pkcs12=pki.pkcs12("agency"), passphrase=SecretStr(SECRET))
    with pytest.raises(KeyUnavailableError, match="wrong passphrase") as caught:
        open_signer(settings)
    assert SECRET not in everything_it_says(caught.value)
    assert SECRET not in repr(settings)
    assert SECRET not in str(dataclasses.asdict(settings))


def test_the_private_key_is_in_no_representation(agency: Signer, pki: ThrowawayPki) -> None:
    assert "driver" not in repr(agency)
    assert pki.passphrase_file.read_text() not in repr(agency)


@pytest.mark.parametrize("content", [b"", b"no key", bytes(4096)])
def test_a_file_that_is_no_key(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key.p12"
    path.write_bytes(content)
    with pytest.raises(KeyUnavailableError) as caught:
        open_signer(SignerSettings(KeyKind.PKCS12, pkcs12=path, passphrase=SecretStr(SECRET)))
    assert caught.value.code == "key_unavailable"
    assert SECRET not in everything_it_says(caught.value)


def test_a_missing_key_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match=r"gone\.p12"):
        open_signer(SignerSettings(KeyKind.PKCS12, pkcs12=tmp_path / "gone.p12", passphrase=SecretStr("x")))


def test_an_expired_certificate_halts_at_opening(pki_folder: Path) -> None:
    with pytest.raises(CertificateExpiredError) as caught:
        open_signer(SignerSettings(test_folder=pki_folder, test_identity="expired"))
    assert caught.value.code == "certificate_expired"
    assert caught.value.not_after < dt.datetime.now(dt.UTC)


def test_a_certificate_for_encryption_is_refused(pki_folder: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="not meant for signing"):
        open_signer(SignerSettings(test_folder=pki_folder, test_identity="encipher"))


@pytest.mark.parametrize(
    "settings",
    [
        SignerSettings(KeyKind.PKCS12),
        SignerSettings(KeyKind.TEST),
        SignerSettings(KeyKind.PKCS12, pkcs12=Path(__file__), passphrase_file=Path("nowhere") / "secret"),
    ],
)
def test_a_missing_setting_is_named(settings: SignerSettings) -> None:
    with pytest.raises(SettingsError) as caught:
        open_signer(settings)
    assert caught.value.setting in ("pkcs12", "test_folder", "passphrase_file")


def test_only_the_owner_reads_the_test_ca(pki: ThrowawayPki) -> None:
    files = [path for path in pki.folder.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700


def test_keys_on_disk_are_encrypted(pki: ThrowawayPki) -> None:
    keys = sorted((pki.folder / "keys").iterdir())
    assert len(keys) == 6
    assert all(key.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----") for key in keys)
    secret = pki.passphrase_file.read_text()
    assert secret not in (pki.folder / "pki.yaml").read_text()


def test_a_second_call_changes_nothing(pki: ThrowawayPki) -> None:
    before = {path: path.read_bytes() for path in pki.folder.rglob("*") if path.is_file()}
    ensure_pki(pki.folder)
    assert {path: path.read_bytes() for path in pki.folder.rglob("*") if path.is_file()} == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    (tmp_path / "ca" / "thesis.txt").write_text("do not touch")
    with pytest.raises(KeyUnavailableError, match="an empty or a new folder"):
        ensure_pki(tmp_path / "ca")
    assert [path.name for path in tmp_path.rglob("*")] == ["ca", "thesis.txt"]


def _make(folder: str, barrier: object) -> None:
    barrier.wait()  # type: ignore[attr-defined]
    ensure_pki(Path(folder))


def test_two_processes_at_first_use_share_one_ca(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    folder = tmp_path / "new" / "ca"
    racers = [context.Process(target=_make, args=(str(folder), barrier)) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(120)
    assert [racer.exitcode for racer in racers] == [0, 0]
    assert [path.name for path in folder.parent.iterdir()] == ["ca"], "the loser cleaned up"
    assert open_signer(SignerSettings(test_folder=folder)).subject


def test_every_error_has_a_known_code_and_a_next_step() -> None:
    from manifests.reasons import REASONS

    def all_below(kind: type[SigningError]) -> list[type[SigningError]]:
        return [kind, *(below for child in kind.__subclasses__() for below in all_below(child))]

    for kind in all_below(SigningError):
        assert kind.code in REASONS, kind.__name__

"""One contract for every kind of key: what signs is proven, holds in a PDF, serves threads and tells no secret."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from issued_keys import issue
from pydantic import SecretStr
from softhsm_service import PIN, KeyOnToken, SoftHsm

from signing.errors import CertificateExpiredError, KeyUnavailableError
from signing.keys import open_signer
from signing.profiles import find_profile
from signing.settings import KeyKind, SignerSettings, TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.throwaway_pki import ThrowawayPki
from signing.verify import verify_pdf

KINDS = [
    "test",
    "pkcs12-rsa",
    "pkcs12-p384",
    *(pytest.param(kind, marks=pytest.mark.token) for kind in ("pkcs11-rsa", "pkcs11-p256", "pkcs11-p384")),
]


@dataclass(frozen=True)
class Case:
    settings: SignerSettings
    name: str


@pytest.fixture(scope="module")
def cases(
    pki_folder: Path, trust: TrustSettings, tmp_path_factory: pytest.TempPathFactory, request: Any
) -> Callable[[str], Case]:
    """Settings of a kind of key, made once."""
    made: dict[str, Case] = {}
    pki, folder = ThrowawayPki(pki_folder), tmp_path_factory.mktemp("keys")

    def case(kind: str) -> Case:
        if kind not in made:
            made[kind] = make(*kind.partition("-")[::2])
        return made[kind]

    def make(place: str, algorithm: str) -> Case:
        if place == "test":
            return Case(SignerSettings(test_folder=pki_folder, test_identity="person"), "Người số hóa thử nghiệm")
        name = f"Cơ quan thử {place} {algorithm}"
        made_key = issue(pki, name, algorithm)
        if place == "pkcs12":
            file = made_key.write_pkcs12(folder / f"{algorithm}.p12", PIN)
            return Case(SignerSettings(KeyKind.PKCS12, pkcs12=file, passphrase=SecretStr(PIN)), name)
        hsm: SoftHsm = request.getfixturevalue("softhsm")
        label = f"contract {algorithm}"
        key = KeyOnToken("ký số", b"\x07", made_key.key_der, (made_key.certificate_der,))
        hsm.make_token(label, key, KeyOnToken("CA", b"\x08", None, (made_key.issuer_der,)))
        return Case(SignerSettings(KeyKind.PKCS11, module=hsm.module, token=label, passphrase=SecretStr(PIN)), name)

    return case


@pytest.mark.parametrize("kind", KINDS)
def test_it_signs_a_pdf_that_holds(
    kind: str, cases: Callable[[str], Case], pdfa: Path, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    case = cases(kind)
    with open_signer(case.settings) as signer:
        assert case.name in signer.subject
        assert signer.kind is case.settings.kind
        assert signer.legally_valid == (kind != "test")
        for number in range(2):
            sign_pdf(
                pdfa,
                tmp_path / f"{number}.pdf",
                profile=find_profile("nd30-2020"),
                signer=signer,
                timestamper=timestamper,
                details=SigningDetails(agency="Ủy ban nhân dân phường Thử"),
            )
    for number in range(2):
        (fact,) = verify_pdf(tmp_path / f"{number}.pdf", trust=trust)
        assert fact.intact, fact.summary
        assert fact.valid, fact.summary
        assert fact.trusted, fact.summary
        assert fact.signer == signer.subject


@pytest.mark.parametrize("kind", KINDS)
def test_threads_may_share_it(kind: str, cases: Callable[[str], Case]) -> None:
    with open_signer(cases(kind).settings) as signer, ThreadPoolExecutor(4) as pool:
        signatures = list(pool.map(lambda n: signer.driver.sign_raw(bytes([n]), "sha256"), range(40)))
    assert all(signatures)
    assert len(set(signatures)) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_it_opens_again_after_closing_and_beside_another(kind: str, cases: Callable[[str], Case]) -> None:
    settings = cases(kind).settings
    first, second = open_signer(settings), open_signer(settings)
    first.close()
    first.close()
    assert second.driver.sign_raw(b"still open", "sha256")
    second.close()
    with open_signer(settings) as again:
        assert again.driver.sign_raw(b"open again", "sha256")


def _sign_in_child(settings: SignerSettings, answer: Any) -> None:
    with open_signer(settings) as signer:
        answer.put(bool(signer.driver.sign_raw(b"child", "sha256")))


@pytest.mark.parametrize("kind", KINDS)
def test_a_forked_process_opens_it_for_itself(kind: str, cases: Callable[[str], Case]) -> None:
    settings = cases(kind).settings
    context = multiprocessing.get_context("fork")
    answer = context.Queue()
    with open_signer(settings) as signer:
        assert signer.driver.sign_raw(b"parent", "sha256")
        child = context.Process(target=_sign_in_child, args=(settings, answer))
        child.start()
        assert answer.get(timeout=60)
        child.join(60)
        assert child.exitcode == 0
        assert signer.driver.sign_raw(b"parent again", "sha256")


def test_a_key_with_another_keys_certificate_is_refused(
    pki_folder: Path, trust: TrustSettings, tmp_path: Path
) -> None:
    pki = ThrowawayPki(pki_folder)
    mixed = replace(issue(pki, "Một", "p256"), certificate=issue(pki, "Hai", "p256").certificate)
    with pytest.raises((KeyUnavailableError, ValueError)):
        file = mixed.write_pkcs12(tmp_path / "mixed.p12", PIN)
        open_signer(SignerSettings(KeyKind.PKCS12, pkcs12=file, passphrase=SecretStr(PIN)))


def test_a_certificate_of_tomorrow_does_not_sign_today(
    pki_folder: Path, trust: TrustSettings, tmp_path: Path
) -> None:
    file = issue(ThrowawayPki(pki_folder), "Mai", "p256", begin=1).write_pkcs12(tmp_path / "k.p12", PIN)
    with pytest.raises(CertificateExpiredError, match="Mai"):
        open_signer(SignerSettings(KeyKind.PKCS12, pkcs12=file, passphrase=SecretStr(PIN)))

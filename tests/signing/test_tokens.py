"""Tokens as they are in an office: pulled out, locked, with several keys, with the wrong PIN in the file."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from issued_keys import IssuedKey, issue
from pydantic import SecretStr
from softhsm_service import FINAL_TRY, LOCKED, PIN, KeyOnToken, SoftHsm

from pipeline.errors import Disposition, disposition
from signing.errors import (
    KeyUnavailableError,
    PinRefusedError,
    SettingsError,
    SigningError,
    TokenAbsentError,
    TokenLockedError,
)
from signing.keys import open_signer
from signing.profiles import SignerKind, find_profile
from signing.settings import KeyKind, SignerSettings, TrustSettings
from signing.sign import SigningDetails
from signing.stage import sign_document, signing_tasks
from signing.throwaway_pki import ThrowawayPki

pytestmark = pytest.mark.token
WRONG = "Sai-Ma-Pin-5518"
DETAILS = SigningDetails(agency="Ủy ban nhân dân phường Thử", person="Nguyễn Thị Thử")


@pytest.fixture(scope="module")
def pki(pki_folder: Path, trust: TrustSettings) -> ThrowawayPki:
    return ThrowawayPki(pki_folder)


@pytest.fixture(scope="module")
def agency_key(pki: ThrowawayPki) -> IssuedKey:
    return issue(pki, "Cơ quan trên thiết bị", "p256")


@pytest.fixture(scope="module")
def person_key(pki: ThrowawayPki) -> IssuedKey:
    return issue(pki, "Người số hóa trên thiết bị", "p256")


def on_token(label: str, identifier: bytes, made: IssuedKey, **other: Any) -> KeyOnToken:
    return KeyOnToken(label, identifier, made.key_der, (made.certificate_der, made.issuer_der), **other)


@pytest.fixture(scope="module")
def settings(softhsm: SoftHsm, agency_key: IssuedKey) -> SignerSettings:
    softhsm.make_token("co quan", on_token("ký số", b"\x01", agency_key))
    return SignerSettings(KeyKind.PKCS11, module=softhsm.module, token="co quan", passphrase=SecretStr(PIN))


@contextmanager
def pulled_out(hsm: SoftHsm) -> Iterator[None]:
    """All tokens away, as when the hub they hang on loses its plug."""
    away = hsm.folder.with_name("away")
    hsm.folder.rename(away)
    try:
        yield
    finally:
        away.rename(hsm.folder)


def everything_it_says(fault: BaseException) -> str:
    """The error with all that a crash reporter could see: causes, hidden ones too, and every local variable."""
    told, chain = "", [fault]
    while chain:
        each = chain.pop()
        told += "".join(traceback.format_exception(each)) + repr(each) + str(vars(each))
        for frame, _ in traceback.walk_tb(each.__traceback__):
            here = frame.f_code.co_filename == __file__
            told += "".join(safe_repr(value) for value in frame.f_locals.values()) if not here else ""
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
    return told


def safe_repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as fault:  # a handle of a token that is away
        return repr(fault)


def test_pulled_out_in_mid_batch_it_is_tried_again_and_nothing_is_half_signed(
    softhsm: SoftHsm, settings: SignerSettings, pdfa: Path, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    with open_signer(settings) as signer:
        tasks = signing_tasks(find_profile("nd30-2020"), lambda _: signer, DETAILS)
        sign_document(pdfa, tmp_path / "0.pdf", tasks, timestamper=timestamper, trust=trust)
        with pulled_out(softhsm):
            for _ in range(3):
                with pytest.raises(TokenAbsentError) as caught:
                    sign_document(pdfa, tmp_path / "1.pdf", tasks, timestamper=timestamper, trust=trust)
                assert disposition(caught.value) is Disposition.RETRY
                assert PIN not in everything_it_says(caught.value)
            assert [path.name for path in tmp_path.iterdir()] == ["0.pdf"]
            with pytest.raises(TokenAbsentError):
                open_signer(settings)
        facts = sign_document(pdfa, tmp_path / "1.pdf", tasks, timestamper=timestamper, trust=trust).signatures
    assert facts[0].intact
    assert facts[0].trusted


def test_another_token_of_the_module_survives_the_absence(softhsm: SoftHsm, settings: SignerSettings) -> None:
    with open_signer(settings) as first, open_signer(settings) as second:
        with pulled_out(softhsm), pytest.raises(TokenAbsentError):
            first.driver.sign_raw(b"away", "sha256")
        assert second.driver.sign_raw(b"back", "sha256")
        assert first.driver.sign_raw(b"back", "sha256")


def test_a_wrong_pin_halts_and_stays_secret(settings: SignerSettings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    wrong = replace(settings, passphrase=SecretStr(WRONG))
    with pytest.raises(PinRefusedError) as caught:
        open_signer(wrong)
    assert disposition(caught.value) is Disposition.HALT
    assert caught.value.code == "pin_refused"
    assert WRONG not in everything_it_says(caught.value) + caplog.text + repr(wrong)
    with pytest.raises(PinRefusedError, match="refused before"):
        open_signer(wrong)
    with open_signer(settings) as signer:
        assert signer.driver.sign_raw(b"the right one still opens it", "sha256")
        assert PIN not in repr(signer) + repr(signer.driver) + str(vars(signer.driver))


@pytest.mark.parametrize("secret", [None, SecretStr("")])
def test_a_token_without_its_pin_is_told(secret: SecretStr | None, settings: SignerSettings) -> None:
    with pytest.raises((SettingsError, PinRefusedError)):
        open_signer(replace(settings, passphrase=secret))


def test_the_pin_comes_from_a_file(settings: SignerSettings, tmp_path: Path) -> None:
    (tmp_path / "pin").write_text(PIN + "\n", encoding="utf-8")
    told = replace(settings, passphrase=None, passphrase_file=tmp_path / "pin")
    assert PIN not in repr(told)
    with open_signer(told) as signer:
        assert signer.subject == "Cơ quan trên thiết bị"


def test_a_locked_token_is_told_and_the_last_try_is_never_taken(softhsm: SoftHsm, agency_key: IssuedKey) -> None:
    folder = softhsm.make_token("khoa", on_token("k", b"\x01", agency_key))
    settings = SignerSettings(KeyKind.PKCS11, module=softhsm.module, token="khoa", passphrase=SecretStr(PIN))
    softhsm.set_flags(folder, FINAL_TRY)
    with pytest.raises(PinRefusedError, match="one try is left"):
        open_signer(settings)
    softhsm.set_flags(folder, FINAL_TRY | LOCKED)
    with pytest.raises(TokenLockedError, match="PUK") as caught:
        open_signer(settings)
    assert disposition(caught.value) is Disposition.HALT


def test_a_token_that_is_not_there_names_those_that_are(settings: SignerSettings) -> None:
    with pytest.raises(TokenAbsentError, match=r"tokens seen: .*'co quan'"):
        open_signer(replace(settings, token="khác"))


@pytest.mark.parametrize("module", ["nowhere.so", "/bin/true"])
def test_a_module_that_is_none_is_named(module: str, settings: SignerSettings, tmp_path: Path) -> None:
    with pytest.raises(KeyUnavailableError, match="PKCS#11 module") as caught:
        open_signer(replace(settings, module=tmp_path / module))
    assert disposition(caught.value) is Disposition.HALT


@pytest.fixture(scope="module")
def crowded(softhsm: SoftHsm, agency_key: IssuedKey, person_key: IssuedKey, pki: ThrowawayPki) -> SignerSettings:
    """A token with two keys, one of them with an old certificate beside the renewed one, and a key without any."""
    old = replace(
        agency_key, certificate=issue(pki, "Cơ quan, chứng thư cũ", "p256", begin=-400, end=-10).certificate
    )
    softhsm.make_token(
        "dong nguoi",
        KeyOnToken("co-quan", b"\x0a", agency_key.key_der, (old.certificate_der, agency_key.certificate_der)),
        on_token("ca-nhan", b"\x0b", person_key),
        KeyOnToken("khoa-tran", b"\x0c", issue(pki, "Không tên", "p256").key_der),
        KeyOnToken("chung-thu-rieng", b"\x0d", None, (person_key.certificate_der,)),
    )
    return SignerSettings(KeyKind.PKCS11, module=softhsm.module, token="dong nguoi", passphrase=SecretStr(PIN))


def test_several_keys_must_be_told_apart_and_are_listed(crowded: SignerSettings) -> None:
    with pytest.raises(KeyUnavailableError, match="3 signing keys fit") as caught:
        open_signer(crowded)
    for name in ("'co-quan' id 0a", "'ca-nhan' id 0b", "'khoa-tran' id 0c"):
        assert name in str(caught.value)
    with pytest.raises(KeyUnavailableError, match="0 signing keys fit label 'nhầm'"):
        open_signer(replace(crowded, key_label="nhầm"))
    with pytest.raises(SettingsError, match="hex"):
        open_signer(replace(crowded, key_id="không"))


def test_a_key_is_chosen_by_label_or_id_and_its_newest_certificate_taken(crowded: SignerSettings) -> None:
    with open_signer(replace(crowded, key_label="co-quan")) as signer:
        assert signer.subject == "Cơ quan trên thiết bị", "not the old certificate"
    with open_signer(replace(crowded, key_id="0B")) as signer:
        assert signer.subject == "Người số hóa trên thiết bị"
        assert signer.driver.sign_raw(b"x", "sha256")


def test_a_certificate_is_chosen_by_label_or_comes_from_a_file(
    crowded: SignerSettings, agency_key: IssuedKey, tmp_path: Path
) -> None:
    person = replace(crowded, key_label="ca-nhan")
    with open_signer(replace(person, certificate_label="chung-thu-rieng")) as signer:
        assert signer.subject == "Người số hóa trên thiết bị"
    with pytest.raises(KeyUnavailableError, match=r"no certificate is called 'x'.*'chung-thu-rieng'"):
        open_signer(replace(person, certificate_label="x"))
    bare = replace(crowded, key_label="khoa-tran")
    with pytest.raises(KeyUnavailableError, match="none of the token's"):
        open_signer(bare)
    (tmp_path / "c.der").write_bytes(agency_key.certificate_der)
    with pytest.raises(KeyUnavailableError, match="another key"):
        open_signer(replace(bare, certificate=tmp_path / "c.der"))
    (tmp_path / "c.der").write_bytes(b"no certificate")
    with pytest.raises(SettingsError, match=r"c\.der"):
        open_signer(replace(bare, certificate=tmp_path / "c.der"))


def test_two_keys_of_one_token_sign_in_one_pass(
    crowded: SignerSettings, pdfa: Path, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    labels = {SignerKind.PERSON: "ca-nhan", SignerKind.AGENCY: "co-quan"}
    signers = {role: open_signer(replace(crowded, key_label=label)) for role, label in labels.items()}
    tasks = signing_tasks(find_profile("tt01-2023"), signers.__getitem__, DETAILS, countersigned=True)
    facts = sign_document(pdfa, tmp_path / "both.pdf", tasks, timestamper=timestamper, trust=trust).signatures
    assert [fact.signer for fact in facts] == ["Người số hóa trên thiết bị", "Cơ quan trên thiết bị"]
    assert all(fact.intact and fact.trusted for fact in facts)
    for signer in signers.values():
        signer.close()


def test_a_key_that_wants_the_pin_each_time_gets_it(softhsm: SoftHsm, agency_key: IssuedKey) -> None:
    softhsm.make_token("moi lan", on_token("k", b"\x01", agency_key, each_time=True))
    settings = SignerSettings(KeyKind.PKCS11, module=softhsm.module, token="moi lan", passphrase=SecretStr(PIN))
    with open_signer(settings) as signer:
        assert signer.driver.sign_raw(b"one", "sha256")
        assert signer.driver.sign_raw(b"two", "sha256")


def test_two_tokens_of_one_label_are_told_apart_by_serial_number(
    softhsm: SoftHsm, agency_key: IssuedKey, person_key: IssuedKey
) -> None:
    softhsm.make_token("sinh doi", on_token("k", b"\x01", agency_key))
    import pkcs11

    serial = pkcs11.lib(str(softhsm.module)).get_token(token_label="sinh doi").serial.decode()
    settings = SignerSettings(KeyKind.PKCS11, module=softhsm.module, token="sinh doi", passphrase=SecretStr(PIN))
    _second_token(softhsm, "sinh doi")
    with pytest.raises(SettingsError, match="2 tokens fit"):
        open_signer(settings)
    with open_signer(replace(settings, token_serial=serial)) as signer:
        assert signer.subject == "Cơ quan trên thiết bị"


def _second_token(hsm: SoftHsm, label: str) -> None:
    command = ["softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", "4826351907"]
    subprocess.run(command, check=True, capture_output=True)
    hsm.look_again()


BATCH = """
import json, pathlib
from pydantic import SecretStr
from signing.errors import SigningError
from signing.keys import open_signer
from signing.settings import KeyKind, SignerSettings

told = json.loads(input())
pin_file = pathlib.Path(told["pin_file"])
module = pathlib.Path(told["module"])
settings = SignerSettings(KeyKind.PKCS11, module=module, token="co quan", passphrase_file=pin_file)
def attempt(work):
    try:
        work()
        print("good", flush=True)
    except SigningError as fault:
        print(type(fault).__name__, flush=True)
signers = []
attempt(lambda: signers.append(open_signer(settings)))
for line in iter(input, "end"):
    if line == "open":
        attempt(lambda: open_signer(settings))
    else:
        attempt(lambda: signers[0].driver.sign_raw(line.encode(), "sha256"))
for signer in signers:
    signer.close()
"""


@contextmanager
def batch(module: Path, pin: str, tmp_path: Path, **environment: str) -> Iterator[Callable[[str], str]]:
    """A process of its own that signs what it is told to, and answers."""
    (tmp_path / "pin").write_text(pin, encoding="utf-8")
    script = tmp_path / "batch.py"
    script.write_text(BATCH, encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(tmp_path / "stderr").open("w"),
        text=True,
        env=env,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        inward, outward = process.stdin, process.stdout

        def tell(line: str) -> str:
            inward.write(line + "\n")
            inward.flush()
            answer = outward.readline().strip()
            seen = Path(f"/proc/{process.pid}")
            assert pin.encode() not in (seen / "cmdline").read_bytes(), "no PIN in the process list"
            assert pin.encode() not in (seen / "environ").read_bytes()
            return answer

        assert tell(json.dumps({"module": str(module), "pin_file": str(tmp_path / "pin")}))
        yield tell
        inward.write("end\n")
        inward.close()
        assert process.wait(60) == 0
    assert pin not in (tmp_path / "stderr").read_text()


@pytest.fixture
def spied(softhsm: SoftHsm, settings: SignerSettings, tmp_path: Path) -> tuple[Path, dict[str, str], Path]:
    """OpenSC's listening module before SoftHSM: what is asked of the token, call by call."""
    if softhsm.spy is None:
        pytest.skip("OpenSC's pkcs11-spy is missing; run scripts/setup test")
    log = tmp_path / "spy.log"
    return softhsm.spy, {"PKCS11SPY": str(softhsm.module), "PKCS11SPY_OUTPUT": str(log)}, log


def calls(log: Path, name: str) -> int:
    return len(re.findall(rf"^\d+: {name}\b", log.read_text(errors="replace"), re.MULTILINE))


def test_a_batch_logs_in_once(spied: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    module, environment, log = spied
    with batch(module, PIN, tmp_path, **environment) as tell:
        assert [tell(f"document {number}") for number in range(10)] == ["good"] * 10
        assert tell("open") == "good"
    assert calls(log, "C_Login") == 1
    assert calls(log, "C_OpenSession") == 1
    assert calls(log, "C_SignInit") == 12, "ten documents, and a proof for each opening"


def test_a_refused_pin_reaches_the_token_once(spied: tuple[Path, dict[str, str], Path], tmp_path: Path) -> None:
    module, environment, log = spied
    with batch(module, WRONG, tmp_path, **environment) as tell:
        assert [tell("open") for _ in range(5)] == ["PinRefusedError"] * 5
    assert calls(log, "C_Login") == 1


@contextmanager
def network_hsm(hsm: SoftHsm, address: Path) -> Iterator[None]:
    """SoftHSM behind p11-kit's server: an HSM that is reached over a socket."""
    command = ["p11-kit", "server", "-f", "-n", str(address), "--provider", str(hsm.module), "pkcs11:token=co%20quan"]
    address.unlink(missing_ok=True)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        deadline = time.monotonic() + 20
        while not address.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        yield
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def test_an_hsm_that_dies_in_mid_batch_is_found_again_when_it_is_back(
    softhsm: SoftHsm, settings: SignerSettings, tmp_path: Path
) -> None:
    if softhsm.client is None:
        pytest.skip("p11-kit's client module is missing; run scripts/setup test")
    address = Path(os.environ.get("XDG_RUNTIME_DIR", "/tmp")) / f"sohoa-hsm-{os.getpid()}"  # noqa: S108 -- short: a socket
    environment = {"P11_KIT_SERVER_ADDRESS": f"unix:path={address}"}
    with network_hsm(softhsm, address):
        inside = batch(softhsm.client, PIN, tmp_path, **environment)
        tell = inside.__enter__()
        assert tell("first") == "good"
    assert tell("while it is away") == "TokenAbsentError"
    assert tell("still away") == "TokenAbsentError"
    with network_hsm(softhsm, address):
        assert tell("back") == "good"
        inside.__exit__(None, None, None)
    address.unlink(missing_ok=True)


def test_every_fault_of_a_token_ends_with_a_next_step() -> None:
    faults: list[SigningError] = [
        TokenAbsentError("T", "gone"),
        TokenLockedError("T"),
        PinRefusedError("T", "PinIncorrect"),
    ]
    for fault in faults:
        assert "run again" in str(fault)

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import io
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pdf_attacks
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import SignatureFact
from signing.changes import MOST_REVISIONS
from signing.errors import EncryptedPdfError, SettingsError, VerificationError
from signing.fetch import RevocationSource
from signing.guard import Examiner
from signing.keys import Signer
from signing.local_pki import local_pki
from signing.profiles import find_profile
from signing.settings import TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.throwaway_pki import ThrowawayPki, ensure_pki
from signing.verify import counts_as_signed, examine_pdf, verify_pdf

REAL = Path(__file__).resolve().parents[3] / "shared" / "real_scans"


@pytest.fixture(scope="module")
def signed(pdfa: Path, agency: Signer, timestamper: Any, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    target = tmp_path_factory.mktemp("tampering") / "signed.pdf"
    sign_pdf(
        pdfa,
        target,
        profile=find_profile("nd30-2020"),
        signer=agency,
        timestamper=timestamper,
        details=SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm"),
    )
    return target.read_bytes()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> TrustSettings:
    """Somebody else's test CA."""
    return TrustSettings(test_ca=ensure_pki(tmp_path_factory.mktemp("stranger") / "test-ca").folder)


def judge(data: bytes, trust: TrustSettings, folder: Path) -> tuple[SignatureFact, str]:
    """Our verdict and pdfsig's words."""
    path = folder / "tampered.pdf"
    path.write_bytes(data)
    (fact,) = verify_pdf(path, trust=trust)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    return fact, said


def holds(said: str) -> bool:
    """Whether pdfsig finds the one signature intact."""
    return "Signature Validation: Signature is Valid." in said


@pytest.mark.parametrize("attack", pdf_attacks.NOT_INTACT)
def test_changed_bytes_are_not_intact(
    attack: Callable[[bytes], bytes], signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(attack(signed), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.trusted, fact.evidence_until) == (False, False, False, None)
    assert not holds(said)


def test_what_was_changed_is_named(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    content, _ = judge(pdf_attacks.flip_a_byte(signed), trust, tmp_path)
    assert "nội dung đã ký bị thay đổi" in content.summary
    value, _ = judge(pdf_attacks.flip_a_byte_of_the_signature(signed), trust, tmp_path)
    assert "chữ ký không khớp với chứng thư số" in value.summary


@pytest.mark.parametrize("attack", pdf_attacks.CHANGED)
def test_what_was_added_to_change_the_document_is_not_valid(
    attack: Callable[[bytes], bytes], signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(attack(signed), trust, tmp_path)
    assert fact.intact
    assert holds(said), "pdfsig looks at the signed bytes only, and so does 'intact'"
    assert (fact.valid, fact.trusted, fact.covers_whole_file) == (False, False, False)
    assert {"suspicious", "loose_bytes"} & set(fact.changes)
    assert not counts_as_signed((fact,))[0]


def test_a_signature_wrapped_around_other_content_is_told(
    signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, _ = judge(pdf_attacks.wrap_the_signature(signed), trust, tmp_path)
    assert "chữ ký không phủ hết phiên bản tệp nó ký" in fact.summary


def test_a_signature_over_part_of_the_file_is_not_valid(
    pdfa: Path, agency: Signer, trust: TrustSettings, tmp_path: Path
) -> None:
    """Made by somebody with a good key, who left 200 bytes out of what was signed."""
    data = sign_plainly(pdfa, agency, None)
    found, (_, size, second, rest) = pdf_attacks.byte_range(data)
    partial = (b"/ByteRange [0 %d %d %d]" % (size - 200, second, rest)).ljust(len(found[0]))
    data = data.replace(found[0], partial)
    digest = hashlib.sha256(data[: size - 200] + data[second:]).digest()
    container = asyncio.run(agency.driver.async_sign(digest, "sha256", use_pades=True)).dump().hex().encode()
    data = data[: size + 1] + container.ljust(second - size - 2, b"0") + data[second - 1 :]
    fact, said = judge(data, trust, tmp_path)
    assert holds(said)
    assert (fact.intact, fact.valid, fact.trusted) == (True, False, False)
    assert "chữ ký không phủ hết phiên bản tệp nó ký" in fact.summary


def test_more_revisions_than_anybody_makes_are_refused(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    from pyhanko.pdf_utils import generic

    data = signed
    for _ in range(MOST_REVISIONS):
        data = pdf_attacks.update(data, lambda writer: writer.add_object(generic.DictionaryObject()))
    path = tmp_path / "many.pdf"
    path.write_bytes(data)
    with pytest.raises(VerificationError, match="revisions"):
        verify_pdf(path, trust=trust)


@pytest.mark.parametrize("attack", pdf_attacks.HIDDEN)
def test_a_document_put_in_front_of_a_signature_is_no_unsigned_file(
    attack: Callable[[bytes], bytes], signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(attack(signed), trust, tmp_path)
    assert (fact.intact, fact.valid) == (False, False)
    assert "đã bị thay nội dung" in fact.summary
    assert "does not contain any signatures" in said


def test_white_space_behind_the_file_is_harmless(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    fact, said = judge(signed + b"\r\n  \n", trust, tmp_path)
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, True)
    assert holds(said)


def test_a_broken_container_is_a_bad_signature_not_an_unsigned_file(
    signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, _ = judge(pdf_attacks.blank_the_container(signed), trust, tmp_path)
    assert fact.level == "unknown"


def test_a_form_that_was_filled_in_is_told_and_does_not_count_as_signed(
    pdfa: Path, agency: Signer, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    form = tmp_path / "form.pdf"
    form.write_bytes(pdf_attacks.add_a_text_field(pdfa.read_bytes()))
    data = sign_plainly(form, agency, timestamper)
    fact, _ = judge(pdf_attacks.fill_the_text_field(data), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.changes) == (True, True, ("form_fill",))
    counts, why = counts_as_signed((fact,))
    assert not counts
    assert "không được ký" in why


def test_a_breach_of_what_a_certified_document_allows_is_not_valid(
    pdfa: Path, agency: Signer, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    """DocMDP 1: no change at all; what an ordinary signature allows breaks this one."""
    from pyhanko.sign.fields import MDPPerm

    locked = sign_plainly(pdfa, agency, timestamper, certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    assert judge(locked, trust, tmp_path)[0].valid
    broken, _ = judge(pdf_attacks.add_an_empty_field(locked), trust, tmp_path)
    assert (broken.intact, broken.valid) == (True, False)
    ordinary, _ = judge(pdf_attacks.add_an_empty_field(sign_plainly(pdfa, agency, timestamper)), trust, tmp_path)
    assert (ordinary.intact, ordinary.valid, ordinary.changes) == (True, True, ("form_fill",))


def test_a_signature_added_to_what_was_certified_breaks_it_only_where_no_change_was_allowed(
    pdfa: Path,
    agency: Signer,
    person: Signer,
    trust: TrustSettings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.signers import PdfSigner

    # pyHanko itself does not add to what forbids it; somebody else's software may
    monkeypatch.setattr(PdfSigner, "_enforce_certification_constraints", lambda *_: None)
    for allowed, valid in ((MDPPerm.NO_CHANGES, False), (MDPPerm.FILL_FORMS, True)):
        once, twice = tmp_path / f"{allowed}.pdf", tmp_path / f"{allowed}-twice.pdf"
        once.write_bytes(sign_plainly(pdfa, person, None, certify=True, docmdp_permissions=allowed))
        twice.write_bytes(sign_plainly(once, agency, None, field_name="Second"))
        first, second = verify_pdf(twice, trust=trust)
        assert (first.intact, first.valid, second.valid) == (True, valid, True)
        assert counts_as_signed((first, second))[0] is valid


@pytest.mark.parametrize("angle", [0, 90])
def test_where_a_signature_stands_and_whether_it_is_seen_changes_nothing(
    angle: int, pdfa: Path, agency: Signer, trust: TrustSettings, tmp_path: Path
) -> None:
    from pyhanko.sign.fields import InvisSigSettings, SigFieldSpec
    from pypdf import PdfWriter

    writer = PdfWriter(clone_from=pdfa)
    for page in writer.pages:
        page.rotate(angle)
    writer.write(tmp_path / "turned.pdf")
    hidden = InvisSigSettings(set_hidden_flag=True)
    spec = SigFieldSpec("Plain", on_page=-1, box=(10, 10, 100, 60) if angle else None, invis_sig_settings=hidden)
    fact, said = judge(sign_plainly(tmp_path / "turned.pdf", agency, None, spec=spec), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.trusted, fact.changes) == (True, True, True, ())
    assert holds(said)


def test_a_second_signature_is_a_change_that_holds(
    pdfa: Path, agency: Signer, person: Signer, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    once, twice = tmp_path / "once.pdf", tmp_path / "twice.pdf"
    once.write_bytes(sign_plainly(pdfa, person, timestamper))
    twice.write_bytes(sign_plainly(once, agency, timestamper, field_name="Second"))
    first, second = verify_pdf(twice, trust=trust)
    assert (first.valid, first.changes, first.covers_whole_file) == (True, ("signature",), False)
    assert (second.valid, second.changes, second.covers_whole_file) == (True, (), True)
    assert counts_as_signed((first, second)) == (True, "")


def test_a_later_signature_whose_look_covers_the_page_is_suspicious(
    pdfa: Path, agency: Signer, person: Signer, timestamper: Any, trust: TrustSettings, tmp_path: Path
) -> None:
    from pyhanko.sign.fields import SigFieldSpec

    once, twice = tmp_path / "once.pdf", tmp_path / "twice.pdf"
    once.write_bytes(sign_plainly(pdfa, agency, timestamper))
    spec = SigFieldSpec("Wide", on_page=0, box=(0, 0, 590, 840))
    twice.write_bytes(sign_plainly(once, person, timestamper, field_name="Wide", spec=spec))
    first, second = verify_pdf(twice, trust=trust)
    assert (first.intact, first.valid, first.changes) == (True, False, ("suspicious",))
    assert second.valid, "what it signed is what is shown now"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_file_cut_short_is_unreadable(share: float, signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    path = tmp_path / "short.pdf"
    path.write_bytes(signed[: int(len(signed) * share)])
    with pytest.raises(VerificationError) as caught:
        verify_pdf(path, trust=trust)
    assert caught.value.code == "unreadable"


def locked(folder: Path) -> Path:
    from pypdf import PdfWriter

    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(folder / "locked.pdf")
    return folder / "locked.pdf"


def test_an_encrypted_file_says_so(trust: TrustSettings, tmp_path: Path) -> None:
    with pytest.raises(EncryptedPdfError) as caught:
        verify_pdf(locked(tmp_path), trust=trust)
    assert caught.value.code == "encrypted"


@pytest.mark.parametrize("integrity_code", [False, True])
def test_an_encrypted_file_that_every_viewer_opens_is_judged(
    integrity_code: bool, pdfa: Path, agency: Signer, trust: TrustSettings, tmp_path: Path
) -> None:
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer
    from pyhanko.sign import fields, signers

    def opened(data: bytes) -> IncrementalPdfFileWriter:
        writer = IncrementalPdfFileWriter(io.BytesIO(data))
        writer.encrypt("")
        return writer

    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(pdfa.read_bytes())))
    writer.encrypt("owner", "", pdf_mac=integrity_code)
    plain = io.BytesIO()
    writer.write(plain)
    meta = signers.PdfSignatureMetadata(
        field_name="Plain", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    data = signers.PdfSigner(meta, agency.driver).sign_pdf(opened(plain.getvalue())).getvalue()
    fact, said = judge(data, trust, tmp_path)
    assert holds(said)
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, True)
    flipped = pdf_attacks.flip_a_byte(data)
    if integrity_code:
        with pytest.raises(VerificationError, match="changed after it was encrypted"):
            judge(flipped, trust, tmp_path)
        return
    fact, said = judge(flipped, trust, tmp_path)
    assert not fact.intact
    assert not holds(said)
    painter = opened(data)
    page = painter.find_page_for_modification(0)[0].get_object()
    paint = painter.add_object(generic.StreamObject(stream_data=b"1 0 0 rg 0 0 500 500 re f"))
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), paint])
    painter.update_container(page)
    out = io.BytesIO()
    painter.write(out)
    fact, _ = judge(out.getvalue(), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.changes) == (True, False, ("suspicious",))


def test_an_unsigned_file_has_no_signatures(pdfa: Path, trust: TrustSettings) -> None:
    assert verify_pdf(pdfa, trust=trust) == ()


def test_without_roots_a_good_signature_is_valid_and_untrusted(signed: bytes, tmp_path: Path) -> None:
    fact, _ = judge(signed, TrustSettings(), tmp_path)
    assert (fact.intact, fact.valid, fact.trusted, fact.legally_valid) == (True, True, False, False)


def test_the_test_root_listed_as_a_real_one_still_gives_no_legal_value(
    signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    assert trust.test_ca is not None
    fact, _ = judge(signed, TrustSettings(roots=(trust.test_ca / "root.pem",)), tmp_path)
    assert fact.trusted
    assert not fact.legally_valid


def test_another_test_ca_is_not_trusted(signed: bytes, stranger: TrustSettings, tmp_path: Path) -> None:
    fact, _ = judge(signed, stranger, tmp_path)
    assert (fact.valid, fact.trusted) == (True, False)


def identity_of(trust: TrustSettings, identity: str) -> Any:
    from pyhanko.sign import signers

    assert trust.test_ca is not None
    pki = ThrowawayPki(trust.test_ca)
    return signers.SimpleSigner.load_pkcs12_data(
        pki.pkcs12(identity).read_bytes(), (), pki.passphrase_file.read_bytes()
    )


def sign_plainly(source: Path, signer: Any, timestamper: Any, *, spec: Any = None, **options: Any) -> bytes:
    """Sign with pyHanko alone; our own road refuses such keys."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    driver = signer.driver if isinstance(signer, Signer) else signer
    options = {"field_name": "Plain", "md_algorithm": "sha256", "subfilter": fields.SigSeedSubFilter.PADES} | options
    meta = signers.PdfSignatureMetadata(**options)
    with source.open("rb") as stream:
        worker = signers.PdfSigner(meta, driver, timestamper=timestamper, new_field_spec=spec)
        out = worker.sign_pdf(IncrementalPdfFileWriter(stream), bytes_reserved=32768)
    return bytes(out.getbuffer())


def stamped_at(trust: TrustSettings, days: int) -> Any:
    """A timestamper of the test CA whose clock stands ``days`` from now."""
    from asn1crypto import pem, x509
    from pyhanko.keys import load_private_key_from_pemder
    from pyhanko.sign.timestamps import DummyTimeStamper

    assert trust.test_ca is not None
    pki = ThrowawayPki(trust.test_ca)
    return DummyTimeStamper(
        tsa_cert=x509.Certificate.load(pem.unarmor(pki.tsa.read_bytes())[2]),
        tsa_key=load_private_key_from_pemder(str(pki.tsa_key), passphrase=pki.passphrase_file.read_bytes()),
        fixed_dt=dt.datetime.now(dt.UTC) + dt.timedelta(days=days),
    )


@pytest.mark.parametrize(
    ("identity", "days", "valid", "words"),
    [
        ("expired", 0, False, "không còn hoặc chưa có hiệu lực lúc ký"),
        ("expired", -100, True, "có dấu thời gian"),
        ("future", 0, False, "không còn hoặc chưa có hiệu lực lúc ký"),
        ("encipher", 0, False, "không dùng để ký"),
        ("revoked", 0, False, "đã bị thu hồi"),
        ("revoked", -40, True, "sau khi ký"),
    ],
)
def test_the_certificate_counts_as_of_the_proven_time(
    identity: str, days: int, valid: bool, words: str, pdfa: Path, trust: TrustSettings, tmp_path: Path
) -> None:
    """The test CA took ``revoked`` back 30 days ago; ``expired`` ended 35 days ago; ``future`` begins in 20."""
    data = sign_plainly(pdfa, identity_of(trust, identity), stamped_at(trust, days))
    fact, said = judge(data, trust, tmp_path)
    assert fact.intact
    assert holds(said)
    assert (fact.valid, fact.trusted) == (valid, valid)
    assert words in fact.summary


def forge_the_value(token: Any) -> None:
    info = token["content"]["signer_infos"][0]
    value = bytearray(info["signature"].native)
    value[5] ^= 1
    info["signature"] = bytes(value)


def move_the_time(token: Any) -> None:
    """Two years earlier, without the authority's key."""
    from asn1crypto import tsp

    content = token["content"]["encap_content_info"]
    stamp = content["content"].parsed
    stamp["gen_time"] = stamp["gen_time"].native - dt.timedelta(days=730)
    content["content"] = tsp.TSTInfo.load(stamp.dump(force=True))


@pytest.mark.parametrize("forge", [forge_the_value, move_the_time, None])
def test_a_forged_timestamp_proves_no_time_and_spoils_the_signature(
    forge: Callable[[Any], None] | None, pdfa: Path, trust: TrustSettings, tmp_path: Path
) -> None:
    """A changed value, a changed time, and (``None``) a good token of something else; on a key taken back since."""
    authority = stamped_at(trust, -40)

    class Forger:
        async def async_timestamp(self, digest: bytes, algorithm: str) -> Any:
            token = await authority.async_timestamp(digest if forge else bytes(32), algorithm)
            if forge:
                forge(token)
            return token

        async def async_dummy_response(self, algorithm: str) -> Any:
            return await authority.async_dummy_response(algorithm)

    for identity in ("agency", "revoked"):
        fact, said = judge(sign_plainly(pdfa, identity_of(trust, identity), Forger()), trust, tmp_path)
        assert holds(said), "the signature itself is whole"
        assert (fact.intact, fact.valid, fact.trusted) == (True, False, False)
        assert (fact.time_source, fact.timestamp_at) == ("claimed", None)
        assert not counts_as_signed((fact,))[0]


def test_a_timestamp_of_an_unknown_authority_is_told_and_saves_no_revoked_key(
    pdfa: Path, trust: TrustSettings, stranger: TrustSettings, tmp_path: Path
) -> None:
    fact, _ = judge(sign_plainly(pdfa, identity_of(trust, "agency"), stamped_at(stranger, 0)), trust, tmp_path)
    assert (fact.valid, fact.trusted, fact.time_source) == (True, True, "untrusted_timestamp")
    late, _ = judge(sign_plainly(pdfa, identity_of(trust, "revoked"), stamped_at(stranger, -40)), trust, tmp_path)
    assert (late.valid, late.time_source) == (False, "untrusted_timestamp")


def test_without_the_intermediate_the_chain_is_not_built_until_the_trust_folder_has_it(
    pdfa: Path, trust: TrustSettings, tmp_path: Path
) -> None:
    """As the government CA's signatures come: with the signer's certificate alone."""
    from pyhanko.sign import signers

    assert trust.test_ca is not None
    whole = identity_of(trust, "agency")
    alone = signers.SimpleSigner(whole.signing_cert, whole.signing_key, type(whole.cert_registry)())
    data = sign_plainly(pdfa, alone, None)
    folder = tmp_path / "trust"
    folder.mkdir()
    (folder / "root.pem").write_bytes((trust.test_ca / "root.pem").read_bytes())
    fact, said = judge(data, TrustSettings(roots=(folder,)), tmp_path)
    assert holds(said)
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, False)
    assert "không dẫn tới gốc tin cậy" in fact.summary
    (folder / "interm.pem").write_bytes((trust.test_ca / "interm.pem").read_bytes())
    assert judge(data, TrustSettings(roots=(folder,)), tmp_path)[0].trusted


def test_a_claimed_time_does_not_save_a_revoked_certificate(pdfa: Path, trust: TrustSettings, tmp_path: Path) -> None:
    fact, _ = judge(sign_plainly(pdfa, identity_of(trust, "revoked"), None), trust, tmp_path)
    assert (fact.valid, fact.revocation, fact.time_source) == (False, "revoked", "claimed")


def test_an_authority_can_be_asked_online(pdfa: Path, trust: TrustSettings, tmp_path: Path) -> None:
    """With the root alone nothing is known of revocation; the responder in the certificate tells."""
    assert trust.test_ca is not None
    path, root = tmp_path / "revoked.pdf", TrustSettings(roots=(trust.test_ca / "root.pem",))
    path.write_bytes(sign_plainly(pdfa, identity_of(trust, "revoked"), None))
    (offline,) = examine_pdf(path, trust=root).signatures
    assert (offline.valid, offline.revocation) == (True, "unknown")
    with local_pki(trust.test_ca) as pki:
        (online,) = examine_pdf(path, trust=root, source=RevocationSource(pki.settings())).signatures
    assert (online.valid, online.revocation) == (False, "revoked")


def test_a_strangers_addresses_are_never_asked(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed)
    assert trust.test_ca is not None
    with local_pki(trust.test_ca) as pki:
        examine_pdf(path, trust=TrustSettings(), source=RevocationSource(pki.settings()))
        assert pki.asked == []


def test_a_trust_folder_holds_roots_helpers_and_lists(pdfa: Path, trust: TrustSettings, tmp_path: Path) -> None:
    assert trust.test_ca is not None
    folder = tmp_path / "trust"
    folder.mkdir()
    for name in ("root.pem", "interm.pem", "interm.crl", "root.crl"):
        (folder / name).write_bytes((trust.test_ca / name).read_bytes())
    (folder / "README").write_text("not a certificate")
    path = tmp_path / "revoked.pdf"
    path.write_bytes(sign_plainly(pdfa, identity_of(trust, "revoked"), None))
    (fact,) = verify_pdf(path, trust=TrustSettings(roots=(folder,)))
    assert (fact.valid, fact.revocation) == (False, "revoked")
    (folder / "interm.crl").unlink()
    (fact,) = verify_pdf(path, trust=TrustSettings(roots=(folder,)))
    assert (fact.valid, fact.trusted, fact.revocation) == (True, True, "unknown")


def test_a_weak_digest_is_told_and_not_trusted(
    pdfa: Path, agency: Signer, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(sign_plainly(pdfa, agency, None, md_algorithm="sha1"), trust, tmp_path)
    assert holds(said)
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, False)
    assert "SHA1" in fact.summary


def test_a_trust_root_that_is_no_certificate_is_a_setting_to_correct(pdfa: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "root.pem"
    wrong.write_text("not a certificate")
    with pytest.raises(SettingsError, match=r"root\.pem"):
        verify_pdf(pdfa, trust=TrustSettings(roots=(wrong,)))


@pytest.mark.parametrize(
    ("name", "stamped"), [("decision-210-signed.pdf", True), ("decision-308-signed-junk-text.pdf", False)]
)
def test_real_signed_acts(name: str, stamped: bool, trust: TrustSettings) -> None:
    path = REAL / name
    if not path.exists():
        pytest.skip(f"{name} lies outside the repository and is not on this machine")
    (fact,) = verify_pdf(path, trust=trust)
    assert (fact.intact, fact.valid, fact.covers_whole_file) == (True, True, True)
    assert (fact.trusted, fact.legally_valid) == (False, False), "its root is not in the settings"
    assert (fact.timestamp_at is not None) == stamped
    assert fact.signed_at is not None
    assert fact.time_source == ("untrusted_timestamp" if stamped else "claimed")
    assert fact.evidence_until is not None
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert holds(said)


def test_pdfsig_agrees_on_every_real_sample(trust: TrustSettings) -> None:
    samples = sorted(REAL.glob("*.pdf"))
    if not samples:
        pytest.skip("the real scans lie outside the repository and are not on this machine")
    for path in samples:
        said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
        verdicts = re.findall(r"Signature Validation: (.*)", said)
        assert [fact.intact for fact in verify_pdf(path, trust=trust)] == [
            verdict == "Signature is Valid." for verdict in verdicts
        ]


def test_names_on_certificates_stay_out_of_the_log(
    signed: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        fact, _ = judge(signed, TrustSettings(), tmp_path)
    assert fact.signer not in caplog.text


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_no_changed_byte_of_the_signed_range_leaves_a_valid_signature(
    share: float, bit: int, signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", signed)
    assert found is not None
    _, size, second, rest = map(int, found.groups())
    place = int(share * (size + rest))
    place = place if place < size else second + place - size
    data = bytearray(signed)
    data[place] ^= 1 << bit
    path = tmp_path / "flipped.pdf"
    path.write_bytes(data)
    try:
        facts = verify_pdf(path, trust=trust)
    except VerificationError:
        return
    assert not any(fact.intact or fact.valid or fact.trusted for fact in facts)


def test_a_decompression_bomb_costs_no_memory(trust: TrustSettings, tmp_path: Path) -> None:
    import zlib

    squeezer = zlib.compressobj(1)
    bomb = b"".join(squeezer.compress(bytes(1 << 20)) for _ in range(400)) + squeezer.flush()
    path = tmp_path / "bomb.pdf"
    head = b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 2/W[1 2 1]/Root 1 0 R/Filter/FlateDecode/Length "
    path.write_bytes(head + b"%d>>\nstream\n" % len(bomb) + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(VerificationError):
        verify_pdf(path, trust=trust)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024, "kilobytes"


def test_a_test_ca_that_is_not_made_yet_trusts_nobody_and_hides_nothing(signed: bytes, tmp_path: Path) -> None:
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed)
    (fact,) = verify_pdf(file, trust=TrustSettings(test_ca=tmp_path / "none-yet"))
    assert (fact.intact, fact.valid, fact.trusted) == (True, True, False)


def slow_file(path: Path) -> Path:
    """A signature container of many megabytes, which the reader takes digit by digit."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Annots[4 0 R]>>",
        b"<</FT/Sig/T(x)/V 5 0 R/Type/Annot/Subtype/Widget/Rect[0 0 0 0]/P 3 0 R>>",
        b"<</Type/Sig/ByteRange[0 1 2 3]/Contents<" + b"00" * 40_000_000 + b">>>",
    ]
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    path.write_bytes(data + table + b"trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(data))
    return path


def test_a_file_made_to_keep_its_reader_busy_is_told(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    good = tmp_path / "good.pdf"
    good.write_bytes(signed)
    with Examiner(seconds=20) as patient, Examiner(seconds=3) as hasty:
        assert patient.examine(good, trust=trust).signatures[0].trusted
        with pytest.raises(VerificationError, match="within 3 s"):
            hasty.examine(slow_file(tmp_path / "slow.pdf"), trust=trust)
        with pytest.raises(EncryptedPdfError):
            patient.examine(locked(tmp_path), trust=trust)
        with pytest.raises(SettingsError, match="trust roots"):
            patient.examine(good, trust=TrustSettings(roots=(tmp_path / "none.pem",)))
        assert patient.examine(good, trust=TrustSettings()).signatures[0].valid, "it goes on after errors"

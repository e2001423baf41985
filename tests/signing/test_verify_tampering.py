from __future__ import annotations

import io
import re
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manifests.documents import SignatureFact
from signing.errors import EncryptedPdfError, SettingsError, VerificationError
from signing.keys import Signer
from signing.profiles import find_profile
from signing.settings import TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.verify import verify_pdf

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


def flip_a_byte(data: bytes) -> bytes:
    place = data.index(b"stream\n") + 40
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


def shorten_the_signed_range(data: bytes) -> bytes:
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", data)
    assert found is not None
    first, size, second, rest = map(int, found.groups())
    replacement = b"/ByteRange [%d %d %d %d]" % (first, size, second, rest - 100)
    return data.replace(found.group(0), replacement.ljust(len(found.group(0))))


def blank_the_container(data: bytes) -> bytes:
    place = data.index(b"/Contents <") + len(b"/Contents <")
    return data[:place] + b"0" * 400 + data[place + 400 :]


def paint_over(data: bytes) -> bytes:
    """An incremental update that adds a black page over page 1."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    page = writer.find_page_for_modification(0)[0].get_object()
    cover = writer.add_object(generic.StreamObject(stream_data=b"0 0 600 900 re f"))
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), cover])
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def overlay_an_annotation(data: bytes) -> bytes:
    """A shadow attack: the page stays, a stamp annotation hides it."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    name, numbers = generic.pdf_name, lambda *values: generic.ArrayObject(map(generic.NumberObject, values))
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    page = writer.find_page_for_modification(0)[0].get_object()
    form = {
        name("/Type"): name("/XObject"),
        name("/Subtype"): name("/Form"),
        name("/BBox"): numbers(0, 0, 600, 900),
    }
    look = writer.add_object(generic.StreamObject(form, stream_data=b"0 0 600 900 re f"))
    note = {
        name("/Type"): name("/Annot"),
        name("/Subtype"): name("/Stamp"),
        name("/Rect"): numbers(0, 0, 600, 900),
        name("/AP"): generic.DictionaryObject({name("/N"): look}),
    }
    page["/Annots"].append(writer.add_object(generic.DictionaryObject(note)))
    writer.update_container(page["/Annots"])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def judge(data: bytes, trust: TrustSettings, folder: Path) -> tuple[SignatureFact, str]:
    """Our verdict and pdfsig's words."""
    path = folder / "tampered.pdf"
    path.write_bytes(data)
    (fact,) = verify_pdf(path, trust=trust)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    return fact, said


@pytest.mark.parametrize("attack", [flip_a_byte, shorten_the_signed_range])
def test_changed_bytes_are_not_intact(
    attack: Callable[[bytes], bytes], signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(attack(signed), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.trusted) == (False, False, False)
    assert "nội dung đã ký bị thay đổi" in fact.summary
    assert "Digest Mismatch" in said


@pytest.mark.parametrize("attack", [paint_over, overlay_an_annotation])
def test_an_update_that_changes_what_is_seen_is_not_valid(
    attack: Callable[[bytes], bytes], signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, said = judge(attack(signed), trust, tmp_path)
    assert fact.intact
    assert "Signature is Valid." in said, "pdfsig looks at the signed bytes only, and so does 'intact'"
    assert (fact.valid, fact.trusted, fact.covers_whole_file) == (False, False, False)
    assert "tệp bị sửa sau khi ký" in fact.summary


def test_appended_bytes_are_told(signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    fact, said = judge(signed + b"% something else\n", trust, tmp_path)
    assert fact.intact
    assert not fact.covers_whole_file
    assert "tệp được bổ sung sau chữ ký này" in fact.summary
    assert "Not total document signed" in said


def test_a_broken_container_is_a_bad_signature_not_an_unsigned_file(
    signed: bytes, trust: TrustSettings, tmp_path: Path
) -> None:
    fact, _ = judge(blank_the_container(signed), trust, tmp_path)
    assert (fact.intact, fact.valid, fact.trusted, fact.level) == (False, False, False, "unknown")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.97])
def test_a_file_cut_short_is_unreadable(share: float, signed: bytes, trust: TrustSettings, tmp_path: Path) -> None:
    path = tmp_path / "short.pdf"
    path.write_bytes(signed[: int(len(signed) * share)])
    with pytest.raises(VerificationError) as caught:
        verify_pdf(path, trust=trust)
    assert caught.value.code == "unreadable"


def test_an_encrypted_file_says_so(pdfa: Path, trust: TrustSettings, tmp_path: Path) -> None:
    from pypdf import PdfWriter

    path = tmp_path / "locked.pdf"
    writer = PdfWriter(clone_from=pdfa)
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(path)
    with pytest.raises(EncryptedPdfError) as caught:
        verify_pdf(path, trust=trust)
    assert caught.value.code == "encrypted"


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


def test_another_test_ca_is_not_trusted(signed: bytes, tmp_path: Path) -> None:
    from signing.throwaway_pki import ensure_pki

    stranger = ensure_pki(tmp_path / "other-ca")
    fact, _ = judge(signed, TrustSettings(test_ca=stranger.folder), tmp_path)
    assert (fact.valid, fact.trusted) == (True, False)


@pytest.mark.parametrize("identity", ["expired", "encipher"])
def test_a_certificate_that_may_not_sign_is_not_valid(
    identity: str, pdfa: Path, trust: TrustSettings, timestamper: Any, tmp_path: Path
) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers

    assert trust.test_ca is not None
    secret = (trust.test_ca / "passphrase").read_bytes()
    key = (trust.test_ca / f"{identity}.p12").read_bytes()
    with pdfa.open("rb") as stream:
        out = signers.sign_pdf(
            IncrementalPdfFileWriter(stream),
            signers.PdfSignatureMetadata(field_name="Bad"),
            signer=signers.SimpleSigner.load_pkcs12_data(key, (), secret),
            timestamper=timestamper,
        )
    fact, said = judge(bytes(out.getbuffer()), trust, tmp_path)
    assert fact.intact
    assert "Signature is Valid." in said
    assert (fact.valid, fact.trusted) == (False, False)
    assert "chứng thư số" in fact.summary


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

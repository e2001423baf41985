from __future__ import annotations

import datetime as dt
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from issued_keys import issue

from manifests.documents import SignatureFact
from signing.errors import ExtensionRefusedError, RevocationUnavailableError, SettingsError
from signing.extend import extend_pdf
from signing.fetch import RevocationSource
from signing.keys import Signer
from signing.levels import Level
from signing.local_pki import LocalPki, local_pki
from signing.pdfa import PdfaStatus, PdfaValidator
from signing.profiles import find_profile
from signing.settings import RevocationSettings, TrustSettings
from signing.sign import SigningDetails
from signing.stage import SigningTask, sign_document
from signing.throwaway_pki import ThrowawayPki
from signing.verify import counts_as_signed, examine_pdf, verify_pdf

DETAILS = SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm", person="Nguyễn Thị Thử Nghiệm")
NOW = dt.datetime.now(dt.UTC)


class CountingJournal:
    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def recall(self, name: str) -> bytes | None:
        return self.kept.get(name)

    def keep(self, name: str, data: bytes) -> bytes:
        return self.kept.setdefault(name, data)

    def alone(self, name: str) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture(scope="module")
def pki(agency: Signer, pki_folder: Path) -> Iterator[LocalPki]:
    with local_pki(pki_folder) as running:
        yield running


@pytest.fixture(scope="module")
def source(pki: LocalPki) -> RevocationSource:
    return RevocationSource(pki.settings())


@pytest.fixture(scope="module")
def ending_timestamper(agency: Signer, pki_folder: Path) -> Any:
    """An authority whose certificate ends in 20 days."""
    return in_process_timestamper(ThrowawayPki(pki_folder), "tsa_ending")


@pytest.fixture(scope="module")
def yearly_timestamper(agency: Signer, pki_folder: Path) -> Any:
    """An authority whose certificate ends in a year."""
    from asn1crypto import keys, x509
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    made = issue(ThrowawayPki(pki_folder), "TSA một năm", stamps=True)
    authority = SimpleCertificateStore()
    authority.register(x509.Certificate.load(made.issuer_der))
    return DummyTimeStamper(
        tsa_cert=x509.Certificate.load(made.certificate_der),
        tsa_key=keys.PrivateKeyInfo.load(made.key_der),
        certs_to_embed=authority,
    )


def in_process_timestamper(pki: ThrowawayPki, certificate: str, at: dt.datetime | None = None) -> Any:
    from asn1crypto import pem, x509
    from pyhanko.keys import load_private_key_from_pemder
    from pyhanko.sign.timestamps import DummyTimeStamper

    return DummyTimeStamper(
        tsa_cert=x509.Certificate.load(pem.unarmor((pki.folder / f"{certificate}.pem").read_bytes())[2]),
        tsa_key=load_private_key_from_pemder(str(pki.tsa_key), passphrase=pki.passphrase_file.read_bytes()),
        fixed_dt=at,
    )


@pytest.fixture
def make(
    pdfa: Path, agency: Signer, timestamper: Any, trust: TrustSettings, source: RevocationSource, tmp_path: Path
) -> Any:
    def sign(level: Level, name: str = "signed.pdf", **changes: Any) -> Path:
        options = {"timestamper": None if level is Level.B_B else timestamper, "revocation": source, **changes}
        task = SigningTask(find_profile("nd30-2020"), agency, DETAILS)
        sign_document(pdfa, tmp_path / name, (task,), trust=trust, level=level, **options)
        return tmp_path / name

    return sign


def only(path: Path, trust: TrustSettings) -> SignatureFact:
    (fact,) = verify_pdf(path, trust=trust)
    return fact


def starts_with(path: Path, other: Path) -> bool:
    return path.read_bytes().startswith(other.read_bytes())


@pytest.mark.parametrize(
    ("level", "changes", "ends_with"),
    [
        (Level.B_B, (), "signer_certificate"),
        (Level.B_T, (), "signer_certificate"),
        (Level.B_LT, ("validation_data",), "timestamp_certificate"),
        (Level.B_LTA, ("archive_timestamp",), "archive_timestamp_certificate"),
    ],
)
def test_each_level_is_made_and_told(
    level: Level, changes: tuple[str, ...], ends_with: str, make: Any, trust: TrustSettings
) -> None:
    path = make(level)
    fact = only(path, trust)
    said = subprocess.run(["pdfsig", "-nocert", str(path)], capture_output=True, text=True, check=False).stdout
    assert "Signature Validation: Signature is Valid." in said
    assert (fact.level, fact.intact, fact.valid, fact.trusted) == (level, True, True, True)
    assert (fact.changes, fact.evidence_ends_with) == (changes, ends_with)
    assert fact.revocation == "good", "the test CA's list lies in its folder"
    assert fact.evidence_until is not None
    assert fact.evidence_until > NOW + dt.timedelta(days=4 * 365)
    assert fact.time_source == ("claimed" if level is Level.B_B else "timestamp")
    assert counts_as_signed((fact,)) == (True, "")


def test_the_evidence_in_the_file_is_enough(make: Any, trust: TrustSettings, pki_folder: Path) -> None:
    """Of the trust list only the root; the intermediate, the OCSP answer and the list come from the file."""
    root = TrustSettings(roots=(pki_folder / "root.pem",))
    assert only(make(Level.B_LTA), root).revocation == "good"
    assert only(make(Level.B_T, "t.pdf"), root).revocation == "unknown"


def test_a_level_without_its_means_is_a_setting_to_correct(make: Any) -> None:
    with pytest.raises(SettingsError, match="B-LT"):
        make(Level.B_LT, revocation=None)
    with pytest.raises(SettingsError, match="B-T"):
        make(Level.B_T, timestamper=None)


def test_one_answer_serves_many_documents(make: Any, pki: LocalPki) -> None:
    asked = RevocationSource(pki.settings())
    make(Level.B_LT, "1.pdf", revocation=asked)
    before = len(pki.asked)
    make(Level.B_LT, "2.pdf", revocation=asked)
    assert len(pki.asked) == before


def test_extending_raises_the_level_and_then_rests(
    make: Any, trust: TrustSettings, source: RevocationSource, timestamper: Any, tmp_path: Path
) -> None:
    signed, extended, again = make(Level.B_B), tmp_path / "extended.pdf", tmp_path / "again.pdf"
    done = extend_pdf(signed, extended, trust=trust, revocation=source, timestamper=timestamper)
    assert done.added == ("validation_data", "archive_timestamp")
    assert (done.level, done.ends_with) == ("B-LTA", "archive_timestamp_certificate")
    assert starts_with(extended, signed)
    fact = only(extended, trust)
    assert (fact.trusted, fact.time_source, fact.changes) == (True, "archive_timestamp", ("archive_timestamp",))
    rested = extend_pdf(extended, again, trust=trust, revocation=source, timestamper=timestamper)
    assert (rested.added, rested.level) == ((), "B-LTA")
    assert not again.exists()


def test_evidence_that_ends_soon_is_renewed(
    make: Any,
    trust: TrustSettings,
    source: RevocationSource,
    ending_timestamper: Any,
    timestamper: Any,
    tmp_path: Path,
) -> None:
    signed = make(Level.B_LTA, timestamper=ending_timestamper)
    before = only(signed, trust)
    assert before.evidence_until is not None
    assert before.evidence_until < NOW + dt.timedelta(days=21)
    month, half = dt.timedelta(days=30), dt.timedelta(days=10)
    options: dict[str, Any] = {"trust": trust, "revocation": source, "timestamper": timestamper}
    assert extend_pdf(signed, tmp_path / "early.pdf", due_before=half, **options).added == ()
    done = extend_pdf(signed, tmp_path / "renewed.pdf", due_before=month, **options)
    assert done.added[-1] == "archive_timestamp"
    assert done.evidence_until > NOW + dt.timedelta(days=9 * 365)
    assert starts_with(tmp_path / "renewed.pdf", signed)
    result = examine_pdf(tmp_path / "renewed.pdf", trust=trust, at=NOW + dt.timedelta(days=40))
    assert [stamp.trusted for stamp in result.archive_timestamps] == [True, True]
    assert result.signatures[0].trusted, "after the first authority's certificate ended, the second vouches"
    late = examine_pdf(signed, trust=trust, at=NOW + dt.timedelta(days=40)).signatures[0]
    assert late.time_source == "untrusted_timestamp", "the file that was not renewed has lost its time"


def test_nothing_is_added_that_gains_nothing(
    make: Any, trust: TrustSettings, source: RevocationSource, ending_timestamper: Any, tmp_path: Path
) -> None:
    signed = make(Level.B_LTA, timestamper=ending_timestamper)
    month = dt.timedelta(days=30)
    done = extend_pdf(
        signed, tmp_path / "x.pdf", trust=trust, revocation=source, timestamper=ending_timestamper, due_before=month
    )
    assert done.added == ()
    assert "ends no later" in done.note
    assert not (tmp_path / "x.pdf").exists()


def test_an_interrupted_extension_asks_for_no_second_timestamp(
    make: Any, trust: TrustSettings, source: RevocationSource, tsa: Any, timestamper: Any, tmp_path: Path
) -> None:
    signed, journal = make(Level.B_T), CountingJournal()
    options: dict[str, Any] = {"trust": trust, "revocation": source, "timestamper": timestamper, "journal": journal}
    extend_pdf(signed, tmp_path / "1.pdf", **options)
    before = tsa.answered
    extend_pdf(signed, tmp_path / "2.pdf", **options)
    assert tsa.answered == before
    assert (tmp_path / "1.pdf").read_bytes() == (tmp_path / "2.pdf").read_bytes()


def test_files_that_do_not_hold_are_not_extended(
    make: Any, pdfa: Path, trust: TrustSettings, source: RevocationSource, timestamper: Any, tmp_path: Path
) -> None:
    data = bytearray(make(Level.B_T).read_bytes())
    data[data.index(b"stream\n") + 40] ^= 1
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(data)
    options: dict[str, Any] = {"revocation": source, "timestamper": timestamper}
    for file, settings in ((broken, trust), (pdfa, trust), (make(Level.B_T, "2.pdf"), TrustSettings())):
        with pytest.raises(ExtensionRefusedError) as caught:
            extend_pdf(file, tmp_path / "out.pdf", trust=settings, **options)
        assert caught.value.code == "signature_invalid"
    assert not (tmp_path / "out.pdf").exists()
    assert not list(tmp_path.glob(".extending-*"))


def test_without_revocation_answers_nothing_is_made(make: Any, trust: TrustSettings, tmp_path: Path) -> None:
    unreachable = RevocationSource(RevocationSettings(timeout=5))
    with pytest.raises(RevocationUnavailableError) as caught:
        make(Level.B_LT, "none.pdf", revocation=unreachable)
    assert caught.value.code == "revocation_unavailable"
    assert list(tmp_path.iterdir()) == []


class Hostile(BaseHTTPRequestHandler):
    """Answers as its path says."""

    def do_GET(self) -> None:
        if self.path.startswith("/drip"):
            while True:
                try:
                    self.wfile.write(b"H")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)
        self.send_response(302 if self.path.startswith("/away") else 200)
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        try:
            for _ in range(64 if self.path.startswith("/large") else 1):
                self.wfile.write(bytes(65536) if self.path.startswith("/large") else b"not an answer")
        except OSError:
            return

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope="module")
def hostile() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("path", "words"),
    [("/drip", "no answer within"), ("/away", "OSError"), ("/large", "OSError"), ("/garbage", "revocation status")],
)
def test_a_hostile_server_costs_neither_time_nor_memory(path: str, words: str, hostile: str, agency: Signer) -> None:
    mirrors = (("http://pki.sohoa.invalid", hostile + path),)
    asked = RevocationSource(RevocationSettings(timeout=1.5, largest=1 << 20, private_networks=True, mirrors=mirrors))
    with pytest.raises(RevocationUnavailableError, match=words):
        asked.fetch(agency.certificate, agency.chain[0])


def test_private_networks_are_not_asked_unless_told(pki: LocalPki, agency: Signer) -> None:
    asked = RevocationSource(RevocationSettings(mirrors=pki.settings().mirrors))
    before = len(pki.asked)
    with pytest.raises(RevocationUnavailableError, match="private network"):
        asked.fetch(agency.certificate, agency.chain[0])
    assert len(pki.asked) == before


@pytest.mark.verapdf
def test_pdfa_stays_pdfa_at_every_level_and_after_every_renewal(
    verapdf: object,
    make_pdf: Any,
    person: Signer,
    agency: Signer,
    source: RevocationSource,
    timestamper: Any,
    ending_timestamper: Any,
    yearly_timestamper: Any,
    trust: TrustSettings,
    tmp_path: Path,
) -> None:
    """One and two signatures, with and without a look, validation data, archive timestamps renewed once and twice."""
    first = SigningTask(find_profile("tt01-2023"), person, DETAILS)
    second = SigningTask(find_profile("nd30-2020"), agency, DETAILS)
    made = []
    original = make_pdf("levels.pdf", size=(420, 595))
    for name, tasks in (("một", (first,)), ("hai", (first, second))):
        for level in (Level.B_T, Level.B_LT, Level.B_LTA):
            made.append(tmp_path / f"{name}-{level}.pdf")
            sign_document(
                original, made[-1], tasks, timestamper=ending_timestamper, trust=trust, level=level, revocation=source
            )
    made += [tmp_path / "không hình.pdf"]
    sign_invisibly(original, made[-1], agency, timestamper)
    options: dict[str, Any] = {"trust": trust, "revocation": source}
    archived = tmp_path / "không hình-B-LTA.pdf"
    extend_pdf(made[-1], archived, timestamper=ending_timestamper, **options)
    made.append(archived)
    twice = []
    for base in (made[2], made[5], archived):  # the first authority's certificate ends in 20 days
        renewed = base.with_name(f"gia hạn {base.name}")
        twice.append(base.with_name(f"gia hạn hai lần {base.name}"))
        month, long = dt.timedelta(days=30), dt.timedelta(days=2 * 365)
        extend_pdf(base, renewed, timestamper=yearly_timestamper, due_before=month, **options)
        extend_pdf(renewed, twice[-1], timestamper=timestamper, due_before=long, **options)
        made += [renewed, twice[-1]]
    verdicts = PdfaValidator().validate(made)
    assert {path.name: verdict.detail for path, verdict in verdicts.items() if not verdict.valid} == {}
    assert {verdict.status for verdict in verdicts.values()} == {PdfaStatus.VALID}
    assert len(made) == 14
    for path in twice:  # when the certificates of both earlier authorities have ended
        later = examine_pdf(path, trust=trust, at=NOW + dt.timedelta(days=400))
        assert [stamp.trusted for stamp in later.archive_timestamps] == [True] * 3
        assert all(fact.trusted and fact.level == "B-LTA" for fact in later.signatures)
    for path in made:
        facts = verify_pdf(path, trust=trust)
        assert all(fact.intact and fact.valid and fact.trusted for fact in facts)


def sign_invisibly(source: Path, target: Path, signer: Signer, timestamper: Any) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    meta = signers.PdfSignatureMetadata(
        field_name="Invisible", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
    )
    with source.open("rb") as stream, target.open("wb") as out:
        signers.PdfSigner(meta, signer.driver, timestamper=timestamper).sign_pdf(
            IncrementalPdfFileWriter(stream), output=out, bytes_reserved=32768
        )

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pdf_attacks
import pytest
from click.testing import CliRunner, Result
from fpdf import FPDF

from pipeline.cli import sohoa
from signing.fetch import RevocationSource
from signing.keys import open_signer
from signing.levels import Level
from signing.local_pki import local_pki
from signing.profiles import find_profile
from signing.settings import SignerSettings, TrustSettings
from signing.sign import SigningDetails
from signing.stage import SigningTask, sign_document
from signing.timestamps import local_tsa, open_timestamper

Call = Callable[..., Result]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``t.pdf`` (B-T) and ``lta.pdf`` (B-LTA) by the test CA in ``ca``, ``plain.pdf`` unsigned."""
    folder = tmp_path_factory.mktemp("verify")
    document = FPDF()
    document.add_page()
    document.output(str(folder / "plain.pdf"))
    ca = folder / "ca"
    task = SigningTask(
        find_profile("nd30-2020"),
        open_signer(SignerSettings(test_folder=ca)),
        SigningDetails(agency="UBND thử nghiệm"),
    )
    with local_tsa(ca) as tsa, local_pki(ca) as pki:
        for name, level in (("t.pdf", Level.B_T), ("lta.pdf", Level.B_LTA)):
            sign_document(
                folder / "plain.pdf",
                folder / name,
                (task,),
                timestamper=open_timestamper(tsa.settings()),
                trust=TrustSettings(test_ca=ca),
                level=level,
                revocation=RevocationSource(pki.settings()),
            )
    yield folder


@pytest.fixture
def call(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("SOHOA_TEST_PKI_FOLDER", str(folder / "ca"))
    monkeypatch.setenv("SOHOA_VERAPDF", "no-such-tool")
    return lambda *arguments: CliRunner().invoke(sohoa, ["verify", *(str(a) for a in arguments)])


def test_people_read_verdict_level_time_and_end(call: Call, folder: Path) -> None:
    told = call(folder / "t.pdf", folder / "lta.pdf", folder / "plain.pdf")
    assert told.exit_code == 0, told.output
    for words in (
        "toàn vẹn, hợp lệ, đáng tin, phủ cả tệp; mức B-T",
        "có phần thêm sau khi ký; mức B-LTA",
        "(dấu thời gian)",
        "chứng cứ còn đến",
        "chứng thư số của dấu thời gian lưu trữ hết hạn",
        "Lần sửa 3: thêm dấu thời gian lưu trữ",
        "PDF/A: chưa kiểm tra",
        "Không có chữ ký số.",
        "Không có giá trị pháp lý",
    ):
        assert words in told.output, words


def test_programs_read_everything(call: Call, folder: Path) -> None:
    signed, archived, plain = json.loads(
        call("--json", folder / "t.pdf", folder / "lta.pdf", folder / "plain.pdf").stdout
    )
    (fact,) = signed["signatures"]
    assert {key: fact[key] for key in ("intact", "valid", "trusted", "legally_valid", "level", "time_source")} == {
        "intact": True,
        "valid": True,
        "trusted": True,
        "legally_valid": False,
        "level": "B-T",
        "time_source": "timestamp",
    }
    assert fact["evidence_until"] > "2030"
    assert fact["changes"] == []
    assert signed["counts_as_signed"] is True
    assert archived["signatures"][0]["changes"] == ["archive_timestamp"]
    assert [stamp["trusted"] for stamp in archived["archive_timestamps"]] == [True]
    assert [revision["change"] for revision in archived["revisions"]] == ["archive_timestamp"]
    assert (plain["signatures"], plain["counts_as_signed"]) == ([], False)


def test_a_tampered_file_an_encrypted_one_and_no_pdf_at_all(call: Call, folder: Path, tmp_path: Path) -> None:
    from pypdf import PdfWriter

    bent, locked, text = tmp_path / "bent.pdf", tmp_path / "locked.pdf", tmp_path / "text.pdf"
    bent.write_bytes(pdf_attacks.paint_over((folder / "t.pdf").read_bytes()))
    writer = PdfWriter(clone_from=folder / "plain.pdf")
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(locked)
    text.write_text("not a PDF", encoding="utf-8")
    told = call(bent, locked, text)
    assert told.exit_code == 3
    assert "tệp bị sửa sau khi ký" in told.output
    assert "SỬA ĐỔI ĐÁNG NGỜ" in told.output
    assert "Tệp PDF có mật khẩu" in told.output
    assert "Tệp hỏng, không đọc được" in told.output
    codes = [one["problem_code"] for one in json.loads(call("--json", bent, locked, text).stdout)]
    assert codes == ["", "encrypted", "unreadable"]


def test_an_archive_timestamp_that_is_broken_is_not_passed_over(call: Call, folder: Path, tmp_path: Path) -> None:
    bent = tmp_path / "bent.pdf"
    data = bytearray((folder / "lta.pdf").read_bytes())
    place = data.rindex(b"/DSS")
    data[place + 1 : place + 4] = b"DSX"
    bent.write_bytes(data)
    told = call("--json", bent)
    assert told.exit_code == 3
    assert not any(stamp["intact"] for stamp in json.loads(told.stdout)[0]["archive_timestamps"])


def test_whom_to_trust_is_told_by_an_option_too(call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOHOA_TEST_PKI_FOLDER", "nowhere")
    untrusted = call("--json", folder / "t.pdf")
    trusted = call("--json", "--trust", folder / "ca" / "root.pem", folder / "t.pdf")
    assert (untrusted.exit_code, trusted.exit_code) == (0, 0), "both are sound; trust is told apart"
    states = [json.loads(told.stdout)[0]["signatures"][0] for told in (untrusted, trusted)]
    assert [one["trusted"] for one in states] == [False, True]
    assert [one["valid"] for one in states] == [True, True]


def test_online_asks_who_issued_the_certificate(call: Call, folder: Path, tmp_path: Path) -> None:
    (folder / "ca" / "root.crl").rename(tmp_path / "root.crl")
    try:
        offline, online = (
            json.loads(call("--json", *how, folder / "t.pdf").stdout)[0] for how in ((), ("--online",))
        )
    finally:
        (tmp_path / "root.crl").rename(folder / "ca" / "root.crl")
    assert [one["signatures"][0]["revocation"] for one in (offline, online)] == ["unknown", "good"]

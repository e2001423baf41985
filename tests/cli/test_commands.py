from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from manifests.documents import DocumentEntry
from manifests.manifest import write_manifest
from pipeline.cli import COMMANDS, sohoa
from sample_scans import render_document

ROOT = Path(__file__).resolve().parents[2]
Call = Callable[..., Result]


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Type a command in an empty folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(sohoa, [str(a) for a in arguments])


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No OCR, no signature: what is asked is what the command says."""
    monkeypatch.setenv("SOHOA_OCR_ENGINE", "null")
    monkeypatch.setenv("SOHOA_LEGAL_PROFILE", "hotich-1437")
    monkeypatch.setenv("SOHOA_WORKERS", "1")


def scan(path: Path, seed: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    page = render_document("birth", "laser", seed=seed, dpi=150, clean=True).pages[0].convert("L")
    page.save(path, dpi=(150, 150), quality=80)
    return path


def drop(folder: Path, *, pages: int = 1) -> Path:
    batch = folder / "var" / "intake" / "00256" / "L1"
    file = scan(batch / "a.jpg")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    write_manifest(
        batch / "manifest.csv", [DocumentEntry("HS-1", ("a.jpg",), (digest,), pages, "birth", "00256", 2019)]
    )
    (batch / "_READY").touch()
    return batch


def test_the_readme_and_the_architecture_name_every_command(call: Call) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = call("--help").output
    for name in COMMANDS:
        assert f"`sohoa {name}" in text, name
        assert name in shown
        assert call(name, "--help").exit_code == 0, name


def test_check_praises_a_good_drop_and_names_every_fault_of_a_bad_one(call: Call, tmp_path: Path) -> None:
    good = call("check", drop(tmp_path))
    assert (good.exit_code, "ĐẠT" in good.output) == (0, True), good.output
    bad = call("check", drop(tmp_path, pages=3))
    assert bad.exit_code == 4
    assert "Số trang không khớp" in bad.output
    report = json.loads(call("check", "--json", tmp_path / "var/intake/00256/L1").stdout)
    assert {f["code"]: f["severity"] for f in report["faults"]} == {
        "page_count_mismatch": "error",
        "low_dpi": "warning",
        "not_in_colour": "warning",
    }


def test_run_without_a_ready_batch_says_what_makes_one_ready(call: Call) -> None:
    result = call("run")
    assert result.exit_code == 4
    assert "_READY" in result.output


@pytest.mark.parametrize("key", ["00256/nothing", "nonsense", "../x/y", "../x"])
def test_an_unknown_batch_is_bad_usage(call: Call, key: str) -> None:
    result = call("run", "--batch", key)
    assert result.exit_code == 2
    assert "sohoa status --batches" in result.output


@pytest.mark.slow
def test_run_status_and_rerun_of_one_document(call: Call, tmp_path: Path) -> None:
    drop(tmp_path)
    first = call("run", "--json", "--workers", 1)
    assert first.exit_code == 0, first.output
    assert json.loads(first.stdout)["batches"][0]["worked"] == 1
    again = json.loads(call("run", "--json").stdout)
    assert (again["batches"][0]["worked"], again["batches"][0]["untouched"]) == (0, 1)
    status = json.loads(call("status", "--json").stdout)
    assert status["total"]["signed"] == 1
    assert "00256/L1" in call("status", "--batches").output
    rerun = call("rerun", "--batch", "00256/L1", "--document", "HS-1", "--from", "index", "--json")
    assert json.loads(rerun.stdout)["batches"][0]["worked"] == 1
    assert call("rerun", "--batch", "00256/L1", "--document", "HS-9", "--from", "sign").exit_code == 2
    assert json.loads(call("audit", "--json").stdout)["damages"] == []


def test_inventory_with_faults_imports_nothing(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "danh-muc.csv"
    file.write_text("unit_code,record_type,year,records,files,pages\n99999,birth,2019,x,1,1\n", encoding="utf-8")
    result = call("inventory", "import", file)
    assert result.exit_code == 2
    assert "chưa nạp gì" in result.output
    file.write_text("unit_code,record_type,year,records,files,pages\n00256,birth,2019,4,4,4\n", encoding="utf-8")
    assert call("inventory", "import", file).exit_code == 0
    assert json.loads(call("status", "--json").stdout)["total"]["inventory_records"] == 4


def test_a_wrong_month_and_a_wrong_setting_are_told_with_their_remedy(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("report", "--month", "2025-13").exit_code == 2
    monkeypatch.setenv("SOHOA_WORKERS", "many")
    result = call("status")
    assert result.exit_code == 2
    assert "SOHOA_WORKERS" in result.output


@pytest.mark.slow
def test_convert_joins_scans_signs_and_never_touches_its_input(call: Call, tmp_path: Path) -> None:
    first, second = scan(tmp_path / "1.jpg"), scan(tmp_path / "2.png", seed=2)
    before = first.read_bytes(), second.read_bytes()
    result = call("convert", "--sign", "--json", first, second, tmp_path / "out.pdf")
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)["converted"][0]
    assert [p["verdict"] for p in made["pages"]] == ["read", "read"]
    assert made["signature"]["intact"] and not made["signature"]["legally_valid"]
    assert (first.read_bytes(), second.read_bytes()) == before
    assert call("verify", tmp_path / "out.pdf").exit_code == 0
    assert call("convert", "--sign", first, tmp_path / "out.pdf").exit_code == 0, "an older output is replaced whole"
    assert not list(tmp_path.glob(".out*")), "drafts are left behind"
    whole = bytearray((tmp_path / "out.pdf").read_bytes())
    whole[len(whole) // 3] ^= 1
    (tmp_path / "bent.pdf").write_bytes(whole)
    told = call("verify", tmp_path / "bent.pdf")
    assert told.exit_code == 3
    assert "ĐÃ BỊ SỬA" in told.output


def test_convert_refuses_to_overwrite_its_input_and_says_what_is_no_scan(call: Call, tmp_path: Path) -> None:
    text = tmp_path / "a.pdf"
    text.write_text("no scan", encoding="utf-8")
    assert call("convert", text, text).exit_code == 2
    refused = call("convert", text, tmp_path / "b.pdf")
    assert refused.exit_code == 4
    assert "unsupported_format" in refused.output
    assert not (tmp_path / "b.pdf").exists()


def test_one_bad_file_does_not_keep_the_others_of_a_folder_from_being_converted(call: Call, tmp_path: Path) -> None:
    good, bad = scan(tmp_path / "good.jpg"), tmp_path / "bad.pdf"
    bad.write_bytes(b"%PDF-1.4 cut")
    result = call("convert", "--json", good, bad, tmp_path / "out")
    assert result.exit_code == 3
    assert (tmp_path / "out" / "good.pdf").exists()
    assert not (tmp_path / "out" / "bad.pdf").exists()


@pytest.mark.verapdf
def test_a_thread_of_a_picture_still_becomes_a_page_anybody_can_open(
    call: Call, tmp_path: Path, verapdf: object
) -> None:
    Image.new("L", (1, 20000), 255).save(tmp_path / "thread.png")  # longer and thinner than a PDF page may be
    result = call("convert", "--check", tmp_path / "thread.png", tmp_path / "out.pdf")
    assert result.exit_code == 0, result.output
    assert "đạt PDF/A (veraPDF)" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "--json"),
        ("run", "--json", "--batch", "00256/none"),
        ("rerun", "--json", "--batch", "00256/none"),
        ("convert", "--json", "none.pdf", "out.pdf"),
        ("check", "--json", "empty"),
        ("status", "--json"),
        ("status", "--json", "--batches"),
        ("audit", "--json"),
    ],
)
def test_json_is_one_document_also_when_nothing_can_be_done(
    call: Call, tmp_path: Path, arguments: tuple[str]
) -> None:
    (tmp_path / "empty").mkdir()
    result = call(*arguments)
    told = json.loads(result.stdout)
    assert (result.exit_code in (2, 4)) == ("error" in told or arguments[0] == "check")


def test_a_stopped_document_is_told_by_the_next_run_too(call: Call, tmp_path: Path, quick: None) -> None:
    drop(tmp_path, pages=3)
    assert call("run").exit_code == 4
    again = call("run")
    assert again.exit_code == 4
    assert "Số trang không khớp" in again.output


def test_what_does_not_exist_cannot_be_redone(call: Call, tmp_path: Path, quick: None) -> None:
    drop(tmp_path, pages=3)
    told = call("rerun", "--batch", "00256/L1", "--document", "HS-1")
    assert told.exit_code == 2
    assert "Số trang không khớp" in told.output


@pytest.mark.slow
def test_a_key_that_does_not_open_stops_the_run_at_once_and_names_no_secret(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    drop(tmp_path)
    monkeypatch.delenv("SOHOA_LEGAL_PROFILE")
    (tmp_path / "key.p12").write_bytes(b"no key")
    monkeypatch.setenv("SOHOA_SIGNER_PKCS12", str(tmp_path / "key.p12"))
    monkeypatch.setenv("SOHOA_SIGNER_PASSPHRASE", "bi-mat-123")
    result = call("run", "--json")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert [h["code"] for h in told["halted"]] == ["key_unavailable"]
    assert "bi-mat-123" not in result.output
    assert not list((tmp_path / "var" / "archive").glob("*/*/*/pages")), "hours of reading before a wrong key"
    assert "đã dừng" in call("status", "--batches").output


@pytest.mark.slow
def test_a_timestamp_authority_that_is_down_is_waited_for_told_and_given_up(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    drop(tmp_path)
    monkeypatch.delenv("SOHOA_LEGAL_PROFILE")
    monkeypatch.setenv("SOHOA_TSA_URL", "http://127.0.0.1:9/")
    monkeypatch.setenv("SOHOA_RETRIES", "2")
    result = call("run", "--json")
    assert result.exit_code == 4
    assert [h["code"] for h in json.loads(result.stdout)["halted"]] == ["tsa_unavailable"]
    monkeypatch.delenv("SOHOA_TSA_URL")
    assert json.loads(call("run", "--json").stdout)["batches"][0]["worked"] == 1


def test_a_command_ends_without_looking_for_what_could_be_freed() -> None:
    program = "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0)); "
    program += "from pipeline.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("True\n")

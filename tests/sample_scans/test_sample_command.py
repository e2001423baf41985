from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from sample_scans import webfonts
from sample_scans.__main__ import main, signer


def test_the_command_tells_what_it_made_and_what_it_could_not(tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = [str(out), "--documents", "1", "--dpi", "150", "--jobs", "1", "--no-faults"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert "1 documents" in result.output and "batch 00256/2025-03-LDH" in result.output
    assert (out / "inventory.csv").exists()
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 2
    assert "choose another folder" in again.output


def test_a_signer_command_gets_both_paths(tmp_path: Path) -> None:
    source, target = tmp_path / "with a space.pdf", tmp_path / "signed.pdf"
    source.write_bytes(b"%PDF-1.4")
    signer("cp {in} {out}")(source, target)
    assert target.read_bytes() == b"%PDF-1.4"


def test_without_npm_each_hand_is_told_as_left_out(tmp_path: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("PATH", str(tmp_path))
    ready, problems = webfonts.fetch(tmp_path / "fonts")
    assert ready == []
    assert len(problems) == len(webfonts.PACKAGES)
    assert all("npm is not installed" in problem for problem in problems)

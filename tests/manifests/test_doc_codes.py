"""How documents are called in the exchange with other systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from manifests.doc_codes import LONGEST, DocCodesError, doc_code_rules, read_doc_codes
from manifests.record_types import record_types

OWN = """
version = "1"
source = "QĐ"
confirmed = true
agency = "H26.77.{unit}"
other = "VB"
[agencies]
00256 = "H26.77.12"
[kinds]
birth = "KS"
"""


def test_every_record_type_has_a_kind_of_its_own_and_codes_fit_the_guidance() -> None:
    rules = doc_code_rules()
    assert set(rules.kinds) == set(record_types()), "a kind nobody delivers stands for a misspelled one"
    assert len(set(rules.kinds.values())) == len(rules.kinds)
    assert rules.series("00256", "permit") == "H26.00256_GP"
    assert all(len(rules.series("00256", it)) + len("_000001_V1") <= LONGEST for it in record_types())
    assert rules.confirmed is False
    assert "7197" in rules.source


def test_an_agency_brings_its_own(tmp_path: Path) -> None:
    file = tmp_path / "ma.toml"
    file.write_text(OWN, encoding="utf-8")
    rules = read_doc_codes(file)
    assert (rules.series("00256", "birth"), rules.series("00292", "death")) == ("H26.77.12_KS", "H26.77.00292_VB")


def test_all_faults_of_own_rules_are_told_at_once(tmp_path: Path) -> None:
    file = tmp_path / "ma.toml"
    file.write_text("agency = 3\nkind = 1\n[kinds]\nbirht = 'KS'\n", encoding="utf-8")
    with pytest.raises(DocCodesError) as caught:
        read_doc_codes(file)
    told = str(caught.value)
    assert all(it in told for it in ("“kind”", "“version”", "“agency”", "“confirmed”", "birht", "doc_codes.toml"))
    for wrong in (OWN.replace("H26.77.{unit}", "H26_77"), OWN.replace("H26.77.12", "H26.77.1234567890123456")):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(DocCodesError):
            read_doc_codes(file)
    with pytest.raises(DocCodesError, match="cannot be read"):
        read_doc_codes(tmp_path / "khong-co.toml")

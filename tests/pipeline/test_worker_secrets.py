"""A process that reads scans is given no key and no way to one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from pipeline.settings import Settings, read_settings
from pipeline.worker_life import forget_secrets, without_secrets

PIN = "Ma-Pin-Rat-Bi-Mat"


def signer_fields() -> list[str]:
    return [name for name in Settings.model_fields if "signer_" in name]


def test_no_setting_of_a_key_is_handed_over() -> None:
    told = {
        "passphrase": SecretStr(PIN),
        "passphrase_file": Path("/run/secrets/pin"),
        "module": Path("/usr/lib/token.so"),
    }
    settings = read_settings(
        **{f"{whose}{name}": value for whose in ("signer_", "person_signer_") for name, value in told.items()},
        signer_token="co quan",
        database_url="postgresql://u:secret@db/sohoa",
        language="vie",
    )
    given = without_secrets(settings)
    assert len(signer_fields()) == 24
    for name in signer_fields():
        assert getattr(given, name) == Settings.model_fields[name].get_default(), name
    assert given.database_url == ""
    assert given.language == settings.language
    assert PIN not in given.model_dump_json() + repr(given)


def test_no_environment_variable_of_a_key_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*signer_fields(), "database_url"):
        monkeypatch.setenv(f"SOHOA_{name.upper()}", PIN)
    monkeypatch.setenv("SOHOA_LANGUAGE", "vie")
    forget_secrets()
    assert PIN not in os.environ.values()
    assert os.environ["SOHOA_LANGUAGE"] == "vie"

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.settings import Settings
from pipeline.stages import NAMES, STAGES, markdown_table, stage

ROOT = Path(__file__).resolve().parents[2]


def test_the_road_is_the_one_of_the_architecture() -> None:
    assert NAMES == ("receive", "capture", "recognize", "assemble", "sign", "index", "load")
    assert len({s.label for s in STAGES}) == len(STAGES)


def test_an_unknown_stage_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="the stages are receive"):
        stage("polish")


def test_the_readme_shows_the_table_as_it_is() -> None:
    assert markdown_table() in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented_with_its_meaning() -> None:
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for name, field in Settings.model_fields.items():
        assert f"| `SOHOA_{name.upper()}` |" in text, name
        assert field.description and field.description in text, name

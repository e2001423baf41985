"""The rules by which books are looked at for what is missing, read from ``data/completeness.toml``."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class NumberSeriesRule:
    """How records are numbered.

    Attributes:
        record_types: Types whose numbers run through the year, agency by agency.
        error_from: From this day on a gap or a repeated number is an error; before, a warning.
        source: The rule's source, Vietnamese.
        longest_gap_listed: A step beyond this many numbers is a misread number, not a gap.
    """

    record_types: tuple[str, ...]
    error_from: dt.date
    source: str
    longest_gap_listed: int


@cache
def number_series_rule() -> NumberSeriesRule:
    """The rule that comes with the project (TT 04/2020/TT-BTP, Art 29)."""
    text = resources.files("manifests").joinpath("data/completeness.toml").read_text(encoding="utf-8")
    raw = tomllib.loads(text)["number_series"]
    return NumberSeriesRule(tuple(raw["record_types"]), raw["error_from"], raw["source"], raw["longest_gap_listed"])

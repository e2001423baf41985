"""How documents are called in exchange with other systems: ``data/doc_codes.toml``, or an agency's own file."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from manifests.errors import ManifestsError

LONGEST = 30
"""Characters of a ``DocCode`` (CV 7197/BKHCN-CĐSQG: S30)."""
_SERIAL_AND_VERSION = len("_000001_V1")
_PART = re.compile(r"[^\s/_\x00]+")
_NAMES = {"version", "name", "source", "confirmed", "agency", "other", "agencies", "kinds"}


@dataclass(frozen=True, slots=True)
class DocCodeRules:
    """How codes are written: ``MCQ_LV_STT_PB``, for example ``H26.00256_KS_000021_V1``.

    Attributes:
        version, source, confirmed: Of the rules themselves.
        agency: Agency part; ``{unit}`` is the unit code. ``agencies`` goes before it, by unit code.
        kinds: Abbreviation by record type, ``other`` for all else.
    """

    version: str
    source: str
    confirmed: bool
    agency: str
    other: str
    agencies: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def series(self, unit_code: str, record_type: str) -> str:
        """What stands before the serial number."""
        agency = self.agencies.get(unit_code) or self.agency.replace("{unit}", unit_code)
        return f"{agency}_{self.kinds.get(record_type, self.other)}"


class DocCodesError(ManifestsError):
    """The rules cannot be used; ``faults`` name every fault."""

    code = "configuration_invalid"

    def __init__(self, name: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{name}: {'; '.join(faults)}; write it like manifests/data/doc_codes.toml")


@cache
def doc_code_rules() -> DocCodeRules:
    """The rules that come with the project: not confirmed, because the codes of the new wards were not read."""
    text = resources.files("manifests").joinpath("data/doc_codes.toml").read_text(encoding="utf-8")
    return _rules("doc_codes.toml", text)


def read_doc_codes(path: Path) -> DocCodeRules:
    """An agency's own rules.

    Raises:
        DocCodesError: They cannot be used.
    """
    try:
        return _rules(path.name, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as error:
        raise DocCodesError(path.name, [f"it cannot be read ({error})"]) from error


def _rules(name: str, text: str) -> DocCodeRules:
    from manifests.record_types import record_types  # here, because every command knows this module's error

    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocCodesError(name, [str(error)]) from error
    faults = [f"“{key}” is not known here" for key in raw if key not in _NAMES]
    faults += [
        f"“{key}” must be a text" for key in ("version", "source", "agency", "other") if not _is_text(raw, key)
    ]
    if not isinstance(raw.get("confirmed"), bool):
        faults.append("“confirmed” must be true or false")
    agencies, kinds = (_table(raw, key, faults) for key in ("agencies", "kinds"))
    faults += [f"kinds: “{key}” is no record type" for key in kinds if key not in record_types()]
    if not faults:
        rules = DocCodeRules(
            raw["version"], raw["source"], raw["confirmed"], raw["agency"], raw["other"], agencies, kinds
        )
        faults = _unusable(rules)
        if not faults:
            return rules
    raise DocCodesError(name, faults)


def _unusable(rules: DocCodeRules) -> list[str]:
    from manifests.record_types import record_types

    parts = [rules.agency.replace("{unit}", "00256"), rules.other, *rules.agencies.values(), *rules.kinds.values()]
    faults = [f"“{it}” holds a space, “_” or “/”" for it in parts if not _PART.fullmatch(it)]
    longest = max(
        (rules.series(unit, kind) for unit in ("00256", *rules.agencies) for kind in record_types()), key=len
    )
    if len(longest) + _SERIAL_AND_VERSION > LONGEST:
        faults.append(f"“{longest}_000001_V1” has more than {LONGEST} characters")
    return faults


def _is_text(raw: dict[str, Any], key: str) -> bool:
    return isinstance(raw.get(key), str) and bool(raw[key].strip())


def _table(raw: dict[str, Any], key: str, faults: list[str]) -> dict[str, str]:
    found = raw.get(key, {})
    if isinstance(found, dict) and all(isinstance(it, str) for it in found.values()):
        return found
    faults.append(f"[{key}] must hold texts")
    return {}

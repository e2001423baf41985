"""Reading legal profiles from their TOML files, ours and an agency's own, with every fault named."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from signing.errors import ProfileError
from signing.profile_rules import LegalProfile as LegalProfile
from signing.profile_rules import Rule, SignatureRules, places
from signing.profile_rules import SignerKind as SignerKind

_PROFILE = TypeAdapter(LegalProfile)
_SIGNATURE = TypeAdapter(SignatureRules)
_RULE = TypeAdapter(Rule)
_LINE_PLACES = {"copy_form", "agency", "person", "time"}
_MARK_PLACES = {"time", "converter"}
_LARGEST = 100_000
"""Bytes of a profile file; ours have five thousand."""


@cache
def profiles(folder: Path | None = None) -> dict[str, LegalProfile]:
    """All profiles by name, sorted: ours, and those of ``folder`` beside or in place of them.

    Raises:
        ProfileError: A file is wrong; names the file and the value.
    """
    raw = dict(_builtin())
    if folder is not None:
        raw |= {path.stem: _load(path.name, _read(path)) for path in _own_files(folder)}
    return {name: _build(name, raw[name]) for name in sorted(raw)}


def find_profile(name: str, folder: Path | None = None) -> LegalProfile:
    """The profile called ``name``, among ours and those of ``folder``.

    Raises:
        ProfileError: There is none, naming those there are; or a file is wrong.
    """
    known = profiles(folder)
    if name not in known:
        raise ProfileError(name, f"unknown; choose one of {', '.join(known)}")
    return known[name]


def parse_profile(name: str, text: str) -> LegalProfile:
    """A profile from its TOML: ``name``, ``version``, ``title``, a table ``rules`` and tables ``signatures``.

    With ``based_on`` it holds only what differs from that profile of ours; its signatures are matched by place.

    Raises:
        ProfileError: Not TOML; a rule is missing, unknown, without a source, of the wrong type or against another.
    """
    return _build(name, _load(name, text))


@cache
def _builtin() -> dict[str, dict[str, Any]]:
    return {
        entry.name.removesuffix(".toml"): _load(entry.name, entry.read_text(encoding="utf-8"))
        for entry in resources.files("signing").joinpath("data/profiles").iterdir()
        if entry.name.endswith(".toml")
    }


def _own_files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as fault:
        detail = f"the folder of own profiles cannot be read ({fault.strerror}); correct SOHOA_PROFILES_FOLDER"
        raise ProfileError(str(folder), detail) from None


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise ProfileError(path.stem, f"{path.name} is larger than {_LARGEST} bytes; that is no profile")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise ProfileError(
            path.stem, f"{path.name} cannot be read ({type(fault).__name__}); correct the file"
        ) from None


def _load(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        raise ProfileError(name, f"not TOML ({fault}); correct the file") from None


def _build(name: str, raw: dict[str, Any]) -> LegalProfile:
    try:
        whole = _merged(name, raw)
        tables = [*enumerate(whole.get("signatures", []), start=1)]
        about_copy = tuple(_rule(rule, body) for rule, body in whole["rules"].items())
        about_signatures = [
            tuple(_rule(f"signatures.{number}.{rule}", body) for rule, body in table.items())
            for number, table in tables
        ]
        signatures = tuple(
            _SIGNATURE.validate_python({rule.name.rpartition(".")[2]: rule.value for rule in group})
            for group in about_signatures
        )
        profile = _PROFILE.validate_python(
            {
                "name": whole["name"],
                "version": whole["version"],
                "title": whole["title"],
                "signatures": signatures,
                "rules": (*about_copy, *(rule for group in about_signatures for rule in group)),
                **{rule.name: rule.value for rule in about_copy},
            }
        )
    except (KeyError, TypeError, AttributeError) as fault:
        raise ProfileError(name, f"{fault} is missing; every rule gives value, source and confirmed") from None
    except ValidationError as fault:
        where = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors())
        raise ProfileError(name, f"{where}; correct the file") from None
    _check(name, profile)
    return profile


def _rule(name: str, body: dict[str, Any]) -> Rule:
    known = {"value", "source", "confirmed", "on_breach"}
    if unknown := set(body) - known:
        raise KeyError(f"rule {name} says {sorted(unknown)}, which means nothing; one of {sorted(known)}")
    told = {key: body[key] for key in ("value", "source", "confirmed")}
    return _RULE.validate_python({"name": name, **told, "on_breach": body.get("on_breach", "tell")})


def _merged(name: str, raw: dict[str, Any]) -> dict[str, Any]:
    """``raw`` over the profile it builds on."""
    if unknown := set(raw) - {"name", "version", "title", "based_on", "rules", "signatures"}:
        raise ProfileError(name, f"unknown parts {sorted(unknown)}; correct the file")
    if "based_on" not in raw:
        return raw
    base = _builtin().get(str(raw["based_on"]))
    if base is None:
        raise ProfileError(name, f"it builds on {raw['based_on']!r}; choose one of {', '.join(sorted(_builtin()))}")
    if raw["version"] == base["version"]:
        raise ProfileError(name, "it has the version of the profile it changes; give it a version of its own")
    signatures = [dict(table) for table in base.get("signatures", [])]
    for place, table in enumerate(raw.get("signatures", [])):
        if place < len(signatures):
            signatures[place] |= table
        else:
            signatures.append(table)
    return {
        "title": base["title"],
        **raw,
        "rules": base["rules"] | raw.get("rules", {}),
        "signatures": signatures,
    }


def _check(name: str, profile: LegalProfile) -> None:
    """What no single value shows.

    Raises:
        ProfileError: The rules do not fit together.
    """
    faults = []
    if profile.name != name:
        faults.append(f"the file calls itself {profile.name!r}; give both the same name")
    for number, each in enumerate(profile.signatures, start=1):
        for line in each.lines:
            if unknown := places(line) - _LINE_PLACES:
                faults.append(f"lines of signature {number} name unknown places {sorted(unknown)}")
        if each.signer is SignerKind.NONE or not each.lines:
            faults.append(f"signature {number} needs a signer and lines")
        if each.show_seal and each.signer is not SignerKind.AGENCY:
            faults.append(f"signature {number} shows a seal, which only an agency has")
        if not 4 <= each.font_size <= 72 or not 40 <= each.block_width <= 1000 or not 0 <= each.margin <= 200:
            faults.append(f"font_size, block_width or margin of signature {number} fits no page")
    for what in ("signer", "corner"):
        if len({getattr(each, what) for each in profile.signatures}) < len(profile.signatures):
            faults.append(f"two signatures have the same {what}")
    if profile.signed != bool(profile.signatures):
        faults.append("signed does not fit the number of signatures")
    if profile.signatures and not profile.signatures[0].required:
        faults.append("the first signature must be required")
    if unknown := places(profile.conversion_mark) - _MARK_PLACES:
        faults.append(f"conversion_mark names unknown places {sorted(unknown)}")
    if not 0 < profile.tolerated_dpi <= profile.min_dpi:
        faults.append("tolerated_dpi must lie between 1 and min_dpi")
    if faults:
        raise ProfileError(name, f"{'; '.join(faults)}; correct the file")

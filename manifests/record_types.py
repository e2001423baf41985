"""Record types (loại kết quả) and their fields, read from ``data/record_types.toml``.

The file is data because forms change with each decree; adding a label is an edit there and a line in its source
note, not a change of code.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from pydantic import TypeAdapter

from manifests.spelling import fold


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field of a record type.

    Attributes:
        kind: ``name``, ``date``, ``date_words``, ``year``, ``sex``, ``number``, ``place``, ``text`` or
            ``person_document``; decides how it is normalized and compared.
        label: Vietnamese name on screen.
        labels: What may be printed before the value; ``unconfirmed_labels`` are from memory, older eras.
        required: Without it the record goes to review.
        role: The party the value belongs to.
        checks: Name of the field this one repeats in words.
        after: The label counts only below this field (the same label stands in several blocks).
        column: ``left`` or ``right`` half of a two-column form.
        heading: Found by its place in the heading instead of a label (``date``, ``agency``, ``subject``, ``signer``).
    """

    name: str
    kind: str
    label: str
    labels: tuple[str, ...]
    unconfirmed_labels: tuple[str, ...] = ()
    required: bool = False
    role: str | None = None
    checks: str | None = None
    after: str | None = None
    column: str | None = None
    heading: str | None = None

    @property
    def all_labels(self) -> tuple[str, ...]:
        return self.labels + self.unconfirmed_labels


@dataclass(frozen=True, slots=True)
class RecordType:
    """One kind of result: ``code`` in data, ``short`` in file names, ``name`` on screen, ``titles`` on paper.

    Attributes:
        area: Field of work (lĩnh vực), key of ``areas()``.
        lapses_after_months: So long after its date a result is no longer in force; ``None``: it does not lapse.
        lapse_source: Where that rule comes from.
    """

    code: str
    short: str
    name: str
    titles: tuple[str, ...]
    fields: tuple[FieldType, ...]
    area: str = "other"
    lapses_after_months: int | None = None
    lapse_source: str | None = None

    def field(self, name: str) -> FieldType:
        """The field called ``name``.

        Raises:
            KeyError: This type has no such field.
        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(f"record type {self.code!r} has no field {name!r}")


_FIELDS = TypeAdapter(tuple[FieldType, ...])


@cache
def _raw() -> dict[str, Any]:
    text = resources.files("manifests").joinpath("data/record_types.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def areas() -> dict[str, str]:
    """Fields of work (lĩnh vực): Vietnamese name by code."""
    return dict(_raw()["areas"])


def last_lapsed_year(kind: RecordType, on: dt.date) -> int | None:
    """The last year of which every result of ``kind`` has lapsed by ``on``; ``None`` when the type does not lapse.

    >>> last_lapsed_year(record_types()["marital_status"], dt.date(2025, 7, 1))
    2024
    """
    if kind.lapses_after_months is None:
        return None
    months = on.year * 12 + on.month - 1 - kind.lapses_after_months
    # What was issued on 31 December is the last of its year: the day it lapses is past once December is.
    return months // 12 - 1


@cache
def record_types() -> dict[str, RecordType]:
    """All record types by code, in the order of the file."""
    raw = _raw()
    return {
        code: RecordType(
            code=code,
            short=body["short"],
            name=body["name"],
            titles=tuple(body["titles"]),
            fields=_FIELDS.validate_python(body["fields"]),
            area=body["area"],
            lapses_after_months=body.get("lapses_after_months"),
            lapse_source=body.get("lapse_source"),
        )
        for code, body in raw.items()
        if isinstance(body, dict) and "fields" in body
    }


@cache
def _by_spelling() -> dict[str, RecordType]:
    return {fold(word): kind for kind in record_types().values() for word in (kind.code, kind.short, kind.name)}


def resolve(text: str) -> RecordType | None:
    """The record type whose code, short code or Vietnamese name is ``text``; case and diacritics do not count."""
    return _by_spelling().get(fold(text))

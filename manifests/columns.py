"""Which header means which column, read from ``data/columns.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from manifests.documents import Medium
from manifests.record_types import FieldType, RecordType, record_types
from manifests.spelling import fold


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table people bring.

    Attributes:
        name: English name, as in the domain types.
        title: Official Vietnamese header.
        means: What to write into it, Vietnamese.
    """

    name: str
    title: str
    required: bool
    means: str
    spellings: frozenset[str]


@dataclass(frozen=True, slots=True)
class TableForm:
    """The columns of one kind of table: ``manifest`` or ``inventory``."""

    columns: tuple[Column, ...]

    def named(self, header: str) -> Column | None:
        """The column a header means; ``None`` for any other header."""
        spelling = fold(header)
        return next((column for column in self.columns if spelling in column.spellings), None)

    def required(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.required)

    def score(self, headers: Sequence[str]) -> int:
        """How many different required columns a row names: tells a header from a title or from data."""
        found = (self.named(header) for header in headers)
        return len({column.name for column in found if column and column.required})


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(resources.files("manifests").joinpath("data/columns.toml").read_text(encoding="utf-8"))


@cache
def table_form(kind: str) -> TableForm:
    """The form of a ``manifest`` or an ``inventory``."""
    return TableForm(
        tuple(
            Column(
                name=name,
                title=body["title"],
                required=body.get("required", False),
                means=body["means"],
                spellings=frozenset(fold(word) for word in (name, body["title"], *body["spellings"])),
            )
            for name, body in _data()[kind].items()
        )
    )


@cache
def _media() -> dict[str, Medium]:
    return {fold(word): Medium(name) for name, words in _data()["medium"].items() for word in (name, *words)}


def medium(text: str) -> Medium | None:
    """The medium that ``text`` names in English or Vietnamese."""
    return _media().get(fold(text))


@cache
def _ignored() -> frozenset[str]:
    return frozenset(fold(word) for word in _data()["ignored"]["spellings"])


def is_ignored(header: str) -> bool:
    """Whether a column under this header, such as a running number, is left out without a word."""
    return fold(header) in _ignored()


@cache
def _field_spellings(code: str) -> dict[str, FieldType]:
    """Spellings that mean exactly one field of the type; names and labels win over printed labels."""
    kind = record_types()[code]
    found: dict[str, FieldType] = {}
    for words in (
        [(field.name, field) for field in kind.fields],
        [(field.label, field) for field in kind.fields],
        [(label, field) for field in kind.fields for label in field.all_labels],
    ):
        tier: dict[str, set[str]] = {}
        for word, field in words:
            tier.setdefault(fold(word), set()).add(field.name)
        for word, field in words:
            if len(tier[fold(word)]) == 1:
                found.setdefault(fold(word), field)
    return found


def keyed_field(kind: RecordType, header: str) -> FieldType | None:
    """The field of ``kind`` whose keyed values stand under ``header``: its name, its label, or a printed label
    that no other field of the type shares."""
    return _field_spellings(kind.code).get(fold(header))


def is_keyed_header(header: str) -> bool:
    """Whether any record type has a field under this header."""
    return any(keyed_field(kind, header) for kind in record_types().values())

"""Which rows a finished document becomes in the tables that hang on its record, column by column.

A big load makes millions of them, so a row is a plain tuple in the order of the columns named beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

import sqlalchemy as sa

from manifests.documents import DocumentRecord, SignatureFact
from warehouse import schema
from warehouse.names import search_name, spelled_name
from warehouse.schema import SignatureSide

Read = Callable[[DocumentRecord], Iterable[tuple[Any, ...]]]

_LONGEST_ID, _LONGEST_DATE = 64, 10

_FIELD = ("name", "transcription", "normalized", "confidence", "source", "keyed", "agrees", "page_number")
_PAGE_FACTS = (
    "page_number",
    "source",
    "source_page",
    "width",
    "height",
    "dpi",
    "rotation",
    "skew_before",
    "skew_after",
    "sharpness",
    "contrast",
    "ink_share",
    "blank",
)
_PAGE = ("verdict", "word_count", "mean_confidence", "text")
_SIGNATURE = tuple(field.name for field in dataclasses.fields(SignatureFact))
_EVENT = ("type", "at", "outcome", "detail", "agent")

_of_field, _of_page_facts, _of_page = attrgetter(*_FIELD), attrgetter(*_PAGE_FACTS), attrgetter(*_PAGE)
_of_signature, _of_event = attrgetter(*_SIGNATURE), attrgetter(*_EVENT)


def _field_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    for position, value in enumerate(it.record.fields):
        yield (position, *_of_field(value), list(value.bbox) if value.bbox else None)


def _party_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    unit_code, year = it.entry.unit_code, it.entry.year
    for position, party in enumerate(it.record.parties):
        name = party.name
        yield (
            position,
            party.role,
            name,
            search_name(name),
            spelled_name(name),
            _short(party.birth_date, _LONGEST_DATE),
            _short(party.personal_id, _LONGEST_ID),
            unit_code,
            year,
        )


def _short(value: str | None, longest: int) -> str | None:
    # Longer ones are misreadings no index takes; the field keeps what was read.
    return value if value is None or len(value) <= longest else None


def _page_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    return ((*_of_page_facts(page.facts), *_of_page(page)) for page in it.pages)


def _flag_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    return (
        (page.facts.page_number, str(flag)) for page in it.pages if page.facts.flags for flag in {*page.facts.flags}
    )


def _signature_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    for side, signatures in ((SignatureSide.INPUT, it.input_signatures), (SignatureSide.OUTPUT, it.signatures)):
        for position, fact in enumerate(signatures):
            yield (side, position, *_of_signature(fact))


def _event_rows(it: DocumentRecord) -> Iterable[tuple[Any, ...]]:
    return ((position, *_of_event(event)) for position, event in enumerate(it.events))


FACTS: dict[sa.Table, tuple[tuple[str, ...], Read]] = {
    schema.field_value: (("position", *_FIELD, "bbox"), _field_rows),
    schema.party: (
        (
            "position",
            "role",
            "name",
            "name_folded",
            "name_spelled",
            "birth_date",
            "personal_id",
            "unit_code",
            "year",
        ),
        _party_rows,
    ),
    schema.page: ((*_PAGE_FACTS, *_PAGE), _page_rows),
    schema.page_flag: (("page_number", "flag"), _flag_rows),
    schema.signature: (("of", "position", *_SIGNATURE), _signature_rows),
    schema.event: (("position", *_EVENT), _event_rows),
}
"""Table → its columns after ``document_key``, and the rows of a document in it."""

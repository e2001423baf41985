"""What a search asks and what it answers: frozen values, no SQL."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from enum import StrEnum

from warehouse.results import DocumentDetail, DocumentSummary

MOST_HITS = 500
"""Hits that are counted and can be paged through; who has more has to say more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """Conditions as people type them; a document has to fit all that are not empty.

    Attributes:
        anything: One box: finds by personal id, number, name with or without birth date, then in the text.
        name: Words of one person's name, with or without diacritics, in any order; slips of a letter are forgiven
            after the exact names.
        birth_date: Of the same person: ``12/03/1990``, ``1990-03-12``, ``03/1990`` or ``1990``.
        personal_id: Of the same person.
        number, book: Leading zeros and signs between do not count; ``45`` finds ``045/1998`` too.
        year: Of the result.
        unit_code: Unit that issued it.
        record_type: Code of ``manifests.record_types``.
        text: Words that stand on its pages; within ``"…"`` next to each other.
    """

    anything: str = ""
    name: str = ""
    birth_date: str = ""
    personal_id: str = ""
    number: str = ""
    book: str = ""
    year: int | None = None
    unit_code: str = ""
    record_type: str = ""
    text: str = ""

    def cut(self, longest: int) -> SearchQuery:
        """The same without blanks around and with at most so many letters in each box."""
        boxes = (
            "anything",
            "name",
            "birth_date",
            "personal_id",
            "number",
            "book",
            "unit_code",
            "record_type",
            "text",
        )
        return replace(
            self, **{name: getattr(self, name).replace("\x00", " ").strip()[:longest].rstrip() for name in boxes}
        )

    @property
    def empty(self) -> bool:
        """Nothing is asked, so nothing is found."""
        typed = (self.anything, self.name, self.birth_date, self.personal_id, self.number, self.book)
        return not any(it.strip() for it in (*typed, self.unit_code, self.record_type, self.text)) and (
            self.year is None
        )


class Match(StrEnum):
    """Why a document was found, the best reason first."""

    PERSONAL_ID = "personal_id"
    NUMBER = "number"
    NAME = "name"
    SIMILAR_NAME = "similar_name"
    """A name with a slip of a letter."""
    TEXT = "text"
    CONDITIONS = "conditions"
    """Nothing but unit, year, book or type was asked."""


@dataclass(frozen=True, slots=True)
class SnippetPart:
    """A piece of a page's text; ``matched`` pieces are those that were asked for."""

    text: str
    matched: bool


@dataclass(frozen=True, slots=True)
class Snippet:
    """The piece of a page where the words stand."""

    page_number: int
    parts: tuple[SnippetPart, ...]


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One document that was found.

    Attributes:
        names: The people in it, once each.
        matched_name: The name it was found by, when it was.
        snippet: Where its pages hold the words; ``None`` when they do not.
    """

    document: DocumentSummary
    record_type_name: str
    unit_name: str
    names: tuple[str, ...]
    match: Match
    matched_name: str | None = None
    snippet: Snippet | None = None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Hits ``offset`` … of ``total``, the best first.

    Attributes:
        total: At most ``MOST_HITS``.
        complete: False when there are more than ``total``: the question has to be narrowed.
    """

    hits: tuple[SearchHit, ...]
    total: int
    complete: bool
    offset: int
    limit: int


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that happened to a document, whoever kept note of it.

    Attributes:
        what: PREMIS event type, or the name of a stage.
        outcome: ``success``, ``warning``, ``failure``; of a stage ``done``, ``skipped``, ``failed``, ``quarantined``.
        agent: Program, version or person; empty when the ledger does not say.
        seconds: Work time, where it is known.
    """

    at: dt.datetime
    what: str
    label: str
    outcome: str
    detail: str
    agent: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class RecordDetails:
    """Everything the page of one record shows: the document with its facts, and its whole history, oldest first."""

    detail: DocumentDetail
    batch_status: str
    history: tuple[HistoryEntry, ...]

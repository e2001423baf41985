"""A transcription to its normalized value, by the kind of the field."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from manifests.record_types import FieldType
from ocr.fields.dates import parse_date, parse_date_words
from ocr.fields.names import name_plausibility, normalize_name
from ocr.fields.numbers import find_personal_id, parse_number, parse_personal_id
from ocr.fields.spelling import fold, fold_letters, spelling_key
from ocr.syllables import is_syllable

_EDGES = " .,:;…_·•-–—*'\"|~=<>“”‘’"


@dataclass(frozen=True, slots=True)
class Normalized:
    """A normalized value and how well the transcription fits the form it should have (0.0–1.0)."""

    value: str | None
    form: float


# Phrases of every agency and address: another mark in one of them is a misreading, whatever the engine thinks of it.
_FIXED_PHRASES = ("ủy ban nhân dân", "ủy ban hành chính", "hà nội", "việt nam")

_NOTHING = Normalized(None, 0.0)


def clean(text: str) -> str:
    """``text`` in NFC with single spaces, without leaders and stray signs at its ends."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip(_EDGES)


def normalize(field: FieldType, text: str) -> Normalized:
    """The value of ``field`` that ``text`` states; ``value`` is ``None`` when it cannot be told."""
    match field.kind:
        case "date":
            value = parse_date(text)
            # A year alone is a date on old papers, but also what is left when the engine lost day and month.
            return Normalized(value, 1.0 if value and len(value) == 10 else 0.75) if value else _NOTHING
        case "date_words":
            value = parse_date_words(text)
        case "year":
            full = parse_date(text)
            value = full[:4] if full else None
        case "sex":
            value = _sex(text)
        case "name":
            value = normalize_name(text)
            return Normalized(value, name_plausibility(value)) if value else _NOTHING
        case "number":
            value = parse_personal_id(text) if field.name == "personal_id" else parse_number(text)
        case "place":
            value = clean(text) or None
            return Normalized(value, text_plausibility(value)) if value else _NOTHING
        case "person_document":
            value = clean(text) or None
            return Normalized(value, 1.0 if find_personal_id(text) else 0.8) if value else _NOTHING
        case _:
            value = clean(text) or None
            return Normalized(value, text_plausibility(value)) if value else _NOTHING
    return Normalized(value, 1.0) if value else _NOTHING


def text_plausibility(text: str) -> float:
    """0.0–1.0: how far the spelling itself speaks for running Vietnamese text; 0.75 when a word cannot be right."""
    for word in re.findall(r"[^\W\d_]+", text):
        if word.isupper() and len(word) <= 5 and word.isascii():
            continue
        if not is_syllable(word):
            return 0.75
    phrases = " ".join(re.findall(r"\w+", text.lower()))
    for fixed in _FIXED_PHRASES:
        for match in re.finditer(rf"\b{fold(fixed)}\b", fold(phrases)):
            if spelling_key(phrases[match.start() : match.end()]) != spelling_key(fixed):
                return 0.75
    return 1.0


def _sex(text: str) -> str | None:
    words = {fold_letters(word) for word in text.split()} - {""}
    if words <= {"nam", "trai"} and words:
        return "male"
    if words <= {"nu", "gai"} and words:
        return "female"
    return None


def comparison_key(field: FieldType, value: str) -> str:
    """Equal for two normalized values that say the same: case, spaces, signs and the place of a tone mark apart."""
    if field.kind in ("name", "place", "text", "person_document"):
        return spelling_key(value)
    return value.casefold()


def folded_key(value: str) -> str:
    """Equal for two values that differ in diacritics only."""
    return " ".join(re.findall(r"\w+", fold(value)))

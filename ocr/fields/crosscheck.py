"""Two witnesses of one value: what was read against what was keyed, figures against words.

The rules, for a field with reading confidence c and threshold t:

* read and keyed agree – the value stands, source ``both``; two independent witnesses: 1 - (1-c)(1-k);
* they disagree and c >= t – both cannot be right: review, ``disagrees:`` (``diacritics:`` when folding makes them
  equal: the eye must decide between two marks). The reading stands as the value, the keyed value beside it;
* they disagree and c < t – the engine itself doubts: the keyed value stands, source ``keyed``. When the reading
  is not mere noise (c >= ``doubt``) and more than a mark differs, or when a name was read but for one word that no
  misreading explains, it still goes to review;
* handwriting – the engine trusts itself less there, so ``c`` comes lowered and ``doubt`` with it; the keyed value of
  a person who had the paper before the eyes stands, but a reading that is no noise still calls for a second look.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rapidfuzz import fuzz

from manifests.record_types import FieldType
from ocr.fields.numbers import same_number
from ocr.fields.values import comparison_key, folded_key

_OTHER_WORD, _SAME_WORD = 50.0, 70.0
"""Likeness of two words without marks, 0–100, below which they are different words, and from which the same one."""


class Agreement(StrEnum):
    SAME = "same"
    DIACRITICS = "diacritics"
    DIFFERENT = "different"


def compare(field: FieldType, read: str, keyed: str) -> Agreement:
    """How two normalized values of ``field`` stand to each other."""
    if comparison_key(field, read) == comparison_key(field, keyed):
        return Agreement.SAME
    if field.kind == "number" and same_number(read, keyed):
        return Agreement.SAME
    if field.kind in ("name", "place", "text", "person_document") and folded_key(read) == folded_key(keyed):
        return Agreement.DIACRITICS
    return Agreement.DIFFERENT


def _holds_another_word(field: FieldType, read: str, keyed: str) -> bool:
    """Whether a name was read as the keyed one but for a word that no misreading makes of the other.

    The engine mistakes letters, a typist takes the wrong line: "Trịní Kim Thị Vân" against "Trịnh Kim Thị Khác" is
    both, however little the engine trusts the first word.
    """
    pairs = list(zip(folded_key(read).split(), folded_key(keyed).split(), strict=False))
    if field.kind != "name" or len(read.split()) != len(keyed.split()) or len(pairs) < 2:
        return False
    alike = [fuzz.ratio(one, other) for one, other in pairs]
    return min(alike) < _OTHER_WORD and 2 * sum(ratio >= _SAME_WORD for ratio in alike) > len(alike)


def joint_confidence(one: float, other: float) -> float:
    """Confidence that a value is right which two independent witnesses give; at most 0.99."""
    return min(0.99, 1 - (1 - one) * (1 - other))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the two witnesses give together; ``reason`` is a review reason without its field, or ``None``."""

    value: str | None
    confidence: float
    use_keyed: bool
    agrees: bool | None
    reason: str | None = None


def settle(
    field: FieldType,
    read: str | None,
    confidence: float,
    keyed: str | None,
    *,
    threshold: float,
    doubt: float,
    keyed_confidence: float,
) -> Verdict:
    """The value of a field from its reading and its keyed value, by the rules in the module's docstring."""
    if keyed is None:
        return Verdict(read, confidence, use_keyed=False, agrees=None)
    if read is None:
        return Verdict(keyed, keyed_confidence, use_keyed=True, agrees=None)
    agreement = compare(field, read, keyed)
    if agreement is Agreement.SAME:
        return Verdict(keyed, joint_confidence(confidence, keyed_confidence), use_keyed=False, agrees=True)
    if confidence >= threshold:
        reason = "diacritics" if agreement is Agreement.DIACRITICS else "disagrees"
        return Verdict(read, min(confidence, 0.5), use_keyed=False, agrees=False, reason=reason)
    doubted = agreement is Agreement.DIFFERENT and (confidence >= doubt or _holds_another_word(field, read, keyed))
    return Verdict(
        keyed,
        keyed_confidence,
        use_keyed=True,
        agrees=False,
        reason="disagrees" if doubted else None,
    )

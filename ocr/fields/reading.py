"""What stands after each label: the transcription of a field, its words and where it was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from manifests.record_types import FieldType, RecordType
from manifests.text import Bbox
from ocr.fields.dates import stands_for_figures
from ocr.fields.headings import Placed, filled_by_hand, read_heading, read_signer, read_signer_below
from ocr.fields.labels import Hit, assign_labels, find_labels
from ocr.fields.rows import LEADER, Row, Token, enclosing_box, join_tokens
from ocr.fields.values import clean
from ocr.syllables import is_syllable

# A value may run on over this many rows below the one it begins on.
_MOST_ROWS_BELOW = 3
# What is left of the confidence of figures that a hand seems to have written.
_BY_HAND = 0.6
# The same of a value whose last row the engine may have missed.
_MAYBE_CUT = 0.6
_LONG_KINDS = ("place", "text", "date_words", "person_document")


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read for one field.

    Attributes:
        transcription: The words as read, one space between them, NFC; leaders and stray signs at the ends are cut.
        confidence: 0.0–1.0, of the words alone: halfway between the mean and the worst, because one
            wrong word spoils a value and a mean hides it.
        label_similarity: 0.0–1.0; 1.0 for a value found by its place.
    """

    transcription: str
    confidence: float
    label_similarity: float
    page_number: int
    bbox: Bbox


def read_fields(rows: Sequence[Row], record_type: RecordType) -> dict[str, Reading]:
    """The readings of all fields of ``record_type`` that were found on ``rows``, by field name."""
    found: dict[str, Reading] = {}
    plain = [f for f in record_type.fields if f.labels and not f.column and not f.heading]
    hits = find_labels(rows, record_type)
    assigned = assign_labels(hits, plain)
    for field in plain:
        hit = assigned.get(field.name)
        if hit is not None and (reading := _value_after(hit, hits, rows, field)):
            found[field.name] = reading
    found.update(_read_columns(rows, hits, record_type))
    for field in record_type.fields:
        if (
            field.heading
            and (placed := read_heading(field.heading, rows))
            and (reading := _placed(placed, field.kind))
        ):
            found[field.name] = reading
        elif field.role == "signer" and field.name not in found and (signed := _foot_signer(rows)):
            found[field.name] = signed
    return found


def _foot_signer(rows: Sequence[Row]) -> Reading | None:
    """The signer by place: the printed words above a signature differ by form and age, where it stands does not."""
    placed = read_signer(rows)
    return _placed(placed, "name") if placed else None


def _read_columns(rows: Sequence[Row], hits: Sequence[Hit], record_type: RecordType) -> dict[str, Reading]:
    """Fields of a two-column form, each searched in its own half of the rows.

    The gutter is where the right block's first label begins. When that label stands on the left the blocks were
    printed one below the other, and each half is a band of rows instead.
    """
    fields = [f for f in record_type.fields if f.column]
    if not fields:
        return {}
    firsts = {side: next(f.name for f in fields if f.column == side) for side in ("left", "right")}
    starts = {side: next((h for h in hits if firsts[side] in h.fields), None) for side in firsts}
    right = starts["right"]
    found: dict[str, Reading] = {}
    for side in ("left", "right"):
        half = _half_of(rows, side, starts["left"], right)
        inside = find_labels(half, record_type)
        own = [f for f in fields if f.column == side]
        for name, hit in assign_labels(inside, own).items():
            if reading := _value_after(hit, inside, half, record_type.field(name)):
                found[name] = reading
    return found


def _half_of(rows: Sequence[Row], side: str, left: Hit | None, right: Hit | None) -> list[Row]:
    if right is not None and right.row.tokens[right.start].bbox.left < 0.3 * right.row.page_size[0]:
        border = right.row.number
        if left is not None and left.row.number > border:
            return [r for r in rows if (r.number >= left.row.number) == (side == "left")]
        return [r for r in rows if (r.number >= border) == (side == "right")]
    halves: list[Row] = []
    for row in rows:
        gutter = row.page_size[0] / 2
        if right is not None and right.row.page_number == row.page_number:
            gutter = right.row.tokens[right.start].bbox.left - row.height
        halves.append(row.part(0, gutter) if side == "left" else row.part(gutter, float("inf")))
    return halves


def _value_after(hit: Hit, hits: Sequence[Hit], rows: Sequence[Row], field: FieldType) -> Reading | None:
    if field.role == "signer":
        label = hit.row.tokens[hit.start : hit.end]
        signed = read_signer_below(rows, hit.row, label[0].bbox.left, label[-1].bbox.right)
        return _placed(signed, field.kind) if signed else None
    tokens = _until_next(hit.row, hit.end, hits, hit.stream)
    if field.kind == "number":
        tokens = _until_gap(tokens, hit.row.height)
    if field.kind == "name" and any(t.key for t in tokens):
        tokens = [*tokens, *_rest_of_name(tokens, hit, hits, rows)]
    if field.kind in _LONG_KINDS or not any(t.key for t in tokens):
        below = _rows_below(hit, hits, rows)
        tokens = [*tokens, *(below if field.kind in _LONG_KINDS else below[: _first_row(below)])]
    reading = _reading_of(tokens, hit.similarity, hit.row.page_number, field.kind)
    if reading and field.kind in _LONG_KINDS and _lost_row_below(reading, hit, rows):
        return replace(reading, confidence=reading.confidence * _MAYBE_CUT)
    if reading and field.kind == "number" and filled_by_hand(tokens, hit.row.tokens):
        return replace(reading, confidence=reading.confidence * _BY_HAND)
    return reading


def _placed(placed: Placed, kind: str) -> Reading | None:
    reading = _reading_of(placed.tokens, 1.0, placed.page_number, kind)
    if reading and filled_by_hand(placed.tokens, placed.tokens):
        return replace(reading, confidence=reading.confidence * _BY_HAND)
    return reading


def _until_next(row: Row, start: int, hits: Sequence[Hit], stream: int) -> list[Token]:
    ends = [h.start for h in hits if h.stream == stream and h.start >= start]
    return list(row.tokens[start : min(ends, default=len(row.tokens))])


def _until_gap(tokens: list[Token], height: float) -> list[Token]:
    """A number ends at a wide gap, unless its symbol follows (a hand writes small in a large space)."""
    kept: list[Token] = []
    for token in tokens:
        if (
            kept
            and kept[-1].key
            and token.bbox.left - kept[-1].bbox.right > 2.5 * height
            and token.text[0] not in "/-"
        ):
            break
        kept.append(token)
    return kept


def _rows_below(hit: Hit, hits: Sequence[Hit], rows: Sequence[Row]) -> list[Token]:
    """Tokens of the rows the value runs on over: close below, same page, up to the next label."""
    tokens: list[Token] = []
    previous = hit.row
    for stream in range(hit.stream + 1, min(len(rows), hit.stream + 1 + _MOST_ROWS_BELOW)):
        row = rows[stream]
        if not _follows(row, previous, rows):
            break
        if _is_shouted(row) and not _is_shouted(previous):
            break
        on_row = [h.start for h in hits if h.stream == stream]
        end = min(on_row, default=len(row.tokens))
        part = row.tokens[:end]
        if not any(t.key for t in part):
            break
        tokens.extend(replace(t, glued=False) if i == 0 else t for i, t in enumerate(part))
        if on_row:
            break
        previous = row
    return tokens


def _lost_row_below(reading: Reading, hit: Hit, rows: Sequence[Row]) -> bool:
    """Whether a row may be missing below a value that fills its row: the next one stands too far down."""
    last = max((r for r in rows[hit.stream :] if r.tokens and r.top < reading.bbox.bottom), key=lambda r: r.top)
    after = next((r for r in rows[hit.stream :] if r.top > last.top and r.tokens), None)
    if after is None or after.page_number != hit.row.page_number or reading.bbox.right < 0.7 * hit.row.page_size[0]:
        return False
    return _middle(after) - _middle(last) > 1.7 * _line_step(rows, hit.row.page_number)


def _line_step(rows: Sequence[Row], page_number: int) -> float:
    """The usual distance of two rows on a page, in pixels; 0.0 when there is only one."""
    steps = [_middle(b) - _middle(a) for a, b in pairwise(rows) if a.page_number == b.page_number == page_number]
    return median(steps) if steps else 0.0


def _follows(row: Row, previous: Row, rows: Sequence[Row]) -> bool:
    """Whether ``row`` is the next printed line under ``previous``, by the distance lines keep on that page."""
    if row.page_number != previous.page_number:
        return False
    gap = _middle(row) - _middle(previous)
    return gap <= max(2.6 * max(row.height, previous.height), 1.3 * _line_step(rows, row.page_number))


def _middle(row: Row) -> float:
    return (row.top + row.bottom) / 2


def _rest_of_name(name: Sequence[Token], hit: Hit, hits: Sequence[Hit], rows: Sequence[Row]) -> list[Token]:
    """The end of a name that was broken: up to three syllables alone on the next row, in the same letters."""
    stream = hit.stream + 1
    if stream >= len(rows) or any(h.stream == stream for h in hits):
        return []
    row = rows[stream]
    words = [t for t in row.tokens if t.key]
    close = _follows(row, hit.row, rows)
    begins_below = bool(words) and abs(words[0].bbox.left - hit.row.tokens[hit.start].bbox.left) < 3 * row.height
    if not (close and begins_below and 1 <= len(words) <= 3):
        return []
    capitals = join_tokens([t for t in name if t.key]).isupper()
    fitting = all(is_syllable(t.text.strip(".,")) and t.text[:1].isupper() for t in words)
    return list(row.tokens) if fitting and capitals == join_tokens(words).isupper() else []


def _is_shouted(row: Row) -> bool:
    """A heading in capitals ends the value above it."""
    letters = [c for c in row.text if c.isalpha()]
    return len(letters) > 3 and sum(c.isupper() for c in letters) > 0.8 * len(letters)


def _first_row(tokens: Sequence[Token]) -> int:
    """How many of ``tokens`` stand on the first row."""
    for index in range(1, len(tokens)):
        if tokens[index].bbox.left < tokens[index - 1].bbox.left:
            return index
    return len(tokens)


def _reading_of(tokens: Sequence[Token], similarity: float, page_number: int, kind: str) -> Reading | None:
    kept = [t for t in tokens if not LEADER.fullmatch(t.text)]
    while kept and not kept[0].key:
        kept.pop(0)
    while kept and not kept[-1].key:
        kept.pop()
    if not kept:
        return None
    transcription = clean(join_tokens(kept))
    if not transcription:
        return None
    weights = [t.confidence for t in kept if t.key]
    if kind in ("date", "year"):
        # The printed "ngày", "tháng", "năm" between the figures may be read badly without harm.
        weights = [t.confidence for t in kept if stands_for_figures(t.text)] or weights
    confidence = (min(weights) + sum(weights) / len(weights)) / 2
    return Reading(transcription, confidence, similarity, page_number, enclosing_box(kept))

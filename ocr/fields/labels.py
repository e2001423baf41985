"""Printed labels on a form: where they stand, and which field each of them announces.

Labels are compared folded (no diacritics, no case, no spaces) and fuzzily, because engines lose tone marks and
join or cut words; values are never touched by this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from manifests.record_types import FieldType, RecordType, record_types
from ocr.fields.rows import LEADER, Row, join_tokens
from ocr.fields.spelling import fold_letters

# Printed on these papers, announcing nothing that is indexed: they only end the value before them.
_STOPS = (
    "Cộng hòa xã hội chủ nghĩa Việt Nam",
    "Việt Nam dân chủ cộng hòa",
    "Độc lập - Tự do - Hạnh phúc",
    "Giấy tờ tùy thân",
    "Dân tộc",
    "Quốc tịch",
    "Nơi cư trú",
    "Nghề nghiệp",
    "Quan hệ với người được khai sinh",
    "Quan hệ với người chết",
    "Ghi chú",
    "Người thực hiện",
    "Người đi khai",
    "Xét đề nghị của ông/bà",
    "Trong thời gian cư trú tại",
    "Giấy này có giá trị",
    "Giấy này được cấp",
    "Giấy báo tử",
    "Nơi nhận",
    "Cán bộ tư pháp hộ tịch",
    "Công chức tư pháp - hộ tịch",
    "Người ký",
    "Ký, ghi rõ họ tên",
    "Thực hiện trích lục từ sổ",
)
# Below this share of equal letters a label is another one; a short label allows no more than one wrong letter.
_LEAST_SIMILARITY = 0.8
_MOST_TOKENS = 14


@dataclass(frozen=True, slots=True)
class Hit:
    """A label found on a row: tokens ``start`` to ``end`` (exclusive) of ``row``; ``fields`` it may announce.

    ``similarity`` 0.0–1.0 of the folded letters; ``stream`` the index of ``row`` in the rows searched.
    """

    label: str
    fields: tuple[str, ...]
    row: Row
    stream: int
    start: int
    end: int
    similarity: float

    @property
    def position(self) -> tuple[int, int]:
        """Reading order over the document."""
        return (self.row.number, self.row.tokens[self.start].bbox.left)


@dataclass(frozen=True, slots=True)
class _Label:
    text: str
    key: str
    words: int
    fields: tuple[str, ...]


@cache
def _labels_of(code: str) -> tuple[_Label, ...]:
    announced: dict[str, list[str]] = {}
    for field in record_types()[code].fields:
        for label in field.all_labels:
            announced.setdefault(label, []).append(field.name)
    for stop in _STOPS:
        announced.setdefault(stop, [])
    return tuple(
        _Label(text, fold_letters(text), len(text.split()), tuple(names)) for text, names in announced.items()
    )


def find_labels(rows: Sequence[Row], record_type: RecordType) -> list[Hit]:
    """Every printed label of ``record_type`` on ``rows``, in order; of overlapping ones the longest good match."""
    labels = _labels_of(record_type.code)
    keys = [label.key for label in labels]
    hits: list[Hit] = []
    for stream, row in enumerate(rows):
        candidates = [hit for hit in _find_on_row(row, stream, labels, keys) if not _in_capitals(hit)]
        candidates.sort(key=lambda h: len(fold_letters(h.label)) * h.similarity**2, reverse=True)
        taken: list[Hit] = []
        for hit in candidates:
            if all(hit.end <= other.start or hit.start >= other.end for other in taken):
                taken.append(hit)
        hits.extend(sorted(taken, key=lambda h: h.start))
    return hits


def _find_on_row(row: Row, stream: int, labels: Sequence[_Label], keys: Sequence[str]) -> list[Hit]:
    """The best window of tokens for each label from each token on; a label never runs over a colon or a leader."""
    hits: list[Hit] = []
    tokens = row.tokens
    longest = max(len(key) for key in keys) * 1.25
    for start, first in enumerate(tokens):
        if not first.key or first.key[0].isdigit():
            continue
        best: dict[int, tuple[float, int]] = {}
        joined = ""
        for end in range(start + 1, len(tokens) + 1):
            token = tokens[end - 1]
            joined += token.key
            if len(joined) > longest or end - start > _MOST_TOKENS:
                break
            if token.key:
                for _, similarity, index in process.extract_iter(
                    joined, keys, scorer=Levenshtein.normalized_similarity, score_cutoff=_LEAST_SIMILARITY
                ):
                    if similarity >= least_similarity(keys[index]) and similarity > best.get(index, (0.0, 0))[0]:
                        best[index] = (similarity, end)
            if token.text.endswith(":") or LEADER.match(token.text):
                break
        for index, (similarity, end) in best.items():
            label = labels[index]
            if end - start <= label.words + 4 and _may_stand(row, start, end, label.key, exact=similarity == 1.0):
                hits.append(Hit(label.text, label.fields, row, stream, start, end, similarity))
    return hits


def _in_capitals(hit: Hit) -> bool:
    """A title repeats words of labels ("TÌNH TRẠNG HÔN NHÂN"), but in capitals; no colon follows it either."""
    printed = join_tokens(hit.row.tokens[hit.start : hit.end])
    return printed.isupper() and not hit.label.isupper() and not printed.endswith(":")


def least_similarity(key: str) -> float:
    """How alike the folded letters must be for a label of this length: short ones leave no room for doubt."""
    if len(key) <= 4:
        return 1.0
    return max(_LEAST_SIMILARITY, 1 - 1 / len(key)) if len(key) < 9 else _LEAST_SIMILARITY


def _may_stand(row: Row, start: int, end: int, key: str, *, exact: bool) -> bool:
    """Short labels are common words too: they count at the start of a row, or after a wide gap, or with a colon.

    With a wrong letter as well only the colon tells them: "Nam Định" is one letter away from "Năm sinh".
    """
    if len(key) > 8:
        return True
    tokens = row.tokens
    opens = start == 0 or tokens[start].bbox.left - tokens[start - 1].bbox.right > 1.2 * row.height
    closes = tokens[end - 1].text.endswith((":", ";", ".")) or (
        end < len(tokens) and (not tokens[end].key or tokens[end].text.startswith(":"))
    )
    if not exact:
        return closes
    if len(key) > 3:
        return opens or closes or not tokens[start - 1].key
    follows_figure = end < len(tokens) and tokens[end].key[:1].isdigit()
    capital = tokens[start].text[:1].isupper()
    return capital and (closes or (opens and follows_figure))


def assign_labels(hits: Sequence[Hit], fields: Sequence[FieldType]) -> dict[str, Hit]:
    """Which hit announces which of ``fields``; fields must be in the order of the form.

    The same label stands in several blocks of a form (``Năm sinh`` of mother and father). A field with ``after``
    takes the one between its anchor and the next; a field without it never reaches past an anchor that follows it
    on the form, so that a lost label leaves the field empty instead of filling it from another person's block.
    """
    anchors = {f.after for f in fields if f.after}
    order = {f.name: index for index, f in enumerate(fields)}
    assigned: dict[str, Hit] = {}

    def candidates(field: FieldType) -> list[Hit]:
        taken = {id(h) for h in assigned.values()}
        return [h for h in hits if field.name in h.fields and id(h) not in taken]

    for field in fields:
        if field.name in anchors and (found := candidates(field)):
            assigned[field.name] = _best(found)
    standing = {name: hit.position for name, hit in assigned.items()}
    for field in fields:
        if field.name in assigned:
            continue
        found = candidates(field)
        if field.after:
            if field.after not in standing:
                continue
            low = standing[field.after]
            ends = [p for p in standing.values() if p > low]
            ends += [h.position for h in hits if h.position > low and _names_somebody(h, fields)]
            found = [h for h in found if low < h.position and all(h.position < e for e in ends)]
        else:
            for name, position in standing.items():
                if order[field.name] < order[name]:
                    found = [h for h in found if h.position < position]
                else:
                    found = [h for h in found if h.position > position]
        if field.checks:
            if field.checks not in assigned:
                continue
            found = [h for h in found if h.position > assigned[field.checks].position]
        if found:
            assigned[field.name] = _best(found)
    return assigned


def _names_somebody(hit: Hit, fields: Sequence[FieldType]) -> bool:
    return any(f.kind == "name" and f.name in hit.fields for f in fields)


def _best(hits: Sequence[Hit]) -> Hit:
    """The first of those that match about as well as the best one."""
    top = max(h.similarity for h in hits)
    return next(h for h in sorted(hits, key=lambda h: h.position) if h.similarity >= top - 0.12)

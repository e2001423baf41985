"""What is truly on the paper: words with boxes, fields with both their forms, and what was done to the sheet.

Boxes come twice: ``bbox`` in pixels of the delivered page image, and ``upright`` in pixels of the same page before
it was turned, skewed, framed or shrunk. Both contain the ink of their word.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from manifests.text import Bbox


@dataclass(frozen=True, slots=True)
class TruthWord:
    """One word as drawn.

    Attributes:
        medium: ``printed``, ``typed`` or ``handwritten``.
        block, line: Running numbers in reading order; words of one line are in order from left to right.
        field: Name of the index field it is part of.
    """

    text: str
    upright: Bbox
    bbox: Bbox
    medium: str
    block: int
    line: int
    field: str | None = None


@dataclass(frozen=True, slots=True)
class TruthField:
    """One index field: ``name`` as in ``manifests/data/record_types.toml``."""

    name: str
    transcription: str
    normalized: str
    medium: str
    page_number: int
    bbox: Bbox
    upright: Bbox


@dataclass(frozen=True, slots=True)
class TruthPage:
    """One page as delivered.

    Attributes:
        rotation: Degrees (0, 90, 180, 270) the delivered image must be turned clockwise to stand upright.
        skew: Degrees, positive is clockwise, of the upright page.
        wear: What was done to the sheet and the scan, by name.
    """

    page_number: int
    file: str
    source_page: int
    width: int
    height: int
    upright_width: int
    upright_height: int
    dpi: int
    rotation: int
    skew: float
    blank: bool
    text: str
    words: tuple[TruthWord, ...]
    wear: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeliberateFault:
    """A fault put in on purpose.

    Attributes:
        kind: Name in ``sample_scans.faults``.
        reason: Code of ``manifests.reasons`` that is expected, ``None`` when it must change nothing.
        severity: ``error`` (the document is kept out), ``warning`` (goes on, told) or ``none``.
        other: ``<unit>/<batch>/<document id>`` of the other document, for duplicates.
        field: The field somebody keyed wrongly.
    """

    kind: str
    reason: str | None
    severity: str
    other: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentTruth:
    """All that is true of one delivered document; one JSON file each.

    Attributes:
        pages: Pages the manifest declares; ``page_truth`` those that were really delivered and can be read.
        absent: Fields of the record type that are not on this paper.
        keyed: What the manifest says of fields, right or deliberately wrong.
    """

    document_id: str
    unit_code: str
    batch: str
    record_type: str
    year: int
    era: str
    title: str
    carrier: str
    files: tuple[str, ...]
    pages: int
    fields: tuple[TruthField, ...]
    absent: tuple[str, ...]
    page_truth: tuple[TruthPage, ...]
    keyed: dict[str, str] = field(default_factory=dict)
    fault: DeliberateFault | None = None

    def value(self, name: str) -> TruthField:
        """The field called ``name``.

        Raises:
            KeyError: It is not on this paper.
        """
        for candidate in self.fields:
            if candidate.name == name:
                return candidate
        raise KeyError(f"{self.document_id} has no field {name!r}; it may be in 'absent'")


def union(boxes: list[Bbox]) -> Bbox:
    """The smallest box around all of them."""
    return Bbox(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def read_fields(pages: tuple[TruthPage, ...], normalized: dict[str, str]) -> tuple[TruthField, ...]:
    """The fields as the drawn words spell them, so that truth cannot differ from ink; order of first word."""
    found: dict[str, list[tuple[int, TruthWord]]] = {}
    for page in pages:
        for word in page.words:
            if word.field:
                found.setdefault(word.field, []).append((page.page_number, word))
    return tuple(
        TruthField(
            name=name,
            transcription=" ".join(word.text for _, word in words).rstrip(",;"),
            normalized=normalized[name],
            medium=words[0][1].medium,
            page_number=words[0][0],
            bbox=union([word.bbox for number, word in words if number == words[0][0]]),
            upright=union([word.upright for number, word in words if number == words[0][0]]),
        )
        for name, words in found.items()
    )


def page_text(words: tuple[TruthWord, ...]) -> str:
    """The words as text, a printed line a line, blocks in reading order."""
    lines: dict[tuple[int, int], list[str]] = {}
    for word in words:
        lines.setdefault((word.block, word.line), []).append(word.text)
    return "\n".join(" ".join(texts) for _, texts in sorted(lines.items()))


def place(page: TruthPage, file: str, source_page: int) -> TruthPage:
    """The page with the name of the file it was delivered in."""
    return replace(page, file=file, source_page=source_page)

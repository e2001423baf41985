"""The road of a document: every stage, in order. The runner, the DAG, the CLI, the dashboard and the README read it.

A document travels this table from top to bottom and never goes back. A stage is a plain function of the room named
in ``room``: frozen values in, frozen values out, files only in the folder it is given. Everything around it –
fetching, skipping, storing, recording, retrying – belongs to ``pipeline.runner``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the road.

    Attributes:
        name: The stage's only spelling: code, database, command line, PREMIS events.
        per: What one call of it works on.
        reads, writes: Artefacts or values, as people would say it.
        does: One line for a person who meets the system for the first time.
        room: The package whose functions do the work.
        version: Part of the run key. Raise it when the same input and options would now give another result:
            exactly this stage and those below it are then redone.
        label: Vietnamese, on screen.
        event: PREMIS event type its success is recorded as.
    """

    name: str
    per: Literal["batch", "document", "page"]
    reads: str
    writes: str
    does: str
    room: str
    version: int
    label: str
    event: str


STAGES: tuple[Stage, ...] = (
    Stage(
        name="receive",
        per="batch",
        reads="intake drop",
        writes="original",
        does="checks the manifest against the files and copies the originals, unchanged",
        room="manifests",
        version=1,
        label="Tiếp nhận",
        event="ingestion",
    ),
    Stage(
        name="capture",
        per="page",
        reads="original",
        writes="page image, page facts",
        does="takes pages out of PDF, TIFF, JPEG, PNG; sets them upright and straight; judges their quality",
        room="ocr",
        version=2,
        label="Sao chụp",
        event="capture",
    ),
    Stage(
        name="recognize",
        per="page",
        reads="page image",
        writes="words with boxes and confidence",
        does="reads a cleaned copy of the page that is never shown",
        room="ocr",
        version=3,
        label="Nhận dạng",
        event="recognition",
    ),
    Stage(
        name="assemble",
        per="document",
        reads="page images, words",
        writes="pdfa",
        does="makes the PDF/A with hidden text",
        room="ocr",
        version=1,
        label="Tạo PDF/A",
        event="normalization",
    ),
    Stage(
        name="sign",
        per="document",
        reads="pdfa",
        writes="signed_pdf",
        does="signs as the legal profile says, timestamps, and proves the signed file",
        room="signing",
        version=1,
        label="Ký số",
        event="digital signature generation",
    ),
    Stage(
        name="index",
        per="document",
        reads="words, keyed values",
        writes="record",
        does="finds the fields of the record type, transcribed and normalized apart, and cross-checks them",
        room="ocr",
        version=1,
        label="Bóc tách",
        event="metadata extraction",
    ),
    Stage(
        name="load",
        per="batch",
        reads="record",
        writes="warehouse",
        does="merges records, parties, text, artefacts and events; loading twice changes nothing",
        room="warehouse",
        version=1,
        label="Nạp kho",
        event="accession",
    ),
)

NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)


def stage(name: str) -> Stage:
    """The stage called ``name``.

    Raises:
        KeyError: There is no such stage; lists those there are.
    """
    for candidate in STAGES:
        if candidate.name == name:
            return candidate
    raise KeyError(f"no stage {name!r}; the stages are {', '.join(NAMES)}")


def markdown_table() -> str:
    """The table as the README shows it; a test keeps the two equal."""
    head = "| # | stage | per | reads → writes | does | room |\n|---|---|---|---|---|---|"
    rows = (
        f"| {number} | `{s.name}` | {s.per} | {s.reads} → {s.writes} | {s.does} | `{s.room}` |"
        for number, s in enumerate(STAGES, start=1)
    )
    return "\n".join((head, *rows))

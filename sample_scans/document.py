"""One document, from nothing to scanned pages with their truth; no file is written here."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image

from manifests.record_types import record_types
from sample_scans.eras import ERAS, Era
from sample_scans.facts import Place, make_facts
from sample_scans.papers import draw_paper
from sample_scans.sheet import Sheet
from sample_scans.truth import TruthField, TruthPage, page_text, read_fields
from sample_scans.wear import CLEAN, Wear, apply_wear, choose_wear, follow


@dataclass(frozen=True, slots=True)
class SampleTruth:
    """What is true of a rendered document, whatever file it will travel in."""

    record_type: str
    era: str
    year: int
    title: str
    medium: str
    fields: tuple[TruthField, ...]
    absent: tuple[str, ...]
    pages: tuple[TruthPage, ...]


@dataclass(frozen=True, slots=True)
class SampleDocument:
    """Scanned pages (PIL, mode RGB, L or 1) and their truth; ``dpi`` is that of the delivered pages."""

    pages: tuple[Image.Image, ...]
    dpi: int
    truth: SampleTruth
    quality: int = 85


def render_document(
    record_type: str,
    era: str,
    seed: int | str,
    dpi: int = 200,
    *,
    year: int | None = None,
    place: Place | None = None,
    months: tuple[int, int] = (1, 12),
    pages: int | None = None,
    blank_back: bool = False,
    mode: str = "color",
    fill: str | None = None,
    wear: Wear | None = None,
    clean: bool = False,
    scan_dpi: int | None = None,
) -> SampleDocument:
    """Draw, age and scan one fictional document. The same arguments give the same pixels.

    Args:
        record_type: Code of ``manifests.record_types``.
        era: ``typed``, ``dotted``, ``form`` or ``laser`` (see ``sample_scans.eras``).
        pages: Of a decision, 2 to 4; ignored for one-page papers.
        blank_back: Adds the empty back of the sheet as a page of its own.
        mode: ``color``, ``gray`` or ``bitonal``.
        fill: ``typed``, ``handwritten`` or ``printed`` values; by default what the age used.
        wear: Exactly this wear on every page, instead of a likely one.
        clean: No wear at all: paper white, upright, sharp.
        scan_dpi: Resolution the scanner was wrongly set to; the drawing is shrunk to it.

    Raises:
        KeyError: No such record type or era.
        FontsMissingError: No font with full Vietnamese; says what to install.
    """
    age = ERAS[era]
    rng = random.Random(f"{record_type}/{era}/{seed}")
    when = year if year is not None else rng.randint(*age.years)
    unit = place or Place("00256", "Phường Lê Đại Hành")
    facts = make_facts(record_type, age, when, unit, rng, months=months)
    medium = fill or rng.choice(age.fills)
    wanted = pages if pages is not None else (rng.choice((2, 2, 3, 4)) if record_type == "decision" else 1)
    paper = draw_paper(record_type, age, facts, rng, dpi, fill=medium, pages=wanted)
    sheets = [*paper.sheets, *([Sheet(dpi, rng)] if blank_back else [])]
    fate = CLEAN if clean else wear or choose_wear(age, rng, mode=mode)
    if scan_dpi:
        fate = replace(fate, scale=scan_dpi / dpi)
    images: list[Image.Image] = []
    truths: list[TruthPage] = []
    for number, sheet in enumerate(sheets, start=1):
        own = fate if wear or clean or number == 1 else _sibling(fate, age, rng)
        image, page = _scan(sheet, own, number, rng.getrandbits(32))
        images.append(image)
        truths.append(page)
    found = read_fields(tuple(truths), {key: fact.normalized for key, fact in facts.items()})
    names = {field.name for field in found}
    truth = SampleTruth(
        record_type=record_type,
        era=era,
        year=when,
        title=paper.title,
        medium=medium,
        fields=found,
        absent=tuple(kind.name for kind in record_types()[record_type].fields if kind.name not in names),
        pages=tuple(truths),
    )
    return SampleDocument(tuple(images), round(dpi * fate.scale), truth, fate.quality)


def _sibling(first: Wear, era: Era, rng: random.Random) -> Wear:
    """Pages of one document share paper, mode and scanner, not stains and skew."""
    other = choose_wear(era, rng, mode=first.mode)
    return replace(
        other, paper=first.paper, quality=first.quality, scale=first.scale, border=first.border, turned=first.turned
    )


def _scan(sheet: Sheet, wear: Wear, number: int, seed: int) -> tuple[Image.Image, TruthPage]:
    image, matrix = apply_wear(sheet.image, wear, sheet.dpi, seed)
    words = tuple(replace(word, bbox=follow(word.upright, matrix, *image.size)) for word in sheet.words)
    truth = TruthPage(
        page_number=number,
        file="",
        source_page=number,
        width=image.width,
        height=image.height,
        upright_width=sheet.image.width,
        upright_height=sheet.image.height,
        dpi=round(sheet.dpi * wear.scale),
        rotation=(360 - wear.turned) % 360,
        skew=wear.skew,
        blank=not words,
        text=page_text(words),
        words=words,
        wear=wear.described(),
    )
    return image, truth

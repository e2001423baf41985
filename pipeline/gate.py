"""The quality gate before handover: every page of a drop judged by the measures the road itself takes.

Nothing is made and nothing stored: who holds the paper learns which sheet to lay on the glass again while the box is
still open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from manifests.delivery import DeliveryReport, PageFinding
from manifests.reasons import REASONS, Severity
from manifests.text import RESCAN_FLAGS, ColourMode, PageFacts, QualityFlag
from ocr.options import RecognizeOptions
from pipeline.options import capture_options
from pipeline.readers import Readers
from pipeline.reading import Failed
from pipeline.settings import Settings
from signing.profile_rules import Colour
from signing.profiles import LegalProfile

_ASKEW = 2.0
"""Degrees from which on people are told that sheets are laid carelessly."""


@dataclass(frozen=True, slots=True)
class PagesSeen:
    """What a look at every page found.

    Attributes:
        looked: How many pages were judged.
        blank: How many of them are blank; they are kept.
        mended: How many lie askew or turned; they are laid straight on the way.
        rescan: How many the scanner should take again.
        findings: By document, file and reason, in the order of the manifest.
    """

    looked: int
    blank: int
    mended: int
    rescan: int
    findings: tuple[PageFinding, ...]


def look_over(
    report: DeliveryReport,
    folder: Path,
    settings: Settings,
    profile: LegalProfile,
    *,
    on_page: Callable[[], None] = lambda: None,
) -> PagesSeen:
    """Look at every page of the documents that can go on.

    Args:
        report: The verdict on the drop's files; gives how many pages each has.
        folder: Of the drop.
        on_page: Called after each page.
    """
    owners = {
        folder / name: (document.entry.document_id, name)
        for document in report.accepted
        for name in document.entry.files
    }
    todo = [(folder / name, number) for name, number in _pages(report)]
    blank = mended = 0
    rescan: set[tuple[Path, int]] = set()
    found: dict[tuple[Path, str], list[int]] = defaultdict(list)
    broken: dict[tuple[Path, str], str] = {}
    options = RecognizeOptions(engine="null")
    with Readers(capture_options(settings, profile), options, min(settings.workers, len(todo) or 1)) as readers:
        for file, number, seen in readers.examine(todo):
            if isinstance(seen, Failed):
                broken[file, seen.code] = seen.message
                codes = [seen.code]
            else:
                blank += seen.blank
                mended += _mended(seen)
                codes = _codes(seen, profile)
                rescan.update({(file, number)} if codes else ())
            for code in codes:
                found[file, code].append(number)
            on_page()
    order = {file: place for place, file in enumerate(owners)}
    findings = (
        PageFinding(
            *owners[file],
            code if code in REASONS else "internal_error",
            tuple(sorted(numbers)),
            Severity.ERROR if (file, code) in broken else Severity.WARNING,
            broken.get((file, code), ""),
        )
        for (file, code), numbers in sorted(found.items(), key=lambda item: (order[item[0][0]], item[0][1]))
    )
    return PagesSeen(len(todo), blank, mended, len(rescan), tuple(findings))


def _pages(report: DeliveryReport) -> Iterator[tuple[str, int]]:
    for document in report.accepted:
        for name, facts in zip(document.entry.files, document.files, strict=True):
            for number in range(1, facts.pages + 1):
                yield name, number


def _mended(facts: PageFacts) -> bool:
    return QualityFlag.ROTATED in facts.flags or abs(facts.skew_before) >= _ASKEW


def _codes(facts: PageFacts, profile: LegalProfile) -> list[str]:
    """Why the page should be scanned again."""
    flags: list[str] = [flag for flag in facts.flags if flag in RESCAN_FLAGS]
    if profile.colour is Colour.ALWAYS and facts.colour in (ColourMode.GREY, ColourMode.BITONAL):
        flags.append(QualityFlag.NOT_IN_COLOUR)
    return flags

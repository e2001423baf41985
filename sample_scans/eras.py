"""Four ages of paper between 1956 and 2025: what the heading said, what wrote on it, what label stood before a name.

Years and headings: legal facts of the project, section 7.1. Labels before 2016 are from memory (section 7.2) and come
from ``unconfirmed_labels`` of ``manifests.record_types``, so the sample and the index agree on what is unsure.
"""

from __future__ import annotations

from dataclasses import dataclass

from manifests.record_types import record_types


@dataclass(frozen=True, slots=True)
class Era:
    """One age of paper.

    Attributes:
        years: First and last year, both in it.
        heading: The state's name, as printed.
        printed: What the form itself is made with, ``typed`` or ``printed``.
        fills: What the values may be written with: ``typed``, ``handwritten`` or ``printed``.
        dotted: Values stand on dotted lines.
        paper: Lightest and darkest colour of the sheet.
    """

    code: str
    years: tuple[int, int]
    heading: str
    motto: str
    authority: str
    printed: str
    fills: tuple[str, ...]
    dotted: bool
    paper: tuple[tuple[int, int, int], tuple[int, int, int]]


_MOTTO = "Độc lập - Tự do - Hạnh phúc"

ERAS: dict[str, Era] = {
    era.code: era
    for era in (
        Era(
            code="typed",
            years=(1956, 1975),
            heading="VIỆT NAM DÂN CHỦ CỘNG HÒA",
            motto=_MOTTO,
            authority="ỦY BAN HÀNH CHÍNH",
            printed="typed",
            fills=("typed",),
            dotted=False,
            paper=((240, 226, 190), (219, 197, 150)),
        ),
        Era(
            code="dotted",
            years=(1977, 1997),
            heading="CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            motto=_MOTTO,
            authority="ỦY BAN NHÂN DÂN",
            printed="printed",
            fills=("handwritten", "handwritten", "typed"),
            dotted=True,
            paper=((245, 236, 212), (226, 210, 174)),
        ),
        Era(
            code="form",
            years=(1998, 2015),
            heading="CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            motto=_MOTTO,
            authority="ỦY BAN NHÂN DÂN",
            printed="printed",
            fills=("handwritten", "printed", "typed"),
            dotted=True,
            paper=((250, 247, 238), (238, 231, 212)),
        ),
        Era(
            code="laser",
            years=(2016, 2025),
            heading="CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            motto=_MOTTO,
            authority="ỦY BAN NHÂN DÂN",
            printed="printed",
            fills=("printed",),
            dotted=False,
            paper=((255, 255, 255), (247, 246, 242)),
        ),
    )
}


def label_of(record_type: str, field: str, era: Era) -> str:
    """What is printed before a value in that age; empty for a field found by its place in the heading."""
    kind = record_types()[record_type].field(field)
    if era.code != "laser" and kind.unconfirmed_labels:
        return kind.unconfirmed_labels[0]
    return kind.labels[0] if kind.labels else ""

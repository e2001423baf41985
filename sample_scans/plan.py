"""Which documents a sample holds: wards, batches, kinds, ages, carriers and faults, dealt out by seed.

Units and their validity come from ``manifests.units``: some batches were packed before 1 July 2025 by the ward that
was, some after it by the ward that is, with papers of the wards it was made of.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from manifests.record_types import record_types
from manifests.units import units
from sample_scans.carriers import CARRIERS
from sample_scans.eras import ERAS
from sample_scans.facts import Place
from sample_scans.faults import KINDS


@dataclass(frozen=True, slots=True)
class BatchPlan:
    """One delivery.

    Attributes:
        unit_code: Unit that hands it over, the folder under ``intake/``.
        issuers: Code of the unit on the papers, first and last year, first and last month of the last year.
        table: Form of the manifest: ``csv-vi`` (BOM, Vietnamese headers), ``csv-en``, ``csv-nfd``, ``xlsx``.
    """

    unit_code: str
    batch_id: str
    issuers: tuple[tuple[str, int, int, int, int], ...]
    table: str


BATCHES: tuple[BatchPlan, ...] = (
    BatchPlan("00256", "2025-03-LDH", (("00256", 1956, 2024, 1, 12),), "csv-vi"),
    BatchPlan("00283", "2025-05-VT", (("00283", 1978, 2025, 1, 4),), "xlsx"),
    BatchPlan("00292", "2025-09-BM", (("00277", 1962, 2024, 1, 12), ("00292", 2025, 2025, 7, 8)), "csv-en"),
    BatchPlan("00256", "2025-10-HBT", (("00259", 1985, 2024, 1, 12), ("00256", 2025, 2025, 7, 9)), "csv-nfd"),
    BatchPlan("00454", "2025-11-DA", (("00454", 1998, 2024, 1, 12), ("00454", 2025, 2025, 7, 10)), "csv-vi"),
)

_CYCLE = (
    "birth",
    "marriage",
    "death",
    "decision",
    "birth",
    "marital_status",
    "birth_register",
    "permit",
    "marriage_register",
    "death_register",
)
_SINCE = {
    "marital_status": 1998,
    "permit": 1998,
    "birth_register": 1977,
    "marriage_register": 1977,
    "death_register": 1977,
}
_DEAL = ("pdf", "pdf", "tiff-bitonal", "jpeg", "pdf-bitonal", "pdf-gray", "png", "pdf", "tiff")


_LONG_DEAL = ("jpeg", "tiff-bitonal", "pdf", "tiff", "pdf-bitonal")


@dataclass(frozen=True, slots=True)
class Job:
    """One document to make; everything a worker needs, and nothing it could differ by."""

    unit_code: str
    batch_id: str
    document_id: str
    stem: str
    record_type: str
    era: str
    year: int
    months: tuple[int, int]
    place: Place
    carrier: str
    seed: str
    dpi: int
    fault: str | None = None
    blank_back: bool = False
    keyed: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"{self.unit_code}/{self.batch_id}/{self.document_id}"


def plan(seed: int, documents: int, dpi: int, *, faults: bool, signer: bool) -> list[tuple[BatchPlan, list[Job]]]:
    """Deal ``documents`` out to batches of at least four.

    With ``faults`` and 24 documents or more every kind appears once (``already_signed`` needs a signer).
    """
    used = BATCHES[: max(1, min(len(BATCHES), documents // 4))]
    sizes = [documents // len(used) + (index < documents % len(used)) for index in range(len(used))]
    dealt = _deal_faults(sizes, [kind for kind in KINDS if faults and (signer or kind != "already_signed")])
    result: list[tuple[BatchPlan, list[Job]]] = []
    number = 0
    for place, (batch, size) in enumerate(zip(used, sizes, strict=True)):
        jobs: list[Job] = []
        for index in range(size):
            jobs.append(_job(batch, number, index, seed, dpi, dealt.get((place, index))))
            number += 1
        result.append((batch, jobs))
    return result


def _deal_faults(sizes: list[int], kinds: list[str]) -> dict[tuple[int, int], str]:
    """Batch by batch in turn, never to a batch's first document: duplicates copy that one."""
    slots = [(place, index) for index in range(1, max(sizes)) for place, size in enumerate(sizes) if index < size]
    # decisions last: several pages in several files are worth keeping whole
    firsts = [sum(sizes[:place]) for place in range(len(sizes))]
    slots.sort(key=lambda slot: _CYCLE[(firsts[slot[0]] + slot[1]) % len(_CYCLE)] == "decision")
    slots = slots if sum(sizes) >= 24 else slots[: sum(sizes) // 2]
    dealt: dict[tuple[int, int], str] = {}
    for kind in kinds:
        fitting = [
            slot for slot in slots if slot not in dealt and (slot[0] > 0 or kind != "duplicate_across_batches")
        ]
        if fitting:
            dealt[fitting[0]] = kind
    return dealt


def _job(batch: BatchPlan, number: int, index: int, seed: int, dpi: int, fault: str | None) -> Job:
    rng = random.Random(f"{seed}/plan/{number}")
    code, first, last, from_month, to_month = batch.issuers[index % len(batch.issuers)]
    record_type = _CYCLE[number % len(_CYCLE)]
    earliest = max(first, _SINCE.get(record_type, 0))
    ages = [era for era in ERAS.values() if era.years[0] <= last and era.years[1] >= earliest]
    age = ages[number % len(ages)]
    year = rng.randint(max(earliest, age.years[0]), min(last, age.years[1]))
    unit = units().in_year(code, year)
    if unit is None:
        raise LookupError(f"unit {code} did not exist in {year}; mend BATCHES in sample_scans.plan")
    wanted = KINDS[fault].carrier if fault else None
    deal = _LONG_DEAL if record_type == "decision" else _DEAL
    carrier = wanted or deal[(number if deal is _DEAL else number // len(_CYCLE)) % len(deal)]
    if carrier not in CARRIERS:
        raise LookupError(f"no carrier {carrier!r}; mend KINDS in sample_scans.faults")
    document_id = f"{record_types()[record_type].short}.{year}.{number + 1:04d}"
    return Job(
        unit_code=batch.unit_code,
        batch_id=batch.batch_id,
        document_id=document_id,
        stem=f"Hồ sơ số {number + 1}" if batch.table == "csv-nfd" and index == 0 else document_id,
        record_type=record_type,
        era=age.code,
        year=year,
        months=(from_month, to_month) if year == last else (1, 12),
        place=Place(code, unit.name),
        carrier=carrier,
        seed=f"{seed}/{number}",
        dpi=dpi,
        fault=fault,
        blank_back=fault == "blank_page" or (fault is None and rng.random() < 0.1),
        keyed=_KEYED.get(record_type, ()) if fault == "keyed_wrong" or rng.random() < 0.5 else (),
    )


_KEYED = {
    "birth": ("person_name", "birth_date"),
    "birth_register": ("person_name", "birth_date"),
    "marriage": ("wife_name", "husband_name"),
    "marriage_register": ("wife_name", "husband_name"),
    "death": ("person_name", "death_date"),
    "death_register": ("person_name", "death_date"),
    "marital_status": ("person_name", "birth_date"),
    "decision": ("subject",),
    "permit": ("signer_name",),
}

"""Counts and outlooks as the pages show them: the warehouse's figures with what follows from them written out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from warehouse.outlook import Outlook
from warehouse.results import Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """``warehouse.results.Figures`` with what follows from them written out.

    Attributes:
        lapsed: Listed but no longer in force; no part of the inventory.
        digitized_lapsed: Of ``digitized`` those no longer in force.
        stopped: Quarantined on the way and refused at intake.
        percent, percent_indexed, percent_reconciled: Of the inventory, 0.0–100.0; ``None`` without an inventory.
    """

    inventory: int
    lapsed: int
    received: int
    digitized: int
    digitized_lapsed: int
    pages: int
    signed: int
    own_signed: int
    indexed: int
    needs_review: int
    reconciled: int
    quarantined: int
    refused: int
    stopped: int
    over: int
    remaining: int
    percent: float | None
    percent_indexed: float | None
    percent_reconciled: float | None

    @classmethod
    def of(cls, figures: Figures) -> Counts:
        return cls(
            inventory=figures.inventory_records,
            lapsed=figures.inventory_lapsed,
            received=figures.received,
            digitized=figures.digitized,
            digitized_lapsed=figures.digitized_lapsed,
            pages=figures.digitized_pages,
            signed=figures.signed,
            own_signed=figures.own_signed,
            indexed=figures.indexed,
            needs_review=figures.needs_review,
            reconciled=figures.reconciled,
            quarantined=figures.quarantined,
            refused=figures.refused,
            stopped=figures.quarantined + figures.refused,
            over=figures.over,
            remaining=figures.remaining,
            percent=figures.percent,
            percent_indexed=figures.percent_indexed,
            percent_reconciled=figures.percent_reconciled,
        )


def summed(parts: Iterable[Figures]) -> Figures:
    """The sum of figures."""
    listed = list(parts)
    names = [field.name for field in dataclasses.fields(Figures)]
    return Figures(**{name: sum(getattr(it, name) for it in listed) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookLine:
    """Where a unit is heading; see ``warehouse.outlook.Outlook``."""

    weeks: int
    pace: float
    due_percent: float | None
    due_on: dt.date | None
    next_percent: float | None
    next_on: dt.date | None
    deadline: dt.date | None
    needed_pace: float | None
    forecast_on: dt.date | None
    behind: bool
    standing_still: bool
    late: bool

    @classmethod
    def of(cls, it: Outlook) -> OutlookLine:
        return cls(**{field.name: getattr(it, field.name) for field in dataclasses.fields(cls)})

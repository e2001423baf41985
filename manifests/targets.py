"""Targets (chỉ tiêu): how much must be digitized by which day, per tier, unit or field of work.

The City's plan comes with the project (``data/targets.toml``); an installation brings others as a table. The
narrowest line counts: a unit's own field of work, the unit, its tier's field of work, its tier.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from pathlib import Path

from manifests.cells import CellError, Taken, UnitColumn, plain_text, read_unit
from manifests.columns import table_form
from manifests.days import read_day
from manifests.files import FileError, shown
from manifests.grid import Cell, CellKind, Row, TableError
from manifests.reasons import Fault, Severity
from manifests.record_types import areas
from manifests.rows import Layout, RowCells, lay_out
from manifests.spelling import fold, visible
from manifests.tables import read_table
from manifests.units import Tier, units


@dataclass(frozen=True, slots=True)
class Target:
    """One line of a plan.

    Attributes:
        percent: Share of the inventory, 0.0–100.0, that must be digitized at the end of ``on``.
        tier, unit_code, area: Whom it binds; ``unit_code`` goes before ``tier``; ``None`` is every one.
        source: Where the line comes from.
    """

    on: dt.date
    percent: float
    tier: str | None = None
    unit_code: str | None = None
    area: str | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class TargetLine:
    """The targets of one unit, by date; empty when no plan binds it."""

    begins: dt.date
    steps: tuple[Target, ...]

    def due(self, on: dt.date) -> Target | None:
        """The highest target that must be met at the end of ``on``."""
        return max((step for step in self.steps if step.on <= on), key=lambda step: step.percent, default=None)

    def next(self, on: dt.date) -> Target | None:
        """The first target after ``on``; ``None`` when the last one is due."""
        return next((step for step in self.steps if step.on > on), None)

    def expected(self, on: dt.date) -> float | None:
        """Percent on the straight line from target to target: what the chart draws."""
        if not self.steps:
            return None
        before, share = self.begins, 0.0
        for step in self.steps:
            if on <= step.on:
                days = (step.on - before).days or 1
                return share + (step.percent - share) * max(0, (on - before).days) / days
            before, share = step.on, step.percent
        return share


@dataclass(frozen=True, slots=True)
class Targets:
    """All targets of an installation."""

    begins: dt.date
    targets: tuple[Target, ...]

    def line(self, *, tier: str, unit_code: str, area: str | None = None) -> TargetLine:
        """The targets of a unit, in a field of work or in all of them."""
        scopes: list[tuple[str | None, str | None, str | None]] = []
        for code, of_tier in ((unit_code, None), (None, tier), (None, None)):
            scopes += [(code, of_tier, area), (code, of_tier, None)] if area else [(code, of_tier, None)]
        for scope in scopes:
            steps = [it for it in self.targets if (it.unit_code, it.tier, it.area) == scope]
            if steps:
                return TargetLine(self.begins, tuple(sorted(steps, key=lambda it: it.on)))
        return TargetLine(self.begins, ())


@dataclass(frozen=True, slots=True)
class TargetsReading:
    """What a table of targets says; with any error it is not used."""

    targets: tuple[Target, ...]
    faults: tuple[Fault, ...]

    @property
    def failed(self) -> bool:
        return any(fault.severity is Severity.ERROR for fault in self.faults)


@cache
def city_targets() -> Targets:
    """The City's plan; ``data/targets.toml`` names its source and whether it is confirmed."""
    text = resources.files("manifests").joinpath("data/targets.toml").read_text(encoding="utf-8")
    plans = tomllib.loads(text)["plan"]
    return Targets(
        begins=min(plan["begins"] for plan in plans),
        targets=tuple(
            Target(line["on"], float(line["percent"]), tier=line["tier"], source=plan["source"])
            for plan in plans
            for line in plan["lines"]
        ),
    )


def with_own(base: Targets, own: Iterable[Target]) -> Targets:
    """``base`` with an installation's own lines; where they name a tier, unit or field of work, they replace it."""
    lines = tuple(own)
    scopes = {(it.unit_code, it.tier, it.area) for it in lines}
    kept = (it for it in base.targets if (it.unit_code, it.tier, it.area) not in scopes)
    return Targets(min((base.begins, *(it.on for it in lines))), (*kept, *lines))


def read_targets(path: Path) -> TargetsReading:
    """Reads a table of targets, CSV or XLSX; never raises for what is in the file."""
    form = table_form("targets")
    try:
        table, _ = read_table(path, form.score)
    except (FileError, TableError) as error:
        return TargetsReading((), (Fault("targets_invalid", error.detail, file=shown(path.name)),))
    layout, faults = lay_out(table, form)
    if faults:
        return TargetsReading((), faults)
    found: list[Target] = []
    told: list[Fault] = []
    for row in table.rows:
        target = _target(row, layout, told, source=path.name)
        if target is not None:
            found.append(target)
    if not found and not told:
        told.append(Fault("targets_invalid", "bảng không có dòng nào", file=shown(path.name)))
    return TargetsReading(tuple(found), tuple(told))


def _target(row: Row, layout: Layout, told: list[Fault], *, source: str) -> Target | None:
    cells = RowCells(row, layout)
    on = cells.take("on", read_day)
    percent = cells.take("percent", _percent)
    tier = cells.take("tier", _tier, required=False)
    column = UnitColumn(units(), keeps_zeros=False)
    code = cells.take("unit_code", partial(read_unit, year=None, column=column), required=False)
    area = cells.take("area", _area, required=False)
    text = cells.take("source", lambda cell: Taken(plain_text(cell)), required=False)
    told.extend(cells.faults(None))
    if cells.failed or on is None or percent is None:
        return None
    return Target(on, percent, None if code else tier, code, area, text or source)


def _percent(cell: Cell) -> Taken[float]:
    text = plain_text(cell).removesuffix("%").strip().replace(",", ".")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if cell.kind is CellKind.NUMBER and 0 < value <= 1 and "%" not in cell.text:
        value *= 100  # a cell formatted as a percentage holds the share
    if not 0 <= value <= 100:
        raise CellError("value_invalid", f"“{visible(cell.text)}” không phải tỷ lệ từ 0 đến 100")
    return Taken(value)


def _tier(cell: Cell) -> Taken[str]:
    words = {
        Tier.WARD: ("ward", "phường", "xã", "phường, xã", "cấp xã", "thị trấn"),
        Tier.DISTRICT: ("district", "quận", "huyện", "quận, huyện", "cấp huyện"),
        Tier.CITY: ("city", "thành phố", "cấp tỉnh"),
    }
    return Taken(_one_of({word: str(tier) for tier, spelled in words.items() for word in spelled}, cell))


def _area(cell: Cell) -> Taken[str]:
    return Taken(_one_of({word: code for code, name in areas().items() for word in (code, name)}, cell))


def _one_of(words: dict[str, str], cell: Cell) -> str:
    text = plain_text(cell)
    found = {fold(word): value for word, value in words.items()}.get(fold(text))
    if found is None:
        raise CellError("value_invalid", f"“{visible(text)}”: ghi một trong {_listed(list(words))}")
    return found


def _listed(words: Sequence[str]) -> str:
    return ", ".join(words)

"""What is watched: alerts, inventory versions, completeness, reconciliation, custodians. Arranges what is known."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dashboard import words
from dashboard.figures import Counts, OutlookLine
from manifests.reasons import REASONS
from manifests.record_types import areas
from manifests.targets import Targets
from warehouse.alerts import KINDS, alerts
from warehouse.completeness import CHECKS, Finding, completeness
from warehouse.custody import custody_in_force
from warehouse.database import reading
from warehouse.inventories import InventoryVersion, inventory_changes, inventory_versions
from warehouse.progress import progress_by_custodian
from warehouse.reconciliation import (
    FINDINGS,
    PlaceCounts,
    ReconciliationFinding,
    ReconciliationRun,
    place_counts,
    reconciliation_findings,
    reconciliation_runs,
)
from warehouse.reference import bearers

SHOWN = 200
"""Findings on a page; a file holds up to ``LONGEST``."""
LONGEST = 50_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    unit_id: str
    unit_code: str
    unit_name: str
    assigned: bool
    area: str
    area_code: str
    kinds: tuple[str, ...]
    sentence: str
    opened_on: dt.date | None
    counts: Counts
    outlook: OutlookLine


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """``/canh-bao``: the worst first."""

    alerts: tuple[AlertLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    kind: str
    unit_code: str
    record_type: str
    year: int
    place: str
    before: int | None
    after: int | None
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InventoryPage:
    """``/danh-muc``: the versions, and what changed between two of them."""

    versions: tuple[InventoryVersion, ...]
    before: int | None
    after: int | None
    changes: tuple[ChangeLine, ...]
    count: int
    grown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    code: str
    title: str
    severity: str
    sentence: str
    document_key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletenessPage:
    """``/day-du``: what is missing, double or different; ``more`` when there is more than is shown."""

    unit_code: str | None
    check: str | None
    findings: tuple[FindingLine, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationPage:
    """``/doi-chieu``: counts of each place, the comparisons, and what one of them found.

    ``unit_names`` has the unit that bears each code of ``places`` now, or bore it last.
    """

    places: tuple[PlaceCounts, ...]
    unit_names: dict[str, str]
    runs: tuple[ReconciliationRun, ...]
    run: int | None
    code: str | None
    counts: tuple[tuple[str, str, int], ...]
    findings: tuple[ReconciliationFinding, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyLine:
    unit_id: str
    unit_name: str
    record_type: str
    book: str
    box: str
    first_year: int
    last_year: int
    custodian_code: str
    custodian_name: str
    decided_on: dt.date
    decision: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnassignedLine:
    unit_id: str
    unit_code: str
    unit_name: str
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyPage:
    """``/phan-giao``: former units whose papers nobody was given, and the assignments there are."""

    unassigned: tuple[UnassignedLine, ...]
    assignments: tuple[CustodyLine, ...]


def alerts_page(engine: Any, on: dt.date | None, targets: Targets, weeks: int) -> AlertsPage:
    return AlertsPage(
        alerts=tuple(
            AlertLine(
                unit_id=it.unit_id,
                unit_code=it.outlook.unit.unit_code,
                unit_name=it.outlook.unit.unit_name,
                assigned=it.outlook.unit.assigned,
                area=areas()[it.area],
                area_code=it.area,
                kinds=tuple(KINDS[kind] for kind in it.kinds),
                sentence=it.sentence,
                opened_on=it.opened_on,
                counts=Counts.of(it.outlook.unit),
                outlook=OutlookLine.of(it.outlook),
            )
            for it in alerts(engine, on=on, weeks=weeks, targets=targets)
        )
    )


def inventory_page(engine: Any, before: int | None, after: int | None) -> InventoryPage | None:
    """The versions, and the changes between two (the latest when not given); ``None`` for versions there are not."""
    versions = inventory_versions(engine)
    if after is None and versions:
        after = versions[0].version
    if before is None and len(versions) > 1:
        before = next((it.version for it in versions[1:] if it.version != after), None)
    changes = []
    if before is not None and after is not None:
        if not {before, after} <= {it.version for it in versions}:
            return None
        changes = inventory_changes(engine, before, after)
    return InventoryPage(
        versions=tuple(versions),
        before=before,
        after=after,
        changes=tuple(
            ChangeLine(
                kind=words.CHANGES[it.kind],
                unit_code=it.unit_id or it.unit_code,
                record_type=words.record_type_name(it.record_type),
                year=it.year,
                place=" ".join(part for part in (it.book and f"quyển {it.book}", it.box and f"hộp {it.box}") if part),
                before=it.before[0] if it.before else None,
                after=it.after[0] if it.after else None,
                records=it.records,
            )
            for it in changes[:LONGEST]
        ),
        count=len(changes),
        grown=sum(it.records for it in changes),
    )


def completeness_page(engine: Any, unit_code: str | None, check: str | None, limit: int = SHOWN) -> CompletenessPage:
    found = completeness(engine, unit_code=unit_code, checks=(check,) if check else CHECKS)
    lines = [_finding(it) for it in islice(found, limit + 1)]
    del found  # it holds a connection until it is let go
    return CompletenessPage(unit_code=unit_code, check=check, findings=tuple(lines[:limit]), more=len(lines) > limit)


def reconciliation_page(
    engine: Any, run: int | None, code: str | None, limit: int = SHOWN
) -> ReconciliationPage | None:
    """``None`` for a comparison that is not there."""
    runs = reconciliation_runs(engine)
    if run is None and runs:
        run = runs[0].run_id
    if run is not None and run not in {it.run_id for it in runs}:
        return None
    findings: list[ReconciliationFinding] = []
    counts: Counter[str] = Counter()
    if run is not None:
        stream: Iterator[ReconciliationFinding] = reconciliation_findings(engine, run)
        for it in stream:
            counts[it.code] += 1  # counted here: a run's own counts are of the whole city
            if code in (None, it.code) and len(findings) <= limit:
                findings.append(it)
    places = place_counts(engine)
    with reading(engine) as connection:
        named = bearers(connection, (it.unit_code for it in places))
    return ReconciliationPage(
        places=tuple(places),
        unit_names={code: list(names.values())[-1] for code, names in named.items()},
        runs=tuple(runs),
        run=run,
        code=code,
        counts=tuple((name, FINDINGS[name][0], counts[name]) for name in FINDINGS if counts[name]),
        findings=tuple(findings[:limit]),
        more=len(findings) > limit,
    )


def custody_page(engine: Any) -> CustodyPage:
    given = custody_in_force(engine)
    with reading(engine) as connection:
        named = bearers(connection, (row[name] for row in given for name in ("unit_code", "custodian_code")))
    return CustodyPage(
        unassigned=tuple(
            UnassignedLine(unit_id=it.unit_id, unit_code=it.unit_code, unit_name=it.unit_name, counts=Counts.of(it))
            for it in progress_by_custodian(engine)
            if not it.assigned
        ),
        assignments=tuple(
            CustodyLine(
                unit_id=row["unit_id"],
                unit_name=named.get(row["unit_code"], {}).get(row["unit_id"], ""),
                record_type=words.record_type_name(row["record_type"]) if row["record_type"] else "",
                book=row["book"],
                box=row["box"],
                first_year=row["first_year"],
                last_year=row["last_year"],
                custodian_code=row["custodian_code"],
                custodian_name=next(reversed(named.get(row["custodian_code"], {"": ""}).values())),
                decided_on=row["decided_on"],
                decision=row["decision"],
            )
            for row in given
        ),
    )


def _finding(it: Finding) -> FindingLine:
    return FindingLine(
        code=it.code,
        title=REASONS[it.code].title,
        severity=str(it.severity),
        sentence=it.sentence,
        document_key=it.document_key,
    )

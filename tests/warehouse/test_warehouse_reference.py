"""Units with time, record types, the stage table and the inventory's versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from manifests.inventory import InventoryLine
from manifests.record_types import record_types
from manifests.units import Tier, Unit, UnitRegistry, units
from warehouse import schema
from warehouse.reference import (
    current_inventory_version,
    import_inventory,
    load_reference,
    register_stages,
    today,
    year_ranges,
)

RowsOf = Callable[[sa.Table], list[dict[str, Any]]]
DAY = dt.date(2025, 8, 1)


@contextmanager
def _no_writes(engine: sa.Engine) -> Iterator[None]:
    """Fails when a statement inside changes a row."""
    written: list[str] = []

    def look(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.split()[0].upper() in {"INSERT", "UPDATE", "DELETE"}:
            written.append(statement)

    sa.event.listen(engine, "before_cursor_execute", look)
    yield
    sa.event.remove(engine, "before_cursor_execute", look)
    assert written == []


def test_the_reference_data_is_there_once(engine: sa.Engine, rows_of: RowsOf) -> None:
    assert len(rows_of(schema.unit)) == len(units().all())
    assert [row["unit_id"] for row in rows_of(schema.unit) if row["code"] == "00292"] == [
        "00292@-",
        "00292@2025-01-01",
        "00292@2025-07-01",
    ]
    kinds = sorted(rows_of(schema.record_type), key=lambda row: row["position"])
    assert [row["code"] for row in kinds] == list(record_types())
    assert {
        (row["successor_code"], row["extent"])
        for row in rows_of(schema.unit_succession)
        if row["predecessor_code"] == "00256"
    } == {("00256", "partial"), ("00292", "partial"), ("00226", "partial")}


def test_loading_the_reference_again_writes_nothing(engine: sa.Engine) -> None:
    with _no_writes(engine):
        load_reference(engine)


def test_a_changed_registry_replaces_the_units(engine: sa.Engine, rows_of: RowsOf) -> None:
    one = Unit("99999", "Phường Thử", Tier.WARD, "01", dt.date(2025, 7, 1), None)
    load_reference(engine, UnitRegistry([one]))
    assert [(row["unit_id"], row["first_year"], row["last_year"]) for row in rows_of(schema.unit)] == [
        ("99999@2025-07-01", 0, 9999)
    ]
    assert rows_of(schema.unit_succession) == []


@dataclass(frozen=True)
class _Stage:
    name: str
    label: str
    per: str


def test_the_stage_table_keeps_the_order_of_the_pipeline(engine: sa.Engine, rows_of: RowsOf) -> None:
    stages = [_Stage("receive", "Tiếp nhận", "batch"), _Stage("capture", "Chụp", "page")]
    register_stages(engine, stages)
    with _no_writes(engine):
        register_stages(engine, stages)
    register_stages(engine, stages[::-1])
    assert {row["name"]: row["position"] for row in rows_of(schema.stage)} == {"capture": 0, "receive": 1}


days = st.dates(dt.date(1950, 1, 1), dt.date(2040, 12, 31))


@st.composite
def _validities(draw: st.DrawFn) -> list[Unit]:
    """Units that bore one code one after the other, some with a gap between them, the first perhaps since ever."""
    edges = sorted(draw(st.sets(days, min_size=2, max_size=8)))
    bounds = list(zip(edges[::2], edges[1::2], strict=False))
    same = [Unit("00001", f"Phường {start}", Tier.WARD, "001", start, end) for start, end in bounds]
    if draw(st.booleans()):
        same[0] = Unit("00001", "Phường Xưa", Tier.WARD, "001", None, same[0].valid_to)
    return same


@given(same_code=_validities(), year=st.integers(1900, 2100))
def test_every_year_of_a_code_counts_to_exactly_one_unit(same_code: list[Unit], year: int) -> None:
    ranges = year_ranges(same_code)
    owners = [unit for unit, (first, last) in zip(same_code, ranges, strict=True) if first <= year <= last]
    assert len(owners) == 1
    told = UnitRegistry(same_code).in_year("00001", year)
    if told is not None:
        assert owners == [told]


def test_the_years_of_the_real_units_agree_with_the_registry() -> None:
    registry = units()
    for code in {unit.code for unit in registry.all()}:
        same_code = list(registry.with_code(code))
        for year in (1956, 2024, 2025, 2026):
            owner = next(
                unit
                for unit, (first, last) in zip(same_code, year_ranges(same_code), strict=True)
                if first <= year <= last
            )
            assert registry.in_year(code, year) in {owner, None}


def test_the_same_file_is_one_version(engine: sa.Engine, rows_of: RowsOf) -> None:
    lines = [InventoryLine("00256", "birth", 1998, 40, 40, 41), InventoryLine("00256", "birth", 1998, 2)]
    first = import_inventory(engine, lines, approved_on=DAY, source_name="a.xlsx", sha256="a" * 64)
    with _no_writes(engine):
        assert import_inventory(engine, lines, approved_on=DAY, source_name="b.xlsx", sha256="a" * 64) == first
    assert [(row["records"], row["files"], row["pages"]) for row in rows_of(schema.inventory_line)] == [(42, 40, 41)]


def test_a_mistyped_day_of_approval_is_mended_by_importing_again(engine: sa.Engine) -> None:
    line = [InventoryLine("00256", "birth", 1998, 10, 10, 20)]
    wrong, right = dt.date(2026, 11, 27), dt.date(2025, 1, 15)
    first = import_inventory(engine, line, approved_on=wrong, source_name="a", sha256="a" * 64)
    assert current_inventory_version(engine, dt.date(2025, 6, 1)) is None
    mended = import_inventory(engine, line, approved_on=right, source_name="a", sha256="a" * 64)
    assert mended != first
    assert current_inventory_version(engine, dt.date(2025, 6, 1)) == mended
    for day in (right, None):
        assert import_inventory(engine, line, approved_on=day, source_name="a", sha256="a" * 64) == mended


def test_the_version_in_force_is_the_latest_approved_by_that_day(engine: sa.Engine) -> None:
    assert current_inventory_version(engine) is None
    line = [InventoryLine("00256", "birth", 1998, 40)]
    march = import_inventory(engine, line, approved_on=dt.date(2025, 3, 1), source_name="m", sha256="1" * 64)
    june = import_inventory(engine, line, approved_on=dt.date(2025, 6, 1), source_name="j", sha256="2" * 64)
    late = import_inventory(engine, line, approved_on=dt.date(2025, 3, 1), source_name="m2", sha256="3" * 64)
    future = import_inventory(
        engine, line, approved_on=today() + dt.timedelta(days=9), source_name="f", sha256="4" * 64
    )
    assert current_inventory_version(engine, dt.date(2025, 2, 28)) is None
    assert current_inventory_version(engine, dt.date(2025, 3, 1)) == late != march
    assert current_inventory_version(engine) == june != future


def test_a_wrong_line_leaves_no_version_behind(engine: sa.Engine, rows_of: RowsOf) -> None:
    wrong = [InventoryLine("00256", "birth", 1998, 40), InventoryLine("00256", None, 1998, 40)]  # type: ignore[arg-type]
    with pytest.raises(sa.exc.IntegrityError):
        import_inventory(engine, wrong, approved_on=DAY, source_name="x", sha256="b" * 64)
    assert rows_of(schema.inventory_version) == []

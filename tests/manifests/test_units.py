from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from manifests.units import Extent, Tier, Unit, UnitRegistry, units


def test_every_unit_that_came_with_the_project_is_read() -> None:
    registry = units()
    tiers = Counter(unit.tier for unit in registry.all())
    assert tiers == {Tier.CITY: 1, Tier.DISTRICT: 30, Tier.WARD: 86 + 493 + 33 + 126}
    assert sum(unit.tier is Tier.WARD for unit in registry if unit.valid_on(dt.date(2025, 8, 1))) == 126
    assert sum(unit.tier is Tier.WARD for unit in registry if unit.valid_on(dt.date(2025, 3, 1))) == 526
    assert sum(unit.tier is Tier.WARD for unit in registry if unit.valid_on(dt.date(2024, 3, 1))) == 579


def test_no_code_means_two_units_on_one_day() -> None:
    for unit in units().all():
        for other in units().with_code(unit.code):
            if other is not unit:
                assert not (
                    other.valid_on(unit.valid_to or dt.date.max) or other.valid_on(unit.valid_from or dt.date.min)
                )


@pytest.mark.parametrize(
    ("code", "date", "name"),
    [
        ("00256", dt.date(1960, 1, 1), "Phường Lê Đại Hành"),
        ("00256", dt.date(2025, 6, 30), "Phường Lê Đại Hành"),
        ("00256", dt.date(2025, 7, 1), "Phường Hai Bà Trưng"),
        ("00292", dt.date(2024, 12, 31), "Phường Quỳnh Lôi"),
        ("00292", dt.date(2025, 1, 1), "Phường Bạch Mai"),
        ("00292", dt.date(2025, 7, 1), "Phường Bạch Mai"),
        ("00286", dt.date(2024, 1, 1), "Phường Bạch Mai"),
        ("00286", dt.date(2025, 1, 1), None),
        ("99999", dt.date(2025, 1, 1), None),
    ],
)
def test_a_reused_code_means_what_it_meant_that_day(code: str, date: dt.date, name: str | None) -> None:
    unit = units().at(code, date)
    assert (unit.name if unit else None) == name


def test_bach_mai_of_the_first_half_of_2025_is_not_the_larger_one() -> None:
    before, after = units().at("00292", dt.date(2025, 6, 30)), units().at("00292", dt.date(2025, 7, 1))
    assert before is not None and after is not None and before != after
    assert (before.parent_code, after.parent_code) == ("007", "01")


def test_in_a_year_of_change_the_latest_unit_is_meant() -> None:
    registry = units()
    assert [registry.in_year("00256", year).name for year in (1956, 2024, 2025, 2026)] == [  # type: ignore[union-attr]
        "Phường Lê Đại Hành",
        "Phường Lê Đại Hành",
        "Phường Hai Bà Trưng",
        "Phường Hai Bà Trưng",
    ]
    assert registry.in_year("00265", 2024) is not None
    assert registry.in_year("00265", 2025) is None
    assert registry.in_year("007", 2025) is not None
    assert registry.in_year("007", 2026) is None


def test_a_code_unused_for_a_while_is_nobody_in_the_gap() -> None:
    old = Unit("90001", "Phường Cũ", Tier.WARD, "01", None, dt.date(1990, 5, 1))
    new = Unit("90001", "Phường Mới", Tier.WARD, "01", dt.date(2000, 1, 1), None)
    registry = UnitRegistry([new, old])
    assert registry.in_year("90001", 1990) is old
    assert registry.in_year("90001", 1995) is None
    assert registry.in_year("90001", 2000) is new
    assert registry.at("90001", dt.date(1990, 5, 2)) is None
    assert registry.with_code("90001") == (old, new)


def test_succession_tells_split_wards() -> None:
    registry = units()
    went = registry.successors("00256")
    assert {(step.successor_code, step.extent) for step in went} == {
        ("00226", Extent.PARTIAL),
        ("00256", Extent.PARTIAL),
        ("00292", Extent.PARTIAL),
    }
    assert {step.predecessor_name for step in registry.predecessors("00256")} == {
        "Phường Nguyễn Du",
        "Phường Bạch Đằng",
        "Phường Phạm Đình Hổ",
        "Phường Lê Đại Hành",
        "Phường Đồng Nhân",
        "Phường Phố Huế",
        "Phường Thanh Nhàn",
    }
    assert registry.successors("00265") == ()


def test_every_step_of_the_succession_joins_two_units() -> None:
    registry = units()
    steps = [step for unit in registry.all() for step in registry.successors(unit.code)]
    assert len({step.predecessor_code for step in steps}) == 526
    assert len({step.successor_code for step in steps}) == 126
    for step in steps:
        before = registry.at(step.predecessor_code, step.date - dt.timedelta(days=1))
        after = registry.at(step.successor_code, step.date)
        assert before is not None and before.name == step.predecessor_name
        assert after is not None and after.name == step.successor_name


def test_lost_zeros_have_one_or_several_readings() -> None:
    registry = units()
    assert registry.with_number(256) == ("00256",)
    assert registry.with_number(268) == ("268", "00268")
    assert registry.with_number(1) == ("01", "001", "00001")
    assert registry.with_number(10183) == ("10183",)
    assert registry.with_number(424242) == ()


def test_validity_is_told_in_vietnamese() -> None:
    told = [unit.validity() for unit in units().with_code("00292")]
    assert told == ["đến 31/12/2024", "từ 01/01/2025 đến 30/06/2025", "từ 01/07/2025"]

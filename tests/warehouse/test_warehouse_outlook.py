"""Targets, pace, forecast, trend and alerts: computed from when files were stored, told once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentRecord, RecordStatus
from manifests.inventory import InventoryLine
from manifests.targets import Target, city_targets, with_own
from warehouse.alerts import alerts, alerts_to_send, mark_sent
from warehouse.load import load_records
from warehouse.outlook import city_outlook, outlooks
from warehouse.progress import progress_by_unit, totals
from warehouse.reference import import_inventory
from warehouse.trend import trend
from warehouse.views import View

MakeRecord = Callable[..., DocumentRecord]
ON = dt.date(2025, 10, 1)
MONDAY = dt.datetime(2025, 9, 1, tzinfo=dt.UTC)


def listing(engine: sa.Engine, *lines: InventoryLine, on: dt.date = dt.date(2025, 1, 1)) -> None:
    import_inventory(engine, lines, approved_on=on, source_name="danh-muc.csv", sha256=repr((lines, on)))


@pytest.fixture
def moving(engine: sa.Engine, make_record: MakeRecord) -> sa.Engine:
    """A ward that went to another as a whole, one file a week for five weeks of eight listed."""
    listing(engine, InventoryLine("00259", "birth", 1998, 8))
    load_records(
        engine,
        [
            make_record(f"d{week}", unit_code="00259", finished_at=MONDAY + dt.timedelta(weeks=week))
            for week in range(5)
        ],
    )
    return engine


def test_pace_forecast_and_what_is_needed(moving: sa.Engine) -> None:
    (it,) = outlooks(moving, on=ON)
    assert (it.unit.digitized_listed, it.unit.percent, it.pace) == (5, 62.5, 1.0)
    assert it.forecast_on == ON + dt.timedelta(days=21)
    assert (it.due_percent, it.due_on) == (75.0, dt.date(2024, 12, 31))
    assert (it.next_percent, it.deadline) == (100.0, dt.date(2025, 12, 30))
    assert it.needed_pace == pytest.approx(3 / (90 / 7))
    assert (it.behind, it.standing_still, it.late) == (True, False, False)
    assert it.expected_percent is not None and 75 < it.expected_percent < 100


def test_a_new_inventory_is_not_taken_for_work_done(moving: sa.Engine) -> None:
    listing(moving, InventoryLine("00259", "birth", 1998, 3), on=ON)
    (it,) = outlooks(moving, on=ON)
    assert (it.unit.inventory_records, it.unit.percent) == (3, 100.0)
    assert it.pace == 0.5, "of three listed one stood there four weeks ago"
    assert it.forecast_on == ON


def test_the_whole_city_weighs_each_unit_by_its_inventory(moving: sa.Engine) -> None:
    listing(moving, InventoryLine("00259", "birth", 1998, 8), InventoryLine("007", "decision", 2019, 24), on=ON)
    it = city_outlook(moving, on=ON)
    assert (it.unit.inventory_records, it.unit.digitized_listed, it.pace) == (32, 5, 1.0)
    assert it.due_percent == pytest.approx((8 * 75 + 24 * 80) / 32)
    assert it.unit.percent == totals(moving, on=ON).percent


@pytest.mark.parametrize("view", list(View))
def test_the_trend_ends_in_the_figure_of_the_progress_page(moving: sa.Engine, view: View) -> None:
    code = {View.ISSUER: "00259", View.DISTRICT: "007", View.CUSTODIAN: "00256"}[view]
    points = trend(moving, on=ON, weeks=5, view=view, unit_code=code)
    assert [point.on for point in points] == [ON - dt.timedelta(weeks=back) for back in range(5, -1, -1)]
    assert [point.digitized for point in points] == [point.indexed for point in points] == [0, 1, 2, 3, 4, 5]
    for point in points:
        found = totals(moving, on=point.on)
        assert (found.digitized_listed, found.inventory_records, found.percent) == (
            point.digitized,
            point.inventory,
            point.percent,
        )
    assert points[-1].expected_percent is not None
    assert trend(moving, on=ON, weeks=1, view=view, unit_code="00283")[-1].inventory == 0


def test_the_trend_keeps_the_inventory_of_each_week_and_counts_surplus_nowhere(
    moving: sa.Engine, make_record: MakeRecord
) -> None:
    listing(moving, InventoryLine("00259", "birth", 1998, 2), on=dt.date(2025, 9, 20))
    load_records(moving, [make_record("m", unit_code="00259", record_type="marriage")])
    points = trend(moving, on=ON, weeks=2)
    assert [(point.inventory, point.digitized) for point in points] == [(8, 3), (2, 2), (2, 2)]
    assert [(point.inventory, point.digitized) for point in trend(moving, on=ON, weeks=0, area="permits")] == [(0, 0)]


def test_a_file_at_night_counts_to_the_day_in_hanoi(engine: sa.Engine, make_record: MakeRecord) -> None:
    listing(engine, InventoryLine("00256", "birth", 1998, 8))
    load_records(engine, [make_record("a", finished_at=dt.datetime(2025, 9, 30, 17, 30, tzinfo=dt.UTC))])
    assert [point.digitized for point in trend(engine, on=ON, weeks=0)] == [1]
    assert [point.digitized for point in trend(engine, on=ON - dt.timedelta(days=1), weeks=0)] == [0]


def test_units_behind_standing_still_or_late_raise_an_alert_for_each_field_of_work(
    moving: sa.Engine, make_record: MakeRecord
) -> None:
    listing(
        moving,
        InventoryLine("00259", "birth", 1998, 8),
        InventoryLine("00259", "permit", 2019, 4),
        InventoryLine("00256", "birth", 1998, 2),
        InventoryLine("00283", "birth", 2026, 1),
        on=ON,
    )
    load_records(moving, [make_record("x", unit_code="00283", year=2026, finished_at=MONDAY)])
    found = {(it.outlook.unit.unit_id, it.area): it.kinds for it in alerts(moving, on=ON)}
    assert found == {
        ("00256@-", "civil_status"): ("unassigned", "behind", "standing_still"),
        ("00256@2025-07-01", "civil_status"): ("behind",),
        ("00256@2025-07-01", "permits"): ("behind", "standing_still"),
    }
    first = alerts(moving, on=ON)[0]
    assert "sohoa custody import" in first.sentence and "Phường Lê Đại Hành (00256), Hộ tịch" in first.sentence
    assert alerts(moving, on=ON, unit_code="00283") == []


def test_a_message_goes_out_once_again_after_a_week_and_at_once_when_it_gets_worse(moving: sa.Engine) -> None:
    day = ON
    (first,) = alerts_to_send(moving, on=day)
    assert first.opened_on == day
    mark_sent(moving, [first.key], on=day)
    assert alerts_to_send(moving, on=day + dt.timedelta(days=1)) == []
    assert [it.opened_on for it in alerts_to_send(moving, on=day + dt.timedelta(days=7))] == [day]
    mark_sent(moving, [first.key], on=day + dt.timedelta(days=7))
    worse = alerts_to_send(moving, on=day + dt.timedelta(days=13))
    assert [it.kinds for it in worse] == [("behind", "standing_still")]


def test_an_alert_ends_with_its_cause_and_begins_anew(moving: sa.Engine, make_record: MakeRecord) -> None:
    (first,) = alerts_to_send(moving, on=ON)
    mark_sent(moving, [first.key], on=ON)
    october = dt.datetime(2025, 10, 2, tzinfo=dt.UTC)
    load_records(moving, [make_record(f"n{i}", unit_code="00259", finished_at=october) for i in range(3)])
    assert alerts_to_send(moving, on=dt.date(2025, 10, 3)) == []
    listing(moving, InventoryLine("00259", "birth", 1998, 80), on=dt.date(2025, 10, 4))
    (again,) = alerts_to_send(moving, on=dt.date(2025, 10, 4))
    assert (again.opened_on, again.sent_on) == (dt.date(2025, 10, 4), None)


def test_an_installation_brings_its_own_targets(moving: sa.Engine, make_record: MakeRecord) -> None:
    own = with_own(city_targets(), [Target(dt.date(2025, 9, 30), 60.0, unit_code="00259")])
    (it,) = outlooks(moving, on=ON, targets=own)
    assert (it.due_percent, it.behind, it.deadline) == (60.0, False, None)
    area = with_own(own, [Target(dt.date(2025, 9, 30), 90.0, unit_code="00259", area="civil_status")])
    assert [it.due_percent for it in outlooks(moving, on=ON, targets=area, by_area=True)] == [90.0]


def test_what_waits_for_review_is_digitized_but_not_indexed(engine: sa.Engine, make_record: MakeRecord) -> None:
    listing(engine, InventoryLine("00256", "birth", 1998, 2))
    load_records(engine, [make_record("a", status=RecordStatus.NEEDS_REVIEW)])
    (point,) = trend(engine, on=ON, weeks=0)
    assert (point.digitized, point.indexed) == (1, 0)
    assert progress_by_unit(engine, on=ON)[0].percent_indexed == 0.0

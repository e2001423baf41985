"""Units that are behind, standing still or going to be late, per field of work: found from facts, told once.

What was found is kept with the day it began, so that a message goes out when something begins or gets worse, and
again only after some days; nobody reads a daily repetition.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from manifests.record_types import areas
from manifests.targets import Targets
from warehouse.database import reading, writing
from warehouse.merge import hold
from warehouse.outlook import Outlook, outlooks
from warehouse.reference import today
from warehouse.schema_progress import alert
from warehouse.views import View

KINDS = {
    "unassigned": "Chưa phân giao",
    "behind": "Dưới chỉ tiêu",
    "standing_still": "Đứng yên",
    "late": "Sẽ trễ hạn",
}
"""What can be wrong, worst first, in Vietnamese."""

WATCHED_WEEKS = 2
"""Weeks without a new file after which a unit stands still."""
REPEAT_DAYS = 7
"""Days after which a message about the same thing goes out again."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One unit's trouble in one field of work.

    Attributes:
        outlook: The figures behind it.
        area: Key of ``manifests.record_types.areas``.
        kinds: Keys of ``KINDS``, worst first.
        sentence: All of it in Vietnamese, with the next step.
        opened_on: Since when; ``None`` until ``keep_alerts`` has seen it.
        sent_on: When the last message about it went out.
    """

    outlook: Outlook
    area: str
    kinds: tuple[str, ...]
    sentence: str
    opened_on: dt.date | None = None
    sent_on: dt.date | None = None

    @property
    def unit_id(self) -> str:
        return self.outlook.unit.unit_id

    @property
    def key(self) -> str:
        """``<unit id> <area>``; of unassigned papers a key of their own."""
        return f"{self.unit_id}{'' if self.outlook.unit.assigned else '!'} {self.area}"

    @property
    def title(self) -> str:
        """Unit, field of work and what is wrong."""
        words = ", ".join(KINDS[kind].lower() for kind in self.kinds)
        return f"{self.outlook.unit.unit_name} – {areas()[self.area]}: {words}"


def alerts(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    weeks: int = WATCHED_WEEKS,
    view: View = View.CUSTODIAN,
    unit_code: str | None = None,
    targets: Targets | None = None,
) -> list[Alert]:
    """What is wrong on ``on``, the worst first; writes nothing.

    Args:
        engine: A migrated database.
        on: As of the end of this day in Hanoi; ``None`` is now.
        weeks: Over which the pace is measured and a unit may not stand still.
        view: Whose units; the units that hold the papers today answer for them.
        unit_code: Only units shown under this code.
        targets: The City's plan when not given.
    """
    rows = outlooks(engine, on=on, weeks=weeks, by_area=True, view=view, unit_code=unit_code, targets=targets)
    found = [Alert(row, row.area or "other", kinds, _sentence(row, kinds)) for row in rows if (kinds := _kinds(row))]
    known = _open(engine)
    dated = [(it, *known.get(it.key, (None, None))) for it in found]
    found = [dataclasses.replace(it, opened_on=opened, sent_on=sent) for it, opened, sent in dated]
    order = list(KINDS)
    return sorted(found, key=lambda it: (order.index(it.kinds[0]), it.outlook.unit.percent or 0.0, it.key))


def keep_alerts(engine: sa.Engine, found: Iterable[Alert], *, on: dt.date | None = None) -> None:
    """Write down which alerts are open: new ones begin on ``on``, those that are not in ``found`` end."""
    day, current = on or today(), {it.key: ",".join(it.kinds) for it in found}
    with writing(engine) as connection:
        hold(connection, "alerts")
        rows = connection.execute(sa.select(alert).where(alert.c.closed_on.is_(None))).mappings()
        held = {f"{row['unit_id']} {row['area']}": row for row in rows}
        gone = [row["id"] for key, row in held.items() if key not in current]
        connection.execute(sa.update(alert).where(alert.c.id.in_(gone)).values(closed_on=day))
        for key, kinds in current.items():
            if key not in held:
                unit_id, _, area = key.rpartition(" ")
                values = {"unit_id": unit_id, "area": area, "kinds": kinds, "opened_on": day}
                connection.execute(sa.insert(alert).values(values))
            elif held[key]["kinds"] != kinds:
                worse = not set(kinds.split(",")) <= set(held[key]["kinds"].split(","))
                changed = {"kinds": kinds, **({"sent_on": None} if worse else {})}
                connection.execute(sa.update(alert).where(alert.c.id == held[key]["id"]).values(changed))


def alerts_to_send(
    engine: sa.Engine,
    *,
    on: dt.date | None = None,
    weeks: int = WATCHED_WEEKS,
    repeat_days: int = REPEAT_DAYS,
    targets: Targets | None = None,
) -> list[Alert]:
    """The alerts of ``on``, written down, of which no message went out or the last one is ``repeat_days`` old."""
    day = on or today()
    keep_alerts(engine, alerts(engine, on=on, weeks=weeks, targets=targets), on=day)
    found = alerts(engine, on=on, weeks=weeks, targets=targets)
    return [it for it in found if it.sent_on is None or (day - it.sent_on).days >= repeat_days]


def mark_sent(engine: sa.Engine, keys: Sequence[str], *, on: dt.date | None = None) -> None:
    """Write down that the messages about these alerts (``Alert.key``) went out."""
    with writing(engine) as connection:
        for key in keys:
            unit_id, _, area = key.rpartition(" ")
            connection.execute(
                sa.update(alert)
                .where(alert.c.unit_id == unit_id, alert.c.area == area, alert.c.closed_on.is_(None))
                .values(sent_on=on or today())
            )


def _open(engine: sa.Engine) -> dict[str, tuple[dt.date | None, dt.date | None]]:
    """When each open alert began and was told last."""
    with reading(engine) as connection:
        rows = connection.execute(sa.select(alert).where(alert.c.closed_on.is_(None))).mappings()
        return {f"{row['unit_id']} {row['area']}": (row["opened_on"], row["sent_on"]) for row in rows}


def _kinds(row: Outlook) -> tuple[str, ...]:
    wrong = {
        "unassigned": not row.unit.assigned and row.unit.inventory_records + row.unit.received > 0,
        "behind": row.behind,
        "standing_still": row.standing_still,
        "late": row.late and not row.standing_still,
    }
    return tuple(kind for kind in KINDS if wrong[kind])


def _sentence(row: Outlook, kinds: tuple[str, ...]) -> str:
    unit = row.unit
    done = f"{_number(unit.digitized_listed)}/{_number(unit.inventory_records)} kết quả"
    parts = [f"đã số hóa {_percent(unit.percent)} ({done})"]
    if not unit.inventory_records:
        parts = [f"chưa có trong danh mục, đã số hóa {_number(unit.digitized)} hồ sơ"]
    if "behind" in kinds and row.due_on:
        parts.append(f"dưới chỉ tiêu {_percent(row.due_percent)} đến ngày {row.due_on:%d/%m/%Y}")
    if "standing_still" in kinds:
        parts.append(f"không thêm kết quả nào trong {row.weeks} tuần qua")
    elif unit.inventory_records:
        parts.append(f"tốc độ {_decimal(row.pace)} kết quả/tuần")
    if row.needed_pace is not None and row.deadline:
        parts.append(f"cần {_decimal(row.needed_pace)} kết quả/tuần để xong đến ngày {row.deadline:%d/%m/%Y}")
    if row.forecast_on and "standing_still" not in kinds and unit.digitized_listed < unit.inventory_records:
        parts.append(f"dự kiến xong ngày {row.forecast_on:%d/%m/%Y}")
    name = unit.unit_name
    head = f"{name} ({unit.unit_code}), {areas()[row.area or 'other']}"
    if "unassigned" in kinds:
        step = "Nạp bảng phân giao bằng 'sohoa custody import TỆP'."
    elif "standing_still" in kinds:
        step = "Xem lô đang dừng bằng 'sohoa status --batches', hoặc giao thêm lô."
    else:
        step = "Tăng số lô giao mỗi tuần, hoặc rà soát lại danh mục."
    told = "hồ sơ chưa được phân giao cho đơn vị nào; " if "unassigned" in kinds else ""
    return f"{head}: {told}{'; '.join(parts)}. {step}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{_decimal(value)} %"


def _decimal(value: float) -> str:
    return f"{value:,.1f}".replace(",", "\0").replace(".", ",").replace("\0", ".")


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")

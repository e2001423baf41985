"""What is told without being asked: alerts and the monthly report, as plain values an orchestrator can carry.

Knows no Airflow and sends nothing itself: an orchestrator has the notifiers and the accounts of mail servers.
"""

from __future__ import annotations

import datetime as dt
import html
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from manifests.targets import Targets, city_targets, read_targets, with_own
from pipeline.context import Context
from pipeline.errors import ConfigurationError
from pipeline.settings import Settings, read_settings
from warehouse.alerts import KINDS, alerts_to_send, mark_sent
from warehouse.reference import today
from warehouse.report import month_report, write_report

log = logging.getLogger(__name__)

DUE_DAY = 15
"""The report of a month is due before this day of the next (21/7/2025, UBND TP through TTPVHCC)."""


def plan_of(settings: Settings) -> Targets:
    """The targets of an installation: the City's plan, with its own lines where ``SOHOA_TARGETS`` names a table.

    Raises:
        ConfigurationError: The table cannot be used; every fault is told.
    """
    if settings.targets is None:
        return city_targets()
    reading = read_targets(settings.targets)
    if reading.failed:
        faults = " ".join(fault.sentence() for fault in reading.faults)
        raise ConfigurationError(f"SOHOA_TARGETS {settings.targets}: {faults}")
    return with_own(city_targets(), reading.targets)


def alert_messages(on: str | None = None) -> list[dict[str, Any]]:
    """Messages that must go out now, one for each unit and field of work; each is logged too.

    Args:
        on: ISO day as of whose end it is looked at; today when ``None``.
    """
    context = Context(read_settings())
    settings, day = context.settings, _day(on)
    found = alerts_to_send(
        context.database,
        on=day,
        weeks=settings.alert_weeks,
        repeat_days=settings.alert_repeat_days,
        targets=plan_of(settings),
    )
    for it in found:
        log.warning("%s", it.sentence)
    return [
        {
            "key": it.key,
            "unit_id": it.unit_id,
            "unit_code": it.outlook.unit.unit_code,
            "area": it.area,
            "kinds": list(it.kinds),
            "subject": f"[sohoa] {it.title}",
            "text": it.sentence,
            "html": _html(it.sentence, [KINDS[kind] for kind in it.kinds]),
            "to": list(settings.alert_recipients),
        }
        for it in found
    ]


def alerts_sent(keys: Sequence[str], on: str | None = None) -> None:
    """Write down that the messages with these keys went out."""
    mark_sent(Context(read_settings()).database, keys, on=_day(on) or today())


def write_month_reports(month: str | None = None) -> dict[str, Any]:
    """Write the report of ``month`` (``YYYY-MM``; else the last whole month) as XLSX and PDF; where, and its sums.

    Raises:
        MonthError: ``month`` is not a month.
    """
    context = Context(read_settings())
    settings, chosen = context.settings, month or last_month(today())
    plan = plan_of(settings)
    files = [settings.report_folder / f"bao-cao-{chosen}{suffix}" for suffix in (".xlsx", ".pdf")]
    for file in files:
        write_report(
            context.database,
            chosen,
            file,
            targets=plan,
            agency=settings.agency,
            alert_weeks=settings.alert_weeks,
        )
        log.info("written: %s", file)
    told = month_report(context.database, chosen, targets=plan, alert_weeks=settings.alert_weeks).totals
    return {
        "month": chosen,
        "files": [str(Path(file).resolve()) for file in files],
        "inventory": told.inventory_records,
        "digitized": told.digitized,
        "percent": told.percent,
        "to": list(settings.report_recipients),
    }


def last_month(day: dt.date) -> str:
    """The whole month before ``day``, as ``YYYY-MM``."""
    return f"{day.replace(day=1) - dt.timedelta(days=1):%Y-%m}"


def _day(text: str | None) -> dt.date | None:
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text!r} is not a day; write it as 2025-12-31") from None


def _html(sentence: str, kinds: Sequence[str]) -> str:
    # the sender renders what it sends as a template: braces of a name must not be one
    plain = html.escape(sentence).replace("{", "&#123;").replace("}", "&#125;")
    return f"<p><strong>{html.escape(', '.join(kinds))}</strong></p><p>{plain}</p>"

"""``sohoa report``, ``outlook`` and ``alerts``: what goes to the City, and what somebody must hear of."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import click

from pipeline.cli import open_context, telling_errors
from pipeline.cli.denominators import DAY, NEW_FILE
from pipeline.cli.screen import Exit, fail, known_unit, out, percent, print_json, table

VIEWS = click.Choice(["issuer", "district", "custodian"])


@click.command()
@click.option("--month", required=True, metavar="YYYY-MM", help="Tháng báo cáo.")
@click.option("--out", "target", type=NEW_FILE, help="Tệp sẽ ghi, .xlsx hoặc .pdf; mặc định ghi cả hai.")
@click.option("--json", "as_json", is_flag=True, help="In số liệu của báo cáo dạng JSON; chỉ ghi tệp khi có --out.")
@telling_errors
def report(month: str, target: Path | None, as_json: bool) -> None:
    """Báo cáo tháng (XLSX và PDF để in), cùng số liệu với bảng tiến độ."""
    from pipeline.reporting import plan_of
    from warehouse.report import month_report, write_report

    if target is not None and target.suffix.lower() not in {".xlsx", ".pdf"}:
        fail(f"{target.name}: báo cáo ghi dạng .xlsx hoặc .pdf.", Exit.BAD_USAGE)
    context = open_context()
    plan, agency, weeks = plan_of(context.settings), context.settings.agency, context.settings.alert_weeks
    files = [target] if target else [] if as_json else [Path(f"bao-cao-{month}{it}") for it in (".xlsx", ".pdf")]
    for file in files:
        write_report(context.database, month, file, targets=plan, agency=agency, alert_weeks=weeks)
        if not as_json:
            out.print(f"Đã ghi {file}", markup=False, highlight=False)
    if as_json:
        told = month_report(context.database, month, targets=plan, alert_weeks=weeks)
        tables = {
            title: [
                {name: None if value != value else value for name, value in row.items()}
                for row in table.to_dict("records")
            ]
            for title, table in told.tables.items()
        }
        print_json({"month": month, "until": told.until, "totals": told.totals, "tables": tables, "files": files})


@click.command()
@click.option("--unit", callback=known_unit, help="Chỉ đơn vị có mã này.")
@click.option("--by", "view", type=VIEWS, default="custodian", show_default=True, help="Xem theo đơn vị nào.")
@click.option("--on", type=DAY, help="Tính đến hết ngày này; mặc định hôm nay.")
@click.option(
    "--weeks", type=click.IntRange(1, 52), default=4, show_default=True, help="Tốc độ tính trên số tuần này."
)
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def outlook(unit: str | None, view: str, on: dt.datetime | None, weeks: int, as_json: bool) -> None:
    """Chỉ tiêu, tốc độ, ngày dự kiến đạt 100 % của từng đơn vị."""
    from dataclasses import asdict

    from pipeline.reporting import plan_of
    from warehouse.outlook import outlooks
    from warehouse.views import View

    context = open_context()
    day, plan = (on.date() if on else None), plan_of(context.settings)
    rows = outlooks(context.database, on=day, weeks=weeks, view=View(view), unit_code=unit, targets=plan)
    if as_json:
        state = ("behind", "standing_still", "late")
        print_json([{**asdict(it), "percent": it.unit.percent, **{n: getattr(it, n) for n in state}} for it in rows])
        return
    columns = [("Đơn vị", False), ("Đã số hóa", True), ("Chỉ tiêu", True), ("Mỗi tuần", True), ("Cần mỗi tuần", True)]
    lines = [
        [
            f"{it.unit.unit_code} {it.unit.unit_name}{'' if it.unit.assigned else ' (chưa phân giao)'}",
            percent(it.unit.percent),
            percent(it.due_percent),
            f"{it.pace:.1f}".replace(".", ","),
            "–" if it.needed_pace is None else f"{it.needed_pace:.1f}".replace(".", ","),
            f"{it.forecast_on:%d/%m/%Y}" if it.forecast_on else "–",
        ]
        for it in rows
    ]
    table("Chỉ tiêu và dự kiến", [*columns, ("Dự kiến xong", False)], lines)


@click.command()
@click.option("--unit", callback=known_unit, help="Chỉ đơn vị có mã này.")
@click.option("--on", type=DAY, help="Tính đến hết ngày này; mặc định hôm nay.")
@click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")
@telling_errors
def alerts(unit: str | None, on: dt.datetime | None, as_json: bool) -> None:
    """Đơn vị dưới chỉ tiêu, đứng yên, sẽ trễ hạn hoặc có hồ sơ chưa phân giao, theo lĩnh vực."""
    from pipeline.reporting import plan_of
    from warehouse.alerts import alerts as find

    context = open_context()
    plan = plan_of(context.settings)
    found = find(
        context.database,
        on=on.date() if on else None,
        weeks=context.settings.alert_weeks,
        unit_code=unit,
        targets=plan,
    )
    if as_json:
        print_json([{**_alert(it), "sentence": it.sentence} for it in found])
        return
    for it in found:
        out.print(it.sentence, style="yellow", markup=False, highlight=False)
    out.print(f"{len(found)} cảnh báo.", highlight=False)


def _alert(it: object) -> dict[str, object]:
    from warehouse.alerts import Alert

    assert isinstance(it, Alert)  # noqa: S101 - only alerts come here
    told = {"unit_id": it.unit_id, "unit_name": it.outlook.unit.unit_name, "area": it.area, "kinds": it.kinds}
    return {**told, "percent": it.outlook.unit.percent, "opened_on": it.opened_on, "sent_on": it.sent_on}

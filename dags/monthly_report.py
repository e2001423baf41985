"""
### Báo cáo tháng / monthly report

On the 10th, five days before it is due: writes the report of the last whole month as XLSX and as printable PDF into
`SOHOA_REPORT_FOLDER`, with the same figures as the dashboard. With the connection `smtp_default` and
`SOHOA_REPORT_RECIPIENTS` both files are sent by e-mail too; without, they lie in the folder.

| parameter | meaning |
|---|---|
| `month` | another month, `YYYY-MM`; it is reported as it was known at its end |
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

log = logging.getLogger(__name__)
SMTP = "smtp_default"


@dag(
    dag_id="monthly_report",
    description="Writes the report due before the 15th",
    doc_md=__doc__,
    schedule="0 0 10 * *",  # 07:00 in Hanoi
    start_date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "sohoa", "retries": 3, "retry_delay": dt.timedelta(minutes=10)},
    tags=["sohoa"],
    params={"month": Param("", type="string", pattern=r"^$|^\d{4}-(0[1-9]|1[0-2])$", title="Tháng (YYYY-MM)")},
)
def monthly_report() -> None:
    @task
    def write() -> dict[str, Any]:
        """Write both files; where they are, and the sums in them."""
        from pipeline.reporting import write_month_reports

        written = write_month_reports(get_current_context()["params"]["month"] or None)
        log.info("report of %s: %s", written["month"], written["files"])
        return written

    @task
    def send(written: dict[str, Any]) -> bool:
        """Send both files by e-mail, where that is configured."""
        from airflow.sdk import Connection
        from airflow.sdk.exceptions import AirflowNotFoundException

        if not written["to"]:
            log.info("nobody is named in SOHOA_REPORT_RECIPIENTS: the files lie in their folder")
            return False
        try:
            Connection.get(SMTP)
        except AirflowNotFoundException:
            log.warning("there is no connection %s: the files lie in their folder", SMTP)
            return False
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        SmtpNotifier(
            smtp_conn_id=SMTP,
            to=written["to"],
            subject=f"[sohoa] Báo cáo số hóa tháng {written['month']}",
            html_content=f"<p>{written['digitized']} / {written['inventory']} kết quả đã số hóa.</p>",
            files=written["files"],
        ).notify(get_current_context())
        return True

    send(write())


monthly_report()

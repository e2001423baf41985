"""
### Cảnh báo hằng ngày / daily alerts

Every morning: units below their target, standing still, going to be late, or with papers nobody was given – one
message for each unit and field of work. A message goes out when something begins or gets worse, and again only after
`SOHOA_ALERT_REPEAT_DAYS`. The dashboard shows all of them at any time.

| what is configured | what happens |
|---|---|
| nothing | the messages stand in the log of `find_alerts`; nothing is marked as sent |
| connection `smtp_default` and `SOHOA_ALERT_RECIPIENTS` | one e-mail for each message |
| connection `sohoa_webhook` (HTTP) | one POST for each message: `subject`, `text`, `unit_code`, … |

| parameter | meaning |
|---|---|
| `on` | look at the end of this day, for example `2025-10-01`; empty = now |

**When `send` is red** a message did not go out: mend the mail server or the webhook, then *Clear* it. What went out
is marked and not sent again.
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

log = logging.getLogger(__name__)
SMTP, WEBHOOK = "smtp_default", "sohoa_webhook"


def configured(connection: str) -> bool:
    """Whether somebody made this connection."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return Connection.get(connection) is not None
    except AirflowNotFoundException:
        return False


def notifiers(message: dict[str, Any], *, mail: bool, webhook: bool) -> list[Any]:
    """The notifiers that carry ``message``."""
    carriers: list[Any] = []
    if mail and message["to"]:
        from airflow.providers.smtp.notifications.smtp import SmtpNotifier

        carriers.append(
            SmtpNotifier(
                smtp_conn_id=SMTP, to=message["to"], subject=message["subject"], html_content=message["html"]
            )
        )
    if webhook:
        from airflow.providers.http.notifications.http import HttpNotifier

        told = {name: message[name] for name in ("subject", "text", "unit_id", "unit_code", "area", "kinds")}
        carriers.append(HttpNotifier(http_conn_id=WEBHOOK, json=told))
    return carriers


@dag(
    dag_id="daily_alerts",
    description="Tells which units are behind, standing still or late",
    doc_md=__doc__,
    schedule="0 0 * * *",  # 07:00 in Hanoi
    start_date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "sohoa", "retries": 2, "retry_delay": dt.timedelta(minutes=5)},
    tags=["sohoa"],
    params={"on": Param("", type="string", pattern=r"^$|^\d{4}-\d{2}-\d{2}$", title="Tính đến ngày (YYYY-MM-DD)")},
)
def daily_alerts() -> None:
    @task
    def find_alerts() -> list[dict[str, Any]]:
        """The messages that must go out, all of them logged."""
        from pipeline.reporting import alert_messages

        return alert_messages(get_current_context()["params"]["on"] or None)

    @task
    def send(messages: list[dict[str, Any]]) -> int:
        """Send what can be sent; how many messages went out."""
        from pipeline.reporting import alerts_sent

        context = get_current_context()
        mail, webhook = configured(SMTP), configured(WEBHOOK)
        if messages and not (webhook or (mail and any(message["to"] for message in messages))):
            log.warning("%d messages stand in the log only: neither e-mail nor webhook is configured", len(messages))
        sent: list[str] = []
        failed: list[str] = []
        for message in messages:
            carriers = notifiers(message, mail=mail, webhook=webhook)
            try:
                for carrier in carriers:
                    carrier.notify(context)
            except Exception as error:  # one bad address shall not keep the others waiting
                log.exception("not sent: %s", message["subject"])
                failed.append(type(error).__name__)
                continue
            if carriers:
                sent.append(message["key"])
        alerts_sent(sent, context["params"]["on"] or None)
        if failed:
            raise RuntimeError(
                f"{len(failed)} of {len(messages)} messages were not sent ({', '.join(sorted(set(failed)))})"
            )
        return len(sent)

    send(find_alerts())


daily_alerts()

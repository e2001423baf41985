"""
### Gia hạn chữ ký / renew the evidence of signatures

Once a week: finds signed files whose evidence (certificates, revocation answers, timestamps) ends soon, and adds
validation data and a fresh archive timestamp before it does. The new bytes are a new version beside the old one; the
document's record says which is current, since when and until when it is proven. The same as `sohoa extend`.

| parameter | meaning |
|---|---|
| `batch` | `UNIT/BATCH`; empty = every batch |
| `days` | renew what ends within so many days; empty = `SOHOA_RENEWAL_DAYS` |

Run it again at any time: what is renewed is not due any more. Red after retries: the timestamp authority or the
certificate authority did not answer; mend it, then *Clear*. Documents that cannot be renewed (their signature does
not hold any more) are named in the log; look at them with `sohoa verify`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task


@dag(
    dag_id="extend_signatures",
    description="Renews the evidence of signed files before it ends",
    doc_md=__doc__,
    schedule="0 3 * * 0",
    start_date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={
        "owner": "sohoa",
        "retries": 3,
        "retry_delay": dt.timedelta(minutes=10),
        "retry_exponential_backoff": True,
        "max_retry_delay": dt.timedelta(hours=2),
    },
    tags=["sohoa"],
    params={
        "batch": Param("", type="string", pattern=r"^$|^[^/]+/[^/]+$", title="Lô (UNIT/BATCH)"),
        "days": Param(None, type=["null", "integer"], minimum=0, title="Hết bằng chứng trong số ngày này"),
    },
)
def extend_signatures() -> None:
    @task(pool="signing", queue="signing", execution_timeout=dt.timedelta(hours=24))
    def extend() -> dict[str, Any]:
        """Renew what is due; counts."""
        from airflow.sdk.exceptions import AirflowFailException

        from pipeline import orchestration

        params: dict[str, Any] = get_current_context()["params"]
        try:
            return orchestration.extend(params["batch"], params["days"])
        except orchestration.HopelessError as error:
            raise AirflowFailException(str(error)) from error

    extend()


extend_signatures()

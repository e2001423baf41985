"""
### Theo dõi kho tiếp nhận / watch the intake

Every five minutes: finds drops that are ready and have changed since they were last taken up, and starts a run of
`digitize_batch` for each. A drop is ready when its `_READY` file is there; staff put it last.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag, task


@dag(
    dag_id="watch_intake",
    description="Starts a run for each drop that is ready",
    doc_md=__doc__,
    schedule="*/5 * * * *",
    start_date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "sohoa", "retries": 2, "retry_delay": dt.timedelta(minutes=1)},
    tags=["sohoa"],
)
def watch_intake() -> None:
    @task
    def find_batches() -> list[dict[str, Any]]:
        """Configuration and run id for each ready drop; a drop in the same state gets the same id."""
        from pipeline import orchestration

        return orchestration.new_batches()

    TriggerDagRunOperator.partial(
        task_id="digitize",
        trigger_dag_id="digitize_batch",
        wait_for_completion=False,
        skip_when_already_exists=True,  # this state of the drop was taken up before
    ).expand_kwargs(find_batches())


watch_intake()

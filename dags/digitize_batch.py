"""
### Số hóa một lô / digitize a batch

Takes ready drops of the intake through the whole road: **receive → digitize → sign → index → load**.
It may be run again at any time: work that is done is recognized by its run key and skipped, nothing is overwritten.

| parameter | meaning |
|---|---|
| `batch` | `UNIT/BATCH`, for example `00256/2025-03-A`; empty = every batch with a `_READY` file |
| `from_stage` | order this stage and all below anew for every document of the batch; empty = only what is missing |
| `force` | try quarantined documents again |

**When something is red**

- A task that failed after its retries met the outside world: timestamp authority, object store, database. Mend it,
  then *Clear* the task: it resumes at the page it was on.
- A task that failed at once, without retries, needs a change first: certificate, configuration, a missing program.
  Its log says which; then *Clear* it.
- `report` is red: a drop was not accepted at all (its manifest cannot be used); its log names the drop. Staff mend it
  and put `_READY` again.
- Everything pink (skipped): no batch was ready, or nothing was left to do.
- Quarantined documents do not fail a task. See `sohoa status --batches` or the dashboard for reasons, then
  `sohoa rerun --batch UNIT/BATCH --document ID`, or this DAG with `force`.

Pools: `ocr` bounds the reading processes of the machine, `signing` the requests to the timestamp authority.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.sdk import Param, dag, get_current_context, task, task_group

RETRY = {
    "retries": 3,
    "retry_delay": dt.timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": dt.timedelta(minutes=15),
}


def call(step: str, *arguments: Any) -> Any:
    """Call a step of ``pipeline.orchestration``; what trying again cannot mend fails without retries."""
    from airflow.sdk.exceptions import AirflowFailException

    from pipeline import orchestration

    try:
        return getattr(orchestration, step)(*arguments)
    except orchestration.HopelessError as error:
        raise AirflowFailException(str(error)) from error


@dag(
    dag_id="digitize_batch",
    description="From an intake drop to signed PDF/A and indexed records",
    doc_md=__doc__,
    schedule=None,
    catchup=False,
    max_active_runs=4,
    default_args={"owner": "sohoa", **RETRY},
    tags=["sohoa"],
    params={
        "batch": Param("", type="string", pattern=r"^$|^[^/]+/[^/]+$", title="Lô (UNIT/BATCH)"),
        "from_stage": Param(
            "",
            type="string",
            enum=["", "receive", "capture", "recognize", "assemble", "sign", "index"],
            title="Làm lại từ bước",
        ),
        "force": Param(False, type="boolean", title="Thử lại hồ sơ bị loại"),
    },
)
def digitize_batch() -> None:
    @task
    def find_batches() -> list[str]:
        """Keys of the batches of this run."""
        context = get_current_context()
        params: dict[str, Any] = context["params"]
        return call("find_batches", params["batch"], params["from_stage"], params["force"], context["run_id"])

    @task
    def receive(batch: str) -> list[dict[str, Any]]:
        """Check a drop, archive its originals, and cut what is to be done into chunks."""
        return call("receive", batch)

    @task
    def list_chunks(chunks: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """The chunks of all batches in one list."""
        return [chunk for of_batch in chunks for chunk in of_batch]

    @task(pool="ocr", execution_timeout=dt.timedelta(hours=6))
    def digitize(chunk: dict[str, Any]) -> dict[str, Any]:
        """Capture, recognize, assemble."""
        return call("digitize", chunk)

    @task(pool="signing", execution_timeout=dt.timedelta(hours=6))
    def sign(chunk: dict[str, Any]) -> dict[str, Any]:
        """Sign and prove."""
        return call("sign", chunk)

    @task
    def index(chunk: dict[str, Any]) -> dict[str, Any]:
        """Fields of the records."""
        return call("index", chunk)

    @task_group
    def chunk_of_documents(chunk: dict[str, Any]) -> None:
        index(sign(digitize(chunk)))

    @task(trigger_rule="all_done")
    def load(batch: str) -> dict[str, Any]:
        """Merge what is finished into the warehouse, also when a chunk failed."""
        return call("load", batch)

    @task(trigger_rule="none_failed")
    def report(loaded: list[dict[str, Any]]) -> None:
        """Log what became of each batch; red when a chunk was, or when a drop was not accepted."""
        call("report", loaded)

    batches = find_batches()
    chunks = list_chunks(receive.expand(batch=batches))
    worked = chunk_of_documents.expand(chunk=chunks)
    loaded = load.expand(batch=batches)
    worked >> loaded
    worked >> report(loaded)


digitize_batch()

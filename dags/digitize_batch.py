"""
### Số hóa một lô / digitize a batch

Takes ready drops of the intake through the whole road: **receive → digitize → sign → index → load**.
It may be run again at any time: work that is done is recognized by its run key and skipped, nothing is overwritten.

| parameter | meaning |
|---|---|
| `batch` | `UNIT/BATCH`, for example `00256/2025-03-A`; empty = every batch with a `_READY` file |
| `from_stage` | order this stage and all below anew for every document of the batch; empty = only what is missing |
| `force` | try quarantined documents again |
| `profile` | legal profile these batches follow from now on; empty = as the settings say |
| `approval` | a person must approve each batch, in *Required Actions*, before the agency's key signs it |

**When something is red**

- A task that failed after its retries met the outside world: timestamp authority, object store, database. Mend it,
  then *Clear* the task: it resumes at the page it was on.
- A task that failed at once, without retries, needs a change first: certificate, configuration, a missing program.
  Its log says which; then *Clear* it.
- `report` is red: a drop was not accepted at all (its manifest cannot be used); its log names the drop. Staff mend it
  and put `_READY` again.
- `approve` waits: somebody with the right to decide looks at the batch's counts under *Required Actions* and answers.
  The answer, who gave it and when are kept in the archive. After a refusal `decided_chunk` is red for that batch,
  which is halted with the reason; *Clear* `ask` to ask again, or `sohoa approve`, then run the batch again.
- Pink (skipped): no batch was ready, nothing was left to do, or no batch is held for approval.
- Quarantined documents do not fail a task. See `sohoa status --batches` or the dashboard for reasons, then
  `sohoa rerun --batch UNIT/BATCH --document ID`, or this DAG with `force`.

Pools: `ocr` bounds the reading tasks of the machine, `signing` the signing tasks. How many requests the timestamp
authority gets at once is `SOHOA_TSA_SLOTS`, shared by all tasks. With Celery the tasks that use a key go to the queue
`signing` (`prove_keys` and every `sign`); let no worker that reads scans serve it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, get_current_context, task, task_group

RETRY = {
    "retries": 3,
    "retry_delay": dt.timedelta(seconds=30),
    "retry_exponential_backoff": True,
    "max_retry_delay": dt.timedelta(minutes=15),
}
SIGNING = "signing"
"""The queue of the tasks that use a key, for executors that have queues (Celery): their workers alone hold it."""
APPROVE, REFUSE = "Duyệt ký", "Từ chối"


def call(step: str, *arguments: Any, **named: Any) -> Any:
    """Call a step of ``pipeline.orchestration``; what trying again cannot mend fails without retries."""
    from airflow.sdk.exceptions import AirflowFailException

    from pipeline import orchestration

    try:
        return getattr(orchestration, step)(*arguments, **named)
    except orchestration.HopelessError as error:
        raise AirflowFailException(str(error)) from error


def shown(question: dict[str, Any]) -> dict[str, Any]:
    """What of a question the person sees."""
    return {"subject": question["subject"], "body": question["body"]}


def paired(both: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """A question with its answer, as the arguments of ``record_decision``."""
    return {"question": both[0], "answer": both[1]}


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
        "profile": Param("", type="string", pattern=r"^[A-Za-z0-9._-]*$", title="Hồ sơ pháp lý (legal profile)"),
        "approval": Param(False, type="boolean", title="Chờ người có thẩm quyền duyệt trước khi ký"),
    },
)
def digitize_batch() -> None:
    @task
    def find_batches() -> list[str]:
        """Keys of the batches of this run."""
        context = get_current_context()
        params: dict[str, Any] = context["params"]
        named = {name: params[name] for name in ("batch", "from_stage", "force", "profile", "approval")}
        return call("find_batches", order=context["run_id"], **named)

    @task
    def receive(batch: str) -> list[dict[str, Any]]:
        """Check a drop, archive its originals, and cut what is to be done into chunks."""
        return call("receive", batch, run=get_current_context()["run_id"])

    @task(queue=SIGNING)
    def prove_keys(chunks: list[list[dict[str, Any]]]) -> None:
        """See that the keys open and their certificates hold, before hours of reading."""
        call("prove_keys", [chunk for of_batch in chunks for chunk in of_batch])

    @task
    def list_chunks(chunks: list[list[dict[str, Any]]], held: bool) -> list[dict[str, Any]]:
        """The chunks of all batches in one list: of those that are held for a person's approval, or of the others."""
        return [chunk for of_batch in chunks for chunk in of_batch if chunk["held"] is held]

    @task(pool="ocr", execution_timeout=dt.timedelta(hours=6))
    def digitize(chunk: dict[str, Any]) -> dict[str, Any]:
        """Capture, recognize, assemble."""
        return call("digitize", chunk)

    @task(pool="signing", queue=SIGNING, execution_timeout=dt.timedelta(hours=6))
    def sign(chunk: dict[str, Any]) -> dict[str, Any]:
        """Sign and prove."""
        return call("sign", chunk)

    @task
    def ask(chunks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a person has to know of each held batch: its counts and quality."""
        return call("questions", list(chunks))

    @task
    def record_decision(question: dict[str, Any], answer: dict[str, Any]) -> None:
        """Keep who decided, what, when and why."""
        call(
            "record_decision",
            question["batch"],
            question["receipt"],
            approve=answer["chosen_options"] == [APPROVE],
            by=(answer["responded_by_user"] or {}).get("name") or "Airflow",
            reason=str(answer["params_input"].get("reason", "")),
        )

    @task
    def index(chunk: dict[str, Any]) -> dict[str, Any]:
        """Fields of the records."""
        return call("index", chunk)

    @task_group
    def chunk_of_documents(chunk: dict[str, Any]) -> None:
        index(sign(digitize(chunk)))

    @task_group
    def decided_chunk(chunk: dict[str, Any]) -> None:
        """A chunk of a held batch: a refused one stops, the others go on. Nobody was asked: that is no reason to."""
        index(sign.override(trigger_rule="none_failed")(chunk))

    @task(trigger_rule="all_done")
    def load(batch: str) -> dict[str, Any]:
        """Merge what is finished into the warehouse, also when a chunk failed."""
        return call("load", batch)

    @task(trigger_rule="none_failed")
    def report(loaded: list[dict[str, Any]]) -> None:
        """Log what became of each batch; red when a chunk was, or when a drop was not accepted."""
        call("report", loaded)

    batches = find_batches()
    received = receive.expand(batch=batches)
    free = list_chunks(received, held=False)
    waiting = list_chunks.override(task_id="list_held_chunks")(received, held=True)
    prove_keys(received) >> [free, waiting]
    worked = chunk_of_documents.expand(chunk=free)

    read = digitize.override(task_id="digitize_held").expand(chunk=waiting)
    questions = ask(read)
    answers = HITLOperator.partial(
        task_id="approve",
        options=[APPROVE, REFUSE],
        params={"reason": Param("", type="string", title="Lý do (bắt buộc khi từ chối)")},
    ).expand_kwargs(questions.map(shown))
    decided = record_decision.expand_kwargs(questions.zip(answers.output).map(paired))
    held = decided_chunk.expand(chunk=read)
    decided >> held

    loaded = load.expand(batch=batches)
    [worked, held] >> loaded
    [worked, held] >> report(loaded)


digitize_batch()

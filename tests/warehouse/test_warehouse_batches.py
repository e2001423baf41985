"""The batch page: stage bars, failures by reason, review, faults and the rescan list."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.documents import DocumentRecord, RecordStatus
from manifests.reasons import REASONS, Severity
from manifests.text import QualityFlag
from warehouse import schema
from warehouse.batches import batch_detail, batch_failures, list_batches
from warehouse.behind import IN_PROGRESS, DocumentFilter, documents_behind
from warehouse.database import writing
from warehouse.documents import list_documents
from warehouse.load import load_records
from warehouse.reference import register_stages
from warehouse.schema import BatchStatus, DocumentStatus, StageStatus

MakeRecord = Callable[..., DocumentRecord]
SEEN = dt.datetime(2025, 6, 30, 16, 59, tzinfo=dt.UTC)  # one minute before midnight in Hanoi
KEY = "00256/lo-1"


@dataclass(frozen=True)
class _Stage:
    name: str
    label: str
    per: str


@pytest.fixture
def batch(engine: sa.Engine) -> sa.Engine:
    """A batch of six documents: two done, one on its way, two quarantined, one refused."""
    register_stages(
        engine,
        [
            _Stage("receive", "Tiếp nhận", "batch"),
            _Stage("capture", "Xử lý ảnh", "page"),
            _Stage("sign", "Ký số", "document"),
        ],
    )
    ends = [
        (DocumentStatus.DONE, None),
        (DocumentStatus.DONE, None),
        (DocumentStatus.PROCESSING, None),
        (DocumentStatus.QUARANTINED, "encrypted"),
        (DocumentStatus.QUARANTINED, "encrypted"),
        (DocumentStatus.REFUSED, "checksum_mismatch"),
    ]
    with writing(engine) as connection:
        connection.execute(
            sa.insert(schema.batch).values(
                batch_key=KEY,
                unit_code="00256",
                batch_id="lo-1",
                status=BatchStatus.PROCESSING,
                document_count=6,
                page_count=9,
                accepted_count=5,
                refused_count=1,
                first_seen_at=SEEN,
            )
        )
        connection.execute(
            sa.insert(schema.document),
            [
                {
                    "document_key": f"{KEY}/HS-{number}",
                    "batch_key": KEY,
                    "document_id": f"HS-{number}",
                    "unit_code": "00256",
                    "record_type": "birth",
                    "year": 1998,
                    "pages": 1,
                    "status": status,
                    "reason_code": reason,
                    "reason_detail": "tệp scan.pdf" if reason else None,
                    "updated_at": SEEN,
                }
                for number, (status, reason) in enumerate(ends)
            ],
        )
    return engine


def _run(engine: sa.Engine, stage: str, status: StageStatus, document: int | None = None, attempt: int = 1) -> None:
    with writing(engine) as connection:
        connection.execute(
            sa.insert(schema.stage_run).values(
                document_key=None if document is None else f"{KEY}/HS-{document}",
                batch_key=KEY,
                stage=stage,
                run_key="k",
                status=status,
                attempt=attempt,
                started_at=SEEN,
                seconds=1.5,
            )
        )


def test_there_may_be_no_batch(engine: sa.Engine) -> None:
    assert list_batches(engine) == []
    assert batch_detail(engine, "no/such") is None
    assert batch_failures(engine, "no/such") == []


def test_a_batch_is_counted_from_its_documents_and_named_as_of_its_day(batch: sa.Engine) -> None:
    (it,) = list_batches(batch)
    assert (it.done, it.in_progress, it.quarantined, it.refused, it.needs_review) == (2, 1, 2, 1, 0)
    assert (it.document_count, it.page_count, it.status) == (6, 9, "processing")
    assert it.unit_name == "Phường Lê Đại Hành"
    with writing(batch) as connection:
        connection.execute(sa.update(schema.batch).values(first_seen_at=SEEN + dt.timedelta(minutes=1)))
    assert list_batches(batch)[0].unit_name == "Phường Hai Bà Trưng"


def test_a_batch_rebuilt_from_the_store_is_counted_too(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(engine, [make_record("a", batch="x/lo", pages=2), make_record("b", batch="x/lo")])
    (it,) = list_batches(engine)
    assert (it.document_count, it.page_count, it.done, it.unit_name) == (2, 3, 2, "x")


def test_batches_are_listed_newest_first_and_filtered(engine: sa.Engine, make_record: MakeRecord) -> None:
    for day, key in enumerate(("00256/a", "00283/b", "00256/c"), start=1):
        moment = dt.datetime(2025, 9, day, tzinfo=dt.UTC)
        load_records(engine, [make_record("d", batch=key, finished_at=moment)])
    assert [it.batch_key for it in list_batches(engine)] == ["00256/c", "00283/b", "00256/a"]
    assert [it.batch_key for it in list_batches(engine, unit_code="00256", limit=1)] == ["00256/c"]
    assert [it.batch_key for it in list_batches(engine, unit_code="00256", limit=1, offset=1)] == ["00256/a"]
    assert list_batches(engine, status=BatchStatus.BLOCKED) == []
    assert len(list_batches(engine, status=BatchStatus.DONE)) == 3


def test_the_bars_show_the_last_run_of_each_stage(batch: sa.Engine) -> None:
    _run(batch, "receive", StageStatus.DONE)
    _run(batch, "capture", StageStatus.FAILED, 0)
    _run(batch, "capture", StageStatus.DONE, 0, attempt=2)
    _run(batch, "capture", StageStatus.SKIPPED, 1)
    _run(batch, "capture", StageStatus.DONE, 3)
    _run(batch, "capture", StageStatus.QUARANTINED, 3)
    _run(batch, "sign", StageStatus.FAILED, 0)
    _run(batch, "extra", StageStatus.DONE, 0)
    detail = batch_detail(batch, KEY)
    assert detail is not None
    receive, capture, sign, extra = detail.stages
    assert (receive.label, receive.total, receive.done, receive.percent) == ("Tiếp nhận", 1, 1, 100.0)
    assert (capture.total, capture.done, capture.skipped, capture.failed, capture.quarantined) == (5, 2, 1, 0, 1)
    assert (capture.percent, capture.seconds) == (40.0, 7.5)
    assert (sign.done, sign.failed, sign.percent) == (0, 1, 0.0)
    assert (extra.stage, extra.done) == ("extra", 1)


def test_failures_are_grouped_by_reason_with_words(batch: sa.Engine) -> None:
    encrypted, changed = batch_failures(batch, KEY)
    assert (encrypted.code, encrypted.count, encrypted.title) == ("encrypted", 2, REASONS["encrypted"].title)
    assert [it.document_id for it in encrypted.documents] == ["HS-3", "HS-4"]
    assert encrypted.documents[0].reason_detail == "tệp scan.pdf"
    assert (changed.code, changed.advice) == ("checksum_mismatch", REASONS["checksum_mismatch"].advice)
    with writing(batch) as connection:
        connection.execute(sa.update(schema.document).values(reason_code="of_tomorrow"))
    (unknown,) = batch_failures(batch, KEY)
    assert (unknown.title, unknown.count) == ("of_tomorrow", 3)


def test_faults_are_whole_sentences_in_their_order(batch: sa.Engine) -> None:
    rows: list[dict[str, Any]] = [
        {
            "code": "page_count_mismatch",
            "severity": Severity.ERROR,
            "detail": "ghi 4 trang, tệp có 3 trang",
            "row": 7,
        },
        {"code": "of_tomorrow", "severity": Severity.WARNING, "detail": "chi tiết", "row": None},
    ]
    with writing(batch) as connection:
        connection.execute(
            sa.insert(schema.fault), [{"batch_key": KEY, "document_id": "HS-5", **row} for row in rows]
        )
    detail = batch_detail(batch, KEY)
    assert detail is not None
    known, unknown = detail.faults
    assert known.sentence.startswith("dòng 7, hồ sơ HS-5: Số trang không khớp với manifest (ghi 4 trang")
    assert (known.severity, unknown.sentence) == ("error", "of_tomorrow: chi tiết")


def test_pages_only_the_scanner_can_mend_are_on_the_rescan_list(engine: sa.Engine, make_record: MakeRecord) -> None:
    load_records(
        engine,
        [
            make_record("a", pages=2, flags=(QualityFlag.LOW_DPI, QualityFlag.BLUR, QualityFlag.ROTATED)),
            make_record("b", flags=(QualityFlag.SKEW, QualityFlag.JUNK_TEXT_LAYER)),
            make_record("c", batch="00256/other", flags=(QualityFlag.BLUR,)),
        ],
    )
    detail = batch_detail(engine, KEY)
    assert detail is not None
    assert [(it.document_id, it.page_number, it.flags) for it in detail.rescan] == [
        ("a", 1, ("blur", "low_dpi")),
        ("a", 2, ("blur", "low_dpi")),
    ]
    assert (detail.rescan[0].source, detail.rescan[0].dpi) == ("a.pdf", 150.0)


def test_documents_that_wait_for_a_person_are_listed(engine: sa.Engine, make_record: MakeRecord) -> None:
    waiting = make_record("b", status=RecordStatus.NEEDS_REVIEW, review_reasons=("low_confidence:birth_date",))
    load_records(engine, [make_record("a"), waiting])
    detail = batch_detail(engine, KEY)
    assert detail is not None
    assert detail.summary.needs_review == 1
    assert [(it.document_id, it.review_reasons) for it in detail.review] == [("b", ("low_confidence:birth_date",))]
    listed = list_documents(engine, unit_code="00256", record_status=RecordStatus.NEEDS_REVIEW)
    assert listed == list(detail.review)
    assert [it.document_id for it in list_documents(engine, batch_key=KEY, limit=1, offset=1)] == ["b"]
    assert list_documents(engine, year=1850) == []


def test_behind_what_a_stage_stopped_stand_its_documents(batch: sa.Engine) -> None:
    _run(batch, "sign", StageStatus.QUARANTINED, 3)
    _run(batch, "sign", StageStatus.QUARANTINED, 2)
    _run(batch, "sign", StageStatus.DONE, 2, attempt=2)
    _run(batch, "capture", StageStatus.QUARANTINED, 4)
    detail = batch_detail(batch, KEY)
    assert detail is not None
    for stage in detail.stages:
        found = documents_behind(batch, DocumentFilter(batch_key=KEY, stopped_at=stage.stage))
        assert len(found) == stage.quarantined
    assert [it.document_id for it in documents_behind(batch, DocumentFilter(batch_key=KEY, stopped_at="sign"))] == [
        "HS-3"
    ]
    assert documents_behind(batch, DocumentFilter(stopped_at="sign")) == [], "asked of one batch only"


def test_behind_a_reason_and_a_standing_stand_their_documents(batch: sa.Engine) -> None:
    for group in batch_failures(batch, KEY):
        found = documents_behind(batch, DocumentFilter(batch_key=KEY, reason_code=group.code))
        assert [it.document_id for it in found] == [it.document_id for it in group.documents]
    under_way = documents_behind(batch, DocumentFilter(batch_key=KEY, figure=IN_PROGRESS))
    (summary,) = list_batches(batch)
    assert len(under_way) == summary.in_progress == 1

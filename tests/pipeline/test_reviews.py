"""What people decide stands in the archive, in the warehouse, after a rebuild and after another run."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from manifests.decisions import Decision, DecisionRefusedError, RescanCause
from manifests.documents import BatchRef, FieldSource
from pipeline.reruns import order_rerun
from pipeline.reviews import decide, version_of
from pipeline.upkeep import audit, rebuild
from pipeline.work.index import last_record
from warehouse.documents import document_detail, list_documents
from warehouse.hits import SearchQuery
from warehouse.search import search_records

KEY = "00256/L1/HS-1"
NAME = "Đặng Thị Ngọc Ánh"


def decision(reason: str = "đối chiếu với sổ gốc", **corrections: str) -> Decision:
    return Decision(dt.datetime.now(dt.UTC), "an.nv", "Nguyễn Văn An", reason, corrections)


def standing(lab: Any) -> dict[str, Any]:
    """What the warehouse says of the document, times of loading left out."""
    detail = document_detail(lab.context.database, KEY)
    assert detail is not None
    return {
        "status": detail.summary.record_status,
        "reasons": detail.summary.review_reasons,
        "number": detail.summary.number,
        "fields": {it.name: (it.transcription, it.normalized, it.source) for it in detail.fields},
        "parties": detail.parties,
        "events": [(it.type, it.detail, it.agent) for it in detail.events],
        "finished_at": detail.finished_at,
    }


@pytest.fixture
def waiting(lab: Any) -> Any:
    """A lab with two documents that wait for review."""
    lab.run(lab.drop("L1", {"HS-1": 1, "HS-2": 2}))
    assert standing(lab)["status"] == "needs_review"
    return lab


def seen(lab: Any) -> str:
    known = last_record(lab.context, KEY)
    assert known is not None
    return version_of(known)


def test_a_decision_corrects_without_overwriting_and_survives_a_rebuild(waiting: Any) -> None:
    before = last_record(waiting.context, KEY)
    assert before is not None
    typed = decision(person_name=NAME.upper(), birth_date="5/3/1998", number="12/2001", mother_name="Lê Thị Bưởi")
    decide(waiting.context, KEY, typed, seen=seen(waiting))
    now = standing(waiting)
    assert (now["status"], now["reasons"], now["number"]) == ("accepted", (), "12/2001")
    read = {it.name: it.transcription for it in before.record.fields}
    for name, value in {"person_name": NAME, "birth_date": "1998-03-05", "mother_name": "Lê Thị Bưởi"}.items():
        transcription, normalized, source = now["fields"][name]
        assert (normalized, source) == (value, FieldSource.REVIEWED)
        assert transcription == read.get(name, typed.corrections[name])
    assert {it.name for it in now["parties"]} >= {NAME, "Lê Thị Bưởi"}
    told = now["events"][-1]
    assert told == (
        "metadata modification",
        "corrected: birth_date, mother_name, number, person_name; reason: đối chiếu với sổ gốc",
        "Nguyễn Văn An (an.nv)",
    )
    found = search_records(waiting.context.database, SearchQuery(name="dang ngoc anh"))
    assert [it.document.document_key for it in found.hits] == [KEY]
    kept = last_record(waiting.context, KEY)
    assert kept is not None
    assert kept.decisions[0].overcome == before.record.review_reasons
    assert kept.decisions[0].reason == "đối chiếu với sổ gốc"
    assert audit(waiting.context)[1] == []

    fresh = waiting.with_settings(database_url=f"sqlite:///{waiting.folder}/again.db")
    rebuild(fresh.context)
    assert standing(fresh) == now
    fresh.context.database.dispose()


def test_another_run_of_the_same_scan_keeps_it(waiting: Any) -> None:
    decide(waiting.context, KEY, decision(person_name=NAME), seen=seen(waiting))
    ref = BatchRef("00256", "L1")
    assert waiting.run(ref).worked == 0, "nothing is redone for it"
    order_rerun(waiting.context, ref, ["HS-1"], "index")
    assert waiting.run(ref).worked == 1
    now = standing(waiting)
    assert now["status"] == "accepted"
    assert now["fields"]["person_name"][1:] == (NAME, FieldSource.REVIEWED)
    assert [it.record_status for it in list_documents(waiting.context.database, batch_key="00256/L1")] == [
        "accepted",
        "needs_review",
    ]


def test_who_looked_at_an_older_record_is_told(waiting: Any) -> None:
    looked = seen(waiting)
    decide(waiting.context, KEY, decision(person_name=NAME), seen=looked)
    with pytest.raises(DecisionRefusedError) as caught:
        decide(waiting.context, KEY, decision(person_name="Trần Thị Bé"), seen=looked)
    assert "vừa được" in caught.value.faults[""]
    behind = waiting.with_settings(database_url=f"sqlite:///{waiting.folder}/behind.db")
    with pytest.raises(DecisionRefusedError):
        decide(behind.context, KEY, decision(person_name=NAME), seen=looked)
    assert standing(behind)["status"] == "accepted", "opened again it shows what the archive knows"
    behind.context.database.dispose()
    decide(waiting.context, KEY, decision(person_name="Trần Thị Bé"), seen=seen(waiting))
    assert standing(waiting)["fields"]["person_name"][1] == "Trần Thị Bé"
    kept = last_record(waiting.context, KEY)
    assert kept is not None
    assert [it.corrections for it in kept.decisions] == [{"person_name": NAME}, {"person_name": "Trần Thị Bé"}]


def test_what_cannot_be_is_refused_field_by_field(waiting: Any) -> None:
    before = standing(waiting)
    wrong = decision(birth_date="31/02/1998", person_name="7", no_such_field="x", book="02")
    with pytest.raises(DecisionRefusedError) as caught:
        decide(waiting.context, KEY, wrong, seen=seen(waiting))
    assert set(caught.value.faults) == {"birth_date", "person_name", "no_such_field"}
    assert standing(waiting) == before


def test_a_scan_a_person_asked_for_takes_the_place_of_the_first_one(waiting: Any) -> None:
    ref = BatchRef("00256", "L1")
    waiting.drop("L1", {"HS-1": 3, "HS-2": 2})
    assert [it.code for it in waiting.run(ref).receipt.faults if it.severity == "error"] == ["content_changed"]
    asked = replace(decision("mờ"), rescan=RescanCause.UNREADABLE, pages=(1,))
    decide(waiting.context, KEY, asked, seen=seen(waiting))
    assert standing(waiting)["status"] == "needs_review"
    assert standing(waiting)["events"][-1][1] == "scan again: unreadable, pages 1; reason: mờ"
    report = waiting.run(ref)
    assert (report.worked, [it.code for it in report.receipt.faults if it.severity == "error"]) == (1, [])
    known = last_record(waiting.context, KEY)
    assert known is not None
    assert (known.decisions, len(list((waiting.folder / "archive" / KEY / "original").iterdir()))) == ((), 2)
    assert not [it for it in standing(waiting)["reasons"] if it.startswith("rescan")]
    assert waiting.totals().digitized == 2, "one paper counts once"
    waiting.drop("L1", {"HS-1": 4, "HS-2": 2})
    assert [it.code for it in waiting.run(ref).receipt.faults if it.severity == "error"] == ["content_changed"]
    assert audit(waiting.context)[1] == []

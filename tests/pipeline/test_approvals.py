"""The agency's key waits for a person: what is shown, what is kept, and what an answer covers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from manifests.documents import BatchRef
from pipeline.approvals import EVENT, Answer, ask, last_decision
from pipeline.cli import sohoa
from pipeline.context import Context
from pipeline.errors import ApprovalMissingError, ApprovalRefusedError, needs_a_change
from pipeline.upkeep import rebuild
from pipeline.work.index import last_record
from warehouse.batches import batch_detail
from warehouse.documents import document_detail


@pytest.fixture
def signing(lab: Any) -> Any:
    return lab.with_settings(legal_profile="nd30-2020", verapdf="no-verapdf")


@pytest.fixture
def ref(signing: Any) -> BatchRef:
    ref: BatchRef = signing.drop("2025-01", {"HS-1": 1, "HS-2": 2})
    return ref


def signed(lab: Any) -> list[Path]:
    return list((lab.folder / "archive").rglob("signed_pdf/*.pdf"))


def command(lab: Any, *arguments: str) -> Any:
    told = {
        name: getattr(lab.settings, name)
        for name in ("intake_url", "archive_url", "database_url", "legal_profile", "ocr_engine")
    }
    environment = {f"SOHOA_{name.upper()}": str(value) for name, value in told.items()}
    environment |= {"SOHOA_TEST_PKI_FOLDER": str(lab.settings.test_pki_folder), "SOHOA_VERAPDF": "no-verapdf"}
    return CliRunner().invoke(sohoa, list(arguments), env=environment, catch_exceptions=False)


def test_a_held_batch_is_read_and_nothing_of_it_is_signed(signing: Any, ref: BatchRef) -> None:
    held = signing.with_settings(approval=True)
    with pytest.raises(ApprovalMissingError) as caught:
        held.run(ref)
    assert not needs_a_change(caught.value), "other batches go on"
    assert caught.value.documents == 2
    assert not signed(held)
    assert len(list((held.folder / "archive").rglob("pdfa/*.pdf"))) == 2
    detail = batch_detail(held.context.database, ref.key)
    assert detail is not None
    assert detail.summary.status == "halted"
    assert "sohoa approve" in (detail.summary.message or "")


def test_asked_for_once_it_is_held_whatever_the_settings_say(signing: Any, ref: BatchRef) -> None:
    ask(signing.context, ref)
    with pytest.raises(ApprovalMissingError):
        signing.run(ref)


def test_an_unsigned_profile_waits_for_nobody(lab: Any) -> None:
    ref = lab.drop("2025-02", {"HS-1": 1})
    assert lab.with_settings(approval=True).run(ref).worked == 1


def test_refused_on_the_command_line_then_approved_and_both_are_known(
    signing: Any, ref: BatchRef, tmp_path: Path
) -> None:
    ask(signing.context, ref)
    with pytest.raises(ApprovalMissingError):
        signing.run(ref)
    assert rebuilt_standing(signing, ref, tmp_path) == standing(signing.context, ref)
    shown = command(signing, "approve", "--batch", ref.key)
    assert shown.exit_code == 0
    assert "Hồ sơ chờ ký: 2 (2 trang)" in shown.output
    assert command(signing, "approve", "--batch", ref.key, "--by", "Trần Văn Giả", "--refuse", " ").exit_code == 2

    assert command(signing, "approve", "--batch", ref.key, "--by", "Trần Văn Giả", "--refuse", "mờ").exit_code == 0
    with pytest.raises(ApprovalRefusedError, match="Trần Văn Giả"):
        signing.run(ref)
    assert not signed(signing)
    decision = last_decision(signing.context, ref)
    assert decision is not None
    assert (decision.answer, decision.reason) == (Answer.REFUSED, "mờ")
    assert rebuilt_standing(signing, ref, tmp_path) == standing(signing.context, ref)

    told = command(signing, "approve", "--batch", ref.key, "--by", "Lê Thị Mẫu", "--note", "đã xem", "--json")
    assert json.loads(told.output)["decision"]["quality"]["documents"] == 2
    assert signing.run(ref).worked == 2
    assert len(signed(signing)) == 2
    record = last_record(signing.context, f"{ref.key}/HS-1")
    assert record is not None
    (event,) = (e for e in record.events if e.type == EVENT)
    assert "Lê Thị Mẫu" in event.agent
    assert "đã xem" in event.detail

    again = Context(signing.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/again.db"}))
    rebuild(again)
    detail = document_detail(again.database, f"{ref.key}/HS-1")
    assert detail is not None
    assert EVENT in [e.type for e in detail.events]
    again.database.dispose()


def standing(context: Context, ref: BatchRef) -> tuple[str, str | None]:
    detail = batch_detail(context.database, ref.key)
    assert detail is not None
    return detail.summary.status, detail.summary.message


def rebuilt_standing(lab: Any, ref: BatchRef, folder: Path) -> tuple[str, str | None]:
    """How a database made of the archive alone tells the batch: halted, and by whom."""
    file = folder / "rebuilt.db"
    file.unlink(missing_ok=True)
    again = Context(lab.settings.model_copy(update={"database_url": f"sqlite:///{file}"}))
    rebuild(again)
    told = standing(again, ref)
    assert told[0] == "halted"
    again.database.dispose()
    return told


def test_an_answer_covers_only_the_files_that_were_looked_at(signing: Any, ref: BatchRef) -> None:
    ask(signing.context, ref)
    with pytest.raises(ApprovalMissingError):
        signing.run(ref)
    runner = signing.runner()
    receipt, _ = runner.receive(ref)
    runner.decide(receipt, approve=True, by="Lê Thị Mẫu")
    assert signing.run(ref).worked == 2
    from pipeline.reruns import order_rerun

    order_rerun(signing.context, ref, ["HS-2"], "assemble")
    with pytest.raises(ApprovalMissingError) as caught:
        signing.run(ref)
    assert caught.value.documents == 1
    assert len(signed(signing)) == 2

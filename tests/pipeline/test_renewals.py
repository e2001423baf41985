"""Evidence renewed: a new version beside the old one, once, known to the record, the warehouse and a rebuilt one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from manifests.documents import ArtefactKind, BatchRef
from pipeline.context import Context
from pipeline.renewals import EVENT, renew
from pipeline.upkeep import audit, rebuild
from pipeline.work.index import last_record
from signing.settings import TrustSettings
from signing.timestamps import local_tsa
from signing.verify import verify_pdf
from warehouse.documents import document_detail
from warehouse.evidence import documents_due, signed_documents

FAR = 100 * 365
"""Days within which the evidence of everything ends."""


@pytest.fixture
def signed(lab: Any) -> tuple[Any, BatchRef]:
    signing = lab.with_settings(legal_profile="nd30-2020", verapdf="no-verapdf")
    ref = signing.drop("2025-01", {f"HS-{n}": n for n in range(2)})
    assert signing.run(ref).worked == 2
    return signing, ref


def files(lab: Any, ref: BatchRef) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in (lab.folder / "archive" / ref.key).glob("*/signed_pdf/*.pdf")}


def test_nothing_is_due_yet_and_nothing_is_asked(signed: tuple[Any, BatchRef]) -> None:
    lab, ref = signed
    before = files(lab, ref)
    assert renew(lab.context) == []
    assert files(lab, ref) == before


def test_a_new_version_lies_beside_the_old_one_and_is_what_the_record_says(signed: tuple[Any, BatchRef]) -> None:
    lab, ref = signed
    before = files(lab, ref)
    with local_tsa(lab.settings.test_pki_folder) as tsa:
        lab = lab.with_settings(tsa_url=tsa.url)
        told = renew(lab.context, [ref], days=FAR)
        assert [(it.level, it.reason_code) for it in told] == [("B-LTA", None)] * 2
        assert all("archive_timestamp" in it.added for it in told)
        asked = tsa.answered
        again = renew(lab.context, [ref], days=FAR)
        assert not any(it.added for it in again), "the same authority gains nothing"
        assert tsa.answered == asked + 2 or tsa.answered == asked
    after = files(lab, ref)
    assert {path: after[path] for path in before} == before, "nothing is overwritten"
    assert len(after) == 4
    record = last_record(lab.context, f"{ref.key}/HS-0")
    assert record is not None
    (current,) = (a for a in record.artefacts if a.kind == ArtefactKind.SIGNED_PDF)
    old = next(data for path, data in before.items() if "HS-0" in str(path))
    new = after[lab.folder / "archive" / current.key]
    assert new.startswith(old), "an incremental update"
    facts = verify_pdf(
        lab.folder / "archive" / current.key, trust=TrustSettings(test_ca=lab.settings.test_pki_folder)
    )
    assert all(f.trusted and f.level == "B-LTA" for f in facts)
    assert [event.type for event in record.events].count(EVENT) == 1
    assert lab.run(ref).worked == 0, "a renewed document is finished"


def test_the_warehouse_and_a_rebuilt_one_know_the_newest_version(
    signed: tuple[Any, BatchRef], tmp_path: Path
) -> None:
    lab, ref = signed
    renew(lab.context, days=FAR)
    key = f"{ref.key}/HS-0"

    def shown(context: Context) -> tuple[Any, ...]:
        detail = document_detail(context.database, key)
        assert detail is not None
        signed_pdfs = [a for a in detail.artefacts if a.artefact.kind == ArtefactKind.SIGNED_PDF]
        current = [a.artefact.key for a in signed_pdfs if a.current]
        return current, [s.level for s in detail.signatures], [e.type for e in detail.events].count(EVENT)

    told = shown(lab.context)
    assert told[1:] == (["B-LTA"], 1)
    other = Context(lab.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/again.db"}))
    rebuild(other)
    assert shown(other) == told
    count, damages = audit(other)
    assert count >= 6
    assert not damages
    other.database.dispose()


def test_a_field_read_anew_keeps_the_renewed_file(signed: tuple[Any, BatchRef]) -> None:
    lab, ref = signed
    renew(lab.context, days=FAR)
    renewed = last_record(lab.context, f"{ref.key}/HS-0")
    stricter = lab.with_settings(review_threshold=0.99)
    assert stricter.run(ref).worked == 2
    record = last_record(lab.context, f"{ref.key}/HS-0")
    assert record is not None
    assert renewed is not None
    assert record.run_key != renewed.run_key
    kinds = (ArtefactKind.SIGNED_PDF,)
    assert [a for a in record.artefacts if a.kind in kinds] == [a for a in renewed.artefacts if a.kind in kinds]


def test_a_renewal_killed_before_its_record_was_written_goes_on(
    signed: tuple[Any, BatchRef], monkeypatch: pytest.MonkeyPatch
) -> None:
    import pipeline.renewals as renewals

    lab, ref = signed

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with local_tsa(lab.settings.test_pki_folder) as tsa:
        lab = lab.with_settings(tsa_url=tsa.url)
        with monkeypatch.context() as patched:
            patched.setattr(renewals, "_record", die)
            with pytest.raises(KeyboardInterrupt):
                renew(lab.context, days=FAR)
        asked = tsa.answered
        told = renew(lab.context, days=FAR)
        assert all(it.added for it in told)
        assert tsa.answered == asked, "no second timestamp"
    assert len(files(lab, ref)) == 4


def test_what_is_due_is_told_from_the_warehouse(signed: tuple[Any, BatchRef]) -> None:
    import datetime as dt

    lab, ref = signed
    now = dt.datetime.now(dt.UTC)
    far = now + dt.timedelta(days=FAR)
    assert signed_documents(lab.context.database) == 2
    assert documents_due(lab.context.database, now) == []
    assert documents_due(lab.context.database, far) == [f"{ref.key}/HS-0", f"{ref.key}/HS-1"]
    assert documents_due(lab.context.database, far, ["00256/khác"]) == []

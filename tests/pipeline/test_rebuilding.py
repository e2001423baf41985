"""A database made again from the archive says what the lost one said."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from manifests.manifest import read_manifest
from pipeline.errors import UnknownBatchError
from pipeline.quarantines import release
from pipeline.reruns import order_rerun
from pipeline.upkeep import audit, rebuild
from warehouse.batches import batch_failures
from warehouse.progress import progress_by_unit


def bend(original: Path) -> bytes:
    whole = original.read_bytes()
    original.chmod(0o600)
    original.write_bytes(whole[:-4] + b"bent")
    return whole


def only_original(lab: Any, key: str) -> Path:
    (path,) = (lab.folder / "archive" / key / "original").iterdir()
    return Path(path)


def said(lab: Any) -> Any:
    database = lab.context.database
    units = [dataclasses.asdict(row) for row in progress_by_unit(database)]
    return units, [(g.code, g.count) for g in batch_failures(database, "00256/L1")]


def test_after_reruns_and_quarantines_the_rebuilt_figures_are_the_same(lab: Any) -> None:
    ref = lab.drop("L1", {f"HS-{n}": n for n in range(1, 7)} | {"HS-9": b""})
    lab.run(ref, [])
    wholes = {n: bend(only_original(lab, f"{ref.key}/HS-{n}")) for n in (1, 2, 3)}
    assert len(lab.run(ref).quarantined) == 3
    # one is mended and tried again, one is tried again in vain, one stays as it is
    only_original(lab, f"{ref.key}/HS-1").write_bytes(wholes[1])
    release(lab.context, ref, "HS-1")
    release(lab.context, ref, "HS-2")
    assert lab.run(ref).worked == 1
    # one that was done is ordered anew, and stops
    bend(only_original(lab, f"{ref.key}/HS-4"))
    order_rerun(lab.context, ref, ["HS-4", "HS-5"], "recognize")
    lab.run(ref)
    before = said(lab)
    fresh = lab.with_settings(database_url=f"sqlite:///{lab.folder}/again.db")
    rebuild(fresh.context)
    assert said(fresh) == before
    rebuild(fresh.context)
    assert said(fresh) == before
    assert fresh.run(ref).worked == 0, "what stopped before would stop again"
    fresh.context.database.dispose()


def test_a_batch_whose_drop_was_cleared_away_can_still_be_redone(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    lab.run(ref)
    (lab.folder / "intake").rename(lab.folder / "cleared")
    order_rerun(lab.context, ref, ["HS-1"], "assemble")
    assert lab.run(ref).worked == 1
    assert lab.totals().digitized == 1


def test_a_drop_staff_took_the_mark_from_is_not_received(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1})
    (lab.folder / "intake" / ref.key / "_READY").unlink()
    with pytest.raises(UnknownBatchError):
        lab.run(ref)
    assert not (lab.folder / "archive").exists()


def test_a_manifest_spoilt_after_the_work_changes_nothing_that_is_done(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    lab.run(ref)
    manifest = lab.folder / "intake" / ref.key / "manifest.csv"
    whole = manifest.read_bytes()
    manifest.write_bytes(b"\x00\x01")
    lab.touch(ref)
    assert lab.run(ref).receipt.blocked
    assert lab.totals().digitized == 2
    fresh = lab.with_settings(database_url=f"sqlite:///{lab.folder}/again.db")
    rebuild(fresh.context)
    assert fresh.totals().received == 2
    manifest.write_bytes(whole)
    lab.touch(ref)
    assert lab.run(ref).worked == 0
    fresh.context.database.dispose()


def test_audit_goes_on_after_a_damaged_file(lab: Any) -> None:
    from pipeline.stores import ObjectDamagedError
    from pipeline.stores.folder import FolderStore

    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    lab.run(ref)

    class Knowing(FolderStore):
        """A store that keeps digests, as S3 does."""

        def get_bytes(self, key: str, *, sha256: str | None = None) -> bytes:
            if "HS-1/original" in key:
                raise ObjectDamagedError(key, "a" * 64, "b" * 64)
            return super().get_bytes(key, sha256=sha256)

    lab.context.__dict__["archive"] = Knowing(lab.folder / "archive")
    count, damages = audit(lab.context)
    assert count == 6
    assert [d.kind for d in damages] == ["changed"]


def test_a_withdrawn_row_stays_what_it_was(lab: Any) -> None:
    ref = lab.drop("L1", {"HS-1": 1, "HS-2": 2})
    lab.run(ref)
    reading = read_manifest(lab.folder / "intake" / ref.key / "manifest.csv", home=ref.unit_code)
    lab.write(ref, [replace(e) for e in reading.entries if e.document_id == "HS-1"])
    lab.run(ref)
    assert lab.totals().digitized == 2
    fresh = lab.with_settings(database_url=f"sqlite:///{lab.folder}/again.db")
    rebuild(fresh.context)
    assert fresh.totals().digitized == 2
    fresh.context.database.dispose()

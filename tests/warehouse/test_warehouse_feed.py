"""The feed as another system walks along it: nothing twice, nothing missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from manifests.doc_codes import doc_code_rules
from manifests.documents import DocumentRecord
from warehouse import load
from warehouse.doc_codes import codes_of, document_of
from warehouse.feed import feed_entries
from warehouse.load import load_records

MakeRecord = Callable[..., DocumentRecord]


def told(engine: sa.Engine, after: Any = None) -> list[str]:
    return [it.document_key for it in feed_entries(engine, since=None, after=after, limit=100)]


def test_the_feed_tells_what_was_loaded_in_the_order_of_loading(engine: sa.Engine, make_record: MakeRecord) -> None:
    first, second, third = (make_record(name) for name in ("c", "a", "b"))
    for some in ([first], [second], [third]):
        load_records(engine, some)
    keys = [it.document_key for it in (first, second, third)]
    assert told(engine) == keys
    walked = feed_entries(engine, since=None, after=None, limit=2)
    assert told(engine, walked[-1]) == keys[2:]
    assert [it.document_key for it in feed_entries(engine, since=walked[1].loaded_at, after=None, limit=9)] == keys[
        1:
    ]


@pytest.mark.parametrize("engine", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True)
def test_who_walks_the_feed_while_loads_overlap_misses_nothing(
    engine: sa.Engine, make_record: MakeRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = make_record("a")
    quick = make_record("b", batch="00277/lo-2", unit_code="00277", name="Trần Văn Bách")  # nothing they both write
    meanwhile: list[list[str]] = []
    plain = load.add_entries

    def overtaken(connection: sa.Connection, entries: Any) -> None:
        """The slow load has its moment already; the quick one comes and is committed first."""
        monkeypatch.setattr(load, "add_entries", plain)
        load_records(engine, [quick])
        meanwhile.append(told(engine))
        plain(connection, entries)

    monkeypatch.setattr(load, "add_entries", overtaken)
    load_records(engine, [slow])
    assert meanwhile == [[]], "a document was told whose place in the feed is behind one that nobody can see yet"
    assert told(engine) == [slow.document_key, quick.document_key]


def test_a_paper_scanned_again_keeps_its_serial_and_gets_the_next_version(
    engine: sa.Engine, make_record: MakeRecord
) -> None:
    def load_scan(run: str, scan: str, day: int) -> str:
        """A record of ``scan`` made by ``run``; the code it then has."""
        record = make_record("a", run=run, finished_at=dt.datetime(2025, 9, day, tzinfo=dt.UTC))
        files = tuple(
            replace(it, key=f"{record.document_key}/original/{scan}", sha256=scan * 64)
            if it.kind == "original"
            else it
            for it in record.artefacts
        )
        load_records(engine, [replace(record, artefacts=files)])
        return codes_of(engine, [(record.document_key, "00256", "birth")], doc_code_rules())[record.document_key]

    other = make_record("b")
    load_records(engine, [other])
    codes_of(engine, [(other.document_key, "00256", "birth")], doc_code_rules())
    assert load_scan("run-1", "1", 1) == "H26.00256_KS_000002_V1"
    assert load_scan("run-2", "1", 2) == "H26.00256_KS_000002_V1", "read again, not scanned again"
    assert load_scan("run-3", "2", 3) == "H26.00256_KS_000002_V2"
    assert load_scan("run-4", "3", 4) == "H26.00256_KS_000002_V3"
    for version in (1, 2, 3):
        assert document_of(engine, f"H26.00256_KS_000002_V{version}") == make_record("a").document_key
    assert document_of(engine, "H26.00256_KS_000002_V4") is None

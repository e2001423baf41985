"""``index``: the words of a document become a record, and everything known of it becomes its ``record`` artefact.

That artefact is complete: the warehouse can be rebuilt from these files alone.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import replace

from manifests.documents import Artefact, ArtefactKind, DocumentRecord, Event
from manifests.serial import from_json, to_json
from ocr.index import index_record
from pipeline import archive
from pipeline.approvals import approval_event
from pipeline.context import Context
from pipeline.decisions import carry
from pipeline.outcomes import Ending, Outcome
from pipeline.plan import Plan
from pipeline.results import Digitized, Indexed, ReceivedDocument, Signed
from pipeline.stages import stage
from pipeline.stores import ContentConflictError
from pipeline.work.digitize import read_pages
from pipeline.work.versions import newest_version

AGENT = "sohoa"


def index(context: Context, document: ReceivedDocument, plan: Plan) -> Outcome | None:
    """Make the record of a signed document, or find it made; ``None`` when it stopped above this stage.

    The record finished last counts, in the warehouse and when it is rebuilt. So a record made before, whose plan
    holds again after another one held for a while (a keyed value corrected and corrected back), is put once more.
    """
    key = plan.record_key
    known = _records(context, document.key)
    newest = max(known, key=lambda name: known[name].finished_at, default=None)
    if newest and known[newest].run_key == key:
        return _outcome(document, key, Ending.SKIPPED, newest, context.archive.get_bytes(newest))
    again = sorted(name for name, record in known.items() if record.run_key == key)
    if again:
        last = max((known[name] for name in again), key=lambda record: record.finished_at)
        made = replace(last, finished_at=dt.datetime.now(dt.UTC))
    else:
        digitized = context.result(Digitized, document.key, "assemble", plan.keys["assemble"])
        signed = context.result(Signed, document.key, "sign", plan.keys["sign"])
        if digitized is None or signed is None:
            return None
        signed = newest_version(context, document.key, signed)
        approval = approval_event(context, document.batch)
        made = _record(document, plan, digitized, signed, _indexed(context, document, plan, digitized), approval)
    made = carry(made, known[newest] if newest else None)
    suffix = f"-{len(again) + 1}.json" if again else ".json"
    target = archive.artefact(document.key, ArtefactKind.RECORD, key, suffix)
    data = to_json(made)
    try:
        context.archive.put_bytes(target, data)
    except ContentConflictError:
        data = context.archive.get_bytes(target)
    return _outcome(document, key, Ending.DONE, target, data)


def finished_record(context: Context, document_key: str, run_key: str) -> DocumentRecord | None:
    """The record finished under ``run_key``; the last one when it was finished more than once."""
    prefix = archive.artefact(document_key, ArtefactKind.RECORD, run_key, "")
    found = [read_record(context, entry.key) for entry in context.archive.list(prefix)]
    return max(found, key=lambda record: record.finished_at, default=None)


def last_record(context: Context, document_key: str) -> DocumentRecord | None:
    """The record of a document that counts; ``None`` when it was never finished."""
    return max(_records(context, document_key).values(), key=lambda record: record.finished_at, default=None)


def read_record(context: Context, key: str) -> DocumentRecord:
    """The record artefact stored under ``key``."""
    return from_json(DocumentRecord, context.archive.get_bytes(key))


def _records(context: Context, document_key: str) -> dict[str, DocumentRecord]:
    """Every finished record of a document by its key in the archive."""
    return {e.key: read_record(context, e.key) for e in context.archive.list(archive.records(document_key))}


def _indexed(context: Context, document: ReceivedDocument, plan: Plan, digitized: Digitized) -> Indexed:
    key = plan.keys["index"]
    done = context.result(Indexed, document.key, "index", key)
    if done:
        return done
    texts = read_pages(context, document.key, digitized.pages_run_key)
    record = index_record([texts[n] for n in sorted(texts)], document.entry, plan.index)
    return context.keep_result(Indexed(record, dt.datetime.now(dt.UTC)), document.key, "index", key)


def _record(
    document: ReceivedDocument,
    plan: Plan,
    digitized: Digitized,
    signed: Signed,
    indexed: Indexed,
    approval: Event | None,
) -> DocumentRecord:
    artefacts = (*document.originals, digitized.pdfa, *((signed.signed_pdf,) if signed.signed_pdf else ()))
    return DocumentRecord(
        batch=document.batch,
        entry=document.entry,
        record=indexed.record,
        pages=digitized.pages,
        artefacts=artefacts,
        signatures=signed.signatures,
        input_signatures=document.input_signatures,
        pdfa_verdict=signed.pdfa_verdict,
        legal_profile=signed.legal_profile,
        events=_events(digitized, signed, indexed, approval),
        run_key=plan.record_key,
        finished_at=dt.datetime.now(dt.UTC),
    )


def _events(digitized: Digitized, signed: Signed, indexed: Indexed, approval: Event | None) -> tuple[Event, ...]:
    def event(name: str, at: dt.datetime, detail: str, outcome: str = "success") -> Event:
        return Event(stage(name).event, at, outcome, detail, f"{AGENT} {name} v{stage(name).version}")

    pages = len(digitized.pages)
    unread = sum(1 for page in digitized.pages if page.verdict == "unread")
    resumed = f", {digitized.pages_resumed} of them by an earlier run" if digitized.pages_resumed else ""
    events = [
        event(
            "recognize",
            digitized.finished_at,
            f"{pages} pages{resumed}; {unread} unread",
            "warning" if unread else "success",
        ),
        event("assemble", digitized.finished_at, f"SHA-256 {digitized.pdfa.sha256}"),
        event("index", indexed.finished_at, f"{len(indexed.record.fields)} fields, {indexed.record.status}"),
    ]
    if signed.signed_pdf:
        levels = ", ".join(s.level for s in signed.signatures)
        detail = f"{signed.legal_profile}, {levels}, PDF/A {signed.pdfa_verdict}, SHA-256 {signed.signed_pdf.sha256}"
        noted = " ".join(("", *signed.notes))
        events.append(event("sign", signed.finished_at, detail + noted, "warning" if signed.notes else "success"))
        events += [approval] if approval and approval.at <= signed.finished_at else []
    return tuple(sorted(events, key=lambda e: e.at))


def _outcome(document: ReceivedDocument, key: str, status: Ending, target: str, data: bytes) -> Outcome:
    digest = hashlib.sha256(data).hexdigest()
    artefact = Artefact(ArtefactKind.RECORD, target, digest, len(data), "application/json")
    return Outcome(document.key, "index", status, key, artefact=artefact)

"""Where things lie in the two stores: names of objects, and nothing else.

``intake/<unit code>/<batch id>/`` is what people dropped; ``archive/<unit code>/<batch id>/<document id>/`` is what
we keep. Names hold run keys, so nothing is ever overwritten. A name that starts with a dot belongs to the batch,
not to a document: document ids cannot start with one.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from manifests.documents import ArtefactKind, BatchRef

READY = "_READY"
CONTENTS = ".contents"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def receipt(ref: BatchRef, run_key: str) -> str:
    """Key of what ``receive`` found in a batch."""
    return f"{ref.key}/.receipts/{run_key}.json"


def receipts(ref: BatchRef) -> str:
    return f"{ref.key}/.receipts/"


def manifest_copy(ref: BatchRef, sha256: str, suffix: str) -> str:
    """Key of the manifest as it was delivered."""
    return f"{ref.key}/.receipts/manifest-{sha256[:16]}{suffix}"


def original(document_key: str, position: int, name: str, sha256: str = "") -> str:
    """Key of one delivered file; ``position`` is 1-based. The name is made safe, the real one stands in the entry.

    ``sha256`` tells a better scan from the one that lies under the plain name.
    """
    safe = _UNSAFE.sub("_", PurePosixPath(name).name).lstrip(".")[-80:] or "file"
    digest = f"{sha256[:16]}-" if sha256 else ""
    return f"{document_key}/{ArtefactKind.ORIGINAL}/{position:04d}-{digest}{safe}"


def content(fingerprint: str) -> str:
    """Key under which the first document with some content put its own key."""
    return f"{CONTENTS}/{fingerprint}.txt"


def page(document_key: str, run_key: str, page_number: int) -> str:
    """Key of one recognized page: what a killed run resumes from."""
    return f"{document_key}/{ArtefactKind.PAGES}/{run_key}/{page_number:05d}.json"


def pages(document_key: str, run_key: str) -> str:
    return f"{document_key}/{ArtefactKind.PAGES}/{run_key}/"


def records(document_key: str) -> str:
    """Prefix of a document's finished records; the one finished last counts."""
    return f"{document_key}/{ArtefactKind.RECORD}/"


def artefact(document_key: str, kind: ArtefactKind, run_key: str, suffix: str) -> str:
    """Key of a stage's file."""
    return f"{document_key}/{kind}/{run_key}{suffix}"


def result(document_key: str, stage: str, run_key: str) -> str:
    """Key of a stage's sidecar: its frozen result. It is put last, so that it exists only when the work is whole."""
    return f"{document_key}/results/{stage}-{run_key}.json"


def quarantine(document_key: str, moment: str) -> str:
    """Key of the note that a document was stopped at ``moment``; the prefix of all of them when empty."""
    return f"{document_key}/quarantine/{moment}.json" if moment else f"{document_key}/quarantine/"


def signing_note(document_key: str, run_key: str, name: str) -> str:
    """Key of what an interrupted signing goes on with: a signature without its timestamp, a timestamp."""
    return f"{document_key}/signing/{run_key}/{name}"


def profile_orders(ref: BatchRef) -> str:
    """Prefix of the legal profiles somebody chose for a batch; the last one counts."""
    return f"{ref.key}/.profiles/"


def approvals(ref: BatchRef) -> str:
    """Prefix of what people decided about signing a batch; the last one counts."""
    return f"{ref.key}/.approvals/"


def reruns(ref: BatchRef) -> str:
    """Prefix of the orders to redo stages of the documents of a batch."""
    return f"{ref.key}/.reruns/"


def rerun(ref: BatchRef, document_id: str, stage: str, order: str) -> str:
    """Key of the order called ``order`` to redo one stage of one document; the same order counts once."""
    return f"{ref.key}/.reruns/{document_id}/{stage}-{_UNSAFE.sub('_', order)}.json"

"""One content, one document: the first to archive it names itself in the archive store, put if absent.

The ledger knows what is archived, but only once a batch is received whole; two batches that are received at the
same moment would both find nothing there.
"""

from __future__ import annotations

from collections.abc import Sequence

from manifests.documents import BatchRef
from pipeline import archive
from pipeline.context import Context
from pipeline.intake import is_ready
from pipeline.run_keys import fingerprint
from pipeline.stores import ContentConflictError


def claim(context: Context, ref: BatchRef, document_key: str, sha256: Sequence[str]) -> str | None:
    """Name ``document_key`` as the one that keeps these files; the other document's key when one does already.

    The order of the files does not count. Called when the originals are kept, so that a claim never stands for
    files nobody has.
    """
    content = tuple(sorted(sha256))
    key = archive.content(fingerprint(content))
    try:
        context.archive.put_bytes(key, document_key.encode())
    except ContentConflictError:
        owner = context.archive.get_bytes(key).decode()
        return owner if _stands(context, ref, owner, content) else None
    return None


def _stands(context: Context, ref: BatchRef, owner: str, content: tuple[str, ...]) -> bool:
    """Whether the owner still keeps this content.

    It does not when it was delivered anew with better files, or when its run was killed and its drop taken away.
    Inside one batch the check of the delivery has the say.
    """
    batch = BatchRef.parse(owner.rpartition("/")[0])
    if batch == ref:
        return False
    known = context.ledger.originals(owner)
    return known == content if known else is_ready(context.intake, batch)

"""Which signed files need fresh evidence: counted from the verdicts that were loaded with each record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import sqlalchemy as sa

from warehouse.database import reading
from warehouse.schema import SignatureSide, artefact, document, signature

_SIGNED = "signed_pdf"


def signed_documents(engine: sa.Engine, batch_keys: Sequence[str] = ()) -> int:
    """How many documents have a signed file, of these batches or of all."""
    with reading(engine) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(_signed(batch_keys).subquery())).scalar_one()


def documents_due(engine: sa.Engine, before: dt.datetime, batch_keys: Sequence[str] = ()) -> list[str]:
    """Keys of the documents whose signed file proves one of its signatures no longer than until ``before``.

    A signature of which nobody knows how long it is proven counts as due. What ends first comes first.
    """
    due = sa.or_(signature.c.evidence_until.is_(None), signature.c.evidence_until < before)
    ends = sa.func.min(signature.c.evidence_until)
    query = (
        sa.select(signature.c.document_key)
        .where(signature.c["of"] == SignatureSide.OUTPUT, due)
        .where(signature.c.document_key.in_(_signed(batch_keys)))
        .group_by(signature.c.document_key)
        .order_by(ends, signature.c.document_key)
    )
    with reading(engine) as connection:
        return list(connection.execute(query).scalars())


def _signed(batch_keys: Sequence[str]) -> sa.Select[tuple[str]]:
    query = sa.select(artefact.c.document_key).where(artefact.c.kind == _SIGNED, artefact.c.current).distinct()
    if batch_keys:
        query = query.join(document, document.c.document_key == artefact.c.document_key)
        query = query.where(document.c.batch_key.in_(batch_keys))
    return query

"""The files the ledger knows to be stored: which one people get, and all of them for whoever proves them there."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from manifests.documents import Artefact, ArtefactKind
from warehouse.schema import artefact

PDF = "application/pdf"
SHOWN_FILES = (ArtefactKind.SIGNED_PDF, ArtefactKind.PDFA, ArtefactKind.ORIGINAL)
"""Of a document's current PDFs people get the first of these kinds, and the latest of a kind."""

_PAGE = 1000


def stored_artefacts(engine: sa.Engine) -> Iterator[Artefact]:
    """All artefacts, those a later run replaced among them, by key; read in pages, so memory stays level."""
    last = ""
    while True:
        query = sa.select(artefact).where(artefact.c.key > last).order_by(artefact.c.key).limit(_PAGE)
        with engine.connect() as connection:
            rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield Artefact(row.kind, row.key, row.sha256, row.size, row.media_type)
        last = rows[-1].key

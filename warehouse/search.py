"""Finding a person's results by name or number, with or without diacritics, words in any order."""

from __future__ import annotations

import sqlalchemy as sa

from warehouse import schema
from warehouse.database import reading
from warehouse.documents import select_documents
from warehouse.names import fold_name
from warehouse.results import SearchHit


def search_records(
    engine: sa.Engine, text: str, *, unit_code: str | None = None, year: int | None = None, limit: int = 50
) -> list[SearchHit]:
    """Loaded documents that name a person with every word of ``text``, or whose number or personal id is ``text``.

    Args:
        engine: A migrated database.
        text: ``nguyen dao`` finds Nguyễn Thị Đào; nothing is found for blank text.
        unit_code, year: Only results of this unit, of this year.
        limit: At most so many documents, by key.
    """
    words = fold_name(text).split()
    if not words:
        return []
    party, record, document = schema.party.c, schema.record.c, schema.document.c
    named = sa.and_(*(party.name_folded.contains(word, autoescape=True) for word in words))
    people = sa.select(party.document_key).where(sa.or_(named, party.personal_id == text.strip()))
    conditions = [sa.or_(record.number == text.strip(), record.document_key.in_(people))]
    if unit_code is not None:
        conditions.append(document.unit_code == unit_code)
    if year is not None:
        conditions.append(document.year == year)
    with reading(engine) as connection:
        documents = select_documents(connection, *conditions, limit=limit)
        names: dict[str, list[str]] = {it.document_key: [] for it in documents}
        for row in connection.execute(
            sa.select(party.document_key, party.name)
            .where(party.document_key.in_(list(names)))
            .order_by(party.document_key, party.position)
        ):
            names[row.document_key].append(row.name)
    return [SearchHit(document=it, names=tuple(dict.fromkeys(names[it.document_key]))) for it in documents]

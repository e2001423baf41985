"""Finding results: by person, number, date, unit, and by what stands on their pages; the best first.

A search walks from the surest kind of hit to the vaguest until it has enough, and never further than ``MOST_HITS``:
it is as quick in a city as in a ward. Everything typed is bound as a value; nothing of it is ever SQL or a search
expression.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from warehouse import schema
from warehouse.asked import LONGEST_QUERY, Asked, asked_of, phrases, readings
from warehouse.database import limited, reading
from warehouse.documents import select_documents
from warehouse.found_names import NameGroup, name_groups
from warehouse.hits import MOST_HITS, Match, SearchHit, SearchPage, SearchQuery, Snippet
from warehouse.names import search_words, spelled_name
from warehouse.page_search import has_words, pages_with_words, ranked_pages
from warehouse.schema_search import PAGES_OF_A_RUN, search_entry
from warehouse.snippets import Page, best_snippet

if TYPE_CHECKING:
    from warehouse.scope import Scope

PATIENCE = 10.0
"""Seconds after which a search is given up as too broad."""

_Found = tuple[str, Match, str | None]
"""Document key, why it was found, folded name it was found by."""

_FIRST = 20  # names of a group that are looked up before the others: mostly they are enough
_ENOUGH = 20  # documents that name somebody exactly so, beyond which nobody meant a slip
_SNIPPET_PAGES = 50  # pages of a document that are looked through for a name


def search_records(
    engine: sa.Engine, query: SearchQuery, *, scope: Scope | None = None, limit: int = 20, offset: int = 0
) -> SearchPage:
    """Documents that fit every condition of ``query``, the best match first, in an order that does not change.

    Args:
        engine: A migrated database; ``warehouse.scoped_engine.scoped`` holds what is found within a scope.
        query: What is asked; nothing is found when nothing is.
        scope: The same scope again: its units and years keep the walk along the indexes short.
        limit, offset: Which of the hits; none lies behind ``MOST_HITS``.

    Raises:
        QueryTooBroadError: It would take longer than ``PATIENCE``.
    """
    limit, offset = max(0, limit), max(0, offset)
    query = query.cut(LONGEST_QUERY)
    if query.empty or (scope is not None and not scope.whole_city and not scope.reach):
        return SearchPage((), 0, True, offset, limit)
    with reading(engine) as connection, limited(connection, PATIENCE):
        found: dict[str, _Found] = {}
        for one in readings(query):
            for hit in _walk(connection, one, scope):
                found.setdefault(hit[0], hit)
                if len(found) > MOST_HITS:
                    break
            if len(found) > MOST_HITS:
                break
        wanted = list(found.values())[:MOST_HITS]
        hits = _hits(connection, wanted[offset : offset + limit], query)
    return SearchPage(hits, len(wanted), len(found) <= MOST_HITS, offset, limit)


def _walk(connection: sa.Connection, query: SearchQuery, scope: Scope | None) -> Iterator[_Found]:
    """Hits of a query without ``anything``, the best first; a document may come more than once."""
    asked = asked_of(query)
    if asked is None:
        return
    if asked.words:
        asked = replace(asked, entry=(*asked.entry, has_words(connection, asked.words)))
    if search_words(query.name):
        exact: set[str] = set()
        for group in name_groups(connection, query.name):
            if group.similar and len(exact) >= _ENOUGH:
                break
            for found in _of_group(connection, group, query, asked, scope):
                exact.add(found[0])
                yield found
    elif asked.person:
        match = Match.PERSONAL_ID if query.personal_id else Match.CONDITIONS
        statement = _people(asked, (), scope)
        yield from ((row.document_key, match, None) for row in connection.execute(statement))
    elif asked.words and not query.number:
        keys = ranked_pages(connection, asked.words, (*asked.entry[:-1], *_place(search_entry.c, asked, scope)))
        yield from ((key, Match.TEXT, None) for key in keys)
    else:
        entry = search_entry.c
        match = Match.NUMBER if query.number else Match.CONDITIONS
        statement = (
            sa.select(entry.document_key)
            .where(*asked.entry, *_place(entry, asked, scope))
            .order_by(*asked.first, entry.unit_code, entry.year, entry.record_type, entry.document_key)
            .limit(MOST_HITS + 1)
        )
        yield from ((row.document_key, match, None) for row in connection.execute(statement))


def _of_group(
    connection: sa.Connection, group: NameGroup, query: SearchQuery, asked: Asked, scope: Scope | None
) -> Iterator[_Found]:
    """Documents that name somebody of the group, in the order of its names."""
    match = Match.SIMILAR_NAME if group.similar else Match.NAME
    if group.whole:
        statements = [_of_name(group.names[0], query, asked, scope)]
    else:
        names = [names for names in (group.names[:_FIRST], group.names[_FIRST:]) if names]
        statements = [_of_names(connection, some, asked, scope) for some in names]
    for statement in statements:
        yield from ((row.document_key, match, row.name_folded) for row in connection.execute(statement))


def _of_name(name: str, query: SearchQuery, asked: Asked, scope: Scope | None) -> sa.Select[Any]:
    """Of all who are written so without diacritics first those who are written so with them."""
    party = schema.party.c
    spelled = party.name_spelled == spelled_name(query.name)
    parts = [
        _people(asked, (party.name_folded == name, condition), scope, sa.literal_column(str(place)).label("place"))
        for place, condition in enumerate((spelled, ~spelled))
    ]
    both = sa.union_all(*(sa.select(it.subquery()) for it in parts)).subquery()
    return sa.select(both).order_by(both.c.place, both.c.unit_code, both.c.year, both.c.document_key)


def _of_names(connection: sa.Connection, names: tuple[str, ...], asked: Asked, scope: Scope | None) -> sa.Select[Any]:
    """People of these names, name after name; of each name the index gives the first, whoever else bears it."""
    party = schema.party.c
    if connection.dialect.name != "postgresql":
        place = sa.case({name: at for at, name in enumerate(names)}, value=party.name_folded)
        return (
            _people(asked, (party.name_folded.in_(names),), scope)
            .order_by(None)
            .order_by(place, party.unit_code, party.year, party.document_key)
        )
    array = sa.func.unnest(sa.cast(list(names), postgresql.ARRAY(sa.Text)))
    name = array.table_valued("name", with_ordinality="place").render_derived()
    some = _people(asked, (party.name_folded == name.c.name,), scope).lateral()
    return (
        sa.select(some)
        .select_from(name.join(some, sa.true()))
        .order_by(name.c.place, some.c.unit_code, some.c.year, some.c.document_key)
        .limit(MOST_HITS + 1)
    )


def _people(
    asked: Asked, named: tuple[sa.ColumnElement[bool], ...], scope: Scope | None, *more: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    party = schema.party.c
    columns = (party.document_key, party.name_folded, party.unit_code, party.year, *more)
    query = sa.select(*columns).where(*named, *asked.person, *_place(party, asked, scope))
    if asked.entry:
        query = query.join_from(schema.party, search_entry, search_entry.c.document_key == party.document_key).where(
            *asked.entry
        )
    return query.order_by(party.unit_code, party.year, party.document_key).limit(MOST_HITS + 1)


def _place(columns: Any, asked: Asked, scope: Scope | None) -> list[sa.ColumnElement[bool]]:
    """Conditions on unit and year, which stand in every table that is searched."""
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.unit_code:
        conditions.append(columns.unit_code == asked.unit_code)
    if asked.year is not None:
        conditions.append(columns.year == asked.year)
    if scope is not None and scope.units is not None:
        conditions.append(
            sa.or_(
                *(
                    sa.and_(columns.unit_code == it.code, columns.year.between(it.first_year, it.last_year))
                    for it in scope.reach
                )
            )
        )
    return conditions


def _hits(connection: sa.Connection, found: list[_Found], query: SearchQuery) -> tuple[SearchHit, ...]:
    keys = [key for key, _, _ in found]
    documents = {it.document_key: it for it in select_documents(connection, schema.document.c.document_key.in_(keys))}
    people: dict[str, list[Any]] = {key: [] for key in keys}
    party, unit, kind = schema.party.c, schema.unit.c, schema.record_type.c
    for row in connection.execute(
        sa.select(party.document_key, party.name, party.name_folded)
        .where(party.document_key.in_(keys))
        .order_by(party.document_key, party.position)
    ):
        people[row.document_key].append(row)
    types = dict(tuple(row) for row in connection.execute(sa.select(kind.code, kind.name)))
    codes = {it.unit_code for it in documents.values()}
    units = connection.execute(
        sa.select(unit.code, unit.name, unit.first_year, unit.last_year).where(unit.code.in_(codes))
    ).all()
    snippets = _snippets(connection, found, query)
    hits = []
    for key, match, name in found:
        document = documents.get(key)
        if document is None:
            continue
        named = [it.name for it in units if it.code == document.unit_code]
        in_its_year = [
            it.name
            for it in units
            if it.code == document.unit_code and it.first_year <= document.year <= it.last_year
        ]
        hits.append(
            SearchHit(
                document=document,
                record_type_name=types.get(document.record_type, document.record_type),
                unit_name=(in_its_year or named or [document.unit_code])[0],
                names=tuple(dict.fromkeys(it.name for it in people[key])),
                match=match,
                matched_name=next((it.name for it in people[key] if it.name_folded == name), None),
                snippet=snippets.get(key),
            )
        )
    return tuple(hits)


def _snippets(connection: sa.Connection, found: list[_Found], query: SearchQuery) -> dict[str, Snippet | None]:
    """The best place of each document for the words that were asked, or for the name it was found by."""
    asked = [word for phrase in phrases(query.text or query.anything) for word in phrase]
    in_text = [key for key, match, _ in found if query.text or match is Match.TEXT]
    wanted = {key: (name or "").split() for key, _, name in found} | dict.fromkeys(in_text, asked)
    first = pages_with_words(connection, in_text, asked) if in_text else {}
    page = schema.page.c
    by_name = [key for key, words in wanted.items() if words and key not in first]
    looked_at = sa.or_(
        sa.and_(page.document_key.in_(by_name), page.page_number <= _SNIPPET_PAGES),
        *(
            sa.and_(page.document_key == key, page.page_number.between(number, number + PAGES_OF_A_RUN - 1))
            for key, number in first.items()
        ),
    )
    pages: dict[str, list[Page]] = {}
    texts = sa.select(page.document_key, page.page_number, page.text).where(looked_at)
    for row in connection.execute(texts.order_by(page.document_key, page.page_number)):
        pages.setdefault(row.document_key, []).append((row.page_number, row.text))
    return {key: best_snippet(pages[key], wanted[key]) for key in pages}

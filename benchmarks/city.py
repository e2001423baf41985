"""Milliseconds of a city: progress, name search and the merge of a batch, from one district to thirty.

Run as ``python benchmarks/city.py [--districts 30] [--scale 1] [--folder FOLDER]``, on PostgreSQL. The first district
goes the road of the product; the others are copied from it within the database, with units of their own and people
of their own names, into the same tables and indexes. Of the first everything is there; of the others what the
measured questions read, first pages among it, but no fields, events, later pages and full text (80 GB of a city
nobody asks here). Issue 5: progress and name search at most 200 ms in 95 of 100, a batch of 500 records at most 2 s.
"""

# ruff: noqa: S608 - made of the names of our own tables and columns
from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import sqlalchemy as sa
from district import load_batch, load_district
from machine import Work, database, machine
from synthetic import BATCH, District, person_name

from dashboard.ahead import rehearse
from dashboard.progressing import ProgressFilter, progress_page, unit_page
from manifests.documents import DocumentRecord
from manifests.inventory import InventoryLine
from manifests.targets import city_targets
from manifests.units import Tier, units
from pipeline.results import Receipt
from warehouse import remembered, schema, schema_search, unit_parts
from warehouse.cell_totals import rebuild_totals, wrong_totals
from warehouse.database import migrate, open_database, reading, writing
from warehouse.feed import FeedEntry, feed_documents, feed_entries
from warehouse.hits import SearchQuery
from warehouse.merge import copy
from warehouse.names import fold_name, search_name, spelled_name
from warehouse.reference import import_inventory, load_reference
from warehouse.scope import WHOLE_CITY, Scope, scope_of
from warehouse.scoped_engine import scoped
from warehouse.search import search_records
from warehouse.search_index import add_names

STEPS = (1, 3, 10, 30)
BATCHES = 24
"""That are measured: enough that one slow one in twenty does not pass for all."""
PATIENCE = 0.2
MERGE_PATIENCE = 2.0
_OF_KEY = "n.code || substr({0}.document_key, strpos({0}.document_key, '/'))"


def codes() -> list[str]:
    """The thirty former districts of Hà Nội, that of the template first."""
    found = sorted({it.code for it in units().all() if it.tier is Tier.DISTRICT})
    return ["007", *(code for code in found if code != "007")]


def add_district(engine: sa.Engine, template: District, code: str) -> None:
    """Copy the template under the units of another district, everybody under another name."""
    own, theirs = template.wards(), replace(template, code=code).wards()
    mapped = dict(zip(own, (theirs * 3)[: len(own)], strict=True)) | {template.code: code}
    source = random.Random(code)
    with writing(engine) as connection:
        run = connection.exec_driver_sql
        run("SET LOCAL session_replication_role = replica")  # no triggers, no checks of keys: both hold by making
        run("SET LOCAL synchronous_commit = off")
        run("CREATE TEMP TABLE new_unit (old text PRIMARY KEY, code text) ON COMMIT DROP")
        copy(connection, "new_unit (old, code)", mapped.items())
        run("CREATE TEMP TABLE new_name (old text, name text, folded text, spelled text) ON COMMIT DROP")
        names = [row[0] for row in run("SELECT DISTINCT name FROM party WHERE unit_code = ANY(%s)", (list(mapped),))]
        fresh = {name: person_name(source) for name in names}
        rows = ((old, new, search_name(new), spelled_name(new)) for old, new in fresh.items())
        copy(connection, "new_name (old, name, folded, spelled)", rows)
        run("ANALYZE new_unit")
        run("ANALYZE new_name")
        for table in (schema.batch, schema.document, schema.record, schema.signature, schema.artefact):
            _copy_rows(connection, table, "kind <> 'pdfa'" if table is schema.artefact else "true")
        _copy_rows(connection, schema.metadata.tables["record_standing"])
        _copy_rows(connection, schema.party, "true", "JOIN new_name p ON p.old = t.name")
        _copy_rows(connection, schema.metadata.tables["search_entry"])
        _copy_rows(connection, schema.page, "t.page_number = 1")
        add_names(connection, {search_name(name) for name in fresh.values()})


def _copy_rows(connection: sa.Connection, table: sa.Table, where: str = "true", join: str = "") -> None:
    unit = "split_part(t.document_key, '/', 1)" if "document_key" in table.c else "t.unit_code"
    key = _OF_KEY.format("t")
    made = {
        "document_key": key,
        "batch_key": "n.code || substr(t.batch_key, strpos(t.batch_key, '/'))",
        "unit_code": "n.code",
        "name": "p.name" if join else "t.name",
        "name_folded": "p.folded",
        "name_spelled": "p.spelled",
        "sha256": "encode(sha256(convert_to(n.code || t.sha256, 'UTF8')), 'hex')",
        "key": "n.code || substr(t.key, strpos(t.key, '/'))",
        "loaded_at": "now()",
    }
    skipped = {"id"} if table.name == "search_entry" else set()
    names = [column.name for column in table.c if column.name not in skipped]
    quoted = connection.dialect.identifier_preparer.quote
    values = ", ".join(made.get(name, f"t.{quoted(name)}") for name in names)
    # Names of our own tables and columns.
    connection.exec_driver_sql(
        f"INSERT INTO {table.name} ({', '.join(quoted(name) for name in names)}) SELECT {values}"
        f" FROM {table.name} t JOIN new_unit n ON n.old = {unit} {join} WHERE {where}"
    )


def questions(engine: sa.Engine, files: int, count: int = 200) -> Iterator[SearchQuery]:
    """What a one-shop counter asks: people who are there and people who are not, typed well and badly."""
    source = random.Random(5)
    share = min(100.0, 400_000 / files)  # of the blocks of the table, from its beginning to its end
    with reading(engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, birth_date, unit_code, year FROM party TABLESAMPLE SYSTEM (%s) REPEATABLE (7)"
            " WHERE role <> 'signer'",
            (share,),
        ).all()
    for at, row in enumerate(source.sample(rows, min(count, len(rows)))):
        name, words = row.name, row.name.split()
        yield (
            SearchQuery(name=name),
            SearchQuery(name=fold_name(name)),
            SearchQuery(name=" ".join(source.sample(words, len(words)))),
            SearchQuery(name=" ".join(words[-2:])),
            SearchQuery(name=_slip(source, fold_name(name))),
            SearchQuery(name=fold_name(name), birth_date=row.birth_date),
            SearchQuery(name=name, unit_code=row.unit_code, year=row.year),
            SearchQuery(name=person_name(source)),
            SearchQuery(anything=f"{name} {'/'.join(reversed(row.birth_date.split('-')))}"),
            SearchQuery(name=words[-1]),
        )[at % 10]


def _slip(source: random.Random, name: str) -> str:
    at = source.randrange(len(name))
    return name[:at] + source.choice("aeghinotu") + name[at + 1 :]


def measure(engine: sa.Engine, districts: int, template: District) -> None:
    """Print a line for each thing measured."""
    with reading(engine) as connection:
        files = connection.execute(sa.select(sa.func.count()).select_from(schema.document)).scalar_one()
        first = 10_000 + connection.execute(sa.select(sa.func.count()).select_from(schema.batch)).scalar_one()
    asked = list(questions(engine, files))
    print(f"{districts} districts, {files:,} files; {machine().partition('; ')[2]}")
    ward = template.wards()[0]
    mine, of_district = (scope_of(engine, [unit]) for unit in (f"{ward}@-", template.code))
    _searches(engine, asked, mine)
    _pages(engine, {"the city": WHOLE_CITY, "a district": of_district, "a ward": mine}, ward)
    fresh = replace(template, seed=1000 + districts)
    numbers = range(first, first + BATCHES)  # never the same batch twice
    made = [fresh.batch(at, range(at * BATCH, (at + 1) * BATCH), in_wards=at % 2 == 0) for at in numbers]
    _batches(engine, made)
    _feed(engine)


def _batches(engine: sa.Engine, made: Sequence[tuple[Receipt, list[DocumentRecord]]]) -> None:
    """Batch after batch, and after each the progress page of the city."""
    page = partial(progress_page, engine, ProgressFilter(), city_targets())
    page()  # a server counts the whole city when it starts; what a batch changed is measured here
    work, batches, pages = Work(), list[float](), list[float]()
    for it in made:
        with work.measured():
            batches.append(_seconds(partial(load_batch, engine, *it)))
        pages.append(_seconds(page))
    _tell("batch of 500 records, its ledger and figures too", batches, MERGE_PATIENCE, work.told(len(batches)))
    _tell("the progress page, each time after a batch came in", pages, PATIENCE)


def _searches(engine: sa.Engine, asked: list[SearchQuery], scope: Scope) -> None:
    searches = [partial(search_records, engine, query) for query in asked]
    rehearse(engine)  # as the server does when it starts
    _tell("the first name search after the server started", [_seconds(searches[0])], PATIENCE)
    _show("name search, each name for the first time", searches, PATIENCE)
    _show("name search, again", searches, PATIENCE)
    mine = scoped(engine, scope)
    within = [partial(search_records, mine, query, scope=scope) for query in asked]
    _show("name search of somebody of a ward", within, PATIENCE)
    common = [
        SearchQuery(name=name) for name in ("Nguyễn Thị Hương", "nguyen van an", "Nguyễn", "thi anh", "Trần Văn")
    ]
    _show("search of the commonest names", [partial(search_records, engine, it) for it in common] * 4, PATIENCE)


def _pages(engine: sa.Engine, scopes: dict[str, Scope], ward: str) -> None:
    """The progress page as it is made, counted anew from kept figures and while nothing changes."""
    for who, scope in scopes.items():
        theirs = scoped(engine, scope)
        page = partial(progress_page, theirs, ProgressFilter(), city_targets())
        anew = []
        for _ in range(3):
            remembered._known.clear()
            unit_parts._kept.clear()
            anew.append(_seconds(page))
        _tell(f"progress of {who}, all of it counted anew", anew, PATIENCE)
        _show(f"progress of {who}, nothing changed", [page] * 20, PATIENCE)
    unit = partial(unit_page, engine, ward, city_targets())
    _tell("the page of a ward, for the first time", [_seconds(unit)], PATIENCE)
    _show("the page of a ward, nothing changed", [unit] * 20, PATIENCE)


def _feed(engine: sa.Engine) -> None:
    after: FeedEntry | None = None
    times = []
    for _ in range(20):
        start = time.perf_counter()
        found = feed_entries(engine, since=None, after=after, limit=1000)
        feed_documents(engine, found)
        after = found[-1] if found else None
        times.append(time.perf_counter() - start)
    _tell("1000 documents of the feed, page after page", times, PATIENCE)


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _show(what: str, calls: Sequence[Callable[[], object]], most: float) -> None:
    work = Work()
    with work.measured():
        times = [_seconds(call) for call in calls]
    _tell(what, times, most, work.told(len(times)))


def _tell(what: str, times: Sequence[float], most: float, more: str = "") -> None:
    p95 = sorted(times)[max(0, round(0.95 * len(times)) - 1)]
    print(
        f"  {what}: median {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95:.0f} ms of {len(times)}{more}"
        f" (asked for {1000 * most:.0f} ms; ratio {p95 / most:.2f})",
        flush=True,
    )


def inventory(engine: sa.Engine) -> None:
    """A list in force that names every cell there is, a fifth more than is done."""
    counted = sa.select(
        schema.document.c.unit_code,
        schema.document.c.record_type,
        schema.document.c.year,
        sa.func.count().label("records"),
    ).group_by(schema.document.c.unit_code, schema.document.c.record_type, schema.document.c.year)
    with reading(engine) as connection:
        lines = [
            InventoryLine(row.unit_code, row.record_type, row.year, row.records + row.records // 5 + 1)
            for row in connection.execute(counted)
        ]
    stamp = f"{len(lines)}-{time.time_ns()}"
    import_inventory(
        engine, lines, approved_on=dt.date(2024, 1, 1), source_name=f"{stamp}.csv", sha256=f"{hash(stamp):x}"
    )


def build(engine: sa.Engine, template: District, districts: int) -> None:
    """Grow the city to so many districts, each unit with its list in force."""
    there = len(built(engine))
    start = time.perf_counter()
    if not there:
        load_district(engine, template)
    if districts - there > 2:
        _drop_indexes(engine)
    for at in range(max(1, there), districts):
        add_district(engine, template, codes()[at])
        print(f"district {at + 1} after {time.perf_counter() - start:.0f} s", flush=True)
    with writing(engine) as connection:
        for index in _copied_indexes():
            index.create(connection, checkfirst=True)
    print(f"indexes after {time.perf_counter() - start:.0f} s", flush=True)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")  # as below; without it every count of the next step reads whole tables
    rebuild_totals(engine)
    inventory(engine)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")  # what the server does by itself in its own time
        connection.exec_driver_sql("CHECKPOINT")
    print(f"made {districts} districts: {time.perf_counter() - start:.0f} s more", flush=True)


def _copied_indexes() -> list[sa.Index]:
    """What is quicker made at once than row by row."""
    copied = (schema.document, schema.record, schema.artefact, schema.party, schema_search.search_entry)
    found = [index for table in copied for index in table.indexes if not index.unique]
    return sorted(found, key=lambda it: str(it.name))


def _drop_indexes(engine: sa.Engine) -> None:
    with writing(engine) as connection:
        for index in _copied_indexes():
            index.drop(connection, checkfirst=True)


def built(engine: sa.Engine) -> set[str]:
    """Districts that are there."""
    with reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT DISTINCT unit_code FROM batch WHERE length(unit_code) = 3")
        return {row[0] for row in rows}


def main(districts: int, scale: float, folder: Path | None, only: str | None) -> None:
    """Grow the city and measure it at every step."""
    template = District(scale=scale)
    print(machine())
    with database("postgres", folder, building=only == "build") as url:
        engine = open_database(url)
        migrate(engine)
        load_reference(engine)
        if only == "build":
            build(engine, template, districts)
        elif only == "measure":
            measure(engine, len(built(engine)), template)
        elif only == "prove":
            assert wrong_totals(engine) == []
        else:
            for step in (it for it in STEPS if len(built(engine)) <= it <= districts):
                build(engine, template, step)
                measure(engine, step, template)
            assert wrong_totals(engine) == []
        with reading(engine) as connection:
            size = connection.exec_driver_sql("SELECT pg_size_pretty(pg_database_size(current_database()))").scalar()
        print(f"size of the database: {size}")
        engine.dispose()


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--districts", type=int, default=30)
    options.add_argument("--scale", type=float, default=1.0)
    options.add_argument("--folder", type=Path, help="keep the database there, and go on with the one that is there")
    options.add_argument(
        "--only",
        choices=("build", "measure", "prove"),
        help="grow it to --districts, measure it as it stands, or compare every kept figure with the facts",
    )
    given = options.parse_args()
    main(given.districts, given.scale, given.folder, given.only)

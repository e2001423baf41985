"""Milliseconds of a city: progress, name search and the merge of a batch, from one district to thirty.

Run as ``python benchmarks/city.py [--districts 30] [--scale 1] [--folder FOLDER]``, on PostgreSQL. The first district
goes the road of the product; the others are copied from it within the database, with units of their own and people
of their own names, into the same tables and indexes. Of three districts everything is there; of the others what the
measured questions read and what a merge writes into, but no fields, events, pages and full text (45 GB of a city
nobody asks here). Issue 5: progress and name search at most 200 ms in 95 of 100, a batch of 500 records at most 2 s.
"""

# ruff: noqa: S608 - made of the names of our own tables and columns
from __future__ import annotations

import argparse
import datetime as dt
import inspect
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

from manifests.inventory import InventoryLine
from manifests.units import Tier, units
from warehouse import schema
from warehouse.cell_totals import rebuild_totals, wrong_totals
from warehouse.database import migrate, open_database, reading, writing
from warehouse.hits import SearchQuery
from warehouse.merge import copy
from warehouse.names import fold_name, search_name, spelled_name
from warehouse.outlook import outlooks
from warehouse.progress import progress_by_unit, progress_matrix
from warehouse.reference import import_inventory, load_reference
from warehouse.search import search_records
from warehouse.search_index import add_names
from warehouse.trend import trend

STEPS = (1, 3, 10, 30)
WHOLE = 3
"""Districts of which everything is copied."""
PATIENCE = 0.2
MERGE_PATIENCE = 2.0
_OF_KEY = "n.code || substr({0}.document_key, strpos({0}.document_key, '/'))"


def codes() -> list[str]:
    """The thirty former districts of Hà Nội, that of the template first."""
    found = sorted({it.code for it in units().all() if it.tier is Tier.DISTRICT})
    return ["007", *(code for code in found if code != "007")]


def add_district(engine: sa.Engine, template: District, code: str, *, whole: bool) -> None:
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
        if whole:
            for table in (schema.field_value, schema.event, schema.page):
                _copy_rows(connection, table)
            run(
                "INSERT INTO page_words SELECT e.id, w.page_number, w.words FROM page_words w"
                " JOIN search_entry t ON t.id = w.entry_id JOIN new_unit n ON n.old = t.unit_code"
                f" JOIN search_entry e ON e.document_key = {_OF_KEY.format('t')}"
            )
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


def questions(engine: sa.Engine, count: int = 200) -> Iterator[SearchQuery]:
    """What a one-shop counter asks: people who are there and people who are not, typed well and badly."""
    source = random.Random(5)
    with reading(engine) as connection:
        rows = connection.exec_driver_sql(
            "SELECT name, birth_date, unit_code, year FROM party TABLESAMPLE SYSTEM (0.05) REPEATABLE (7) LIMIT 4000"
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
    asked = list(questions(engine))
    with reading(engine) as connection:
        files = connection.execute(sa.select(sa.func.count()).select_from(schema.document)).scalar_one()
        first = 10_000 + connection.execute(sa.select(sa.func.count()).select_from(schema.batch)).scalar_one()
    print(f"{districts} districts, {files:,} files; {machine().partition('; ')[2]}")
    anew: list[tuple[str, Callable[..., object], tuple[str, ...]]] = [
        ("progress of all units, counted anew", progress_by_unit, ()),
        ("targets, pace and forecast of all units, counted anew", outlooks, ()),
        ("trend of 26 weeks, counted anew", trend, ()),
        ("record types x years of a unit, counted anew", progress_matrix, ("00256",)),
    ]
    for what, question, arguments in anew:
        counted = inspect.unwrap(question)
        repeat = 3 if question is trend else 10
        _show(what, [partial(counted, engine, *arguments)] * repeat, PATIENCE)
    pages = [partial(question, engine, *arguments) for _, question, arguments in anew]
    _show("the progress page while nothing changes", [lambda: [page() for page in pages]] * 20, PATIENCE)
    searches = [partial(search_records, engine, query) for query in asked]
    _show("name search, each name for the first time", searches, PATIENCE)
    _show("name search, again", searches, PATIENCE)
    merges = []
    for number in range(8):
        fresh = replace(template, seed=1000 + districts)
        at = first + number  # never the same batch twice
        receipt, records = fresh.batch(at, range(at * BATCH, (at + 1) * BATCH), in_wards=number % 2 == 0)
        merges.append(partial(load_batch, engine, receipt, records))
    _show("batch of 500 records, its ledger and figures too", merges, MERGE_PATIENCE)


def _show(what: str, calls: Sequence[Callable[[], object]], most: float) -> None:
    work, times = Work(), []
    with work.measured():
        for call in calls:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    p95 = sorted(times)[max(0, round(0.95 * len(times)) - 1)]
    busy = 1000 * (work.own + work.server) / len(times)
    print(
        f"  {what}: median {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95:.0f} ms, processor time"
        f" {busy:.0f} ms on average (asked for {1000 * most:.0f} ms; ratio {p95 / most:.2f})",
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


def main(districts: int, scale: float, folder: Path | None) -> None:
    """Grow the city and measure it at every step."""
    template = District(scale=scale)
    print(machine())
    with database("postgres", folder) as url:
        engine = open_database(url)
        migrate(engine)
        load_reference(engine)
        with reading(engine) as connection:
            there = connection.exec_driver_sql("SELECT DISTINCT unit_code FROM batch WHERE length(unit_code) = 3")
            known = {row[0] for row in there}
        if not known:
            load_district(engine, template)
        done = max(1, len(known))
        for step in (it for it in STEPS if done <= it <= districts):
            start = time.perf_counter()
            for at in range(done, step):
                add_district(engine, template, codes()[at], whole=at < WHOLE)
            done = max(done, step)
            rebuild_totals(engine)
            inventory(engine)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM ANALYZE")  # what the server does by itself in its own time
            print(f"made {step} districts: {time.perf_counter() - start:.0f} s more", flush=True)
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
    given = options.parse_args()
    main(given.districts, given.scale, given.folder)

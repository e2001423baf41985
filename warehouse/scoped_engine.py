"""Which rows somebody may see, applied beneath every query instead of inside each.

``scoped(engine, scope)`` gives an engine on which the names of the tables mean only the rows of the scope: each
statement gets common table expressions in front that shadow ``document``, ``batch``, ``record`` … (see ADR 6). A
query that was written without a thought for scopes is so held within them, and none can forget it. The tables
themselves, and who may write to them, stay as they are: a scoped engine refuses to write.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from warehouse import schema, schema_access  # noqa: F401 - its tables want shadows too
from warehouse.errors import ScopeError, UnknownUnitError
from warehouse.reference import FIRST_YEAR, LAST_YEAR
from warehouse.scope import OPEN_TO, Assigned, Scope, UnitYears, partly_held, whole_units

WHOLE = "sohoa_whole"
"""Execution option of an engine of a scope: the engine it was made of."""
_HIDDEN = "1 = 0"
_PUBLIC = frozenset(
    {"unit", "unit_heir", "unit_succession", "record_type", "stage", "inventory_version", "name_word", "name_posting"}
    | {"cell_refresh", "unit_refresh"}
)
"""Reference: names of units, numbers of decisions, the state of the figures; and the spellings search goes through to
the tables of documents, where it ends."""

_OF_DOCUMENT = "{0}.document_key IN (SELECT document_key FROM document)"
_OF_BATCH = "{0}.batch_key IN (SELECT batch_key FROM batch)"
_CELL, _UNIT, _HELD, _CODE, _DELIVERER = "<cell>", "<unit>", "<held>", "<code>", "<deliverer>"

_RULES: dict[str, str] = {
    "document": f"({_CELL})",
    # A batch is its deliverer's, and everybody's who has a document in it; of the others it then shows nothing.
    "batch": "(<deliverer> OR EXISTS (SELECT 1 FROM document WHERE document.batch_key = batch.batch_key))",
    "stage_run": f"({_OF_DOCUMENT} OR ({{0}}.document_key IS NULL AND {_OF_BATCH}))",
    "fault": (
        "({0}.batch_key IN (SELECT batch_key FROM batch WHERE <deliverer>) OR EXISTS (SELECT 1 FROM document"
        " WHERE document.batch_key = {0}.batch_key AND document.document_id = {0}.document_id))"
    ),
    # A line that names its unit is the unit's, whatever year its code bore another name in.
    "inventory_line": f"(({{0}}.unit_id IN ('', {_HELD}) AND {_CELL}) OR {{0}}.unit_id IN (<whole>))",
    "custody": f"({_UNIT} OR {{0}}.custodian_code IN ({_CODE}))",
    "reconciliation_run": f"({{0}}.unit_code IS NULL OR {{0}}.unit_code IN ({_CODE}))",
    "reconciliation_finding": f"(({_OF_DOCUMENT}) OR ({{0}}.document_key IS NULL AND ({_CELL})))",
    "outside_record": f"({_CELL})",
    "alert": f"({_UNIT})",
    # Kept figures of whole cells; where only some books of a unit are within, its cells are counted from the facts.
    "cell_total": "{0}.unit_id IN (<whole>)",
    "cell_day": "{0}.unit_id IN (<whole>)",
    "cell_stale": f"({_CELL})",
}
"""Tables whose columns alone do not say whose their rows are; see ``rule_of`` for all others."""

_FIRST_WORD = re.compile(r"\s*\(*\s*([A-Za-z]+)(\s+RECURSIVE\b)?", re.IGNORECASE)
_CHANGES = frozenset({"INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "CREATE", "DROP", "ALTER", "REPLACE"})
_PLAIN = re.compile(r"[0-9A-Za-z@._\-]+")


def rule_of(table: sa.Table) -> str | None:
    """The condition that keeps a table's rows within a scope; ``None`` for reference everybody may read.

    A table nobody wrote a rule for follows its documents, else it is hidden.
    """
    if table.name in _PUBLIC:
        return None
    if table.name in _RULES:
        return _RULES[table.name]
    return _OF_DOCUMENT if "document_key" in table.c else _HIDDEN


def scoped(engine: sa.Engine, scope: Scope) -> sa.Engine:
    """An engine over the same connections that reads nothing outside ``scope`` and writes nothing at all."""
    if scope.whole_city:
        return engine
    held: sa.Engine = engine.execution_options(sohoa_scope=scope, **{WHOLE: engine})

    @sa.event.listens_for(held, "before_cursor_execute", retval=True)
    def shadow(
        connection: sa.Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> tuple[str, Any]:
        return _shadowed(statement, scope, connection.dialect.name), parameters

    return held


@lru_cache(maxsize=512)
def _shadowed(statement: str, scope: Scope, dialect: str) -> str:
    found = _FIRST_WORD.match(statement)
    word = found[1].upper() if found else ""
    if word in _CHANGES or (found and found[2]):
        raise ScopeError(word)
    if word not in {"SELECT", "WITH", "VALUES"}:
        return statement  # BEGIN, PRAGMA, SET …
    front = _shadows(scope, dialect, _tables_in(statement))
    if not front:
        return statement
    if word == "WITH":
        return f"WITH {front}, {statement.lstrip()[len('WITH') :].lstrip()}"
    return f"WITH {front} {statement}"


def _tables_in(statement: str) -> frozenset[str]:
    words = set(re.findall(r"[a-z_]+", statement))
    return frozenset(name for name in schema.metadata.tables if name in words)


@lru_cache(maxsize=2048)
def _shadows(scope: Scope, dialect: str, names: frozenset[str]) -> str:
    rules = {name: rule for name in names if (rule := rule_of(schema.metadata.tables[name])) is not None}
    for needed in ("batch", "document"):  # what a batch shows depends on its documents, so these come first
        if needed not in rules and any(f"FROM {needed}" in rule for rule in rules.values()):
            rules[needed] = _RULES[needed]
    some = partly_held(scope)
    if "cell_stale" in rules and some:
        rules.setdefault("document", _RULES["document"])
    order = sorted(rules, key=lambda name: (name != "document", name != "batch", name))
    # A name in the main schema is always the table itself; PostgreSQL takes it so within an expression of that name.
    own = "main." if dialect == "sqlite" else ""
    bodies = {
        name: f"SELECT * FROM {own}{name} WHERE {_condition(rules[name], name, scope, own)}"  # noqa: S608
        for name in order
    }
    if "cell_stale" in bodies and some:
        bodies["cell_stale"] += (
            " UNION ALL SELECT DISTINCT 0, unit_code, record_type, year, batch_key FROM document"  # noqa: S608 - quoted codes
            f" WHERE unit_code IN ({', '.join(_quoted(it.unit.code) for it in some)})"
        )
    return ", ".join(f"{name} AS NOT MATERIALIZED ({body})" for name, body in bodies.items())


def _condition(rule: str, table: str, scope: Scope, own: str) -> str:
    units = scope.units or ()
    codes = ", ".join(sorted({_quoted(it.code) for it in units})) or "NULL"
    ids = ", ".join(_quoted(it.unit_id) for it in units) or "NULL"
    times: dict[tuple[str, str], list[str]] = {}
    for it in units:
        times.setdefault((it.valid_from.isoformat(), _day_after(it.valid_to)), []).append(it.code)
    deliverers = " OR ".join(
        f"({_among('batch', same)} AND batch.first_seen_at >= '{since}' AND batch.first_seen_at < '{until}')"
        for (since, until), same in times.items()
    )
    return (
        rule.replace("{0}", table)
        .replace(_DELIVERER, f"({deliverers or _HIDDEN})")
        .replace(_CELL, _cells(table, scope, own))
        .replace(_UNIT, f"{table}.unit_id IN ({ids})")
        .replace(_HELD, ", ".join(_quoted(it.unit.unit_id) for it in scope.held) or "NULL")
        .replace("<whole>", ", ".join(_quoted(it) for it in whole_units(scope)) or "NULL")
        .replace(_CODE, codes)
    )


def _cells(table: str, scope: Scope, own: str) -> str:
    """Papers of the units of the scope by code and year, and those of former units by who holds them."""
    # One list for all whose code was never another's: a district is asked for in one step, not in one for each ward.
    single, parts = [], []
    for it in (*(scope.units or ()), *(held.unit for held in scope.held if held.rest and not held.assignments)):
        if (it.first_year, it.last_year) == (FIRST_YEAR, LAST_YEAR):
            single.append(it.code)
        else:
            parts.append(_of_unit(table, it, own))
    if single:
        parts.insert(0, _among(table, single))
    for held in partly_held(scope):
        whens = " ".join(
            f"WHEN {_fits(table, it, own)} THEN {int(it.within)}" for it in held.assignments if table in _PLACES
        )
        decided = f"CASE {whens} ELSE {int(held.rest)} END = 1" if whens else f"1 = {int(held.rest)}"
        parts.append(f"({_of_unit(table, held.unit, own)} AND {decided})")
    return f"({' OR '.join(parts) or _HIDDEN})"


def _among(table: str, codes: Iterable[str]) -> str:
    return f"{table}.unit_code IN ({', '.join(_quoted(code) for code in codes)})"


def _of_unit(table: str, it: UnitYears, own: str) -> str:
    """Papers of a unit, by year; in the year a code changed hands by their own date where it was read."""
    years = f"{table}.year BETWEEN {it.first_year} AND {it.last_year}"
    if table == "document":
        dated = (
            f"(SELECT r.issue_date FROM {own}record r WHERE r.document_key = document.document_key"  # noqa: S608
            " AND length(r.issue_date) = 10 AND substr(r.issue_date, 1, 4) = CAST(document.year AS TEXT))"
        )
        if it.valid_from.year == it.first_year:
            before = f"(document.year = {it.first_year} AND {dated} < '{it.valid_from.isoformat()}')"
            years = f"({years} AND NOT coalesce({before}, 1 = 0))"
        if it.last_year < it.valid_to.year <= dt.MAXYEAR and it.valid_to < OPEN_TO:
            until = f"(document.year = {it.valid_to.year} AND {dated} <= '{it.valid_to.isoformat()}')"
            years = f"({years} OR coalesce({until}, 1 = 0))"
    return f"({table}.unit_code = {_quoted(it.code)} AND {years})"


_FOLDED = "coalesce(ltrim(lower(trim({})), '0'), '')"
_PLACES = {
    "document": (
        _FOLDED.format(
            "coalesce(document.book, (SELECT r.book FROM {own}record r WHERE r.document_key = document.document_key))"
        ),
        _FOLDED.format("(SELECT b.batch_id FROM {own}batch b WHERE b.batch_key = document.batch_key)"),
    ),
    "inventory_line": ("inventory_line.book", "inventory_line.box"),
}
"""Book and box of a row, folded as ``manifests.custody.fold_book`` does."""


def _fits(table: str, it: Assigned, own: str) -> str:
    book, box = (place.replace("{own}", own) for place in _PLACES[table])
    conditions = [f"{table}.year BETWEEN {it.first_year} AND {it.last_year}"]
    if it.record_type:
        conditions.append(f"{table}.record_type = {_quoted(it.record_type)}")
    if it.book:
        conditions.append(f"{book} = {_text(it.book)}")
    if it.box:
        conditions.append(f"{box} = {_text(it.box)}")
    return f"({' AND '.join(conditions)})"


def _day_after(day: dt.date) -> str:
    return (
        day if day == dt.date.max else min(day, OPEN_TO - dt.timedelta(days=1)) + dt.timedelta(days=1)
    ).isoformat()


def _quoted(code: str) -> str:
    if not _PLAIN.fullmatch(code):
        raise UnknownUnitError(code)
    return f"'{code}'"


def _text(value: str) -> str:
    # A percent sign would be taken for a place of a value by PostgreSQL's driver; no book is called so.
    return "'" + value.replace("'", "''").replace("%", "").replace("\x00", "") + "'"

"""The number of a record as the databases can compare it: ``012/2020`` and ``12`` are the same number of one year.

``Số`` is kept as it was read; nothing here changes it. A number is its leading digits and, where letters follow a
stroke, its notation: ``12/TLKS-BS`` is another series than ``12``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement


class number_value(FunctionElement[int]):
    """The leading digits as a number; null when there are none, or more than nine."""

    type = sa.BigInteger()
    inherit_cache = True


class number_notation(FunctionElement[str]):
    """What follows the first stroke, in capitals; empty when that is nothing, or only a year."""

    type = sa.Text()
    inherit_cache = True


@compiles(number_value, "sqlite")
def _sqlite_value(element: Any, compiler: Any, **options: Any) -> str:
    text = f"trim({compiler.process(element.clauses, **options)})"
    return f"CASE WHEN {text} GLOB '[0-9]*' AND {text} NOT GLOB '{'[0-9]' * 10}*' THEN CAST({text} AS INTEGER) END"


@compiles(number_value, "postgresql")
def _postgres_value(element: Any, compiler: Any, **options: Any) -> str:
    text = f"trim({compiler.process(element.clauses, **options)})"
    return f"CAST(substring({text} from '^([0-9]{{1,9}})(?![0-9])') AS bigint)"


@compiles(number_notation, "sqlite")
def _sqlite_notation(element: Any, compiler: Any, **options: Any) -> str:
    text = f"trim({compiler.process(element.clauses, **options)})"
    rest = f"upper(trim(substr({text}, instr({text}, '/') + 1)))"
    return f"CASE WHEN instr({text}, '/') = 0 OR {rest} NOT GLOB '*[^0-9]*' THEN '' ELSE {rest} END"


@compiles(number_notation, "postgresql")
def _postgres_notation(element: Any, compiler: Any, **options: Any) -> str:
    text = f"trim({compiler.process(element.clauses, **options)})"
    rest = f"upper(trim(substr({text}, strpos({text}, '/') + 1)))"
    return f"CASE WHEN strpos({text}, '/') = 0 OR {rest} ~ '^[0-9]*$' THEN '' ELSE {rest} END"

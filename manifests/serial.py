"""Domain values to JSON and back, for sidecars in the store.

pydantic does the work over the plain dataclasses, so a file that was edited or cut short is refused with the
path of the wrong value instead of becoming a wrong object.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def make_ready(kind: type[Any]) -> None:
    """Work out how a ``kind`` is written, which takes longer than writing one."""
    _adapter(kind)


def to_json(value: Any) -> bytes:
    """Bytes of ``value`` as UTF-8 JSON, one object, with a final newline."""
    return bytes(_adapter(type(value)).dump_json(value)) + b"\n"


def from_json(kind: type[T], data: bytes | str) -> T:
    """A ``kind`` from its JSON.

    Raises:
        pydantic.ValidationError: The text is not JSON or not a ``kind``; says where.
    """
    result: T = _adapter(kind).validate_json(data)
    return result

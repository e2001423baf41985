"""Reading a day out of a cell, as people and spreadsheets write one."""

from __future__ import annotations

import datetime as dt
import re

from manifests.cells import CellError, Taken, plain_text
from manifests.grid import Cell
from manifests.spelling import visible

_SPOKEN = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")


def read_day(cell: Cell) -> Taken[dt.date]:
    """A day, written ``31/12/2025`` or ``2025-12-31``, or a date cell.

    Raises:
        CellError: ``value_invalid``.
    """
    text = plain_text(cell).partition(" ")[0]
    if match := _SPOKEN.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
    elif match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups())
    else:
        raise CellError("value_invalid", f"“{visible(cell.text)}” không phải ngày; ghi dạng 31/12/2025")
    try:
        return Taken(dt.date(year, month, day))
    except ValueError:
        raise CellError("value_invalid", f"“{visible(cell.text)}” là ngày không có trong lịch") from None

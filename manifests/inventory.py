"""The inventory (danh mục kết quả còn hiệu lực): how many results there are, the denominator of every percentage."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class InventoryLine:
    """How many results of one kind and year a unit holds, as its reviewed list says.

    Attributes:
        unit_code: Unit that issued the results, as of ``year``.
        record_type: Code of ``manifests.record_types``.
        records: Results (kết quả); the denominator.
        files, pages: Document files and pages; ``None`` when the list does not count them.
    """

    unit_code: str
    record_type: str
    year: int
    records: int
    files: int | None = None
    pages: int | None = None
    row: int = 0

"""What a list stands behind, in words: its figure, its row and its conditions."""

from __future__ import annotations

from typing import Any

from dashboard import words
from manifests.reasons import REASONS
from manifests.record_types import areas
from warehouse.batches import stage_label
from warehouse.behind import DocumentFilter
from warehouse.database import reading
from warehouse.inventory_cells import CellFilter
from warehouse.reference import named_unit
from warehouse.views import View


def document_words(engine: Any, wanted: DocumentFilter) -> str | None:
    """What ``/ho-so`` was asked for beside what its form shows; ``None`` for nothing."""
    parts = [words.FIGURES[wanted.figure] if wanted.figure else "Hồ sơ"]
    since, until = wanted.digitized_from, wanted.digitized_to
    if since or until:
        days = (("từ", since), ("đến", until))
        parts.append(" ".join(("số hóa", *(f"{word} {words.day(day)}" for word, day in days if day))))
    if wanted.batch_key:
        parts.append(f"trong lô {wanted.batch_key}")
    if wanted.stopped_at:
        parts.append(f"dừng ở bước {stage_label(engine, wanted.stopped_at)}")
    if wanted.reason_code:
        known = REASONS.get(wanted.reason_code)
        parts.append(f"lý do: {known.title if known else wanted.reason_code}")
    if wanted.delivered_by:
        parts.append(f"giao dưới mã {wanted.delivered_by}")
    if wanted.issuer_id and wanted.issuer_id != wanted.unit_id:
        parts.append(f"do {unit_words(engine, wanted.issuer_id)} cấp")
    parts += _row_words(engine, wanted)
    return None if parts == ["Hồ sơ"] else ", ".join(parts).replace("Hồ sơ, ", "Hồ sơ ", 1)


def cell_words(engine: Any, wanted: CellFilter) -> str | None:
    """The same of ``/danh-muc/chi-tiet``."""
    told = ", ".join(_row_words(engine, wanted))
    return told[:1].upper() + told[1:] or None


def unit_words(engine: Any, unit_id: str) -> str:
    """``Phường Lê Đại Hành (00256, đến 30/06/2025)``."""
    code = unit_id.partition("@")[0]
    with reading(engine) as connection:
        known = named_unit(connection, unit_id)
    if known is None:
        return f"mã {code}"
    name, valid_from, valid_to = known
    return f"{name} ({', '.join(it for it in (code, words.validity(valid_from, valid_to)) if it)})"


def _row_words(engine: Any, wanted: DocumentFilter | CellFilter) -> list[str]:
    parts = []
    if wanted.unit_id:
        unit = unit_words(engine, wanted.unit_id)
        if not wanted.assigned:
            parts.append(f"của {unit}, chưa phân giao cho đơn vị nào")
        elif wanted.view is View.CUSTODIAN:
            parts.append(f"do {unit} đang giữ")
        elif wanted.view is View.DISTRICT:
            parts.append(f"thuộc {unit}")
        else:
            parts.append(f"của {unit}")
    if wanted.tier:
        parts.append(f"cấp đơn vị: {words.TIERS[wanted.tier].lower()}")
    if wanted.area:
        parts.append(f"lĩnh vực {areas()[wanted.area].lower()}")
    return parts

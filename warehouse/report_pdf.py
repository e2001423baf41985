"""The monthly report as a printable PDF: A4 landscape, the heading of an office, tables that break over pages."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.reference import HANOI
from warehouse.report import (
    ALERTS,
    AREA,
    CODE,
    COUNTS,
    DIGITIZED,
    FORECAST,
    IN_MONTH,
    INDEXED,
    INVENTORY,
    KIND,
    LISTED,
    NAME,
    OVER,
    PERCENT,
    QUARANTINED,
    RECONCILED,
    REVIEW,
    SENTENCE,
    TARGET,
    VALIDITY,
    MonthReport,
)
from warehouse.report_fonts import report_font

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = (
    INVENTORY,
    DIGITIZED,
    LISTED,
    OVER,
    IN_MONTH,
    INDEXED,
    RECONCILED,
    REVIEW,
    QUARANTINED,
    PERCENT,
    TARGET,
    FORECAST,
)
_WIDTHS = {CODE: 14, NAME: 44, VALIDITY: 36, KIND: 50, AREA: 28, SENTENCE: 164, "Cảnh báo": 46, FORECAST: 21}
_FONT = "report"


def write_pdf(report: MonthReport, target: Path, *, agency: str | None = None, today: dt.date | None = None) -> None:
    """Print ``report`` to ``target``; ``agency`` stands at the top left where given.

    Raises:
        ReportFontError: No font with Vietnamese letters is installed.
    """
    pdf = _document(report)
    pdf.add_page()
    _heading(pdf, report, agency, today or dt.datetime.now(HANOI).date())
    for title, table in report.tables.items():
        if not len(table) and title == ALERTS:
            continue
        if pdf.get_y() > pdf.h - 45:
            pdf.add_page()
        pdf.set_font(_FONT, "B", 11)
        pdf.ln(3)
        pdf.cell(0, 7, title, new_x="LMARGIN", new_y="NEXT")
        _table(pdf, table)
    _ending(pdf, report)
    pdf.output(str(target))


def _document(report: MonthReport) -> Any:
    from fpdf import FPDF

    class Pages(FPDF):
        def footer(self) -> None:
            self.set_y(-10)
            self.set_font(_FONT, "", 8)
            self.cell(0, 5, f"Tháng {report.first:%m/%Y} – trang {self.page_no()}/{{nb}}", align="C")

    font = report_font()
    pdf = Pages(orientation="landscape", unit="mm", format="A4")
    pdf.add_font(_FONT, "", str(font.regular))
    pdf.add_font(_FONT, "B", str(font.bold))
    pdf.set_margins(12, 12, 12)
    pdf.set_auto_page_break(True, margin=14)
    pdf.set_title(report.title)
    pdf.set_lang("vi")
    return pdf


def _heading(pdf: Any, report: MonthReport, agency: str | None, today: dt.date) -> None:
    half = pdf.epw / 2
    left = [(agency or "").upper(), ""]
    right = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc"]
    for mine, state in zip(left, right, strict=True):
        pdf.set_font(_FONT, "B", 10)
        pdf.cell(half, 5, mine, align="C")
        pdf.cell(half, 5, state, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, "", 9)
    pdf.cell(half, 6, "")
    pdf.cell(half, 6, f"Ngày {today:%d} tháng {today:%m} năm {today:%Y}", align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(3)
    pdf.set_font(_FONT, "B", 13)
    pdf.cell(0, 8, report.title, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, "", 9)
    pdf.cell(0, 5, report.subtitle, align="C", new_x="LMARGIN", new_y="NEXT")
    it = report.totals
    done = f"Toàn bộ: {_number(it.digitized_listed)} / {_number(it.inventory_records)} kết quả đã số hóa"
    pdf.set_font(_FONT, "B", 11)
    share = _percent(None if it.percent is None else it.percent / 100)
    pdf.cell(0, 7, f"{done} ({share})", align="C", new_x="LMARGIN", new_y="NEXT")


def _table(pdf: Any, table: pd.DataFrame) -> None:
    from fpdf.fonts import FontFace

    shown = [name for name in table.columns if name not in COUNTS or name in _SHOWN]
    widths = [_WIDTHS.get(name, 17) for name in shown]
    align = tuple("RIGHT" if name in COUNTS or name in (PERCENT, TARGET, FORECAST) else "LEFT" for name in shown)
    pdf.set_font(_FONT, "", 7.5)
    with pdf.table(
        col_widths=tuple(widths),
        text_align=align,
        headings_style=FontFace(emphasis="BOLD", fill_color=(221, 230, 240)),
        line_height=4,
        padding=0.6,
        width=pdf.epw,
    ) as grid:
        head = grid.row()
        for name in shown:
            head.cell(name, align="CENTER")
        for values in table[shown].itertuples(index=False, name=None):
            row = grid.row()
            for name, value in zip(shown, values, strict=True):
                row.cell(_text(name, value))
        if any(name in COUNTS for name in shown):
            bold = FontFace(emphasis="BOLD")
            name_at = 1 if NAME in shown else 0
            row = grid.row(style=bold)
            for place, name in enumerate(shown):
                row.cell(_total(table, name) or ("Tổng cộng" if place == name_at else ""))


def _total(table: pd.DataFrame, name: str) -> str:
    if name in COUNTS:
        return _number(int(table[name].sum()))
    if name == PERCENT:
        whole, part = int(table[INVENTORY].sum()), int(table[LISTED].sum())
        return _percent(part / whole if whole else None)
    return ""


def _text(name: str, value: Any) -> str:
    if name in COUNTS:
        return _number(int(value))
    if name in (PERCENT, TARGET):
        return _percent(value)
    # what no font can draw is shown as a mark instead of vanishing
    return "".join(letter if letter.isprintable() else "�" for letter in str(value or ""))


def _number(value: int) -> str:
    return f"{value:,}".replace(",", ".")


def _percent(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.1f} %".replace(".", ",")


def _ending(pdf: Any, report: MonthReport) -> None:
    pdf.ln(3)
    pdf.set_font(_FONT, "", 8)
    for note in report.notes:
        pdf.multi_cell(0, 4.5, f"– {note}", new_x="LMARGIN", new_y="NEXT")
    if pdf.get_y() > pdf.h - 50:
        pdf.add_page()
    pdf.ln(4)
    half = pdf.epw / 2
    pdf.set_font(_FONT, "B", 10)
    pdf.cell(half, 5, "NGƯỜI LẬP BIỂU", align="C")
    pdf.cell(half, 5, "THỦ TRƯỞNG ĐƠN VỊ", align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font(_FONT, "", 8)
    pdf.cell(half, 5, "(ký, ghi rõ họ tên)", align="C")
    pdf.cell(half, 5, "(ký, đóng dấu)", align="C", new_x="LMARGIN", new_y="NEXT")

"""Charts as SVG, drawn here by leather: no script, no style sheet, nothing the content security policy has to allow.

Colours are those of ``static/style.css``; what a chart shows stands below it as a table too.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import leather
from leather import theme
from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What a chart is drawn on: its size, the shares of the span whose days are told, and the name of its style."""

    width: int
    height: int
    told: tuple[int, ...]
    style: str


_WIDE = _Sheet(760, 280, (0, 20, 40, 60, 80, 100), "chart")
_NARROW = _Sheet(330, 250, (12, 50, 88), "chart chart-narrow")
"""For a phone: as large as it is drawn there, so that its letters stay readable."""
_DONE, _INDEXED, _TARGET, _FORECAST, _QUIET = "#0b5c8a", "#1d6a3b", "#a12622", "#6b3fa0", "#55616e"
_FONT = "Noto Sans, Liberation Sans, sans-serif"

theme.background_color = "#ffffff"
theme.margin = 0.045  # a share of the width
theme.tick_font_family = theme.legend_font_family = theme.axis_title_font_family = _FONT
theme.tick_font_size = theme.legend_font_size = 13
theme.label_color = theme.legend_color = _QUIET
theme.tick_color = "#dde2e8"
theme.zero_color = "#98a3ae"
theme.default_line_width = 2


class _Untold:
    """A shape of which leather's own legend says nothing: on a narrow window it would stand outside."""

    def legend_to_svg(self, series: Any, palette: Any) -> list[Any]:
        return []


class _Line(_Untold, leather.Line):  # type: ignore[misc]  # leather tells no types
    pass


class _Dots(_Untold, leather.Dots):  # type: ignore[misc]
    pass


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: percent by day; ``None`` where nothing is known. ``key`` names its style in the legend."""

    key: str
    name: str
    points: Sequence[tuple[dt.date, float | None]]
    colour: str
    dashes: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Two drawings, of which the style sheet shows the one that fits the window, and the keys and names of their
    lines: the page tells them, where they can be read at any width.
    """

    svg: Markup
    narrow: Markup
    legend: tuple[tuple[str, str], ...]


def progress_chart(
    digitized: Sequence[tuple[dt.date, float | None]],
    indexed: Sequence[tuple[dt.date, float | None]],
    target: Sequence[tuple[dt.date, float | None]],
    forecast: Sequence[tuple[dt.date, float | None]],
) -> Chart | None:
    """Percent digitized and indexed by week, the target line and the forecast; ``None`` with nothing to draw."""
    return line_chart(
        (
            Line("target", "Chỉ tiêu", target, _TARGET, "6 4"),
            Line("forecast", "Dự kiến", forecast, _FORECAST, "2 4"),
            Line("indexed", "Đã lập dữ liệu", indexed, _INDEXED),
            Line("digitized", "Đã số hóa", digitized, _DONE),
        )
    )


def line_chart(lines: Sequence[Line]) -> Chart | None:
    """Lines of percentages 0–100 over days; a line of one point is a dot."""
    drawn = [(line, [(day, value) for day, value in line.points if value is not None]) for line in lines]
    drawn = [(line, points) for line, points in drawn if points]
    if not any(len(points) > 1 for _, points in drawn):
        return None
    return Chart(_draw(drawn, _WIDE), _draw(drawn, _NARROW), tuple((line.key, line.name) for line, _ in drawn))


def _draw(drawn: Sequence[tuple[Line, list[tuple[dt.date, float]]]], sheet: _Sheet) -> Markup:
    chart = leather.Chart()
    days = [day for _, points in drawn for day, _ in points]
    first, span = min(days), max(1, (max(days) - min(days)).days)
    # Leather widens scales of days and of large numbers to round ones; shares of the span are round already.
    chart.add_x_scale(0, 100)
    chart.add_y_scale(0, 100)

    def day_at(share: float, *_: object) -> str:
        return f"{first + dt.timedelta(days=round(span * share / 100)):%d/%m/%y}"

    chart.add_x_axis(ticks=list(sheet.told), tick_formatter=day_at)
    chart.add_y_axis(ticks=[0, 25, 50, 75, 100], tick_formatter=lambda value, _, __: f"{value:g} %")
    for line, points in drawn:
        placed = [(100.0 * (day - first).days / span, value) for day, value in points]
        if len(placed) == 1:
            chart.add_series(leather.Series(placed), _Dots(fill_color=line.colour))
        else:
            shape = _Line(stroke_color=line.colour, stroke_dasharray=line.dashes)
            chart.add_series(leather.Series(placed), shape)
    svg = chart.to_svg(width=sheet.width, height=sheet.height)
    # Leather knows no view box; with one the browser fits the chart to its place.
    opened = f'<svg class="{sheet.style}" viewBox="0 0 {sheet.width} {sheet.height}" aria-hidden="true">'
    return Markup(re.sub(r"<svg [^>]*>", opened, svg, count=1))  # noqa: S704 - numbers and days; no text from outside

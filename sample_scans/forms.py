"""The furniture of an administrative paper: headings, rows of label and value, signature blocks, seals."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from sample_scans.eras import Era, label_of
from sample_scans.facts import Facts
from sample_scans.fonts import FontRole, hands
from sample_scans.seals import Seal, draw_scribble, press_seal
from sample_scans.sheet import BLACK, Pen, Sheet

LEFT, RIGHT, MIDDLE = 24.0, 190.0, 107.0
_INKS = ((28, 42, 120), (20, 20, 40), (60, 34, 110))


@dataclass(frozen=True, slots=True)
class Cell:
    """A label and the value after it; ``share`` of the row's width. ``label`` overrides the record type's own."""

    key: str
    share: float = 1.0
    label: str | None = None


class Form:
    """A sheet with the pens of its age and a line to write on next.

    Attributes:
        printed: Pen of the form's own words; fill: pen of the values.
    """

    def __init__(self, sheet: Sheet, era: Era, record_type: str, facts: Facts, rng: random.Random, fill: str) -> None:
        self.sheet = sheet
        self.era = era
        self.record_type = record_type
        self.facts = facts
        self.rng = rng
        self.printed = _typed() if era.printed == "typed" else Pen(FontRole.SERIF, 12.5, "printed")
        self.fill = _fill(fill, rng)
        self.y = 22.0
        self.dot_pitch = rng.uniform(1.0, 1.9)
        short = record_type in ("death", "marriage", "marital_status", "permit")
        self.pitch = (7.6 if era.dotted else 6.9) * (rng.uniform(1.08, 1.32) if short else rng.uniform(1.0, 1.1))

    def text(self, key: str) -> str:
        return self.facts[key].text

    def center(
        self,
        text: str,
        size: float,
        *,
        bold: bool = False,
        italic: bool = False,
        gap: float = 6.5,
        middle: float = MIDDLE,
    ) -> None:
        self.sheet.new_line()
        self.sheet.centered(text, middle, self.y, self.printed.sized(size, bold=bold, italic=italic))
        self.y += gap

    def heading(self, number_label: str = "Số:", *, number: bool = True, dated: bool = False) -> None:
        """Agency and number on the left, the state's name on the right (NĐ 30/2020 and its forerunners)."""
        sheet, pen = self.sheet, self.printed
        words = self.text("issuer").split()
        authority, unit = " ".join(words[:4]), " ".join(words[4:])
        tag = "issuer" if self._has("issuer") else None
        top = self.y
        sheet.new_block()
        small = pen.sized(11.0 if self.era.code == "typed" else 12.0)
        sheet.centered(authority, 58, top, small, tag)
        sheet.new_line()
        start, end = sheet.centered(unit, 58, top + 5.4, small.sized(small.size, bold=True), tag)
        sheet.rule(start + (end - start) * 0.3, top + 7, end - (end - start) * 0.3, top + 7)
        if number:
            sheet.new_line()
            x = sheet.write(number_label, 40, top + 14, pen) + 1.5
            sheet.write(self.text("number"), x, top + 14, self._pen_for("number"), "number")
        sheet.new_block()
        wide = 9.6 if self.era.code == "typed" else 11.6
        sheet.centered(self.era.heading, 145, top, pen.sized(wide, bold=True))
        sheet.new_line()
        start, end = sheet.centered(self.era.motto, 145, top + 5.4, pen.sized(wide + 0.8, bold=True))
        sheet.rule(start, top + 7, end, top + 7)
        if dated:
            sheet.new_line()
            italic = pen.sized(pen.size, italic=True)
            place, _, rest = self.text("_issued").partition(" ngày ")
            x = sheet.write(place, 118, top + 14, italic) + sheet.text_width(" ", italic)
            sheet.write("ngày " + rest, x, top + 14, italic, "issue_date" if self._has("issue_date") else None)
        sheet.new_block()
        self.y = top + 27

    def title(self, text: str, note: str = "") -> None:
        if self.era.code == "typed":
            # a typewriter has no bold: the title is underlined
            half = self.sheet.text_width(text, self.printed.sized(14.0)) / 2
            self.sheet.rule(MIDDLE - half, self.y + 1.4, MIDDLE + half, self.y + 1.4, thick=0.3)
        self.center(text, 14.0 if self.era.code == "typed" else 17.0, bold=True, gap=6.4)
        if note:
            self.center(note, 12.0, italic=True, gap=6.0)
        self.y += 3.5

    def row(self, *cells: Cell) -> None:
        """One row of cells side by side; long values go on on the next line of their cell."""
        sheet = self.sheet
        sheet.new_line()
        first_line, deepest, x = sheet.line, 1, LEFT
        for cell in cells:
            right = x + (RIGHT - LEFT) * cell.share - (2.5 if cell.share < 1 else 0)
            deepest = max(deepest, self._cell(cell, x, right, first_line))
            x += (RIGHT - LEFT) * cell.share
        sheet.line = first_line + deepest - 1
        self.y += self.pitch * deepest

    def rows(self, *rows: tuple[Cell, ...]) -> None:
        for row in rows:
            there = [cell for cell in row if cell.key in self.facts]
            if there:
                self.row(*there)

    def paragraph(
        self, text: str, *, tags: dict[str, str] | None = None, indent: float = 10.0, bold: bool = False
    ) -> None:
        """Running text; ``tags`` maps a field to the very words of ``text`` that hold it."""
        pen = self.printed.sized(self.printed.size, bold=bold)
        spans = dict(tags or {})
        for index, line in enumerate(self.sheet.wrapped(text, LEFT, RIGHT, pen, indent)):
            self.sheet.new_line()
            self._tagged(line, LEFT + (indent if index == 0 else 0), pen, spans)
            self.y += 6.4
        self.y += 1.2

    def signature(self, lines: tuple[str, ...], *, seal: Seal | None, middle: float = 150.0) -> None:
        """Role, scribble, name; the seal covers the left third of the scribble (NĐ 30/2020, Annex I)."""
        sheet = self.sheet
        sheet.new_block()
        for text in lines:
            sheet.new_line()
            sheet.centered(text, middle, self.y, self.printed.sized(12.0, bold=self.era.code != "typed"))
            self.y += 5.6
        top = self.y
        draw_scribble(sheet, middle, top + 8, self.rng)
        self.y += 24
        sheet.new_line()
        sheet.centered(self.text("signer_name"), middle, self.y, self._signed_pen(), "signer_name")
        if seal is not None:
            press_seal(sheet, seal, middle - self.rng.uniform(14, 20), top + self.rng.uniform(8, 13), self.rng)
        self.y += 8

    def _cell(self, cell: Cell, x: float, right: float, first_line: int) -> int:
        sheet = self.sheet
        label = cell.label if cell.label is not None else label_of(self.record_type, cell.key, self.era)
        pen = self._pen_for(cell.key)
        sheet.line = first_line
        start = x
        if label:
            start = sheet.write(f"{label}:", x, self.y, self.printed) + sheet.text_width(" ", self.printed)
        lines = sheet.wrapped(self.text(cell.key), x, right, pen, start - x)
        if lines and start + sheet.text_width(lines[0], pen) > right + 1:
            lines = ["", *sheet.wrapped(self.text(cell.key), x, right, pen)]
        tag = cell.key if self._has(cell.key) else None
        for index, line in enumerate(lines):
            sheet.line = first_line + index
            base = self.y + index * self.pitch
            left = start if index == 0 else x
            end = sheet.write(line, left + (0.8 if self.era.dotted else 0), base - self._lift(pen), pen, tag)
            if self.era.dotted:
                # a computer replaces the dots by the value, a pen and a typewriter write over them
                over = self.fill.medium != "printed" or not line
                sheet.dots(left if over else end + 0.8, right, base + (0.5 if over else 0), pitch=self.dot_pitch)
        return len(lines)

    def _tagged(self, line: str, x: float, pen: Pen, spans: dict[str, str]) -> None:
        space = self.sheet.text_width(" ", pen)
        for word in line.split():
            tag = None
            for name, value in spans.items():
                first, _, rest = value.partition(" ")
                if first == word:
                    tag, spans[name] = name, rest
                    break
            x = self.sheet.write(word, x, self.y, pen, tag) + space

    def _has(self, key: str) -> bool:
        from manifests.record_types import record_types

        return any(field.name == key for field in record_types()[self.record_type].fields)

    def _pen_for(self, key: str) -> Pen:
        if key == "person_name" and self.fill.medium == "printed":
            return self.fill.sized(self.fill.size, bold=True)
        return self.fill

    def _signed_pen(self) -> Pen:
        return self.printed.sized(12.5, bold=self.era.code != "typed")

    def _lift(self, pen: Pen) -> float:
        return 0.6 if pen.medium == "handwritten" else 0.0


def _typed() -> Pen:
    return Pen(FontRole.TYPEWRITER, 11.0, "typed", color=(34, 32, 44), strike=0.75, wobble=0.08)


def _fill(medium: str, rng: random.Random) -> Pen:
    if medium == "typed":
        return replace(_typed(), color=rng.choice(((34, 32, 44), (38, 30, 84))))
    if medium == "handwritten":
        return Pen(
            FontRole.HAND,
            rng.uniform(14.5, 16.5),
            "handwritten",
            family=rng.choice(hands()),
            color=rng.choice(_INKS),
            wobble=0.35,
            tilt=1.6,
        )
    return Pen(FontRole.SERIF, 12.5, "printed", color=BLACK)

"""A blank sheet and the pens that write on it, word by word, so that each word's box is its ink and nothing else."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from PIL import Image, ImageDraw

from manifests.text import Bbox
from sample_scans.fonts import FontRole, face, load
from sample_scans.truth import TruthWord

Color = tuple[int, int, int]
BLACK: Color = (24, 24, 28)


@dataclass(frozen=True, slots=True)
class Pen:
    """What writes.

    Attributes:
        size: Points.
        wobble: Millimetres a word may leave the base line; tilt: degrees it may lean.
        strike: 0 for even ink, up to 1 for the uneven hammers of a typewriter (letter by letter).
    """

    role: FontRole
    size: float
    medium: str
    bold: bool = False
    italic: bool = False
    family: str | None = None
    color: Color = BLACK
    wobble: float = 0.0
    tilt: float = 0.0
    strike: float = 0.0

    def sized(self, size: float, *, bold: bool = False, italic: bool = False) -> Pen:
        """The same pen in another size and weight; a typewriter has one weight only."""
        typed = self.role is FontRole.TYPEWRITER
        return replace(self, size=size, bold=bold and not typed, italic=italic and not typed)


class Sheet:
    """One page under the pen. Positions in millimetres from the top left; boxes in pixels."""

    def __init__(self, dpi: int, rng: random.Random, width: float = 210.0, height: float = 297.0) -> None:
        self.dpi = dpi
        self.rng = rng
        self.width = width
        self.height = height
        self.image = Image.new("RGB", (self.px(width), self.px(height)), (255, 255, 255))
        self.words: list[TruthWord] = []
        self.block = 0
        self.line = 0

    def px(self, mm: float) -> int:
        return round(mm * self.dpi / 25.4)

    def new_line(self) -> None:
        self.line += 1

    def new_block(self) -> None:
        self.block += 1
        self.line += 1

    def text_width(self, text: str, pen: Pen) -> float:
        """Advance width in millimetres."""
        return float(self._font(pen).getlength(text)) * 25.4 / self.dpi

    def write(self, text: str, x: float, y: float, pen: Pen, field: str | None = None) -> float:
        """Write words on the base line ``y`` from ``x`` on.

        Returns:
            Where the last word ends, in millimetres.
        """
        space = self.text_width(" ", pen)
        end = x
        for word in text.split():
            self._stamp_word(word, x, y, pen, field)
            end = x + self.text_width(word, pen)
            x = end + space
        return end

    def centered(self, text: str, middle: float, y: float, pen: Pen, field: str | None = None) -> tuple[float, float]:
        """Write on the current line around ``middle``; returns where it starts and ends."""
        width = self.text_width(text, pen)
        return middle - width / 2, self.write(text, middle - width / 2, y, pen, field)

    def wrapped(self, text: str, x: float, right: float, pen: Pen, first_indent: float = 0.0) -> list[str]:
        """The text cut into lines that fit between ``x`` and ``right``."""
        lines: list[str] = []
        room = right - x - first_indent
        current = ""
        for word in text.split():
            longer = f"{current} {word}".strip()
            if current and self.text_width(longer, pen) > room:
                lines.append(current)
                current, room = word, right - x
            else:
                current = longer
        return [*lines, current] if current else lines

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, thick: float = 0.2, color: Color = BLACK) -> None:
        draw = ImageDraw.Draw(self.image)
        draw.line((self.px(x0), self.px(y0), self.px(x1), self.px(y1)), fill=color, width=max(1, self.px(thick)))

    def dots(self, x0: float, x1: float, y: float, *, pitch: float = 1.15, color: Color = (70, 70, 74)) -> None:
        """A dotted line to write on, a dot every ``pitch`` mm; its dots are no words."""
        draw = ImageDraw.Draw(self.image)
        size = max(1, self.px(0.22))
        x = x0
        while x < x1:
            left, top = self.px(x), self.px(y)
            draw.rectangle((left, top, left + size - 1, top + size - 1), fill=color)
            x += pitch

    def box(self, x: float, y: float, size: float, *, ticked: bool) -> None:
        """A check box of ``size`` millimetres whose bottom stands on ``y``."""
        draw = ImageDraw.Draw(self.image)
        corner = (self.px(x), self.px(y - size), self.px(x + size), self.px(y))
        draw.rectangle(corner, outline=BLACK, width=max(1, self.px(0.2)))
        if ticked:
            draw.line((corner[0], corner[1], corner[2], corner[3]), fill=(30, 40, 120), width=max(1, self.px(0.35)))
            draw.line((corner[0], corner[3], corner[2], corner[1]), fill=(30, 40, 120), width=max(1, self.px(0.35)))

    def _font(self, pen: Pen):  # type: ignore[no-untyped-def]
        chosen = face(pen.role, bold=pen.bold, italic=pen.italic, family=pen.family)
        return load(chosen.path, max(6, round(pen.size * self.dpi / 72)))

    def _stamp_word(self, text: str, x: float, y: float, pen: Pen, field: str | None) -> None:
        mask, left, top = self._mask(text, pen)
        offset = self.rng.uniform(-pen.wobble, pen.wobble) if pen.wobble else 0.0
        left += round(x * self.dpi / 25.4)
        top += round((y + offset) * self.dpi / 25.4)
        self.image.paste(pen.color, (left, top), mask)
        box = Bbox(left, top, left + mask.width, top + mask.height)
        self.words.append(TruthWord(text, box, box, pen.medium, self.block, self.line, field))

    def _mask(self, text: str, pen: Pen) -> tuple[Image.Image, int, int]:
        """The word's ink, cut to its edge, and where that edge stands from the pen's point on the base line."""
        font = self._font(pen)
        left, top, right, bottom = (round(side) for side in font.getbbox(text, anchor="ls"))
        margin = 4 + round(0.3 * self.dpi / 25.4)
        mask = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), 0)
        origin = (margin - left, margin - top)
        draw = ImageDraw.Draw(mask)
        if pen.strike:
            shake = 0.16 * pen.strike * self.dpi / 25.4
            for index, letter in enumerate(text):
                at = origin[0] + font.getlength(text[:index])
                ink = round(255 * (1 - pen.strike * self.rng.random() * 0.45))
                draw.text((at, origin[1] + self.rng.uniform(-shake, shake)), letter, ink, font=font, anchor="ls")
        else:
            draw.text(origin, text, 255, font=font, anchor="ls")
        shift_x = shift_y = 0
        if pen.tilt:
            turned = mask.rotate(self.rng.uniform(-pen.tilt, pen.tilt), Image.Resampling.BICUBIC, expand=True)
            shift_x, shift_y = (turned.width - mask.width) // 2, (turned.height - mask.height) // 2
            mask = turned
        ink_box = mask.getbbox() or (0, 0, 1, 1)
        return mask.crop(ink_box), ink_box[0] - origin[0] - shift_x, ink_box[1] - origin[1] - shift_y

"""Seals, stamps and signatures: ink over text, which is what makes the lower right of a page hard to read."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageDraw

from sample_scans.fonts import FontRole, face, load
from sample_scans.sheet import Color, Sheet

RED: Color = (206, 32, 46)
BLACK_INK: Color = (42, 40, 44)


@dataclass(frozen=True, slots=True)
class Seal:
    """A round seal: words around the edge, words in the middle; they are no words of the page."""

    around: str
    inside: str
    color: Color = RED
    diameter: float = 36.0


def press_seal(sheet: Sheet, seal: Seal, x: float, y: float, rng: random.Random) -> None:
    """Press it with its middle at ``x, y`` (mm): unevenly inked, a little turned, over whatever is there."""
    size = sheet.px(seal.diameter) * 2
    ink = Image.new("L", (size, size), 0)
    draw = ImageDraw.Draw(ink)
    edge = size // 60
    draw.ellipse((edge, edge, size - edge, size - edge), outline=255, width=max(2, size // 55))
    inner = size * 0.25
    draw.ellipse((inner, inner, size - inner, size - inner), outline=255, width=max(1, size // 110))
    _ring_text(ink, seal.around, size * 0.37, max(8, size // 14))
    _star(draw, size / 2, size * 0.41, size * 0.07)
    font = load(face(FontRole.SANS, bold=True).path, max(8, size // 20))
    draw.text((size / 2, size * 0.58), seal.inside, 255, font=font, anchor="mm")
    ink = ink.rotate(rng.uniform(-25, 25), Image.Resampling.BICUBIC)
    ink = ImageChops.multiply(ink, _patches(size, rng)).resize((size // 2, size // 2), Image.Resampling.LANCZOS)
    _press(sheet, ink, seal.color, sheet.px(x) - size // 4, sheet.px(y) - size // 4)


def press_box(sheet: Sheet, text: str, x: float, y: float, rng: random.Random, color: Color = RED) -> None:
    """A framed stamp with one line of text, its middle at ``x, y`` (mm)."""
    font = load(face(FontRole.SANS, bold=True).path, max(8, sheet.px(5)))
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    pad = sheet.px(2)
    ink = Image.new("L", (right - left + 2 * pad, bottom - top + 2 * pad), 0)
    draw = ImageDraw.Draw(ink)
    draw.rectangle((1, 1, ink.width - 2, ink.height - 2), outline=230, width=max(1, sheet.px(0.5)))
    draw.text((pad - left, pad - top), text, 230, font=font)
    ink = ink.rotate(rng.uniform(-5, 5), Image.Resampling.BICUBIC, expand=True)
    _press(sheet, ink, color, sheet.px(x) - ink.width // 2, sheet.px(y) - ink.height // 2)


def draw_scribble(sheet: Sheet, x: float, y: float, rng: random.Random) -> None:
    """A signature: loops of a pen, about 35 mm wide, that start left of ``x``."""
    scale, width = 3, sheet.px(44)
    height = sheet.px(20)
    ink = Image.new("L", (width * scale, height * scale), 0)
    phase, loops = rng.uniform(0, 6.3), rng.uniform(2.5, 5.5)
    points = []
    for step in range(160):
        t = step / 159
        swing = math.sin(t * loops * 6.283 + phase) * (0.36 - 0.22 * t) + 0.1 * math.sin(t * 31 + phase)
        lean = 0.10 * math.cos(t * loops * 6.283 + phase)
        points.append(((0.12 + 0.72 * t + lean) * width * scale, (0.5 - swing) * height * scale))
    ImageDraw.Draw(ink).line(points, fill=225, width=max(2, round(sheet.px(0.5) * scale)), joint="curve")
    _press(
        sheet,
        ink.resize((width, height), Image.Resampling.LANCZOS),
        rng.choice(((26, 40, 130), (22, 22, 34))),
        sheet.px(x) - width // 2,
        sheet.px(y) - height // 2,
    )


def _press(sheet: Sheet, ink: Image.Image, color: Color, left: int, top: int) -> None:
    """Ink multiplies: text below stays readable through it, and is darker for it."""
    stamp = Image.new("RGB", ink.size, (255, 255, 255))
    stamp.paste(color, (0, 0), ink)
    under = sheet.image.crop((left, top, left + ink.width, top + ink.height))
    sheet.image.paste(ImageChops.multiply(under, stamp), (left, top))


def _patches(size: int, rng: random.Random) -> Image.Image:
    small = Image.new("L", (9, 9))
    small.putdata([rng.randint(120, 255) for _ in range(81)])
    return small.resize((size, size), Image.Resampling.BICUBIC)


def _star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    points = []
    for corner in range(10):
        reach = radius if corner % 2 == 0 else radius * 0.4
        angle = math.pi / 5 * corner - math.pi / 2
        points.append((x + reach * math.cos(angle), y + reach * math.sin(angle)))
    draw.polygon(points, fill=255)


def _ring_text(ink: Image.Image, text: str, radius: float, size: int) -> None:
    font = load(face(FontRole.SANS, bold=True).path, size)
    total = sum(font.getlength(letter) + size * 0.12 for letter in text)
    span = min(total / radius, 5.6)
    angle = -math.pi / 2 - span / 2
    centre = ink.width / 2
    for letter in text:
        step = (font.getlength(letter) + size * 0.12) / total * span
        angle += step / 2
        tile = Image.new("L", (size * 2, size * 2), 0)
        ImageDraw.Draw(tile).text((size, size), letter, 255, font=font, anchor="mm")
        tile = tile.rotate(-math.degrees(angle) - 90, Image.Resampling.BICUBIC)
        spot = (round(centre + radius * math.cos(angle) - size), round(centre + radius * math.sin(angle) - size))
        ink.paste(255, spot, tile)
        angle += step / 2

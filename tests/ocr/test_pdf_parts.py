"""The font and the colour profile every document holds are stored, and are what they should be."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from PIL import ImageCms

from ocr.glyphless import ADVANCE, ASCENT, DESCENT, font_program
from ocr.pdf_writer import _srgb

ROOT = Path(__file__).resolve().parents[2]


def test_the_font_holds_one_empty_letter() -> None:
    font = TTFont(io.BytesIO(font_program()))
    assert font.getGlyphOrder() == [".notdef", "letter"]
    assert font["hmtx"].metrics == {".notdef": (ADVANCE, 0), "letter": (ADVANCE, 0)}
    assert (font["hhea"].ascent, font["hhea"].descent) == (ASCENT, DESCENT)
    assert font["glyf"]["letter"].numberOfContours == 0


def test_the_profile_is_srgb_without_a_day() -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(_srgb()))
    assert "sRGB" in ImageCms.getProfileDescription(profile)
    assert _srgb()[24:36] == bytes(12)


def test_convert_imports_nothing_slow_before_its_readers_start() -> None:
    """What takes a second to import is imported once, by the process that readers are forked from."""
    code = """
import sys
import pipeline.cli.converting, pipeline.convert
from ocr.glyphless import font_program
font_program()
print([name for name in ("cv2", "numpy", "pypdf", "PIL", "fontTools", "sqlalchemy", "pandas", "pyhanko", "boto3")
       if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"

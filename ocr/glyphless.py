"""A font without shapes: one empty glyph, as wide as half its height, for text that is found and never seen.

Every letter of the text layer is this glyph, and its code is its UTF-16 unit: no font of the system is needed, none
is cut down to the letters used, and the font costs the same few hundred bytes in every document.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

ADVANCE = 500
"""Width of the glyph, and ``ASCENT`` and ``DESCENT`` its height over and under the line, in thousandths."""
ASCENT, DESCENT = 950, -300
NAME = "SohoaGlyphless"
_FONT = Path(__file__).with_name("data") / "glyphless.ttf"


@cache
def font_program() -> bytes:
    """The font as a TrueType file; glyph 0 is ``.notdef``, glyph 1 the empty letter (``scripts/pdf-parts``)."""
    return _FONT.read_bytes()


def to_unicode() -> bytes:
    """The CMap that says that every code is its own UTF-16 unit."""
    ranges = [f"<{high:02X}00> <{high:02X}FF> <{high:02X}00>" for high in range(256)]
    blocks = (ranges[start : start + 100] for start in range(0, 256, 100))
    body = "\n".join(f"{len(block)} beginbfrange\n" + "\n".join(block) + "\nendbfrange" for block in blocks)
    return f"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
{body}
endcmap
CMapName currentdict /CMap defineresource pop
end
end
""".encode("ascii")

"""A font without shapes: one empty glyph, as wide as half its height, for text that is found and never seen.

Every letter of the text layer is this glyph, and its code is its UTF-16 unit: no font of the system is needed, none
is cut down to the letters used, and the font costs the same few hundred bytes in every document.
"""

from __future__ import annotations

import io
from functools import cache

ADVANCE = 500
"""Width of the glyph, and ``ASCENT`` and ``DESCENT`` its height over and under the line, in thousandths."""
ASCENT, DESCENT = 950, -300
NAME = "SohoaGlyphless"


@cache
def font_program() -> bytes:
    """The font as a TrueType file; glyph 0 is ``.notdef``, glyph 1 the empty letter. Always the same bytes."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.ttLib.tables._g_l_y_f import Glyph

    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "letter"])
    builder.setupCharacterMap({0x20: "letter"})
    builder.setupGlyf({".notdef": Glyph(), "letter": Glyph()})
    builder.setupHorizontalMetrics({".notdef": (ADVANCE, 0), "letter": (ADVANCE, 0)})
    builder.setupHorizontalHeader(ascent=ASCENT, descent=DESCENT)
    builder.setupOS2(sTypoAscender=ASCENT, sTypoDescender=DESCENT, usWinAscent=ASCENT, usWinDescent=-DESCENT)
    builder.setupNameTable({"familyName": NAME, "styleName": "Regular", "psName": NAME})
    builder.setupPost()
    builder.font["head"].created = builder.font["head"].modified = 0
    builder.font.recalcTimestamp = False
    out = io.BytesIO()
    builder.font.save(out)
    return out.getvalue()


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

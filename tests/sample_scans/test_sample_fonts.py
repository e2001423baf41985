from __future__ import annotations

import pytest

from sample_scans.fonts import FontRole, covers_vietnamese, face, faces


@pytest.mark.parametrize("role", list(FontRole))
def test_every_role_has_a_font_with_all_vietnamese_letters(role: FontRole) -> None:
    assert faces(role)
    assert all(covers_vietnamese(one.path) for one in faces(role))


def test_bold_and_italic_are_told_apart() -> None:
    assert face(FontRole.SERIF, bold=True).bold
    assert not face(FontRole.SERIF).bold
    assert face(FontRole.SERIF, italic=True).italic

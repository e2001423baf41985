from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.fonts import alphabet, find_font
from signing.keys import Signer
from signing.placement import Frame, place
from signing.profiles import find_profile
from signing.settings import TrustSettings
from signing.sign import SigningDetails, sign_pdf
from signing.verify import verify_pdf

A4 = (0.0, 0.0, 595.0, 842.0)
BLOCK = (170.0, 40.0)
SIDES = st.floats(60, 2400)


@given(
    width=SIDES,
    height=SIDES,
    rotate=st.sampled_from([0, 90, 180, 270]),
    right=st.booleans(),
    wide=st.floats(20, 400),
    high=st.floats(10, 120),
    corner=st.tuples(st.floats(-500, 500), st.floats(-500, 500)),
)
def test_the_block_lies_inside_the_page_at_its_corner(
    width: float, height: float, rotate: int, right: bool, wide: float, high: float, corner: tuple[float, float]
) -> None:
    box = (corner[0], corner[1], corner[0] + width, corner[1] + height)
    frame = Frame(box, rotate)
    rect = place(frame, (wide, high), right=right, margin=12)
    for low, value, top in ((box[0], rect[0], box[2]), (box[1], rect[1], box[3])):
        assert low - 0.01 <= value <= top + 0.01
    assert rect[2] <= box[2] + 0.01
    assert rect[3] <= box[3] + 0.01
    left, bottom, far, top = frame.to_view(rect)
    view_width, view_height = frame.size
    assert view_height - top <= 12.01, "at the top"
    assert (view_width - far if right else left) <= 12.01, "at its side"
    assert bottom >= -0.01


@given(rotate=st.sampled_from([0, 90, 180, 270]), rect=st.tuples(*[st.floats(0, 500)] * 4))
def test_view_and_page_space_undo_each_other(rotate: int, rect: tuple[float, float, float, float]) -> None:
    ordered = min(rect[0], rect[2]), min(rect[1], rect[3]), max(rect[0], rect[2]), max(rect[1], rect[3])
    frame = Frame((10, 20, 605, 862), rotate)
    assert frame.to_view(frame.to_page(ordered)) == pytest.approx(ordered)


def test_it_moves_off_the_text_when_there_is_room() -> None:
    frame = Frame(A4, 0)
    heading = frame.from_share((0.45, 0.01, 0.97, 0.05))
    rect = place(frame, BLOCK, right=True, margin=12, occupied=[heading])
    assert rect[3] <= heading[1], "below the heading"
    assert rect[2] == pytest.approx(595 - 12), "still at the right"


def test_on_a_full_page_it_takes_its_corner() -> None:
    frame = Frame(A4, 0)
    rect = place(frame, BLOCK, right=True, margin=12, occupied=[A4])
    assert rect == pytest.approx((595 - 12 - 170, 842 - 12 - 40, 595 - 12, 842 - 12))


def turned(source: Path, target: Path, angle: int, crop: bool) -> Path:
    from pypdf import PdfWriter
    from pypdf.generic import RectangleObject

    writer = PdfWriter(clone_from=source)
    for page in writer.pages:
        page.rotate(angle)
        if crop:
            page.cropbox = RectangleObject((40, 30, page.mediabox.right - 50, page.mediabox.top - 60))
    writer.write(target)
    return target


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [False, True])
def test_on_a_turned_page_the_text_stands_upright_in_its_corner(
    angle: int, crop: bool, pdfa: Path, agency: Signer, trust: TrustSettings, timestamper: Any, tmp_path: Path
) -> None:
    source = turned(pdfa, tmp_path / "turned.pdf", angle, crop)
    target = tmp_path / "signed.pdf"
    sign_pdf(
        source,
        target,
        profile=find_profile("nd30-2020"),
        signer=agency,
        timestamper=timestamper,
        details=SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm"),
    )
    (fact,) = verify_pdf(target, trust=trust)
    assert fact.valid
    width, height = ink_size(target)
    left, top, right, bottom = ink_box(target, source)
    assert right > 0.93 * width
    assert left > 0.5 * width
    assert top < 0.04 * height
    assert right - left > 2.5 * (bottom - top), "three lines of text are wider than high"


@pytest.mark.parametrize("size", [(1191, 842), (842, 1191), (300, 420), (120, 90)])
def test_any_paper(
    size: tuple[float, float], make_pdf: Callable[..., Path], agency: Signer, timestamper: Any, tmp_path: Path
) -> None:
    source = make_pdf(f"{size[0]}x{size[1]}.pdf", size=size, pages=1)
    target = tmp_path / "signed.pdf"
    sign_pdf(
        source,
        target,
        profile=find_profile("nd30-2020"),
        signer=agency,
        timestamper=timestamper,
        details=SigningDetails(agency="Ủy ban nhân dân phường Thử Nghiệm"),
    )
    width, height = ink_size(target)
    left, _, right, bottom = ink_box(target, source)
    assert right <= width
    assert bottom < 0.45 * height
    assert (left > 0.5 * width) == (size[0] > 400)


def render(path: Path) -> Any:
    """Page 1 as the reader sees it, grey, 72 dots per inch: a pixel a point."""
    import io

    from PIL import Image

    command = ["pdftoppm", "-r", "72", "-gray", "-cropbox", "-f", "1", "-l", "1", str(path)]
    return Image.open(io.BytesIO(subprocess.run(command, capture_output=True, check=True).stdout))


def ink_size(path: Path) -> tuple[int, int]:
    size: tuple[int, int] = render(path).size
    return size


def ink_box(signed: Path, source: Path) -> tuple[int, int, int, int]:
    """Where the signed page differs from its source."""
    from PIL import ImageChops

    box = ImageChops.difference(render(signed), render(source)).getbbox()
    assert box is not None, "the signature shows"
    found: tuple[int, int, int, int] = box
    return found


def test_the_font_writes_all_of_vietnamese() -> None:
    font = find_font("Times New Roman")
    assert font.family in ("Times New Roman", "Liberation Serif", "DejaVu Serif")
    assert set(alphabet()) <= set(font.widths)
    assert len(font.data) < 100_000


def test_lines_break_between_words_and_keep_them_all() -> None:
    font = find_font("Times New Roman")
    text = "Ủy ban nhân dân phường Hai Bà Trưng, thành phố Hà Nội"
    lines = font.wrap(text, 10, 120)
    assert len(lines) > 1
    assert " ".join(lines) == text
    assert all(font.width(line, 10) <= 120 for line in lines)
